// median.hpp -- the middle of some figures, or the mean of the two in the middle.
#pragma once

#include <algorithm>
#include <vector>

namespace bench {

// Requires: there is one.
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace bench
