// map_go_functions_test.cpp -- clone() and the functions of Go's maps package over gomap::map.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/maps.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/growth.hpp"

namespace map_go_functions_test {

using map = gomap::map<int, std::string>;

map numbers(int n) {
  map m;
  for (int i = 0; i < n; ++i) m[i] = std::to_string(i);
  return m;
}

TEST(MapClone, IsIndependent) {
  map m = numbers(25);

  map copy = m.clone();
  for (int i = 0; i < 24; ++i) m.erase(i);
  copy[100] = "new";

  EXPECT_EQ(m.size(), 1U);
  EXPECT_EQ(copy.size(), 26U);
  EXPECT_EQ(copy.at(3), "3");
  copy.check_invariants();
}

TEST(MapClone, OfAnEmptyMapIsEmpty) { EXPECT_TRUE(map{}.clone().empty()); }

// The copy must read both arrays of a growing source and need not be growing itself.
TEST(MapClone, AtEverySizeHoldsTheSame) {
  map m;
  for (int i = 0; i < 300; ++i) {
    m[i] = std::to_string(i);
    const map copy = m.clone();
    ASSERT_EQ(copy, m);
    ASSERT_NO_THROW(copy.check_invariants());
  }
}

// During a same-size growth a map may hold more than the load limit says: a copy sized by the limit
// alone would not fit.
TEST(MapClone, DuringASameSizeGrowthHoldsTheSame) {
  gomap::map<std::uint64_t, int, support::identity_hash> m;
  m.reserve(416);
  for (std::uint64_t i = 0; i < 5 * m.bucket_count(); ++i) m[i] = 1;
  std::uint64_t fresh = 0;
  support::start_same_size_growth(m, fresh);
  ASSERT_TRUE(m.growing());
  ASSERT_EQ(m.stats().growths_same_size, 1U);

  int clones = 0;
  for (std::uint64_t next = 1'000'000; m.growing(); ++next, ++clones) {
    ASSERT_LT(clones, 1000);
    const auto copy = m.clone();
    ASSERT_EQ(copy, m);
    ASSERT_NO_THROW(copy.check_invariants());
    m[next] = 1;
  }

  EXPECT_GT(clones, 0);
}

TEST(MapsPackage, EqualComparesContents) {
  map a = numbers(30);
  map b = numbers(30);

  EXPECT_TRUE(gomap::equal(a, a));
  EXPECT_TRUE(gomap::equal(a, b));
  b[3] = "changed";
  EXPECT_FALSE(gomap::equal(a, b));
  b.erase(3);
  EXPECT_FALSE(gomap::equal(a, b));
  EXPECT_FALSE(gomap::equal(b, a));
  EXPECT_TRUE(gomap::equal(map{}, map{}));
}

TEST(MapsPackage, NaNValuesMakeAMapUnequalToItselfUnlessTheComparisonSaysOtherwise) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const gomap::map<int, double> m{{1, nan}, {2, 2.0}};

  EXPECT_FALSE(gomap::equal(m, m));
  EXPECT_TRUE(
      gomap::equal_func(m, m, [](double a, double b) { return a == b || (a != a && b != b); }));
}

TEST(MapsPackage, EqualFuncTakesDifferentValueTypes) {
  const gomap::map<int, std::string> texts{{1, "1"}, {2, "2"}};
  const gomap::map<int, int> values{{1, 1}, {2, 2}};
  const auto same = [](const std::string& text, int value) {
    return text == std::to_string(value);
  };

  EXPECT_TRUE(gomap::equal_func(texts, values, same));
  EXPECT_FALSE(gomap::equal_func(texts, gomap::map<int, int>{{1, 1}}, same));
  EXPECT_FALSE(gomap::equal_func(texts, gomap::map<int, int>{{1, 1}, {2, 3}}, same));
}

TEST(MapsPackage, CopyOverwritesAndAdds) {
  map dst{{1, "old"}, {3, "three"}};
  const map src{{1, "one"}, {2, "two"}};

  gomap::copy(dst, src);
  EXPECT_EQ(dst, (map{{1, "one"}, {2, "two"}, {3, "three"}}));

  gomap::copy(dst, dst);
  EXPECT_EQ(dst.size(), 3U);
}

TEST(MapsPackage, DeleteFuncTakesWhatThePredicateNames) {
  map m = numbers(100);

  gomap::delete_func(m, [](int key, const std::string&) { return key % 2 == 0; });
  EXPECT_EQ(m.size(), 50U);
  EXPECT_FALSE(m.contains(10));

  gomap::delete_func(m, [](int, const std::string&) { return true; });
  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

TEST(MapsPackage, KeysAndValuesAreLazyRanges) {
  for (int n = 0; n < 10; ++n) {
    map m = numbers(n);
    std::vector<int> keys;
    std::vector<std::string> values;

    for (int key : gomap::keys(m)) keys.push_back(key);
    for (const std::string& value : gomap::values(m)) values.push_back(value);

    std::ranges::sort(keys);
    std::ranges::sort(values);
    ASSERT_EQ(keys.size(), static_cast<std::size_t>(n));
    ASSERT_EQ(values.size(), static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      EXPECT_EQ(keys[static_cast<std::size_t>(i)], i);
      EXPECT_EQ(values[static_cast<std::size_t>(i)], std::to_string(i));
    }
  }
}

TEST(MapsPackage, ValuesCanBeWrittenAndAWalkMayStopEarly) {
  map m = numbers(20);

  for (std::string& value : gomap::values(m)) value = "x";
  for (int key : gomap::keys(m)) {
    m.erase(key);
    break;
  }

  EXPECT_EQ(m.size(), 19U);
  EXPECT_EQ(m.begin()->second, "x");
}

TEST(MapsPackage, KeysMakeAMapOfAnotherType) {
  const map m = numbers(50);
  gomap::map<int, int> lengths;

  for (int key : gomap::keys(m)) lengths[key] = static_cast<int>(m.at(key).size());

  EXPECT_EQ(lengths.size(), 50U);
  EXPECT_EQ(lengths.at(10), 2);
}

}  // namespace map_go_functions_test
