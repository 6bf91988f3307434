// go_clear_test.cpp -- clear(): empties every map, ends every walk, keeps the buckets, reseeds.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/growth.hpp"

namespace go_clear_test {

constexpr double nan_key = std::numeric_limits<double>::quiet_NaN();

TEST(GoMapClear, EmptiesAMapOfNumbers) {
  gomap::map<int, int> m;
  for (int i = 0; i < 1000; ++i) m[i] = i;

  m.clear();

  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.begin(), m.end());
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(m.contains(i));
  EXPECT_NO_THROW(m.check_invariants());
}

TEST(GoMapClear, OfAnEmptyMapIsNothing) {
  gomap::map<int, int> m;

  m.clear();
  m.clear();

  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.bucket_count(), 1u);
}

TEST(GoMapClear, TheMapIsAsNewAfterwards) {
  gomap::map<int, std::string> m;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 300; ++i) m[i] += std::to_string(i);
    for (int i = 0; i < 300; ++i) ASSERT_EQ(m.get(i), std::to_string(i));
    ASSERT_EQ(m.size(), 300u);
    m.clear();
  }
}

TEST(GoMapClear, InTheMiddleOfAGrowthEndsIt) {
  gomap::map<std::uint64_t, int> m;
  for (std::uint64_t n = 0; n < 208; ++n) m[n] = 0;
  support::insert_until_growing(m, 208);
  ASSERT_TRUE(m.growing());

  m.clear();

  EXPECT_TRUE(m.empty());
  EXPECT_FALSE(m.growing());
  EXPECT_NO_THROW(m.check_invariants());
  m[1] = 1;
  EXPECT_EQ(m.size(), 1u);
}

// A flooder who learned the order of one filling must not profit from it in the next.
TEST(GoMapClear, ChangesTheSeed) {
  gomap::map<int, int> m;
  m[1] = 1;
  const auto seed = m.seed();

  m.clear();

  EXPECT_NE(m.seed(), seed);
}

TEST(GoMapClear, MapsHaveSeedsOfTheirOwn) {
  const gomap::map<int, int> a;
  const gomap::map<int, int> b;

  EXPECT_NE(a.seed(), b.seed());
}

// Two hundred and nine NaNs start a doubling in Go's sizes; none of them can be erased by key.
TEST(GoMapClear, EndsAWalkOverNansInAGrowth) {
  gomap::map<double, int> m;
  for (int i = 0; i < 209; ++i) m[nan_key] = i;

  int walked = 0;
  for (auto it = m.begin(); it != m.end(); ++it) {
    if (++walked == 6) m.clear();
  }

  EXPECT_EQ(walked, 6);
  EXPECT_TRUE(m.empty());
}

TEST(GoMapClear, EndsAWalkOverNansThatADoublingMoved) {
  gomap::map<double, int> m;
  for (int i = 0; i < 8; ++i) m[nan_key] = i;

  int walked = 0;
  for (auto it = m.begin(); it != m.end(); ++it) {
    if (++walked != 1) continue;
    for (int i = 0; i < 10; ++i) m[i] = i;
    m.clear();
  }

  EXPECT_EQ(walked, 1);
}

TEST(GoMapClear, EndsEveryWalkUnderWay) {
  gomap::map<int, int> m;
  for (int i = 0; i < 100; ++i) m[i] = i;
  std::vector<gomap::map<int, int>::iterator> walks;
  for (int i = 0; i < 10; ++i) {
    walks.push_back(m.begin());
    for (int j = 0; j < i * 5; ++j) ++walks.back();
  }

  m.clear();
  for (auto& it : walks) ++it;

  for (const auto& it : walks) EXPECT_EQ(it, m.end());
}

// Neither ghosts of what was there nor what was put in since: the walk was over with the clear.
TEST(GoMapClear, EndsAWalkThoughTheMapIsFilledAgain) {
  gomap::map<int, int> m;
  for (int i = 0; i < 300; ++i) m[i] = 0;

  int walked = 0;
  for (auto it = m.begin(); it != m.end(); ++it) {
    if (++walked == 10) {
      m.clear();
      for (int i = 250; i < 600; ++i) m[i] = 1;
    }
  }

  EXPECT_EQ(walked, 10);
}

TEST(GoMapClear, ErasingEverythingInALoopDoesTheSame) {
  gomap::map<int, int> m;
  for (int i = 0; i < 1000; ++i) m[i] = i;

  int steps = 0;
  for (auto it = m.begin(); it != m.end(); it = m.erase(it)) ++steps;

  EXPECT_EQ(steps, 1000);
  EXPECT_TRUE(m.empty());
}

}  // namespace go_clear_test
