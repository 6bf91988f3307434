// lock_holds_test.cpp -- how much concurrent_map does under one lock: what walks the whole map lets
// others in between a few dozen entries.
//
// No clock: what is done is counted, from each lock to its unlock.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/page_allocator.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_value.hpp"

namespace lock_holds_test {

using support::object_counts;

// Counts locks, and the most objects that were destroyed or moved under one of them.
class watching_mutex {
 public:
  static void forget() { locks = most = 0; }
  static inline std::size_t locks = 0;
  static inline std::size_t most = 0;

  void lock() { begin(); }
  bool try_lock() {
    begin();
    return true;
  }
  void unlock() { end(); }
  void lock_shared() { begin(); }
  bool try_lock_shared() {
    begin();
    return true;
  }
  void unlock_shared() { end(); }

 private:
  void begin() {
    ++locks;
    live_ = object_counts::live;
    moves_ = object_counts::moves;
  }
  void end() const {
    const auto destroyed = static_cast<std::size_t>(std::max(live_ - object_counts::live, 0L));
    most = std::max({most, destroyed, object_counts::moves - moves_});
  }

  long live_ = 0;
  std::size_t moves_ = 0;
};

class LockHolds : public testing::Test {
 protected:
  static constexpr std::size_t entries = 5000;
  static constexpr std::size_t few = 300;  // objects: a key and a value an entry
  using map_type =
      gomap::concurrent_map<std::uint64_t, support::tracked, support::good_hash, std::equal_to<>,
                            gomap::page_allocator<std::pair<const std::uint64_t, support::tracked>>,
                            watching_mutex>;

  LockHolds() {
    for (std::size_t i = 0; i < entries; ++i) map_.try_emplace(i, i);
    watching_mutex::forget();
  }
  ~LockHolds() noexcept override { map_.check_invariants(); }

  map_type map_{{.shards = 1}};
};

TEST_F(LockHolds, AreShortWhenEverythingIsErased) {
  map_.clear();
  EXPECT_TRUE(map_.empty());
  EXPECT_LE(watching_mutex::most, few);
  EXPECT_GE(watching_mutex::locks, entries / few);
}

TEST_F(LockHolds, AreShortWhenEverythingIsErasedInAGrowth) {
  for (std::size_t i = entries; !map_.stats().total.growing; ++i) map_.try_emplace(i, i);
  watching_mutex::forget();
  map_.clear();
  EXPECT_TRUE(map_.empty());
  EXPECT_LE(watching_mutex::most, few);
  for (std::size_t i = 0; i < entries; ++i) map_.try_emplace(i, i);
  EXPECT_EQ(map_.size(), entries);
}

TEST_F(LockHolds, AreShortWhenMuchIsErasedByAPredicate) {
  EXPECT_EQ(map_.erase_if([](const auto& e) { return e.first % 10 != 0; }), entries / 10 * 9);
  EXPECT_LE(watching_mutex::most, few);
}

TEST_F(LockHolds, AreShortWhenRoomIsMade) {
  map_.reserve(8 * entries);
  EXPECT_LE(watching_mutex::most, 64U * 16);  // so many chains
  EXPECT_GT(watching_mutex::most, 0U);
}

TEST_F(LockHolds, AreShortWhenEntriesMoveToAnotherMap) {
  map_type other({.shards = 1});
  EXPECT_EQ(other.merge(map_), entries);
  EXPECT_LE(watching_mutex::most, few);
}

TEST_F(LockHolds, AreManyWhenBucketsAreCounted) {
  const std::size_t buckets = map_.bucket_count();
  watching_mutex::forget();
  EXPECT_EQ(map_.stats().total.size, entries);
  EXPECT_GE(watching_mutex::locks, buckets / 64);
}

TEST_F(LockHolds, AreManyInAWalk) {
  const std::size_t buckets = map_.bucket_count();
  watching_mutex::forget();
  map_.cvisit_all([](const auto&) {});
  EXPECT_GE(watching_mutex::locks, buckets / 2);
}

}  // namespace lock_holds_test
