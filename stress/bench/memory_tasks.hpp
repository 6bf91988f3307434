// memory_tasks.hpp -- what a map does to be measured on some backend, whichever map and backend.
//
// A Backend is a class whose object holds the memory (a pool, a source, nothing at all) and whose
// make() gives an empty map of uint64 pairs on it. Each task runs once, in a process of its own,
// and returns the figures of one row of a process table.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../latency.hpp"
#include "insert_times.hpp"
#include "keys.hpp"
#include "own_process.hpp"
#include "process_table.hpp"

namespace bench {

using task_clock = std::chrono::steady_clock;

inline double ns(stress::nanoseconds time) { return static_cast<double>(time.count()); }

template <class F>
double timed_ns(F f) {
  const auto start = task_clock::now();
  f();
  return ns(task_clock::now() - start);
}

template <class Map>
void insert_keys(Map& map, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i)
    map.try_emplace(make_key<std::uint64_t>(i), i);
}

// ---- growing, churn and destruction ------------------------------------------------------------

inline std::vector<column> backend_columns() {
  return {{"insert ns", 1}, {"churn ns", 1}, {"destroy ms", 1},  {"peak MiB", 0},
          {"final MiB", 0}, {"ratio", 2},    {"faults/1000", 2}, {"kernel ms", 0}};
}

// One key out, another in, at `entries` entries, as many times.
template <class Backend>
double churn_ns(Backend& backend, std::size_t entries) {
  auto map = backend.make();
  insert_keys(map, 0, entries);
  const double time = timed_ns([&] {
    for (std::size_t i = 0; i < entries; ++i) {
      map.erase(make_key<std::uint64_t>(i));
      map.try_emplace(make_key<std::uint64_t>(entries + i), i);
    }
  });
  return time / static_cast<double>(entries);
}

template <class Backend>
figures grow_churn_destroy(std::size_t entries) {
  Backend backend;
  std::optional map(backend.make());
  const usage before = usage_so_far();
  const double growing = timed_ns([&] { insert_keys(*map, 0, entries); });
  const usage used = usage_so_far() - before;
  const double final_memory = resident_kib();
  const double peak = std::max(final_memory, peak_resident_kib());
  const double destroying = timed_ns([&] { map.reset(); });
  const double churning = churn_ns(backend, std::max<std::size_t>(1, entries / 10));
  const double n = static_cast<double>(entries);
  return {growing / n,
          churning,
          destroying / 1e6,
          peak / 1024,
          final_memory / 1024,
          final_memory > 0 ? peak / final_memory : 0,
          1000 * used.minor_faults / n,
          used.system_ns / 1e6};
}

// ---- single insertions --------------------------------------------------------------------------

inline std::vector<column> pause_columns() {
  return {{"mean ns", 1}, {"p50 ns", 0}, {"p99.9 us", 2}, {"p99.999 us", 2}, {"worst ms", 3}};
}

inline std::vector<column> histogram_columns() {
  std::vector<column> columns;
  for (const std::string& name : power_of_two_names()) columns.push_back({name, 0});
  return columns;
}

template <class Backend>
insert_times time_insertions(std::size_t entries) {
  Backend backend;
  auto map = backend.make();
  insert_times times(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    const auto key = make_key<std::uint64_t>(i);
    const auto start = task_clock::now();
    map.try_emplace(key, i);
    times.add(task_clock::now() - start);
  }
  return times;
}

template <class Backend>
figures pauses(std::size_t entries) {
  const insert_times times = time_insertions<Backend>(entries);
  return {times.mean_ns(), times.median_ns(), ns(times.tail_percentile(0.999)) / 1e3,
          ns(times.tail_percentile(0.99999)) / 1e3, ns(times.worst()) / 1e6};
}

template <class Backend>
figures histogram(std::size_t entries) {
  return time_insertions<Backend>(entries).by_powers_of_two();
}

// ---- faults, first and tenth round --------------------------------------------------------------

constexpr std::size_t fault_rounds = 10;

inline std::vector<column> fault_columns() {
  return {{"1st: ns", 1},  {"kernel ns", 1}, {"faults/1000", 2}, {"destroy ns", 1},
          {"10th: ns", 1}, {"kernel ns", 1}, {"faults/1000", 2}, {"destroy ns", 1}};
}

// Grows `count` maps one after the other, and then destroys them all. Figures for an entry.
template <class Backend>
figures grow_maps(Backend& backend, std::size_t count, std::size_t entries) {
  std::vector<decltype(backend.make())> maps;
  maps.reserve(count);
  const usage before = usage_so_far();
  const double growing = timed_ns([&] {
    for (std::size_t i = 0; i < count; ++i) {
      maps.push_back(backend.make());
      insert_keys(maps.back(), i * entries, entries);
    }
  });
  const usage used = usage_so_far() - before;
  const double destroying = timed_ns([&] { maps.clear(); });
  const double n = static_cast<double>(count * entries);
  return {growing / n, used.system_ns / n, 1000 * used.minor_faults / n, destroying / n};
}

// Entries are shared out between `Count` maps, round by round in one process.
template <class Backend, std::size_t Count>
figures first_and_tenth_round(std::size_t entries) {
  Backend backend;
  const std::size_t each = std::max<std::size_t>(1, entries / Count);
  figures found;
  for (std::size_t round = 1; round <= fault_rounds; ++round) {
    const figures figures_now = grow_maps(backend, Count, each);
    if (round == 1 || round == fault_rounds) {
      found.insert(found.end(), figures_now.begin(), figures_now.end());
    }
  }
  return found;
}

}  // namespace bench
