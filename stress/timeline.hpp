// timeline.hpp -- the moments of a run, evenly spread, in memory that does not grow.
//
// When there are too many, neighbours become one: a long run is kept as coarsely as a short one is
// kept finely. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "latency.hpp"
#include "results.hpp"

namespace stress {

class timeline {
 public:
  void add(const moment& now) {
    // A look that does not start a moment belongs to the one before.
    if (looks_++ % looks_a_moment_ != 0) return merge(moments_.back(), now);
    if (moments_.size() == most) halve();
    moments_.push_back(now);
  }

  [[nodiscard]] const std::vector<moment>& moments() const { return moments_; }

 private:
  static constexpr std::size_t most = 600;

  // Counts are those of the later moment; what may be gone by then is kept.
  static void merge(moment& earlier, const moment& later) {
    const nanoseconds pause = std::max(earlier.worst_pause, later.worst_pause);
    const std::size_t in_flight = std::max(earlier.growths_in_flight, later.growths_in_flight);
    earlier = later;
    earlier.worst_pause = pause;
    earlier.growths_in_flight = in_flight;
  }

  void halve() {
    for (std::size_t i = 0; i < most / 2; ++i) {
      moments_[i] = moments_[2 * i];
      merge(moments_[i], moments_[2 * i + 1]);
    }
    moments_.resize(most / 2);
    looks_a_moment_ *= 2;
  }

  std::vector<moment> moments_;
  std::size_t looks_ = 0;
  std::size_t looks_a_moment_ = 1;
};

}  // namespace stress
