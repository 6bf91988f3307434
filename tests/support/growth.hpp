// growth.hpp -- brings a map into the state that a test wants: growing, or growing in place.
//
// Small tables finish a growth within the insert that starts it, and which ones do is the core's
// business. So these helpers ask growing() and stats() instead of counting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/make_value.hpp"

namespace support {

// The most keys a helper inserts before it gives up: a map that never grows must fail, not hang.
inline constexpr std::uint64_t growth_search_limit = 1u << 16;

// Inserts the numbers from `next` on until a growth is under way. Returns the first number not
// inserted. The caller asserts growing(): after growth_search_limit keys this gives up.
template <class Map>
std::uint64_t insert_until_growing(Map& map, std::uint64_t next,
                                   const typename Map::mapped_type& value = {}) {
  for (std::uint64_t n = 0; n < growth_search_limit && !map.growing(); ++n) {
    map.insert_or_assign(make_value<typename Map::key_type>(next++), value);
  }
  return next;
}

// Inserts the numbers from `next` on until no growth is under way. Returns the first not inserted.
template <class Map>
std::uint64_t insert_until_settled(Map& map, std::uint64_t next,
                                   const typename Map::mapped_type& value = {}) {
  for (std::uint64_t n = 0; n < growth_search_limit && map.growing(); ++n) {
    map.insert_or_assign(make_value<typename Map::key_type>(next++), value);
  }
  return next;
}

// Piles up overflow buckets that hold one entry each, until the map starts a same-size growth:
// it fills the chain of one bucket until that gets an overflow bucket, erases what it put there but
// the last, and goes on to the next bucket. Returns the numbers of the keys it left in the map.
// The caller asserts growing() and an unchanged bucket_count().
// Requires: the map's hash is identity_hash, it is not growing, it has about five entries a
// bucket and no key of 2^32 or above other than those that earlier calls with `fresh` left.
template <class Map>
std::vector<std::uint64_t> start_same_size_growth(Map& map, std::uint64_t& fresh,
                                                  const typename Map::mapped_type& value = {}) {
  using key_type = typename Map::key_type;
  std::vector<std::uint64_t> left;
  std::uint64_t bucket_turn = 0;
  for (std::uint64_t n = 0; n < growth_search_limit && !map.growing();) {
    const std::uint64_t bucket = bucket_turn++ % map.bucket_count();
    const std::size_t overflow_before = map.stats().overflow_buckets;
    std::vector<std::uint64_t> batch;
    while (!map.growing() && map.stats().overflow_buckets == overflow_before && batch.size() < 64) {
      batch.push_back(bucket | (++fresh << 32));
      map.insert_or_assign(make_value<key_type>(batch.back()), value);
      ++n;
    }
    if (map.growing()) {
      left.insert(left.end(), batch.begin(), batch.end());
      break;
    }
    left.push_back(batch.back());
    batch.pop_back();
    for (const std::uint64_t number : batch) map.erase(make_value<key_type>(number));
  }
  return left;
}

}  // namespace support
