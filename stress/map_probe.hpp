// map_probe.hpp -- what can be asked of a map under stress, through its public interface alone.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <gomap/map_stats.hpp>
#include <gomap/scan_cursor.hpp>

#include "results.hpp"

namespace stress {

// What a map says about itself, while others use it. `entry_bytes`: what an entry is worth to its
// user; more than its size when it owns memory. O(buckets), under shared locks.
template <class Map>
moment moment_of(const Map& map, std::size_t entry_bytes) {
  const auto stats = map.stats();
  moment now;
  now.growths_in_flight = stats.growing_shards;
  now.growths_double = stats.total.growths_double;
  now.growths_same_size = stats.total.growths_same_size;
  now.entries = stats.total.size;
  now.payload_bytes = stats.total.size * entry_bytes;
  now.reserved_bytes = stats.total.bytes_reserved;
  return now;
}

namespace detail {

// The Poisson law: the chance that n entries meet in a bucket when `mean` do on average.
inline double poisson(double mean, std::size_t n) {
  const double x = static_cast<double>(n);
  return mean > 0 ? std::exp(x * std::log(mean) - mean - std::lgamma(x + 1)) : (n == 0 ? 1.0 : 0.0);
}

}  // namespace detail

// Where the entries of a map lie. A class of a scan is a bucket with its chain; in a shard that
// grows it is an old one, so the law is asked for as many buckets as there are classes.
// Requires: nobody writes meanwhile.  O(n).
template <class Map>
layout layout_of(const Map& map) {
  layout found;
  std::vector<gomap::map_stats> shards;
  for (std::size_t i = 0; i < map.shard_count(); ++i) {
    shards.push_back(map.stats(i));
    found.shard_entries.push_back(shards.back().size);
    found.shard_buckets.push_back(shards.back().buckets);
  }

  for (gomap::scan_cursor cursor; !cursor.done();) {
    std::size_t entries = 0;
    cursor = map.scan(cursor, [&](const auto&) { ++entries; });
    if (found.occupancy.size() <= entries) found.occupancy.resize(entries + 1);
    ++found.occupancy[entries];
  }

  found.poisson.resize(found.occupancy.size());
  for (const gomap::map_stats& stats : shards) {
    const std::size_t classes = stats.growing ? stats.old_buckets : stats.buckets;
    const double mean = static_cast<double>(stats.size) / static_cast<double>(classes);
    for (std::size_t n = 0; n < found.poisson.size(); ++n) {
      found.poisson[n] += static_cast<double>(classes) * detail::poisson(mean, n);
    }
  }
  return found;
}

}  // namespace stress
