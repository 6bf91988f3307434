// map_cap_test.cpp -- the suite of map_cap_suite.hpp over a page_source, a pool, a ledger.
#include <cstddef>
#include <memory>
#include <memory_resource>

#include <gtest/gtest.h>

#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>
#include <gomap/tracking_allocator.hpp>

#include "map_cap_suite.hpp"
#include "support/types.hpp"

namespace map_cap_test {

using gomap_test::capped_ledger;

using gomap_test::capped_entry;

struct capped_source {
  using allocator = gomap::page_allocator<capped_entry>;
  allocator make() { return allocator(source); }
  void set_cap(std::size_t bytes) {
    gomap::page_options options;
    options.cap_bytes = bytes;
    source.configure(options);
  }
  [[nodiscard]] std::size_t in_use() const { return source.stats().bytes_in_use; }
  void close() {}
  gomap::page_source source;
};

struct capped_pool {
  using allocator = gomap::pool_allocator<capped_entry>;
  allocator make() { return memory; }
  void set_cap(std::size_t bytes) { memory.set_cap(bytes); }
  // The cap covers what is reserved, idle or not.
  [[nodiscard]] std::size_t in_use() const { return memory.stats().bytes_reserved; }
  void close() {
    EXPECT_EQ(memory.stats().bytes_in_use, 0u);
    memory.trim();
  }
  gomap::pool memory;
};

struct capped_resource : capped_pool {
  using allocator = std::pmr::polymorphic_allocator<capped_entry>;
  allocator make() { return &memory; }
};

using caps = support::types<2, capped_source, capped_pool, capped_resource,
                            capped_ledger<std::allocator<capped_entry>>,
                            capped_ledger<gomap::page_allocator<capped_entry>>>;

}  // namespace map_cap_test

namespace gomap_test {
INSTANTIATE_TYPED_TEST_SUITE_P(Own, CappedMap, map_cap_test::caps);
}  // namespace gomap_test
