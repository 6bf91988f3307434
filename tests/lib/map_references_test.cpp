// map_references_test.cpp -- how long a reference into a gomap::map lives.
//
// Overwrite, erase of others and every const call keep references: only a new key moves entries.
// The tests take the address of every value of a growing map, because that is when an entry might
// move.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/growth.hpp"
#include "support/make_value.hpp"

namespace map_references_test {

using support::make_value;

template <class Hash>
class MapReferences : public ::testing::Test {
 protected:
  using map = gomap::map<std::uint64_t, std::string, Hash>;

  MapReferences() {
    next_ = support::insert_until_growing(m, 0, make_value<std::string>(0));
    for (auto& [key, value] : m) addresses_.emplace_back(key, &value);
  }

  void expect_unmoved() {
    for (const auto& [key, address] : addresses_) {
      const std::string* const now = m.lookup(key);
      if (now != nullptr) {
        ASSERT_EQ(now, address) << "key " << key;
      }
    }
  }

  map m;
  std::uint64_t next_ = 0;
  std::vector<std::pair<std::uint64_t, std::string*>> addresses_;
};

using hashes = ::testing::Types<support::good_hash, support::low_bits_hash>;
TYPED_TEST_SUITE(MapReferences, hashes);

TYPED_TEST(MapReferences, OverwriteKeepsThem) {
  ASSERT_EQ(this->addresses_.size(), this->next_);

  for (std::uint64_t key = 0; key < this->next_; ++key) {
    this->m[key] = make_value<std::string>(key);
    this->m.insert_or_assign(key, make_value<std::string>(key + 1));
    this->m.insert({key, "ignored"});
    this->m.try_emplace(key, "ignored");
    this->m.emplace(key, "ignored");
  }

  this->expect_unmoved();
}

TYPED_TEST(MapReferences, EraseOfOthersKeepsThem) {
  for (std::uint64_t key = 0; key < this->next_; key += 3) ASSERT_EQ(this->m.erase(key), 1U);
  this->expect_unmoved();

  for (std::uint64_t key = 1; key < this->next_; key += 3) this->m.erase(this->m.find(key));
  this->expect_unmoved();

  EXPECT_EQ(this->m.erase(this->next_ + 1), 0U);
  this->expect_unmoved();
  this->m.check_invariants();
}

TYPED_TEST(MapReferences, ConstCallsKeepThem) {
  const auto& view = this->m;

  const auto copy = view;
  const auto clone = view.clone();
  for (std::uint64_t key = 0; key < this->next_ + 100; ++key) {
    (void)view.contains(key);
    (void)view.get(key);
    view.prefetch(key);
  }
  std::size_t walked = 0;
  view.for_each([&](const auto&) { ++walked; });
  (void)view.stats();
  view.check_invariants();

  this->expect_unmoved();
  EXPECT_EQ(walked, this->next_);
  EXPECT_EQ(copy, view);
  EXPECT_EQ(clone, view);
}

TYPED_TEST(MapReferences, MoveAndSwapKeepThem) {
  auto moved = std::move(this->m);
  decltype(moved) other;
  other.swap(moved);
  this->m = std::move(other);

  ASSERT_EQ(this->m.size(), this->next_);
  this->expect_unmoved();
}

TEST(MapMemory, AnEmptyMapOwnsNone) {
  using allocator = support::counting_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;
  support::allocation_ledger ledger;
  const allocator a(ledger);

  map m(a);
  map copy = m;
  map moved = std::move(copy);
  copy = m;
  moved = std::move(m);
  moved.swap(copy);
  moved.clear();
  moved.erase(1);
  (void)moved.contains(1);
  for (const auto& entry : moved) FAIL() << entry.first;
  moved.shrink_to_fit();
  moved.finish_growth();
  moved.reserve(0);
  moved.check_invariants();
  const map clone = moved.clone();

  EXPECT_EQ(ledger.allocations(), 0U);
}

TEST(MapMemory, EverythingComesBack) {
  using allocator = support::counting_allocator<std::pair<const int, std::string>>;
  using map = gomap::map<int, std::string, support::low_bits_hash, std::equal_to<>, allocator>;
  support::allocation_ledger ledger;
  {
    map m{allocator(ledger)};
    for (int i = 0; i < 500; ++i) m[i] = std::to_string(i);
    map copy = m;
    for (int i = 0; i < 500; i += 2) m.erase(i);
    copy.clear();
    m.shrink_to_fit();
    EXPECT_GT(ledger.live_blocks(), 0U);
  }

  EXPECT_GT(ledger.allocations(), 0U);
  EXPECT_TRUE(ledger.balanced());
}

// Go's TestMapStringBytesLookup, in our words: what only reads or overwrites asks for no memory.
TEST(MapMemory, ReadsOverwritesAndErasesAskForNone) {
  using allocator = support::counting_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;
  support::allocation_ledger ledger;
  map m{allocator(ledger)};
  for (int i = 0; i < 1000; ++i) m[i] = i;
  const std::size_t before = ledger.allocations();

  for (int i = 0; i < 1000; ++i) m[i] = -i;
  for (int i = 0; i < 2000; ++i) (void)m.contains(i);
  for (const auto& entry : m) ASSERT_EQ(entry.first, -entry.second);
  for (int i = 0; i < 1000; ++i) m.erase(i);

  EXPECT_EQ(ledger.allocations(), before);
}

TEST(MapMemory, AReservedMapAsksForNoMoreUntilFull) {
  using allocator = support::counting_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, support::identity_hash, std::equal_to<>, allocator>;
  support::allocation_ledger ledger;
  map m(allocator{ledger});
  m.reserve(1024);
  const std::size_t before = ledger.allocations();

  // identity_hash fills each bucket evenly, so no bucket needs an overflow bucket.
  for (int i = 0; i < 1024; ++i) m[i] = i;

  EXPECT_EQ(ledger.allocations(), before);
}

}  // namespace map_references_test
