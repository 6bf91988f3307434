// map_capacity_test.cpp -- buckets, load, reserve, rehash, and how a growth is steered.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"

namespace map_capacity_test {

using map = gomap::map<std::uint64_t, std::uint64_t>;

map numbers(std::uint64_t n) {
  map m;
  for (std::uint64_t i = 0; i < n; ++i) m[i] = i;
  return m;
}

void expect_numbers(const map& m, std::uint64_t n) {
  ASSERT_NO_THROW(m.check_invariants());
  ASSERT_EQ(m.size(), n);
  for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(m.get(i), i);
}

TEST(MapCapacity, InsertingDoublesAtTheLoadLimit) {
  const std::pair<std::uint64_t, std::size_t> expected[] = {
      {0, 1}, {8, 1}, {9, 2}, {13, 2}, {14, 4}, {26, 4}, {27, 8}, {52, 8}, {53, 16}, {104, 16}};

  for (const auto& [n, buckets] : expected) {
    EXPECT_EQ(numbers(n).bucket_count(), buckets) << n << " entries";
  }
}

TEST(MapCapacity, LoadFactorIsEntriesABucket) {
  const map m = numbers(26);

  EXPECT_EQ(m.load_factor(), 6.5F);
  EXPECT_LE(m.load_factor(), m.max_load_factor());
}

// One bucket holds eight; past it 6.5 a bucket is the limit, whatever size a growth leaves behind.
TEST(MapCapacity, LoadStaysUnderTheLimitBetweenGrowths) {
  map m;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    m[i] = i;
    if (m.size() > 8) {
      ASSERT_LE(m.load_factor(), m.max_load_factor()) << i;
    }
  }
}

TEST(MapReserve, MakesRoomBeforehand) {
  for (std::uint64_t n : {1U, 8U, 9U, 100U, 1000U, 5000U}) {
    map m;
    m.reserve(n);
    const std::size_t buckets = m.bucket_count();
    const std::size_t growths = m.stats().growths_double;

    for (std::uint64_t i = 0; i < n; ++i) m[i] = i;

    EXPECT_EQ(m.bucket_count(), buckets) << n;
    EXPECT_EQ(m.stats().growths_double, growths) << n;
    expect_numbers(m, n);
  }
}

TEST(MapReserve, KeepsTheEntries) {
  map m = numbers(300);

  m.reserve(10000);

  EXPECT_GE(m.bucket_count() * 13 / 2, 10000U);
  EXPECT_FALSE(m.growing());
  expect_numbers(m, 300);
}

TEST(MapReserve, WhileGrowingKeepsTheEntries) {
  map m;
  std::uint64_t next = 0;
  while (next < 1U << 16 && !m.growing()) m[next] = next, ++next;
  ASSERT_TRUE(m.growing());

  m.reserve(20000);

  expect_numbers(m, next);
}

TEST(MapReserve, NeverShrinks) {
  map m = numbers(1000);
  const std::size_t buckets = m.bucket_count();

  m.reserve(10);
  m.reserve(0);

  EXPECT_EQ(m.bucket_count(), buckets);
  expect_numbers(m, 1000);
}

TEST(MapReserve, TooMuchIsALengthError) {
  map m = numbers(20);

  EXPECT_THROW(m.reserve(std::numeric_limits<std::size_t>::max()), std::length_error);
  EXPECT_THROW(m.reserve(m.max_size() + 1), std::length_error);

  expect_numbers(m, 20);
}

TEST(MapRehash, GivesAtLeastTheBucketsAskedFor) {
  for (std::size_t buckets : {1U, 2U, 3U, 64U, 100U, 1024U}) {
    map m = numbers(20);

    m.rehash(buckets);

    EXPECT_GE(m.bucket_count(), buckets);
    EXPECT_LE(m.load_factor(), m.max_load_factor());
    expect_numbers(m, 20);
  }
}

TEST(MapRehash, AtEverySizeAndStageKeepsTheEntries) {
  map m;
  for (std::uint64_t n = 0; n < 200; ++n) {
    m[n] = n;
    map bigger = m;
    bigger.rehash(m.bucket_count() * 4);
    expect_numbers(bigger, n + 1);
    map smaller = m;
    smaller.rehash(0);
    expect_numbers(smaller, n + 1);
  }
}

TEST(MapRehash, TooMuchIsALengthError) {
  map m = numbers(20);

  EXPECT_THROW(m.rehash(std::numeric_limits<std::size_t>::max()), std::length_error);

  expect_numbers(m, 20);
}

TEST(MapShrinkToFit, GivesBackWhatTheSizeDoesNotNeed) {
  for (std::uint64_t left : {0U, 1U, 8U, 9U, 26U, 27U, 500U}) {
    map m = numbers(5000);
    for (std::uint64_t i = left; i < 5000; ++i) m.erase(i);

    m.shrink_to_fit();

    EXPECT_EQ(m.bucket_count(), map(left).bucket_count()) << left << " entries left";
    expect_numbers(m, left);
  }
}

TEST(MapShrinkToFit, WhileGrowingKeepsTheEntries) {
  map m;
  std::uint64_t next = 0;
  while (next < 1U << 16 && !m.growing()) m[next] = next, ++next;
  ASSERT_TRUE(m.growing());

  m.shrink_to_fit();

  expect_numbers(m, next);
  m[next] = next;
  expect_numbers(m, next + 1);
}

// Erasures leave a growing map with entries in both arrays and room for fewer buckets than either.
TEST(MapShrinkToFit, WhileGrowingAfterErasures) {
  for (std::uint64_t left : {0U, 1U, 8U, 9U, 40U, 60U}) {
    map shrunk(map::seed_with{left});
    std::uint64_t next = 0;
    while (next < 1U << 16 && !shrunk.growing()) shrunk[next] = next, ++next;
    ASSERT_TRUE(shrunk.growing());
    for (std::uint64_t i = left; i < next; ++i) shrunk.erase(i);
    map rehashed = shrunk;
    map finished = shrunk;

    shrunk.shrink_to_fit();
    rehashed.rehash(0);
    finished.finish_growth();

    EXPECT_EQ(shrunk.bucket_count(), map(left).bucket_count());
    EXPECT_FALSE(shrunk.growing());
    for (const map* m : {&shrunk, &rehashed, &finished}) expect_numbers(*m, left);
  }
}

TEST(MapShrinkToFit, OfAFullMapKeepsItsBuckets) {
  map m = numbers(104);
  m.finish_growth();
  const std::size_t buckets = m.bucket_count();

  m.shrink_to_fit();

  EXPECT_EQ(m.bucket_count(), buckets);
  expect_numbers(m, 104);
}

TEST(MapGrowth, FinishGrowthEndsItAtOnce) {
  map m;
  std::uint64_t next = 0;
  while (next < 1U << 16 && !m.growing()) m[next] = next, ++next;
  ASSERT_TRUE(m.growing());
  const std::size_t buckets = m.bucket_count();

  m.finish_growth();

  EXPECT_FALSE(m.growing());
  EXPECT_EQ(m.bucket_count(), buckets);
  EXPECT_EQ(m.stats().old_buckets, 0U);
  expect_numbers(m, next);
}

TEST(MapGrowth, OnlyNewKeysMoveEntries) {
  map m;
  std::uint64_t next = 0;
  while (next < 1U << 16 && !m.growing()) m[next] = next, ++next;
  ASSERT_TRUE(m.growing());
  const std::size_t evacuated = m.stats().evacuated_buckets;

  for (std::uint64_t i = 0; i < next; ++i) m[i] = i;
  for (std::uint64_t i = 0; i < next; ++i) ASSERT_TRUE(m.contains(i));
  m.erase(next + 1);
  EXPECT_EQ(m.stats().evacuated_buckets, evacuated);

  m[next] = next;
  EXPECT_GT(m.growing() ? m.stats().evacuated_buckets : evacuated + 1, evacuated);
}

TEST(MapGrowth, StepIsTwoUnlessSet) {
  map m;
  EXPECT_EQ(m.growth_step(), 2U);

  m.growth_step(5);

  EXPECT_EQ(m.growth_step(), 5U);
}

TEST(MapGrowth, StepZeroFinishesWithinTheInsert) {
  map m;
  m.growth_step(0);

  for (std::uint64_t i = 0; i < 5000; ++i) {
    m[i] = i;
    ASSERT_FALSE(m.growing()) << i;
  }

  EXPECT_GE(m.stats().growths_double, 9U);
  expect_numbers(m, 5000);
}

TEST(MapGrowth, AnyStepKeepsTheEntries) {
  for (unsigned step : {1U, 2U, 3U, 8U, 1000U}) {
    map m;
    m.growth_step(step);
    for (std::uint64_t i = 0; i < 3000; ++i) {
      m[i] = i;
      if (i % 97 == 0) expect_numbers(m, i + 1);
    }
    expect_numbers(m, 3000);
  }
}

// One bucket a new key is the slowest growth; it must be over before the next doubling is due.
TEST(MapGrowth, StepOneEndsBeforeTheNextDoubling) {
  map m;
  m.growth_step(1);

  std::size_t buckets = m.bucket_count();
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const bool was_growing = m.growing();
    m[i] = i;
    if (m.bucket_count() != buckets) {
      ASSERT_FALSE(was_growing) << i;
    }
    buckets = m.bucket_count();
  }
  expect_numbers(m, 20000);
}

// Keys that come and go at a constant size pile up overflow buckets; a growth of the same size
// compacts them, so the bucket count stays.
TEST(MapGrowth, ChurnAtAFixedSizeKeepsTheBucketCount) {
  gomap::map<std::uint64_t, int, support::good_hash> m;
  std::uint64_t first = 0;
  std::uint64_t next = 0;
  for (; next < 416; ++next) m[next] = 0;
  m.finish_growth();
  const std::size_t buckets = m.bucket_count();

  for (int i = 0; i < 20000; ++i) {
    m.erase(first++);
    m[next++] = 0;
  }

  EXPECT_EQ(m.size(), 416U);
  EXPECT_EQ(m.bucket_count(), buckets);
  EXPECT_LE(m.stats().overflow_buckets, 2 * buckets);
  EXPECT_GT(m.stats().growths_same_size, 0U);
  m.check_invariants();
}

// One chain holds all, and no growth of the same size makes it shorter.
TEST(MapGrowth, AUselessHashIsNotCompactedAgainAndAgain) {
  gomap::map<std::uint64_t, int, support::colliding_hash> m;
  for (std::uint64_t key = 0; key < 2000; ++key) m[key] = 0;

  EXPECT_LE(m.stats().growths_same_size, 12U);
  m.check_invariants();
}

}  // namespace map_capacity_test
