// fork.hpp -- what a lock of the process has to know about fork(): a child has the forking thread
// alone, and a lock that another one held would stay locked for ever.
//
// fork_posix.cpp implements it; fork_portable.cpp is for systems that cannot fork.
#pragma once

namespace gomap::detail {

// From now on each fork() of this process calls before(), then forks, then calls after() in parent
// and child. Without memory, or where there is no fork(), it does nothing.
void around_fork(void (*before)(), void (*after)()) noexcept;

}  // namespace gomap::detail
