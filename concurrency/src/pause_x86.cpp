// pause_x86.cpp -- the spin-loop hint of x86.
#include <immintrin.h>

#include <gomap/detail/waiting.hpp>

namespace gomap::detail {

void pause() noexcept { _mm_pause(); }

}  // namespace gomap::detail
