// allocation_failure_test.cpp -- a growth that gets no memory is no error; only a full map is.
//
// The insert goes into an overflow bucket and the growth is tried again later. When there is no
// overflow bucket either the insert throws, and the map is as before.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"
#include "support/rationed_allocator.hpp"

namespace allocation_failure_test {

using entry = std::pair<const std::uint64_t, std::uint64_t>;
using allocator = support::rationed_allocator<entry>;
using map =
    gomap::map<std::uint64_t, std::uint64_t, support::good_hash, std::equal_to<>, allocator>;

void expect_numbers(const map& m, std::uint64_t n) {
  ASSERT_NO_THROW(m.check_invariants());
  ASSERT_EQ(m.size(), n);
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint64_t* const found = m.lookup(i);
    ASSERT_NE(found, nullptr) << "lost key " << i;
    ASSERT_EQ(*found, i);
  }
}

class MapWithoutMemory : public ::testing::Test {
 protected:
  ~MapWithoutMemory() override { EXPECT_TRUE(ration.ledger.balanced()); }

  // Inserts i -> i from size() on until the map refuses one, and returns how many went in.
  static std::uint64_t insert_until_refused(map& m, std::uint64_t limit) {
    std::uint64_t inserted = 0;
    for (; inserted < limit; ++inserted) {
      const std::uint64_t key = m.size();
      try {
        m.try_emplace(key, key);
      } catch (...) {
        break;  // whatever the backend throws; the tests look at the map
      }
    }
    return inserted;
  }
  static void fill(map& m, std::uint64_t n) {
    while (m.size() < n) m.try_emplace(m.size(), m.size());
  }

  support::ration ration;
};

TEST_F(MapWithoutMemory, AGrowthThatGetsNoneLeavesOverflowBuckets) {
  map m{allocator(ration)};
  fill(m, 832);  // 128 buckets, full by the load limit
  m.finish_growth();
  ration.refused_bytes = 256 * 8 * sizeof(entry);

  fill(m, 2000);

  EXPECT_GT(ration.refusals, 0U);
  EXPECT_EQ(m.bucket_count(), 128U);
  EXPECT_FALSE(m.growing());
  EXPECT_GT(m.stats().overflow_buckets, 128U);
  expect_numbers(m, 2000);
}

TEST_F(MapWithoutMemory, TheGrowthIsTriedAgainLater) {
  map m{allocator(ration)};
  fill(m, 832);
  m.finish_growth();
  ration.refused_bytes = 256 * 8 * sizeof(entry);
  fill(m, 1200);
  ASSERT_EQ(m.bucket_count(), 128U);

  ration.refused_bytes = support::ration::none;
  fill(m, 2600);

  EXPECT_GE(m.bucket_count(), 256U);
  m.finish_growth();
  EXPECT_LT(m.stats().overflow_buckets, m.bucket_count());
  expect_numbers(m, 2600);
}

// identity_hash fills every bucket evenly: no overflow bucket ever reminds the map of its growth.
TEST_F(MapWithoutMemory, TheGrowthIsTriedAgainWhereNoBucketOverflows) {
  gomap::map<std::uint64_t, std::uint64_t, support::identity_hash, std::equal_to<>, allocator> m{
      allocator(ration)};
  for (std::uint64_t i = 0; i < 832; ++i) m[i] = i;
  m.finish_growth();
  ration.refused_bytes = 256 * 8 * sizeof(entry);
  for (std::uint64_t i = 832; i < 840; ++i) m[i] = i;
  ASSERT_EQ(m.bucket_count(), 128U);
  ASSERT_GT(ration.refusals, 0U);

  ration.refused_bytes = support::ration::none;
  for (std::uint64_t i = 840; i < 1024; ++i) m[i] = i;

  EXPECT_EQ(m.bucket_count(), 256U);
  EXPECT_EQ(m.stats().overflow_buckets, 0U);
  m.check_invariants();
}

// A try costs the backend a call: a map that is refused must not ask again for each new key.
TEST_F(MapWithoutMemory, RefusedGrowthsAreNotTriedAtEveryInsert) {
  map m{allocator(ration)};
  fill(m, 832);
  m.finish_growth();
  ration.refused_bytes = 256 * 8 * sizeof(entry);

  fill(m, 1832);

  EXPECT_GT(ration.refusals, 0U);
  EXPECT_LT(ration.refusals, 1000U);
}

TEST_F(MapWithoutMemory, ASingleBucketOverflowsToo) {
  map m{allocator(ration)};
  fill(m, 8);
  ration.refused_bytes = 2 * 8 * sizeof(entry) + 1;

  fill(m, 30);

  EXPECT_EQ(m.bucket_count(), 1U);
  expect_numbers(m, 30);
  ration.refused_bytes = support::ration::none;
  fill(m, 60);
  EXPECT_GT(m.bucket_count(), 1U);
  expect_numbers(m, 60);
}

TEST_F(MapWithoutMemory, TheFirstInsertThrowsAndLeavesAnEmptyMap) {
  map m{allocator(ration)};
  ration.refused_bytes = support::ration::all;

  EXPECT_THROW(m[1] = 1, std::bad_alloc);
  EXPECT_THROW(m.insert({1, 1}), std::bad_alloc);

  expect_numbers(m, 0);
  EXPECT_FALSE(m.contains(1));
  ration.refused_bytes = support::ration::none;
  fill(m, 10);
  expect_numbers(m, 10);
}

TEST_F(MapWithoutMemory, WithNoOverflowBucketEitherTheInsertThrows) {
  map m{allocator(ration)};
  fill(m, 832);
  m.finish_growth();
  ration.refused_bytes = support::ration::all;

  const std::uint64_t inserted = insert_until_refused(m, 10'000);

  ASSERT_LT(inserted, 10'000U);
  expect_numbers(m, 832 + inserted);
  EXPECT_THROW(m.try_emplace(m.size(), 1U), std::bad_alloc);
  expect_numbers(m, 832 + inserted);
}

TEST_F(MapWithoutMemory, AFullMapStillReadsOverwritesErasesAndReuses) {
  map m{allocator(ration)};
  fill(m, 832);
  m.finish_growth();
  ration.refused_bytes = support::ration::all;
  insert_until_refused(m, 10'000);
  const std::uint64_t n = m.size();

  for (std::uint64_t i = 0; i < n; ++i) EXPECT_NO_THROW(m[i] = i);
  for (std::uint64_t i = 0; i < n; i += 2) {
    EXPECT_EQ(m.erase(i), 1U);
    EXPECT_NO_THROW(m.try_emplace(i, i)) << "the slot just emptied must do";
  }

  expect_numbers(m, n);
}

// Refused from every single point of a doubling on: what is half moved must stay whole.
TEST_F(MapWithoutMemory, InTheMiddleOfAGrowthNothingIsLost) {
  for (std::uint64_t n = 105; n < 140; ++n) {
    map m{allocator(ration)};
    ration.refused_bytes = support::ration::none;
    fill(m, n);
    ration.refused_bytes = support::ration::all;

    const std::uint64_t inserted = insert_until_refused(m, 10'000);

    ASSERT_LT(inserted, 10'000U);
    expect_numbers(m, n + inserted);
    ration.refused_bytes = support::ration::none;
    fill(m, 400);
    expect_numbers(m, 400);
  }
}

TEST_F(MapWithoutMemory, LongChainsInTheMiddleOfAGrowth) {
  using chained =
      gomap::map<std::uint64_t, std::uint64_t, support::low_bits_hash, std::equal_to<>, allocator>;
  for (std::uint64_t n = 100; n < 130; n += 3) {
    ration.refused_bytes = support::ration::none;
    chained m{allocator(ration)};
    for (std::uint64_t i = 0; i < n; ++i) m[i] = i;
    ration.refused_bytes = support::ration::all;
    std::uint64_t next = n;
    for (bool refused = false; !refused; next += refused ? 0 : 1) {
      ASSERT_LT(next, 10'000U);
      try {
        m[next] = next;
      } catch (const std::bad_alloc&) {
        refused = true;
      }
    }
    m.check_invariants();
    ASSERT_EQ(m.size(), next);
    for (std::uint64_t i = 0; i < next; ++i) ASSERT_EQ(m.get(i), i);
  }
}

TEST_F(MapWithoutMemory, ABackendMayThrowSomethingElse) {
  ration.standard = false;
  map m{allocator(ration)};
  fill(m, 832);
  m.finish_growth();
  ration.refused_bytes = 256 * 8 * sizeof(entry);
  fill(m, 1500);
  EXPECT_GT(ration.refusals, 0U);
  expect_numbers(m, 1500);

  ration.refused_bytes = support::ration::all;
  insert_until_refused(m, 10'000);

  const std::uint64_t n = m.size();
  EXPECT_ANY_THROW(m.try_emplace(n, n));
  expect_numbers(m, n);
  ration.refused_bytes = support::ration::none;
  fill(m, n + 2000);
  expect_numbers(m, n + 2000);
}

TEST_F(MapWithoutMemory, ReserveAndRehashThrowAndChangeNothing) {
  map m{allocator(ration)};
  fill(m, 500);
  ration.refused_bytes = support::ration::all;

  EXPECT_THROW(m.reserve(100'000), std::bad_alloc);
  EXPECT_THROW(m.rehash(10'000), std::bad_alloc);
  expect_numbers(m, 500);
  EXPECT_NO_THROW(m.shrink_to_fit());
  expect_numbers(m, 500);
}

TEST_F(MapWithoutMemory, ACopyThrowsAndLeavesTheSource) {
  map m{allocator(ration)};
  fill(m, 500);
  ration.refused_bytes = support::ration::all;

  EXPECT_THROW((void)map(m), std::bad_alloc);
  EXPECT_THROW((void)m.clone(), std::bad_alloc);
  map other{allocator(ration)};
  EXPECT_THROW(other = m, std::bad_alloc);

  other.check_invariants();
  expect_numbers(m, 500);
}

TEST_F(MapWithoutMemory, EraseAndClearNeedNone) {
  map m{allocator(ration)};
  support::insert_until_growing(m, 0, std::uint64_t{7});
  ASSERT_TRUE(m.growing());
  ration.refused_bytes = support::ration::all;

  const std::uint64_t n = m.size();
  for (std::uint64_t i = 0; i < n; i += 2) EXPECT_NO_THROW(m.erase(i));
  m.check_invariants();
  EXPECT_NO_THROW(m.clear());

  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

// The same with the cap of the default allocator's source, which a program sets to bound itself.
TEST(MapUnderACap, GrowsAgainWhenTheCapIsRaised) {
  gomap::page_options options;
  options.cap_bytes = std::size_t{1} << 20;
  gomap::page_source source(options);
  using page_allocator = gomap::page_allocator<entry>;
  gomap::map<std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>, std::equal_to<>,
             page_allocator>
      m{page_allocator(source)};

  std::uint64_t n = 0;
  try {
    for (; n < 1'000'000; ++n) m.try_emplace(n, n);
    FAIL() << "the cap was never met";
  } catch (const std::bad_alloc&) {
    EXPECT_EQ(m.size(), n);
  }
  EXPECT_LE(source.stats().bytes_peak, options.cap_bytes);
  const std::size_t buckets = m.bucket_count();

  options.cap_bytes = gomap::page_options::no_cap;
  source.configure(options);
  for (; m.size() < 200'000; ++n) m.try_emplace(n, n);

  EXPECT_GT(m.bucket_count(), buckets);
  for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(m.get(i), i);
  m.check_invariants();
}

}  // namespace allocation_failure_test
