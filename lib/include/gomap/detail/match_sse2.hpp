// match_sse2.hpp -- tophash matching with SSE2, which every x86-64 has.
#pragma once

#include <cstdint>

#include <emmintrin.h>

#include <gomap/detail/slot_set.hpp>

namespace gomap::detail {

struct match_sse2 {
  using set = slot_set<std::uint32_t, 0>;

  // Slots whose byte equals `top`.
  [[nodiscard]] static set match(std::uint64_t tops, std::uint8_t top) noexcept {
    // One multiplication spreads the byte over a register; _mm_set1_epi8 takes four shuffles.
    return set(equal_bytes(tops, 0x0101010101010101u * top));
  }
  [[nodiscard]] static set empty(std::uint64_t tops) noexcept { return set(equal_bytes(tops, 0)); }
  [[nodiscard]] static set live(std::uint64_t tops) noexcept { return set(~equal_bytes(tops, 0)); }

 private:
  static std::uint32_t equal_bytes(std::uint64_t a, std::uint64_t b) noexcept {
    const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<long long>(a)),
                                         _mm_cvtsi64_si128(static_cast<long long>(b)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
  }
};

}  // namespace gomap::detail
