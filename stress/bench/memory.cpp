// memory.cpp -- what a map's memory costs: with each backend, and beside the peers.
//
// Questions, a table each: what do inserting, churn and destruction cost on every backend, and how
// much memory (backends)? How long do single insertions take (pauses, histogram)? How many page
// faults and how much of the kernel's time does an insertion cost, in a fresh process and in one
// that has seen it all before (faults)? And with strings as keys (strings)? What does it cost to be
// rid of all entries (destroy)?
// Built twice: bench_memory on the system's malloc, bench_memory_mimalloc on mimalloc.
#include <cstddef>
#include <string>
#include <vector>

#include "memory_backends.hpp"
#include "memory_tables.hpp"
#include "memory_tasks.hpp"
#include "process_table.hpp"

namespace {

using bench::memory_backend;
using bench::process_table;
using bench::table_row;

constexpr std::size_t entries = 10'000'000;

std::vector<table_row> rows_of(memory_backend::task memory_backend::*task) {
  std::vector<table_row> rows;
  for (const memory_backend& backend : bench::memory_backends()) {
    rows.push_back({backend.name, backend.*task});
  }
  return rows;
}

process_table backends_table() {
  return {.name = "backends",
          .question = "Growing, churn at a tenth of the entries, destruction, memory, by backend",
          .entries = entries,
          .columns = bench::backend_columns(),
          .rows = rows_of(&memory_backend::grow_churn_destroy)};
}

process_table pauses_table() {
  return {.name = "pauses",
          .question = "Single insertions into a growing map, by backend",
          .entries = entries,
          .columns = bench::pause_columns(),
          .rows = rows_of(&memory_backend::pauses)};
}

process_table histogram_table() {
  return {.name = "histogram",
          .question = "How many insertions took how long, by backend",
          .entries = entries,
          .columns = bench::histogram_columns(),
          .rows = rows_of(&memory_backend::histogram),
          .layout = bench::table_layout::line_a_column};
}

process_table faults_table() {
  std::vector<table_row> rows;
  for (const memory_backend& backend : bench::memory_backends()) {
    if (backend.in_fault_table)
      rows.push_back({"1 map/" + backend.name, backend.faults_of_one_map});
  }
  for (const memory_backend& backend : bench::memory_backends()) {
    if (backend.in_fault_table) {
      rows.push_back({"256 maps/" + backend.name, backend.faults_of_256_maps});
    }
  }
  return {.name = "faults",
          .question = "Page faults and time an insertion, first and tenth round in one process",
          .entries = entries,
          .columns = bench::fault_columns(),
          .rows = rows};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_tables("bench_memory",
                           "Measures what a map's memory costs, each row in a process of its own.",
                           {backends_table(), pauses_table(), histogram_table(), faults_table(),
                            bench::strings_table(), bench::destroy_table()},
                           argc, argv);
}
