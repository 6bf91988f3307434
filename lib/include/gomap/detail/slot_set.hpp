// slot_set.hpp -- a set of a bucket's eight slots, in the bits that a tophash match produces.
//
// A match yields one bit a slot (SSE2) or one bit a byte lane (SWAR, NEON). `LaneBits` tells the
// two apart, so that one loop serves every matcher:
//
//   for (auto set = matcher::match(tops, top); set; set.drop_first()) visit(set.first());
#pragma once

#include <bit>
#include <cstdint>

namespace gomap::detail {

// How many slots a bucket has. Eight tophash bytes fill one 64-bit word, which all matchers test
// at once.
inline constexpr unsigned slots_per_bucket = 8;

// The bits of two slots are 1 << LaneShift apart; LaneShift is 0 (dense) or 3 (one bit in each
// byte). The bits above bit 7 of a dense set may be anything. Masking them at every use is cheaper
// than masking once, since a test of the low byte is one instruction.
template <class Bits, unsigned LaneShift>
class slot_set {
 public:
  constexpr explicit slot_set(Bits bits) noexcept : bits_(bits) {}

  [[nodiscard]] constexpr explicit operator bool() const noexcept {
    if constexpr (LaneShift == 0) return static_cast<std::uint8_t>(bits_) != 0;
    return bits_ != 0;
  }
  [[nodiscard]] constexpr unsigned count() const noexcept {
    return static_cast<unsigned>(std::popcount(dense()));
  }
  // Requires: not empty.
  [[nodiscard]] constexpr unsigned first() const noexcept {
    return static_cast<unsigned>(std::countr_zero(bits_)) >> LaneShift;
  }
  // Requires: not empty.
  constexpr void drop_first() noexcept { bits_ &= bits_ - 1; }

  // The same set with one bit a slot, bit i standing for slot i.
  [[nodiscard]] constexpr std::uint32_t dense() const noexcept {
    if constexpr (LaneShift == 0) {
      return static_cast<std::uint8_t>(bits_);
    } else {
      // Gathers bit 7 of each byte: the product moves the bit of lane i to bit 56 + i.
      const std::uint64_t lanes = (static_cast<std::uint64_t>(bits_) >> 7) & 0x0101010101010101u;
      return static_cast<std::uint32_t>((lanes * 0x0102040810204080u) >> 56);
    }
  }

 private:
  Bits bits_;
};

}  // namespace gomap::detail
