// growth_in_place_test.cpp -- a map grows where it is: what stays, what is counted, what may happen
// meanwhile.
//
// An array that the allocator extends is old and current array at once, and a growth of the same
// size never asks for another. The extending allocator hands out garbage, so a bucket that is read
// before it is written shows. Walks over such growths: growth_in_place_walk_test.cpp.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/chosen_hash.hpp"
#include "support/colliding_hash.hpp"
#include "support/counting_value.hpp"
#include "support/extending_allocator.hpp"
#include "support/fault.hpp"
#include "support/growth.hpp"
#include "support/make_value.hpp"
#include "support/model_map.hpp"

namespace growth_in_place_test {

using support::extension_ledger;
using support::make_value;

constexpr std::size_t much_room = 1024;  // a first array can become so many times as large

template <class Key, class T, class Hash>
using extending_map = gomap::map<Key, T, Hash, std::equal_to<>,
                                 support::extending_allocator<std::pair<const Key, T>>>;

// From two buckets on, consecutive numbers fill it evenly: it has no overflow buckets, and every
// allocation is an array.
using even_map = extending_map<std::uint64_t, std::uint64_t, support::identity_hash>;
constexpr std::size_t two_buckets = 13;

template <class Map>
Map make_map(extension_ledger& ledger) {
  return Map(typename Map::allocator_type(ledger));
}

even_map make_even_map(extension_ledger& ledger) {
  even_map m = make_map<even_map>(ledger);
  m.reserve(two_buckets);
  return m;
}

template <class Map>
void insert_numbers(Map& m, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t n = first; n < last; ++n) m.try_emplace(n, n);
}

template <class Map>
void expect_numbers(const Map& m, std::uint64_t count) {
  ASSERT_NO_THROW(m.check_invariants());
  ASSERT_EQ(m.size(), count);
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::uint64_t* const found = m.lookup(n);
    ASSERT_NE(found, nullptr) << "lost " << n;
    ASSERT_EQ(*found, n);
  }
}

// ---- one array -------------------------------------------------------------------------------

TEST(GrowthInPlace, TakesOneArrayForAllDoublings) {
  extension_ledger ledger(much_room);
  {
    even_map m = make_even_map(ledger);

    insert_numbers(m, 0, 3000);

    expect_numbers(m, 3000);
    EXPECT_EQ(m.bucket_count(), 512U);
    EXPECT_EQ(ledger.allocations(), 1U);
    EXPECT_EQ(ledger.extends(), 8U);
    EXPECT_EQ(m.stats().growths_double, 8U);
    EXPECT_EQ(m.stats().growths_same_size, 0U);
    EXPECT_EQ(ledger.discards(), 0U);
  }
  EXPECT_TRUE(ledger.balanced());
}

TEST(GrowthInPlace, CountsOneArrayAtEveryStep) {
  extension_ledger ledger(much_room);
  even_map m = make_even_map(ledger);
  m.growth_step(1);
  std::size_t while_growing = 0;

  for (std::uint64_t n = 0; n < 1000; ++n) {
    m.try_emplace(n, n);
    const gomap::map_stats stats = m.stats();
    ASSERT_EQ(stats.bytes_reserved, ledger.bytes_in_use());
    ASSERT_EQ(stats.bytes_in_use, stats.bytes_reserved) << "nothing is given back meanwhile";
    ASSERT_EQ(stats.bytes_peak, stats.bytes_reserved) << "there never was another array";
    while_growing += stats.growing ? 1U : 0U;
  }

  EXPECT_GT(while_growing, 100U);
  EXPECT_EQ(ledger.bytes_peak(), ledger.bytes_in_use());
}

// What stays is not even touched: references outlive the growth, which a caller must not count on
// but which tells that nothing was copied to and fro.
template <class Map>
void expect_the_lower_half_to_stay() {
  extension_ledger ledger(much_room);
  Map m = make_map<Map>(ledger);
  const std::uint64_t next = support::insert_until_growing(m, 0);
  ASSERT_GE(m.bucket_count(), 32U);
  const std::uint64_t high = m.bucket_count() / 2;
  std::vector<const std::uint64_t*> before;
  for (std::uint64_t n = 0; n < next; ++n) before.push_back(m.lookup(n));

  m.finish_growth();

  for (std::uint64_t n = 0; n < next; ++n) {
    const bool moved_before = n % high < 2;  // by the insertion that began the growth
    EXPECT_EQ(m.lookup(n) != before[n], (n & high) != 0 && !moved_before) << n;
  }
}

// Heads without overflow buckets take a way of their own if the hash cannot throw.
struct quiet_identity_hash : support::identity_hash {
  std::uint64_t operator()(std::uint64_t n) const noexcept { return n; }
};

TEST(GrowthInPlace, LeavesTheLowerHalfWhereItIs) {
  expect_the_lower_half_to_stay<even_map>();
  expect_the_lower_half_to_stay<extending_map<std::uint64_t, std::uint64_t, quiet_identity_hash>>();
}

template <class Hash>
void expect_the_upper_half_to_move() {
  extension_ledger ledger(much_room);
  const long live = support::object_counts::live;
  {
    auto m = make_map<extending_map<std::uint64_t, support::tracked, Hash>>(ledger);
    m.reserve(two_buckets);
    m.growth_step(1);
    for (std::uint64_t n = 0; n < 105; ++n) m.try_emplace(n, n);
    ASSERT_TRUE(m.growing());
    support::object_counts::reset();

    m.finish_growth();

    // Of 16 buckets, one has been split; 15 hold six entries or seven, three of which go.
    EXPECT_EQ(support::object_counts::moves, 15U * 3);
    EXPECT_EQ(support::object_counts::copies, 0U);
    for (std::uint64_t n = 0; n < 105; ++n) ASSERT_EQ(m.at(n).number(), n);
    EXPECT_EQ(support::object_counts::live, live + 105);
  }
  EXPECT_EQ(support::object_counts::live, live);
}

TEST(GrowthInPlace, MovesTheUpperHalfAlone) {
  expect_the_upper_half_to_move<support::identity_hash>();
  expect_the_upper_half_to_move<quiet_identity_hash>();
}

TEST(GrowthInPlace, ReservesSeveralDoublingsAtOnce) {
  extension_ledger ledger(much_room);
  even_map m = make_even_map(ledger);
  insert_numbers(m, 0, 100);
  const std::size_t extends_before = ledger.extends();

  m.reserve(3000);

  expect_numbers(m, 100);
  EXPECT_EQ(m.bucket_count(), 512U);
  EXPECT_EQ(ledger.allocations(), 1U);
  EXPECT_EQ(ledger.extends(), extends_before + 1);
}

// What lies behind the mark is given back where the old array is another, and never in place.
// Wide values, so that an old array has more than the 256 KiB that are given back at once.
TEST(GrowthInPlace, DiscardsNothingOfItsOnlyArray) {
  using map = extending_map<std::uint64_t, support::wide_value, support::identity_hash>;
  for (const bool refused : {false, true}) {
    extension_ledger ledger(refused ? 1 : much_room / 2);
    map m = make_map<map>(ledger);
    m.reserve(two_buckets);
    ledger.refuse_extends(refused);

    for (std::uint64_t n = 0; n < 2000; ++n) m.try_emplace(n, support::wide_value(n));

    ASSERT_NO_THROW(m.check_invariants());
    for (std::uint64_t n = 0; n < 2000; ++n) ASSERT_EQ(m.at(n).number(), n);
    EXPECT_EQ(ledger.extends() == 0, refused);
    EXPECT_EQ(ledger.discards() > 0, refused);
  }
}

// Chains with overflow buckets, split over more than two targets.
TEST(GrowthInPlace, SplitsLongChainsOverManyTargets) {
  using map = extending_map<std::uint64_t, std::uint64_t, support::identity_hash>;
  extension_ledger ledger(much_room);
  {
    map m = make_map<map>(ledger);
    for (std::uint64_t n = 0; n < 50; ++n) m.try_emplace(n * 128, n);
    ASSERT_GT(m.stats().longest_chain, 4U);

    m.reserve(3000);

    ASSERT_NO_THROW(m.check_invariants());
    EXPECT_EQ(m.stats().longest_chain, 2U);
    for (std::uint64_t n = 0; n < 50; ++n) EXPECT_EQ(m.at(n * 128), n);
    EXPECT_EQ(ledger.extends(), m.stats().growths_double);
  }
  EXPECT_TRUE(ledger.balanced());
}

// ---- falling back to two arrays --------------------------------------------------------------

TEST(GrowthInPlace, TakesASecondArrayWhereExtensionIsRefused) {
  extension_ledger ledger(much_room);
  {
    even_map m = make_even_map(ledger);
    ledger.refuse_extends(true);

    insert_numbers(m, 0, 105);
    const gomap::map_stats stats = m.stats();

    ASSERT_TRUE(stats.growing);
    EXPECT_EQ(ledger.extends(), 0U);
    EXPECT_EQ(ledger.refused_extends(), stats.growths_double);
    EXPECT_EQ(ledger.allocations(), 1 + stats.growths_double);
    EXPECT_EQ(ledger.live_blocks(), 2U);
    EXPECT_EQ(stats.bytes_reserved, ledger.bytes_in_use());
    expect_numbers(m, 105);
  }
  EXPECT_TRUE(ledger.balanced());
}

TEST(GrowthInPlace, TakesASecondArrayWhenTheRoomIsUsedUp) {
  extension_ledger ledger(4);
  {
    even_map m = make_even_map(ledger);
    for (std::uint64_t n = 0; n < 3000; ++n) {
      m.try_emplace(n, n);
      ASSERT_EQ(m.stats().bytes_reserved, ledger.bytes_in_use());
      ASSERT_LE(ledger.live_blocks(), m.growing() ? 2U : 1U);
    }

    // Two doublings in place, then one to a new array, and so on.
    expect_numbers(m, 3000);
    EXPECT_EQ(ledger.extends(), 6U);
    EXPECT_EQ(ledger.refused_extends(), 2U);
    EXPECT_EQ(ledger.allocations(), 3U);
  }
  EXPECT_TRUE(ledger.balanced());
}

// An allocator that changes its mind within a growth, too: only the start of one asks it.
TEST(GrowthInPlace, GoesOnWholeWhenTheAllocatorChangesItsMind) {
  extension_ledger ledger(much_room);
  {
    extending_map<std::uint64_t, std::uint64_t, support::good_hash> m =
        make_map<extending_map<std::uint64_t, std::uint64_t, support::good_hash>>(ledger);
    m.growth_step(1);
    for (std::uint64_t n = 0; n < 3000; ++n) {
      ledger.refuse_extends(n / 20 % 2 == 1);
      m.try_emplace(n, n);
      if (n % 20 == 0) expect_numbers(m, n + 1);
    }

    expect_numbers(m, 3000);
    EXPECT_GT(ledger.extends(), 2U);
    EXPECT_GT(ledger.refused_extends(), 2U);
  }
  EXPECT_TRUE(ledger.balanced());
}

// ---- entries that are copied, since their move could throw -----------------------------------

using copied_map =
    extending_map<support::throwing_move, support::throwing_move, support::good_hash>;

void expect_copied_numbers(const copied_map& m, std::uint64_t count) {
  ASSERT_NO_THROW(m.check_invariants());
  ASSERT_EQ(m.size(), count);
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto* const found = m.lookup(support::throwing_move(n));
    ASSERT_NE(found, nullptr) << "lost " << n;
    ASSERT_EQ(found->number(), n);
  }
}

TEST(GrowthInPlace, IsNotTriedWithEntriesThatAreCopied) {
  extension_ledger ledger(much_room);
  copied_map m = make_map<copied_map>(ledger);

  for (std::uint64_t n = 0; n < 300; ++n) m.try_emplace(support::throwing_move(n), n);
  m.reserve(2000);
  m.rehash(m.bucket_count());

  expect_copied_numbers(m, 300);
  EXPECT_EQ(ledger.extends(), 0U);
  EXPECT_EQ(ledger.refused_extends(), 0U);
}

// The n-th copy of a growth throws, for every n: the growth stays where it was.
TEST(GrowthInPlace, TakesNothingFromTheStrongGuaranteeOfCopiedEntries) {
  std::size_t thrown = 0;
  for (const bool same_size : {false, true}) {
    for (std::size_t nth = 1;; ++nth) {
      extension_ledger ledger(2);
      const long live = support::object_counts::live;
      bool threw = false;
      {
        copied_map m = make_map<copied_map>(ledger);
        const std::uint64_t count = support::insert_until_growing(m, 0, support::throwing_move(0));
        for (std::uint64_t n = 0; n < count; ++n) {
          m.insert_or_assign(support::throwing_move(n), support::throwing_move(n));
        }
        if (same_size) m.finish_growth();
        try {
          const support::armed_fault armed(support::point::copy, nth);
          same_size ? m.rehash(m.bucket_count()) : m.finish_growth();
        } catch (const support::injected_fault&) {
          threw = true;
          ++thrown;
        }
        expect_copied_numbers(m, count);
        m.finish_growth();
        expect_copied_numbers(m, count);
      }
      ASSERT_EQ(support::object_counts::live, live);
      ASSERT_TRUE(ledger.balanced());
      if (!threw || HasFailure()) break;
    }
  }
  EXPECT_GT(thrown, 200U);
}

// ---- a hash that throws ----------------------------------------------------------------------

template <class Value>
using watched_map = extending_map<Value, std::uint64_t, support::watched_hash<>>;

// The n-th hash of a growth in place throws, for every n: nothing of the chain has moved then.
TEST(GrowthInPlace, IsWholeWhereverTheHashThrows) {
  using support::tracked;
  const long live = support::object_counts::live;
  std::size_t thrown = 0;
  for (std::size_t nth = 1;; ++nth) {
    extension_ledger ledger(much_room);
    bool threw = false;
    {
      auto m = make_map<watched_map<tracked>>(ledger);
      const std::uint64_t count = support::insert_until_growing(m, 0);
      ASSERT_GT(m.stats().overflow_buckets, 0U) << "long chains take another way";
      const auto expect_whole = [&] {
        ASSERT_NO_THROW(m.check_invariants());
        ASSERT_EQ(m.size(), count);
        for (std::uint64_t n = 0; n < count; ++n) ASSERT_TRUE(m.contains(tracked(n))) << n;
      };

      try {
        const support::armed_fault armed(support::point::hash, nth);
        m.finish_growth();
      } catch (const support::injected_fault&) {
        threw = true;
        ++thrown;
      }

      EXPECT_EQ(m.growing(), threw);
      expect_whole();
      m.finish_growth();
      expect_whole();
      EXPECT_EQ(ledger.extends(), m.stats().growths_double);
    }
    ASSERT_EQ(support::object_counts::live, live);
    ASSERT_TRUE(ledger.balanced());
    if (!threw || HasFailure()) break;
  }
  EXPECT_GT(thrown, 80U);
}

// ---- growth of the same size -----------------------------------------------------------------

// Counts the arrays that a map asks for: a slab's units are no larger than their alignment.
template <class T>
struct array_counting_allocator {
  using value_type = T;

  array_counting_allocator(std::size_t& arrays) noexcept : arrays_(&arrays) {}
  template <class U>
  array_counting_allocator(const array_counting_allocator<U>& other) noexcept
      : arrays_(other.arrays_) {}

  T* allocate(std::size_t n) {
    if (sizeof(T) > alignof(T)) ++*arrays_;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) noexcept { std::allocator<T>().deallocate(p, n); }

  template <class U>
  friend bool operator==(const array_counting_allocator& a,
                         const array_counting_allocator<U>& b) noexcept {
    return a.arrays_ == b.arrays_;
  }

  std::size_t* arrays_;
};

template <class T>
using piled_map = gomap::map<std::uint64_t, T, support::identity_hash, std::equal_to<>,
                             array_counting_allocator<std::pair<const std::uint64_t, T>>>;

// A map in the middle of a growth of the same size, and the keys it holds.
template <class T>
struct compacting_scene {
  std::size_t arrays = 0;
  piled_map<T> map{array_counting_allocator<std::pair<const std::uint64_t, T>>(arrays)};
  std::vector<std::uint64_t> keys;
  gomap::map_stats before;  // the growth
  std::size_t arrays_before = 0;

  compacting_scene() {
    constexpr std::uint64_t even = 5 * 64;
    map.reserve(6 * 64);
    for (std::uint64_t n = 0; n < even; ++n) keys.push_back(n);
    for (const std::uint64_t n : keys) map.try_emplace(n, n);
    map.growth_step(1);
    arrays_before = arrays;
    std::uint64_t fresh = 0;
    const auto left = support::start_same_size_growth(map, fresh);
    keys.insert(keys.end(), left.begin(), left.end());
    before = map.stats();
  }
  void expect_whole() const {
    ASSERT_NO_THROW(map.check_invariants());
    ASSERT_EQ(map.size(), keys.size());
    for (const std::uint64_t n : keys) ASSERT_TRUE(map.contains(n)) << n;
  }
};

TEST(GrowthInPlace, CompactsWithoutAnArray) {
  compacting_scene<std::uint64_t> scene;
  ASSERT_TRUE(scene.before.growing);
  ASSERT_EQ(scene.before.growths_same_size, 1U);
  ASSERT_GT(scene.before.overflow_buckets, 16U);

  scene.expect_whole();
  scene.map.finish_growth();

  scene.expect_whole();
  const gomap::map_stats after = scene.map.stats();
  EXPECT_EQ(scene.arrays, scene.arrays_before);
  EXPECT_EQ(after.overflow_buckets, 0U);
  EXPECT_EQ(after.longest_chain, 1U);
  EXPECT_EQ(after.buckets, scene.before.buckets);
  EXPECT_LT(after.bytes_reserved, scene.before.bytes_reserved) << "the slabs go back";
}

TEST(GrowthInPlace, CompactsWithoutAnArrayOnDemand) {
  compacting_scene<std::uint64_t> scene;
  scene.map.finish_growth();
  const std::size_t buckets = scene.map.bucket_count();
  for (std::uint64_t n = 1; n <= 30; ++n) {
    scene.keys.push_back(n << 40);
    scene.map.try_emplace(scene.keys.back(), n);
  }
  for (std::uint64_t n = 0; n < 64; ++n) {
    if (scene.map.erase(n) == 1) std::erase(scene.keys, n);
  }

  scene.map.rehash(buckets);

  scene.expect_whole();
  EXPECT_EQ(scene.map.bucket_count(), buckets);
  EXPECT_EQ(scene.map.stats().growths_same_size, 2U);
  EXPECT_EQ(scene.arrays, scene.arrays_before);
}

TEST(GrowthInPlace, CompactsCopiedEntriesInASecondArray) {
  compacting_scene<support::throwing_move> scene;
  ASSERT_TRUE(scene.before.growing);
  ASSERT_EQ(scene.before.growths_same_size, 1U);

  scene.map.finish_growth();

  scene.expect_whole();
  EXPECT_EQ(scene.arrays, scene.arrays_before + 1);
  EXPECT_EQ(scene.map.stats().overflow_buckets, 0U);
}

// ---- whatever may happen in the middle -------------------------------------------------------

// A map in the middle of a growth in place, and its model.
template <class Key>
class busy_scene {
 public:
  using map_type = extending_map<Key, std::uint64_t, support::chosen_hash<Key>>;
  using model_type = support::model_map<Key, std::uint64_t>;

  // `progress` insertions after the one that began the growth.
  busy_scene(support::hash_kind kind, std::uint64_t progress)
      : kind_(kind), map_(make_map()), next_(0) {
    map_.growth_step(1);
    map_.reserve(1);
    ledger_->set_room_factor(4);  // none but the first array has much
    while (!map_.growing() && next_ < support::growth_search_limit) insert();
    for (; progress > 0 && map_.growing(); --progress) insert();
  }

  map_type make_map() {
    return map_type(typename map_type::seed_with(7), 0, support::chosen_hash<Key>{kind_}, {},
                    typename map_type::allocator_type(*ledger_));
  }
  void insert() {
    const Key key = make_value<Key>(next_);
    const auto at = map_.insert_or_assign(key, next_).first;
    EXPECT_TRUE(at->first == key && at->second == next_) << "what the growth moved at once";
    model_.insert_or_assign(key, next_);
    ++next_;
  }
  void expect_same() { support::expect_same(map_, model_); }
  // What follows must find the map in order, whatever was done to it.
  void expect_usable() {
    expect_same();
    for (int i = 0; i < 150; ++i) insert();
    expect_same();
    for (auto it = model_.begin(); it != model_.end(); it = model_.erase(it)) map_.erase(it->first);
    expect_same();
  }
  [[nodiscard]] std::uint64_t next() const { return next_; }
  [[nodiscard]] extension_ledger& ledger() { return *ledger_; }
  [[nodiscard]] map_type& map() { return map_; }
  [[nodiscard]] model_type& model() { return model_; }

 private:
  std::unique_ptr<extension_ledger> ledger_ = std::make_unique<extension_ledger>(much_room);
  support::hash_kind kind_;
  map_type map_;
  model_type model_;
  std::uint64_t next_;
};

template <class Key>
class GrowthInPlaceMeanwhile : public ::testing::Test {
 protected:
  using scene = busy_scene<Key>;

  static void erase_all(scene& s) {
    for (std::uint64_t n = 0; n < s.next(); ++n) ASSERT_EQ(s.map().erase(make_value<Key>(n)), 1U);
    s.model().clear();
  }
  static void erase_and_put_back(scene& s) {
    for (std::uint64_t n = 0; n < s.next(); n += 2) {
      ASSERT_EQ(s.map().erase(make_value<Key>(n)), 1U);
      ASSERT_EQ(s.map().erase(make_value<Key>(n)), 0U);
      s.map().try_emplace(make_value<Key>(n), n + 1);
      s.model()[make_value<Key>(n)] = n + 1;
    }
  }
  static void erase_found(scene& s) {
    for (std::uint64_t n = 0; n < s.next(); n += 3) {
      s.map().erase(s.map().find(make_value<Key>(n)));
      s.model().erase(make_value<Key>(n));
    }
  }
  static void erase_if_odd(scene& s) {
    const auto odd = [](const auto& entry) { return entry.second % 2 == 1; };
    ASSERT_EQ(erase_if(s.map(), odd), std::erase_if(s.model(), odd));
  }
  static void overwrite(scene& s) {
    for (std::uint64_t n = 0; n < s.next(); ++n) {
      s.map()[make_value<Key>(n)] = n + 7;
      s.model()[make_value<Key>(n)] = n + 7;
    }
  }
  static void clear(scene& s) {
    s.map().clear();
    s.model().clear();
  }
  static void swap(scene& s) {
    auto other = s.make_map();
    other.try_emplace(make_value<Key>(1), 1U);
    s.map().swap(other);
    s.map().swap(other);
    ASSERT_EQ(other.size(), 1U);
    s.map().swap(other);
    s.model() = {{make_value<Key>(1), 1}};
  }
  static void move_construct(scene& s) {
    auto other = std::move(s.map());
    ASSERT_TRUE(s.map().empty());
    s.map().try_emplace(make_value<Key>(1), 1U);
    s.map() = std::move(other);
  }
  static void copy(scene& s) {
    const auto copied = s.map();
    support::expect_same(copied, s.model());
    s.map().clear();
    support::expect_same(copied, s.model());
    s.map() = copied;
  }
  // The copy is smaller than the array that the growth leads to.
  static void copy_of_few(scene& s) {
    for (std::uint64_t n = 20; n < s.next(); ++n) {
      s.map().erase(make_value<Key>(n));
      s.model().erase(make_value<Key>(n));
    }
    const auto copied = s.map();
    support::expect_same(copied, s.model());
  }
  static void shrink(scene& s) {
    for (std::uint64_t n = 10; n < s.next(); ++n) {
      s.map().erase(make_value<Key>(n));
      s.model().erase(make_value<Key>(n));
    }
    s.map().shrink_to_fit();
    ASSERT_FALSE(s.map().growing());
  }
  static void rehash_to_the_same(scene& s) { s.map().rehash(s.map().bucket_count()); }
  static void rehash_to_more(scene& s) { s.map().rehash(s.map().bucket_count() * 8); }
  static void rehash_to_few(scene& s) { s.map().rehash(0); }
  static void reserve_several_bits(scene& s) {
    const std::size_t extends = s.ledger().extends();
    s.map().reserve(8 * s.next());
    ASSERT_EQ(s.ledger().extends(), extends + 1);
  }
  static void reserve_without_room(scene& s) {
    s.ledger().refuse_extends(true);
    s.map().reserve(20 * s.next());
  }
  static void finish(scene& s) { s.map().finish_growth(); }
  static void finish_in_one_step(scene& s) {
    s.map().growth_step(0);
    s.insert();
    ASSERT_FALSE(s.map().growing());
  }
  static void merge(scene& s) {
    auto other = s.make_map();
    for (std::uint64_t n = 0; n < 200; ++n) {
      other.try_emplace(make_value<Key>(n), n);
      s.model().try_emplace(make_value<Key>(n), n);
    }
    s.map().merge(other);
  }
  static void nothing(scene&) {}
};

using busy_keys = ::testing::Types<std::uint64_t, std::string>;
TYPED_TEST_SUITE(GrowthInPlaceMeanwhile, busy_keys);

TYPED_TEST(GrowthInPlaceMeanwhile, AnythingMayHappen) {
  using suite = GrowthInPlaceMeanwhile<TypeParam>;
  struct action {
    const char* name;
    void (*run)(busy_scene<TypeParam>&);
  };
  const std::array actions{
      action{"nothing", [](auto& s) { suite::nothing(s); }},
      action{"erase_all", [](auto& s) { suite::erase_all(s); }},
      action{"erase_and_put_back", [](auto& s) { suite::erase_and_put_back(s); }},
      action{"erase_found", [](auto& s) { suite::erase_found(s); }},
      action{"erase_if_odd", [](auto& s) { suite::erase_if_odd(s); }},
      action{"overwrite", [](auto& s) { suite::overwrite(s); }},
      action{"clear", [](auto& s) { suite::clear(s); }},
      action{"swap", [](auto& s) { suite::swap(s); }},
      action{"move_construct", [](auto& s) { suite::move_construct(s); }},
      action{"copy", [](auto& s) { suite::copy(s); }},
      action{"copy_of_few", [](auto& s) { suite::copy_of_few(s); }},
      action{"shrink", [](auto& s) { suite::shrink(s); }},
      action{"rehash_to_the_same", [](auto& s) { suite::rehash_to_the_same(s); }},
      action{"rehash_to_more", [](auto& s) { suite::rehash_to_more(s); }},
      action{"rehash_to_few", [](auto& s) { suite::rehash_to_few(s); }},
      action{"reserve_several_bits", [](auto& s) { suite::reserve_several_bits(s); }},
      action{"reserve_without_room", [](auto& s) { suite::reserve_without_room(s); }},
      action{"finish", [](auto& s) { suite::finish(s); }},
      action{"finish_in_one_step", [](auto& s) { suite::finish_in_one_step(s); }},
      action{"merge", [](auto& s) { suite::merge(s); }},
  };
  for (const action& what : actions) {
    for (const auto kind : {support::hash_kind::good, support::hash_kind::identity,
                            support::hash_kind::low_bits, support::hash_kind::colliding}) {
      for (const std::uint64_t progress : {0U, 1U, 5U}) {
        SCOPED_TRACE(std::string(what.name) + ", hash " + std::to_string(static_cast<int>(kind)) +
                     ", progress " + std::to_string(progress));
        busy_scene<TypeParam> s(kind, progress);
        ASSERT_TRUE(s.map().growing());
        ASSERT_EQ(s.ledger().refused_extends(), 0U);
        ASSERT_EQ(s.map().stats().bytes_reserved, s.ledger().bytes_in_use());
        s.expect_same();

        what.run(s);

        s.expect_usable();
        ASSERT_EQ(s.ledger().mistakes(), 0U);
        s.map() = s.make_map();
        ASSERT_TRUE(s.ledger().balanced());
        if (this->HasFailure()) return;
      }
    }
  }
}

}  // namespace growth_in_place_test
