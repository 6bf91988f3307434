// latency.hpp -- how long single calls took: all samples kept, percentiles exact.
//
// A histogram would save memory and round the very samples one looks for, the rare slow ones.
// Where even the samples are too much, slowest_calls keeps only the tail. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace stress {

using nanoseconds = std::chrono::nanoseconds;

// Every sample, eight bytes each.
class latency_samples {
 public:
  void add(nanoseconds sample) {
    samples_.push_back(sample.count());
    worst_ = std::max(worst_, sample);
  }
  [[nodiscard]] std::size_t count() const { return samples_.size(); }
  [[nodiscard]] nanoseconds worst() const { return worst_; }

  // The smallest sample that at least `share` of all samples do not exceed; 0 when there are none.
  // Requires: 0 < share <= 1.  Reorders the samples, hence not const.
  [[nodiscard]] nanoseconds percentile(double share) {
    if (samples_.empty()) return nanoseconds{0};
    const double rank = std::ceil(share * static_cast<double>(samples_.size()));
    const auto index = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rank) - 1, 0,
                                                  std::ssize(samples_) - 1);
    std::nth_element(samples_.begin(), samples_.begin() + index, samples_.end());
    return nanoseconds{samples_[static_cast<std::size_t>(index)]};
  }

 private:
  std::vector<nanoseconds::rep> samples_;
  nanoseconds worst_{0};
};

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
