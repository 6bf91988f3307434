// concurrent_map_stats.cpp -- sums the figures of shards, and prints them.
#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>

#include <gomap/concurrent_map_stats.hpp>
#include <gomap/map_stats.hpp>

namespace gomap {

std::ostream& operator<<(std::ostream& out, const concurrent_map_stats& stats) {
  return out << stats.shards << " shards, " << stats.growing_shards << " growing: " << stats.total
             << "\nfullest, number " << stats.worst_shard << ": " << stats.worst;
}

std::string to_json(const concurrent_map_stats& stats) {
  return "{\"shards\":" + std::to_string(stats.shards) +
         ",\"growing_shards\":" + std::to_string(stats.growing_shards) +
         ",\"total\":" + to_json(stats.total) + ",\"worst\":" + to_json(stats.worst) +
         ",\"worst_shard\":" + std::to_string(stats.worst_shard) + "}";
}

namespace detail {

void add_shard(concurrent_map_stats& sum, const map_stats& shard, std::size_t index) noexcept {
  if (sum.shards == 0 || shard.size > sum.worst.size) {
    sum.worst = shard;
    sum.worst_shard = index;
  }
  ++sum.shards;
  if (shard.growing) ++sum.growing_shards;
  map_stats& total = sum.total;
  total.size += shard.size;
  total.buckets += shard.buckets;
  total.overflow_buckets += shard.overflow_buckets;
  total.longest_chain = std::max(total.longest_chain, shard.longest_chain);
  total.load = static_cast<double>(total.size) / static_cast<double>(total.buckets);
  total.growing = total.growing || shard.growing;
  total.evacuated_buckets += shard.evacuated_buckets;
  total.old_buckets += shard.old_buckets;
  total.growths_double += shard.growths_double;
  total.growths_same_size += shard.growths_same_size;
  total.bytes_reserved += shard.bytes_reserved;
  total.bytes_in_use += shard.bytes_in_use;
  total.bytes_peak += shard.bytes_peak;
}

}  // namespace detail
}  // namespace gomap
