// pool_test.cpp -- gomap::pool: slabs and arrays, what is recycled, caps, trim, sharing.
#include <cstdint>
#include <cstring>
#include <functional>
#include <list>
#include <memory_resource>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/allocator_concepts.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>

#include "backend_suite.hpp"
#include "map_backend_suite.hpp"

namespace pool_test {

using gomap::page_source;
using gomap::pool;
using gomap::pool_allocator;
using gomap::pool_options;
using gomap::pool_users;

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;

static_assert(gomap::discarding_allocator<pool_allocator<int>>);
static_assert(gomap::page_moving_allocator<pool_allocator<int>>);
static_assert(gomap::type_stable_allocator<pool_allocator<int>>);
static_assert(gomap::zeroing_allocator<pool_allocator<int>>);
static_assert(gomap::extendable_allocator<pool_allocator<int>>);

pool_options shared() {
  pool_options options;
  options.users = pool_users::many;
  return options;
}

// Checks that all that the suite took is back: with the pool, and when that is gone, below it.
template <pool_users Users>
struct pool_backend {
  template <class T>
  using allocator = pool_allocator<T>;
  template <class T>
  allocator<T> make() {
    return {memory};
  }
  ~pool_backend() {
    EXPECT_EQ(memory.stats().bytes_in_use, 0u);
    memory.trim();
    EXPECT_EQ(memory.stats().bytes_reserved, 0u);
    EXPECT_EQ(source.stats().bytes_in_use, 0u);
  }
  page_source source;
  pool memory{source, {.users = Users}};
};

struct pool_as_resource_backend {
  template <class T>
  using allocator = std::pmr::polymorphic_allocator<T>;
  template <class T>
  allocator<T> make() {
    return {&memory};
  }
  pool memory{shared()};
};

using pools = testing::Types<pool_backend<pool_users::one>, pool_backend<pool_users::many>,
                             pool_as_resource_backend>;
using with_maps = testing::Types<pool_backend<pool_users::one>, pool_as_resource_backend>;

}  // namespace pool_test

namespace gomap_test {
INSTANTIATE_TYPED_TEST_SUITE_P(Pool, BackendSuite, pool_test::pools);
INSTANTIATE_TYPED_TEST_SUITE_P(Pool, BackendMaps, pool_test::with_maps);
}  // namespace gomap_test

namespace pool_test {

TEST(Pool, AFreedBlockIsTheNextOfItsSize) {
  pool memory;
  void* const small = memory.allocate(144, 16);
  void* const array = memory.allocate(20 * kibibyte, 16);
  memory.deallocate(small, 144, 16);
  memory.deallocate(array, 20 * kibibyte, 16);

  void* const small_again = memory.allocate(144, 16);
  void* const array_again = memory.allocate(20 * kibibyte, 16);

  EXPECT_EQ(small_again, small);
  EXPECT_EQ(array_again, array);
  EXPECT_EQ(memory.stats().small_recycled, 0u);  // its slab was empty, and began anew
  EXPECT_EQ(memory.stats().arrays_recycled, 1u);
  memory.deallocate(small_again, 144, 16);
  memory.deallocate(array_again, 20 * kibibyte, 16);
}

TEST(Pool, SmallBlocksOfOneSizeShareSlabs) {
  page_source source;
  pool memory(source);
  std::vector<void*> blocks;

  for (int i = 0; i < 1000; ++i) blocks.push_back(memory.allocate(144, 16));

  EXPECT_EQ(memory.stats().bytes_in_use, 144u * 1000);
  EXPECT_EQ(memory.stats().bytes_reserved, 3 * 64 * kibibyte);
  for (void* p : blocks) memory.deallocate(p, 144, 16);
  blocks.clear();
  for (int i = 0; i < 1000; ++i) blocks.push_back(memory.allocate(48, 16));
  EXPECT_EQ(memory.stats().bytes_reserved, 3 * 64 * kibibyte);  // empty slabs change their size
  for (void* p : blocks) memory.deallocate(p, 48, 16);
}

TEST(Pool, BlocksFreedInASlabInUseAreRecycled) {
  pool memory;
  void* const keeps_the_slab = memory.allocate(144, 16);
  void* const p = memory.allocate(144, 16);
  memory.deallocate(p, 144, 16);

  EXPECT_EQ(memory.allocate(144, 16), p);

  EXPECT_EQ(memory.stats().small_recycled, 1u);
  memory.deallocate(p, 144, 16);
  memory.deallocate(keeps_the_slab, 144, 16);
}

TEST(Pool, WhatIsIdleIsBoundedByWhatIsInUse) {
  page_source source;
  pool memory(source);
  std::vector<void*> blocks;
  for (int i = 0; i < 50000; ++i) blocks.push_back(memory.allocate(256, 16));
  const std::size_t most = memory.stats().bytes_reserved;

  while (blocks.size() > 5000) {
    memory.deallocate(blocks.back(), 256, 16);
    blocks.pop_back();
  }

  EXPECT_LT(memory.stats().bytes_reserved, most / 4);
  EXPECT_GT(memory.stats().blocks_returned, 0u);
  for (void* p : blocks) memory.deallocate(p, 256, 16);
}

TEST(Pool, TrimGivesBackAllThatIsIdle) {
  page_source source;
  pool memory(source);
  void* const held = memory.allocate(100, 16);
  for (const std::size_t n : {std::size_t{48}, 4 * kibibyte, 30 * kibibyte, mebibyte}) {
    void* const p = memory.allocate(n, 16);
    void* const q = memory.allocate(n, 16);
    memory.deallocate(p, n, 16);
    memory.deallocate(q, n, 16);
  }

  memory.trim();

  EXPECT_EQ(memory.stats().bytes_reserved, 64 * kibibyte);
  EXPECT_EQ(source.stats().bytes_cached, 0u);
  memory.deallocate(held, 100, 16);
}

TEST(Pool, CapRefusesAndRecovers) {
  pool_options options;
  options.cap_bytes = mebibyte;
  pool memory(options);
  std::vector<void*> blocks;

  try {
    for (;;) blocks.push_back(memory.allocate(144, 16));
  } catch (const std::bad_alloc&) {
  }
  EXPECT_GT(blocks.size() * 144, 15 * 64 * kibibyte);
  EXPECT_LE(memory.stats().bytes_reserved, mebibyte);
  EXPECT_THROW((void)memory.allocate(20 * kibibyte, 16), std::bad_alloc);
  EXPECT_THROW((void)memory.allocate(mebibyte, 16), std::bad_alloc);
  EXPECT_THROW((void)memory.allocate_zeroed(mebibyte, 16), std::bad_alloc);

  // The slabs that become empty make way for an array, without a call to trim().
  for (void* p : blocks) memory.deallocate(p, 144, 16);
  void* const array = memory.allocate(mebibyte, 16);

  EXPECT_EQ(memory.stats().bytes_reserved, mebibyte);
  memory.deallocate(array, mebibyte, 16);
  memory.set_cap(0);
  EXPECT_THROW((void)memory.allocate(mebibyte, 16), std::bad_alloc);
}

TEST(Pool, ASourceThatRefusesIsReportedAndNothingIsCounted) {
  gomap::page_options options;
  options.cap_bytes = 100 * kibibyte;
  page_source source(options);
  pool memory(source);
  void* const p = memory.allocate(16, 16);

  EXPECT_THROW((void)memory.allocate(2000, 16), std::bad_alloc);
  EXPECT_THROW((void)memory.allocate(60 * kibibyte, 16), std::bad_alloc);
  EXPECT_THROW((void)memory.allocate(mebibyte, 16), std::bad_alloc);

  EXPECT_EQ(memory.stats().bytes_in_use, 16u);
  EXPECT_EQ(memory.stats().bytes_reserved, 64 * kibibyte);
  memory.deallocate(p, 16, 16);
}

TEST(Pool, WhatIsIdleMakesWayForTheCapOfItsSource) {
  gomap::page_options options;
  options.cap_bytes = 128 * kibibyte;
  page_source source(options);
  pool memory(source);
  memory.deallocate(memory.allocate(16, 16), 16, 16);
  ASSERT_EQ(memory.stats().bytes_reserved, 64 * kibibyte);

  void* const p = memory.allocate(128 * kibibyte, 16);

  EXPECT_EQ(memory.stats().bytes_reserved, 128 * kibibyte);
  memory.deallocate(p, 128 * kibibyte, 16);
}

TEST(Pool, AlignmentAndNoBytesAreServed) {
  pool memory;
  for (const std::size_t alignment : {1u, 8u, 16u, 32u, 64u, 128u, 4096u}) {
    for (const std::size_t n : {0u, 1u, 24u, 100u, 4000u, 5000u, 70000u}) {
      void* const p = memory.allocate(n, alignment);
      void* const q = memory.allocate(n, alignment);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % alignment, 0u) << alignment << ' ' << n;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(q) % alignment, 0u) << alignment << ' ' << n;
      std::memset(p, 1, n);
      std::memset(q, 2, n);
      memory.deallocate(p, n, alignment);
      memory.deallocate(q, n, alignment);
    }
  }
  EXPECT_EQ(memory.stats().bytes_in_use, 0u);
}

TEST(Pool, ExtendIsCountedAndCapped) {
  pool_options options;
  options.cap_bytes = 3 * mebibyte;
  pool memory(options);
  pool_allocator<char> a(memory);
  char* const p = a.allocate(mebibyte);

  const std::size_t n = a.try_extend(p, mebibyte, 2 * mebibyte) ? 2 * mebibyte : mebibyte;

  EXPECT_EQ(memory.stats().bytes_in_use, n);
  EXPECT_FALSE(a.try_extend(p, n, 4 * mebibyte));
  EXPECT_EQ(memory.stats().bytes_in_use, n);
  a.deallocate(p, n);
  EXPECT_EQ(memory.stats().bytes_in_use, 0u);
}

TEST(Pool, ContainersOnOnePoolSwapAndMove) {
  pool memory;
  pool other;
  std::list<std::string, pool_allocator<std::string>> one(10, "x", memory);
  std::list<std::string, pool_allocator<std::string>> two(20, "y", other);

  std::swap(one, two);
  one = std::move(two);

  EXPECT_EQ(one.size(), 10u);
  EXPECT_EQ(one.get_allocator().resource(), &memory);
}

TEST(Pool, ThreadsShareOne) {
  pool memory(shared());
  const auto work = [&memory](unsigned seed) {
    std::minstd_rand random(seed);
    std::unordered_map<unsigned, std::string, std::hash<unsigned>, std::equal_to<>,
                       pool_allocator<std::pair<const unsigned, std::string>>>
        words(memory);
    for (int i = 0; i < 5000; ++i) {
      const auto key = static_cast<unsigned>(random() % 1000);
      if (random() % 2 == 0) {
        words[key] = "word";
      } else {
        words.erase(key);
      }
    }
  };

  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) threads.emplace_back(work, t + 1);
  for (std::thread& t : threads) t.join();

  EXPECT_EQ(memory.stats().bytes_in_use, 0u);
}

}  // namespace pool_test
