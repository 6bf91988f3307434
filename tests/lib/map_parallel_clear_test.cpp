// map_parallel_clear_test.cpp -- clear(policy): destroys each entry once, whatever state the map is
// in, and leaves a map like any other.
#include <atomic>
#include <cstdint>
#include <execution>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"

namespace {

// Counts its living copies. Destroyed by several threads at once.
class living {
 public:
  static inline std::atomic<long> count{0};
  living() { ++count; }
  living(const living&) { ++count; }
  living(living&&) noexcept { ++count; }
  living& operator=(const living&) = default;
  ~living() { --count; }
};

template <class Map>
void clear_and_use_again(Map& map) {
  map.clear(std::execution::par);
  EXPECT_EQ(living::count, 0);
  EXPECT_TRUE(map.empty());
  EXPECT_NO_THROW(map.check_invariants());
  EXPECT_TRUE(map.begin() == map.end());
  for (std::uint64_t i = 0; i < 100; ++i) map.try_emplace(i);
  EXPECT_EQ(map.size(), 100u);
  EXPECT_EQ(living::count, 100);
  EXPECT_NO_THROW(map.check_invariants());
}

TEST(MapParallelClear, OfAMapWithoutMemoryDoesNothing) {
  gomap::map<std::uint64_t, living> map;
  map.clear(std::execution::par);
  EXPECT_EQ(map.bucket_count(), 1u);
}

TEST(MapParallelClear, DestroysEveryEntryOnce) {
  gomap::map<std::uint64_t, living> map;
  for (std::uint64_t i = 0; i < 50'000; ++i) map.try_emplace(i);
  clear_and_use_again(map);
}

TEST(MapParallelClear, InTheMiddleOfAGrowth) {
  gomap::map<std::uint64_t, living> map;
  support::insert_until_growing(map, 1000);
  ASSERT_TRUE(map.growing());
  clear_and_use_again(map);
}

TEST(MapParallelClear, InTheMiddleOfAGrowthWithTwoArrays) {
  gomap::map<std::uint64_t, living, gomap::hash<std::uint64_t>, std::equal_to<>,
             std::allocator<std::pair<const std::uint64_t, living>>>
      map;
  support::insert_until_growing(map, 1000);
  ASSERT_TRUE(map.growing());
  clear_and_use_again(map);
}

TEST(MapParallelClear, OfLongChains) {
  gomap::map<std::uint64_t, living, support::low_bits_hash> map;
  for (std::uint64_t i = 0; i < 2'000; ++i) map.try_emplace(i);
  ASSERT_GT(map.stats().overflow_buckets, 10u);
  clear_and_use_again(map);
}

TEST(MapParallelClear, OfStringsFreesThem) {
  gomap::map<std::string, std::string> map;
  for (int i = 0; i < 10'000; ++i) map.try_emplace(std::to_string(i) + " and more than fits", "x");
  map.clear(std::execution::par_unseq);
  EXPECT_TRUE(map.empty());
}

}  // namespace
