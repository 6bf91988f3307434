// go_maps_package_test.cpp -- clone, copy, equal, delete_func, keys and values: Go's maps package.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/maps.hpp>
#include <gomap/reference.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_value.hpp"
#include "support/growth.hpp"
#include "support/make_value.hpp"
#include "support/model_map.hpp"
#include "support/types.hpp"

namespace go_maps_package_test {

using int_map = gomap::map<int, int>;

const int_map m1{{1, 2}, {2, 4}, {4, 8}, {8, 16}};

int_map squares(int count) {
  int_map m;
  for (int i = 0; i < count; ++i) m[i] = i * i;
  return m;
}

TEST(GoMapsEqual, AMapEqualsItselfAndItsClone) {
  EXPECT_TRUE(gomap::equal(m1, m1));
  EXPECT_TRUE(gomap::equal(m1, m1.clone()));
  EXPECT_TRUE(m1 == m1.clone());
  EXPECT_TRUE(gomap::equal(int_map(), int_map(1000)));
}

TEST(GoMapsEqual, SizeKeysAndValuesAllCount) {
  auto subset = m1.clone();
  subset.erase(4);
  auto other_key = subset.clone();
  other_key[5] = 8;
  auto other_value = m1.clone();
  other_value[4] = 9;

  EXPECT_FALSE(gomap::equal(m1, subset));
  EXPECT_FALSE(gomap::equal(subset, m1));
  EXPECT_FALSE(gomap::equal(m1, other_key));
  EXPECT_FALSE(gomap::equal(m1, other_value));
  EXPECT_FALSE(gomap::equal(m1, int_map()));
}

TEST(GoMapsEqual, AMapWithANanValueIsUnequalToItself) {
  const gomap::map<int, double> m{{1, 0.0}, {2, std::numeric_limits<double>::quiet_NaN()}};

  EXPECT_FALSE(gomap::equal(m, m));
  EXPECT_TRUE(
      gomap::equal_func(m, m, [](double a, double b) { return a == b || (a != a && b != b); }));
}

TEST(GoMapsEqual, AFunctionComparesValuesOfDifferentTypes) {
  const gomap::map<int, std::string> text{{1, "2"}, {2, "4"}, {4, "8"}, {8, "16"}};
  const auto same = [](int number, const std::string& digits) {
    return std::to_string(number) == digits;
  };

  EXPECT_TRUE(gomap::equal_func(m1, text, same));
  EXPECT_FALSE(gomap::equal_func(m1, text, [](int, const std::string&) { return false; }));
  EXPECT_FALSE(gomap::equal_func(int_map{{1, 2}}, text, same));
}

TEST(GoMapsEqual, TheOrderOfInsertionDoesNotCount) {
  int_map forward;
  int_map backward(500);
  for (int i = 0; i < 500; ++i) forward[i] = i;
  for (int i = 499; i >= 0; --i) backward[i] = i;

  EXPECT_TRUE(gomap::equal(forward, backward));
}

TEST(GoMapsClone, IsIndependentOfTheOriginal) {
  auto original = m1.clone();
  auto clone = original.clone();

  original[16] = 32;
  clone[1] = 0;
  clone.erase(2);

  EXPECT_EQ(original.size(), 5u);
  EXPECT_EQ(original.get(1), 2);
  EXPECT_FALSE(clone.contains(16));
  EXPECT_EQ(clone.size(), 3u);
}

TEST(GoMapsClone, AfterManyDeletionsHoldsWhatIsLeft) {
  int_map m;
  for (int i = 0; i < 32; ++i) m[i] = i;
  for (int i = 8; i < 32; ++i) m.erase(i);

  const auto clone = m.clone();

  EXPECT_EQ(clone.size(), 8u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(clone.get(i), i);
}

TEST(GoMapsClone, IsWholeAtEverySize) {
  for (int n = 0; n < 500; ++n) {
    const auto m = squares(n);
    const auto clone = m.clone();
    ASSERT_TRUE(gomap::equal(m, clone)) << n;
    ASSERT_NO_THROW(clone.check_invariants());
  }
}

TEST(GoMapsClone, OfAMoveAssignedMapIsWhole) {
  int_map m;
  for (int i = 0; i < 25; ++i) m[i] = i;
  int_map moved;
  moved = std::move(m);

  EXPECT_EQ(moved.clone().size(), 25u);
}

template <class T>
class GoMapsCloneOfLarge : public testing::Test {};

using large_types = support::types<1, support::wide_value, support::tracked, std::string>;
TYPED_TEST_SUITE(GoMapsCloneOfLarge, large_types);

// One bucket, two, and many in the middle of a growth; what happens to the original afterwards must
// not show in the clone.
TYPED_TEST(GoMapsCloneOfLarge, EntriesIsUntouchedByLaterWrites) {
  using support::make_value;
  using large_map = gomap::map<TypeParam, TypeParam, support::good_hash>;
  for (const std::uint64_t entries : {5u, 12u, 209u}) {
    large_map m;
    for (std::uint64_t n = 0; n < entries; ++n) {
      m.try_emplace(make_value<TypeParam>(n), make_value<TypeParam>(n));
    }
    ASSERT_EQ(m.growing(), entries == 209);

    const large_map clone = m.clone();
    for (std::uint64_t n = 0; n < entries; ++n) {
      m[make_value<TypeParam>(n)] = make_value<TypeParam>(n + 1000);
    }
    m.clear();

    ASSERT_EQ(clone.size(), entries);
    for (std::uint64_t n = 0; n < entries; ++n) {
      ASSERT_EQ(support::number_of(clone.get(make_value<TypeParam>(n))), n);
    }
    ASSERT_NO_THROW(clone.check_invariants());
  }
}

// A growth that compacts may leave more entries than the load limit, for a second growth cannot
// start while it runs. The copy must hold them all the same.
TEST(GoMapsClone, InASameSizeGrowthHoldsMoreThanTheLoadLimit) {
  using placed_map = gomap::map<std::uint64_t, std::uint64_t, support::identity_hash>;
  placed_map m(placed_map::seed_with{1}, 192);
  support::model_map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t n = 0; n < 170; ++n) m[n] = model[n] = n;
  std::uint64_t fresh = 0;
  for (const std::uint64_t number : support::start_same_size_growth(m, fresh)) model[number] = 0;
  ASSERT_TRUE(m.growing());
  ASSERT_EQ(m.bucket_count(), 32u);
  m.growth_step(1);
  for (std::uint64_t n = 170; m.growing(); ++n) {
    m[n] = model[n] = n;

    const placed_map copy = m;
    const placed_map clone = m.clone();

    support::expect_same(copy, model);
    support::expect_same(clone, model);
  }
  ASSERT_EQ(m.stats().growths_same_size, 1u);
  EXPECT_GT(m.size(), 32u * 13 / 2);
}

TEST(GoMapsCopy, OntoItselfChangesNothing) {
  auto m = m1.clone();

  gomap::copy(m, m);

  EXPECT_TRUE(gomap::equal(m, m1));
}

// Of NaNs, a copy would find none and add entries for as long as it meets them.
TEST(GoMapsCopy, OntoItselfByAnotherNameChangesNothing) {
  gomap::map<double, int> nans;
  for (int i = 0; i < 20; ++i) nans.emplace(std::numeric_limits<double>::quiet_NaN(), i);
  const gomap::ref<double, int> one(std::make_shared<gomap::map<double, int>>(std::move(nans)));
  gomap::ref<double, int> other = one;

  gomap::copy(other, one);
  EXPECT_EQ(one.size(), 20U);
  gomap::copy(other, *one);
  EXPECT_EQ(one.size(), 20U);
  gomap::copy(*other, one);
  EXPECT_EQ(one.size(), 20U);
}

TEST(GoMapsCopy, AddsAndOverwrites) {
  auto m = m1.clone();

  gomap::copy(m, int_map{{16, 32}});
  EXPECT_EQ(m.size(), 5u);
  EXPECT_EQ(m.get(16), 32);
  gomap::copy(m, int_map{{1, 0}, {2, 0}});

  EXPECT_EQ(m.size(), 5u);
  EXPECT_EQ(m.get(1), 0);
  EXPECT_EQ(m.get(2), 0);
  EXPECT_EQ(m.get(4), 8);
}

TEST(GoMapsDeleteFunc, RemovesWhatThePredicateNames) {
  auto m = m1.clone();

  gomap::delete_func(m, [](const auto&...) { return false; });
  EXPECT_TRUE(gomap::equal(m, m1));
  gomap::delete_func(m, [](int key, int) { return key > 3; });

  EXPECT_TRUE(gomap::equal(m, int_map{{1, 2}, {2, 4}}));
}

TEST(GoMapsDeleteFunc, EraseIfDoesTheSameAndCounts) {
  auto m = squares(1000);

  EXPECT_EQ(erase_if(m, [](const auto& entry) { return entry.first % 3 == 0; }), 334u);

  EXPECT_EQ(m.size(), 666u);
  EXPECT_NO_THROW(m.check_invariants());
}

TEST(GoMapsKeys, AreThoseOfTheMapEachOnce) {
  for (int n = 0; n < 300; n = n < 10 ? n + 1 : n + 37) {
    const auto m = squares(n);

    std::set<int> keys;
    for (const int key : gomap::keys(m)) EXPECT_TRUE(keys.insert(key).second);

    ASSERT_EQ(keys.size(), static_cast<std::size_t>(n));
    EXPECT_TRUE(keys.empty() || *keys.rbegin() == n - 1);
  }
}

TEST(GoMapsValues, AreThoseOfTheMap) {
  for (int n = 0; n < 300; n = n < 10 ? n + 1 : n + 37) {
    const auto m = squares(n);

    std::multiset<int> values;
    for (const int value : gomap::values(m)) values.insert(value);

    std::multiset<int> expected;
    for (int i = 0; i < n; ++i) expected.insert(i * i);
    ASSERT_EQ(values, expected);
  }
}

// Keys and values of 200 bytes, larger than what Go keeps in a bucket.
TEST(GoMapsKeys, OfLargeEntriesAreWhole) {
  gomap::map<support::wide_value, support::wide_value, support::good_hash> m;
  for (std::uint64_t n = 0; n < 100; ++n) m[support::wide_value(n)] = support::wide_value(n + 1);

  std::set<std::uint64_t> keys;
  std::set<std::uint64_t> values;
  for (const auto& key : gomap::keys(m)) keys.insert(key.number());
  for (const auto& value : gomap::values(m)) values.insert(value.number());

  EXPECT_EQ(keys.size(), 100u);
  EXPECT_EQ(values.size(), 100u);
  EXPECT_EQ(*keys.begin() + 1, *values.begin());
}

TEST(GoMapsKeys, OfWhatTheWalkIsGivenMayBeCutShort) {
  const auto m = squares(100);

  int taken = 0;
  for ([[maybe_unused]] const int key : gomap::keys(m)) {
    if (++taken == 10) break;
  }

  EXPECT_EQ(taken, 10);
}

TEST(GoMapsCollect, ARangeOfEntriesMakesTheMapAgain) {
  for (int n = 0; n < 10; ++n) {
    const auto m = squares(n);

    const std::vector<std::pair<int, int>> entries(m.begin(), m.end());
    const int_map collected(entries.begin(), entries.end());

    EXPECT_TRUE(gomap::equal(m, collected));
  }
}

TEST(GoMapsInsert, ARangeAddsWhatIsMissingAndTheLastAssignmentWins) {
  auto m = m1.clone();

  m.insert_range(std::vector<std::pair<int, int>>{{16, 32}, {32, 64}});
  for (const auto& [key, value] : {std::pair{1, 0}, std::pair{1, 5}})
    m.insert_or_assign(key, value);

  EXPECT_EQ(m.size(), 6u);
  EXPECT_EQ(m.get(32), 64);
  EXPECT_EQ(m.get(1), 5);
}

}  // namespace go_maps_package_test
