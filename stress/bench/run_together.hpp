// run_together.hpp -- threads that start at one instant, and how long they take.
#pragma once

#include <barrier>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace bench {

using seconds = std::chrono::duration<double>;

// Calls work(thread) on so many threads at once, and meanwhile() on this one. Returns the time from
// their start until the last of them is done. Neither function may throw.
template <class Work, class Meanwhile>
seconds run_together(std::size_t threads, Work work, Meanwhile meanwhile) {
  using clock = std::chrono::steady_clock;
  clock::time_point start;
  // The last to arrive takes the time before any of them goes on.
  std::barrier begin(static_cast<std::ptrdiff_t>(threads) + 1,
                     [&]() noexcept { start = clock::now(); });
  std::vector<std::jthread> running;
  running.reserve(threads);
  for (std::size_t thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      begin.arrive_and_wait();
      work(thread);
    });
  }
  begin.arrive_and_wait();
  meanwhile();
  running.clear();  // joins
  return clock::now() - start;
}

template <class Work>
seconds run_together(std::size_t threads, Work work) {
  return run_together(threads, work, [] {});
}

}  // namespace bench
