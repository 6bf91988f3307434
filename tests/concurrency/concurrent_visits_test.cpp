// concurrent_visits_test.cpp -- concurrent_map's calls that hand one entry to a function, on one
// thread: visit, cvisit, try_visit, update, erase_if.
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <gomap/concurrent_map.hpp>

#include "support/concurrent_suite.hpp"

namespace concurrent_visits_test {

using support::number_of;
using support::numbers;

// What a function under test throws.
struct stop {};

template <class Map>
class ConcurrentVisits : public support::concurrent_test<Map> {
 protected:
  // That every shard's lock was given back: each of the next calls would wait for ever or be fatal.
  static void expect_unlocked(Map& m, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_NE(m.try_visit(ConcurrentVisits::key(i), [](const auto&) {}),
                gomap::visit_result::busy);
    }
  }
};
TYPED_TEST_SUITE(ConcurrentVisits, support::concurrent_kinds);

TYPED_TEST(ConcurrentVisits, VisitChangesTheValueOfAPresentKey) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_EQ(m.visit(this->key(i),
                        [&](auto& e) {
                          EXPECT_EQ(e.first, this->key(i));
                          EXPECT_EQ(e.second, this->value(i + 1000));
                          e.second = this->value(i);
                        }),
                1U);
      ASSERT_EQ(m.visit(this->key(n + i), [](auto&) { FAIL() << "an absent key was visited"; }),
                0U);
      model[i] = i;
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, KeysAreConstAndConstMapsHandOutConstValues) {
  TypeParam m;
  this->fill(m, 3);

  m.visit(this->key(1), [](auto& e) {
    static_assert(std::is_same_v<decltype(e), typename TypeParam::value_type&>);
  });
  std::as_const(m).visit(this->key(1), [](auto& e) {
    static_assert(std::is_same_v<decltype(e), const typename TypeParam::value_type&>);
  });
  m.cvisit(this->key(1), [](auto& e) {
    static_assert(std::is_same_v<decltype(e), const typename TypeParam::value_type&>);
  });
}

TYPED_TEST(ConcurrentVisits, CvisitAndVisitOfAConstMapSeeTheValue) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      std::uint64_t seen = 0;
      const auto look = [&](const auto& e) {
        ASSERT_EQ(e.first, this->key(i));
        seen += number_of(e.second);
      };
      ASSERT_EQ(m.cvisit(this->key(i), look), 1U);
      ASSERT_EQ(std::as_const(m).visit(this->key(i), look), 1U);
      ASSERT_EQ(std::as_const(m).cvisit(this->key(i), look), 1U);
      ASSERT_EQ(seen, 3 * (i + 1000));
      ASSERT_EQ(m.cvisit(this->key(n + i), look), 0U);
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, AFunctionKeepsWhatItGathers) {
  TypeParam m;
  this->fill(m, 10);
  struct {
    int calls = 0;
    void operator()(const typename TypeParam::value_type&) { ++calls; }
  } counter;

  m.visit(this->key(1), std::ref(counter));
  m.cvisit(this->key(2), std::ref(counter));
  m.try_visit(this->key(3), std::ref(counter));

  EXPECT_EQ(counter.calls, 3);
}

// Where reads take no lock a visitor works on a copy, which is dropped; elsewhere it has changed
// the value already, and that stays.
TYPED_TEST(ConcurrentVisits, AVisitorThatThrowsGivesTheLockBack) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; i += 7) {
      ASSERT_THROW(m.visit(this->key(i),
                           [&](auto& e) {
                             e.second = this->value(1);
                             throw stop();
                           }),
                   stop);
      if (!TypeParam::reads_take_no_lock) model[i] = 1;
      ASSERT_THROW(m.cvisit(this->key(i), [](const auto&) { throw stop(); }), stop);
      ASSERT_THROW(m.try_visit(this->key(i), [](auto&) { throw stop(); }), stop);
    }

    this->expect_unlocked(m, n);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, TryVisitTellsWhatItFound) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_EQ(m.try_visit(this->key(i), [&](auto& e) { e.second = this->value(i + 1); }),
                gomap::visit_result::visited);
      ASSERT_EQ(m.try_visit(this->key(n + i), [](auto&) { FAIL(); }), gomap::visit_result::absent);
      model[i] = i + 1;
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, UpdateStartsFromAValueInitialisedOne) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) {
      m.update(this->key(i), [&](auto& v) {
        EXPECT_EQ(v, typename TypeParam::mapped_type{});
        v = this->value(i);
      });
      m.update(this->key(i), [&](auto& v) {
        EXPECT_EQ(v, this->value(i));
        v = this->value(i + 1);
      });
      model[i] = i + 1;
    }
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, AnUpdateThatThrowsInsertsNothing) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; i += 7) {
      const auto fail = [&](auto& v) {
        v = this->value(1);
        throw stop();
      };
      ASSERT_THROW(m.update(this->key(n + i), fail), stop);
      ASSERT_THROW(m.update(this->key(i), fail), stop);
      if (!TypeParam::reads_take_no_lock) model[i] = 1;
    }

    this->expect_unlocked(m, n);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, EraseIfOfAKeyAsksTheFunction) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      const bool erase = i % 3 == 0;
      ASSERT_EQ(m.erase_if(this->key(i),
                           [&](const auto& e) {
                             EXPECT_EQ(e.second, this->value(i + 1000));
                             return erase;
                           }),
                erase ? 1U : 0U);
      ASSERT_EQ(m.erase_if(this->key(n + i), [](const auto&) { return true; }), 0U);
      if (erase) model.erase(i);
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisits, AnEraseIfThatThrowsErasesNothing) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; i += 7) {
      ASSERT_THROW(m.erase_if(this->key(i), [](const auto&) -> bool { throw stop(); }), stop);
    }

    this->expect_unlocked(m, n);
    support::expect_holds(m, model);
  });
}

// A function may be one that can only be moved, and its result may be ignored.
TEST(ConcurrentVisitsOfMoveOnlyTypes, ReachTheValue) {
  gomap::concurrent_map<std::uint64_t, std::unique_ptr<int>> m;
  m.store(1, std::make_unique<int>(5));

  auto owned = std::make_unique<int>(7);
  m.visit(1, [owned = std::move(owned)](auto& e) { return *e.second += *owned; });
  m.update(2, [](std::unique_ptr<int>& v) {
    EXPECT_EQ(v, nullptr);
    v = std::make_unique<int>(3);
  });

  int sum = 0;
  m.cvisit(1, [&](const auto& e) { sum += *e.second; });
  m.cvisit(2, [&](const auto& e) { sum += *e.second; });
  EXPECT_EQ(sum, 15);
}

// A read without a lock may be made from a function that holds one.
TEST(ConcurrentVisitsWithoutALock, AreAllowedInsideOthers) {
  gomap::concurrent_map<std::uint64_t, std::uint64_t> m({.shards = 1});
  for (std::uint64_t i = 0; i < 1000; ++i) m.store(i, i);

  m.visit(5, [&](auto& e) {
    EXPECT_EQ(m.load(5), 5U);
    EXPECT_TRUE(m.contains(6));
    EXPECT_EQ(m.cvisit(7, [&](const auto&) { EXPECT_EQ(m.count(8), 1U); }), 1U);
    EXPECT_FALSE(m.load(1000).has_value());
    e.second = m.load_or(6, 0) + 1;
  });

  EXPECT_EQ(m.load(5), 7U);
}

}  // namespace concurrent_visits_test
