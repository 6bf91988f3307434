// grow_beside_reader.hpp -- a map that one thread fills while another looks up what is in it.
//
// The writer inserts keys one by one and promises them to the reader, a thousand at a time, so that
// the counter's cache line seldom moves; the reader looks up promised keys at random until the
// writer is done. Every call is timed by itself. A promised key that is not found is an error.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "../latency.hpp"
#include "keys.hpp"
#include "own_process.hpp"
#include "process_table.hpp"
#include "run_together.hpp"

namespace bench {

// insert(i, key) inserts the i-th key, find(i, key) says whether it is there.
// Figures, insert before read: mean ns, p99.99 us, p99.999 us, worst ms; then of the process: peak
// and final MiB, and their ratio.
template <class Insert, class Find>
figures grow_beside_reader(std::size_t entries, Insert insert, Find find);

template <class Front>
figures grow_map_beside_reader(std::size_t entries) {
  Front map;
  return grow_beside_reader(
      entries, [&](std::size_t i, std::uint64_t key) { map.insert(key, i); },
      [&](std::size_t, std::uint64_t key) {
        std::uint64_t value = 0;
        return map.read(key, value);
      });
}

// The same loops over plain memory: what the clock and the machine do to the slowest calls.
inline figures grow_array_beside_reader(std::size_t entries) {
  const auto array = std::make_unique_for_overwrite<std::uint64_t[]>(2 * entries);
  return grow_beside_reader(
      entries,
      [&](std::size_t i, std::uint64_t key) {
        array[2 * i] = key;
        array[2 * i + 1] = i;
      },
      [&](std::size_t i, std::uint64_t key) { return array[2 * i] == key; });
}

// ---- bodies --------------------------------------------------------------------------------

namespace detail {

class call_times {
 public:
  // For up to `most` calls.
  explicit call_times(std::size_t most) : slowest_(most / 10'000 + 2) {}

  template <class F>
  decltype(auto) time(F f) {
    struct stop_watch {
      ~stop_watch() { times.add(clock::now() - start); }
      call_times& times;
      clock::time_point start = clock::now();
    };
    const stop_watch running{*this};
    return f();
  }

  void append_to(figures& found) const {
    const auto ns = [](stress::nanoseconds time) { return static_cast<double>(time.count()); };
    found.insert(found.end(), {ns(total_) / static_cast<double>(std::max<std::size_t>(1, count_)),
                               ns(slowest_.percentile(0.9999)) / 1e3,
                               ns(slowest_.percentile(0.99999)) / 1e3, ns(slowest_.worst()) / 1e6});
  }

 private:
  using clock = std::chrono::steady_clock;

  void add(stress::nanoseconds spent) {
    slowest_.add(spent);
    total_ += spent;
    ++count_;
  }

  stress::slowest_calls slowest_;
  stress::nanoseconds total_{0};
  std::size_t count_ = 0;
};

inline void append_memory_to(figures& found) {
  const double final_memory = resident_kib();
  const double peak = std::max(final_memory, peak_resident_kib());
  found.insert(found.end(),
               {peak / 1024, final_memory / 1024, final_memory > 0 ? peak / final_memory : 0});
}

}  // namespace detail

template <class Insert, class Find>
figures grow_beside_reader(std::size_t entries, Insert insert, Find find) {
  constexpr std::size_t promised_at_once = 1024;
  constexpr std::size_t reads_for_an_insert = 16;  // at most: the reader rests after that
  const std::size_t most_reads = reads_for_an_insert * entries;
  detail::call_times inserts(entries);
  detail::call_times reads(most_reads);
  std::atomic<std::size_t> promised = 0;
  std::atomic<bool> done = false;
  bool lost = false;

  const auto write = [&] {
    for (std::size_t i = 0; i < entries; ++i) {
      const auto key = make_key<std::uint64_t>(i);
      inserts.time([&] { insert(i, key); });
      // release: pairs with the acquire in read(), which then finds what was inserted until here.
      if ((i + 1) % promised_at_once == 0) promised.store(i + 1, std::memory_order_release);
    }
    done.store(true, std::memory_order_relaxed);  // relaxed: it says nothing but that time is up
  };
  const auto read = [&] {
    std::uint64_t random = 1;
    // relaxed: as above.
    for (std::size_t n = 0; n < most_reads && !done.load(std::memory_order_relaxed);) {
      // acquire: pairs with the release in write().
      const std::size_t there = promised.load(std::memory_order_acquire);
      if (there == 0) continue;
      random = random * 6364136223846793005u + 1442695040888963407u;
      const std::size_t i = (random >> 20) % there;
      const auto key = make_key<std::uint64_t>(i);
      if (!reads.time([&] { return find(i, key); })) lost = true;
      ++n;
    }
  };
  run_together(2, [&](std::size_t thread) { thread == 0 ? write() : read(); });

  if (lost) throw std::runtime_error("a key that was inserted was not found");
  figures found;
  inserts.append_to(found);
  reads.append_to(found);
  detail::append_memory_to(found);
  return found;
}

}  // namespace bench
