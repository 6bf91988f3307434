// concurrent_map_stats.hpp -- what a concurrent_map knows about itself, shard by shard.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include <gomap/map_stats.hpp>

namespace gomap {

// What concurrent_map::stats() returns. Each shard is looked at once, one after the other.
struct concurrent_map_stats {
  std::size_t shards = 0;
  std::size_t growing_shards = 0;  // those that a growth is under way in
  // Sums over the shards; longest_chain is the longest of all, growing whether any shard grows, and
  // bytes_peak the sum of the shards' peaks, which need not have been at one time.
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
