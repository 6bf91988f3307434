// worker.hpp -- one thread of a scenario: its random numbers, its count, and how long its calls
// took.
//
// Its own thread uses it; others may look at operations() and take_pause() while it works.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>

#include "latency.hpp"
#include "results.hpp"

namespace stress {

class worker {
 public:
  worker(unsigned index, std::uint64_t seed) : index_(index), random_(seed) {}
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // From 0.
  [[nodiscard]] unsigned index() const { return index_; }

  // Random numbers that the run's seed repeats.
  [[nodiscard]] std::mt19937_64& random() { return random_; }
  // One under n.  Requires: n > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_() % n; }
  // True once in n times.
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }

  // So many operations are done.
  void count(std::uint64_t n = 1) {
    // relaxed, both: nobody else writes, and who looks on wants no order.
    operations_.store(operations_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // Runs f(), notes how long it took and counts `n` operations. Returns what f returns.
  template <class F>
  decltype(auto) timed(call kind, F&& f, std::uint64_t n = 1) {
    const stopwatch noted(*this, kind, n);
    return std::forward<F>(f)();
  }

  [[nodiscard]] std::uint64_t operations() const {
    return operations_.load(std::memory_order_relaxed);  // relaxed: as in count()
  }
  // The slowest call since the last one that was taken.
  [[nodiscard]] nanoseconds take_pause() {
    return nanoseconds(pause_.exchange(0, std::memory_order_relaxed));  // relaxed: as in count()
  }
  // Of all calls.  Requires: the thread has ended.
  [[nodiscard]] const latencies& calls() const { return calls_; }

 private:
  using clock = std::chrono::steady_clock;

  class stopwatch {
   public:
    stopwatch(worker& w, call kind, std::uint64_t n)
        : worker_(w), kind_(kind), n_(n), start_(clock::now()) {}
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch() {
      worker_.note(kind_, clock::now() - start_);
      worker_.count(n_);
    }

   private:
    worker& worker_;
    call kind_;
    std::uint64_t n_;
    clock::time_point start_;
  };

  void note(call kind, nanoseconds time) {
    calls_[static_cast<std::size_t>(kind)].add(time);
    // relaxed: a pause that is taken at this very instant may be shown twice, or late.
    if (time.count() > pause_.load(std::memory_order_relaxed)) {
      pause_.store(time.count(), std::memory_order_relaxed);
    }
  }

  unsigned index_;
  std::mt19937_64 random_;
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<nanoseconds::rep> pause_{0};
  latencies calls_;
};

}  // namespace stress
