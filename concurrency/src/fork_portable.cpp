// fork_portable.cpp -- for systems without fork(): does nothing.
#include "fork.hpp"

namespace gomap::detail {

void around_fork(void (*)(), void (*)()) noexcept {}

}  // namespace gomap::detail
