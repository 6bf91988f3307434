// growth.cpp -- the bad moments of growing: the slowest insertions, and memory at its peak.
//
// Question: while a map grows to many entries, one insertion at a time, how long does the worst one
// take, how long one in 100,000, and how far above its final memory does the process climb?
// Each map grows in a process of its own. "array" appends the same entries to plain fresh memory:
// what it shows is the machine's own noise. The rest is done by nobody but the map: keys are
// computed, and the samples kept fit a few pages.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../latency.hpp"
#include "keys.hpp"
#include "own_process.hpp"
#include "peers.hpp"
#include "process_table.hpp"

namespace {

using bench::figures;
using stress::nanoseconds;
using clock_type = std::chrono::steady_clock;

struct plain_array {
  explicit plain_array(std::size_t entries)
      : words(std::make_unique_for_overwrite<std::uint64_t[]>(2 * entries)) {}
  void try_emplace(std::uint64_t key, std::uint64_t value) {
    words[used++] = key;
    words[used++] = value;
  }
  std::unique_ptr<std::uint64_t[]> words;
  std::size_t used = 0;
};

template <class Map>
figures grow(Map& map, std::size_t entries) {
  stress::slowest_calls slowest(entries / 10'000 + 2);
  nanoseconds total{0};
  for (std::size_t i = 0; i < entries; ++i) {
    const auto key = bench::make_key<std::uint64_t>(i);
    const auto start = clock_type::now();
    map.try_emplace(key, i);
    const nanoseconds spent = clock_type::now() - start;
    slowest.add(spent);
    total += spent;
  }
  const auto ns = [](nanoseconds time) { return static_cast<double>(time.count()); };
  const double final_memory = bench::resident_kib();
  const double peak = std::max(final_memory, bench::peak_resident_kib());
  return {ns(total) / static_cast<double>(entries),
          ns(slowest.percentile(0.9999)) / 1e3,
          ns(slowest.percentile(0.99999)) / 1e3,
          ns(slowest.worst()) / 1e6,
          peak / 1024,
          final_memory / 1024,
          final_memory > 0 ? peak / final_memory : 0};
}

template <class Peer>
figures grow_map(std::size_t entries) {
  typename Peer::map map;
  return grow(map, entries);
}

figures grow_array(std::size_t entries) {
  plain_array array(entries);
  return grow(array, entries);
}

bench::process_table growth_table() {
  using key = std::uint64_t;
  return {.name = "growth",
          .question = "Single insertions into a growing map: the slowest, and memory at its peak",
          .entries = 20'000'000,
          .columns = {{"mean ns", 1},
                      {"p99.99 us", 2},
                      {"p99.999 us", 2},
                      {"worst ms", 3},
                      {"peak MiB", 0},
                      {"final MiB", 0},
                      {"ratio", 2}},
          .rows = {{"gomap", grow_map<bench::gomap_peer<key>>},
                   {"boost", grow_map<bench::boost_peer<key>>},
                   {"absl", grow_map<bench::absl_peer<key>>},
                   {"std", grow_map<bench::std_peer<key>>},
                   {"array", grow_array}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_tables("bench_growth",
                           "Grows maps one insertion at a time, each in a process of its own.",
                           {growth_table()}, argc, argv);
}
