// results.hpp -- what a run found, as plain data: printed as a table, written as JSON and as a
// page.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "build_info.hpp"
#include "latency_histogram.hpp"

namespace stress {

// What a worker does at a time: each kind has a histogram of its own.
enum class call : unsigned { read, insert, overwrite, erase, walk, batch, transaction };
inline constexpr std::size_t call_kinds = 7;
inline constexpr std::array<std::string_view, call_kinds> call_names = {
    "read", "insert", "overwrite", "erase", "walk", "batch", "transaction"};

using latencies = std::array<latency_histogram, call_kinds>;

// One look at a scenario that runs. Counts are since its start.
struct moment {
  double seconds = 0;            // since its start
  std::uint64_t operations = 0;  //
  nanoseconds worst_pause{0};    // the slowest call since the look before
  std::size_t growths_in_flight = 0;
  std::uint64_t growths_double = 0;
  std::uint64_t growths_same_size = 0;
  std::size_t entries = 0;
  std::size_t payload_bytes = 0;   // of the entries alone
  std::size_t reserved_bytes = 0;  // by the map, for them
  std::size_t resident_bytes = 0;  // of the whole process
};

// A map at rest, bucket by bucket.
struct layout {
  // [n]: buckets whose chain holds n entries: counted, and as the Poisson law would have them.
  std::vector<std::uint64_t> occupancy;
  std::vector<double> poisson;
  std::vector<std::size_t> shard_entries;
  std::vector<std::size_t> shard_buckets;
};

struct scenario_result {
  std::string name;
  std::string question;
  double seconds = 0;
  std::uint64_t operations = 0;
  std::uint64_t growths_double = 0;
  std::uint64_t growths_same_size = 0;
  latencies calls;
  std::vector<moment> timeline;
  layout map_layout;  // empty when the scenario had nothing to show
  std::vector<std::pair<std::string, std::string>> notes;  // figures of its own: name and value
  std::vector<std::string> findings;  // what is wrong, ten at most; empty when nothing is
  std::uint64_t findings_in_all = 0;
  bool interrupted = false;

  [[nodiscard]] bool verified() const { return findings_in_all == 0; }
  [[nodiscard]] nanoseconds worst_pause() const;
  [[nodiscard]] latency_histogram all_calls() const;
};

struct run_result {
  std::uint64_t seed = 0;
  unsigned threads = 0;
  std::size_t shards = 0;  // as asked; 0: as many as the map thinks right
  double seconds_each = 0;
  build_info build;
  std::string command;  // that repeats it
  std::chrono::system_clock::time_point started;
  bool interrupted = false;
  std::vector<scenario_result> scenarios;

  [[nodiscard]] bool verified() const;
};

// ---- bodies --------------------------------------------------------------------------------

inline nanoseconds scenario_result::worst_pause() const {
  nanoseconds worst{0};
  for (const latency_histogram& h : calls) worst = std::max(worst, h.worst());
  return worst;
}

inline latency_histogram scenario_result::all_calls() const {
  latency_histogram sum;
  for (const latency_histogram& h : calls) sum += h;
  return sum;
}

inline bool run_result::verified() const {
  return std::all_of(scenarios.begin(), scenarios.end(),
                     [](const scenario_result& s) { return s.verified(); });
}

}  // namespace stress
