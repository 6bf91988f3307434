// tbb_test.cpp -- tbb_allocator over the scalable allocator and over memory pools.
#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/tbb.hpp>
#include <gomap/tracking_allocator.hpp>

#include "backend_suite.hpp"
#include "map_backend_suite.hpp"

namespace {

using gomap::tbb_allocator;
using gomap::tbb_pool;

struct scalable_backend {
  template <class T>
  using allocator = tbb_allocator<T>;
  template <class T>
  allocator<T> make() {
    return {};
  }
};

// All of a pool's memory must be back with its source when the pool is gone.
struct pool_backend {
  template <class T>
  using allocator = tbb_allocator<T>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(*pool);
  }
  ~pool_backend() {
    pool.reset();
    EXPECT_EQ(source.stats().bytes_in_use, 0u);
  }
  gomap::page_source source;
  std::unique_ptr<tbb_pool> pool = std::make_unique<tbb_pool>(source);
};

struct tracked_pool_backend {
  template <class T>
  using allocator = gomap::tracking_allocator<T, tbb_allocator<T>>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(ledger, tbb_allocator<T>(pool));
  }
  ~tracked_pool_backend() {
    EXPECT_EQ(ledger.bytes(), 0u);
    EXPECT_EQ(ledger.blocks(), 0u);
  }
  gomap::memory_ledger ledger;
  tbb_pool pool;
};

}  // namespace

namespace gomap_test {
using pools = testing::Types<scalable_backend, pool_backend, tracked_pool_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Tbb, BackendSuite, pools);
using with_maps = testing::Types<scalable_backend, pool_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Tbb, BackendMaps, with_maps);
}  // namespace gomap_test

namespace {

TEST(TbbAllocator, EqualityIsThatOfThePool) {
  tbb_pool one;
  tbb_pool two;

  EXPECT_EQ(tbb_allocator<int>(), tbb_allocator<char>());
  EXPECT_EQ(tbb_allocator<int>(one), tbb_allocator<char>(one));
  EXPECT_NE(tbb_allocator<int>(one), tbb_allocator<int>(two));
  EXPECT_NE(tbb_allocator<int>(one), tbb_allocator<int>());
}

TEST(TbbPool, GivesAllBackFreedOrNot) {
  gomap::page_source source;
  {
    tbb_pool pool(source);
    for (std::size_t i = 0; i < 1000; ++i) (void)pool.allocate(100 * i, 16);
    EXPECT_GT(source.stats().bytes_in_use, 40'000'000u);
  }
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(TbbPool, ResetTakesAllBackAndServesOn) {
  tbb_pool pool;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 100; ++i) static_cast<char*>(pool.allocate(10000, 16))[9999] = 1;
    pool.reset();
  }
}

TEST(TbbPool, TheSourcesCapIsThePools) {
  gomap::page_options options;
  options.cap_bytes = std::size_t{32} << 20;
  gomap::page_source source(options);
  tbb_pool pool(source);
  std::vector<void*> blocks;

  try {
    for (;;) blocks.push_back(pool.allocate(1 << 20, 16));
  } catch (const std::bad_alloc&) {
  }

  EXPECT_GT(blocks.size(), 8u);
  EXPECT_LT(blocks.size(), 33u);
  for (void* p : blocks) pool.deallocate(p);
  pool.deallocate(pool.allocate(1 << 20, 16));
}

}  // namespace
