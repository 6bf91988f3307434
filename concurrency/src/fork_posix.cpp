// fork_posix.cpp -- what is called around fork(), by POSIX. A library that is unloaded takes its
// calls along.
#include <pthread.h>

#include "fork.hpp"

namespace gomap::detail {

void around_fork(void (*before)(), void (*after)()) noexcept {
  static_cast<void>(::pthread_atfork(before, after, after));
}

}  // namespace gomap::detail
