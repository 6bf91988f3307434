// exceptions_test.cpp -- single-element operations give the strong guarantee, whatever throws.
//
// For n = 1, 2, 3, ... the n-th hash, comparison, construction, copy, move or allocation throws,
// until the operation completes. After each the map holds what it held before, invariants hold,
// nothing is leaked, and the next insertion works.
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/fault_scene.hpp"
#include "support/fault_sweep.hpp"

namespace exceptions_test {

using support::number_model;
using support::sweep_result;

constexpr std::uint64_t new_key = 100'000;
constexpr std::uint64_t present_key = 3;  // in every state: the first keys are 0, 1, 2, ...

template <class Scene>
class MapExceptions : public ::testing::Test {
 protected:
  using map = typename Scene::map;
  using value = typename Scene::value;

  // Sweeps `operate` in every state of the scene. Thrown: contents as before. Not thrown: `apply`
  // has been done to them. Something must have thrown somewhere.
  void expect_strong(const std::function<void(map&)>& operate,
                     const std::function<void(number_model&)>& apply) {
    for (const auto& state : Scene::states()) {
      SCOPED_TRACE(state.name);
      number_model before;
      const auto make = [&](support::allocation_ledger& ledger) {
        map m = Scene::make(state, ledger);
        before = Scene::contents(m);
        return m;
      };
      const auto verify = [&](map& m, bool threw) {
        number_model expected = before;
        if (!threw) apply(expected);
        Scene::expect_contents(m, expected);
        Scene::expect_usable(m);
      };

      const sweep_result result = support::sweep_all<map>({make, operate, verify});

      EXPECT_GT(result.thrown, 0U);
      if (this->HasFailure()) return;
    }
  }

  // A present key in terms of the scene: compacting states have none of the small numbers but 0.
  static value present(const map& m) {
    return m.contains(value(present_key)) ? value(present_key) : value(0);
  }
  static std::uint64_t present(const number_model& model) {
    return model.contains(present_key) ? present_key : 0;
  }
};

TYPED_TEST_SUITE(MapExceptions, support::fault_scenes);

const auto adds_new = [](number_model& model) { model[new_key] = 1; };
const auto changes_nothing = [](number_model&) {};

// A growth that is due or under way may fail in its hash, its copies or its memory; the insertion
// that carried it on succeeds all the same.
TYPED_TEST(MapExceptions, WhatFailsInAGrowthIsNotThrown) {
  using value = typename TypeParam::value;
  using map = typename TypeParam::map;
  sweep_result total{0, 0, true};
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    const auto make = [&](support::allocation_ledger& ledger) {
      return TypeParam::make(state, ledger);
    };
    const auto insert = [](map& m) {
      for (std::uint64_t i = 0; i < 40; ++i) m.try_emplace(value(new_key + i), i);
    };
    const auto verify = [](map& m, bool threw) {
      ASSERT_NO_THROW(m.check_invariants());
      if (threw) return;
      for (std::uint64_t i = 0; i < 40; ++i) {
        ASSERT_EQ(m.at(value(new_key + i)).number(), i);
      }
    };
    total += support::sweep_all<map>({make, insert, verify});
  }

  EXPECT_GT(total.thrown, 0U);
  EXPECT_GT(total.swallowed, 0U);
}

TYPED_TEST(MapExceptions, InsertOfANewEntry) {
  using value = typename TypeParam::value;
  this->expect_strong(
      [](auto& m) {
        const std::pair<const value, value> entry(value(new_key), value(1));
        m.insert(entry);
      },
      adds_new);
}

TYPED_TEST(MapExceptions, InsertOfANewEntryByMove) {
  using value = typename TypeParam::value;
  this->expect_strong([](auto& m) { m.insert(std::pair<value, value>(value(new_key), value(1))); },
                      adds_new);
}

TYPED_TEST(MapExceptions, InsertOfAPresentKey) {
  using value = typename TypeParam::value;
  this->expect_strong(
      [this](auto& m) {
        const std::pair<const value, value> entry(this->present(m), value(1));
        m.insert(entry);
      },
      changes_nothing);
}

TYPED_TEST(MapExceptions, Emplace) {
  using value = typename TypeParam::value;
  this->expect_strong([](auto& m) { m.emplace(new_key, 1u); }, adds_new);
  this->expect_strong([this](auto& m) { m.emplace(this->present(m), value(1)); }, changes_nothing);
}

TYPED_TEST(MapExceptions, TryEmplace) {
  using value = typename TypeParam::value;
  this->expect_strong(
      [](auto& m) {
        const value key(new_key);
        m.try_emplace(key, 1u);
      },
      adds_new);
  this->expect_strong([](auto& m) { m.try_emplace(value(new_key), value(1)); }, adds_new);
}

TYPED_TEST(MapExceptions, InsertOrAssign) {
  using value = typename TypeParam::value;
  this->expect_strong(
      [](auto& m) {
        const value key(new_key);
        const value one(1);
        m.insert_or_assign(key, one);
      },
      adds_new);
  this->expect_strong(
      [this](auto& m) {
        const value one(1);
        m.insert_or_assign(this->present(m), one);
      },
      [this](number_model& model) { model[this->present(model)] = 1; });
}

TYPED_TEST(MapExceptions, Subscript) {
  using value = typename TypeParam::value;
  this->expect_strong([](auto& m) { m[value(new_key)]; },
                      [](number_model& model) { model[new_key] = 0; });
  this->expect_strong(
      [this](auto& m) {
        const value key = this->present(m);
        m[key];
      },
      changes_nothing);
}

TYPED_TEST(MapExceptions, EraseByKey) {
  using value = typename TypeParam::value;
  this->expect_strong([this](auto& m) { m.erase(this->present(m)); },
                      [this](number_model& model) { model.erase(this->present(model)); });
  this->expect_strong([](auto& m) { m.erase(value(new_key)); }, changes_nothing);
}

TYPED_TEST(MapExceptions, EraseByIterator) {
  this->expect_strong([this](auto& m) { m.erase(m.find(this->present(m))); },
                      [this](number_model& model) { model.erase(this->present(model)); });
}

TYPED_TEST(MapExceptions, Lookups) {
  using value = typename TypeParam::value;
  this->expect_strong(
      [this](auto& m) {
        const auto& view = m;
        const value key = this->present(m);
        (void)view.find(key);
        (void)view.contains(key);
        (void)view.count(key);
        (void)view.at(key);
        (void)view.get(key);
        (void)view.lookup(key);
        (void)view.equal_range(key);
        view.prefetch(key);
      },
      changes_nothing);
}

TYPED_TEST(MapExceptions, CheckInvariantsAndStats) {
  this->expect_strong(
      [](const auto& m) {
        m.check_invariants();
        (void)m.stats();
      },
      changes_nothing);
}

// The test of the scenes: a state that is not what its name says would prove nothing.
TYPED_TEST(MapExceptions, StatesAreWhatTheySay) {
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    support::allocation_ledger ledger;
    const auto m = TypeParam::make(state, ledger);
    const std::string name = state.name;

    EXPECT_EQ(m.growing(), name == "doubling" || name == "compacting");
    EXPECT_EQ(m.stats().growths_same_size > 0, name == "compacting");
    if (name == "full bucket") {
      EXPECT_EQ(m.bucket_count() * 8, m.size());
    }
    if (name == "at the limit") {
      EXPECT_EQ(m.load_factor(), m.max_load_factor());
    }
    if (name == "long chain") {
      EXPECT_GE(m.stats().overflow_buckets, m.size() / 8 - 1);
    }
  }
}

// A walk may have to hash or compare to find its place again; wherever that throws, the map stays
// whole and another walk sees everything.
TYPED_TEST(MapExceptions, WalkThatInserts) {
  using value = typename TypeParam::value;
  using map = typename TypeParam::map;
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    const auto make = [&](support::allocation_ledger& ledger) {
      return TypeParam::make(state, ledger);
    };
    const auto walk = [](map& m) {
      std::uint64_t next = new_key;
      int steps = 0;
      for (auto it = m.begin(); it != m.end() && steps < 30; ++it, ++steps) {
        if (next < new_key + 10) m.try_emplace(value(next++), 1u);
      }
    };
    const auto verify = [&](map& m, bool) {
      TypeParam::expect_contents(m, TypeParam::contents(m));
      TypeParam::expect_usable(m);
    };

    const sweep_result result = support::sweep_all<map>({make, walk, verify});

    EXPECT_GT(result.thrown, 0U);
    if (this->HasFailure()) return;
  }
}

}  // namespace exceptions_test
