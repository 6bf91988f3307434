// go_hints_test.cpp -- how many buckets a hint or a number of entries makes, and what it allocates.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"

namespace go_hints_test {

using number_map = gomap::map<std::uint64_t, std::uint64_t>;
using counted_map =
    gomap::map<std::uint64_t, std::uint64_t, support::good_hash, std::equal_to<>,
               support::counting_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;

counted_map make_counted(support::allocation_ledger& ledger, std::size_t hint = 0) {
  return counted_map(hint, support::good_hash{}, std::equal_to<>{},
                     counted_map::allocator_type(ledger));
}

std::size_t buckets_after(std::size_t hint, std::uint64_t entries) {
  number_map m(hint);
  for (std::uint64_t n = 0; n < entries; ++n) m[n] = n;
  return m.bucket_count();
}

// The most entries that `buckets` hold before they are doubled.
std::size_t load_limit(std::size_t buckets) { return buckets == 1 ? 8 : buckets * 13 / 2; }

TEST(GoMapHints, BucketCountsAreGosForEachHint) {
  const struct {
    std::size_t hint;
    std::size_t buckets;
  } cases[] = {{0, 1},  {1, 1},  {8, 1},   {9, 2},    {13, 2},   {14, 4},  {26, 4},
               {27, 8}, {52, 8}, {53, 16}, {104, 16}, {105, 32}, {208, 32}};

  for (const auto& c : cases) {
    EXPECT_EQ(number_map(c.hint).bucket_count(), c.buckets) << "hint " << c.hint;
    EXPECT_EQ(buckets_after(c.hint, c.hint), c.buckets) << "hint and entries " << c.hint;
    EXPECT_EQ(buckets_after(0, c.hint), c.buckets) << "entries alone " << c.hint;
  }
}

TEST(GoMapHints, BogusHintsAreIgnored) {
  const std::size_t bogus[] = {static_cast<std::size_t>(-1), static_cast<std::size_t>(-1) << 30,
                               std::size_t{1} << 62, std::size_t{1} << 63};

  for (const std::size_t hint : bogus) {
    number_map m(hint);
    EXPECT_EQ(m.bucket_count(), 1u) << "hint " << hint;
    m[1] = 2;
    EXPECT_EQ(m.get(1), 2u);
  }
}

TEST(GoMapHints, AReserveBeyondMemoryIsRefused) {
  number_map m{{1, 2}};

  EXPECT_THROW(m.reserve(std::numeric_limits<std::size_t>::max()), std::length_error);
  EXPECT_THROW(m.reserve(std::size_t{1} << 62), std::length_error);

  EXPECT_EQ(m.size(), 1u);
  EXPECT_EQ(m.get(1), 2u);
}

TEST(GoMapHints, BucketCountsArePowersOfTwo) {
  for (std::size_t n = 0; n < 300; ++n) {
    number_map hinted(n);
    number_map reserved;
    reserved.reserve(n);
    number_map rehashed;
    rehashed.rehash(n);
    EXPECT_TRUE(std::has_single_bit(hinted.bucket_count())) << n;
    EXPECT_GE(load_limit(reserved.bucket_count()), n);
    EXPECT_GE(rehashed.bucket_count(), n);
    EXPECT_TRUE(std::has_single_bit(rehashed.bucket_count())) << n;
  }
}

// The limit holds exactly: so many entries leave the bucket count alone, one more doubles it.
TEST(GoMapHints, OneEntryOverTheLoadLimitDoubles) {
  counted_map m;
  std::uint64_t next = 0;

  for (std::size_t buckets = 1; buckets <= 4096; buckets *= 2) {
    while (m.size() < load_limit(buckets)) m[next++] = 0;
    ASSERT_EQ(m.bucket_count(), buckets);
    m[next++] = 0;
    ASSERT_EQ(m.bucket_count(), buckets * 2);
  }
}

TEST(GoMapHints, OnlyANewKeyStartsAGrowth) {
  counted_map m;
  for (std::uint64_t n = 0; n < load_limit(32); ++n) m[n] = 0;
  ASSERT_EQ(m.bucket_count(), 32u);

  for (std::uint64_t n = 0; n < load_limit(32); ++n) m[n] = 1;
  m.erase(1000);

  EXPECT_EQ(m.bucket_count(), 32u);
  EXPECT_FALSE(m.growing());
}

TEST(GoMapHints, AnEmptyMapAllocatesNothing) {
  support::allocation_ledger ledger;
  counted_map m = make_counted(ledger);

  EXPECT_FALSE(m.contains(1));
  EXPECT_EQ(m.erase(1), 0u);
  EXPECT_EQ(m.get(1), 0u);
  m.clear();
  for (const auto& entry : m) ADD_FAILURE() << entry.first;
  const counted_map copy = m;
  const counted_map moved = std::move(m);

  EXPECT_EQ(ledger.allocations(), 0u);
}

// Eight entries fit the first bucket, and one allocation makes it.
TEST(GoMapHints, ASmallMapAllocatesOnce) {
  support::allocation_ledger ledger;
  counted_map m = make_counted(ledger);

  for (std::uint64_t n = 0; n < 8; ++n) m[n] = n;

  EXPECT_EQ(ledger.allocations(), 1u);
}

TEST(GoMapHints, OverwritingAllocatesNothing) {
  support::allocation_ledger ledger;
  counted_map m = make_counted(ledger);
  for (std::uint64_t n = 0; n < 1000; ++n) m[n] = n;
  const std::size_t before = ledger.allocations();

  for (std::uint64_t n = 0; n < 1000; ++n) {
    m[n] = n + 1;
    m.insert_or_assign(n, n + 2);
    m.insert({n, n});
    m.try_emplace(n, n);
  }

  EXPECT_EQ(ledger.allocations(), before);
}

TEST(GoMapHints, WalkingAllocatesNothing) {
  support::allocation_ledger ledger;
  counted_map m = make_counted(ledger);
  for (std::uint64_t n = 0; n < 1000; ++n) m[n] = n;
  const std::size_t before = ledger.allocations();

  std::uint64_t sum = 0;
  for (const auto& [key, value] : m) sum += value;
  m.for_each([&sum](const auto& entry) { sum += entry.second; });

  EXPECT_EQ(sum, 999u * 1000u);
  EXPECT_EQ(ledger.allocations(), before);
}

TEST(GoMapHints, AHintSavesTheAllocationsOfGrowing) {
  support::allocation_ledger hinted_ledger;
  support::allocation_ledger plain_ledger;
  counted_map hinted = make_counted(hinted_ledger, 1000);
  counted_map plain = make_counted(plain_ledger);

  for (std::uint64_t n = 0; n < 500; ++n) {
    hinted[n] = n;
    plain[n] = n;
  }

  EXPECT_LE(hinted_ledger.allocations(), 10u);
  EXPECT_GT(plain_ledger.allocations(), hinted_ledger.allocations());
}

TEST(GoMapHints, ClearAndEraseKeepTheBuckets) {
  counted_map m;
  for (std::uint64_t n = 0; n < 1000; ++n) m[n] = n;
  const std::size_t buckets = m.bucket_count();

  for (std::uint64_t n = 0; n < 1000; ++n) m.erase(n);
  EXPECT_EQ(m.bucket_count(), buckets);
  for (std::uint64_t n = 0; n < 1000; ++n) m[n] = n;
  m.clear();
  EXPECT_EQ(m.bucket_count(), buckets);

  m.shrink_to_fit();
  EXPECT_EQ(m.bucket_count(), 1u);
}

}  // namespace go_hints_test
