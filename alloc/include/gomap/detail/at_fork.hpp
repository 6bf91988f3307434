// at_fork.hpp -- what the library does when the process forks.
//
// The build picks the file: at_fork_posix.cpp where there is fork(), at_fork_portable.cpp, which
// does nothing, elsewhere.
#pragma once

#include <cstdint>

namespace gomap::detail {

// From now on fork() calls `before` first, and `in_parent` or `in_child` afterwards; null is not
// called. They are removed when the copy of the library that they belong to is unloaded.
// Hidden: the system must see which copy calls, so another copy's function must not be called
// instead.
[[gnu::visibility("hidden")]] void at_fork(void (*before)(), void (*in_parent)(),
                                           void (*in_child)()) noexcept;

// The number of this process: no other process on this system has it now.
[[nodiscard]] std::uint64_t process_number() noexcept;

}  // namespace gomap::detail
