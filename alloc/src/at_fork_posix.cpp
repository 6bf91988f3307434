// at_fork_posix.cpp -- for systems with POSIX's fork().
#include <cstdint>

#include <pthread.h>
#include <unistd.h>

#include <gomap/detail/at_fork.hpp>

namespace gomap::detail {

void at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  // Fails only for lack of memory, while a program or a library is loaded. Then children find locks
  // as they would without handlers.
  (void)::pthread_atfork(before, in_parent, in_child);
}

std::uint64_t process_number() noexcept { return static_cast<std::uint64_t>(::getpid()); }

}  // namespace gomap::detail
