// concurrent_values_test.cpp -- concurrent_map's calls that take and give values, on one thread.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gomap/concurrent_map.hpp>

#include "support/chosen_hash.hpp"
#include "support/colliding_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_value.hpp"
#include "support/trivial_values.hpp"

namespace concurrent_values_test {

using support::make_value;
using support::number_of;
using support::numbers;

template <class Map>
class ConcurrentValues : public support::concurrent_test<Map> {};
TYPED_TEST_SUITE(ConcurrentValues, support::concurrent_kinds);

TYPED_TEST(ConcurrentValues, WhatIsStoredIsLoaded) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      m.store(this->key(i), this->value(i));
      ASSERT_EQ(m.load(this->key(i)), this->value(i));
      ASSERT_FALSE(m.load(this->key(n + i)).has_value());
    }

    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) model[i] = i;
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, StoringAgainReplaces) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; i += 2) {
      m.store(this->key(i), this->value(i + 5000));
      model[i] = i + 5000;
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, AnEmptyMapHasNothing) {
  this->in_each_layout([&](auto& m, std::uint64_t) {
    EXPECT_TRUE(m.empty());
    EXPECT_EQ(m.size(), 0U);
    EXPECT_FALSE(m.load(this->key(1)).has_value());
    EXPECT_FALSE(m.contains(this->key(1)));
    EXPECT_EQ(m.count(this->key(1)), 0U);
    EXPECT_EQ(m.erase(this->key(1)), 0U);
    EXPECT_FALSE(m.load_and_erase(this->key(1)).has_value());
    EXPECT_FALSE(m.compare_exchange(this->key(1), this->value(0), this->value(1)));
    EXPECT_FALSE(m.compare_and_erase(this->key(1), this->value(0)));
    EXPECT_EQ(m.load_or(this->key(1), this->value(3)), this->value(3));
    support::expect_holds(m, {});
  });
}

TYPED_TEST(ConcurrentValues, LoadOrGivesTheDefaultAndStoresNothing) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_EQ(m.load_or(this->key(i), this->value(9)), this->value(i + 1000));
      ASSERT_EQ(m.load_or(this->key(n + i), this->value(9)), this->value(9));
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, ContainsAndCountSayWhatIsThere) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_TRUE(m.contains(this->key(i)));
      ASSERT_EQ(m.count(this->key(i)), 1U);
      ASSERT_FALSE(m.contains(this->key(n + i)));
      ASSERT_EQ(m.count(this->key(n + i)), 0U);
    }
  });
}

TYPED_TEST(ConcurrentValues, LoadOrStoreKeepsTheFirst) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto stored = m.load_or_store(this->key(i), this->value(i));
      ASSERT_EQ(stored, std::pair(this->value(i), false));
      const auto loaded = m.load_or_store(this->key(i), this->value(i + 1));
      ASSERT_EQ(loaded, std::pair(this->value(i), true));
      model[i] = i;
    }
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, LoadAndEraseTakesTheValueOut) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; i += 3) {
      ASSERT_EQ(m.load_and_erase(this->key(i)), this->value(i + 1000));
      ASSERT_FALSE(m.load_and_erase(this->key(i)).has_value());
      model.erase(i);
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, ExchangeGivesTheOneBefore) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_FALSE(m.exchange(this->key(i), this->value(i)).has_value());
      ASSERT_EQ(m.exchange(this->key(i), this->value(i + 1)), this->value(i));
      model[i] = i + 1;
    }
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, CompareExchangeActsOnEqualValuesAlone) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_FALSE(m.compare_exchange(this->key(i), this->value(1), this->value(2)));
      ASSERT_FALSE(m.compare_exchange(this->key(n + i), this->value(0), this->value(2)));
      if (i % 2 == 0) continue;
      ASSERT_TRUE(m.compare_exchange(this->key(i), this->value(i + 1000), this->value(2)));
      model[i] = 2;
    }

    support::expect_holds(m, model);
  });
}

// Go's sync.Map lets nil stand for an absent value; here nothing does.
TYPED_TEST(ConcurrentValues, CompareExchangeOfAnAbsentKeyIsFalseWhateverIsExpected) {
  this->in_each_layout([&](auto& m, std::uint64_t) {
    EXPECT_FALSE(
        m.compare_exchange(this->key(1), typename TypeParam::mapped_type{}, this->value(42)));
    EXPECT_TRUE(m.empty());
    EXPECT_FALSE(m.load(this->key(1)).has_value());
  });
}

TYPED_TEST(ConcurrentValues, CompareAndEraseActsOnEqualValuesAlone) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_FALSE(m.compare_and_erase(this->key(i), this->value(1)));
      if (i % 2 == 0) continue;
      ASSERT_TRUE(m.compare_and_erase(this->key(i), this->value(i + 1000)));
      ASSERT_FALSE(m.compare_and_erase(this->key(i), this->value(i + 1000)));
      model.erase(i);
    }

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentValues, EraseCountsWhatWasThere) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      if (i % 4 == 0) continue;
      ASSERT_EQ(m.erase(this->key(i)), 1U);
      ASSERT_EQ(m.erase(this->key(i)), 0U);
      model.erase(i);
    }

    support::expect_holds(m, model);
  });
}

// Go's TestIssue40999: fresh keys that come and go leave nothing behind, not even memory.
TYPED_TEST(ConcurrentValues, StoringAndErasingFreshKeysKeepsTheMemory) {
  TypeParam m({.shards = 2, .seed = 7}, {support::hash_kind::good});
  for (std::uint64_t i = 0; i < 100; ++i) m.store(this->key(i), this->value(i));
  for (std::uint64_t i = 0; i < 100; ++i) m.erase(this->key(i));
  const auto before = m.stats();

  for (std::uint64_t i = 100; i < 5000; ++i) {
    m.store(this->key(i), this->value(i));
    ASSERT_EQ(m.erase(this->key(i)), 1U);
  }

  EXPECT_EQ(m.stats().total.buckets, before.total.buckets);
  EXPECT_LE(m.stats().total.bytes_reserved, before.total.bytes_reserved);
  support::expect_holds(m, {});
}

// ---- keys and values of other types

using text_map = gomap::concurrent_map<std::string, std::string>;

TEST(ConcurrentKeys, ViewsAndLiteralsLookUpAndStoreStrings) {
  text_map m;
  const std::string_view view = "a view of a string that is not small";

  m.store("a literal", "one");
  m.store(view, view);

  EXPECT_EQ(m.load("a literal"), "one");
  EXPECT_EQ(m.load(std::string_view("a literal")), "one");
  EXPECT_EQ(m.load(std::string(view)), view);
  EXPECT_TRUE(m.contains(view));
  EXPECT_EQ(m.count("absent"), 0U);
  EXPECT_EQ(m.load_or("absent", "other"), "other");
  EXPECT_EQ(m.load_or_store("absent", "now there"), std::pair(std::string("now there"), false));
  EXPECT_EQ(m.exchange("absent", view), "now there");
  EXPECT_TRUE(m.compare_exchange("absent", view, "again"));
  EXPECT_TRUE(m.compare_and_erase("absent", "again"));
  EXPECT_EQ(m.visit("a literal", [](auto& e) { e.second += "!"; }), 1U);
  m.update("a literal", [](std::string& s) { s += "?"; });
  EXPECT_EQ(m.load_and_erase(std::string_view("a literal")), "one!?");
  EXPECT_EQ(m.erase(view), 1U);
  EXPECT_TRUE(m.empty());
}

TEST(ConcurrentKeys, OfOtherTypesAreConverted) {
  struct hash {
    std::uint64_t operator()(const std::string& s) const { return s.size(); }
  };
  gomap::concurrent_map<std::string, std::uint64_t, hash, std::equal_to<std::string>> opaque;
  gomap::concurrent_map<std::uint64_t, double> wide;

  opaque.store("made a string", 1);
  wide.store(7, 1);
  wide.store(std::uint8_t{8}, 2.5F);

  EXPECT_EQ(opaque.load("made a string"), 1U);
  EXPECT_EQ(opaque.erase("made a string"), 1U);
  EXPECT_EQ(wide.load(7), 1.0);
  EXPECT_EQ(wide.load(std::int16_t{8}), 2.5);
  EXPECT_TRUE(wide.compare_exchange(8, 2.5, 3));
}

TEST(ConcurrentKeys, BracesMakeKeysAndValues) {
  gomap::concurrent_map<std::pair<int, int>, std::pair<int, int>> m;

  m.store({1, 2}, {3, 4});

  EXPECT_EQ(m.load({1, 2}), std::pair(3, 4));
  EXPECT_EQ(m.load_or({2, 1}, {5, 6}), std::pair(5, 6));
  EXPECT_EQ(m.exchange({1, 2}, {7, 8}), std::pair(3, 4));
  EXPECT_TRUE(m.compare_exchange({1, 2}, {7, 8}, {9, 9}));
  EXPECT_EQ(m.erase({1, 2}), 1U);
}

TEST(ConcurrentKeys, OfOneByteFillTheirWholeRange) {
  gomap::concurrent_map<std::uint8_t, std::uint8_t> m({.shards = 4});

  for (int i = 0; i < 256; ++i) {
    m.store(static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(255 - i));
  }

  EXPECT_EQ(m.size(), 256U);
  for (int i = 0; i < 256; ++i) ASSERT_EQ(m.load(static_cast<std::uint8_t>(i)), 255 - i);
  m.check_invariants();
}

TEST(ConcurrentValuesOfMoveOnlyTypes, AreStoredExchangedAndTakenOut) {
  gomap::concurrent_map<std::uint64_t, std::unique_ptr<int>> m({.shards = 2});

  for (int i = 0; i < 1000; ++i) m.store(static_cast<std::uint64_t>(i), std::make_unique<int>(i));

  EXPECT_EQ(**m.exchange(7, std::make_unique<int>(-7)), 7);
  EXPECT_EQ(**m.load_and_erase(7), -7);
  EXPECT_FALSE(m.contains(7));
  EXPECT_FALSE(m.load_and_erase(7).has_value());
  EXPECT_TRUE(m.compare_exchange(9, m.exchange(9, nullptr).has_value() ? nullptr : nullptr,
                                 std::make_unique<int>(1)));
  EXPECT_EQ(m.size(), 999U);
  m.check_invariants();
}

TEST(ConcurrentKeysOfMoveOnlyTypes, AreMovedIn) {
  using support::move_only;
  gomap::concurrent_map<move_only, move_only, support::good_hash> m({.shards = 2});

  for (std::uint64_t i = 0; i < 1000; ++i) m.store(move_only(i), move_only(i + 1));
  ASSERT_TRUE(m.try_emplace(move_only(1000), 5U));

  EXPECT_TRUE(m.contains(move_only(999)));
  EXPECT_EQ(m.exchange(move_only(3), move_only(0))->number(), 4U);
  EXPECT_EQ(m.load_and_erase(move_only(4))->number(), 5U);
  EXPECT_EQ(m.erase(move_only(5)), 1U);
  EXPECT_EQ(m.cvisit(move_only(6), [](const auto& e) { EXPECT_EQ(e.second.number(), 7U); }), 1U);
  EXPECT_EQ(m.size(), 999U);
  m.check_invariants();
}

template <class Map>
class ConcurrentAlignment : public support::concurrent_test<Map> {};
using aligned_kinds =
    ::testing::Types<support::chosen_concurrent_map<std::uint64_t, support::cache_line>,
                     support::chosen_concurrent_map<std::uint64_t, support::over_aligned>>;
TYPED_TEST_SUITE(ConcurrentAlignment, aligned_kinds);

// The types abort when they are built where they may not be.
TYPED_TEST(ConcurrentAlignment, IsKept) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);

    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_EQ(m.load(this->key(i)), this->value(i + 1000));
      ASSERT_EQ(m.exchange(this->key(i), this->value(i)), this->value(i + 1000));
      m.update(this->key(i), [](auto& v) { EXPECT_EQ(v.number(), v.number()); });
      model[i] = i;
    }

    support::expect_holds(m, model);
  });
}

}  // namespace concurrent_values_test
