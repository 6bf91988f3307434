// multiply_portable.hpp -- the folded 64x64 -> 128 bit product, by 32-bit halves.
//
// For compilers without a 128-bit integer, as on 32-bit machines. multiply_native.hpp gives the
// same numbers; config.hpp selects one of them.
#pragma once

#include <cstdint>

namespace gomap::detail {

struct multiply_portable {
  // True for the 128-bit integers of the compiler: it has none.
  template <class T>
  static constexpr bool is_int128 = false;

  // The low half of a * b, xor its high half.
  [[nodiscard]] static constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr std::uint64_t half = 0xffffffff;
    const std::uint64_t low = (a & half) * (b & half);
    const std::uint64_t cross = (a >> 32) * (b & half) + (low >> 32);
    const std::uint64_t carry = (a & half) * (b >> 32) + (cross & half);
    const std::uint64_t high = (a >> 32) * (b >> 32) + (cross >> 32) + (carry >> 32);
    return (a * b) ^ high;
  }
};

}  // namespace gomap::detail
