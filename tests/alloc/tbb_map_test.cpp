// tbb_map_test.cpp -- maps on oneTBB's memory, where that fails and where it is capped.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_source.hpp>
#include <gomap/tbb.hpp>

#include "map_cap_suite.hpp"
#include "map_fault_suite.hpp"
#include "tbb_backends.hpp"

namespace gomap_test {
using cases = testing::Types<fault_case<tracked_scalable_backend, std::uint64_t>,
                             fault_case<pool_backend, std::string>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Tbb, BackendFaults, cases);
using caps = testing::Types<capped_ledger<tbb_allocator<capped_entry>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Tbb, CappedMap, caps);

// The pool takes megabytes from its source at a time, which is why this is not the suite of
// map_cap_suite.hpp: caps of a few arrays are met before there is one.
TEST(TbbPool, AMapMeetsTheSourcesCapAndRecovers) {
  using entry = capped_entry;
  gomap::page_options options;
  options.cap_bytes = std::size_t{8} << 20;
  gomap::page_source source(options);
  {
    tbb_pool pool(source);
    gomap::map<std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>, std::equal_to<>,
               tbb_allocator<entry>>
        map{tbb_allocator<entry>(pool)};
    std::uint64_t n = 0;
    EXPECT_THROW(for (; n < 1'000'000; ++n) map.emplace(n, ~n), std::bad_alloc);
    const std::size_t buckets = map.bucket_count();
    EXPECT_EQ(map.size(), n);
    EXPECT_GT(map.size(), buckets * 13 / 2);  // where it would have grown
    EXPECT_NO_THROW(map.check_invariants());
    for (std::uint64_t k = 0; k < n; ++k) ASSERT_EQ(map.get(k), ~k);

    options.cap_bytes = gomap::page_options::no_cap;
    source.configure(options);
    for (const std::uint64_t end = n + n / 2; n < end; ++n) map.emplace(n, ~n);

    EXPECT_GT(map.bucket_count(), buckets);
    map.finish_growth();
    EXPECT_NO_THROW(map.check_invariants());
    for (std::uint64_t k = 0; k < n; ++k) ASSERT_EQ(map.get(k), ~k);
  }
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

}  // namespace gomap_test
