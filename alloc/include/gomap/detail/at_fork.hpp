// at_fork.hpp -- what the library does when the process forks.
//
// The build picks the file: at_fork_posix.cpp where there is fork(), at_fork_portable.cpp, which
// does nothing, elsewhere.
#pragma once

#include <cstdint>

namespace gomap::detail {

// From now on fork() calls `before` first, and `in_parent` or `in_child` when it is done; null
// stands for nothing. They go when the copy of the library that they are part of is unloaded.
// Hidden: the system has to see which copy calls, and another one's function may not stand in.
[[gnu::visibility("hidden")]] void at_fork(void (*before)(), void (*in_parent)(),
                                           void (*in_child)()) noexcept;

// A number that no other process on this system has now.
[[nodiscard]] std::uint64_t process_number() noexcept;

}  // namespace gomap::detail
