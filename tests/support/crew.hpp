// crew.hpp -- the threads of a test: they start together, and none outlives its block.
//
//   crew readers;
//   readers.start(2, [&](int which) { for (; readers.wanted(); readers.tick()) ...; });
//   ... the test's own thread writes, and calls readers.await_tick() now and then ...
//   readers.finish();
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace support {

class crew {
 public:
  crew() = default;
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;
  ~crew() { finish(); }

  // Runs f(0) .. f(n - 1) on threads of their own.
  template <class F>
  void start(int n, F f) {
    for (int i = 0; i < n; ++i) {
      threads_.emplace_back([this, f, i]() mutable {
        f(i);
        // relaxed: it only ends a wait.
        ended_.store(true, std::memory_order_relaxed);
      });
    }
  }

  // Whether finish() has not been called yet: for loops that run beside others.
  [[nodiscard]] bool wanted() const noexcept {
    // relaxed: it only ends the loop; joining orders everything else.
    return !over_.load(std::memory_order_relaxed);
  }
  // A thread has done one round.
  void tick() noexcept {
    // relaxed: it only paces.
    ticks_.fetch_add(1, std::memory_order_relaxed);
  }
  // Waits until some thread has done one more round, so that however few processors there are, the
  // others are in the middle of theirs at times. At once when one has ended, as a failed one does.
  void await_tick() const noexcept {
    // relaxed: as above.
    const auto before = ticks_.load(std::memory_order_relaxed);
    while (ticks_.load(std::memory_order_relaxed) == before &&
           !ended_.load(std::memory_order_relaxed)) {
      std::this_thread::yield();
    }
  }
  // Tells the threads to end and waits for them.
  void finish() {
    // relaxed: as above.
    over_.store(true, std::memory_order_relaxed);
    wait();
  }
  // Waits until the threads have ended by themselves.
  void wait() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::atomic<bool> over_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> ticks_{0};
  std::vector<std::thread> threads_;
};

// Runs f(0) .. f(n - 1) at once, and waits for them. None begins before all are there.
template <class F>
void together(int n, const F& f) {
  crew all;
  std::atomic<int> missing{n};
  all.start(n, [&](int i) {
    missing.fetch_sub(1, std::memory_order_acq_rel);
    missing.notify_all();
    for (int left = missing.load(std::memory_order_acquire); left != 0;
         left = missing.load(std::memory_order_acquire)) {
      missing.wait(left, std::memory_order_acquire);
    }
    f(i);
  });
  all.wait();
}

// A door that stays open once it is opened.
class door {
 public:
  void open() noexcept {
    open_.store(true, std::memory_order_release);
    open_.notify_all();
  }
  void pass() const noexcept { open_.wait(false, std::memory_order_acquire); }
  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> open_{false};
};

// Numbers that look random, the same in every run.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  [[nodiscard]] std::uint64_t below(std::uint64_t n) noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % n;
  }

 private:
  std::uint64_t state_;
};

}  // namespace support
