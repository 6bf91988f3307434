// fork_posix.cpp -- by pthread_atfork(). When a library is unloaded, its functions are removed.
#include <pthread.h>

#include "fork.hpp"

namespace gomap::detail {

void around_fork(void (*before)(), void (*after)()) noexcept {
  static_cast<void>(::pthread_atfork(before, after, after));
}

}  // namespace gomap::detail
