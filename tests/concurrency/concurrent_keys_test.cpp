// concurrent_keys_test.cpp -- in which forms concurrent_map takes a key: what hash and equality take
// as it is, and what converts to a key as in any call.
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/self_contained.hpp>

#include "support/types.hpp"
#include "support/users_equal_to.hpp"

namespace concurrent_keys_test {

using support::bare;
using support::strict;

// Keys that are read under the lock.
template <class Key>
struct locked : Key {
  locked(int key, int rest) : Key{key, rest} {}
  locked(const locked& other) : Key(other) {}
};

}  // namespace concurrent_keys_test

template <class Key>
struct std::equal_to<concurrent_keys_test::locked<Key>> : std::equal_to<Key> {};

template <>
inline constexpr bool gomap::is_self_contained<concurrent_keys_test::bare> = true;
template <>
inline constexpr bool gomap::is_self_contained<concurrent_keys_test::strict> = true;

namespace concurrent_keys_test {

using words = gomap::concurrent_map<std::string, int>;

// What converts to a string, and to nothing that the hash of strings takes.
struct name {
  std::string text;
  operator std::string() const { return text; }
};
// In two ways, of which a call takes the exact one.
struct name_of_two_forms {
  operator std::string() const { return "ann"; }
  operator const char*() const { return "bob"; }
};
// Only what is given away converts.
struct name_given_away {
  std::string text;
  operator std::string() && { return std::move(text); }
};

template <class Map, class K>
concept loadable = requires(const Map& m, K&& key) {
  m.load(std::forward<K>(key));
};
template <class Map, class K>
concept storable = requires(Map& m, K&& key) {
  m.store(std::forward<K>(key), 1);
};

// Every call that takes a key, with one that `make` makes for the text that it names.
template <class Make>
void expect_every_call_takes(const Make& make) {
  words m;
  const auto ignore = [](const auto&) {};
  m.store(make("ann"), 1);
  EXPECT_EQ(m.load(make("ann")), 1);
  EXPECT_EQ(m.load_or(make("eve"), 7), 7);
  EXPECT_TRUE(m.contains(make("ann")));
  EXPECT_EQ(m.count(make("eve")), 0U);
  EXPECT_TRUE(m.load_or_store(make("ann"), 2).second);
  EXPECT_EQ(m.exchange(make("ann"), 3), 1);
  EXPECT_TRUE(m.compare_exchange(make("ann"), 3, 4));
  EXPECT_FALSE(m.compare_and_erase(make("ann"), 3));
  EXPECT_EQ(m.visit(make("ann"), [](auto& e) { ++e.second; }), 1U);
  EXPECT_EQ(m.cvisit(make("ann"), ignore), 1U);
  EXPECT_EQ(m.try_visit(make("ann"), ignore), gomap::visit_result::visited);
  m.update(make("ann"), [](int& n) { ++n; });
  m.compute(make("bob"), [](auto& e) { e.emplace(1); });
  m.with_locked(make("ann"), make("bob"), [](auto& a, auto& b) { std::swap(*a, *b); });
  EXPECT_FALSE(m.insert_or_assign(make("bob"), 2));
  EXPECT_FALSE(m.insert(std::pair(make("ann"), 5)));
  EXPECT_FALSE(m.insert_or_visit(std::pair(make("ann"), 5), ignore));
  EXPECT_FALSE(m.insert_and_cvisit(std::pair(make("ann"), 5), ignore, ignore));
  EXPECT_FALSE(m.emplace(make("ann"), 5));
  EXPECT_FALSE(m.emplace_or_visit(make("ann"), 5, ignore));
  EXPECT_FALSE(m.emplace_and_cvisit(make("ann"), 5, ignore, ignore));
  EXPECT_FALSE(m.try_emplace(make("ann"), 5));
  EXPECT_TRUE(m.try_emplace_or_visit(make("dan"), 5, ignore));
  EXPECT_TRUE(m.try_emplace_and_visit(make("eve"), 5, ignore, ignore));
  EXPECT_EQ(m.erase_if(make("eve"), [](const auto&) { return true; }), 1U);
  EXPECT_EQ(m.load_and_erase(make("dan")), 5);
  EXPECT_EQ(m.erase(make("dan")), 0U);

  using form = decltype(make("ann"));
  const std::vector<form> forms{make("ann"), make("eve"), make("bob")};
  std::vector<std::optional<int>> found(3);
  m.load_many(forms, found.begin());
  EXPECT_EQ(found, (std::vector<std::optional<int>>{1, std::nullopt, 2}));
  EXPECT_EQ(m.visit(forms.begin(), forms.end(), ignore), 2U);
  EXPECT_EQ(m.cvisit(forms.begin(), forms.end(), ignore), 2U);
  std::vector<std::pair<form, int>> entries;
  for (const form& f : forms) entries.emplace_back(f, 9);
  EXPECT_EQ(m.insert_many(entries), 1U);
  EXPECT_EQ(m.insert(entries.begin(), entries.end()), 0U);
  EXPECT_EQ(m.erase_many(forms), 3U);
  EXPECT_TRUE(m.empty());
}

TEST(ConcurrentKeys, MayBeWhatTheHashTakes) {
  expect_every_call_takes([](const char* text) { return std::string_view(text); });
  expect_every_call_takes([](const char* text) { return text; });
}

TEST(ConcurrentKeys, MayBeWhatConvertsToAKeyAndNoHashTakes) {
  expect_every_call_takes([](const char* text) { return name{text}; });
  expect_every_call_takes([](const char* text) { return std::filesystem::path(text); });
  expect_every_call_takes([](const char* text) {
    std::csub_match match;
    match.first = text;
    match.second = text + std::char_traits<char>::length(text);
    match.matched = true;
    return match;
  });
}

TEST(ConcurrentKeys, AreConvertedAsInAnyCall) {
  words m;
  m.store(name_of_two_forms(), 1);
  EXPECT_EQ(m.load("ann"), 1);
  EXPECT_EQ(m.load(name_of_two_forms()), 1);

  m.store(name_given_away{"bob"}, 2);
  EXPECT_EQ(m.load("bob"), 2);
  static_assert(storable<words, name_given_away> && !storable<words, name_given_away&>);
  static_assert(!loadable<words, name_given_away>);
}

TEST(ConcurrentKeys, AreNothingElse) {
  static_assert(loadable<words, const char*> && loadable<words, name>);
  static_assert(!loadable<words, int> && !loadable<words, std::vector<int>>);
  static_assert(!storable<words, int> && !storable<words, std::vector<int>>);
}

// One of the two does not take it, so it is converted.
struct hash_of_text {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
struct equal_strings_alone {
  using is_transparent = void;
  template <std::same_as<std::string> A, std::same_as<std::string> B>
  bool operator()(const A& a, const B& b) const {
    return a == b;
  }
};

TEST(ConcurrentKeys, AreConvertedUnlessHashAndEqualityTakeThem) {
  gomap::concurrent_map<std::string, int, hash_of_text, equal_strings_alone> m;
  m.store("ann", 1);
  EXPECT_EQ(m.load("ann"), 1);
  EXPECT_EQ(m.load(name{"ann"}), 1);
}

// A key that can only be moved, and what is one.
struct ticket {
  std::unique_ptr<int> number;
  friend bool operator==(const ticket& a, const ticket& b) { return *a.number == *b.number; }
  friend std::size_t hash_value(const ticket& t) { return static_cast<std::size_t>(*t.number); }
};
struct named_ticket : ticket {
  std::string name;
};

TEST(ConcurrentKeys, MayDeriveFromAKey) {
  gomap::concurrent_map<ticket, int> m;
  const named_ticket first{{std::make_unique<int>(1)}, "ann"};
  m.store(named_ticket{{std::make_unique<int>(1)}, "bob"}, 10);

  EXPECT_EQ(m.load(first), 10);
  EXPECT_EQ(m.erase(first), 1U);
  static_assert(!storable<gomap::concurrent_map<ticket, int>, const named_ticket&>);
}

// ---- an equality by std::equal_to, which std::unordered_map asks by default

template <class Key>
class ConcurrentUsersEqualTo : public testing::Test {};
using users_keys = support::types<2, bare, locked<strict>, strict, locked<bare>>;
TYPED_TEST_SUITE(ConcurrentUsersEqualTo, users_keys);

TYPED_TEST(ConcurrentUsersEqualTo, DecidesWhichKeysAreOne) {
  using map = gomap::concurrent_map<TypeParam, int>;
  static_assert(map::reads_take_no_lock == std::is_trivially_copyable_v<TypeParam>);
  const TypeParam key{1, 10};
  const TypeParam same{1, 20};
  map m;

  m.store(key, 1);
  m.store(same, 2);
  m.with_locked(TypeParam{2, 10}, TypeParam{2, 20}, [](auto& a, auto& b) {
    EXPECT_EQ(&a, &b);
    a.emplace(3);
  });

  EXPECT_EQ(m.size(), 2U);
  EXPECT_EQ(m.load(key), 2);
  EXPECT_EQ(m.load(TypeParam{2, 30}), 3);
  EXPECT_EQ(m.erase(TypeParam{2, 40}), 1U);
  EXPECT_TRUE(m == map(m));
  m.check_invariants();
}

TEST(ConcurrentUsersEqualToOfPointers, IsUsedUnderTheLock) {
  using map = gomap::concurrent_map<const support::record*, int>;
  static_assert(!map::reads_take_no_lock);
  const support::record here{1};
  const support::record there{1};
  map m;

  m.store(&here, 1);
  m.store(&there, 2);

  EXPECT_EQ(m.size(), 1U);
  EXPECT_EQ(m.load(&here), 2);
}

TEST(ConcurrentUsersEqualToOfMaps, LeavesItToTheOperatorWhetherMapsAreEqual) {
  gomap::concurrent_map<strict, int> m;
  gomap::concurrent_map<strict, int> other;
  m.store({1, 10}, 1);
  other.store({1, 20}, 1);

  EXPECT_FALSE(m == other);
}

TEST(ConcurrentKeys, InBracesAreKeys) {
  gomap::concurrent_map<std::pair<int, int>, int> m;
  m.store({1, 2}, 3);
  EXPECT_EQ(m.load({1, 2}), 3);
  EXPECT_TRUE(m.contains({1, 2}));
  EXPECT_EQ(m.erase({1, 2}), 1U);
}

}  // namespace concurrent_keys_test
