// zipf.hpp -- ranks as popularity hands them out: a few come all the time, most hardly ever.
//
// Rank r of n, from 0, has a weight of 1 / (r + 1)^exponent. The weights are summed up once, and a
// rank is drawn by searching the sums for a random number: O(log n), and exact but for rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace bench {

class zipf_ranks {
 public:
  // Requires: n > 0.
  zipf_ranks(std::size_t n, double exponent) : sums_(n) {
    double sum = 0;
    for (std::size_t rank = 0; rank < n; ++rank) {
      sum += std::pow(static_cast<double>(rank + 1), -exponent);
      sums_[rank] = sum;
    }
  }

  // A rank under n.
  template <class Random>
  std::size_t operator()(Random& random) const {
    const double drawn = std::uniform_real_distribution<double>(0, sums_.back())(random);
    const auto found = std::upper_bound(sums_.begin(), sums_.end() - 1, drawn);
    return static_cast<std::size_t>(found - sums_.begin());
  }

 private:
  std::vector<double> sums_;  // of the weights of a rank and all before it
};

}  // namespace bench
