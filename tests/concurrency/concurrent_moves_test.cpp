// concurrent_moves_test.cpp -- concurrent_map moved, copied and swapped as a whole: what it costs,
// what is left behind, and where allocators go.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>

#include "support/chosen_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/crew.hpp"
#include "support/fault.hpp"
#include "support/rationed_resource.hpp"
#include "support/types.hpp"

namespace concurrent_moves_test {

using support::allocation_ledger;
using support::numbers;

template <class Map>
numbers fill(Map& m, std::uint64_t n) {
  numbers model;
  for (std::uint64_t i = 0; i < n; ++i) {
    m.store(support::make_value<typename Map::key_type>(i),
            support::make_value<typename Map::mapped_type>(i));
    model[i] = i;
  }
  return model;
}

// ---- moving

template <class Map>
class ConcurrentMoves : public testing::Test {};
TYPED_TEST_SUITE(ConcurrentMoves, support::concurrent_kinds);

TYPED_TEST(ConcurrentMoves, CannotFail) {
  static_assert(std::is_nothrow_move_constructible_v<TypeParam>);
  static_assert(std::is_nothrow_move_assignable_v<TypeParam>);
  static_assert(std::is_nothrow_swappable_v<TypeParam>);
}

TEST(ConcurrentMovesInAVector, CopyNoEntryWhenItGrows) {
  using map = gomap::concurrent_map<int, support::tracked>;
  std::vector<map> maps(1);
  for (int i = 0; i < 100; ++i) maps[0].try_emplace(i, 7U);
  const std::size_t copies = support::object_counts::copies;

  for (int i = 0; i < 20; ++i) maps.emplace_back();

  EXPECT_EQ(support::object_counts::copies, copies);
  EXPECT_EQ(maps[0].size(), 100U);
}

TYPED_TEST(ConcurrentMoves, LeaveAMapOfAsManyShardsThatDoesEverything) {
  using key_type = typename TypeParam::key_type;
  const auto key = support::make_value<key_type>(1);
  TypeParam m({.shards = 8}, {support::hash_kind::good});
  fill(m, 100);
  const auto empty_one = [&]() -> TypeParam& {
    const TypeParam taken(std::move(m));
    return m;
  };

  EXPECT_EQ(empty_one().shard_count(), 8U);
  EXPECT_EQ(empty_one().hash_function().kind, support::hash_kind::good);
  support::expect_holds(empty_one(), {});
  EXPECT_EQ(empty_one().load(key), std::nullopt);
  EXPECT_FALSE(empty_one().contains(key));
  EXPECT_EQ(empty_one().erase(key), 0U);
  EXPECT_EQ(empty_one().visit_all([](auto&) {}), 0U);
  EXPECT_EQ(empty_one().erase_if([](auto&) { return true; }), 0U);
  EXPECT_TRUE(empty_one().scan({}, [](auto&) {}) != gomap::scan_cursor());
  EXPECT_EQ(empty_one().snapshot().size(), 0U);
  EXPECT_EQ(empty_one().stats().shards, 8U);
  empty_one().clear();
  empty_one().reserve(100);
  const TypeParam copy(empty_one());
  EXPECT_TRUE(copy.empty());
  TypeParam other;
  other.swap(empty_one());
  EXPECT_EQ(other.shard_count(), 8U);
  EXPECT_EQ(other.merge(empty_one()), 0U);
  const std::vector<key_type> keys{key};
  std::vector<std::optional<typename TypeParam::mapped_type>> found(1);
  empty_one().load_many(keys, found.begin());
  EXPECT_EQ(found[0], std::nullopt);
  EXPECT_EQ(empty_one().cvisit(keys.begin(), keys.end(), [](const auto&) {}), 0U);
  const numbers model = fill(empty_one(), 1000);
  support::expect_holds(m, model);
}

TYPED_TEST(ConcurrentMoves, LeaveAMapThatManyThreadsBeginToUseAtOnce) {
  for (int round = 0; round < 50; ++round) {
    TypeParam m({.shards = 4});
    fill(m, 4);
    const TypeParam taken(std::move(m));
    support::together(4, [&](int which) {
      const auto n = static_cast<std::uint64_t>(which);
      m.store(support::make_value<typename TypeParam::key_type>(n),
              support::make_value<typename TypeParam::mapped_type>(n));
      EXPECT_TRUE(m.contains(support::make_value<typename TypeParam::key_type>(n)));
    });
    support::expect_holds(m, {{0, 0}, {1, 1}, {2, 2}, {3, 3}});
  }
}

// Threads that ask for memory wait until as many as `missing` says have asked: but only for a
// second, since a map may let one of them ask for all.
struct meeting {
  std::atomic<int> missing{0};

  void await() noexcept {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    missing.fetch_sub(1, std::memory_order_acq_rel);
    while (missing.load(std::memory_order_acquire) > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
  }
};

template <class T>
struct meeting_allocator {
  using value_type = T;

  explicit meeting_allocator(meeting& m) noexcept : met(&m) {}
  template <class U>
  meeting_allocator(const meeting_allocator<U>& other) noexcept : met(other.met) {}

  T* allocate(std::size_t n) {
    met->await();
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) noexcept { std::allocator<T>().deallocate(p, n); }

  template <class U>
  friend bool operator==(const meeting_allocator& a, const meeting_allocator<U>& b) noexcept {
    return a.met == b.met;
  }

  meeting* met;
};

TEST(ConcurrentMovesOfMapsWhoseShardsAreMadeByMany, LeaveTheShardsOfOneOfThem) {
  meeting all;
  using map = gomap::concurrent_map<int, int, gomap::hash<int>, std::equal_to<>,
                                    meeting_allocator<std::pair<const int, int>>>;
  map m({.shards = 4}, map::allocator_type(all));
  const map taken(std::move(m));
  all.missing = 4;

  support::together(4, [&](int n) { m.store(n, n); });

  EXPECT_EQ(m.size(), 4U);
  for (int n = 0; n < 4; ++n) EXPECT_EQ(m.load(n), n);
}

// std::function throws when it is copied, and is empty once it was moved from.
TEST(ConcurrentMovesOfMapsWithHashesThatThrowWhenCopied, CannotFailEither) {
  using hash = std::function<std::size_t(int)>;
  using map = gomap::concurrent_map<int, int, hash>;
  static_assert(std::is_nothrow_move_constructible_v<map>);
  map m({.shards = 2}, [](int n) { return static_cast<std::size_t>(n); });
  m.store(1, 1);

  map taken(std::move(m));
  EXPECT_EQ(taken.load(1), 1);
  m = std::move(taken);
  EXPECT_EQ(m.load(1), 1);
}

TEST(ConcurrentMoves, AllocateNothing) {
  allocation_ledger ledger;
  using entry = std::pair<const int, int>;
  using map = gomap::concurrent_map<int, int, gomap::hash<int>, std::equal_to<>,
                                    support::propagating_allocator<entry>>;
  {
    map m({.shards = 4}, support::propagating_allocator<entry>(ledger));
    m.store(1, 1);
    const std::size_t before = ledger.allocations();
    map taken(std::move(m));
    m = std::move(taken);
    map with_allocator(std::move(m), support::propagating_allocator<entry>(ledger));
    m.swap(with_allocator);
    EXPECT_EQ(ledger.allocations(), before);
    EXPECT_EQ(m.load(1), 1);
  }
  EXPECT_TRUE(ledger.balanced());
}

// ---- where allocators go

template <class Propagation, support::may_fail Failing = support::may_fail::no>
using ledger_map = gomap::concurrent_map<
    std::string, std::string, gomap::hash<std::string>, std::equal_to<>,
    support::ledger_allocator<std::pair<const std::string, std::string>, Propagation, Failing>>;

template <class Propagation>
class ConcurrentAllocators : public testing::Test {
 protected:
  using map = ledger_map<Propagation>;
  using allocator = typename map::allocator_type;

  ~ConcurrentAllocators() noexcept override {
    EXPECT_TRUE(first_.balanced());
    EXPECT_TRUE(second_.balanced());
  }
  map make(allocation_ledger& ledger, std::uint64_t n) {
    map m({.shards = 2}, allocator(ledger));
    fill(m, n);
    return m;
  }
  static void expect_uses(const map& m, const allocation_ledger& ledger, std::uint64_t n) {
    EXPECT_EQ(&m.get_allocator().ledger(), &ledger);
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) model[i] = i;
    support::expect_holds(m, model);
  }

  allocation_ledger first_;
  allocation_ledger second_;
};
using propagations =
    support::types<2, support::propagation<false, false, false>,
                   support::propagation<true, true, true>, support::propagation<true, false, false>,
                   support::propagation<false, true, false>>;
TYPED_TEST_SUITE(ConcurrentAllocators, propagations);

TYPED_TEST(ConcurrentAllocators, GoAlongWithACopyAsTheySay) {
  auto to = this->make(this->first_, 3);
  const auto from = this->make(this->second_, 100);
  to = from;
  this->expect_uses(to, TypeParam::on_copy ? this->second_ : this->first_, 100);
  this->expect_uses(from, this->second_, 100);
}

TYPED_TEST(ConcurrentAllocators, GoAlongWithAMoveAsTheySay) {
  auto to = this->make(this->first_, 3);
  auto from = this->make(this->second_, 100);
  const std::size_t before = this->first_.allocations();
  to = std::move(from);
  this->expect_uses(to, TypeParam::on_move ? this->second_ : this->first_, 100);
  this->expect_uses(from, this->second_, 0);
  EXPECT_EQ(this->first_.allocations() == before, TypeParam::on_move);
  fill(from, 10);
  this->expect_uses(from, this->second_, 10);

  auto equal = this->make(this->first_, 3);
  auto other = this->make(this->first_, 50);
  const std::size_t between = this->first_.allocations();
  equal = std::move(other);
  this->expect_uses(equal, this->first_, 50);
  EXPECT_EQ(this->first_.allocations(), between) << "equal allocators: nothing is moved singly";
}

TYPED_TEST(ConcurrentAllocators, GoAlongWithASwapAsTheySay) {
  auto a = this->make(this->first_, 3);
  auto b = this->make(TypeParam::on_swap ? this->second_ : this->first_, 100);
  a.swap(b);
  this->expect_uses(a, TypeParam::on_swap ? this->second_ : this->first_, 100);
  this->expect_uses(b, this->first_, 3);
  swap(a, b);
  this->expect_uses(a, this->first_, 3);
}

TYPED_TEST(ConcurrentAllocators, AreGivenToCopiesAndMovedMaps) {
  using map = typename TestFixture::map;
  using allocator = typename TestFixture::allocator;
  auto from = this->make(this->second_, 100);
  const map copy(from, allocator(this->first_));
  this->expect_uses(copy, this->first_, 100);
  map moved(std::move(from), allocator(this->first_));
  this->expect_uses(moved, this->first_, 100);
  this->expect_uses(from, this->second_, 0);
  const map again(std::move(moved), allocator(this->first_));
  this->expect_uses(again, this->first_, 100);
}

TYPED_TEST(ConcurrentAllocators, OfAnEmptyMapThatIsMovedAllocateNothing) {
  using map = typename TestFixture::map;
  using allocator = typename TestFixture::allocator;
  auto from = this->make(this->second_, 0);
  const std::size_t before = this->first_.allocations();
  const map moved(std::move(from), allocator(this->first_));
  EXPECT_EQ(this->first_.allocations(), before);
  this->expect_uses(moved, this->first_, 0);
}

// Entry by entry, each of which may fail: what has moved comes back.
TEST(ConcurrentAllocatorsThatFail, LeaveTheMapThatIsMovedWhole) {
  using map = ledger_map<support::stays, support::may_fail::yes>;
  allocation_ledger first;
  allocation_ledger second;
  int failures = 0;
  {
    map from({.shards = 2}, typename map::allocator_type(second));
    const numbers model = fill(from, 200);
    for (std::size_t n = 1; from.size() != 0; ++n) {
      support::fault::arm(support::point::allocate, n, {});
      try {
        const map moved(std::move(from), typename map::allocator_type(first));
        support::fault::disarm();
        support::expect_holds(moved, model);
      } catch (const std::bad_alloc&) {
        support::fault::disarm();
        ++failures;
        support::expect_holds(from, model);
      }
    }
  }
  EXPECT_GT(failures, 2);
  EXPECT_TRUE(first.balanced());
  EXPECT_TRUE(second.balanced());
}

// ---- memory resources

using pmr_map = gomap::pmr::concurrent_map<std::pmr::string, std::pmr::string>;

class ConcurrentPmr : public testing::Test {
 protected:
  static void fill(pmr_map& m, int n) {
    for (int i = 0; i < n; ++i) m.store(text(i), text(i));
  }
  static void expect_holds(const pmr_map& m, int n) {
    EXPECT_EQ(m.size(), static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) EXPECT_EQ(m.load(text(i)), text(i));
    m.check_invariants();
  }
  static std::pmr::string text(int n) {
    return std::pmr::string("a text that no small buffer holds ") + std::to_string(n).c_str();
  }

  std::pmr::synchronized_pool_resource first_;
  std::pmr::synchronized_pool_resource second_;
};

TEST_F(ConcurrentPmr, MapsAreMovedAssignedAndSwapped) {
  static_assert(std::is_nothrow_move_constructible_v<pmr_map>);
  pmr_map a(&first_);
  fill(a, 100);

  pmr_map taken(std::move(a));
  EXPECT_EQ(taken.get_allocator().resource(), &first_);
  expect_holds(taken, 100);
  expect_holds(a, 0);

  pmr_map b(&second_);
  fill(b, 7);
  b = std::move(taken);
  EXPECT_EQ(b.get_allocator().resource(), &second_);
  expect_holds(b, 100);
  expect_holds(taken, 0);

  b.visit_all([&](const auto& e) { EXPECT_EQ(e.second.get_allocator().resource(), &second_); });
  a = b;
  EXPECT_EQ(a.get_allocator().resource(), &first_);
  expect_holds(a, 100);

  pmr_map c(&first_);
  c.swap(a);
  expect_holds(c, 100);
  expect_holds(a, 0);
  c = {{text(1), text(1)}};
  EXPECT_EQ(c.size(), 1U);
}

// Of these std::deque says that they can be copied, and not that a move throws nothing.
TEST(ConcurrentMovesOfContainersOfMoveOnly, AreMoves) {
  using value = std::deque<std::unique_ptr<int>>;
  gomap::concurrent_map<int, value> m;
  for (int i = 0; i < 100; ++i) {
    m.update(i, [&](value& v) { v.emplace_back(std::make_unique<int>(i)); });
  }

  EXPECT_EQ(*m.exchange(1, value())->front(), 1);
  m.compute(2, [](auto& e) { EXPECT_EQ(*e->front(), 2); });
  EXPECT_EQ(*m.load_and_erase(3)->front(), 3);
  gomap::map<int, value> all(std::move(m));
  const gomap::concurrent_map<int, value> back(std::move(all));
  EXPECT_EQ(back.cvisit(4, [](const auto& e) { EXPECT_EQ(*e.second.front(), 4); }), 1U);
}

// What has moved comes back to the resource that it came from.
TEST_F(ConcurrentPmr, MapsThatCannotBeMovedToAnotherResourceKeepTheirOwn) {
  pmr_map from({.shards = 2}, &first_);
  fill(from, 60);
  for (std::size_t blocks = 0; !from.empty(); ++blocks) {
    support::rationed_resource few({.blocks = blocks});
    try {
      const pmr_map moved(std::move(from), &few);
      EXPECT_EQ(moved.size(), 60U);
    } catch (const std::bad_alloc&) {
      expect_holds(from, 60);
      from.visit_all(
          [&](const auto& e) { EXPECT_EQ(e.second.get_allocator().resource(), &first_); });
    }
  }
}

TEST_F(ConcurrentPmr, MapsTakeTheResourceOfTheirContainer) {
  std::pmr::vector<pmr_map> maps(&first_);
  maps.emplace_back();
  fill(maps.back(), 10);
  maps.emplace_back(gomap::concurrent_options{.shards = 2});
  pmr_map elsewhere(&second_);
  fill(elsewhere, 20);
  maps.push_back(elsewhere);
  maps.push_back(std::move(elsewhere));

  for (const pmr_map& m : maps) EXPECT_EQ(m.get_allocator().resource(), &first_);
  expect_holds(maps[0], 10);
  expect_holds(maps[2], 20);
  expect_holds(maps[3], 20);
}

}  // namespace concurrent_moves_test
