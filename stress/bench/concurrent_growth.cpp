// concurrent_growth.cpp -- the bad moments of a growing map that threads share.
//
// Question: while one thread inserts many entries, one by one, and another looks up what is there
// already, how long does the worst insertion take, how long the worst lookup, how long one in
// 10,000 and in 100,000, and how much memory is there at the peak? Each map grows in a process of
// its own. "array" runs the same two loops over plain fresh memory: that is the clock's and the
// machine's own noise.
#include <utility>
#include <vector>

#include "concurrent_peer.hpp"
#include "grow_beside_reader.hpp"
#include "process_table.hpp"

namespace {

bench::process_table growth_table() {
  std::vector<bench::table_row> rows;
  for (auto& peer : bench::all_concurrent_peers()) {
    if (peer.grow) rows.push_back({std::move(peer.name), std::move(peer.grow)});
  }
  rows.push_back({"array", bench::grow_array_beside_reader});
  return {.name = "concurrent_growth",
          .question =
              "One thread's insertions into a growing map, and another's lookups meanwhile: the "
              "slowest of both, and memory at its peak",
          .entries = 20'000'000,
          .columns = {{"insert ns", 1},
                      {"p99.99 us", 2},
                      {"p99.999 us", 2},
                      {"worst ms", 3},
                      {"read ns", 1},
                      {"p99.99 us", 2},
                      {"p99.999 us", 2},
                      {"worst ms", 3},
                      {"peak MiB", 0},
                      {"final MiB", 0},
                      {"ratio", 2}},
          .rows = std::move(rows)};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_tables("bench_concurrent_growth",
                           "Grows maps beside a reader, each in a process of its own.",
                           {growth_table()}, argc, argv);
}
