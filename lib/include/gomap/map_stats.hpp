// map_stats.hpp -- sizes, growth and memory of a map at one moment.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

namespace gomap {

// What map::stats() returns. Counts are in buckets or entries, memory in bytes.
struct map_stats {
  std::size_t size = 0;               // entries
  std::size_t buckets = 0;            // of the current array
  std::size_t overflow_buckets = 0;   // in all chains
  std::size_t longest_chain = 0;      // in buckets, the head included; 0 for a map without memory
  double load = 0;                    // entries per bucket
  bool growing = false;               // whether a growth is under way
  std::size_t evacuated_buckets = 0;  // buckets of the old array that have been evacuated
  std::size_t old_buckets = 0;        // buckets of the old array
  std::size_t growths_double = 0;     // growths started so far that made the array larger
  std::size_t growths_same_size = 0;  // growths started so far that compacted chains
  std::size_t bytes_reserved = 0;     // allocated and not given back
  std::size_t bytes_in_use = 0;       // of those, without the evacuated part of the old array
  std::size_t bytes_peak = 0;         // the most bytes reserved at any time

  friend bool operator==(const map_stats&, const map_stats&) = default;
};

// One line of text for people.
std::ostream& operator<<(std::ostream& out, const map_stats& stats);

// The same figures as one JSON object, each under its member's name.
[[nodiscard]] std::string to_json(const map_stats& stats);

}  // namespace gomap
