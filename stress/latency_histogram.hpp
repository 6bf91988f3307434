// latency_histogram.hpp -- how long calls took, in memory that does not grow.
//
// A hundred bins a decade from 1 ns to 100 s: percentiles are right to 2.4 %, the worst is exact.
// Not thread-safe: a worker has its own, and they are added up when it has ended.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include <boost/histogram.hpp>

namespace stress {

using nanoseconds = std::chrono::nanoseconds;

class latency_histogram {
 public:
  // So many calls took from `from` to under `to`: no other bin holds such.
  struct bin {
    nanoseconds from;
    nanoseconds to;
    std::uint64_t calls;
  };

  void add(nanoseconds time) {
    // Times are whole numbers: half of one is far from any bin's edge, however that is rounded.
    bins_(static_cast<double>(std::max<nanoseconds::rep>(time.count(), 1)) + half);
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

  // What at least `share` of the calls did not exceed, rounded up to the longest of its bin; 0 when
  // there were none.  Requires: 0 < share <= 1.
  [[nodiscard]] nanoseconds percentile(double share) const {
    const double wanted = std::ceil(share * static_cast<double>(count_));
    double below = 0;
    for (const bin& b : bins()) {
      below += static_cast<double>(b.calls);
      if (below >= wanted) return std::min(b.to - nanoseconds(1), worst_);
    }
    return worst_;
  }

  // Those that are not empty, in order.
  [[nodiscard]] std::vector<bin> bins() const {
    std::vector<bin> found;
    for (auto&& b : boost::histogram::indexed(bins_, boost::histogram::coverage::all)) {
      const auto calls = static_cast<std::uint64_t>(*b);
      if (calls == 0) continue;
      const double upper = b.bin().upper();
      found.push_back({first_at(b.bin().lower()),
                       std::isfinite(upper) ? first_at(upper) : worst_ + nanoseconds(1), calls});
    }
    return found;
  }

 private:
  static constexpr double half = 0.5;
  static constexpr double longest = 1e11;
  static constexpr unsigned decades = 11;
  static constexpr unsigned bins_a_decade = 100;

  using axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using storage = boost::histogram::dense_storage<std::uint64_t>;

  // The shortest time that is not below an edge of a bin.
  static nanoseconds first_at(double edge) {
    return nanoseconds(static_cast<nanoseconds::rep>(std::ceil(edge - half)));
  }

  boost::histogram::histogram<std::tuple<axis>, storage> bins_ =
      boost::histogram::make_histogram_with(storage(), axis(decades* bins_a_decade, 1.0, longest));
  nanoseconds worst_{0};
  std::uint64_t count_ = 0;
};

}  // namespace stress
