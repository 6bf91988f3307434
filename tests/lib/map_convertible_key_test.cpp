// map_convertible_key_test.cpp -- arguments that convert to a key and are no key of the hash.
//
// Hash and equality of std::string are transparent, and still take no path and no match of a
// regular expression: these become a std::string first, as with std::unordered_map.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/reference.hpp>

#include "support/single_pass.hpp"
#include "support/types.hpp"

namespace map_convertible_key_test {

// Converts to a std::string, and to nothing that a hash of text takes.
struct label {
  std::string text;
  operator std::string() const { return text; }
};

// Converts only when it is about to go.
struct passing_label {
  std::string text;
  operator std::string() && { return std::move(text); }
};

// Taken by the hash, since it converts to a view, but not by ==.
struct viewed_label {
  std::string text;
  operator std::string_view() const { return text; }
  operator std::string() const { return text; }
};

std::string matched_text = "-abc-";
std::ssub_match match_of(const char* pattern) {
  std::smatch found;
  std::regex_search(matched_text, found, std::regex(pattern));
  return found[0];
}

template <class K>
K make_key();
template <>
std::filesystem::path make_key() {
  return "abc";
}
template <>
std::ssub_match make_key() {
  return match_of("[a-z]+");
}
template <>
label make_key() {
  return {"abc"};
}
template <>
viewed_label make_key() {
  return {"abc"};
}
template <>
const char* make_key() {
  return "abc";
}
template <>
std::string_view make_key() {
  return "abc";
}
template <>
std::string make_key() {
  return "abc";
}

template <class K>
class MapConvertibleKey : public ::testing::Test {};
using forms = support::types<4, std::filesystem::path, std::ssub_match, label, viewed_label,
                             const char*, std::string_view, std::string>;
TYPED_TEST_SUITE(MapConvertibleKey, forms);

template <class Map, class K>
void expect_every_call_to_take(Map& m, const K& key) {
  EXPECT_FALSE(m.contains(key));
  EXPECT_EQ(m.lookup(key), nullptr);
  m[key] = 1;
  EXPECT_EQ(m.at(key), 1);
  EXPECT_EQ(m.get(key), 1);
  EXPECT_EQ(*m.lookup(key), 1);
  EXPECT_EQ(m.count(key), 1U);
  EXPECT_EQ(m.find(key)->second, 1);
  EXPECT_FALSE(m.try_emplace(key, 2).second);
  EXPECT_FALSE(m.emplace(key, 3).second);
  EXPECT_FALSE(m.insert_or_assign(key, 4).second);
  EXPECT_EQ(m.get("abc"), 4);
  EXPECT_EQ(m.erase(key), 1U);
  EXPECT_TRUE(m.empty());
}

TYPED_TEST(MapConvertibleKey, IsTakenByEveryCall) {
  gomap::map<std::string, int> m;
  const auto key = make_key<TypeParam>();

  expect_every_call_to_take(m, key);
  m["abc"] = 5;
  const auto& view = m;
  EXPECT_EQ(view.find(key)->second, 5);
  EXPECT_EQ(view.at(key), 5);
  EXPECT_EQ(m.equal_range(key).first->second, 5);
  EXPECT_EQ(view.equal_range(key).first->second, 5);
  EXPECT_EQ(m.try_emplace(m.cend(), key, 6)->second, 5);
  EXPECT_EQ(m.insert_or_assign(m.cend(), key, 7)->second, 7);
  EXPECT_EQ(m.emplace_hint(m.cend(), key, 8)->second, 7);
  view.prefetch(key);
}

TYPED_TEST(MapConvertibleKey, IsTakenByAReference) {
  const auto m = gomap::make<std::string, int>();

  expect_every_call_to_take(m, make_key<TypeParam>());
}

TYPED_TEST(MapConvertibleKey, IsTakenByABatch) {
  const gomap::map<std::string, int> m{{"abc", 1}};
  const std::vector<TypeParam> keys(100, make_key<TypeParam>());
  std::vector<const int*> found;

  m.find_many(keys, std::back_inserter(found));
  m.find_many(support::single_pass(100, [](int) { return make_key<TypeParam>(); }),
              std::back_inserter(found));

  EXPECT_EQ(found, std::vector<const int*>(200, m.lookup("abc")));
}

TEST(MapConvertibleKeys, OneThatConvertsAsARvalueOnlyIsTaken) {
  gomap::map<std::string, int> m;
  const auto r = gomap::make<std::string, int>();

  m[passing_label{"a"}] = 1;
  r[passing_label{"a"}] = 2;

  EXPECT_EQ(m.at(passing_label{"a"}), 1);
  EXPECT_EQ(r.at(passing_label{"a"}), 2);
  EXPECT_EQ(m.erase(passing_label{"a"}), 1U);
}

TEST(MapConvertibleKeys, BracesMakeAKey) {
  gomap::map<std::string, int> m;
  const auto r = gomap::make<std::string, int>();

  m[{"xxxx", 3}] = 1;
  r[{"xxxx", 3}] = 2;

  EXPECT_TRUE(m.contains({"xxxx", 3}));
  EXPECT_EQ(m.find({"xxx"})->second, 1);
  EXPECT_EQ(m.erase({"xxxx", 3}), 1U);
  EXPECT_EQ(r.get({"xxxx", 3}), 2);
  EXPECT_EQ(r.erase({"xxx"}), 1U);
}

TEST(MapConvertibleKeys, ABatchOfOtherNumbersIsConvertedAsOneNumberIs) {
  const gomap::map<std::uint64_t, int> m{{1, 10}, {~std::uint64_t{0}, 20}};
  std::vector<const int*> found;

  m.find_many(std::vector<double>{1.5, 2.5}, std::back_inserter(found));
  m.find_many(std::vector<int>{-1}, std::back_inserter(found));

  EXPECT_EQ(found, (std::vector<const int*>{m.lookup(1), nullptr, m.lookup(~std::uint64_t{0})}));
}

// A key type that anything converts to: iterators stay iterators, as in std.
struct anything {
  std::size_t size;
  template <class T>
  anything(const T&) : size(sizeof(T)) {}
  friend bool operator==(const anything& a, const anything& b) { return a.size == b.size; }
};
struct anything_hash {
  using is_transparent = void;
  std::size_t operator()(const anything& a) const { return a.size; }
};

TEST(MapConvertibleKeys, IteratorsAreNotTakenForKeysThatTheyConvertTo) {
  gomap::map<anything, int, anything_hash> m;
  m.try_emplace('c', 1);
  m.try_emplace(2.0, 2);

  m.erase(m.find('c'));
  EXPECT_EQ(m.size(), 1U);
  m.erase(std::as_const(m).begin());

  EXPECT_TRUE(m.empty());
}

template <class Map, class K>
concept finds = requires(Map& m, const K& key) {
  m.find(key);
};
template <class Map, class K>
concept erases = requires(Map& m, const K& key) {
  m.erase(key);
};
// A call with something else is no call at all: it can be asked about.
static_assert(!finds<gomap::map<std::string, int>, int*>);
static_assert(!finds<gomap::ref<std::string, int>, int*>);
static_assert(!erases<gomap::map<std::string, int>, std::vector<int>>);
static_assert(!erases<gomap::ref<std::string, int>, std::vector<int>>);

}  // namespace map_convertible_key_test
