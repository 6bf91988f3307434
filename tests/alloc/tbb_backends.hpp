// tbb_backends.hpp -- the scalable allocator and memory pools as backends of our suites.
#pragma once

#include <cstddef>
#include <memory>

#include <gtest/gtest.h>

#include <gomap/page_source.hpp>
#include <gomap/tbb.hpp>
#include <gomap/tracking_allocator.hpp>

namespace gomap_test {

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

// The scalable allocator does not say what is in use.
struct tracked_scalable_backend {
  template <class T>
  using allocator = gomap::tracking_allocator<T, tbb_allocator<T>>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(ledger);
  }
  ~tracked_scalable_backend() { EXPECT_EQ(in_use(), 0u); }
  [[nodiscard]] std::size_t in_use() const { return ledger.bytes() + ledger.blocks(); }
  gomap::memory_ledger ledger;
};

}  // namespace gomap_test
