// memory_strings.cpp -- growing with strings as keys: time, and memory at its peak and in the end.
//
// The characters are on the heap beside the map's own memory, the same for every contestant, so the
// ratio of peak to final is nearer to 1 than with integers, for all of them.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

#include "keys.hpp"
#include "memory_tables.hpp"
#include "own_process.hpp"
#include "peers.hpp"
#include "process_table.hpp"

namespace bench {
namespace {

template <class Peer>
figures grow_strings(std::size_t entries) {
  using clock = std::chrono::steady_clock;
  typename Peer::map map;
  const usage before = usage_so_far();
  const auto start = clock::now();
  for (std::size_t i = 0; i < entries; ++i) map.try_emplace(make_mixed_string(i), i);
  const std::chrono::duration<double, std::nano> growing = clock::now() - start;
  const usage used = usage_so_far() - before;
  const double final_memory = resident_kib();
  const double peak = std::max(final_memory, peak_resident_kib());
  const double n = static_cast<double>(entries);
  return {growing.count() / n,          peak / 1024,
          final_memory / 1024,          final_memory > 0 ? peak / final_memory : 0,
          1000 * used.minor_faults / n, used.system_ns / 1e6};
}

template <class Peer>
table_row row_of() {
  return {Peer::name, grow_strings<Peer>};
}

}  // namespace

process_table strings_table() {
  using key = std::string;
  return {.name = "strings",
          .question = "Growing with std::string keys of 12 to 24 characters: time and memory",
          .entries = 5'000'000,
          .columns = {{"insert ns", 1},
                      {"peak MiB", 0},
                      {"final MiB", 0},
                      {"ratio", 2},
                      {"faults/1000", 2},
                      {"kernel ms", 0}},
          .rows = {row_of<gomap_peer<key>>(), row_of<boost_peer<key>>(), row_of<absl_peer<key>>(),
                   row_of<std_peer<key>>()}};
}

}  // namespace bench
