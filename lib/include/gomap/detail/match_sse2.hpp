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
  // The least byte greater than `bound`, which is at most 255; 256 if there is none.
  [[nodiscard]] static unsigned least_above(std::uint64_t tops, unsigned bound) noexcept {
    // Bytes that are not above are made 255, the greatest value. So the least of all bytes is the
    // answer, unless none is above.
    const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(tops));
    const __m128i bounds = _mm_set1_epi8(static_cast<char>(bound));
    const __m128i not_above = _mm_cmpeq_epi8(_mm_subs_epu8(bytes, bounds), _mm_setzero_si128());
    __m128i least = _mm_or_si128(bytes, not_above);
    least = _mm_min_epu8(least, _mm_srli_epi64(least, 32));
    least = _mm_min_epu8(least, _mm_srli_epi64(least, 16));
    least = _mm_min_epu8(least, _mm_srli_epi64(least, 8));
    const auto found = static_cast<unsigned>(_mm_cvtsi128_si32(least)) & 0xff;
    const bool none = (_mm_movemask_epi8(not_above) & 0xff) == 0xff;
    return none ? 256 : found;
  }
  // How many of the sixteen bytes of two words are less than `bound`.
  [[nodiscard]] static unsigned count_below(std::uint64_t a, std::uint64_t b,
                                            std::uint8_t bound) noexcept {
    const __m128i bytes = _mm_set_epi64x(static_cast<long long>(b), static_cast<long long>(a));
    const __m128i room = _mm_subs_epu8(_mm_set1_epi8(static_cast<char>(bound)), bytes);
    const __m128i ones = _mm_min_epu8(room, _mm_set1_epi8(1));  // one for each that is below
    const __m128i sums = _mm_sad_epu8(ones, _mm_setzero_si128());
    return static_cast<unsigned>(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
  }

 private:
  static std::uint32_t equal_bytes(std::uint64_t a, std::uint64_t b) noexcept {
    const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<long long>(a)),
                                         _mm_cvtsi64_si128(static_cast<long long>(b)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
  }
};

}  // namespace gomap::detail
