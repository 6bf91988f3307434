// growth.hpp -- when a table grows and how far: pure arithmetic, tested with tables of numbers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <gomap/detail/slot_set.hpp>

namespace gomap::detail {

// More bits than this and a bucket array could not be addressed.
inline constexpr unsigned max_bits = std::numeric_limits<std::size_t>::digits - 8;

// The most entries that 2^bits buckets hold before the table grows: 6.5 a bucket, where one bucket
// in five has an overflow bucket (Go's measured choice); a single bucket is simply filled.
[[nodiscard]] constexpr std::size_t load_limit(unsigned bits) noexcept {
  return bits == 0 ? slots_per_bucket : (std::size_t{13} << bits) / 2;
}

// The fewest bits whose load limit is at least `entries`; max_bits + 1 if none is enough.
[[nodiscard]] constexpr unsigned bits_for(std::size_t entries) noexcept {
  unsigned bits = 0;
  while (bits <= max_bits && load_limit(bits) < entries) ++bits;
  return bits;
}

// The number of overflow buckets at which a same-size growth starts, to compact the chains. A table
// that has only been filled has 0.21 overflow buckets per bucket (Poisson); so more than 0.5 come
// from erasures or from a bad hash. `patience` is what patience_for() returned for the last growth.
[[nodiscard]] constexpr std::size_t overflow_limit(unsigned bits, unsigned patience) noexcept {
  return std::max((std::size_t{1} << bits) / 2 + 1, std::size_t{1} << patience);
}

// The patience of a table after a growth that left it with `overflow_buckets`. Their number must at
// least double before the next compaction; else a bad hash would keep the table compacting forever.
[[nodiscard]] constexpr std::uint8_t patience_for(std::size_t overflow_buckets) noexcept {
  return static_cast<std::uint8_t>(std::bit_width(2 * overflow_buckets));
}

// How many old buckets the insertion of a new key evacuates, unless the user sets another step. Two
// end a doubling after half as many insertions as there were buckets, long before the next is due.
inline constexpr std::uint16_t default_growth_step = 2;

// A growth from this many buckets or fewer is done at once: it moves only a few cache lines.
inline constexpr std::size_t small_table_buckets = 8;

}  // namespace gomap::detail
