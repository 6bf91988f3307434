// tracking_allocator_test.cpp -- tracking_allocator and memory_ledger: counts, caps, forwarding.
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/allocator_concepts.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/tracking_allocator.hpp>

#include "support/hostile_types.hpp"

namespace tracking_allocator_test {

using gomap::memory_ledger;
using gomap::page_allocator;
using gomap::tracking_allocator;

using over_std = tracking_allocator<int>;
using over_pages = tracking_allocator<int, page_allocator<int>>;

static_assert(!gomap::discarding_allocator<over_std>);
static_assert(!gomap::page_moving_allocator<over_std>);
static_assert(!gomap::type_stable_allocator<over_std>);
static_assert(!gomap::zeroing_allocator<over_std>);
static_assert(!gomap::extendable_allocator<over_std>);
static_assert(gomap::discarding_allocator<over_pages>);
static_assert(gomap::page_moving_allocator<over_pages>);
static_assert(gomap::type_stable_allocator<over_pages>);
static_assert(gomap::zeroing_allocator<over_pages>);
static_assert(gomap::extendable_allocator<over_pages>);
static_assert(sizeof(over_std) == sizeof(void*));

TEST(MemoryLedger, CountsBytesBlocksAndThePeak) {
  memory_ledger ledger;
  over_std a(ledger);

  int* const p = a.allocate(100);
  int* const q = a.allocate(10);
  a.deallocate(p, 100);

  EXPECT_EQ(ledger.bytes(), 10 * sizeof(int));
  EXPECT_EQ(ledger.peak_bytes(), 110 * sizeof(int));
  EXPECT_EQ(ledger.allocations(), 2u);
  EXPECT_EQ(ledger.deallocations(), 1u);
  EXPECT_EQ(ledger.blocks(), 1u);
  a.deallocate(q, 10);
  EXPECT_EQ(ledger.bytes(), 0u);
  EXPECT_EQ(ledger.blocks(), 0u);
}

TEST(MemoryLedger, CapRefusesCountsTheFailureAndRecovers) {
  memory_ledger ledger(100 * sizeof(int));
  over_std a(ledger);
  int* const p = a.allocate(60);

  EXPECT_THROW((void)a.allocate(41), std::bad_alloc);
  int* const q = a.allocate(40);
  a.deallocate(p, 60);
  int* const r = a.allocate(50);

  EXPECT_EQ(ledger.failures(), 1u);
  EXPECT_EQ(ledger.bytes(), 90 * sizeof(int));
  ledger.set_cap(0);
  EXPECT_THROW((void)a.allocate(1), std::bad_alloc);
  a.deallocate(q, 40);
  a.deallocate(r, 50);
}

TEST(TrackingAllocator, SizeThatOverflowsIsABadArrayLength) {
  memory_ledger ledger;
  over_std a(ledger);

  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::size_t>::max() / 2),
               std::bad_array_new_length);
  EXPECT_EQ(ledger.bytes(), 0u);
}

// Not bad_alloc on purpose: an allocator may throw what it likes.
template <class T>
struct stubborn_allocator {
  using value_type = T;
  stubborn_allocator() = default;
  template <class U>
  stubborn_allocator(const stubborn_allocator<U>&) noexcept {}
  T* allocate(std::size_t) { throw std::runtime_error("no"); }
  void deallocate(T*, std::size_t) noexcept {}
  bool operator==(const stubborn_allocator&) const = default;
};

TEST(TrackingAllocator, WhatTheInnerAllocatorThrowsIsNotCharged) {
  memory_ledger ledger;
  tracking_allocator<int, stubborn_allocator<int>> a(ledger);

  EXPECT_THROW((void)a.allocate(5), std::runtime_error);

  EXPECT_EQ(ledger.bytes(), 0u);
  EXPECT_EQ(ledger.failures(), 1u);
  EXPECT_EQ(ledger.blocks(), 0u);
}

TEST(TrackingAllocator, WhatTheInnerAllocatorRefusesIsNoPeak) {
  memory_ledger ledger;
  over_pages a(ledger);
  int* const p = a.allocate(100);

  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::ptrdiff_t>::max() / 8), std::bad_alloc);

  EXPECT_EQ(ledger.peak_bytes(), 100 * sizeof(int));
  a.deallocate(p, 100);
}

TEST(TrackingAllocator, RebindsThroughContainersOnOneLedger) {
  memory_ledger ledger;
  {
    using value = std::pair<const int, std::string>;
    std::map<int, std::string, std::less<>, tracking_allocator<value>> words{
        tracking_allocator<value>(ledger)};
    for (int i = 0; i < 100; ++i) words.emplace(i, "word");
    const auto copy = words;
    EXPECT_EQ(ledger.blocks(), 200u);
  }
  EXPECT_EQ(ledger.blocks(), 0u);
  EXPECT_EQ(ledger.bytes(), 0u);
}

TEST(TrackingAllocator, EqualMeansOneLedgerAndEqualInside) {
  memory_ledger one;
  memory_ledger two;
  gomap::page_source source;

  EXPECT_EQ(over_std(one), tracking_allocator<char>(one));
  EXPECT_NE(over_std(one), over_std(two));
  EXPECT_EQ(over_pages(one), over_pages(one));
  EXPECT_NE(over_pages(one), over_pages(one, page_allocator<int>(source)));
}

TEST(TrackingAllocator, ForwardsDiscardZeroAndExtend) {
  gomap::page_source source;
  const std::size_t n = std::size_t{1} << 20;
  memory_ledger ledger(3 * n);
  tracking_allocator<char, page_allocator<char>> a(ledger, page_allocator<char>(source));

  char* const p = a.allocate_zeroed(n);
  EXPECT_EQ(p[n - 1], 0);
  a.discard(p, n / 2);
  const bool extended = a.try_extend(p, n, 2 * n);
  EXPECT_EQ(ledger.bytes(), extended ? 2 * n : n);
  EXPECT_EQ(ledger.peak_bytes(), extended ? 2 * n : n);
  EXPECT_FALSE(a.try_extend(p, extended ? 2 * n : n, 4 * n));
  EXPECT_EQ(ledger.bytes(), extended ? 2 * n : n);

  a.deallocate(p, extended ? 2 * n : n);
  EXPECT_EQ(ledger.bytes(), 0u);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(TrackingAllocator, WorksOverAPolymorphicResource) {
  std::pmr::monotonic_buffer_resource resource;
  memory_ledger ledger;
  using allocator = tracking_allocator<int, std::pmr::polymorphic_allocator<int>>;
  {
    std::vector<int, allocator> numbers(allocator(ledger, &resource));
    for (int i = 0; i < 1000; ++i) numbers.push_back(i);
    EXPECT_GE(ledger.bytes(), 1000 * sizeof(int));
  }
  EXPECT_EQ(ledger.bytes(), 0u);
}

using entry = std::pair<const int, std::string>;
template <class Inner>
using tracked_map = gomap::map<int, std::string, gomap::hash<int>, std::equal_to<>,
                               tracking_allocator<entry, Inner>>;

template <class Map>
Map filled(const typename Map::allocator_type& a, int first, int last) {
  Map m(a);
  for (int i = first; i < last; ++i) m[i] = std::to_string(i);
  return m;
}

template <class Map>
void expect_filled(const Map& m, int first, int last) {
  EXPECT_EQ(m.size(), static_cast<std::size_t>(last - first));
  for (int i = first; i < last; ++i) ASSERT_EQ(m.get(i), std::to_string(i));
}

// Over std::pmr a map's allocator stays with it: entries move one by one where it is another one.
TEST(TrackingAllocator, OverAPolymorphicResourceStaysWithItsMap) {
  using map = tracked_map<std::pmr::polymorphic_allocator<entry>>;
  using allocator = map::allocator_type;
  static_assert(!allocator::propagate_on_container_move_assignment::value);
  static_assert(!allocator::propagate_on_container_swap::value);
  std::pmr::monotonic_buffer_resource first;
  std::pmr::monotonic_buffer_resource second;
  memory_ledger one;
  memory_ledger two;
  {
    map a = filled<map>(allocator(one, &first), 0, 500);
    map b = filled<map>(allocator(two, &second), 500, 700);
    map c = filled<map>(allocator(one, &first), 700, 800);

    map moved(std::move(a));
    expect_filled(moved, 0, 500);
    EXPECT_EQ(moved.get_allocator(), allocator(one, &first));

    b = std::move(moved);
    expect_filled(b, 0, 500);
    EXPECT_EQ(b.get_allocator(), allocator(two, &second));

    moved = map(b, allocator(one, &first));
    swap(moved, c);
    expect_filled(moved, 700, 800);
    expect_filled(c, 0, 500);

    b = c;
    expect_filled(b, 0, 500);
    EXPECT_EQ(b.get_allocator(), allocator(two, &second));
  }
  EXPECT_EQ(one.bytes(), 0u);
  EXPECT_EQ(two.bytes(), 0u);
}

// Over an allocator that goes along, or has nothing to go along, the ledger does.
template <class Inner>
void expect_ledger_goes_along() {
  using map = tracked_map<Inner>;
  using allocator = typename map::allocator_type;
  memory_ledger one;
  memory_ledger two;
  {
    map a = filled<map>(allocator(one), 0, 500);
    map b = filled<map>(allocator(two), 500, 700);
    const auto allocations = one.allocations() + two.allocations();

    swap(a, b);
    EXPECT_EQ(&a.get_allocator().ledger(), &two);
    expect_filled(a, 500, 700);
    a = std::move(b);
    EXPECT_EQ(&a.get_allocator().ledger(), &one);
    expect_filled(a, 0, 500);
    EXPECT_EQ(one.allocations() + two.allocations(), allocations);
  }
  EXPECT_EQ(one.bytes(), 0u);
  EXPECT_EQ(two.bytes(), 0u);
}

TEST(TrackingAllocator, GoesAlongWithAMapThatMovesOrSwaps) {
  expect_ledger_goes_along<std::allocator<entry>>();
  expect_ledger_goes_along<page_allocator<entry>>();
}

TEST(TrackingAllocator, TakesNoAddressOfWhatHasAnOperatorForIt) {
  using hostile_entry = std::pair<const hostile::text, hostile::text>;
  using allocator = tracking_allocator<hostile_entry, hostile::allocator<hostile_entry>>;
  using map = gomap::map<hostile::text, hostile::text, hostile::hash, hostile::equal, allocator>;
  memory_ledger one;
  memory_ledger two;
  {
    map m{allocator(one)};
    for (int i = 0; i < 500; ++i) m.try_emplace(hostile::text(i), i);

    map copy(m, allocator(two, hostile::allocator<hostile_entry>(1)));
    copy = std::move(m);

    EXPECT_EQ(copy.size(), 500u);
    EXPECT_FALSE(allocator(one) == allocator(two));
  }
  EXPECT_EQ(one.bytes(), 0u);
  EXPECT_EQ(two.bytes(), 0u);
}

}  // namespace tracking_allocator_test
