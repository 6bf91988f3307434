// pause_portable.cpp -- no hint, for processors that have none.
#include <gomap/detail/waiting.hpp>

namespace gomap::detail {

void pause() noexcept {}

}  // namespace gomap::detail
