// concurrent_inserts_test.cpp -- concurrent_map's insert and emplace families, on one thread.
//
// Their bool says whether the call inserted; functions come last; and where the key is there
// already, nothing is moved from.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>

#include "support/colliding_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_value.hpp"
#include "support/single_pass.hpp"

namespace concurrent_inserts_test {

using support::number_of;
using support::numbers;

struct stop {};

constexpr auto never = [](auto&) { FAIL() << "called though it should not be"; };

template <class Map>
class ConcurrentInserts : public support::concurrent_test<Map> {
 protected:
  using test = support::concurrent_test<Map>;
  using value_type = typename Map::value_type;

  // What is handed to the map to see an entry, which it is to show as a constant unless Changes.
  template <bool Changes>
  struct visitor {
    using shown = std::conditional_t<Changes, value_type, const value_type>;

    template <class Entry>
    void operator()(Entry& e) const {
      static_assert(std::is_same_v<Entry, shown>);
      visit(e);
    }

    std::function<void(shown&)> visit;
  };

  static value_type entry(std::uint64_t k, std::uint64_t v) {
    return value_type(test::key(k), test::value(v));
  }

  // insert_one(map, k, v) inserts if the key is absent and calls no function that sees the entry.
  static void expect_inserts(
      const std::function<bool(Map&, std::uint64_t, std::uint64_t)>& insert_one) {
    test::in_each_layout([&](Map& m, std::uint64_t n) {
      numbers model;
      for (std::uint64_t i = 0; i < n; ++i) {
        ASSERT_TRUE(insert_one(m, i, i + 1));
        ASSERT_FALSE(insert_one(m, i, i + 2));
        model[i] = i + 1;
      }
      support::expect_holds(m, model);
    });
  }

  // insert_one(map, k, v, on_found) calls on_found(entry) where the key is there already. What that
  // does to the value stays if Changes.
  template <bool Changes>
  static void expect_inserts_or_visits(
      const std::function<bool(Map&, std::uint64_t, std::uint64_t, const visitor<Changes>&)>&
          insert_one) {
    test::in_each_layout([&](Map& m, std::uint64_t n) {
      numbers model;
      for (std::uint64_t i = 0; i < n; ++i) {
        ASSERT_TRUE(insert_one(m, i, i + 1, {never}));
        int calls = 0;
        ASSERT_FALSE(insert_one(m, i, i + 2, {[&](auto& e) {
                                  EXPECT_EQ(e.first, test::key(i));
                                  EXPECT_EQ(e.second, test::value(i + 1));
                                  if constexpr (Changes) e.second = test::value(i + 3);
                                  ++calls;
                                }}));
        ASSERT_EQ(calls, 1);
        model[i] = Changes ? i + 3 : i + 1;
      }
      support::expect_holds(m, model);
    });
  }

  // insert_one(map, k, v, on_inserted, on_found). What the first does to the value stays, what the
  // second does if Changes.
  template <bool Changes>
  static void expect_inserts_and_visits(
      const std::function<bool(Map&, std::uint64_t, std::uint64_t, const visitor<true>&,
                               const visitor<Changes>&)>& insert_one) {
    test::in_each_layout([&](Map& m, std::uint64_t n) {
      numbers model;
      for (std::uint64_t i = 0; i < n; ++i) {
        int inserted = 0;
        int found = 0;
        const visitor<true> on_inserted{[&](auto& e) {
          EXPECT_EQ(e.second, test::value(i + 1));
          e.second = test::value(i + 2);
          ++inserted;
        }};
        const visitor<Changes> on_found{[&](auto& e) {
          EXPECT_EQ(e.second, test::value(i + 2));
          if constexpr (Changes) e.second = test::value(i + 3);
          ++found;
        }};
        ASSERT_TRUE(insert_one(m, i, i + 1, on_inserted, on_found));
        ASSERT_EQ(std::pair(inserted, found), std::pair(1, 0));
        ASSERT_FALSE(insert_one(m, i, i + 1, on_inserted, on_found));
        ASSERT_EQ(std::pair(inserted, found), std::pair(1, 1));
        model[i] = Changes ? i + 3 : i + 2;
      }
      support::expect_holds(m, model);
    });
  }
};
TYPED_TEST_SUITE(ConcurrentInserts, support::concurrent_kinds);

TYPED_TEST(ConcurrentInserts, InsertOfAnEntry) {
  this->expect_inserts([&](auto& m, auto k, auto v) {
    const auto e = this->entry(k, v);
    return k % 2 == 0 ? m.insert(e) : m.insert(this->entry(k, v));
  });
}

TYPED_TEST(ConcurrentInserts, InsertOfAPair) {
  this->expect_inserts([&](auto& m, auto k, auto v) {
    const std::pair e(this->key(k), this->value(v));
    return k % 2 == 0 ? m.insert(e) : m.insert(std::pair(this->key(k), this->value(v)));
  });
}

TYPED_TEST(ConcurrentInserts, InsertInBraces) {
  this->expect_inserts([&](auto& m, auto k, auto v) {
    return m.insert({this->key(k), this->value(v)});
  });
}

TYPED_TEST(ConcurrentInserts, Emplace) {
  this->expect_inserts(
      [&](auto& m, auto k, auto v) { return m.emplace(this->key(k), this->value(v)); });
}

TYPED_TEST(ConcurrentInserts, EmplacePiecewise) {
  this->expect_inserts([&](auto& m, auto k, auto v) {
    return m.emplace(std::piecewise_construct, std::forward_as_tuple(this->key(k)),
                     std::forward_as_tuple(this->value(v)));
  });
}

TYPED_TEST(ConcurrentInserts, TryEmplace) {
  this->expect_inserts([&](auto& m, auto k, auto v) {
    const auto key = this->key(k);
    return k % 2 == 0 ? m.try_emplace(key, this->value(v))
                      : m.try_emplace(this->key(k), this->value(v));
  });
}

TYPED_TEST(ConcurrentInserts, TryEmplaceOfAKeyAloneValueInitialises) {
  TypeParam m;
  EXPECT_TRUE(m.try_emplace(this->key(1)));
  EXPECT_EQ(m.load(this->key(1)), typename TypeParam::mapped_type{});
}

TYPED_TEST(ConcurrentInserts, InsertOrAssign) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_TRUE(m.insert_or_assign(this->key(i), this->value(i)));
      ASSERT_FALSE(m.insert_or_assign(this->key(i), this->value(i + 1)));
      model[i] = i + 1;
    }
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentInserts, InsertOrVisit) {
  this->template expect_inserts_or_visits<true>([&](auto& m, auto k, auto v, const auto& f) {
    const auto e = this->entry(k, v);
    return k % 2 == 0 ? m.insert_or_visit(e, f)
                      : m.insert_or_visit(std::pair(this->key(k), this->value(v)), f);
  });
}

TYPED_TEST(ConcurrentInserts, InsertOrCvisit) {
  this->template expect_inserts_or_visits<false>([&](auto& m, auto k, auto v, const auto& f) {
    return m.insert_or_cvisit(this->entry(k, v), f);
  });
}

TYPED_TEST(ConcurrentInserts, EmplaceOrVisit) {
  this->template expect_inserts_or_visits<true>([&](auto& m, auto k, auto v, const auto& f) {
    return m.emplace_or_visit(this->key(k), this->value(v), f);
  });
}

TYPED_TEST(ConcurrentInserts, EmplaceOrCvisit) {
  this->template expect_inserts_or_visits<false>([&](auto& m, auto k, auto v, const auto& f) {
    return m.emplace_or_cvisit(this->key(k), this->value(v), f);
  });
}

TYPED_TEST(ConcurrentInserts, TryEmplaceOrVisit) {
  this->template expect_inserts_or_visits<true>([&](auto& m, auto k, auto v, const auto& f) {
    return m.try_emplace_or_visit(this->key(k), this->value(v), f);
  });
}

TYPED_TEST(ConcurrentInserts, TryEmplaceOrCvisit) {
  this->template expect_inserts_or_visits<false>([&](auto& m, auto k, auto v, const auto& f) {
    return m.try_emplace_or_cvisit(this->key(k), this->value(v), f);
  });
}

TYPED_TEST(ConcurrentInserts, InsertAndVisit) {
  this->template expect_inserts_and_visits<true>(
      [&](auto& m, auto k, auto v, const auto& f, const auto& g) {
        return m.insert_and_visit(this->entry(k, v), f, g);
      });
}

TYPED_TEST(ConcurrentInserts, InsertAndCvisit) {
  this->template expect_inserts_and_visits<false>(
      [&](auto& m, auto k, auto v, const auto& f, const auto& g) {
        return m.insert_and_cvisit(this->entry(k, v), f, g);
      });
}

TYPED_TEST(ConcurrentInserts, EmplaceAndVisit) {
  this->template expect_inserts_and_visits<true>(
      [&](auto& m, auto k, auto v, const auto& f, const auto& g) {
        return m.emplace_and_visit(this->key(k), this->value(v), f, g);
      });
}

TYPED_TEST(ConcurrentInserts, EmplaceAndCvisit) {
  this->template expect_inserts_and_visits<false>(
      [&](auto& m, auto k, auto v, const auto& f, const auto& g) {
        return m.emplace_and_cvisit(this->key(k), this->value(v), f, g);
      });
}

TYPED_TEST(ConcurrentInserts, TryEmplaceAndVisit) {
  this->template expect_inserts_and_visits<true>(
      [&](auto& m, auto k, auto v, const auto& f, const auto& g) {
        return m.try_emplace_and_visit(this->key(k), this->value(v), f, g);
      });
}

TYPED_TEST(ConcurrentInserts, TryEmplaceAndCvisit) {
  this->template expect_inserts_and_visits<false>(
      [&](auto& m, auto k, auto v, const auto& f, const auto& g) {
        return m.try_emplace_and_cvisit(this->key(k), this->value(v), f, g);
      });
}

TYPED_TEST(ConcurrentInserts, OfRangesCountWhatTheyInserted) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    std::vector<std::pair<typename TypeParam::key_type, typename TypeParam::mapped_type>> list;
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) {
      list.emplace_back(this->key(i / 2), this->value(i));
      model.try_emplace(i / 2, i);
    }

    ASSERT_EQ(m.insert(list.begin(), list.end()), (n + 1) / 2);
    ASSERT_EQ(m.insert(list.begin(), list.end()), 0U);
    support::expect_holds(m, model);

    std::uint64_t visits = 0;
    ASSERT_EQ(m.insert_or_cvisit(list.begin(), list.end(), [&](const auto&) { ++visits; }), 0U);
    ASSERT_EQ(m.insert_or_visit(list.begin(), list.end(),
                                [&](auto& e) {
                                  e.second = this->value(5);
                                  ++visits;
                                }),
              0U);
    ASSERT_EQ(visits, 2 * n);
    for (auto& [k, v] : model) v = 5;
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentInserts, OfListsCountWhatTheyInserted) {
  TypeParam m;

  EXPECT_EQ(m.insert({this->entry(1, 1), this->entry(2, 2), this->entry(1, 3)}), 2U);
  int visits = 0;
  EXPECT_EQ(m.insert_or_visit({this->entry(2, 5), this->entry(3, 3)},
                              [&](auto& e) {
                                e.second = this->value(4);
                                ++visits;
                              }),
            1U);
  EXPECT_EQ(
      m.insert_or_cvisit({this->entry(2, 5), this->entry(4, 4)}, [&](const auto&) { ++visits; }),
      1U);

  EXPECT_EQ(visits, 2);
  support::expect_holds(m, {{1, 1}, {2, 4}, {3, 3}, {4, 4}});
}

TYPED_TEST(ConcurrentInserts, OfRangesAndListsCallBothFunctions) {
  TypeParam m;
  const std::vector list{this->entry(1, 1), this->entry(2, 2), this->entry(1, 3)};
  const auto set = [&](std::uint64_t v) {
    return [this, v](auto& e) { e.second = this->value(v); };
  };
  int found = 0;
  const auto look = [&](const auto& e) {
    static_assert(std::is_const_v<std::remove_reference_t<decltype(e)>>);
    ++found;
  };

  EXPECT_EQ(m.insert_and_visit(list.begin(), list.end(), set(10), set(20)), 2U);
  support::expect_holds(m, {{1, 20}, {2, 10}});
  EXPECT_EQ(m.insert_and_cvisit(list.begin(), list.end(), set(30), look), 0U);
  EXPECT_EQ(m.insert_and_visit({this->entry(2, 5), this->entry(3, 5)}, set(40), set(50)), 1U);
  EXPECT_EQ(m.insert_and_cvisit({this->entry(3, 5), this->entry(4, 5)}, set(60), look), 1U);

  EXPECT_EQ(found, 4);
  support::expect_holds(m, {{1, 20}, {2, 50}, {3, 40}, {4, 60}});
}

TYPED_TEST(ConcurrentInserts, AFunctionThatThrowsGivesTheLockBack) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);
    const auto fail = [](const auto&) { throw stop(); };

    for (std::uint64_t i = 0; i < n; i += 7) {
      ASSERT_THROW(m.insert_or_visit(this->entry(i, 1), fail), stop);
      ASSERT_THROW(m.emplace_or_cvisit(this->key(i), this->value(1), fail), stop);
      ASSERT_THROW(m.try_emplace_or_visit(this->key(i), this->value(1), fail), stop);
      ASSERT_THROW(m.try_emplace_and_visit(this->key(i), this->value(1), never, fail), stop);
    }

    support::expect_holds(m, model);
  });
}

// ---- what is moved from

class ConcurrentInsertsOfText : public ::testing::Test {
 protected:
  ConcurrentInsertsOfText() { map_.store(key_, "there"); }
  ~ConcurrentInsertsOfText() noexcept override {}

  // Calls insert(map, key, value) with strings that it may move from.
  template <class Insert>
  void expect_kept(Insert insert) {
    std::string key = key_;
    std::string value = "a value that no small buffer holds, either";
    const std::string same_value = value;

    insert(map_, key, value);

    EXPECT_EQ(key, key_);
    EXPECT_EQ(value, same_value);
    EXPECT_EQ(map_.load(key_), "there");
    EXPECT_EQ(map_.size(), 1U);
  }

  const std::string key_ = "a key that is there and that no small buffer holds";
  gomap::concurrent_map<std::string, std::string> map_;
};

TEST_F(ConcurrentInsertsOfText, MoveNothingWhenTheKeyIsThere) {
  const auto ignore = [](const auto&) {};
  this->expect_kept([](auto& m, auto& k, auto& v) { m.try_emplace(std::move(k), std::move(v)); });
  this->expect_kept([](auto& m, auto& k, auto& v) { m.emplace(std::move(k), std::move(v)); });
  this->expect_kept([&](auto& m, auto& k, auto& v) {
    m.try_emplace_or_visit(std::move(k), std::move(v), ignore);
  });
  this->expect_kept([&](auto& m, auto& k, auto& v) {
    m.try_emplace_and_cvisit(std::move(k), std::move(v), ignore, ignore);
  });
  this->expect_kept(
      [&](auto& m, auto& k, auto& v) { m.emplace_or_cvisit(std::move(k), std::move(v), ignore); });
  this->expect_kept([&](auto& m, auto& k, auto& v) {
    m.emplace_and_visit(std::move(k), std::move(v), ignore, ignore);
  });
  this->expect_kept([](auto& m, auto& k, auto& v) { m.load_or_store(std::move(k), std::move(v)); });
  this->expect_kept([](auto& m, auto& k, auto& v) {
    m.insert(std::pair<std::string&&, std::string&&>(std::move(k), std::move(v)));
  });
}

TEST_F(ConcurrentInsertsOfText, OfAWholePairMoveNothingWhenTheKeyIsThere) {
  const auto ignore = [](const auto&) {};
  std::pair<std::string, std::string> e(key_, "a value that no small buffer holds, either");
  const auto same = e;
  gomap::concurrent_map<std::string, std::string>::value_type constant(e);

  EXPECT_FALSE(map_.insert(std::move(e)));
  EXPECT_EQ(e, same);
  EXPECT_FALSE(map_.insert_or_visit(std::move(e), ignore));
  EXPECT_EQ(e, same);
  EXPECT_FALSE(map_.insert_and_cvisit(std::move(e), ignore, ignore));
  EXPECT_EQ(e, same);
  EXPECT_FALSE(map_.emplace(std::move(e)));
  EXPECT_EQ(e, same);
  EXPECT_FALSE(map_.insert(std::move(constant)));
  EXPECT_EQ(constant.second, same.second);
}

// A key that has to be made is made alone: the value stays where it is.
template <class Hash, class KeyEqual>
void expect_no_value_is_moved_to_a_key_of_another_form() {
  gomap::concurrent_map<std::string, std::string, Hash, KeyEqual> m;
  m.store("there", "before");
  const std::string same = "a value that no small buffer holds";
  std::string v = same;
  const char* const key = "there";
  const auto ignore = [](const auto&) {};
  std::pair<const char*, std::string> e(key, same);

  EXPECT_FALSE(m.emplace(key, std::move(v)));
  EXPECT_EQ(v, same);
  EXPECT_FALSE(m.emplace_or_visit(key, std::move(v), ignore));
  EXPECT_EQ(v, same);
  EXPECT_FALSE(m.emplace_and_cvisit(key, std::move(v), ignore, ignore));
  EXPECT_EQ(v, same);
  EXPECT_FALSE(m.try_emplace(key, std::move(v)));
  EXPECT_EQ(v, same);
  EXPECT_FALSE(m.emplace(std::piecewise_construct, std::forward_as_tuple(key),
                         std::forward_as_tuple(std::move(v))));
  EXPECT_EQ(v, same);
  EXPECT_FALSE(m.emplace(std::piecewise_construct, std::forward_as_tuple("there!", 5U),
                         std::forward_as_tuple(std::move(v))));
  EXPECT_EQ(v, same);
  EXPECT_FALSE(m.insert(std::move(e)));
  EXPECT_EQ(e.second, same);
  EXPECT_FALSE(m.insert_or_visit(std::move(e), ignore));
  EXPECT_EQ(e.second, same);
  EXPECT_FALSE(m.insert_and_visit(std::move(e), ignore, ignore));
  EXPECT_EQ(e.second, same);
  std::vector<std::pair<const char*, std::string>> list{e};
  EXPECT_EQ(m.insert(std::make_move_iterator(list.begin()), std::make_move_iterator(list.end())),
            0U);
  EXPECT_EQ(list[0].second, same);
  EXPECT_EQ(m.load("there"), "before");
  EXPECT_EQ(m.size(), 1U);

  EXPECT_TRUE(m.emplace("new", std::move(v)));
  EXPECT_TRUE(v.empty());
  EXPECT_TRUE(m.emplace(std::piecewise_construct, std::forward_as_tuple(3U, 'x'),
                        std::forward_as_tuple(2U, 'y')));
  EXPECT_TRUE(m.emplace());
  EXPECT_EQ(m.load("new"), same);
  EXPECT_EQ(m.load("xxx"), "yy");
  EXPECT_EQ(m.load(""), "");
}

TEST_F(ConcurrentInsertsOfText, MoveNoValueWhenTheKeyIsThereInAnotherForm) {
  expect_no_value_is_moved_to_a_key_of_another_form<gomap::hash<std::string>, std::equal_to<>>();
  expect_no_value_is_moved_to_a_key_of_another_form<std::hash<std::string>,
                                                    std::equal_to<std::string>>();
}

TEST_F(ConcurrentInsertsOfText, MoveBothWhenTheKeyIsNew) {
  std::string key = "another key that no small buffer holds";
  std::string value = "a value that no small buffer holds, either";

  EXPECT_TRUE(map_.emplace(std::move(key), std::move(value)));

  EXPECT_TRUE(key.empty());
  EXPECT_TRUE(value.empty());
}

// insert_or_assign moves the value, and keeps the key that is there.
TEST_F(ConcurrentInsertsOfText, AssignMovesTheValueAlone) {
  std::string key = key_;
  std::string value = "a value that no small buffer holds, either";

  EXPECT_FALSE(map_.insert_or_assign(std::move(key), std::move(value)));

  EXPECT_EQ(key, key_);
  EXPECT_TRUE(value.empty());
  EXPECT_EQ(map_.load(key_), "a value that no small buffer holds, either");
}

// ---- other types

TEST(ConcurrentInsertsOfMoveOnlyTypes, MoveThemIn) {
  using support::move_only;
  gomap::concurrent_map<move_only, move_only, support::good_hash> m({.shards = 2});
  const auto ignore = [](const auto&) {};

  EXPECT_TRUE(m.insert(std::pair(move_only(1), move_only(1))));
  EXPECT_TRUE(m.emplace(move_only(2), move_only(2)));
  EXPECT_TRUE(m.emplace(3U, 3U));
  EXPECT_TRUE(m.try_emplace(move_only(4), 4U));
  EXPECT_TRUE(m.try_emplace_or_visit(move_only(5), move_only(5), ignore));
  EXPECT_TRUE(m.emplace_and_cvisit(move_only(6), move_only(6), ignore, ignore));
  EXPECT_TRUE(m.insert_or_assign(move_only(7), move_only(7)));
  EXPECT_FALSE(m.insert_or_assign(move_only(7), move_only(8)));
  EXPECT_TRUE(m.insert_or_visit(std::pair(move_only(8), move_only(8)), ignore));

  support::expect_holds(m, {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 8}, {8, 8}});
}

TEST(ConcurrentInsertsOfConvertibleTypes, ConvertThem) {
  gomap::concurrent_map<std::uint64_t, std::string> m;

  EXPECT_TRUE(m.insert(std::pair(1, "one")));
  EXPECT_FALSE(m.insert(std::pair(1L, "uno")));
  EXPECT_TRUE(m.emplace(2, "two"));
  EXPECT_TRUE(m.try_emplace(3, 5U, 'x'));
  EXPECT_TRUE(m.insert_or_assign(4, "four"));
  EXPECT_FALSE(m.emplace_or_visit(4, "vier", [](auto& e) { e.second += "!"; }));
  EXPECT_EQ(m.insert({{5, "five"}, {6, "six"}}), 2U);

  EXPECT_EQ(m.load(1), "one");
  EXPECT_EQ(m.load(3), "xxxxx");
  EXPECT_EQ(m.load(4), "four!");
  EXPECT_EQ(m.size(), 6U);
}

// What converts to an entry, and is no pair.
struct converts_to_an_entry {
  std::string key;
  std::string value;
  operator std::pair<const std::string, std::string>() const { return {key, value}; }
};

TEST(ConcurrentInsertsOfConvertibleTypes, TakeWhatConvertsToAWholeEntry) {
  gomap::concurrent_map<std::string, std::string> m;
  const converts_to_an_entry e{"a", "1"};
  int visits = 0;
  const auto visit = [&](const auto&) { ++visits; };
  const std::vector list{e, converts_to_an_entry{"b", "2"}};

  EXPECT_TRUE(m.insert(e));
  EXPECT_FALSE(m.insert(converts_to_an_entry{"a", "2"}));
  EXPECT_FALSE(m.emplace(e));
  EXPECT_FALSE(m.insert_or_visit(e, visit));
  EXPECT_FALSE(m.insert_and_cvisit(e, visit, visit));
  EXPECT_EQ(m.insert(list.begin(), list.end()), 1U);
  EXPECT_EQ(m.insert_and_visit(list.begin(), list.end(), visit, visit), 0U);

  EXPECT_EQ(visits, 4);
  EXPECT_EQ(m.load("a"), "1");
  EXPECT_EQ(m.load("b"), "2");
}

TEST(ConcurrentInsertsOfBracedEntries, MoveTheKey) {
  gomap::concurrent_map<std::unique_ptr<int>, int> m;
  EXPECT_TRUE(m.insert({std::make_unique<int>(1), 1}));
  EXPECT_TRUE(m.insert_or_visit({std::make_unique<int>(2), 2}, [](auto&) {}));
  EXPECT_EQ(m.size(), 2U);
}

TEST(ConcurrentInsertsOfBracedEntries, TakeFunctionsToo) {
  gomap::concurrent_map<std::string, int> m;
  int visits = 0;
  const auto visit = [&](const auto&) { ++visits; };
  const auto never = [](const auto&) { ADD_FAILURE(); };
  EXPECT_TRUE(m.insert({"a", 1}));
  EXPECT_FALSE(m.insert_or_visit({"a", 2}, visit));
  EXPECT_FALSE(m.insert_or_cvisit({"a", 2}, visit));
  EXPECT_TRUE(m.insert_and_visit({"b", 2}, visit, never));
  EXPECT_FALSE(m.insert_and_cvisit({"b", 3}, never, visit));
  EXPECT_EQ(visits, 4);
  EXPECT_EQ(m.load("a"), 1);
  EXPECT_EQ(m.load("b"), 2);
}

// A reader without a lock, in the middle of the call.
TEST(ConcurrentInsertsThatVisit, ShowNobodyTheEntryBeforeItsFunctionHasReturned) {
  using map = gomap::concurrent_map<std::uint64_t, std::uint64_t>;
  static_assert(map::reads_take_no_lock);
  map m;
  const auto never = [](const auto&) { ADD_FAILURE(); };
  const auto change = [&](auto& e) {
    EXPECT_EQ(m.load(e.first), std::nullopt);
    e.second = 7;
    EXPECT_EQ(m.load(e.first), std::nullopt);
  };
  EXPECT_TRUE(m.insert_and_visit({1, 5}, change, never));
  EXPECT_TRUE(m.emplace_and_visit(2, 5, change, never));
  EXPECT_TRUE(m.try_emplace_and_visit(3, 5, change, never));
  support::expect_holds(m, {{1, 7}, {2, 7}, {3, 7}});
}

// However the map is read.
TYPED_TEST(ConcurrentInserts, LeaveTheEntryAsItWasMadeWhenTheFunctionThrows) {
  const auto change_and_throw = [&](auto& e) {
    e.second = this->value(7);
    throw stop();
  };
  const auto ignore = [](const auto&) {};
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model;
    std::uint64_t k = 0;
    for (; k + 8 < n; k += 8) {
      const auto key = [&](std::uint64_t i) { return this->key(k + i); };
      const std::vector list{this->entry(k + 6, k + 6)};
      ASSERT_THROW(m.insert_and_visit(this->entry(k, k), change_and_throw, ignore), stop);
      ASSERT_THROW(m.insert_and_cvisit(this->entry(k + 1, k + 1), change_and_throw, ignore), stop);
      ASSERT_THROW(m.emplace_and_visit(key(2), this->value(k + 2), change_and_throw, ignore), stop);
      ASSERT_THROW(m.emplace_and_cvisit(key(3), this->value(k + 3), change_and_throw, ignore),
                   stop);
      ASSERT_THROW(m.try_emplace_and_visit(key(4), this->value(k + 4), change_and_throw, ignore),
                   stop);
      ASSERT_THROW(m.try_emplace_and_cvisit(key(5), this->value(k + 5), change_and_throw, ignore),
                   stop);
      ASSERT_THROW(m.insert_and_visit(list.begin(), list.end(), change_and_throw, ignore), stop);
      ASSERT_THROW(m.insert_and_cvisit({this->entry(k + 7, k + 7)}, change_and_throw, ignore),
                   stop);
      for (std::uint64_t i = k; i < k + 8; ++i) model[i] = i;
    }
    // And what is not there is not inserted.
    ASSERT_THROW(m.update(this->key(k),
                          [&](auto& v) {
                            v = this->value(7);
                            throw stop();
                          }),
                 stop);
    ASSERT_THROW(m.compute(this->key(k),
                           [&](auto& e) {
                             e.emplace(this->value(7));
                             throw stop();
                           }),
                 stop);
    support::expect_holds(m, model);
  });
}

// What cannot be put back as it was is not inserted.
TEST(ConcurrentInsertsOfMoveOnlyTypes, InsertNothingWhenTheFunctionThrows) {
  gomap::concurrent_map<int, std::unique_ptr<int>> m;
  const auto change_and_throw = [](auto& e) {
    *e.second = 7;
    throw stop();
  };
  const auto ignore = [](const auto&) {};
  EXPECT_THROW(m.try_emplace_and_visit(1, std::make_unique<int>(5), change_and_throw, ignore),
               stop);
  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

// Says that it can be copied, and cannot.
TEST(ConcurrentInsertsOfMoveOnlyTypes, AreNotMistakenForOthers) {
  using list = std::vector<std::unique_ptr<int>>;
  gomap::concurrent_map<int, list> m;
  gomap::concurrent_map<int, std::pair<int, std::map<int, list>>> nested;
  const auto ignore = [](const auto&) {};
  EXPECT_TRUE(m.try_emplace_and_visit(1, list(3), ignore, ignore));
  EXPECT_TRUE(nested.try_emplace_and_visit(1, ignore, ignore));
  EXPECT_EQ(m.exchange(1, list(2))->size(), 3U);
}

// A function that cannot throw costs no copy.
TEST(ConcurrentInsertsThatVisit, CopyNothingForAFunctionThatCannotThrow) {
  gomap::concurrent_map<int, support::tracked> m;
  const std::size_t copies = support::object_counts::copies;
  const auto look = [](const auto&) noexcept {};
  EXPECT_TRUE(m.try_emplace_and_visit(1, 5U, look, look));
  EXPECT_TRUE(m.emplace_and_visit(2, 5U, look, look));
  EXPECT_TRUE(m.try_emplace_or_visit(3, 5U, [](auto&) { throw stop(); }));
  EXPECT_EQ(support::object_counts::copies, copies);
}

// A member of a class with a virtual destructor: its own must not throw.
static_assert(std::is_nothrow_destructible_v<gomap::concurrent_map<int, int>>);

// A range that can be walked once only: each element is looked at once.
TEST(ConcurrentInsertsOfSinglePassRanges, TakeEachElementOnce) {
  std::vector<std::unique_ptr<int>> values;
  std::vector<std::pair<int, std::unique_ptr<int>>> list;
  for (int i = 0; i < 300; ++i) list.emplace_back(i % 200, std::make_unique<int>(i));
  gomap::concurrent_map<int, std::unique_ptr<int>> m;

  EXPECT_EQ(m.insert(std::make_move_iterator(list.begin()), std::make_move_iterator(list.end())),
            200U);

  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(list[static_cast<std::size_t>(i)].second == nullptr, i < 200) << i;
  }
  m.check_invariants();
}

}  // namespace concurrent_inserts_test
