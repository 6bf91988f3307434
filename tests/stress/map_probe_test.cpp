// map_probe_test.cpp -- what is told of a map: its moments, and where its entries lie.
#include "stress/map_probe.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/map_stats.hpp>

#include "stress/results.hpp"
#include "support/colliding_hash.hpp"

namespace {

using stress::layout;
using stress::layout_of;

template <class Hash>
using map_of = gomap::concurrent_map<std::uint64_t, std::uint64_t, Hash>;
using good_map = map_of<support::good_hash>;

template <class Map>
void fill(Map& map, std::uint64_t keys) {
  for (std::uint64_t key = 0; key < keys; ++key) map.store(key, key);
}

template <class Numbers>
double sum(const Numbers& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

double entries_of(const layout& where) {
  double entries = 0;
  for (std::size_t n = 0; n < where.occupancy.size(); ++n) {
    entries += static_cast<double>(n * where.occupancy[n]);
  }
  return entries;
}

TEST(LayoutOf, CountsEachEntryAndBucketOnceWhateverGrows) {
  bool seen_growing = false;
  good_map map({.shards = 4, .seed = 5});
  for (std::uint64_t key = 0; key < 3000; ++key) {
    map.store(key, key);
    if (key % 37 != 0) continue;
    seen_growing |= map.stats().growing_shards > 0;

    const layout where = layout_of(map);

    EXPECT_EQ(entries_of(where), static_cast<double>(key + 1));
    EXPECT_EQ(sum(where.shard_entries), static_cast<double>(key + 1));
    double buckets = 0;
    for (std::size_t i = 0; i < map.shard_count(); ++i) {
      const gomap::map_stats shard = map.stats(i);
      buckets += static_cast<double>(shard.growing ? shard.old_buckets : shard.buckets);
    }
    EXPECT_EQ(sum(where.occupancy), buckets);
    EXPECT_NEAR(sum(where.poisson), buckets, buckets / 5);  // as many, but for the law's tail
  }
  EXPECT_TRUE(seen_growing);
}

TEST(LayoutOf, AGoodHashFollowsThePoissonLaw) {
  good_map map({.shards = 8, .seed = 5});
  fill(map, 40'000);

  const layout where = layout_of(map);

  const double buckets = sum(where.occupancy);
  EXPECT_NEAR(sum(where.poisson), buckets, buckets / 100);  // the law has a tail, no map has
  double elsewhere = 0;
  for (std::size_t n = 0; n < where.occupancy.size(); ++n) {
    elsewhere += std::abs(static_cast<double>(where.occupancy[n]) - where.poisson[n]) / 2;
  }
  EXPECT_LT(elsewhere, buckets / 20);
  EXPECT_EQ(where.shard_entries.size(), 8U);
  EXPECT_EQ(where.shard_buckets.size(), 8U);
}

TEST(LayoutOf, AHashOfOneValueMakesOneChainFarFromTheLaw) {
  map_of<support::colliding_hash> map({.shards = 4, .seed = 5});
  fill(map, 100);

  const layout where = layout_of(map);

  ASSERT_EQ(where.occupancy.size(), 101U);
  EXPECT_EQ(where.occupancy[100], 1U);
  EXPECT_EQ(sum(where.occupancy), static_cast<double>(where.occupancy[0] + 1));
  EXPECT_LT(where.poisson[100], 1e-9);
}

TEST(LayoutOf, AnEmptyMapHasEmptyBuckets) {
  const good_map map({.shards = 4, .seed = 5});

  const layout where = layout_of(map);

  ASSERT_EQ(where.occupancy.size(), 1U);
  EXPECT_EQ(static_cast<double>(where.occupancy[0]), where.poisson[0]);
  EXPECT_EQ(sum(where.shard_entries), 0);
}

TEST(MomentOf, TellsEntriesPayloadAndGrowths) {
  good_map map({.shards = 4, .seed = 5});
  fill(map, 10'000);

  const stress::moment now = stress::moment_of(map, 16);

  EXPECT_EQ(now.entries, 10'000U);
  EXPECT_EQ(now.payload_bytes, 160'000U);
  EXPECT_GE(now.reserved_bytes, now.payload_bytes);
  EXPECT_GT(now.growths_double, 4U);
  EXPECT_EQ(now.growths_same_size, 0U);
}

}  // namespace
