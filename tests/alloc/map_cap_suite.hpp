// map_cap_suite.hpp -- a map whose memory is capped, whoever it is that caps it.
//
// What must hold is the same for all: inserts go on past the point where growth fails, then one
// throws bad_alloc and leaves the map as it was, and when the cap is lifted all goes on.
//
// Instantiated with types that have a type `allocator`, make() for one of it, set_cap(bytes),
// in_use() for what counts towards the cap, and close(), after which in_use() should be zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/tracking_allocator.hpp>

#include "support/model_map.hpp"

namespace gomap_test {

using capped_entry = std::pair<const std::uint64_t, std::uint64_t>;

// A cap by memory_ledger, on any allocator.
template <class Inner>
struct capped_ledger {
  using allocator = gomap::tracking_allocator<capped_entry, Inner>;
  allocator make() { return allocator(ledger); }
  void set_cap(std::size_t bytes) { ledger.set_cap(bytes); }
  [[nodiscard]] std::size_t in_use() const { return ledger.bytes(); }
  void close() {}
  gomap::memory_ledger ledger;
};

template <class Cap>
class CappedMap : public testing::Test {
 protected:
  using map_type = gomap::map<std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>,
                              std::equal_to<>, typename Cap::allocator>;
  using model_type = support::model_map<std::uint64_t, std::uint64_t>;

  static constexpr std::size_t no_cap = std::numeric_limits<std::size_t>::max();

  void expect_all_given_back() {
    memory_.close();
    EXPECT_EQ(memory_.in_use(), 0u);
  }

  Cap memory_;
};

TYPED_TEST_SUITE_P(CappedMap);

TYPED_TEST_P(CappedMap, DegradesThenThrowsThenRecovers) {
  constexpr std::size_t cap = std::size_t{3} << 20;
  this->memory_.set_cap(cap);
  {
    typename TestFixture::map_type map(this->memory_.make());
    typename TestFixture::model_type model;
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
    EXPECT_GT(map.size() * sizeof(capped_entry), cap / 4);
    support::expect_same(map, model);

    // What was there stays within reach of every operation that needs no memory.
    for (std::uint64_t k = 0; k < key; k += 2) ASSERT_EQ(map.erase(k), model.erase(k));
    support::expect_same(map, model);

    this->memory_.set_cap(this->no_cap);
    for (; key < 200000; ++key) {
      map.emplace(key, ~key);
      model.emplace(key, ~key);
    }
    map.finish_growth();
    support::expect_same(map, model);
  }
  this->expect_all_given_back();
}

// Every cap on the way: whichever array or slab is the one that does not fit, nothing is lost.
TYPED_TEST_P(CappedMap, AnyCapLeavesTheMapWhole) {
  for (std::size_t bytes = 0; bytes < 400000; bytes += 20011) {
    this->memory_.set_cap(bytes);
    typename TestFixture::map_type map(this->memory_.make());
    std::uint64_t inserted = 0;

    try {
      for (; inserted < 20000; ++inserted) map.emplace(inserted, inserted);
    } catch (const std::bad_alloc&) {
    }

    ASSERT_EQ(map.size(), inserted) << bytes;
    ASSERT_NO_THROW(map.check_invariants()) << bytes;
    for (std::uint64_t k = 0; k < inserted; ++k) ASSERT_EQ(map.get(k), k) << bytes;
  }
  this->expect_all_given_back();
}

// From the first old bucket evacuated to nearly the last, with not a byte more to be had or with
// enough for overflow buckets but for no array: the growth stays where it is or comes to its end,
// new keys go where there is room, and what was half moved is whole.
TYPED_TEST_P(CappedMap, HitInTheMiddleOfAGrowthTheMapIsWholeAndGrowsOnLater) {
  constexpr std::uint64_t full = 3328;  // 512 buckets at their load limit, moved by 256 insertions
  for (const std::uint64_t into : {0u, 80u, 160u, 240u}) {
    for (const std::size_t slack : {std::size_t{0}, std::size_t{128} << 10}) {
      SCOPED_TRACE(testing::Message() << into << " insertions into it, " << slack << " bytes");
      TypeParam memory;
      typename TestFixture::map_type map(memory.make());
      typename TestFixture::model_type model;
      std::uint64_t key = 0;
      const auto insert_up_to = [&](std::uint64_t end) {
        for (; key < end; ++key) {
          map.emplace(key, ~key);
          model.emplace(key, ~key);
        }
      };
      map.reserve(full);
      insert_up_to(full);
      while (!map.growing()) insert_up_to(key + 1);
      insert_up_to(key + into);
      ASSERT_TRUE(map.growing());
      const std::size_t buckets = map.bucket_count();

      memory.set_cap(memory.in_use() + slack);
      const std::uint64_t capped_from = key;
      EXPECT_THROW(insert_up_to(1000000), std::bad_alloc);
      EXPECT_EQ(map.bucket_count(), buckets);
      if (slack > 0) {
        EXPECT_GT(key, capped_from + 300);
      }
      support::expect_same(map, model);
      for (std::uint64_t k = 0; k < key; k += 3) ASSERT_EQ(map.erase(k), model.erase(k));
      for (std::uint64_t k = 1; k < key; k += 3) map.insert_or_assign(k, model[k] = k);
      support::expect_same(map, model);

      memory.set_cap(this->no_cap);
      insert_up_to(3 * key);
      EXPECT_GT(map.bucket_count(), buckets);
      map.finish_growth();
      support::expect_same(map, model);
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(CappedMap, DegradesThenThrowsThenRecovers, AnyCapLeavesTheMapWhole,
                            HitInTheMiddleOfAGrowthTheMapIsWholeAndGrowsOnLater);

}  // namespace gomap_test
