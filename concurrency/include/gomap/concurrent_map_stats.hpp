// concurrent_map_stats.hpp -- sizes, growths and memory of a concurrent_map and its shards.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include <gomap/map_stats.hpp>

namespace gomap {

// What concurrent_map::stats() returns. The shards are read one after the other, so the figures of
// different shards are of different instants.
struct concurrent_map_stats {
  std::size_t shards = 0;
  std::size_t growing_shards = 0;  // how many have a growth under way
  // Sums over the shards. But longest_chain is the longest of all, and growing tells whether any
  // shard grows. bytes_peak is the sum of the shards' peaks, which may have been at different
  // times.
  map_stats total;
  // The shard with the most entries, and its index.
  map_stats worst;
  std::size_t worst_shard = 0;

  friend bool operator==(const concurrent_map_stats&, const concurrent_map_stats&) = default;
};

// Two lines of text for people.
std::ostream& operator<<(std::ostream& out, const concurrent_map_stats& stats);

// The same figures as one JSON object, each under its member's name.
[[nodiscard]] std::string to_json(const concurrent_map_stats& stats);

namespace detail {

// Adds the figures of shard number `index`.
void add_shard(concurrent_map_stats& sum, const map_stats& shard, std::size_t index) noexcept;

}  // namespace detail
}  // namespace gomap
