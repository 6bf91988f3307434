// match_swar.hpp -- tophash matching with plain 64-bit arithmetic, for any machine.
//
// Every test is exact: a byte is reported if and only if it matches. In the usual shorter form a
// borrow may also report the byte above a match; that byte may belong to an empty slot, whose key
// must not be read.
#pragma once

#include <cstdint>

#include <gomap/detail/slot_set.hpp>

namespace gomap::detail {

struct match_swar {
  using set = slot_set<std::uint64_t, 3>;

  // Slots whose byte equals `top`.
  [[nodiscard]] static constexpr set match(std::uint64_t tops, std::uint8_t top) noexcept {
    return zero_bytes(tops ^ (ones * top));
  }
  [[nodiscard]] static constexpr set empty(std::uint64_t tops) noexcept { return zero_bytes(tops); }
  [[nodiscard]] static constexpr set live(std::uint64_t tops) noexcept {
    return set(nonzero_bits(tops));
  }
  // The least byte greater than `bound`, which is at most 255; 256 if there is none.
  [[nodiscard]] static constexpr unsigned least_above(std::uint64_t tops, unsigned bound) noexcept {
    unsigned least = 256;
    for (unsigned i = 0; i < slots_per_bucket; ++i) {
      const auto byte = static_cast<unsigned>(tops >> (8 * i)) & 0xff;
      if (byte > bound && byte < least) least = byte;
    }
    return least;
  }
  // How many of the sixteen bytes of two words are less than `bound`.
  [[nodiscard]] static constexpr unsigned count_below(std::uint64_t a, std::uint64_t b,
                                                      std::uint8_t bound) noexcept {
    unsigned count = 0;
    for (unsigned i = 0; i < slots_per_bucket; ++i) {
      count += static_cast<std::uint8_t>(a >> (8 * i)) < bound ? 1 : 0;
      count += static_cast<std::uint8_t>(b >> (8 * i)) < bound ? 1 : 0;
    }
    return count;
  }

 private:
  static constexpr std::uint64_t ones = 0x0101010101010101u;
  static constexpr std::uint64_t low7 = 0x7f7f7f7f7f7f7f7fu;

  // Bit 7 of each byte that is not zero. Adding 0x7f carries into bit 7 unless the low seven bits
  // are zero, and never beyond the byte.
  static constexpr std::uint64_t nonzero_bits(std::uint64_t x) noexcept {
    return (((x & low7) + low7) | x) & ~low7;
  }
  static constexpr set zero_bytes(std::uint64_t x) noexcept { return set(nonzero_bits(x) ^ ~low7); }
};

}  // namespace gomap::detail
