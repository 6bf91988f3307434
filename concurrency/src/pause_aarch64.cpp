// pause_aarch64.cpp -- the spin-loop hint of 64-bit ARM.
//
// An instruction barrier: unlike YIELD, which most cores ignore, it takes a few dozen cycles.
#include <gomap/detail/waiting.hpp>

namespace gomap::detail {

void pause() noexcept { __asm__ volatile("isb"); }

}  // namespace gomap::detail
