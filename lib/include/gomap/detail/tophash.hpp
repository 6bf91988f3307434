// tophash.hpp -- the byte of hash that stands for a slot, and the matcher that this machine has.
//
//   hash:  [ tophash 8 | ... shard bits ... | bucket index ]
//
// The bucket index takes the low bits and the tophash the top eight, so the two are independent up
// to 2^56 buckets. A tophash of 0 means that the slot is empty; a hash whose top byte is 0 gets 1.
#pragma once

#include <cstdint>

#include <gomap/config.hpp>
#include GOMAP_MATCH_HEADER

namespace gomap::detail {

using matcher = GOMAP_MATCHER;
using tophash = std::uint8_t;

inline constexpr tophash empty_slot = 0;

[[nodiscard]] constexpr tophash tophash_of(std::uint64_t hash) noexcept {
  const auto top = static_cast<std::uint32_t>(hash >> 56);
  return static_cast<tophash>(top + (top == 0));
}

// Byte i of a bucket's tophash word.
[[nodiscard]] constexpr tophash tophash_at(std::uint64_t tops, unsigned i) noexcept {
  return static_cast<tophash>(tops >> (8 * i));
}

[[nodiscard]] constexpr std::uint64_t with_tophash(std::uint64_t tops, unsigned i,
                                                   tophash top) noexcept {
  const unsigned shift = 8 * i;
  return (tops & ~(std::uint64_t{0xff} << shift)) | (std::uint64_t{top} << shift);
}

}  // namespace gomap::detail
