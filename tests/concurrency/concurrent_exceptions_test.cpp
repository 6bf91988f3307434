// concurrent_exceptions_test.cpp -- concurrent_map's calls lose nothing, leak nothing and hold no
// lock, whatever throws.
//
// For n = 1, 2, 3, ... the n-th hash, comparison, construction, copy, move or allocation throws,
// until the call completes. After each, a call on one key has changed nothing or everything.
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "support/colliding_hash.hpp"
#include "support/concurrent_fault_scene.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/fault_sweep.hpp"
#include "support/trivial_values.hpp"
#include "support/types.hpp"

namespace concurrent_exceptions_test {

using support::numbers;
using support::sweep_result;

constexpr std::uint64_t new_key = 100'000;
constexpr std::uint64_t newer_key = 100'001;
constexpr std::uint64_t present_key = 3;
constexpr std::uint64_t other_key = 4;

template <class Scene>
class ConcurrentExceptions : public ::testing::Test {
 protected:
  using map = typename Scene::map;
  using map_type = typename map::map_type;

  static auto key(std::uint64_t n) { return Scene::key(n); }
  static auto value(std::uint64_t n) { return Scene::value(n); }

  // Sweeps `operate` in every state that has a present key, or in all if `also_empty`. Thrown:
  // contents as before. Not thrown: `apply` has been done to them.
  sweep_result expect_strong(const std::function<void(map&)>& operate,
                             const std::function<void(numbers&)>& apply) {
    sweep_result total{0, 0, true};
    for (const auto& state : Scene::states()) {
      SCOPED_TRACE(state.name);
      numbers before;
      const auto make = [&](support::allocation_ledger& ledger) {
        map m = Scene::make(state, ledger);
        before = support::contents_of(m);
        return m;
      };
      const auto verify = [&](map& m, bool threw) {
        numbers expected = before;
        if (!threw) apply(expected);
        Scene::expect_contents(m, expected);
        Scene::expect_usable(m);
      };
      total += support::sweep_all<map>({make, operate, verify});
      if (this->HasFailure()) break;
    }
    EXPECT_GT(total.thrown, 0U);
    return total;
  }
};

using scenes = support::types<
    2,
    support::locked_fault_scene<support::throwing_move, support::throwing_move, support::good_hash>,
    support::lock_free_fault_scene<std::uint64_t, support::three_words, support::good_hash>,
    support::locked_fault_scene<support::tracked, support::tracked, support::good_hash>,
    support::locked_fault_scene<support::tracked, support::throwing_move, support::colliding_hash>,
    support::lock_free_fault_scene<std::uint64_t, std::uint64_t, support::colliding_hash>>;
TYPED_TEST_SUITE(ConcurrentExceptions, scenes);

const auto changes_nothing = [](numbers&) {};
const auto adds_new = [](numbers& n) { n[new_key] = 1; };
const auto adds_if_absent = [](numbers& n) { n.try_emplace(present_key, 1); };
const auto sets = [](numbers& n) { n[present_key] = 1; };
const auto sets_if_present = [](numbers& n) {
  if (n.contains(present_key)) n[present_key] = 1;
};
const auto erases = [](numbers& n) { n.erase(present_key); };

TYPED_TEST(ConcurrentExceptions, Reads) {
  this->expect_strong(
      [&](const auto& m) {
        const auto k = this->key(present_key);
        (void)m.load(k);
        (void)m.load_or(k, this->value(1));
        (void)m.contains(k);
        (void)m.count(k);
        (void)m.cvisit(k, [](const auto&) {});
        (void)m.stats();
        m.check_invariants();
      },
      changes_nothing);
}

TYPED_TEST(ConcurrentExceptions, Inserts) {
  using entry = typename TypeParam::map::value_type;
  const auto ignore = [](const auto&) {};
  this->expect_strong([&](auto& m) { m.insert(entry(this->key(new_key), this->value(1))); },
                      adds_new);
  this->expect_strong(
      [&](auto& m) {
        const entry e(this->key(present_key), this->value(1));
        m.insert(e);
      },
      adds_if_absent);
  this->expect_strong(
      [&](auto& m) { m.emplace_or_visit(this->key(new_key), this->value(1), ignore); }, adds_new);
  this->expect_strong(
      [&](auto& m) { m.insert_or_cvisit(std::pair(this->key(new_key), this->value(1)), ignore); },
      adds_new);
  this->expect_strong(
      [&](auto& m) {
        m.try_emplace_and_visit(this->key(present_key), this->value(1), ignore, ignore);
      },
      adds_if_absent);
  this->expect_strong(
      [&](auto& m) {
        m.emplace(std::piecewise_construct, std::forward_as_tuple(this->key(new_key)),
                  std::forward_as_tuple(this->value(1)));
      },
      adds_new);
}

TYPED_TEST(ConcurrentExceptions, Stores) {
  this->expect_strong([&](auto& m) { m.store(this->key(new_key), this->value(1)); }, adds_new);
  this->expect_strong(
      [&](auto& m) {
        const auto k = this->key(present_key);
        const auto v = this->value(1);
        m.insert_or_assign(k, v);
      },
      sets);
}

TYPED_TEST(ConcurrentExceptions, LoadOrStore) {
  this->expect_strong([&](auto& m) { m.load_or_store(this->key(new_key), this->value(1)); },
                      adds_new);
  this->expect_strong([&](auto& m) { m.load_or_store(this->key(present_key), this->value(1)); },
                      adds_if_absent);
}

TYPED_TEST(ConcurrentExceptions, Exchange) {
  this->expect_strong([&](auto& m) { m.exchange(this->key(new_key), this->value(1)); }, adds_new);
  this->expect_strong(
      [&](auto& m) {
        const auto v = this->value(1);
        m.exchange(this->key(present_key), v);
      },
      sets);
}

TYPED_TEST(ConcurrentExceptions, CompareAndExchangeOrErase) {
  this->expect_strong(
      [&](auto& m) {
        const auto v = this->value(1);
        m.compare_exchange(this->key(present_key), this->value(present_key + 1000), v);
      },
      sets_if_present);
  this->expect_strong(
      [&](auto& m) {
        m.compare_and_erase(this->key(present_key), this->value(present_key + 1000));
      },
      erases);
}

TYPED_TEST(ConcurrentExceptions, Erases) {
  this->expect_strong([&](auto& m) { m.erase(this->key(present_key)); }, erases);
  this->expect_strong([&](auto& m) { m.load_and_erase(this->key(present_key)); }, erases);
  this->expect_strong(
      [&](auto& m) { m.erase_if(this->key(present_key), [](const auto&) { return true; }); },
      erases);
}

TYPED_TEST(ConcurrentExceptions, Updates) {
  this->expect_strong(
      [&](auto& m) { m.update(this->key(new_key), [&](auto& v) { v = this->value(1); }); },
      adds_new);
  this->expect_strong(
      [&](auto& m) { m.update(this->key(present_key), [&](auto& v) { v = this->value(1); }); },
      sets);
  this->expect_strong(
      [&](auto& m) {
        m.visit(this->key(present_key), [&](auto& e) { e.second = this->value(1); });
      },
      sets_if_present);
}

TYPED_TEST(ConcurrentExceptions, Compute) {
  this->expect_strong(
      [&](auto& m) { m.compute(this->key(new_key), [&](auto& e) { e.emplace(this->value(1)); }); },
      adds_new);
  this->expect_strong(
      [&](auto& m) {
        m.compute(this->key(present_key), [&](auto& e) { e.emplace(this->value(1)); });
      },
      sets);
  this->expect_strong(
      [&](auto& m) { m.compute(this->key(present_key), [](auto& e) { e.reset(); }); }, erases);
}

TYPED_TEST(ConcurrentExceptions, WithLockedOfSeveralKeys) {
  this->expect_strong(
      [&](auto& m) {
        m.with_locked(this->key(new_key), this->key(present_key), this->key(newer_key),
                      this->key(new_key), [&](auto& a, auto& b, auto& c, auto&) {
                        a.emplace(this->value(1));
                        b.reset();
                        c.emplace(this->value(2));
                      });
      },
      [](numbers& n) {
        n[new_key] = 1;
        n[newer_key] = 2;
        n.erase(present_key);
      });
  // One assignment, behind an insertion that has to be taken back when it fails.
  this->expect_strong(
      [&](auto& m) {
        m.with_locked(this->key(present_key), this->key(new_key), this->key(other_key),
                      [&](auto& a, auto& b, auto& c) {
                        a.emplace(this->value(1));
                        b.emplace(this->value(1));
                        c.reset();
                      });
      },
      [](numbers& n) {
        n[present_key] = 1;
        n[new_key] = 1;
        n.erase(other_key);
      });
}

// ---- many entries: nothing is lost, and what is done is done whole

TYPED_TEST(ConcurrentExceptions, BatchesDoEachKeyWholly) {
  using map = typename TypeParam::map;
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    numbers before;
    const auto make = [&](support::allocation_ledger& ledger) {
      map m = TypeParam::make(state, ledger);
      before = support::contents_of(m);
      return m;
    };
    const auto insert = [&](map& m) {
      std::vector<std::pair<typename map::key_type, typename map::mapped_type>> list;
      for (std::uint64_t i = 0; i < 30; ++i) {
        list.emplace_back(this->key(new_key + i), this->value(i));
      }
      m.insert_many(list);
    };
    const auto inserted = [&](map& m, bool threw) {
      const numbers after = support::contents_of(m);
      for (const auto& [k, v] : before) ASSERT_EQ(after.at(k), v);
      for (const auto& [k, v] : after) ASSERT_TRUE(before.contains(k) || v == k - new_key);
      ASSERT_TRUE(threw || after.size() == before.size() + 30);
      TypeParam::expect_contents(m, after);
      TypeParam::expect_usable(m);
    };
    const auto erase = [&](map& m) {
      std::vector<typename map::key_type> keys;
      for (std::uint64_t i = 0; i < 10; ++i) keys.push_back(this->key(i));
      std::vector<std::optional<typename map::mapped_type>> found;
      m.load_many(keys, std::back_inserter(found));
      m.cvisit(keys.begin(), keys.end(), [](const auto&) {});
      m.erase_many(keys);
    };
    const auto erased = [&](map& m, bool threw) {
      const numbers after = support::contents_of(m);
      for (const auto& [k, v] : before) ASSERT_TRUE(k < 10 || after.at(k) == v);
      for (const auto& [k, v] : after) ASSERT_TRUE(threw || k >= 10);
      TypeParam::expect_contents(m, after);
      TypeParam::expect_usable(m);
    };

    EXPECT_GT(support::sweep_all<map>({make, insert, inserted}).thrown, 0U);
    if (this->HasFailure()) return;
    EXPECT_GT(support::sweep_all<map>({make, erase, erased}).thrown, 0U);
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(ConcurrentExceptions, CopiesSnapshotsAndReserves) {
  using map = typename TypeParam::map;
  this->expect_strong([](auto& m) { const map copy(m); }, changes_nothing);
  this->expect_strong(
      [](auto& m) {
        map other({.shards = 1}, {}, {}, m.get_allocator());
        other = m;
      },
      changes_nothing);
  this->expect_strong([](auto& m) { (void)m.snapshot(); }, changes_nothing);
  this->expect_strong([](auto& m) { m.reserve(4 * m.size() + 100); }, changes_nothing);
}

// To an allocator that is not equal: entry by entry.
TYPED_TEST(ConcurrentExceptions, AMoveThatFailsTakesNothing) {
  using map = typename TypeParam::map;
  support::allocation_ledger elsewhere;
  this->expect_strong(
      [&](auto& m) { const map taken(std::move(m), TypeParam::allocator(elsewhere)); },
      [](numbers& n) { n.clear(); });
  EXPECT_TRUE(elsewhere.balanced());
}

template <class Map>
struct two_maps {
  Map a;
  Map b;
};

TYPED_TEST(ConcurrentExceptions, AMergeLosesNothing) {
  using map = typename TypeParam::map;
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    numbers all;
    const auto make = [&](support::allocation_ledger& ledger) {
      two_maps<map> two{TypeParam::make(state, ledger),
                        TypeParam::make({"more", 10, false}, ledger)};
      for (std::uint64_t i = 0; i < 12; ++i) {
        two.b.try_emplace(this->key(new_key + i), this->value(i));
      }
      all = support::contents_of(two.b);
      all.merge(support::contents_of(two.a));
      return two;
    };
    const auto merge = [](two_maps<map>& two) { two.a.merge(two.b); };
    const auto verify = [&](two_maps<map>& two, bool threw) {
      const numbers in_a = support::contents_of(two.a);
      const numbers in_b = support::contents_of(two.b);
      for (const auto& [k, v] : all) {
        ASSERT_TRUE(in_a.contains(k) || in_b.contains(k)) << "lost key " << k;
        ASSERT_TRUE(in_a.contains(k) ? in_a.at(k) == v : in_b.at(k) == v) << "key " << k;
        ASSERT_TRUE(threw || in_a.contains(k));
      }
      TypeParam::expect_contents(two.a, in_a);
      TypeParam::expect_contents(two.b, in_b);
      TypeParam::expect_usable(two.a);
      TypeParam::expect_usable(two.b);
    };

    const sweep_result result = support::sweep_all<two_maps<map>>({make, merge, verify});

    EXPECT_GT(result.thrown, 0U);
    if (this->HasFailure()) return;
  }
}

// When the way to a map for one thread, or from it, fails half-way, the source has everything.
TYPED_TEST(ConcurrentExceptions, TurningIntoAMapLosesNothing) {
  using map = typename TypeParam::map;
  using map_type = typename map::map_type;
  this->expect_strong([](auto& m) { const auto all = static_cast<map_type>(std::move(m)); },
                      [](numbers& n) { n.clear(); });
}

TYPED_TEST(ConcurrentExceptions, BeingMadeOfAMapLosesNothing) {
  using map = typename TypeParam::map;
  using map_type = typename map::map_type;
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    numbers before;
    const auto contents = [](const map_type& m) {
      numbers found;
      for (const auto& [k, v] : m) found[support::number_of(k)] = support::number_of(v);
      return found;
    };
    const auto make = [&](support::allocation_ledger& ledger) {
      map_type m = TypeParam::make(state, ledger).snapshot();
      before = contents(m);
      return m;
    };
    const auto take = [](map_type& m) { const map taken(std::move(m), {.shards = 2}); };
    const auto verify = [&](map_type& m, bool threw) {
      ASSERT_NO_THROW(m.check_invariants());
      ASSERT_EQ(contents(m), threw ? before : numbers());
      ASSERT_EQ(m.size(), threw ? before.size() : 0U);
      for (const auto& [k, v] : before) ASSERT_EQ(m.contains(this->key(k)), threw);
    };

    const sweep_result result = support::sweep_all<map_type>({make, take, verify});

    EXPECT_GT(result.thrown, 0U);
    if (this->HasFailure()) return;
  }
}

}  // namespace concurrent_exceptions_test
