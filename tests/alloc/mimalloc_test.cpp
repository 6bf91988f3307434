// mimalloc_test.cpp -- heap_allocator: a heap per allocator, any thread, gone in one go.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/allocator_concepts.hpp>
#include <gomap/mimalloc.hpp>
#include <gomap/tracking_allocator.hpp>

#include "backend_suite.hpp"
#include "map_backend_suite.hpp"
#include "map_cap_suite.hpp"
#include "map_fault_suite.hpp"

namespace {

using gomap::heap_allocator;

static_assert(gomap::zeroing_allocator<heap_allocator<int>>);
static_assert(!gomap::discarding_allocator<heap_allocator<int>>);
static_assert(!gomap::type_stable_allocator<heap_allocator<int>>);

struct heap_backend {
  template <class T>
  using allocator = heap_allocator<T>;
  template <class T>
  allocator<T> make() {
    return base;
  }
  ~heap_backend() { EXPECT_EQ(in_use(), 0u); }
  [[nodiscard]] std::size_t in_use() const { return base.heap().blocks_in_use(); }
  heap_allocator<char> base;
};

// Counts balance when the suite has taken it down.
struct tracked_heap_backend {
  template <class T>
  using allocator = gomap::tracking_allocator<T, heap_allocator<T>>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(ledger, base);
  }
  ~tracked_heap_backend() {
    EXPECT_EQ(ledger.bytes(), 0u);
    EXPECT_EQ(ledger.blocks(), 0u);
  }
  gomap::memory_ledger ledger;
  heap_allocator<char> base;
};

}  // namespace

namespace gomap_test {
using heaps = testing::Types<heap_backend, tracked_heap_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Mimalloc, BackendSuite, heaps);
using with_maps = testing::Types<heap_backend, tracked_heap_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Mimalloc, BackendMaps, with_maps);
using cases =
    testing::Types<fault_case<heap_backend, std::uint64_t>, fault_case<heap_backend, std::string>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Mimalloc, BackendFaults, cases);
using caps = testing::Types<capped_ledger<heap_allocator<capped_entry>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Mimalloc, CappedMap, caps);
}  // namespace gomap_test

namespace {

TEST(HeapAllocator, EachHasAHeapOfItsOwnAndSoHasACopiedContainer) {
  const heap_allocator<int> a;
  const heap_allocator<int> b;
  const std::vector<int, heap_allocator<int>> numbers(10, 1, a);
  const auto copy = numbers;

  EXPECT_NE(a, b);
  EXPECT_EQ(numbers.get_allocator(), a);
  EXPECT_NE(copy.get_allocator(), a);
}

TEST(HeapAllocator, WhatWasMovedFromStillWorks) {
  heap_allocator<int> a;
  int* const p = a.allocate(10);
  const heap_allocator<int> b = std::move(a);

  EXPECT_EQ(a, b);
  a.deallocate(p, 10);
}

TEST(HeapAllocator, AHeapTakesWhatWasNotFreedWithIt) {
  heap_allocator<char> a;
  for (int i = 0; i < 1000; ++i) (void)a.allocate(1000);
  a.heap().trim();
  EXPECT_EQ(a.heap().blocks_in_use(), 1000u);
}

// Also what another thread frees, which reaches the heap later.
TEST(HeapAllocator, CountsWhatIsInUse) {
  heap_allocator<char> a;
  char* const small = a.allocate(100);
  char* const large = a.allocate(std::size_t{40} << 20);
  char* const elsewhere = a.allocate(100);
  EXPECT_EQ(a.heap().blocks_in_use(), 3u);

  std::thread([&] { a.deallocate(elsewhere, 100); }).join();
  a.deallocate(large, std::size_t{40} << 20);

  EXPECT_EQ(a.heap().blocks_in_use(), 1u);
  a.deallocate(small, 100);
  EXPECT_EQ(a.heap().blocks_in_use(), 0u);
}

// The heap ends with its thread, and the next thread may look the same to the system.
TEST(HeapAllocator, OutlivesTheThreadThatMadeIt) {
  std::optional<heap_allocator<int>> a;
  int* p = nullptr;
  std::thread([&] {
    a.emplace();
    p = a->allocate(5000);
    p[4999] = 17;
  }).join();

  for (int i = 0; i < 4; ++i) {
    std::thread([&] {
      int* const q = a->allocate(100);
      q[99] = i;
      a->deallocate(q, 100);
    }).join();
  }

  EXPECT_EQ(p[4999], 17);
  a->deallocate(p, 5000);
}

TEST(HeapAllocator, ManyThreadsShareOne) {
  heap_allocator<int> a;
  std::vector<std::thread> threads;

  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&a, t] {
      for (std::size_t i = 1; i < 2000; ++i) {
        int* const p = a.allocate(i);
        p[i - 1] = t;
        EXPECT_EQ(p[i - 1], t);
        a.deallocate(p, i);
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
