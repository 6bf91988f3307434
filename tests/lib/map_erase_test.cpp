// map_erase_test.cpp -- taking entries out of a gomap::map: erase, erase_if, clear, merge, swap.
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/misuse.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"

namespace map_erase_test {

using map = gomap::map<int, std::string>;

gomap::map<int, int> numbers(int n) {
  gomap::map<int, int> m;
  for (int i = 0; i < n; ++i) m[i] = i;
  return m;
}

TEST(MapErase, KeySaysHowManyWent) {
  map m{{1, "one"}, {2, "two"}};

  EXPECT_EQ(m.erase(1), 1U);
  EXPECT_EQ(m.erase(1), 0U);
  EXPECT_EQ(m.erase(3), 0U);

  EXPECT_EQ(m, (map{{2, "two"}}));
}

TEST(MapErase, IteratorAndConstIteratorTakeOneEntry) {
  map m{{1, "one"}, {2, "two"}, {3, "three"}};

  m.erase(m.find(1));
  m.erase(std::as_const(m).find(2));

  EXPECT_EQ(m, (map{{3, "three"}}));
  m.check_invariants();
}

// std's idiom: what erase returns is where the walk goes on. Each entry is met exactly once.
TEST(MapErase, ReturnsTheNextEntryOfTheWalk) {
  auto m = numbers(500);
  std::unordered_set<int> seen;

  for (auto it = m.begin(); it != m.end();) {
    ASSERT_TRUE(seen.insert(it->first).second);
    if (it->first % 2 == 0) {
      it = m.erase(it);
    } else {
      ++it;
    }
  }

  EXPECT_EQ(seen.size(), 500U);
  EXPECT_EQ(m.size(), 250U);
  m.check_invariants();
}

TEST(MapErase, ByIteratorWhileGrowing) {
  gomap::map<std::uint64_t, int> m;
  const std::uint64_t next = support::insert_until_growing(m, 0, 1);
  ASSERT_TRUE(m.growing());

  std::size_t erased = 0;
  for (auto it = m.begin(); it != m.end(); it = m.erase(it)) ++erased;

  EXPECT_EQ(erased, next);
  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

class MapEraseMisuse : public testing::Test {
 protected:
  void SetUp() override {
    before_ = gomap::set_fatal_handler([](const gomap::misuse_report& r) { throw r.kind; });
  }
  void TearDown() override { gomap::set_fatal_handler(before_); }

  // Whether erase() by an iterator whose entry has gone since is reported, and changes nothing.
  static bool is_named(gomap::map<int, int>& m, gomap::map<int, int>::iterator gone) {
    const std::size_t before = m.size();
    try {
      m.erase(gone);
    } catch (gomap::misuse_kind kind) {
      m.check_invariants();
      return kind == gomap::misuse_kind::stale_iterator && m.size() == before;
    }
    return false;
  }

 private:
  gomap::fatal_handler before_ = nullptr;
};

TEST_F(MapEraseMisuse, ByAnIteratorWhoseEntryIsGone) {
  auto m = numbers(5);
  const auto it = m.find(3);
  m.erase(3);

  EXPECT_TRUE(is_named(m, it));
}

TEST_F(MapEraseMisuse, ByAnIteratorWhoseEntryIsGoneFromAMapThatGrew) {
  auto m = numbers(5);
  const auto it = m.find(3);
  m.erase(3);
  for (int i = 100; i < 200; ++i) m[i] = i;

  EXPECT_TRUE(is_named(m, it));
}

TEST_F(MapEraseMisuse, ByAnIteratorOfAMapThatWasCleared) {
  auto m = numbers(5);
  const auto it = m.find(3);
  m.clear();
  m[3] = 3;

  EXPECT_TRUE(is_named(m, it));
}

TEST(MapErase, EmptyRangeTakesNothing) {
  auto m = numbers(20);
  const auto begin = m.begin();  // each begin() starts elsewhere

  EXPECT_EQ(m.erase(begin, begin), begin);
  EXPECT_EQ(m.erase(m.end(), m.end()), m.end());

  EXPECT_EQ(m.size(), 20U);
}

TEST(MapErase, WholeRangeEmpties) {
  auto m = numbers(200);

  EXPECT_EQ(m.erase(m.cbegin(), m.cend()), m.end());

  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

// Iterators start at a random place, so both ends must come from one walk.
TEST(MapErase, RangeTakesFromFirstUpToLast) {
  auto m = numbers(200);
  const auto begin = m.cbegin();
  const auto first = std::next(begin, 50);
  const auto last = std::next(first, 100);
  std::unordered_set<int> doomed;
  for (auto it = first; it != last; ++it) doomed.insert(it->first);
  const int stop = last->first;

  const auto next = m.erase(first, last);

  EXPECT_EQ(doomed.size(), 100U);
  EXPECT_EQ(m.size(), 100U);
  EXPECT_EQ(next->first, stop);
  for (int key : doomed) EXPECT_FALSE(m.contains(key));
  EXPECT_EQ(std::distance(next, m.end()), 50);
  m.check_invariants();
}

TEST(MapErase, NeverShrinksTheMap) {
  auto m = numbers(5000);
  const std::size_t buckets = m.bucket_count();

  for (int i = 0; i < 5000; ++i) m.erase(i);

  EXPECT_EQ(m.bucket_count(), buckets);
  EXPECT_TRUE(m.empty());
}

// Overflow buckets that empty go back at once, in whatever order their entries go.
TEST(MapErase, GivesOverflowBucketsBack) {
  gomap::map<int, int, support::colliding_hash> m;
  for (int i = 0; i < 100; ++i) m[i] = i;
  ASSERT_GE(m.stats().overflow_buckets, 100U / 8U - 1U);

  for (int i = 0; i < 100; i += 2) m.erase(i);
  for (int i = 99; i > 0; i -= 2) {
    m.erase(i);
    ASSERT_NO_THROW(m.check_invariants());
  }

  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.stats().overflow_buckets, 0U);
}

TEST(MapEraseIf, TakesWhatThePredicateNames) {
  auto m = numbers(1000);

  const auto gone = erase_if(m, [](const auto& entry) { return entry.second % 3 == 0; });

  EXPECT_EQ(gone, 334U);
  EXPECT_EQ(m.size(), 666U);
  EXPECT_FALSE(m.contains(3));
  EXPECT_TRUE(m.contains(4));
  m.check_invariants();
}

TEST(MapEraseIf, NothingAndEverything) {
  auto m = numbers(100);

  EXPECT_EQ(erase_if(m, [](const auto&) { return false; }), 0U);
  EXPECT_EQ(m.size(), 100U);
  EXPECT_EQ(erase_if(m, [](const auto&) { return true; }), 100U);
  EXPECT_TRUE(m.empty());
}

TEST(MapClear, EmptiesAndWorksOn) {
  auto m = numbers(1000);

  m.clear();
  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.begin(), m.end());
  EXPECT_FALSE(m.contains(5));
  m.check_invariants();

  for (int i = 0; i < 1000; ++i) m[i] = -i;
  EXPECT_EQ(m.size(), 1000U);
  EXPECT_EQ(m.at(999), -999);
  m.check_invariants();
}

TEST(MapClear, EndsAGrowth) {
  gomap::map<std::uint64_t, int> m;
  support::insert_until_growing(m, 0, 1);
  ASSERT_TRUE(m.growing());

  m.clear();

  EXPECT_FALSE(m.growing());
  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

TEST(MapClear, OfAnEmptyMapDoesNothing) {
  map m;

  m.clear();
  m.clear();

  EXPECT_TRUE(m.empty());
}

TEST(MapClear, DrawsANewSeed) {
  auto m = numbers(10);
  const auto seed = m.seed();

  m.clear();

  EXPECT_NE(m.seed(), seed);
}

TEST(MapMerge, MovesWhatIsNotThere) {
  map a{{1, "one"}, {2, "two"}};
  map b{{2, "zwei"}, {3, "drei"}};

  a.merge(b);

  EXPECT_EQ(a, (map{{1, "one"}, {2, "two"}, {3, "drei"}}));
  EXPECT_EQ(b, (map{{2, "zwei"}}));
}

TEST(MapMerge, TakesAnRvalueAndMoveOnlyTypes) {
  gomap::map<int, std::unique_ptr<int>> a;
  gomap::map<int, std::unique_ptr<int>> b;
  for (int i = 0; i < 300; ++i) (i % 2 ? a : b)[i] = std::make_unique<int>(i);

  a.merge(std::move(b));

  EXPECT_EQ(a.size(), 300U);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(*a.at(i), i);
  EXPECT_TRUE(b.empty());
  a.check_invariants();
  b.check_invariants();
}

TEST(MapMerge, TakesAMapWithAnotherHash) {
  gomap::map<int, int> a{{1, 1}};
  gomap::map<int, int, support::colliding_hash> b{{1, -1}, {2, 2}, {3, 3}};

  a.merge(b);

  EXPECT_EQ(a, (gomap::map<int, int>{{1, 1}, {2, 2}, {3, 3}}));
  EXPECT_EQ(b.size(), 1U);
  EXPECT_TRUE(b.contains(1));
}

TEST(MapMerge, WithItselfChangesNothing) {
  auto m = numbers(100);
  auto& same = m;

  m.merge(same);

  EXPECT_EQ(m, numbers(100));
  m.check_invariants();
}

TEST(MapSwap, ExchangesContents) {
  map a{{1, "one"}};
  map b{{2, "two"}, {3, "three"}};
  const std::string* const one = &a.at(1);

  a.swap(b);

  EXPECT_EQ(b, (map{{1, "one"}}));
  EXPECT_EQ(a.size(), 2U);
  EXPECT_EQ(&b.at(1), one);  // std's rule: swap keeps references
}

TEST(MapSwap, FreeFunctionsAndSelf) {
  map a{{1, "one"}};
  map b;
  using std::swap;

  swap(a, b);
  std::swap(a, b);
  std::ranges::swap(a, b);
  b.swap(b);

  EXPECT_TRUE(a.empty());
  EXPECT_EQ(b, (map{{1, "one"}}));
}

TEST(MapSwap, WorksWhileOneGrows) {
  gomap::map<std::uint64_t, int> a;
  const std::uint64_t next = support::insert_until_growing(a, 0, 1);
  gomap::map<std::uint64_t, int> b{{5, 50}};
  ASSERT_TRUE(a.growing());

  a.swap(b);

  EXPECT_TRUE(b.growing());
  EXPECT_FALSE(a.growing());
  EXPECT_EQ(b.size(), next);
  EXPECT_EQ(a.at(5), 50);
  a.check_invariants();
  b.check_invariants();
}

}  // namespace map_erase_test
