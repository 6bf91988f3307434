// fork.hpp -- calls functions around fork(). A child has only the thread that forked; a lock that
// another thread held would stay locked there for ever.
//
// fork_posix.cpp implements it; fork_portable.cpp is for systems that cannot fork.
#pragma once

namespace gomap::detail {

// From now on each fork() of this process calls before(), then forks, then calls after() in parent
// and child. Does nothing without memory, or on systems without fork().
void around_fork(void (*before)(), void (*after)()) noexcept;

}  // namespace gomap::detail
