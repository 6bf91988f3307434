// at_fork_portable.cpp -- for systems without fork().
#include <cstdint>

#include <gomap/detail/at_fork.hpp>

namespace gomap::detail {

void at_fork(void (*)(), void (*)(), void (*)()) noexcept {}

std::uint64_t process_number() noexcept { return 0; }

}  // namespace gomap::detail
