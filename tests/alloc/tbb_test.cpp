// tbb_test.cpp -- tbb_allocator over the scalable allocator and over memory pools.
#include <cstddef>
#include <deque>
#include <new>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gomap/page_source.hpp>
#include <gomap/tbb.hpp>

#include "backend_suite.hpp"
#include "map_backend_suite.hpp"
#include "tbb_backends.hpp"

namespace gomap_test {
using pools = testing::Types<scalable_backend, pool_backend, tracked_pool_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Tbb, BackendSuite, pools);
using with_maps = testing::Types<tracked_scalable_backend, pool_backend, tracked_pool_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Tbb, BackendMaps, with_maps);
}  // namespace gomap_test

namespace {

using gomap::tbb_allocator;
using gomap::tbb_pool;

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

// Each takes a key of the process, and there are few.
TEST(TbbPool, AThousandAreTooMany) {
  std::deque<tbb_pool> pools;
  std::string reason;
  try {
    while (pools.size() < 1100) pools.emplace_back();
  } catch (const std::bad_alloc& e) {
    reason = e.what();
  }

  EXPECT_GT(pools.size(), 100u);
  EXPECT_LT(pools.size(), 1024u);
  EXPECT_THAT(reason, testing::HasSubstr("thread-specific key"));
  pools.pop_back();
  EXPECT_NO_THROW(pools.emplace_back());
}

}  // namespace
