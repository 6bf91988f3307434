// go_delete_test.cpp -- what a deletion leaves behind: nothing, in the slot and in the chain.
//
// Go once read the remains of a deleted value into a compound assignment; these tests hold for
// every width of value and for clear().
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/types.hpp"

namespace go_delete_test {

template <class T>
class GoMapDelete : public testing::Test {};

using counters = support::types<2, int, std::int32_t, std::int64_t, std::uint8_t, double>;
TYPED_TEST_SUITE(GoMapDelete, counters);

TYPED_TEST(GoMapDelete, ANewKeyInADeletedSlotCountsFromZero) {
  gomap::map<int, TypeParam> m;

  m[3] = TypeParam(99);
  m.erase(3);
  m[4]++;

  EXPECT_EQ(m[4], TypeParam(1));
}

TEST(GoMapDelete, AnEmptyStringKeyLeavesNothingForTheNext) {
  gomap::map<std::string, int> m;

  m[""] = 99;
  m.erase("");
  m["x"] += 1;

  EXPECT_EQ(m["x"], 1);
  EXPECT_FALSE(m.contains(""));
}

TEST(GoMapDelete, AppendingAfterADeletionStartsFromAnEmptyString) {
  gomap::map<std::string, std::string> m;

  m["key"] = "what was there";
  m.erase("key");
  m["key"] += "value";

  EXPECT_EQ(m["key"], "value");
}

TEST(GoMapDelete, CountingAfterClearStartsFromZero) {
  gomap::map<std::string, int> m;

  m[""] = 99;
  m.clear();
  m["x"] += 1;

  EXPECT_EQ(m["x"], 1);
}

TEST(GoMapDelete, TheValueIsDestroyedAtOnce) {
  const long live_before = support::object_counts::live;
  gomap::map<int, support::tracked> m;
  for (int i = 0; i < 100; ++i) m.try_emplace(i, 7u);

  for (int i = 0; i < 99; ++i) {
    m.erase(i);
    ASSERT_EQ(support::object_counts::live - live_before, 99 - i);
  }
  m.clear();

  EXPECT_EQ(support::object_counts::live, live_before);
}

// Fresh keys that come and go leave neither keys nor values behind.
TEST(GoMapDelete, StoringAndDeletingFreshKeysLeaksNone) {
  const long live_before = support::object_counts::live;
  gomap::map<support::tracked, support::tracked, support::good_hash> m;

  for (std::uint64_t n = 0; n < 5000; ++n) {
    m.try_emplace(support::tracked(n), n);
    m.erase(support::tracked(n));
    ASSERT_EQ(support::object_counts::live, live_before);
  }
}

// The chains must hold together through every order of filling and emptying, good hash or bad.
template <class Hash>
void fill_and_empty(std::uint64_t count) {
  gomap::map<std::uint64_t, std::uint64_t, Hash> m;

  for (std::uint64_t n = 0; n < count; ++n) m[n] = n;
  ASSERT_NO_THROW(m.check_invariants());
  for (std::uint64_t n = 0; n < count; n += 2) ASSERT_EQ(m.erase(n), 1u);
  ASSERT_NO_THROW(m.check_invariants());
  for (std::uint64_t n = count; n < count + count / 2; ++n) m[n] = n;
  ASSERT_NO_THROW(m.check_invariants());
  for (std::uint64_t n = 0; n < count + count / 2; ++n) m.erase(n);
  ASSERT_TRUE(m.empty());
  ASSERT_NO_THROW(m.check_invariants());
}

TEST(GoMapDelete, ChainsHoldTogetherThroughFillingAndEmptying) {
  fill_and_empty<support::good_hash>(10000);
}

TEST(GoMapDelete, LongChainsHoldTogetherThroughFillingAndEmptying) {
  fill_and_empty<support::colliding_hash>(500);
  fill_and_empty<support::low_bits_hash>(1000);
  fill_and_empty<support::high_bits_hash>(1000);
}

TEST(GoMapDelete, OverflowBucketsGoWhenTheirEntriesGo) {
  gomap::map<std::uint64_t, std::uint64_t, support::good_hash> m;
  for (std::uint64_t n = 0; n < 10000; ++n) m[n] = n;
  m.finish_growth();
  ASSERT_GT(m.stats().overflow_buckets, 0u);

  for (std::uint64_t n = 0; n < 10000; ++n) m.erase(n);

  EXPECT_EQ(m.stats().overflow_buckets, 0u);
}

// Deleting and inserting at a constant size must not need more and more memory, whatever the load.
TEST(GoMapDelete, ChurnAtAConstantSizeKeepsItsMemory) {
  using churned_map =
      gomap::map<std::uint64_t, std::uint64_t, support::good_hash, std::equal_to<>,
                 support::counting_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;
  for (const std::size_t buckets : {4u, 16u, 64u}) {
    for (const std::size_t entries_per_bucket : {1u, 4u, 6u}) {
      support::allocation_ledger ledger;
      churned_map m(0, support::good_hash{}, std::equal_to<>{},
                    churned_map::allocator_type(ledger));
      std::uint64_t oldest = 0;
      std::uint64_t next = 0;
      while (next < buckets * entries_per_bucket) m[next++] = 0;
      m.finish_growth();
      const std::size_t buckets_before = m.bucket_count();
      const std::size_t bytes_before = ledger.live_bytes();

      for (int i = 0; i < 20000; ++i) {
        m.erase(oldest++);
        m[next++] = 0;
      }

      EXPECT_EQ(m.bucket_count(), buckets_before);
      // A same-size growth holds two arrays for a while.
      EXPECT_LE(ledger.peak_bytes(), 3 * bytes_before) << buckets << " " << entries_per_bucket;
      EXPECT_NO_THROW(m.check_invariants());
    }
  }
}

}  // namespace go_delete_test
