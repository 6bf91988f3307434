// map_lookup_test.cpp -- reading a gomap::map: std's lookups, Go's, and the batched ones.
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/growth.hpp"
#include "support/single_pass.hpp"

namespace map_lookup_test {

using map = gomap::map<int, std::string>;

TEST(MapLookup, FindContainsAndCountAgree) {
  map m{{1, "one"}, {2, "two"}};
  const map& view = m;

  EXPECT_EQ(m.find(1)->second, "one");
  EXPECT_EQ(view.find(2)->second, "two");
  EXPECT_EQ(m.find(3), m.end());
  EXPECT_EQ(view.find(3), view.end());
  EXPECT_TRUE(view.contains(1));
  EXPECT_FALSE(view.contains(3));
  EXPECT_EQ(view.count(1), 1U);
  EXPECT_EQ(view.count(3), 0U);
}

TEST(MapLookup, EqualRangeHoldsTheEntryOrNothing) {
  map m{{1, "one"}, {2, "two"}, {3, "three"}};
  const map& view = m;

  const auto [first, last] = m.equal_range(2);
  ASSERT_NE(first, last);
  EXPECT_EQ(first->second, "two");
  EXPECT_EQ(std::distance(first, last), 1);

  const auto [from, to] = view.equal_range(1);
  EXPECT_EQ(std::distance(from, to), 1);

  const auto none = m.equal_range(7);
  EXPECT_EQ(none.first, none.second);
}

TEST(MapLookup, FoundIteratorWritesThrough) {
  map m{{1, "one"}};

  m.find(1)->second = "uno";

  EXPECT_EQ(m.at(1), "uno");
}

// From a found iterator std code walks on; it must end, and meet each further entry once.
TEST(MapLookup, AWalkFromAFoundEntryEnds) {
  gomap::map<int, int> m;
  for (int i = 0; i < 200; ++i) m[i] = 0;

  int steps = 0;
  for (auto it = m.find(100); it != m.end(); ++it) {
    ASSERT_EQ(it->second++, 0);
    ASSERT_LE(++steps, 200);
  }

  EXPECT_GE(steps, 1);
  EXPECT_EQ(m.at(100), 1);
}

TEST(MapLookup, GetGivesTheValueOrAZeroValue) {
  gomap::map<std::string, int> m{{"one", 1}};
  const auto& view = m;

  EXPECT_EQ(view.get("one"), 1);
  EXPECT_EQ(view.get("two"), 0);
  EXPECT_EQ(m.size(), 1U);
  static_assert(std::is_same_v<decltype(view.get("one")), int>);
}

TEST(MapLookup, LookupIsGosCommaOk) {
  map m{{1, "one"}};
  const map& view = m;

  static_assert(std::is_same_v<decltype(m.lookup(1)), std::string*>);
  static_assert(std::is_same_v<decltype(view.lookup(1)), const std::string*>);
  ASSERT_NE(m.lookup(1), nullptr);
  EXPECT_EQ(m.lookup(1), &m.at(1));
  EXPECT_EQ(m.lookup(2), nullptr);
  EXPECT_EQ(view.lookup(2), nullptr);
  if (std::string* value = m.lookup(1)) *value = "uno";
  EXPECT_EQ(view.get(1), "uno");
}

TEST(MapLookup, OnAnEmptyMapFindsNothing) {
  map m;
  const map& view = m;

  EXPECT_EQ(m.find(1), m.end());
  EXPECT_EQ(view.lookup(1), nullptr);
  EXPECT_EQ(view.get(1), "");
  EXPECT_EQ(view.count(1), 0U);
  EXPECT_EQ(m.erase(1), 0U);
  view.prefetch(1);
}

// While a growth is under way an entry is in the old array or in the new one; reads look in one
// place only, so each key must be looked for in the right one.
TEST(MapLookup, FindsEachKeyAtEveryStageOfAGrowth) {
  gomap::map<std::uint64_t, std::uint64_t> m;
  const std::uint64_t next = support::insert_until_growing(m, 0, std::uint64_t{7});
  ASSERT_TRUE(m.growing());

  std::uint64_t n = next;
  for (; m.growing(); ++n) {
    for (std::uint64_t key = 0; key < n; ++key) ASSERT_TRUE(m.contains(key)) << key;
    for (std::uint64_t key = n; key < n + 50; ++key) ASSERT_FALSE(m.contains(key)) << key;
    m[n] = 7;
  }

  EXPECT_GT(n, next);
  EXPECT_EQ(m.size(), n);
}

TEST(MapFindMany, WritesAPointerAKey) {
  gomap::map<int, int> m;
  for (int i = 0; i < 1000; ++i) m[i] = -i;
  std::vector<int> keys;
  for (int i = 0; i < 2000; i += 3) keys.push_back(i);

  std::vector<int*> found;
  m.find_many(keys, std::back_inserter(found));

  ASSERT_EQ(found.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) ASSERT_EQ(found[i], m.lookup(keys[i]));
}

TEST(MapFindMany, ReturnsTheEndOfTheOutput) {
  const gomap::map<int, int> m{{1, 10}, {2, 20}};
  std::array<const int*, 4> found{};

  const auto end = m.find_many(std::array{2, 5, 1}, found.begin());

  EXPECT_EQ(end - found.begin(), 3);
  EXPECT_EQ(found[0], m.lookup(2));
  EXPECT_EQ(found[1], nullptr);
  EXPECT_EQ(found[2], m.lookup(1));
}

// Lookups are made in batches: every length around the batch's must be complete.
TEST(MapFindMany, TakesRangesOfAnyLength) {
  gomap::map<int, int> m;
  for (int i = 0; i < 100; ++i) m[i] = i;

  for (int length = 0; length <= 100; ++length) {
    std::vector<int> keys(static_cast<std::size_t>(length));
    std::iota(keys.begin(), keys.end(), 0);
    std::vector<const int*> found;
    std::as_const(m).find_many(keys, std::back_inserter(found));
    ASSERT_EQ(found.size(), static_cast<std::size_t>(length));
    for (int key : keys) ASSERT_EQ(*found[static_cast<std::size_t>(key)], key);
  }
}

TEST(MapFindMany, TakesAnyKindOfRange) {
  gomap::map<int, int> m;
  for (int i = 0; i < 100; ++i) m[i] = i;
  const std::list<int> keys{3, 3, -1};
  std::vector<int*> found;

  m.find_many(keys, std::back_inserter(found));
  EXPECT_EQ(found, (std::vector<int*>{m.lookup(3), m.lookup(3), nullptr}));

  found.clear();
  m.find_many(support::single_pass(101, [](int i) { return i; }), std::back_inserter(found));
  ASSERT_EQ(found.size(), 101U);
  EXPECT_EQ(found[99], m.lookup(99));
  EXPECT_EQ(found[100], nullptr);
}

TEST(MapFindMany, TakesKeysOfATransparentType) {
  const gomap::map<std::string, int> m{{"one", 1}, {"two", 2}};
  const std::array<std::string_view, 3> keys{"two", "three", "one"};
  std::vector<const int*> found;

  m.find_many(keys, std::back_inserter(found));

  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(*found[0], 2);
  EXPECT_EQ(found[1], nullptr);
  EXPECT_EQ(*found[2], 1);
}

TEST(MapFindMany, WorksOnAnEmptyMapAndWhileGrowing) {
  gomap::map<std::uint64_t, int> m;
  const std::vector<std::uint64_t> none{1, 2, 3};
  std::vector<int*> found;
  m.find_many(none, std::back_inserter(found));
  EXPECT_EQ(found, (std::vector<int*>(3, nullptr)));

  const std::uint64_t next = support::insert_until_growing(m, 0, 7);
  ASSERT_TRUE(m.growing());
  found.clear();
  std::vector<std::uint64_t> keys(next + 10);
  std::iota(keys.begin(), keys.end(), 0U);
  m.find_many(keys, std::back_inserter(found));

  ASSERT_EQ(found.size(), next + 10);
  for (std::uint64_t key = 0; key < next + 10; ++key) ASSERT_EQ(found[key], m.lookup(key));
}

TEST(MapPrefetch, ChangesNothing) {
  gomap::map<std::string, int> m;
  for (int i = 0; i < 100; ++i) m[std::to_string(i)] = i;
  const int* const value = m.lookup("42");

  for (int i = 0; i < 200; ++i) m.prefetch(std::to_string(i));
  m.prefetch(std::string_view("42"));

  EXPECT_EQ(m.lookup("42"), value);
  EXPECT_EQ(m.size(), 100U);
  m.check_invariants();
}

}  // namespace map_lookup_test
