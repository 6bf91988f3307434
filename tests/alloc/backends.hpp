// backends.hpp -- the backends of our suites that need no library beside ours.
//
// What backend_suite.hpp asks for; in_use() says, where that can be known, what was allocated and
// has not come back, and a backend that has it holds its users to zero at its end.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>

#include <gtest/gtest.h>

#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/tracking_allocator.hpp>

namespace gomap_test {

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
  ~tracked_pages_backend() { EXPECT_EQ(in_use(), 0u); }
  [[nodiscard]] std::size_t in_use() const {
    return ledger.bytes() + ledger.blocks() + source.stats().bytes_in_use;
  }
  gomap::memory_ledger ledger;
  gomap::page_source source;
};

struct pages_backend {
  template <class T>
  using allocator = gomap::page_allocator<T>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(source);
  }
  ~pages_backend() { EXPECT_EQ(in_use(), 0u); }
  [[nodiscard]] std::size_t in_use() const { return source.stats().bytes_in_use; }
  gomap::page_source source;
};

}  // namespace gomap_test
