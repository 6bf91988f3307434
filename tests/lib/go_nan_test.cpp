// go_nan_test.cpp -- keys that are not equal to themselves, and zeros that are equal but differ.
//
// As in std, and unlike Go, a key that is there already keeps its stored form when it is assigned
// again: the first of -0.0 and +0.0 stays.
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/growth.hpp"

namespace go_nan_test {

constexpr double nan_key = std::numeric_limits<double>::quiet_NaN();

using double_map = gomap::map<double, int>;

template <class Map>
std::size_t count_nans(const Map& m) {
  std::size_t nans = 0;
  for (const auto& entry : m) nans += entry.first != entry.first ? 1 : 0;
  return nans;
}

TEST(GoMapZero, NegativeZeroAndPositiveZeroAreOneKey) {
  gomap::map<double, bool> m;

  m[+0.0] = false;
  m[-0.0] = true;

  EXPECT_EQ(m.size(), 1u);
  EXPECT_TRUE(m.get(+0.0));
  EXPECT_TRUE(m.get(-0.0));
  EXPECT_EQ(m.erase(-0.0), 1u);
}

TEST(GoMapZero, TheFirstZeroStoredIsTheKeyThatStays) {
  gomap::map<double, bool> positive;
  gomap::map<double, bool> negative;

  positive[+0.0] = true;
  positive[-0.0] = true;
  negative.insert_or_assign(-0.0, true);
  negative.insert_or_assign(+0.0, true);

  EXPECT_FALSE(std::signbit(positive.begin()->first));
  EXPECT_TRUE(std::signbit(negative.begin()->first));
}

TEST(GoMapZero, BothZerosHashAlike) {
  EXPECT_EQ(gomap::hash<double>{}(+0.0, 1), gomap::hash<double>{}(-0.0, 1));
  EXPECT_EQ(gomap::hash<float>{}(+0.0F, 1), gomap::hash<float>{}(-0.0F, 1));
}

TEST(GoMapNan, EachAssignmentAddsAnEntry) {
  double_map m;

  m[nan_key] = 1;
  m[nan_key] = 2;
  m[nan_key] = 4;

  int values = 0;
  for (const auto& [key, value] : m) {
    EXPECT_TRUE(std::isnan(key));
    EXPECT_EQ(values & value, 0);
    values |= value;
  }
  EXPECT_EQ(m.size(), 3u);
  EXPECT_EQ(values, 7);
}

TEST(GoMapNan, ACompoundAssignmentAddsAnEntryEachTime) {
  double_map m;

  m[nan_key] += 1;
  m[nan_key] += 2;
  m[nan_key] += 4;

  int values = 0;
  for (const auto& entry : m) values |= entry.second;
  EXPECT_EQ(m.size(), 3u);
  EXPECT_EQ(values, 7);
}

TEST(GoMapNan, AStoredNanIsNeitherFoundNorErased) {
  double_map m;

  m[nan_key] = 1;

  EXPECT_FALSE(m.contains(nan_key));
  EXPECT_EQ(m.get(nan_key), 0);
  EXPECT_EQ(m.lookup(nan_key), nullptr);
  EXPECT_EQ(m.erase(nan_key), 0u);
  EXPECT_EQ(m.size(), 1u);
}

TEST(GoMapNan, AnIteratorErasesOne) {
  double_map m;
  m[nan_key] = 1;
  m[nan_key] = 2;

  m.erase(m.begin());

  EXPECT_EQ(m.size(), 1u);
  EXPECT_EQ(count_nans(m), 1u);
  EXPECT_NO_THROW(m.check_invariants());
}

TEST(GoMapNan, FiveHundredAreCountedAndWalked) {
  double_map m;

  for (int i = 0; i < 500; ++i) m[nan_key] = i;

  std::vector<int> seen(500);
  for (const auto& entry : m) ++seen[static_cast<std::size_t>(entry.second)];
  EXPECT_EQ(m.size(), 500u);
  EXPECT_EQ(seen, std::vector<int>(500, 1));
  EXPECT_NO_THROW(m.check_invariants());
}

TEST(GoMapNan, ClearRemovesThem) {
  double_map m;
  for (int i = 0; i < 100; ++i) m[nan_key] = i;

  m.clear();

  EXPECT_TRUE(m.empty());
  EXPECT_EQ(count_nans(m), 0u);
}

TEST(GoMapNan, TheyComeOutOnceEachWhenTheMapGrowsInTheWalk) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    double_map m(double_map::seed_with{seed});
    for (int i = 0; i < 3; ++i) m[nan_key] = 1 << i;

    int values = 0;
    bool grown = false;
    for (const auto& [key, value] : m) {
      if (std::isnan(key)) {
        EXPECT_EQ(values & value, 0);
        values |= value;
      }
      if (!grown) {
        grown = true;
        for (int i = 0; i < 100; ++i) m[i] = 0;
      }
    }
    EXPECT_EQ(values, 7) << "seed " << seed;
  }
}

// The walk begins while half of the entries wait in the old array, and the growth ends under it.
TEST(GoMapNan, AWalkBegunInAGrowthThatEndsUnderItYieldsEachOnce) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    double_map m(double_map::seed_with{seed});
    int nans = 0;
    while (!m.growing() && nans < 1000) m[nan_key] = nans++;
    ASSERT_TRUE(m.growing());

    std::vector<int> seen(static_cast<std::size_t>(nans));
    int walked = 0;
    double fresh = 1;
    for (const auto& [key, value] : m) {
      if (std::isnan(key)) ++seen[static_cast<std::size_t>(value)];
      if (++walked == nans / 2) {
        for (int i = 0; i < 1000 && m.growing(); ++i) m[fresh++] = 0;
        ASSERT_FALSE(m.growing());
      }
    }
    EXPECT_EQ(seen, std::vector<int>(static_cast<std::size_t>(nans), 1)) << "seed " << seed;
  }
}

// A composite key that is reachable under two spellings: the walk must find it after the map grew
// and after it was assigned under the other spelling, and must show the value assigned last.
TEST(GoMapZero, AWalkShowsValuesAssignedUnderTheOtherZero) {
  struct point {
    double x;
    int y;
    bool operator==(const point&) const = default;
  };
  struct point_hash {
    std::uint64_t operator()(const point& p) const noexcept {
      return gomap::hash<double>{}(p.x, 1) + static_cast<std::uint64_t>(p.y);
    }
  };
  gomap::map<point, int, point_hash> m;
  for (int y = 0; y < 4; ++y) m[{+0.0, y}] = y;

  int walked = 0;
  for (const auto& [key, value] : m) {
    if (key.x != 0) continue;
    EXPECT_EQ(value, walked == 0 ? key.y : key.y + 10);
    if (walked++ == 0) {
      for (int i = 1; i <= 100; ++i) m[{static_cast<double>(i), 0}] = 0;
      for (int y = 0; y < 4; ++y) m[{-0.0, y}] = y + 10;
    }
  }

  EXPECT_EQ(walked, 4);
  EXPECT_EQ(m.size(), 104u);
}

template <class Float>
class GoMapFloats : public testing::Test {};

using float_types = testing::Types<float, double, long double>;
TYPED_TEST_SUITE(GoMapFloats, float_types);

TYPED_TEST(GoMapFloats, ZerosAreOneKeyAndNansAreMany) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  const TypeParam infinity = std::numeric_limits<TypeParam>::infinity();
  gomap::map<TypeParam, int> m;

  m[TypeParam(+0.0)] = 1;
  m[TypeParam(-0.0)] = 2;
  m[infinity] = 3;
  m[-infinity] = 4;
  EXPECT_EQ(m.size(), 3u);
  m[nan] = 5;
  m[nan] = 6;

  EXPECT_EQ(m.size(), 5u);
  EXPECT_EQ(m.get(TypeParam(+0.0)), 2);
  EXPECT_EQ(m.get(TypeParam(-0.0)), 2);
  EXPECT_EQ(m.get(infinity), 3);
  EXPECT_EQ(m.get(-infinity), 4);
  EXPECT_FALSE(m.contains(nan));
  EXPECT_EQ(m.count(nan), 0u);
}

TEST(GoMapComplex, KeysFollowTheirParts) {
  using complex = std::complex<double>;
  gomap::map<complex, int> m;

  m[complex(+0.0, +0.0)] = 1;
  m[complex(-0.0, -0.0)] = 2;
  m[complex(1.0, 0.0)] = 3;
  EXPECT_EQ(m.size(), 2u);
  m[complex(nan_key, 0.0)] = 4;
  m[complex(0.0, nan_key)] = 5;

  EXPECT_EQ(m.size(), 4u);
  EXPECT_EQ(m.get(complex(+0.0, -0.0)), 2);
  EXPECT_FALSE(m.contains(complex(nan_key, 0.0)));
}

}  // namespace go_nan_test
