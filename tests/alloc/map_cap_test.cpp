// map_cap_test.cpp -- a map whose memory is capped: by a page_source, a pool, a ledger.
//
// What must hold is the same for all: inserts go on past the point where growth fails, then one
// throws bad_alloc and leaves the map as it was, and when the cap is lifted all goes on.
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/pool.hpp>
#include <gomap/tracking_allocator.hpp>

#include "support/model_map.hpp"

namespace {

using value = std::pair<const std::uint64_t, std::uint64_t>;

constexpr std::size_t cap = std::size_t{3} << 20;
constexpr std::size_t no_cap = std::numeric_limits<std::size_t>::max();

struct capped_source {
  using allocator = gomap::page_allocator<value>;
  allocator make() { return allocator(source); }
  void set_cap(std::size_t bytes) {
    gomap::page_options options;
    options.cap_bytes = bytes;
    source.configure(options);
  }
  [[nodiscard]] std::size_t in_use() const { return source.stats().bytes_in_use; }
  gomap::page_source source;
};

struct capped_pool {
  using allocator = gomap::pool_allocator<value>;
  allocator make() { return memory; }
  void set_cap(std::size_t bytes) { memory.set_cap(bytes); }
  [[nodiscard]] std::size_t in_use() const { return memory.stats().bytes_in_use; }
  gomap::pool memory;
};

template <class Inner>
struct capped_ledger {
  using allocator = gomap::tracking_allocator<value, Inner>;
  allocator make() { return allocator(ledger); }
  void set_cap(std::size_t bytes) { ledger.set_cap(bytes); }
  [[nodiscard]] std::size_t in_use() const { return ledger.bytes(); }
  gomap::memory_ledger ledger;
};

template <class Cap>
class CappedMap : public testing::Test {
 protected:
  Cap memory_;
};

using caps = testing::Types<capped_source, capped_pool, capped_ledger<std::allocator<value>>,
                            capped_ledger<gomap::page_allocator<value>>>;
TYPED_TEST_SUITE(CappedMap, caps);

TYPED_TEST(CappedMap, DegradesThenThrowsThenRecovers) {
  using map_type = gomap::map<std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>,
                              std::equal_to<>, typename TypeParam::allocator>;
  this->memory_.set_cap(cap);
  {
    map_type map(this->memory_.make());
    support::model_map<std::uint64_t, std::uint64_t> model;
    std::uint64_t key = 0;
    int refusals = 0;

    for (; refusals < 10 && key < 1000000; ++key) {
      try {
        map.emplace(key, ~key);
        model.emplace(key, ~key);
      } catch (const std::bad_alloc&) {
        ++refusals;
      }
    }
    EXPECT_EQ(refusals, 10);
    EXPECT_LE(this->memory_.in_use(), cap);
    EXPECT_GT(map.size() * sizeof(value), cap / 4);
    support::expect_same(map, model);

    // What was there stays within reach of every operation that needs no memory.
    for (std::uint64_t k = 0; k < key; k += 2) ASSERT_EQ(map.erase(k), model.erase(k));
    support::expect_same(map, model);

    this->memory_.set_cap(no_cap);
    for (; key < 200000; ++key) {
      map.emplace(key, ~key);
      model.emplace(key, ~key);
    }
    map.finish_growth();
    support::expect_same(map, model);
  }
  EXPECT_EQ(this->memory_.in_use(), 0u);
}

// Every cap on the way: whichever array or slab is the one that does not fit, nothing is lost.
TYPED_TEST(CappedMap, AnyCapLeavesTheMapWhole) {
  using map_type = gomap::map<std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>,
                              std::equal_to<>, typename TypeParam::allocator>;
  for (std::size_t bytes = 0; bytes < 400000; bytes += 20011) {
    this->memory_.set_cap(bytes);
    map_type map(this->memory_.make());
    std::uint64_t inserted = 0;

    try {
      for (; inserted < 20000; ++inserted) map.emplace(inserted, inserted);
    } catch (const std::bad_alloc&) {
    }

    ASSERT_EQ(map.size(), inserted) << bytes;
    ASSERT_NO_THROW(map.check_invariants()) << bytes;
    for (std::uint64_t k = 0; k < inserted; ++k) ASSERT_EQ(map.get(k), k) << bytes;
  }
  EXPECT_EQ(this->memory_.in_use(), 0u);
}

}  // namespace
