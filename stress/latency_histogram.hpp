// latency_histogram.hpp -- how long calls took, in memory that does not grow.
//
// A hundred bins a decade from 1 ns to 100 s: percentiles are right to 2.4 %, the worst is exact.
// Not thread-safe: a worker has its own, and they are added up when it has ended.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

#include <boost/histogram.hpp>

namespace stress {

using nanoseconds = std::chrono::nanoseconds;

class latency_histogram {
 public:
  // So many calls took from `from` to under `to`.
  struct bin {
    nanoseconds from;
    nanoseconds to;
    std::uint64_t calls;
  };

  void add(nanoseconds time) {
    bins_(static_cast<double>(std::max<nanoseconds::rep>(time.count(), 1)));
    worst_ = std::max(worst_, time);
    ++count_;
  }
  latency_histogram& operator+=(const latency_histogram& other) {
    bins_ += other.bins_;
    worst_ = std::max(worst_, other.worst_);
    count_ += other.count_;
    return *this;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] nanoseconds worst() const { return worst_; }

  // What at least `share` of the calls did not exceed, rounded up to its bin's end; 0 when there
  // were none.  Requires: 0 < share <= 1.
  [[nodiscard]] nanoseconds percentile(double share) const {
    const double wanted = std::ceil(share * static_cast<double>(count_));
    double below = 0;
    for (const bin& b : bins()) {
      below += static_cast<double>(b.calls);
      if (below >= wanted) return std::min(b.to, worst_);
    }
    return worst_;
  }

  // Those that are not empty, in order.
  [[nodiscard]] std::vector<bin> bins() const {
    std::vector<bin> found;
    for (auto&& b : boost::histogram::indexed(bins_, boost::histogram::coverage::all)) {
      const auto calls = static_cast<std::uint64_t>(*b);
      if (calls == 0) continue;
      const double upper = std::min(b.bin().upper(), longest);  // the last bin has no end
      found.push_back({nanoseconds(static_cast<nanoseconds::rep>(b.bin().lower())),
                       nanoseconds(static_cast<nanoseconds::rep>(std::ceil(upper))), calls});
    }
    return found;
  }

 private:
  static constexpr double longest = 1e11;
  static constexpr unsigned decades = 11;
  static constexpr unsigned bins_a_decade = 100;

  using axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using storage = boost::histogram::dense_storage<std::uint64_t>;

  boost::histogram::histogram<std::tuple<axis>, storage> bins_ =
      boost::histogram::make_histogram_with(storage(), axis(decades* bins_a_decade, 1.0, longest));
  nanoseconds worst_{0};
  std::uint64_t count_ = 0;
};

}  // namespace stress
