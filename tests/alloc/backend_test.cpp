// backend_test.cpp -- the suite of backend_suite.hpp over what needs no library beside ours.
#include <memory>
#include <memory_resource>

#include <gtest/gtest.h>

#include <gomap/page_allocator.hpp>
#include <gomap/tracking_allocator.hpp>

#include "backend_suite.hpp"
#include "map_backend_suite.hpp"

namespace {

struct std_backend {
  template <class T>
  using allocator = std::allocator<T>;
  template <class T>
  allocator<T> make() {
    return {};
  }
};

struct pmr_backend {
  template <class T>
  using allocator = std::pmr::polymorphic_allocator<T>;
  template <class T>
  allocator<T> make() {
    return {&resource};
  }
  std::pmr::synchronized_pool_resource resource;
};

struct process_pages_backend {
  template <class T>
  using allocator = gomap::page_allocator<T>;
  template <class T>
  allocator<T> make() {
    return {};
  }
};

struct tracked_pages_backend {
  template <class T>
  using allocator = gomap::tracking_allocator<T, gomap::page_allocator<T>>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(ledger, gomap::page_allocator<T>(source));
  }
  ~tracked_pages_backend() {
    EXPECT_EQ(ledger.bytes(), 0u);
    EXPECT_EQ(ledger.blocks(), 0u);
    EXPECT_EQ(source.stats().bytes_in_use, 0u);
  }
  gomap::memory_ledger ledger;
  gomap::page_source source;
};

}  // namespace

namespace gomap_test {
using backends =
    testing::Types<std_backend, pmr_backend, process_pages_backend, tracked_pages_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Own, BackendSuite, backends);
using with_maps = testing::Types<tracked_pages_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Own, BackendMaps, with_maps);
}  // namespace gomap_test
