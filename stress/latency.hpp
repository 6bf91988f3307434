// latency.hpp -- how long the slowest of many calls took, exactly.
//
// A histogram would round the very samples that a benchmark looks for, the rare slow ones. One
// thread.
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <queue>
#include <vector>

namespace stress {

using nanoseconds = std::chrono::nanoseconds;

// The `kept` slowest of any number of samples, in memory that does not grow.
class slowest_calls {
 public:
  explicit slowest_calls(std::size_t kept) : kept_(kept) {}

  void add(nanoseconds sample) {
    ++count_;
    if (tail_.size() < kept_) {
      tail_.push(sample);
    } else if (sample > tail_.top()) {
      tail_.pop();
      tail_.push(sample);
    }
  }

  // The share-th percentile.  Requires: no more than `kept` samples lie above it.
  [[nodiscard]] nanoseconds percentile(double share) const {
    const double above = std::floor((1.0 - share) * static_cast<double>(count_) + 1e-6);
    auto rest = tail_;
    while (static_cast<double>(rest.size()) > above + 1) rest.pop();
    return rest.empty() ? nanoseconds{0} : rest.top();
  }
  [[nodiscard]] nanoseconds worst() const { return percentile(1.0); }

 private:
  std::size_t kept_;
  std::size_t count_ = 0;
  std::priority_queue<nanoseconds, std::vector<nanoseconds>, std::greater<>> tail_;  // least first
};

}  // namespace stress
