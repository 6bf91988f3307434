// go_key_kinds_test.cpp -- which types may be keys, and that keys of many kinds can share a map.
//
// Go decides at run time whether what an interface key holds can be compared; in C++ the compiler
// decides, so those tests are static here.
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

namespace go_key_kinds_test {

struct point {
  int x = 0;
  std::string name;
  bool operator==(const point&) const = default;
  friend void hash_append(gomap::hasher& h, const point& p) { h(p.x, p.name); }
};

struct without_hash {
  bool operator==(const without_hash&) const = default;
};
struct callable_nothing {
  void operator()() const {}
};
enum class colour { red, green };

template <class K>
concept usable_key = gomap::hashable<K> && std::equality_comparable<K>;

// What Go lets a key be, and what it refuses: functions, maps, and whatever holds one.
static_assert(usable_key<bool> && usable_key<char> && usable_key<std::int8_t>);
static_assert(usable_key<std::uint64_t> && usable_key<float> && usable_key<double>);
static_assert(usable_key<std::string> && usable_key<std::string_view> && usable_key<colour>);
static_assert(usable_key<int*> && usable_key<std::unique_ptr<int>> && usable_key<point>);
static_assert(usable_key<std::array<int, 10>> && usable_key<std::array<std::string, 2>>);
static_assert(usable_key<std::pair<int, point>> && usable_key<std::tuple<int, point, bool>>);
static_assert(usable_key<std::variant<int, std::string>> && usable_key<std::optional<double>>);
static_assert(usable_key<std::chrono::nanoseconds>);
static_assert(!usable_key<without_hash> && !usable_key<callable_nothing>);
static_assert(!usable_key<std::function<void()>> && !usable_key<std::map<int, int>>);
static_assert(!usable_key<std::array<without_hash, 2>>);
static_assert(!usable_key<std::pair<int, without_hash>>);
static_assert(!usable_key<std::variant<int, without_hash>>);
static_assert(!usable_key<gomap::map<int, int>>);

// A deletion takes one argument, or the two ends of a range.
using int_map = gomap::map<int, int>;
template <class Map, class... Args>
concept erasable_by = requires(Map& m, Args... args) {
  m.erase(args...);
};
static_assert(erasable_by<int_map, int>);
static_assert(erasable_by<int_map, int_map::iterator>);
static_assert(erasable_by<int_map, int_map::const_iterator, int_map::const_iterator>);
static_assert(!erasable_by<int_map>);
static_assert(!erasable_by<int_map, int, int>);
static_assert(!erasable_by<int_map, int, int, int>);
static_assert(!erasable_by<int_map, std::string>);
static_assert(!erasable_by<const int_map, int>);

// A hint is a number, and never turns into a map by itself.
static_assert(std::is_constructible_v<int_map, std::size_t>);
static_assert(!std::is_convertible_v<std::size_t, int_map>);
static_assert(!std::is_constructible_v<int_map, std::string>);
static_assert(!std::is_constructible_v<int_map, int*>);
static_assert(!std::is_constructible_v<int_map, std::nullptr_t>);

// A key of any kind, as Go's interface{} is one.
using any_key = std::variant<bool, char, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                             std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float,
                             double, std::string, const void*, std::array<int, 2>,
                             std::pair<int, std::string>, point, colour, std::monostate>;

const int object = 0;

std::vector<any_key> one_of_each_kind() {
  return {any_key(true),
          any_key('1'),
          any_key(std::int8_t{1}),
          any_key(std::uint8_t{1}),
          any_key(std::int16_t{1}),
          any_key(std::uint16_t{1}),
          any_key(std::int32_t{-1}),
          any_key(std::uint32_t{1}),
          any_key(std::int64_t{1}),
          any_key(std::uint64_t{1}),
          any_key(1.0F),
          any_key(1.0),
          any_key(std::string("1")),
          any_key(static_cast<const void*>(&object)),
          any_key(std::array<int, 2>{1, 1}),
          any_key(std::pair<int, std::string>(1, "1")),
          any_key(point{1, "1"}),
          any_key(colour::green),
          any_key(std::monostate())};
}

TEST(GoMapKeyKinds, EveryKindIsFoundAmongAThousandNumbers) {
  gomap::map<any_key, std::size_t> m;
  const auto keys = one_of_each_kind();

  for (std::size_t i = 0; i < keys.size(); ++i) m[keys[i]] = i + 1;
  for (std::int32_t i = 0; i < 1000; ++i) m[any_key(i)] = 5000;

  EXPECT_EQ(m.size(), keys.size() + 1000);
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(m.get(keys[i]), i + 1) << "kind " << i;
  EXPECT_NO_THROW(m.check_invariants());
}

// Equal numbers of different types are different keys.
TEST(GoMapKeyKinds, TheKindIsPartOfTheKey) {
  gomap::map<any_key, int> m;

  m[any_key(std::int32_t{1})] = 32;
  m[any_key(std::int64_t{1})] = 64;

  EXPECT_EQ(m.size(), 2u);
  EXPECT_EQ(m.get(any_key(std::int32_t{1})), 32);
  EXPECT_EQ(m.get(any_key(std::int64_t{1})), 64);
  EXPECT_FALSE(m.contains(any_key(std::int16_t{1})));
}

TEST(GoMapKeyKinds, AnEmptyMapAnswersForEveryKind) {
  gomap::map<any_key, int> m;

  for (const any_key& key : one_of_each_kind()) {
    EXPECT_EQ(m.get(key), 0);
    EXPECT_EQ(m.lookup(key), nullptr);
    EXPECT_EQ(m.erase(key), 0u);
  }
}

TEST(GoMapKeyKinds, EachKindMayBeTheKeyTypeItself) {
  gomap::map<bool, int> booleans{{true, 1}, {false, 2}};
  gomap::map<const void*, int> pointers{{&object, 1}, {nullptr, 2}};
  gomap::map<point, int> points{{{1, "a"}, 1}, {{1, "b"}, 2}, {{2, "a"}, 3}};
  gomap::map<std::optional<int>, int> optionals{{std::nullopt, 1}, {0, 2}};
  gomap::map<std::tuple<int, std::string>, int> tuples{{{1, "a"}, 1}, {{1, "b"}, 2}};
  gomap::map<std::vector<int>, int> vectors{{{}, 1}, {{0}, 2}, {{0, 0}, 3}};

  EXPECT_EQ(booleans.get(false), 2);
  EXPECT_EQ(pointers.get(nullptr), 2);
  EXPECT_EQ(points.get(point{2, "a"}), 3);
  EXPECT_EQ(optionals.get(std::nullopt), 1);
  EXPECT_EQ(tuples.get(std::tuple(1, "b")), 2);
  EXPECT_EQ(vectors.get(std::vector<int>{0, 0}), 3);
}

}  // namespace go_key_kinds_test
