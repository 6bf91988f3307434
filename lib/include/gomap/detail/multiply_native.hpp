// multiply_native.hpp -- the folded 64x64 -> 128 bit product, by the compiler's 128-bit integers.
//
// One multiplication and one xor on 64-bit machines. Chosen by config.hpp.
#pragma once

#include <cstdint>
#include <type_traits>

namespace gomap::detail {

struct multiply_native {
  __extension__ typedef __int128 int128;  // no alias-declaration can carry the __extension__
  __extension__ typedef unsigned __int128 uint128;

  // True for the 128-bit integers of the compiler, which std::integral leaves out in strict mode.
  template <class T>
  static constexpr bool is_int128 = std::is_same_v<T, int128> || std::is_same_v<T, uint128>;

  // The low half of a * b, xor its high half.
  [[nodiscard]] static constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const uint128 product = static_cast<uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
};

}  // namespace gomap::detail
