// go_iteration_test.cpp -- the walk: its order, and what it yields while the map changes under it.
//
// Go promises: what is removed before it is reached is not produced, nothing is produced twice, and
// what is there throughout is produced. What is added meanwhile may or may not be.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/growth.hpp"

namespace go_iteration_test {

using number_map = gomap::map<std::uint64_t, std::uint64_t>;

number_map numbered(std::uint64_t count, std::uint64_t seed = 0) {
  number_map m(number_map::seed_with{seed});
  for (std::uint64_t n = 0; n < count; ++n) m[n] = n;
  return m;
}

template <class Map>
std::vector<typename Map::key_type> order_of(const Map& m) {
  std::vector<typename Map::key_type> order;
  for (const auto& entry : m) order.push_back(entry.first);
  return order;
}

template <class Map>
bool two_orders_within(const Map& m, int tries) {
  const auto first = order_of(m);
  for (int i = 0; i < tries; ++i) {
    if (order_of(m) != first) return true;
  }
  return false;
}

TEST(GoMapIteration, TheOrderDiffersFromWalkToWalk) {
  for (const int n : {3, 7, 9, 15}) {
    gomap::map<int, bool> m;
    for (int i = 0; i < n; ++i) m[i] = true;
    EXPECT_TRUE(two_orders_within(m, 200)) << n << " entries";
  }
}

TEST(GoMapIteration, TheOrderOfASparseMapDiffersToo) {
  gomap::map<int, bool> m;
  for (int i = 0; i < 1000; ++i) m[i] = true;
  for (int i = 20; i < 1000; ++i) m.erase(i);

  EXPECT_TRUE(two_orders_within(m, 800));
}

TEST(GoMapIteration, OneSeedMakesOneOrder) {
  EXPECT_EQ(order_of(numbered(500, 42)), order_of(numbered(500, 42)));
  EXPECT_NE(order_of(numbered(500, 42)), order_of(numbered(500, 43)));
}

TEST(GoMapIteration, ASparseMapYieldsExactlyTheSurvivors) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    number_map m = numbered(500, seed);
    for (std::uint64_t n = 20; n < 500; ++n) m.erase(n);

    auto order = order_of(m);
    std::sort(order.begin(), order.end());

    ASSERT_EQ(order.size(), 20u);
    for (std::uint64_t n = 0; n < 20; ++n) ASSERT_EQ(order[n], n);
  }
}

TEST(GoMapIteration, AMapAtEveryStageOfItsGrowthYieldsEachEntryOnce) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    number_map m(number_map::seed_with{seed});
    for (std::uint64_t n = 0; n < 500; ++n) {
      m[n] = n;

      auto order = order_of(m);
      std::sort(order.begin(), order.end());

      ASSERT_EQ(order.size(), n + 1) << "seed " << seed;
      for (std::uint64_t i = 0; i <= n; ++i) ASSERT_EQ(order[i], i) << "seed " << seed;
    }
  }
}

TEST(GoMapIteration, AnEmptyMapYieldsNothing) {
  number_map m;

  EXPECT_EQ(m.begin(), m.end());
  m[1] = 1;
  m.erase(1);

  EXPECT_EQ(m.begin(), m.end());
  EXPECT_EQ(m.cbegin(), m.cend());
}

// The key that the loop variable refers to is the one that goes.
TEST(GoMapIteration, DeletingEachEntryAsItComesEmptiesTheMap) {
  for (const std::uint64_t count : {1u, 8u, 9u, 100u, 1000u}) {
    number_map m = numbered(count);

    std::uint64_t steps = 0;
    for (const auto& [key, value] : m) {
      ++steps;
      ASSERT_EQ(m.erase(key), 1u);
    }

    EXPECT_EQ(steps, count);
    EXPECT_TRUE(m.empty());
  }
}

TEST(GoMapIteration, EraseReturnsTheNextEntryOfTheWalk) {
  number_map m = numbered(1000);

  std::uint64_t steps = 0;
  for (auto it = m.begin(); it != m.end();) {
    ++steps;
    it = it->first % 2 == 0 ? m.erase(it) : std::next(it);
  }

  EXPECT_EQ(steps, 1000u);
  EXPECT_EQ(m.size(), 500u);
  for (const auto& entry : m) EXPECT_EQ(entry.first % 2, 1u);
}

TEST(GoMapIteration, EachEntryDeletedAndPutBackEndsReplaced) {
  for (const std::uint64_t count : {1u, 7u, 8u, 9u, 100u, 1000u, 5000u}) {
    number_map m = numbered(count);

    for (const auto& entry : m) {
      const std::uint64_t key = entry.first;
      m.erase(key);
      m[key] = count + key;
    }

    ASSERT_EQ(m.size(), count);
    for (const auto& [key, value] : m) ASSERT_EQ(value, count + key);
  }
}

TEST(GoMapIteration, DeletingAnUnseenEntryInTheFirstStepSkipsIt) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    number_map m = numbered(31, seed);

    std::uint64_t steps = 0;
    std::uint64_t deleted = 0;
    for (const auto& entry : m) {
      const std::uint64_t key = entry.first;
      if (steps++ == 0) {
        deleted = (key + 1) % 31;
        m.erase(deleted);
      } else {
        ASSERT_NE(key, deleted);
      }
    }

    EXPECT_EQ(steps, 30u);
  }
}

TEST(GoMapIteration, DeletingAllButTheFirstEndsTheWalk) {
  number_map m = numbered(100);

  const auto first = m.begin();
  const std::uint64_t kept = first->first;
  for (std::uint64_t n = 0; n < 100; ++n) {
    if (n != kept) m.erase(n);
  }
  auto it = first;
  ++it;

  EXPECT_EQ(it, m.end());
}

TEST(GoMapIteration, DeletingAllEndsTheWalk) {
  number_map m = numbered(100);

  auto it = m.begin();
  for (std::uint64_t n = 0; n < 100; ++n) m.erase(n);
  ++it;

  EXPECT_EQ(it, m.end());
}

TEST(GoMapIteration, AValueAssignedBeforeItIsReachedIsTheOneShown) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    number_map m = numbered(200, seed);

    std::uint64_t steps = 0;
    for (const auto& [key, value] : m) {
      ASSERT_EQ(value, key + 1000 * steps);
      ++steps;
      for (std::uint64_t n = 0; n < 200; ++n) m[n] = n + 1000 * steps;
    }

    EXPECT_EQ(steps, 200u);
  }
}

// One new key a step: the walk may meet some of them, and must not run after them forever.
TEST(GoMapIteration, InsertingInEveryStepEnds) {
  for (const std::uint64_t count : {1u, 8u, 100u, 104u, 1000u}) {
    number_map m = numbered(count);

    std::vector<bool> seen(count);
    std::uint64_t steps = 0;
    for (const auto& entry : m) {
      const std::uint64_t key = entry.first;
      if (key < count) {
        ASSERT_FALSE(seen[key]);
        seen[key] = true;
      }
      ASSERT_LT(++steps, 100 * count) << "the walk runs after the keys that it inserts";
      m[count + steps] = 0;
    }

    EXPECT_EQ(seen, std::vector<bool>(count, true));
  }
}

TEST(GoMapIteration, WalksWithinWalksMayChangeTheMap) {
  number_map m = numbered(40);

  std::set<std::uint64_t> outer;
  for (const auto& outer_entry : m) {
    const std::uint64_t key = outer_entry.first;
    EXPECT_TRUE(outer.insert(key).second) << key;
    std::set<std::uint64_t> inner;
    for (const auto& inner_entry : m) {
      const std::uint64_t other = inner_entry.first;
      EXPECT_TRUE(inner.insert(other).second) << other;
      if (other % 4 == 1) m.erase(other);
      if (other < 40) m[other + 100] = other;
      if (m.contains(other + 50)) m.erase(other + 50);
    }
  }

  for (std::uint64_t n = 0; n < 40; ++n) EXPECT_EQ(m.contains(n), n % 4 != 1) << n;
  EXPECT_NO_THROW(m.check_invariants());
}

TEST(GoMapIteration, LoopVariablesByValueLeaveTheMapAlone) {
  const number_map m = numbered(10);

  std::uint64_t sum = 0;
  for (auto [key, value] : m) {
    value += key;
    sum += value;
  }

  EXPECT_EQ(sum, 45u + 45u);
  for (std::uint64_t n = 0; n < 10; ++n) EXPECT_EQ(m.get(n), n);
}

TEST(GoMapIteration, IteratorsAreIndependentOfEachOther) {
  const number_map m = numbered(300);

  auto a = m.begin();
  auto b = m.begin();
  std::set<std::uint64_t> seen_a;
  std::set<std::uint64_t> seen_b;
  for (; a != m.end(); ++a) {
    seen_a.insert(a->first);
    for (int i = 0; i < 2 && b != m.end(); ++i, ++b) seen_b.insert(b->first);
  }

  EXPECT_EQ(seen_a.size(), 300u);
  EXPECT_EQ(seen_b, seen_a);
}

}  // namespace go_iteration_test
