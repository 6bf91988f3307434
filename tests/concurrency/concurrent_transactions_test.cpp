// concurrent_transactions_test.cpp -- concurrent_map's compute() and with_locked(), on one thread.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <gomap/concurrent_map.hpp>
#include <gomap/entry.hpp>
#include <gomap/hash.hpp>

#include "support/colliding_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_value.hpp"

namespace concurrent_transactions_test {

using support::number_of;
using support::numbers;

struct stop {};

template <class Map>
class ConcurrentTransactions : public support::concurrent_test<Map> {};
TYPED_TEST_SUITE(ConcurrentTransactions, support::concurrent_kinds);

TYPED_TEST(ConcurrentTransactions, WhatAnEntryHoldsIsWhatTheMapHolds) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < 2 * n; ++i) {
      m.compute(this->key(i), [&](auto& e) {
        ASSERT_EQ(e.has_value(), i < n);
        ASSERT_EQ(static_cast<bool>(e), i < n);
        if (e) {
          ASSERT_EQ(*e, this->value(i + 1000));
        }
        switch (i % 5) {
          case 0:  // as it is
            break;
          case 1:
            e.reset();
            ASSERT_FALSE(e);
            model.erase(i);
            break;
          case 2:
            ASSERT_EQ(e.emplace(this->value(i)), this->value(i));
            ASSERT_EQ(*e, this->value(i));
            model[i] = i;
            break;
          case 3:
            e.emplace(this->value(1));
            e.reset();
            e.emplace(this->value(i));
            model[i] = i;
            break;
          default:
            if (!e) e.emplace();
            *e = this->value(i);
            model[i] = i;
        }
      });
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentTransactions, AnEntryReadsLikeAnOptional) {
  TypeParam m;
  m.store(this->key(1), this->value(5));
  using entry = gomap::entry<typename TypeParam::mapped_type>;

  m.with_locked(this->key(1), this->key(2), [&](entry& there, entry& absent) {
    const entry& view = there;
    EXPECT_EQ(*view, this->value(5));
    EXPECT_EQ(view.operator->(), &*view);
    EXPECT_EQ(there.operator->(), &*there);
    EXPECT_EQ(&there.value(), &*there);
    EXPECT_EQ(&view.value(), &*view);
    EXPECT_EQ(view.value_or(this->value(6)), this->value(5));
    EXPECT_EQ(std::as_const(absent).value_or(this->value(6)), this->value(6));
    EXPECT_THROW((void)absent.value(), gomap::bad_entry_access);
    EXPECT_THROW((void)std::as_const(absent).value(), gomap::bad_entry_access);
    static_assert(!std::is_copy_constructible_v<entry> && !std::is_default_constructible_v<entry>);
  });
}

// Two keys and three, in one shard and in several.
TYPED_TEST(ConcurrentTransactions, SeveralKeysAreStoredTogether) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t other = (i * 31 + 7) % n;
      const std::uint64_t fresh = n + i;
      m.with_locked(this->key(i), this->key(fresh), [&](auto& a, auto& b) {
        ASSERT_EQ(a.has_value(), model.contains(i));
        ASSERT_FALSE(b);
        if (a) b.emplace(*a);  // moved to the fresh key
        a.reset();
      });
      if (model.contains(i)) model[fresh] = model[i];
      model.erase(i);

      m.with_locked(this->key(other), this->key(i), this->key(fresh),
                    [&](auto& a, auto& b, auto& c) {
                      ASSERT_EQ(a.has_value(), model.contains(other));
                      ASSERT_FALSE(b);
                      ASSERT_EQ(c.has_value(), model.contains(fresh));
                      if (other == i) return;
                      b.emplace(this->value(i));
                      if (c && a) *c = *a;
                    });
      if (other == i) continue;
      if (model.contains(fresh) && model.contains(other)) model[fresh] = model[other];
      model[i] = i;
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentTransactions, AKeyNamedTwiceIsOneEntry) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < 2 * n; ++i) {
      const auto first = this->key(i);
      m.with_locked(first, this->key(i + 1), this->key(i), [&](auto& a, auto& b, auto& c) {
        ASSERT_EQ(&a, &c);
        ASSERT_NE(&a, &b);
        a.emplace(this->value(1));
        ASSERT_EQ(*c, this->value(1));
        c.emplace(this->value(i));
      });
      model[i] = i;
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentTransactions, AKeyNamedTwiceCanBeErased) {
  TypeParam m;
  this->fill(m, 10);

  m.with_locked(this->key(3), this->key(3), [](auto& a, auto& b) {
    a.reset();
    EXPECT_FALSE(b);
  });

  EXPECT_FALSE(m.contains(this->key(3)));
  EXPECT_EQ(m.size(), 9U);
}

TYPED_TEST(ConcurrentTransactions, AFunctionThatThrowsLeavesNothingInsertedOrErased) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; i += 7) {
      ASSERT_THROW(m.compute(this->key(i),
                             [](auto& e) {
                               e.reset();
                               throw stop();
                             }),
                   stop);
      ASSERT_THROW(m.with_locked(this->key(i), this->key(n + i), this->key((i + 1) % n),
                                 [&](auto& a, auto& b, auto& c) {
                                   a.emplace(this->value(1));
                                   b.emplace(this->value(2));
                                   c.reset();
                                   throw stop();
                                 }),
                   stop);
    }

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_NE(m.try_visit(this->key(i), [](const auto&) {}), gomap::visit_result::busy);
    }
    support::expect_holds(m, model);
  });
}

// What was done in place stays where reads take a lock, and goes with the copy elsewhere.
TYPED_TEST(ConcurrentTransactions, AFunctionThatThrowsDropsTheCopyItWorkedOn) {
  TypeParam m;
  m.store(this->key(1), this->value(1));

  EXPECT_THROW(m.compute(this->key(1),
                         [&](auto& e) {
                           *e = this->value(2);
                           throw stop();
                         }),
               stop);

  EXPECT_EQ(m.load(this->key(1)), this->value(TypeParam::reads_take_no_lock ? 1 : 2));
}

TYPED_TEST(ConcurrentTransactions, ReturnWhatTheFunctionReturns) {
  TypeParam m;
  m.store(this->key(1), this->value(5));
  int outside = 0;

  const auto number = [](auto& e) { return number_of(*e); };
  const auto reference = [&](auto&, auto&) -> int& { return outside; };
  const auto temporary = [&](auto&) -> int&& { return std::move(outside); };
  const auto nothing = [](auto&) {};

  static_assert(std::is_same_v<decltype(m.compute(this->key(1), number)), std::uint64_t>);
  static_assert(
      std::is_same_v<decltype(m.with_locked(this->key(1), this->key(2), reference)), int&>);
  static_assert(std::is_same_v<decltype(m.compute(this->key(1), temporary)), int&&>);
  static_assert(std::is_void_v<decltype(m.compute(this->key(1), nothing))>);
  EXPECT_EQ(m.compute(this->key(1), number), 5U);
  EXPECT_EQ(&m.with_locked(this->key(1), this->key(2), reference), &outside);
  int&& same = m.compute(this->key(1), temporary);
  EXPECT_EQ(&same, &outside);
}

TYPED_TEST(ConcurrentTransactions, ReturnWhatCanOnlyBeMoved) {
  TypeParam m;

  const auto made = m.compute(this->key(1), [&](auto& e) {
    e.emplace(this->value(3));
    return std::make_unique<int>(7);
  });

  EXPECT_EQ(*made, 7);
  EXPECT_EQ(m.load(this->key(1)), this->value(3));
}

// ---- keys and values of other types

TEST(ConcurrentTransactionsOfText, TakeKeysInAnyForm) {
  gomap::concurrent_map<std::string, std::string> m;
  std::string there = "a key that is there and that no small buffer holds";
  std::string fresh = "a key that is new and that no small buffer holds";
  m.store(there, "one");

  m.compute(std::move(there), [](auto& e) { *e += "!"; });
  m.compute(std::move(fresh), [](auto& e) { e.emplace("two"); });
  m.with_locked("a literal", std::string_view("a view"), there, [](auto& a, auto& b, auto& c) {
    a.emplace("three");
    b.emplace(3U, 'x');
    EXPECT_EQ(c->size(), 4U);
  });

  EXPECT_EQ(there, "a key that is there and that no small buffer holds");
  EXPECT_TRUE(fresh.empty());
  EXPECT_EQ(m.load(there), "one!");
  EXPECT_EQ(m.load("a key that is new and that no small buffer holds"), "two");
  EXPECT_EQ(m.load("a literal"), "three");
  EXPECT_EQ(m.load("a view"), "xxx");
  EXPECT_EQ(m.size(), 4U);
}

TEST(ConcurrentTransactionsOfText, AFunctionThatThrowsTakesNoKey) {
  gomap::concurrent_map<std::string, std::string> m;
  std::string fresh = "a key that is new and that no small buffer holds";

  EXPECT_THROW(m.compute(std::move(fresh),
                         [](auto& e) {
                           e.emplace("two");
                           throw stop();
                         }),
               stop);

  EXPECT_EQ(fresh, "a key that is new and that no small buffer holds");
  EXPECT_TRUE(m.empty());
}

TEST(ConcurrentTransactionsOfMoveOnlyTypes, MoveThem) {
  using support::move_only;
  gomap::concurrent_map<move_only, move_only, support::good_hash> m({.shards = 2});

  EXPECT_EQ(m.compute(move_only(1), [](auto& e) { return e.emplace(5U).number(); }), 5U);
  m.compute(move_only(1), [](auto& e) { e.emplace(move_only(6)); });
  gomap::concurrent_map<int, move_only> numbered;
  numbered.with_locked(1, 2, [](auto& a, auto& b) {
    a.emplace(1U);
    b.emplace(2U);
  });
  numbered.with_locked(1, 2, [](auto& a, auto& b) { std::swap(*a, *b); });
  numbered.with_locked(1, 3, [](auto& a, auto& b) {
    b.emplace(std::move(*a));
    a.reset();
  });

  support::expect_holds(m, {{1, 6}});
  support::expect_holds(numbered, {{2, 1}, {3, 2}});
}

TEST(ConcurrentTransactionsOfPlaces, PutAValueAsideOnlyWhenAsked) {
  using support::tracked;
  gomap::concurrent_map<std::uint64_t, tracked> m;
  m.try_emplace(1, 5U);
  support::object_counts::reset();

  m.compute(1, [](auto& e) { EXPECT_EQ(e->number(), 5U); });
  EXPECT_EQ(support::object_counts::copies + support::object_counts::moves +
                support::object_counts::constructions,
            0U);

  m.compute(1, [](auto& e) { e.emplace(6U); });
  EXPECT_EQ(support::object_counts::constructions, 1U);
  EXPECT_EQ(support::object_counts::copies, 0U);
  EXPECT_EQ(m.load(1)->number(), 6U);
}

// Accounts are the textbook case: what moves between two is never lost, and their sum stays.
TEST(ConcurrentTransactionsOfAccounts, KeepTheSum) {
  gomap::concurrent_map<std::uint64_t, std::uint64_t> m({.shards = 16});
  for (std::uint64_t i = 0; i < 100; ++i) m.store(i, 100);

  for (std::uint64_t i = 0; i < 10'000; ++i) {
    m.with_locked(i % 100, i * 37 % 100, [](auto& from, auto& to) {
      if (*from == 0) return;
      --*from;
      ++*to;
    });
  }

  std::uint64_t sum = 0;
  m.cvisit_all([&](const auto& e) { sum += e.second; });
  EXPECT_EQ(sum, 10'000U);
}

// ---- keys that are no Keys

TEST(ConcurrentTransactionKeys, OfOneTextAreOneKey) {
  gomap::concurrent_map<std::string, int> m;
  const char here[] = "ann";
  const char* const there = "ann and bob";
  const char there_too[] = "ann and bob";

  m.with_locked(here, "ann", [](auto& a, auto& b) {
    EXPECT_EQ(&a, &b);
    a.emplace(1);
  });
  m.with_locked(there, there_too, [](auto& a, auto& b) {
    EXPECT_EQ(&a, &b);
    a.emplace(2);
  });

  EXPECT_EQ(m.size(), 2U);
  m.check_invariants();
}

// Compares a Key with what is none, in this order alone.
struct equal_in_order {
  using is_transparent = void;
  bool operator()(const std::string& a, const std::string& b) const { return a == b; }
  bool operator()(const std::string& a, std::string_view b) const { return a == b; }
  bool operator()(std::string_view, const std::string&) const = delete;
  bool operator()(std::string_view, std::string_view) const = delete;
};

TEST(ConcurrentTransactionKeys, AreComparedAsAKeyWithWhatIsNone) {
  gomap::concurrent_map<std::string, int, gomap::hash<std::string>, equal_in_order> m;
  const std::string key = "ann";
  const std::string_view view = key;

  m.with_locked(view, key, view, [](auto& a, auto& b, auto& c) {
    EXPECT_TRUE(&a == &b && &b == &c);
    a.emplace(1);
  });

  EXPECT_EQ(m.size(), 1U);
}

}  // namespace concurrent_transactions_test
