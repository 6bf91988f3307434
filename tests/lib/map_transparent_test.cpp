// map_transparent_test.cpp -- lookup, insertion and erasure by a type that is not the key's.
//
// The key type counts how often one is made: a transparent call makes none unless it inserts, and
// then exactly the one that stays in the map.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

namespace map_transparent_test {

struct name {
  static inline int made = 0;

  explicit name(std::string_view t) : text(t) { ++made; }
  name(const name& other) : text(other.text) { ++made; }
  name(name&& other) noexcept : text(std::move(other.text)) { ++made; }
  name& operator=(const name&) = default;

  std::string text;
};

struct name_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view t) const { return std::hash<std::string_view>{}(t); }
  std::size_t operator()(const name& n) const { return (*this)(std::string_view(n.text)); }
};

struct name_equal {
  using is_transparent = void;
  static std::string_view view(const name& n) { return n.text; }
  static std::string_view view(std::string_view t) { return t; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return view(a) == view(b);
  }
};

using map = gomap::map<name, int, name_hash, name_equal>;

class MapTransparent : public ::testing::Test {
 protected:
  MapTransparent() {
    m.try_emplace(name("one"), 1);
    m.try_emplace(name("two"), 2);
    name::made = 0;
  }

  map m;
};

TEST_F(MapTransparent, ReadsMakeNoKey) {
  const map& view = m;
  const std::string_view one = "one";
  const std::string_view absent = "absent";

  EXPECT_EQ(m.find(one)->second, 1);
  EXPECT_EQ(view.find(absent), view.end());
  EXPECT_TRUE(view.contains(one));
  EXPECT_EQ(view.count(absent), 0U);
  EXPECT_EQ(m.equal_range(one).first->second, 1);
  EXPECT_EQ(view.equal_range(absent).first, view.equal_range(absent).second);
  EXPECT_EQ(view.at(one), 1);
  EXPECT_THROW((void)m.at(absent), std::out_of_range);
  EXPECT_EQ(view.get(one), 1);
  EXPECT_EQ(view.get(absent), 0);
  EXPECT_EQ(*m.lookup(one), 1);
  EXPECT_EQ(view.lookup(absent), nullptr);
  view.prefetch(one);

  EXPECT_EQ(name::made, 0);
}

TEST_F(MapTransparent, EraseMakesNoKey) {
  EXPECT_EQ(m.erase(std::string_view("one")), 1U);
  EXPECT_EQ(m.erase(std::string_view("absent")), 0U);

  EXPECT_EQ(name::made, 0);
  EXPECT_EQ(m.size(), 1U);
}

TEST_F(MapTransparent, InsertionOfAPresentKeyMakesNone) {
  const std::string_view one = "one";

  EXPECT_FALSE(m.try_emplace(one, 9).second);
  EXPECT_FALSE(m.insert_or_assign(one, 10).second);
  m[one] += 1;

  EXPECT_EQ(name::made, 0);
  EXPECT_EQ(m.at(one), 11);
}

TEST_F(MapTransparent, InsertionOfANewKeyMakesOne) {
  EXPECT_TRUE(m.try_emplace(std::string_view("three"), 3).second);
  EXPECT_EQ(name::made, 1);
  EXPECT_TRUE(m.insert_or_assign(std::string_view("four"), 4).second);
  EXPECT_EQ(name::made, 2);
  m[std::string_view("five")] = 5;
  EXPECT_EQ(name::made, 3);

  EXPECT_EQ(m.size(), 5U);
  EXPECT_EQ(m.at(std::string_view("five")), 5);
}

// try_emplace(hint, ...) and erase(iterator) are overloads beside the transparent ones: an iterator
// must never be taken for a key.
TEST_F(MapTransparent, IteratorsAreNotTakenForKeys) {
  m.try_emplace(m.cend(), name("three"), 3);
  m.erase(m.find(std::string_view("one")));
  m.erase(std::as_const(m).find(std::string_view("two")));

  EXPECT_EQ(m.size(), 1U);
  EXPECT_TRUE(m.contains(std::string_view("three")));
}

TEST(MapTransparentStrings, TheDefaultsAreTransparent) {
  gomap::map<std::string, int> m;
  const std::string_view key = "key";

  m[key] = 1;
  m["literal"] = 2;
  m.try_emplace(std::string_view("third"), 3);
  m.insert_or_assign("third", 4);

  EXPECT_EQ(m.at("key"), 1);
  EXPECT_EQ(m.find(std::string("literal"))->second, 2);
  EXPECT_TRUE(m.contains("third"));
  EXPECT_EQ(m.get(std::string_view("third")), 4);
  EXPECT_EQ(m.erase("key"), 1U);
  EXPECT_EQ(m.size(), 2U);
}

TEST(MapTransparentStrings, ViewsAndLiteralsHashAsTheStringDoes) {
  gomap::map<std::string, int> m;
  for (int i = 0; i < 1000; ++i)
    m[std::string(static_cast<std::size_t>(i % 90), 'x') + std::to_string(i)] = i;

  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::string(static_cast<std::size_t>(i % 90), 'x') + std::to_string(i);
    ASSERT_EQ(*m.lookup(std::string_view(key)), i);
    ASSERT_EQ(*m.lookup(key.c_str()), i);
  }
}

// Without is_transparent on both sides the key is made, as std's containers do.
struct opaque_hash {
  std::size_t operator()(const std::string& s) const { return std::hash<std::string>{}(s); }
};

TEST(MapOpaque, ConvertsTheArgumentToAKey) {
  gomap::map<std::string, int, opaque_hash, std::equal_to<std::string>> m;

  m["one"] = 1;
  m.try_emplace("two", 2);

  EXPECT_EQ(m.at("one"), 1);
  EXPECT_TRUE(m.contains("two"));
  EXPECT_EQ(m.erase("two"), 1U);
}

// A transparent map whose keys are made from integers: `m.erase(0)` names a key, not a pointer.
TEST(MapTransparentNumbers, AnyIntegerNamesTheKey) {
  gomap::map<std::int64_t, int> m{{0, 1}, {-1, 2}};

  EXPECT_EQ(m.count(0), 1U);
  EXPECT_TRUE(m.contains(short{-1}));
  EXPECT_EQ(m.erase(0), 1U);
  EXPECT_EQ(m[-1], 2);
  EXPECT_EQ(m.size(), 1U);
}

}  // namespace map_transparent_test
