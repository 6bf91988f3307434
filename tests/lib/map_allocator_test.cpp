// map_allocator_test.cpp -- gomap::map over stateful, minimal and polymorphic allocators.
//
// The propagation traits decide whose memory an assignment or a swap leaves a map with. Each of the
// eight combinations runs with equal and with unequal allocators; a ledger an allocator proves that
// every block went back to where it came from.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/types.hpp"

namespace map_allocator_test {

using support::allocation_ledger;
using support::object_counts;
using support::propagation;
using support::tracked;

template <class Propagation>
class MapPropagation : public ::testing::Test {
 protected:
  using allocator = support::ledger_allocator<std::pair<const int, tracked>, Propagation>;
  using map = gomap::map<int, tracked, support::good_hash, std::equal_to<>, allocator>;
  static constexpr int size = 200;  // enough for a growth to be under way at some copies

  ~MapPropagation() override {
    EXPECT_TRUE(first.balanced());
    EXPECT_TRUE(second.balanced());
    EXPECT_EQ(object_counts::live, live_before);
  }

  static void fill(map& m, int n) {
    for (int i = 0; i < n; ++i) m.try_emplace(i, static_cast<std::uint64_t>(i));
  }
  static void expect_filled(const map& m, int n) {
    ASSERT_NO_THROW(m.check_invariants());
    ASSERT_EQ(m.size(), static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) ASSERT_EQ(m.at(i).number(), static_cast<std::uint64_t>(i));
  }

  allocation_ledger first;
  allocation_ledger second;
  const long live_before = object_counts::live;
};

using combinations =
    support::types<3, propagation<false, false, false>, propagation<true, false, true>,
                   propagation<false, true, false>, propagation<false, false, true>,
                   propagation<false, true, true>, propagation<true, false, false>,
                   propagation<true, true, false>, propagation<true, true, true>>;
TYPED_TEST_SUITE(MapPropagation, combinations);

TYPED_TEST(MapPropagation, CopyConstructionAsksTheAllocator) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  this->fill(source, this->size);

  const auto copy = source;
  const typename TestFixture::map elsewhere(source, typename TestFixture::allocator(this->second));

  EXPECT_EQ(&copy.get_allocator().ledger(), &this->first);
  EXPECT_EQ(&elsewhere.get_allocator().ledger(), &this->second);
  this->expect_filled(copy, this->size);
  this->expect_filled(elsewhere, this->size);
}

TYPED_TEST(MapPropagation, MoveConstructionTakesTheMemory) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  this->fill(source, this->size);
  object_counts::reset();

  const auto moved = std::move(source);

  EXPECT_EQ(&moved.get_allocator().ledger(), &this->first);
  EXPECT_EQ(object_counts::moves + object_counts::copies, 0U);
  this->expect_filled(moved, this->size);
}

TYPED_TEST(MapPropagation, MoveConstructionWithAnEqualAllocatorTakesTheMemory) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  this->fill(source, this->size);
  object_counts::reset();

  const typename TestFixture::map moved(std::move(source),
                                        typename TestFixture::allocator(this->first));

  EXPECT_EQ(object_counts::moves + object_counts::copies, 0U);
  this->expect_filled(moved, this->size);
}

TYPED_TEST(MapPropagation, MoveConstructionWithAnotherAllocatorMovesTheEntries) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  this->fill(source, this->size);
  object_counts::reset();

  const typename TestFixture::map moved(std::move(source),
                                        typename TestFixture::allocator(this->second));

  EXPECT_EQ(&moved.get_allocator().ledger(), &this->second);
  EXPECT_EQ(object_counts::copies, 0U);
  EXPECT_GE(object_counts::moves, static_cast<std::size_t>(this->size));
  this->expect_filled(moved, this->size);
  source.check_invariants();
}

TYPED_TEST(MapPropagation, CopyAssignmentBetweenEqualAllocators) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  typename TestFixture::map target{typename TestFixture::allocator(this->first)};
  this->fill(source, this->size);
  this->fill(target, 10);

  target = source;

  this->expect_filled(target, this->size);
  this->expect_filled(source, this->size);
}

TYPED_TEST(MapPropagation, CopyAssignmentBetweenUnequalAllocators) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  typename TestFixture::map target{typename TestFixture::allocator(this->second)};
  this->fill(source, this->size);
  this->fill(target, 10);

  target = source;

  EXPECT_EQ(&target.get_allocator().ledger(), TypeParam::on_copy ? &this->first : &this->second);
  this->expect_filled(target, this->size);
  this->expect_filled(source, this->size);
}

TYPED_TEST(MapPropagation, MoveAssignmentBetweenEqualAllocatorsTakesTheMemory) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  typename TestFixture::map target{typename TestFixture::allocator(this->first)};
  this->fill(source, this->size);
  this->fill(target, 10);
  object_counts::reset();

  target = std::move(source);

  EXPECT_EQ(object_counts::moves + object_counts::copies, 0U);
  this->expect_filled(target, this->size);
  source.check_invariants();
}

TYPED_TEST(MapPropagation, MoveAssignmentBetweenUnequalAllocators) {
  typename TestFixture::map source{typename TestFixture::allocator(this->first)};
  typename TestFixture::map target{typename TestFixture::allocator(this->second)};
  this->fill(source, this->size);
  this->fill(target, 10);
  object_counts::reset();

  target = std::move(source);

  EXPECT_EQ(&target.get_allocator().ledger(), TypeParam::on_move ? &this->first : &this->second);
  EXPECT_EQ(object_counts::copies, 0U);
  if (TypeParam::on_move) {
    EXPECT_EQ(object_counts::moves, 0U);
  }
  this->expect_filled(target, this->size);
  source.check_invariants();
  this->fill(source, this->size);  // a moved-from map works on, with the allocator it has
}

TYPED_TEST(MapPropagation, SwapOfEqualAllocators) {
  typename TestFixture::map a{typename TestFixture::allocator(this->first)};
  typename TestFixture::map b{typename TestFixture::allocator(this->first)};
  this->fill(a, this->size);
  this->fill(b, 10);
  object_counts::reset();

  swap(a, b);

  EXPECT_EQ(object_counts::moves + object_counts::copies, 0U);
  this->expect_filled(a, 10);
  this->expect_filled(b, this->size);
}

// Unequal allocators that do not travel must not be swapped: std leaves that undefined.
TYPED_TEST(MapPropagation, SwapOfUnequalAllocatorsThatTravel) {
  if constexpr (TypeParam::on_swap) {
    typename TestFixture::map a{typename TestFixture::allocator(this->first)};
    typename TestFixture::map b{typename TestFixture::allocator(this->second)};
    this->fill(a, this->size);
    this->fill(b, 10);

    swap(a, b);

    EXPECT_EQ(&a.get_allocator().ledger(), &this->second);
    EXPECT_EQ(&b.get_allocator().ledger(), &this->first);
    this->expect_filled(a, 10);
    this->expect_filled(b, this->size);
  }
}

TYPED_TEST(MapPropagation, MergeBetweenUnequalAllocatorsMovesTheEntries) {
  typename TestFixture::map a{typename TestFixture::allocator(this->first)};
  typename TestFixture::map b{typename TestFixture::allocator(this->second)};
  this->fill(a, 100);
  this->fill(b, this->size);

  a.merge(b);

  this->expect_filled(a, this->size);
  this->expect_filled(b, 100);
}

TEST(MapAllocator, MoveOnlyValuesCrossUnequalAllocators) {
  using allocator = support::counting_allocator<std::pair<const int, support::tracked_move_only>>;
  using map =
      gomap::map<int, support::tracked_move_only, support::good_hash, std::equal_to<>, allocator>;
  allocation_ledger first;
  allocation_ledger second;
  {
    map a{allocator(first)};
    map b{allocator(second)};
    for (int i = 0; i < 100; ++i) a.try_emplace(i, static_cast<std::uint64_t>(i));

    b = std::move(a);

    EXPECT_EQ(b.size(), 100U);
    EXPECT_EQ(b.at(99).number(), 99U);
    b.check_invariants();
  }
  EXPECT_TRUE(first.balanced());
  EXPECT_TRUE(second.balanced());
}

// What the standard asks of an allocator, and not one member more: no default constructor, no
// rebind, no traits.
template <class T>
struct minimal_allocator {
  using value_type = T;
  explicit minimal_allocator(int) {}
  template <class U>
  minimal_allocator(const minimal_allocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* p, std::size_t n) noexcept { std::allocator<T>{}.deallocate(p, n); }
  friend bool operator==(const minimal_allocator&, const minimal_allocator&) { return true; }
};

TEST(MapAllocator, AMinimalOneIsEnough) {
  using allocator = minimal_allocator<std::pair<const int, std::string>>;
  using map = gomap::map<int, std::string, gomap::hash<int>, std::equal_to<>, allocator>;
  map m{allocator(1)};
  for (int i = 0; i < 1000; ++i) m[i] = std::to_string(i);

  map copy = m;
  map moved = std::move(m);
  swap(copy, moved);
  moved = copy;
  copy = std::move(moved);
  copy.shrink_to_fit();

  EXPECT_EQ(copy.size(), 1000U);
  EXPECT_EQ(copy.at(999), "999");
  copy.check_invariants();
}

// An allocator may be named for another type; std's containers rebind it.
TEST(MapAllocator, IsReboundToTheEntry) {
  using map = gomap::map<int, std::string, gomap::hash<int>, std::equal_to<>, std::allocator<char>>;
  static_assert(std::is_same_v<map::allocator_type, std::allocator<char>>);
  static_assert(std::is_same_v<map::pointer, std::pair<const int, std::string>*>);
  static_assert(std::is_same_v<map::const_pointer, const std::pair<const int, std::string>*>);
  map m;
  for (int i = 0; i < 100; ++i) m[i] = std::to_string(i);

  map copy(m, m.get_allocator());
  map moved(std::move(m), copy.get_allocator());
  copy.swap(moved);
  copy = moved;

  EXPECT_EQ(copy.at(99), "99");
  EXPECT_EQ(copy.size(), 100U);
}

// A copy takes the allocator that the source's selects, not the source's own.
template <class T>
struct resetting_allocator : minimal_allocator<T> {
  int tag;
  explicit resetting_allocator(int t) : minimal_allocator<T>(t), tag(t) {}
  template <class U>
  resetting_allocator(const resetting_allocator<U>& o) noexcept
      : minimal_allocator<T>(o), tag(o.tag) {}
  template <class U>
  struct rebind {
    using other = resetting_allocator<U>;
  };
  [[nodiscard]] resetting_allocator select_on_container_copy_construction() const {
    return resetting_allocator(0);
  }
};

TEST(MapAllocator, CopyConstructionSelectsTheAllocator) {
  using allocator = resetting_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;
  map source{allocator(7)};
  source[1] = 10;

  const map copy = source;
  const map moved = std::move(source);

  EXPECT_EQ(copy.get_allocator().tag, 0);
  EXPECT_EQ(copy.at(1), 10);
  EXPECT_EQ(moved.get_allocator().tag, 7);
}

TEST(MapPmr, TakesItsMemoryFromTheResource) {
  std::pmr::monotonic_buffer_resource arena;
  std::pmr::unsynchronized_pool_resource pool;
  for (std::pmr::memory_resource* resource : {static_cast<std::pmr::memory_resource*>(&arena),
                                              static_cast<std::pmr::memory_resource*>(&pool)}) {
    gomap::pmr::map<int, int> m(resource);
    for (int i = 0; i < 2000; ++i) m[i] = -i;
    for (int i = 0; i < 2000; i += 2) m.erase(i);

    EXPECT_EQ(m.get_allocator().resource(), resource);
    EXPECT_EQ(m.size(), 1000U);
    EXPECT_EQ(m.at(999), -999);
    m.check_invariants();
  }
}

// Refuses everything, so that whatever goes past the given resource shows.
class DefaultResourceRefuses : public ::testing::Test {
 protected:
  DefaultResourceRefuses()
      : before(std::pmr::set_default_resource(std::pmr::null_memory_resource())) {}
  ~DefaultResourceRefuses() override { std::pmr::set_default_resource(before); }

  std::pmr::memory_resource* before;
};

using pmr_texts = gomap::pmr::map<std::pmr::string, std::pmr::string>;
constexpr std::string_view long_text = "a text that is longer than any small buffer";

// std's rule: keys and values that can take the map's allocator get it, after each move as well.
TEST_F(DefaultResourceRefuses, KeysAndValuesUseTheMapsResource) {
  std::pmr::monotonic_buffer_resource arena(std::pmr::new_delete_resource());
  pmr_texts m(&arena);

  for (int i = 0; i < 500; ++i) {
    m.try_emplace(std::pmr::string(long_text, &arena) += std::to_string(i), long_text);
  }

  EXPECT_EQ(m.size(), 500U);
  for (const auto& [key, value] : m) {
    ASSERT_EQ(key.get_allocator().resource(), &arena);
    ASSERT_EQ(value.get_allocator().resource(), &arena);
  }
}

TEST_F(DefaultResourceRefuses, ACopyElsewhereTakesKeysAndValuesAlong) {
  std::pmr::monotonic_buffer_resource here(std::pmr::new_delete_resource());
  std::pmr::monotonic_buffer_resource there(std::pmr::new_delete_resource());
  pmr_texts m(&here);
  for (int i = 0; i < 100; ++i) {
    m.try_emplace(std::pmr::string(long_text, &here) += std::to_string(i), long_text);
  }

  const pmr_texts copy(m, &there);
  pmr_texts moved(std::move(m), &there);

  EXPECT_EQ(copy, moved);
  for (const auto& [key, value] : copy) ASSERT_EQ(value.get_allocator().resource(), &there);
  for (const auto& [key, value] : moved) ASSERT_EQ(key.get_allocator().resource(), &there);
}

TEST_F(DefaultResourceRefuses, AssignmentKeepsTheTargetsResource) {
  std::pmr::monotonic_buffer_resource here(std::pmr::new_delete_resource());
  std::pmr::monotonic_buffer_resource there(std::pmr::new_delete_resource());
  pmr_texts a(&here);
  pmr_texts b(&there);
  a.try_emplace(std::pmr::string(long_text, &here), long_text);

  b = a;
  EXPECT_EQ(b.get_allocator().resource(), &there);
  EXPECT_EQ(b.begin()->first.get_allocator().resource(), &there);

  b.clear();
  b = std::move(a);
  EXPECT_EQ(b.begin()->second.get_allocator().resource(), &there);
  EXPECT_EQ(b.size(), 1U);
}

TEST(MapPageAllocator, TakesItsMemoryFromTheSource) {
  gomap::page_source source;
  using allocator = gomap::page_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;

  {
    map m{allocator(source)};
    for (int i = 0; i < 50'000; ++i) m[i] = i;
    EXPECT_GT(source.stats().bytes_in_use, 50'000 * sizeof(map::value_type));
    map copy = m;
    copy = map(m, allocator(source));
    m.clear();

    EXPECT_EQ(&copy.get_allocator().source(), &source);
    EXPECT_EQ(copy.size(), 50'000U);
    EXPECT_EQ(copy.at(49'999), 49'999);
    copy.check_invariants();
  }
  EXPECT_EQ(source.stats().bytes_in_use, 0U);
}

// With no cache each discarded page is gone at once, so giving back one page too many shows.
TEST(MapPageAllocator, EvacuatedPartsGoBackWhileTheRestIsRead) {
  gomap::page_options options;
  options.cache_floor_bytes = 0;
  options.cache_percent = 0;
  gomap::page_source source(options);
  using allocator = gomap::page_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;
  map m{allocator(source)};

  for (int i = 0; i < 150'000; ++i) {
    m[i] = -i;
    if (m.growing() && i % 5'000 == 0) {
      ASSERT_NO_THROW(m.check_invariants()) << i;
    }
  }

  EXPECT_GT(source.stats().bytes_discarded, 0U);
  for (int i = 0; i < 150'000; ++i) ASSERT_EQ(m.at(i), -i);
}

TEST(MapPageAllocator, MoveBetweenSourcesTakesTheMemoryAlong) {
  gomap::page_source first;
  gomap::page_source second;
  using allocator = gomap::page_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;
  map a{allocator(first)};
  map b{allocator(second)};
  for (int i = 0; i < 1000; ++i) a[i] = b[-i] = i;
  const int* const value = a.lookup(7);

  b = std::move(a);

  EXPECT_EQ(&b.get_allocator().source(), &first);
  EXPECT_EQ(b.lookup(7), value);
  EXPECT_EQ(b.size(), 1000U);
}

}  // namespace map_allocator_test
