// at_fork_posix.cpp -- fork() as POSIX has it.
#include <cstdint>

#include <pthread.h>
#include <unistd.h>

#include <gomap/detail/at_fork.hpp>

namespace gomap::detail {

void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  // Fails for want of memory alone, while a program or a library is loaded: children are then as
  // without it.
  (void)::pthread_atfork(before, in_parent, in_child);
}

std::uint64_t process_number() noexcept { return static_cast<std::uint64_t>(::getpid()); }

}  // namespace gomap::detail
