// concurrent_whole_test.cpp -- concurrent_map as a whole, on one thread: how it is made, copied,
// moved, merged, turned into a map and back, and what it says about itself.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/concurrent_map_stats.hpp>
#include <gomap/hash.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/rw_mutex.hpp>

#include "support/chosen_hash.hpp"
#include "support/colliding_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"

namespace concurrent_whole_test {

using support::hash_kind;
using support::number_of;
using support::numbers;

template <class Map>
class ConcurrentWhole : public support::concurrent_test<Map> {
 protected:
  using test = support::concurrent_test<Map>;
  using map_type = typename Map::map_type;

  static numbers contents(const map_type& m) {
    numbers found;
    for (const auto& [k, v] : m) found[number_of(k)] = number_of(v);
    return found;
  }
  // n entries, in a map for one thread.
  static map_type make_map(std::uint64_t n, hash_kind kind = hash_kind::good) {
    map_type m(0, {kind});
    for (std::uint64_t i = 0; i < n; ++i) m.try_emplace(test::key(i), test::value(i + 1000));
    return m;
  }
};
TYPED_TEST_SUITE(ConcurrentWhole, support::concurrent_kinds);

// ---- construction

TYPED_TEST(ConcurrentWhole, HasTheMembersThatAreExpected) {
  using map = TypeParam;
  using entry = std::pair<const typename map::key_type, typename map::mapped_type>;
  static_assert(std::is_same_v<typename map::value_type, entry>);
  static_assert(std::is_same_v<typename map::size_type, std::size_t>);
  static_assert(std::is_same_v<typename map::difference_type, std::ptrdiff_t>);
  static_assert(std::is_same_v<typename map::key_equal, std::equal_to<>>);
  static_assert(std::is_same_v<typename map::mutex_type, gomap::rw_mutex>);
  static_assert(std::is_same_v<typename map::allocator_type::value_type, entry>);
  static_assert(sizeof(map) <= 256);
  const map m({.shards = 2}, {hash_kind::low_bits});
  EXPECT_EQ(m.hash_function().kind, hash_kind::low_bits);
  EXPECT_TRUE(m.key_eq()(1, 1));
  EXPECT_TRUE(m.get_allocator() == typename map::allocator_type());
}

TYPED_TEST(ConcurrentWhole, ShardsAreRoundedUpToAPowerOfTwo) {
  for (const auto& [asked, made] : std::vector<std::pair<std::size_t, std::size_t>>{
           {1, 1}, {2, 2}, {3, 4}, {5, 8}, {64, 64}, {65, 128}, {1000, 1024}}) {
    EXPECT_EQ(TypeParam({.shards = asked}).shard_count(), made);
  }
  const std::size_t chosen = TypeParam().shard_count();
  EXPECT_GE(chosen, 16U);
  EXPECT_EQ(chosen & (chosen - 1), 0U);
  EXPECT_EQ(TypeParam({.shards = 0}).shard_count(), chosen);
}

TYPED_TEST(ConcurrentWhole, TooManyShardsAreRefused) {
  EXPECT_THROW(TypeParam({.shards = (std::size_t{1} << 16) + 1}), std::length_error);
  EXPECT_THROW(TypeParam({.shards = ~std::size_t{0}}), std::length_error);
}

TYPED_TEST(ConcurrentWhole, TooManyEntriesAreRefused) {
  for (const std::size_t shards : {1, 64}) {
    EXPECT_THROW(TypeParam({.shards = shards, .capacity = ~std::size_t{0}}), std::length_error);
    TypeParam m({.shards = shards});
    EXPECT_THROW(m.reserve(~std::size_t{0}), std::length_error);
    support::expect_holds(m, {});
  }
}

TYPED_TEST(ConcurrentWhole, IsMadeOfRangesAndLists) {
  using entry = typename TypeParam::value_type;
  std::vector<entry> list;
  numbers model;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    list.emplace_back(this->key(i), this->value(i));
    model[i] = i;
  }

  support::expect_holds(TypeParam(list.begin(), list.end()), model);
  support::expect_holds(TypeParam(list.begin(), list.end(), {.shards = 2, .capacity = 1000}),
                        model);
  support::expect_holds(TypeParam({entry(list[1]), entry(list[2]), entry(list[1])}),
                        {{1, 1}, {2, 2}});
  const TypeParam few({list[1]}, {.shards = 4}, {hash_kind::colliding});
  EXPECT_EQ(few.shard_count(), 4U);
  EXPECT_EQ(few.hash_function().kind, hash_kind::colliding);
}

TYPED_TEST(ConcurrentWhole, CapacityAndReserveMakeGrowingUnnecessary) {
  for (const std::size_t shards : {1, 2, 64}) {
    TypeParam made({.shards = shards, .capacity = 5000, .seed = 7}, {hash_kind::good});
    TypeParam reserved({.shards = shards, .seed = 7}, {hash_kind::good});
    this->fill(reserved, 10);
    reserved.reserve(5000);
    const auto before = made.stats();
    const auto before_reserved = reserved.stats();
    EXPECT_FALSE(before_reserved.total.growing);

    this->fill(made, 5000);
    for (std::uint64_t i = 10; i < 5000; ++i) reserved.store(this->key(i), this->value(i + 1000));

    EXPECT_EQ(made.stats().total.growths_double, before.total.growths_double);
    EXPECT_EQ(made.stats().total.buckets, before.total.buckets);
    EXPECT_EQ(reserved.stats().total.growths_double, before_reserved.total.growths_double);
    EXPECT_EQ(reserved.stats().total.buckets, before_reserved.total.buckets);
    EXPECT_EQ(support::contents_of(made), support::contents_of(reserved));
    made.check_invariants();
    reserved.reserve(10);
    EXPECT_EQ(reserved.stats().total.buckets, before_reserved.total.buckets);
  }
}

TYPED_TEST(ConcurrentWhole, ReserveInTheMiddleOfAGrowthKeepsEverything) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    for (std::uint64_t i = n; i < 2 * n && !m.stats().total.growing; ++i) {
      m.store(this->key(i), this->value(i));
      model[i] = i;
    }

    m.reserve(4 * n);

    support::expect_holds(m, model);
  });
}

// The seed decides in which shard a key is, so that a test can be repeated.
TYPED_TEST(ConcurrentWhole, ASeedMakesTheShardsRepeatable) {
  const auto fullest = [&](std::uint64_t seed) {
    TypeParam m({.shards = 64, .seed = seed}, {hash_kind::seeded});
    this->fill(m, 500);
    return std::pair(m.stats().worst_shard, m.stats().worst.size);
  };

  constexpr std::uint64_t far_apart = 0x9E3779B97F4A7C15;
  int differ = 0;
  for (std::uint64_t i = 1; i < 6; ++i) {
    EXPECT_EQ(fullest(i * far_apart), fullest(i * far_apart));
    if (fullest(i * far_apart) != fullest((i + 1) * far_apart)) ++differ;
  }
  EXPECT_GT(differ, 0);
}

// ---- copy, move, swap

TYPED_TEST(ConcurrentWhole, ACopyIsIndependent) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    TypeParam copy(m);
    ASSERT_EQ(copy.shard_count(), m.shard_count());
    ASSERT_EQ(copy.hash_function().kind, m.hash_function().kind);
    m.store(this->key(0), this->value(1));
    m.erase(this->key(1));
    support::expect_holds(copy, model);

    TypeParam assigned({.shards = 8});
    this->fill(assigned, 3);
    assigned = copy;
    copy.clear();
    support::expect_holds(assigned, model);
    const TypeParam& same = assigned;
    assigned = same;
    support::expect_holds(assigned, model);
  });
}

TYPED_TEST(ConcurrentWhole, AMoveTakesEverythingAndLeavesAnEmptyMap) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    TypeParam taken(std::move(m));
    support::expect_holds(taken, model);
    support::expect_holds(m, {});
    this->fill(m, 20);

    m = std::move(taken);
    support::expect_holds(m, model);
    support::expect_holds(taken, {});
    this->fill(taken, 20);
    EXPECT_EQ(taken.size(), 20U);

    TypeParam& same = m;
    m = std::move(same);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentWhole, SwapExchangesEverything) {
  TypeParam a({.shards = 2, .seed = 1}, {hash_kind::good});
  TypeParam b({.shards = 64, .seed = 2}, {hash_kind::colliding});
  const numbers of_a = this->fill(a, 1000);
  const numbers of_b = this->fill(b, 50);

  a.swap(b);
  support::expect_holds(a, of_b);
  support::expect_holds(b, of_a);
  EXPECT_EQ(a.shard_count(), 64U);
  EXPECT_EQ(a.hash_function().kind, hash_kind::colliding);

  swap(a, b);
  support::expect_holds(a, of_a);
  using std::swap;
  swap(a, a);
  support::expect_holds(a, of_a);
}

TYPED_TEST(ConcurrentWhole, AListReplacesEverything) {
  using entry = typename TypeParam::value_type;
  TypeParam m({.shards = 4}, {hash_kind::good});
  this->fill(m, 100);

  m = {entry(this->key(1), this->value(2)), entry(this->key(3), this->value(4))};

  support::expect_holds(m, {{1, 2}, {3, 4}});
  EXPECT_EQ(m.shard_count(), 4U);
}

// ---- from and to a map for one thread

TYPED_TEST(ConcurrentWhole, IsMadeOfAMapByMove) {
  for (const hash_kind kind : {hash_kind::good, hash_kind::colliding}) {
    auto from = this->make_map(kind == hash_kind::good ? 3000 : 60, kind);
    const numbers model = this->contents(from);

    const TypeParam m(std::move(from), {.shards = 2});

    support::expect_holds(m, model);
    EXPECT_EQ(m.hash_function().kind, kind);
    EXPECT_TRUE(from.empty());
    from.try_emplace(this->key(1), this->value(1));
    from.check_invariants();
  }
}

TYPED_TEST(ConcurrentWhole, TurnsIntoAMapByMove) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    const auto all = static_cast<typename TypeParam::map_type>(std::move(m));

    ASSERT_EQ(this->contents(all), model);
    ASSERT_EQ(all.size(), n);
    all.check_invariants();
    support::expect_holds(m, {});
    this->fill(m, 20);
  });
}

TEST(ConcurrentWholeOfMoveOnlyTypes, GoesFromMapToMap) {
  using support::move_only;
  using map = gomap::concurrent_map<move_only, move_only, support::good_hash>;
  map::map_type from;
  numbers model;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    from.try_emplace(move_only(i), i + 1);
    model[i] = i + 1;
  }

  map m(std::move(from), {.shards = 4});
  support::expect_holds(m, model);
  map moved(std::move(m));
  support::expect_holds(moved, model);
  const auto back = static_cast<map::map_type>(std::move(moved));

  EXPECT_EQ(back.size(), 1000U);
  EXPECT_EQ(back.at(move_only(7)).number(), 8U);
}

// ---- merge

TYPED_TEST(ConcurrentWhole, MergeMovesWhatIsMissing) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    TypeParam other({.shards = 8}, {hash_kind::good});
    for (std::uint64_t i = n / 2; i < 2 * n; ++i) other.store(this->key(i), this->value(i));

    ASSERT_EQ(m.merge(other), n);
    for (std::uint64_t i = n; i < 2 * n; ++i) model[i] = i;
    support::expect_holds(m, model);
    numbers left;
    for (std::uint64_t i = n / 2; i < n; ++i) left[i] = i;
    support::expect_holds(other, left);
    ASSERT_EQ(m.merge(other), 0U);

    // And the other way round: neither is ever first.
    ASSERT_EQ(other.merge(m), 2 * n - left.size());
    support::expect_holds(m, numbers(model.find(n / 2), model.find(n)));
    ASSERT_EQ(m.merge(std::move(other)), 2 * n - left.size());
  });
}

TYPED_TEST(ConcurrentWhole, MergingAMapWithItselfDoesNothing) {
  TypeParam m;
  const numbers model = this->fill(m, 500);

  EXPECT_EQ(m.merge(m), 0U);

  support::expect_holds(m, model);
}

TEST(ConcurrentMerge, TakesMapsOfOtherHashesComparisonsAndMutexes) {
  gomap::concurrent_map<std::string, support::move_only> m;
  gomap::concurrent_map<
      std::string, support::move_only, std::hash<std::string>, std::equal_to<std::string>,
      gomap::page_allocator<std::pair<const std::string, support::move_only>>, std::shared_mutex>
      other({.shards = 2});
  for (std::uint64_t i = 0; i < 500; ++i) other.try_emplace(std::to_string(i), i);
  m.try_emplace("7", 0U);

  EXPECT_EQ(m.merge(other), 499U);

  EXPECT_EQ(m.size(), 500U);
  EXPECT_EQ(other.size(), 1U);
  m.cvisit("8", [](const auto& e) { EXPECT_EQ(e.second.number(), 8U); });
  m.check_invariants();
  other.check_invariants();
}

// ---- what it says about itself

TYPED_TEST(ConcurrentWhole, StatsSumTheShardsAndShowTheFullest) {
  TypeParam m({.shards = 4, .seed = 7}, {hash_kind::good});
  this->fill(m, 3000);

  const gomap::concurrent_map_stats s = m.stats();

  EXPECT_EQ(s.shards, 4U);
  EXPECT_EQ(s.total.size, 3000U);
  EXPECT_LT(s.worst_shard, 4U);
  EXPECT_GE(s.worst.size, 750U);
  EXPECT_LT(s.worst.size, 1000U);
  EXPECT_GE(s.total.buckets, 3000U / 8);
  EXPECT_GT(s.total.buckets, s.worst.buckets);
  EXPECT_DOUBLE_EQ(s.total.load, 3000.0 / static_cast<double>(s.total.buckets));
  EXPECT_GE(s.total.growths_double, 4U);
  EXPECT_GE(s.total.bytes_reserved, s.total.bytes_in_use);
  EXPECT_GE(s.total.bytes_peak, s.total.bytes_reserved);
  EXPECT_GE(s.total.longest_chain, s.worst.longest_chain);
  EXPECT_TRUE(s == m.stats());
}

TYPED_TEST(ConcurrentWhole, StatsTellOneShardAndCountThoseThatGrow) {
  TypeParam m({.shards = 4, .seed = 7}, {hash_kind::good});
  bool seen_growing = false;

  for (std::uint64_t n = 0; n < 3000; ++n) {
    m.store(this->key(n), this->value(n));
    if (n % 20 != 0) continue;
    std::size_t entries = 0;
    std::size_t growing = 0;
    for (std::size_t i = 0; i < m.shard_count(); ++i) {
      entries += m.stats(i).size;
      growing += m.stats(i).growing ? 1U : 0U;
    }
    EXPECT_EQ(entries, m.size());
    EXPECT_EQ(m.stats().growing_shards, growing);
    seen_growing = seen_growing || growing > 0;
  }

  EXPECT_TRUE(seen_growing);
  EXPECT_THROW(static_cast<void>(m.stats(4)), std::out_of_range);
}

TEST(ConcurrentStats, OfOneChainAreTheWorst) {
  support::words_without_lock m({.shards = 64}, {hash_kind::colliding});
  for (std::uint64_t i = 0; i < 80; ++i) m.store(i, i);

  const auto s = m.stats();

  EXPECT_EQ(s.worst.size, 80U);
  EXPECT_EQ(s.worst_shard, 0U);
  EXPECT_GE(s.total.longest_chain, 10U);
  EXPECT_EQ(s.worst.size, s.total.size);
}

TEST(ConcurrentStats, AreWrittenForPeopleAndAsJson) {
  gomap::concurrent_map<int, int> m({.shards = 2});
  for (int i = 0; i < 100; ++i) m.store(i, i);
  const auto s = m.stats();
  std::ostringstream text;

  text << s;

  std::ostringstream total;
  total << s.total;
  EXPECT_NE(text.str().find("2 shards, " + std::to_string(s.growing_shards) + " growing"),
            std::string::npos)
      << text.str();
  EXPECT_NE(text.str().find(total.str()), std::string::npos) << text.str();
  EXPECT_EQ(to_json(s), "{\"shards\":2,\"growing_shards\":" + std::to_string(s.growing_shards) +
                            ",\"total\":" + to_json(s.total) + ",\"worst\":" + to_json(s.worst) +
                            ",\"worst_shard\":" + std::to_string(s.worst_shard) + "}");
}

// ---- memory

template <class T>
using counting = support::counting_allocator<T>;

template <class Key, class T>
using counted_map = gomap::concurrent_map<Key, T, gomap::hash<Key>, std::equal_to<>,
                                          counting<std::pair<const Key, T>>>;

TEST(ConcurrentMemory, AnEmptyMapHasNoBuckets) {
  support::allocation_ledger ledger;
  {
    counted_map<std::string, std::string> m(
        counting<std::pair<const std::string, std::string>>{ledger});
    EXPECT_EQ(ledger.allocations(), 1U);  // the shards
    const std::size_t shards = ledger.live_bytes();
    EXPECT_LE(shards, m.shard_count() * 4 * 64 + 64);

    EXPECT_FALSE(m.contains("x"));
    EXPECT_EQ(m.erase("x"), 0U);
    EXPECT_EQ(m.visit_all([](auto&) {}), 0U);
    m.clear();
    m.check_invariants();
    EXPECT_TRUE(m.snapshot().empty());
    EXPECT_EQ(ledger.live_bytes(), shards);
    EXPECT_EQ(m.stats().total.bytes_reserved, 0U);

    m.store("x", "y");
    EXPECT_GT(ledger.live_bytes(), shards);
  }
  EXPECT_TRUE(ledger.balanced());
}

TEST(ConcurrentMemory, WalksAllocateNothing) {
  support::allocation_ledger ledger;
  {
    counted_map<std::uint64_t, std::uint64_t> m(
        {.shards = 4}, {}, {}, counting<std::pair<const std::uint64_t, std::uint64_t>>{ledger});
    for (std::uint64_t i = 0; i < 3000; ++i) m.store(i, i);
    const std::size_t before = ledger.allocations();

    m.visit_all([](auto&) {});
    m.cvisit_all([](const auto&) {});
    m.erase_if([](const auto& e) { return e.first % 2 == 0; });
    for (std::uint64_t i = 0; i < 3000; ++i) {
      EXPECT_EQ(m.load(i).has_value(), i % 2 == 1);
      m.erase(i);
    }
    m.clear();

    EXPECT_EQ(ledger.allocations(), before);
  }
  EXPECT_TRUE(ledger.balanced());
}

TEST(ConcurrentMemory, GoesBackWithItsAllocatorWhoeverHasIt) {
  support::allocation_ledger ledger_a;
  support::allocation_ledger ledger_b;
  {
    using allocator = support::propagating_allocator<std::pair<const std::string, std::string>>;
    using map = gomap::concurrent_map<std::string, std::string, gomap::hash<std::string>,
                                      std::equal_to<>, allocator>;
    map a({.shards = 2}, {}, {}, allocator(ledger_a));
    map b({.shards = 4}, {}, {}, allocator(ledger_b));
    for (int i = 0; i < 500; ++i) a.store(std::to_string(i), "a");
    for (int i = 400; i < 900; ++i) b.store(std::to_string(i), "b");

    a.swap(b);
    EXPECT_EQ(&a.get_allocator().ledger(), &ledger_b);
    map copy(a);
    map taken(std::move(a));
    a = copy;
    b.merge(taken);
    const auto plain = static_cast<map::map_type>(std::move(b));
    map again(std::move(copy));

    EXPECT_EQ(plain.size(), 900U);
    EXPECT_EQ(again.size(), 500U);
  }
  EXPECT_TRUE(ledger_a.balanced());
  EXPECT_TRUE(ledger_b.balanced());
}

TEST(ConcurrentMemory, EveryObjectDiesOnce) {
  const long live = support::object_counts::live;
  {
    gomap::concurrent_map<support::tracked, support::tracked, support::good_hash> m({.shards = 4});
    for (std::uint64_t i = 0; i < 2000; ++i) {
      m.insert_or_assign(support::tracked(i), support::tracked(i));
      if (i % 3 == 0) m.erase(support::tracked(i / 2));
    }
    EXPECT_EQ(support::object_counts::live - live, 2 * static_cast<long>(m.size()));
    m.erase_if([](const auto& e) { return e.first.number() % 2 == 0; });
    EXPECT_EQ(support::object_counts::live - live, 2 * static_cast<long>(m.size()));
    auto copy = m;
    m.clear();
    EXPECT_EQ(support::object_counts::live - live, 2 * static_cast<long>(copy.size()));
  }
  EXPECT_EQ(support::object_counts::live, live);
}

}  // namespace concurrent_whole_test
