// map_walk_test.cpp -- for_each and scan of gomap::map, and what seeds do to the order of a walk.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"

namespace map_walk_test {

using map = gomap::map<std::uint64_t, std::uint64_t>;

map numbers(std::uint64_t n) {
  map m;
  for (std::uint64_t i = 0; i < n; ++i) m[i] = i;
  return m;
}

std::vector<std::uint64_t> order_of(const map& m) {
  std::vector<std::uint64_t> order;
  for (const auto& entry : m) order.push_back(entry.first);
  return order;
}

TEST(MapForEach, MeetsEachEntryOnceAtEveryStageOfAGrowth) {
  for (int round = 0; round < 20; ++round) {  // most of which have an overflow bucket to evacuate
    map m;
    for (std::uint64_t n = 0; n < 300; ++n) {
      m[n] = n;
      std::vector<int> seen(n + 1, 0);

      std::as_const(m).for_each([&](const map::value_type& entry) { ++seen[entry.first]; });

      ASSERT_EQ(std::count(seen.begin(), seen.end(), 1), static_cast<long>(n + 1));
    }
  }
}

TEST(MapForEach, MayChangeValues) {
  map m = numbers(100);

  m.for_each([](auto& entry) { entry.second *= 2; });

  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(m.at(i), 2 * i);
}

TEST(MapForEach, OnAnEmptyMapCallsNothing) {
  map m;
  m.for_each([](auto&) { FAIL(); });
  m[1] = 1;
  m.clear();
  m.for_each([](auto&) { FAIL(); });
}

TEST(MapForEach, LeavesByException) {
  map m = numbers(100);
  int calls = 0;

  EXPECT_THROW(m.for_each([&](auto&) {
    if (++calls == 10) throw calls;
  }),
               int);

  EXPECT_EQ(calls, 10);
  m.check_invariants();
  m[1000] = 1;  // nothing stayed raised
  EXPECT_EQ(m.size(), 101U);
}

TEST(MapScan, AFreshCursorIsNotDone) { EXPECT_FALSE(gomap::scan_cursor{}.done()); }

TEST(MapScan, MeetsEachEntryOnce) {
  map m = numbers(1000);
  std::vector<int> seen(1000, 0);

  gomap::scan_cursor cursor;
  std::size_t calls = 0;
  while (!cursor.done()) {
    cursor = std::as_const(m).scan(cursor, [&](const map::value_type& e) { ++seen[e.first]; });
    ++calls;
  }

  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 1000);
  EXPECT_GT(calls, 1U);
}

TEST(MapScan, OnAnEmptyMapEnds) {
  map m;

  gomap::scan_cursor cursor;
  for (int calls = 0; !cursor.done(); ++calls) {
    ASSERT_LT(calls, 10);
    cursor = m.scan(cursor, [](auto&) { FAIL(); });
  }
}

TEST(MapScan, MayChangeValues) {
  map m = numbers(300);

  for (gomap::scan_cursor cursor; !cursor.done();) {
    cursor = m.scan(cursor, [](map::value_type& entry) { entry.second += 1; });
  }

  for (std::uint64_t i = 0; i < 300; ++i) ASSERT_EQ(m.at(i), i + 1);
}

// Between two calls the map is free: it grows several times here, and entries come and go.
TEST(MapScan, GuaranteesHoldAcrossCallsWhileTheMapChanges) {
  map m = numbers(500);
  std::vector<int> seen(500, 0);

  std::uint64_t next = 1'000'000;
  std::size_t calls = 0;
  for (gomap::scan_cursor cursor; !cursor.done() && calls < 100'000; ++calls) {
    cursor = m.scan(cursor, [&](map::value_type& entry) {
      if (entry.first < 500) ++seen[entry.first];
    });
    for (int i = 0; i < 40 && m.size() < 20'000; ++i) m[next++] = 0;
    m.erase(next - 20);
  }

  EXPECT_LT(calls, 100'000U);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 500);
}

TEST(MapScan, ErasedBeforeReachedIsNotMet) {
  map m = numbers(500);
  std::unordered_set<std::uint64_t> met;

  gomap::scan_cursor cursor;
  cursor = m.scan(cursor, [&](auto& entry) { met.insert(entry.first); });
  std::unordered_set<std::uint64_t> erased;
  for (std::uint64_t i = 0; i < 500; i += 2) {
    if (!met.contains(i)) m.erase(i), erased.insert(i);
  }
  while (!cursor.done()) {
    cursor = m.scan(cursor, [&](auto& entry) { EXPECT_FALSE(erased.contains(entry.first)); });
  }

  EXPECT_FALSE(erased.empty());
}

TEST(MapScan, CollidingEntriesAreAllMet) {
  gomap::map<std::uint64_t, int, support::colliding_hash> m;
  for (std::uint64_t i = 0; i < 100; ++i) m[i] = 0;

  for (gomap::scan_cursor cursor; !cursor.done();) {
    cursor = m.scan(cursor, [](auto& entry) { ++entry.second; });
  }

  for (const auto& entry : m) ASSERT_EQ(entry.second, 1);
}

TEST(MapOrder, VariesFromWalkToWalk) {
  const map m = numbers(8);

  std::set<std::vector<std::uint64_t>> orders;
  for (int i = 0; i < 200; ++i) orders.insert(order_of(m));

  EXPECT_GT(orders.size(), 1U);
}

TEST(MapOrder, VariesWhenAFewAreLeftOfMany) {
  map m = numbers(1000);
  for (std::uint64_t i = 20; i < 1000; ++i) m.erase(i);

  std::set<std::vector<std::uint64_t>> orders;
  for (int i = 0; i < 200; ++i) orders.insert(order_of(m));

  EXPECT_GT(orders.size(), 1U);
}

TEST(MapSeed, MapsDrawDifferentOnes) {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 100; ++i) seeds.insert(map().seed());

  EXPECT_EQ(seeds.size(), 100U);
}

TEST(MapSeed, GivenOneMakesEverythingRepeatable) {
  const auto history = [](std::uint64_t seed) {
    map m(map::seed_with{seed});
    for (std::uint64_t i = 0; i < 700; ++i) m[i * 31] = i;
    for (std::uint64_t i = 0; i < 700; i += 3) m.erase(i * 31);
    auto order = order_of(m);
    m.clear();
    for (std::uint64_t i = 0; i < 50; ++i) m[i] = i;
    const auto second = order_of(m);
    order.insert(order.end(), second.begin(), second.end());
    return order;
  };

  EXPECT_EQ(history(42), history(42));
  EXPECT_NE(history(42), history(43));
}

TEST(MapSeed, SeedWithTakesHintHashEqualAndAllocator) {
  const map m(map::seed_with{7}, 100, gomap::hash<std::uint64_t>{}, std::equal_to<>{},
              map::allocator_type{});

  EXPECT_EQ(m.seed(), 7U);
  EXPECT_EQ(m.bucket_count(), 16U);
}

TEST(MapSeed, RepeatedWalksOfASeededMapAgree) {
  map m(map::seed_with{7});
  for (std::uint64_t i = 0; i < 100; ++i) m[i] = i;

  EXPECT_EQ(order_of(m), order_of(m));
}

}  // namespace map_walk_test
