// concurrent_visit_all_test.cpp -- concurrent_map's calls that go through all entries, on one
// thread.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/scan_cursor.hpp>

#include "support/chosen_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_value.hpp"

namespace concurrent_visit_all_test {

using support::number_of;
using support::numbers;

struct stop {};

template <class Map>
class ConcurrentVisitAll : public support::concurrent_test<Map> {
 protected:
  static void expect_unlocked(Map& m, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_NE(m.try_visit(ConcurrentVisitAll::key(i), [](const auto&) {}),
                gomap::visit_result::busy);
    }
  }
};
TYPED_TEST_SUITE(ConcurrentVisitAll, support::concurrent_kinds);

TYPED_TEST(ConcurrentVisitAll, ChangesEveryEntryOnce) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    for (auto& [k, v] : model) ++v;

    ASSERT_EQ(m.visit_all([&](auto& e) { e.second = this->value(number_of(e.second) + 1); }), n);

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisitAll, OfConstMapsSeesEveryEntryOnce) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);
    const auto& view = m;

    numbers seen;
    const auto look = [&](auto& e) {
      static_assert(std::is_same_v<decltype(e), const typename TypeParam::value_type&>);
      ++seen[number_of(e.first)];
    };
    const auto look_on = [&](auto& e) {
      look(e);
      return true;
    };
    ASSERT_EQ(view.visit_all(look), n);
    ASSERT_EQ(view.cvisit_all(look), n);
    ASSERT_EQ(m.cvisit_all(look), n);
    ASSERT_TRUE(view.visit_while(look_on));
    ASSERT_TRUE(m.cvisit_while(look_on));

    ASSERT_EQ(seen.size(), n);
    for (const auto& [k, times] : seen) ASSERT_EQ(times, 5U);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisitAll, OfAnEmptyMapSeesNothing) {
  this->in_each_layout([&](auto& m, std::uint64_t) {
    const auto never = [](const auto&) -> bool { throw stop(); };
    EXPECT_EQ(m.visit_all(never), 0U);
    EXPECT_EQ(m.cvisit_all(never), 0U);
    EXPECT_TRUE(m.visit_while(never));
    EXPECT_TRUE(m.cvisit_while(never));
    EXPECT_EQ(m.erase_if(never), 0U);
    std::size_t calls = 0;
    for (gomap::scan_cursor at; !at.done(); ++calls) at = m.scan(at, never);
    EXPECT_EQ(calls, m.shard_count());
  });
}

TYPED_TEST(ConcurrentVisitAll, VisitWhileEndsWhenToldTo) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    std::uint64_t calls = 0;
    ASSERT_FALSE(m.visit_while([&](auto& e) {
      e.second = this->value(5);
      model[number_of(e.first)] = 5;
      return ++calls < n / 2;
    }));
    ASSERT_EQ(calls, n / 2);
    ASSERT_FALSE(m.cvisit_while([&](const auto&) { return ++calls < n; }));
    ASSERT_EQ(calls, n);
    ASSERT_TRUE(m.visit_while([&](auto&) { return ++calls > 0; }));
    ASSERT_EQ(calls, 2 * n);

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisitAll, EraseIfErasesWhatIsNamed) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    ASSERT_EQ(m.erase_if([](const auto& e) { return number_of(e.first) % 3 == 0; }), (n + 2) / 3);
    std::erase_if(model, [](const auto& e) { return e.first % 3 == 0; });
    support::expect_holds(m, model);

    ASSERT_EQ(m.erase_if([](const auto&) { return false; }), 0U);
    ASSERT_EQ(m.erase_if([](const auto&) { return true; }), model.size());
    support::expect_holds(m, {});
  });
}

// A scan holds no lock between two classes, so that anything may be done there: the map may grow,
// and other entries come and go.
TYPED_TEST(ConcurrentVisitAll, AScanVisitsOnceWhatIsThereThroughout) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    this->fill(m, n / 8);

    numbers seen;
    std::uint64_t next = n;
    for (gomap::scan_cursor at; !at.done();) {
      at = m.scan(at, [&](auto& e) {
        ++seen[number_of(e.first)];
        e.second = this->value(7);
      });
      for (int i = 0; i < 20 && next < 2 * n; ++i, ++next) {
        m.store(this->key(next), this->value(7));
        if (next % 3 == 0) m.erase(this->key(next - 1));
      }
    }

    for (std::uint64_t k = 0; k < n / 8; ++k) {
      ASSERT_EQ(seen[k], 1U) << k;
      ASSERT_EQ(m.load(this->key(k)), this->value(7));
    }
    for (const auto& [k, times] : seen) ASSERT_EQ(times, 1U) << k;
  });
}

TYPED_TEST(ConcurrentVisitAll, AScanOfAConstMapChangesNothing) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    std::uint64_t seen = 0;
    for (gomap::scan_cursor at; !at.done();) {
      at = std::as_const(m).scan(at, [&](auto& e) {
        static_assert(std::is_same_v<decltype(e), const typename TypeParam::value_type&>);
        ++seen;
      });
    }

    ASSERT_EQ(seen, n);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisitAll, ACursorThatIsDoneStaysDone) {
  TypeParam m({.shards = 2});
  this->fill(m, 10);
  gomap::scan_cursor at;
  while (!at.done()) at = m.scan(at, [](const auto&) {});

  at = m.scan(at, [](const auto&) { FAIL() << "visited behind the end"; });

  EXPECT_TRUE(at.done());
}

TYPED_TEST(ConcurrentVisitAll, ACursorOfALargerMapIsRefused) {
  TypeParam large({.shards = 64});
  TypeParam small({.shards = 2});
  gomap::scan_cursor at;
  for (int i = 0; i < 10; ++i) at = large.scan(at, [](const auto&) {});

  EXPECT_THROW(small.scan(at, [](const auto&) {}), std::out_of_range);
}

TYPED_TEST(ConcurrentVisitAll, AFunctionThatThrowsGivesTheLockBack) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);
    std::uint64_t calls = 0;
    const auto fail = [&](const auto&) -> bool {
      if (++calls % (n / 2) == 0) throw stop();
      return true;
    };
    const auto scan = [&] {
      for (gomap::scan_cursor at; !at.done();) at = m.scan(at, fail);
    };

    ASSERT_THROW(m.visit_all(fail), stop);
    ASSERT_THROW(m.cvisit_all(fail), stop);
    ASSERT_THROW(m.visit_while(fail), stop);
    ASSERT_THROW(m.cvisit_while(fail), stop);
    ASSERT_THROW(scan(), stop);

    this->expect_unlocked(m, n);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentVisitAll, AnEraseIfThatThrowsKeepsTheEntryItStoppedAt) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    std::uint64_t calls = 0;
    const auto erase = [&](const auto& e) {
      if (++calls == n / 2) throw stop();
      model.erase(number_of(e.first));
      return true;
    };

    ASSERT_THROW(m.erase_if(erase), stop);

    ASSERT_EQ(model.size(), n - n / 2 + 1);
    this->expect_unlocked(m, n);
    support::expect_holds(m, model);
  });
}

// Go's TestMapRangeNestedCall: between two steps of a walk its caller may do anything.
TYPED_TEST(ConcurrentVisitAll, NestsInScansWithAnyOtherCall) {
  TypeParam m({.shards = 4, .seed = 7}, {support::hash_kind::good});
  this->fill(m, 5);

  for (gomap::scan_cursor at; !at.done();) {
    at = m.scan(at, [](const auto&) {});
    m.cvisit_all([&](const auto& e) { EXPECT_NE(number_of(e.first), 100U); });
    EXPECT_FALSE(m.load_or_store(this->key(100), this->value(1)).second);
    m.store(this->key(100), this->value(2));
    EXPECT_EQ(m.load_and_erase(this->key(100)), this->value(2));
    m.store(this->key(100), this->value(3));
    EXPECT_EQ(m.erase(this->key(100)), 1U);
  }

  EXPECT_EQ(m.size(), 5U);
}

TYPED_TEST(ConcurrentVisitAll, ClearForgetsEverythingAndKeepsTheRoom) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    this->fill(m, n);
    const auto before = m.stats();

    m.clear();
    support::expect_holds(m, {});
    ASSERT_EQ(m.stats().total.buckets, before.total.buckets);

    const numbers model = this->fill(m, n);
    support::expect_holds(m, model);
    m.clear();
    m.clear();
    support::expect_holds(m, {});
  });
}

TYPED_TEST(ConcurrentVisitAll, ASnapshotIsAMapOfItsOwn) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    const auto copy = m.snapshot();
    m.clear();

    ASSERT_EQ(copy.size(), n);
    copy.check_invariants();
    for (const auto& [k, v] : copy) ASSERT_EQ(model.at(number_of(k)), number_of(v));
    ASSERT_EQ(m.snapshot().size(), 0U);
  });
}

TEST(ConcurrentVisitAllOfMoveOnlyTypes, ReachesTheValues) {
  gomap::concurrent_map<int, support::move_only> m({.shards = 4});
  for (int i = 0; i < 100; ++i) m.try_emplace(i, 1U);

  EXPECT_EQ(m.visit_all([](auto& e) { e.second = support::move_only(2); }), 100U);
  std::uint64_t sum = 0;
  EXPECT_TRUE(m.cvisit_while([&](const auto& e) { return (sum += e.second.number()) > 0; }));
  EXPECT_EQ(sum, 200U);
  EXPECT_EQ(m.erase_if([](const auto& e) { return e.first < 50; }), 50U);
  for (gomap::scan_cursor at; !at.done();) {
    at = m.scan(at, [&](auto& e) { sum -= e.second.number(); });
  }
  EXPECT_EQ(sum, 100U);
}

}  // namespace concurrent_visit_all_test
