// timeline_test.cpp -- what a timeline keeps of a run, however long that was.
#include "stress/timeline.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "stress/latency.hpp"
#include "stress/results.hpp"

namespace {

using stress::moment;
using stress::nanoseconds;
using stress::timeline;

constexpr std::size_t most = 600;

// The i-th look at a run: counts rise, and each 777th look sees a pause and a growth.
moment look(std::uint64_t i) {
  moment now;
  now.seconds = static_cast<double>(i) / 5;
  now.operations = 1000 * i;
  now.growths_double = i / 100;
  now.worst_pause = nanoseconds(i % 777 == 776 ? 1'000'000 + i : 10);
  now.growths_in_flight = i % 777 == 776 ? 3 : 0;
  now.entries = i;
  return now;
}

std::vector<moment> kept_of(std::uint64_t looks) {
  timeline line;
  for (std::uint64_t i = 1; i <= looks; ++i) line.add(look(i));
  return line.moments();
}

TEST(Timeline, KeepsEachMomentOfAShortRun) {
  const std::vector<moment> kept = kept_of(100);

  ASSERT_EQ(kept.size(), 100U);
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].operations, 1000 * (i + 1));
}

TEST(Timeline, StaysShortHoweverLongTheRun) {
  for (const std::uint64_t looks : {599, 600, 601, 1'199, 1'200, 5'000, 123'457}) {
    const std::vector<moment> kept = kept_of(looks);
    EXPECT_LE(kept.size(), most) << looks;
    EXPECT_GE(kept.size(), most / 2) << looks;
  }
}

TEST(Timeline, CountsRiseAndEndWithTheLastLook) {
  for (const std::uint64_t looks : {1, 600, 601, 10'000, 10'001, 10'007}) {
    const std::vector<moment> kept = kept_of(looks);

    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const moment& a, const moment& b) {
      return a.seconds < b.seconds && a.operations < b.operations;
    }));
    EXPECT_EQ(kept.back().operations, 1000 * looks);
    EXPECT_EQ(kept.back().growths_double, looks / 100);
    EXPECT_EQ(kept.back().entries, looks);
  }
}

TEST(Timeline, MomentsAreEvenlySpread) {
  const std::vector<moment> kept = kept_of(10'000);

  const double usual = kept[1].seconds - kept[0].seconds;
  for (std::size_t i = 1; i + 1 < kept.size(); ++i) {  // the last one may not be over
    EXPECT_NEAR(kept[i].seconds - kept[i - 1].seconds, usual, 1e-9) << i;
  }
}

TEST(Timeline, NoPauseAndNoGrowthInFlightIsForgotten) {
  constexpr std::uint64_t looks = 10'000;
  const std::vector<moment> kept = kept_of(looks);

  std::vector<nanoseconds> pauses;
  for (const moment& m : kept) {
    if (m.worst_pause > nanoseconds(10)) pauses.push_back(m.worst_pause);
    EXPECT_EQ(m.growths_in_flight, m.worst_pause > nanoseconds(10) ? 3U : 0U);
  }
  std::vector<nanoseconds> expected;
  for (std::uint64_t i = 776; i <= looks; i += 777) expected.push_back(look(i).worst_pause);
  EXPECT_EQ(pauses, expected);
}

}  // namespace
