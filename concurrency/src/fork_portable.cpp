// fork_portable.cpp -- for systems without fork().
#include "fork.hpp"

namespace gomap::detail {

void around_fork(void (*)(), void (*)()) noexcept {}

}  // namespace gomap::detail
