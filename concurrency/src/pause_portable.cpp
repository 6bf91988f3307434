// pause_portable.cpp -- for processors without a spin-loop hint.
#include <gomap/detail/waiting.hpp>

namespace gomap::detail {

void pause() noexcept {}

}  // namespace gomap::detail
