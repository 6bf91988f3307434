// insert_times.hpp -- how long single insertions took, in memory that does not grow with them.
//
// Every sample counts: the tail is kept exactly (latency.hpp), the rest in buckets a thirty-second
// of a power of two wide, which is exact enough for a median and enough for a histogram. So what is
// measured does not share its pages with a list of samples. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "../latency.hpp"

namespace bench {

class insert_times {
 public:
  // The powers of two that the histogram tells apart: under 2^first ns, ... , 2^last ns and over.
  static constexpr std::size_t first_power = 5;
  static constexpr std::size_t last_power = 31;

  // Room for the tail of `expected` samples.  Requires: no more of them come.
  static constexpr double tail_share = 0.999;  // what is exact: percentiles from here up
  explicit insert_times(std::size_t expected) : slowest_(expected / 1'000 + 2) {}

  void add(stress::nanoseconds sample) {
    ++counts_[index_of(static_cast<std::uint64_t>(std::max<std::int64_t>(0, sample.count())))];
    ++total_;
    sum_ += sample;
    slowest_.add(sample);
  }

  [[nodiscard]] double mean_ns() const {
    return total_ == 0 ? 0 : static_cast<double>(sum_.count()) / static_cast<double>(total_);
  }
  [[nodiscard]] stress::nanoseconds worst() const { return slowest_.worst(); }
  // Exact. Requires: share >= tail_share.
  [[nodiscard]] stress::nanoseconds tail_percentile(double share) const {
    return slowest_.percentile(share);
  }
  // To within 3 %.
  [[nodiscard]] double median_ns() const;
  // Samples under 2^first_power ns, from there to under twice that, and so on; the last is open.
  [[nodiscard]] std::vector<double> by_powers_of_two() const;

 private:
  static constexpr std::size_t steps_power = 5;
  static constexpr std::size_t steps = std::size_t{1} << steps_power;  // buckets a power of two

  // Buckets 0 ... steps - 1 hold one value each; then each power of two has `steps` buckets.
  static std::size_t index_of(std::uint64_t ns) {
    if (ns < steps) return ns;
    const std::size_t power = static_cast<std::size_t>(std::bit_width(ns)) - 1;
    return (power - steps_power) * steps + (ns >> (power - steps_power));
  }
  static double lower_bound_of(std::size_t index) {
    if (index < 2 * steps) return static_cast<double>(index);
    const std::size_t shift = index / steps - 1;
    return static_cast<double>(std::uint64_t{index % steps + steps} << shift);
  }

  std::array<std::uint64_t, (64 - steps_power + 1) * steps> counts_{};
  std::uint64_t total_ = 0;
  stress::nanoseconds sum_{0};
  stress::slowest_calls slowest_;
};

// "< 64 ns", "< 1.02 us", ..., for each count of by_powers_of_two().
std::vector<std::string> power_of_two_names();

// ---- bodies --------------------------------------------------------------------------------

inline double insert_times::median_ns() const {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (2 * seen >= total_) return lower_bound_of(i);
  }
  return 0;
}

inline std::vector<double> insert_times::by_powers_of_two() const {
  std::vector<double> sums(last_power - first_power + 2);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::size_t width =
        i < steps ? static_cast<std::size_t>(std::bit_width(i)) : i / steps + steps_power;
    sums[std::clamp(width, first_power, last_power + 1) - first_power] +=
        static_cast<double>(counts_[i]);
  }
  return sums;
}

inline std::vector<std::string> power_of_two_names() {
  const auto time_text = [](double ns) {
    if (ns < 1e3) return fmt::format("{:.0f} ns", ns);
    if (ns < 1e6) return fmt::format("{:.3g} us", ns / 1e3);
    if (ns < 1e9) return fmt::format("{:.3g} ms", ns / 1e6);
    return fmt::format("{:.3g} s", ns / 1e9);
  };
  std::vector<std::string> names;
  for (std::size_t power = insert_times::first_power; power <= insert_times::last_power; ++power) {
    names.push_back("< " + time_text(static_cast<double>(std::uint64_t{1} << power)));
  }
  names.push_back("longer");
  return names;
}

}  // namespace bench
