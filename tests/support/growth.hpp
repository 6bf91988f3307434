// growth.hpp -- brings a map into the state that a test wants: growing, growing in place, settled.
//
// Small tables finish a doubling within the insert that starts it, and the size at which they stop
// doing so is the core's business. So these helpers ask growing() instead of counting.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/make_value.hpp"

namespace support {

// The most keys a helper inserts before it gives up: a map that never grows must fail, not hang.
inline constexpr std::uint64_t growth_search_limit = 1u << 16;

// Inserts the numbers from `next` on until a growth is under way and half of the old buckets still
// wait. Returns the first number not inserted; `map.growing()` is then true, or the limit was met.
template <class Map, class Value>
std::uint64_t insert_until_growing(Map& map, std::uint64_t next, const Value& value) {
  for (std::uint64_t n = 0; n < growth_search_limit && !map.growing(); ++n) {
    map.insert_or_assign(make_value<typename Map::key_type>(next++), value);
  }
  return next;
}

// Keeps size and bucket count while overflow buckets come and go, until a same-size growth starts:
// erases the oldest key and inserts a new one, again and again. Keys are the numbers
// [`first`, `next`) and move up together. Returns whether one started within `limit` steps.
template <class Map, class Value>
bool churn_until_same_size_growth(Map& map, std::uint64_t& first, std::uint64_t& next,
                                  const Value& value, std::uint64_t limit) {
  using key_type = typename Map::key_type;
  const std::size_t before = map.stats().growths_same_size;
  for (std::uint64_t n = 0; n < limit; ++n) {
    map.erase(make_value<key_type>(first++));
    map.insert_or_assign(make_value<key_type>(next++), value);
    if (map.stats().growths_same_size != before) return true;
  }
  return false;
}

}  // namespace support
