// latency_histogram_test.cpp -- what a histogram tells of the times that were put in.
#include "stress/latency_histogram.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using stress::latency_histogram;
using stress::nanoseconds;

constexpr std::array shares = {0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0};
constexpr double precision = 0.024;

// From one nanosecond to ten seconds, as many in each decade.
std::vector<nanoseconds> spread_times(std::size_t count) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(0, 10);
  std::vector<nanoseconds> times;
  for (std::size_t i = 0; i < count; ++i) {
    times.emplace_back(static_cast<nanoseconds::rep>(std::pow(10, exponent(random))));
  }
  return times;
}

latency_histogram histogram_of(const std::vector<nanoseconds>& times) {
  latency_histogram made;
  for (const nanoseconds time : times) made.add(time);
  return made;
}

TEST(LatencyHistogram, WithoutCallsTellsNothing) {
  const latency_histogram empty;

  EXPECT_EQ(empty.count(), 0U);
  EXPECT_EQ(empty.worst(), nanoseconds(0));
  EXPECT_EQ(empty.percentile(0.5), nanoseconds(0));
  EXPECT_TRUE(empty.bins().empty());
}

TEST(LatencyHistogram, PercentilesAreRightToTheWidthOfABin) {
  std::vector<nanoseconds> times = spread_times(100'000);
  const latency_histogram histogram = histogram_of(times);

  std::sort(times.begin(), times.end());
  for (const double share : shares) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * 100'000)) - 1;
    const auto right = static_cast<double>(times[rank].count());
    const auto told = static_cast<double>(histogram.percentile(share).count());
    EXPECT_GE(told, right) << share;
    EXPECT_LE(told, right * (1 + precision)) << share;
  }
}

TEST(LatencyHistogram, APercentileOfEqualTimesIsThatTime) {
  // Also where a bin is narrower than a nanosecond, and at the edges of bins.
  for (const nanoseconds::rep time :
       {1, 2, 3, 7, 10, 99, 100, 101, 1'000, 1'000'000, 999'999'999}) {
    latency_histogram histogram;
    for (int i = 0; i < 3; ++i) histogram.add(nanoseconds(time));
    histogram.add(nanoseconds(2'000'000'000));  // so that the worst is another one

    const auto told = static_cast<double>(histogram.percentile(0.5).count());
    EXPECT_GE(told, static_cast<double>(time));
    EXPECT_LE(told, static_cast<double>(time) * (1 + precision));
    if (time < 40) {
      EXPECT_EQ(histogram.percentile(0.5), nanoseconds(time));
    }
  }
}

TEST(LatencyHistogram, TheWorstIsExact) {
  const latency_histogram histogram =
      histogram_of({nanoseconds(5), nanoseconds(123'456'789), nanoseconds(77)});

  EXPECT_EQ(histogram.worst(), nanoseconds(123'456'789));
  EXPECT_EQ(histogram.percentile(1), nanoseconds(123'456'789));
}

TEST(LatencyHistogram, ATimeOfNothingCountsAsTheShortest) {
  const latency_histogram histogram = histogram_of({nanoseconds(0)});

  EXPECT_EQ(histogram.count(), 1U);
  ASSERT_EQ(histogram.bins().size(), 1U);
  EXPECT_EQ(histogram.bins().front().from, nanoseconds(1));
}

TEST(LatencyHistogram, TimesBeyondTheLastBinAreCountedAndTheWorstOfThemIsTold) {
  const nanoseconds long_one = std::chrono::seconds(250);
  const latency_histogram histogram = histogram_of({nanoseconds(10), long_one, long_one});

  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.worst(), long_one);
  EXPECT_EQ(histogram.percentile(0.5), long_one);
  ASSERT_EQ(histogram.bins().size(), 2U);
  EXPECT_EQ(histogram.bins().back().calls, 2U);
  EXPECT_LE(histogram.bins().back().from, long_one);
  EXPECT_GT(histogram.bins().back().to, long_one);
}

TEST(LatencyHistogram, BinsDoNotOverlapAndHoldEachCallOnce) {
  std::vector<nanoseconds> times = spread_times(10'000);
  for (nanoseconds::rep ns = 1; ns <= 2'000; ++ns) times.emplace_back(ns);
  const latency_histogram histogram = histogram_of(times);

  std::uint64_t calls = 0;
  nanoseconds before{0};
  for (const latency_histogram::bin& bin : histogram.bins()) {
    EXPECT_LE(before, bin.from);
    EXPECT_LT(bin.from, bin.to);
    const auto held = std::count_if(times.begin(), times.end(), [&](nanoseconds time) {
      return bin.from <= time && time < bin.to;
    });
    EXPECT_EQ(static_cast<std::uint64_t>(held), bin.calls) << bin.from.count();
    before = bin.to;
    calls += bin.calls;
  }
  EXPECT_EQ(calls, times.size());
}

TEST(LatencyHistogram, ASumIsWhatOneHistogramOfAllWouldBe) {
  const std::vector<nanoseconds> times = spread_times(1'000);
  const auto middle = times.begin() + 300;
  latency_histogram sum = histogram_of({times.begin(), middle});
  sum += histogram_of({middle, times.end()});

  const latency_histogram whole = histogram_of(times);
  EXPECT_EQ(sum.count(), whole.count());
  EXPECT_EQ(sum.worst(), whole.worst());
  for (const double share : shares) EXPECT_EQ(sum.percentile(share), whole.percentile(share));
}

}  // namespace
