// map_guides_test.cpp -- gomap::map deduced from its arguments, in each spelling that std has.
//
// Each spelling is tried with a list of pair<Key, T>, one of pair<const Key, T>, iterators and a
// range; the last three are spelled alike but for what comes first.
#include <cstddef>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/from_range.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>

namespace map_guides_test {

using pair = std::pair<int, double>;
using entry = std::pair<const int, double>;
using std_hash = std::hash<int>;
using std_equal = std::equal_to<int>;
using std_allocator = std::allocator<entry>;

using plain = gomap::map<int, double>;
using with_hash = gomap::map<int, double, std_hash>;
using with_equal = gomap::map<int, double, std_hash, std_equal>;
using with_all = gomap::map<int, double, std_hash, std_equal, std_allocator>;
using with_allocator = gomap::map<int, double, gomap::hash<int>, std::equal_to<>, std_allocator>;
using with_hash_and_allocator = gomap::map<int, double, std_hash, std::equal_to<>, std_allocator>;

// Whether `make` makes a Map with the three entries.
template <class Map, class Make>
void expect_makes(const Make& make) {
  const auto m = make();
  static_assert(std::is_same_v<std::remove_const_t<decltype(m)>, Map>);
  EXPECT_EQ(m, (Map{{1, 1.5}, {2, 2.5}, {3, 3.5}}));
}

// `from(f)` calls f with what a map is made from.
template <class From>
void expect_each_spelling(const From& from) {
  const std_hash h;
  const std_equal e;
  const std_allocator a;
  const auto made = [&](const auto&... rest) {
    return from([&](const auto&... source) { return gomap::map(source..., rest...); });
  };
  expect_makes<plain>([&] { return made(); });
  expect_makes<plain>([&] { return made(8); });
  expect_makes<plain>([&] { return made(std::size_t{8}); });
  expect_makes<with_hash>([&] { return made(8, h); });
  expect_makes<with_equal>([&] { return made(8, h, e); });
  expect_makes<with_all>([&] { return made(8, h, e, a); });
  expect_makes<with_allocator>([&] { return made(a); });
  expect_makes<with_allocator>([&] { return made(8, a); });
  expect_makes<with_hash_and_allocator>([&] { return made(8, h, a); });
}

TEST(MapGuides, FromAListOfEntries) {
  const std::initializer_list<entry> list{{1, 1.5}, {2, 2.5}, {3, 3.5}};

  expect_each_spelling([&](const auto& make) { return make(list); });
}

TEST(MapGuides, FromIterators) {
  const std::vector<pair> pairs{{1, 1.5}, {2, 2.5}, {3, 3.5}};
  const std::forward_list<entry> entries(pairs.begin(), pairs.end());

  expect_each_spelling([&](const auto& make) { return make(pairs.begin(), pairs.end()); });
  expect_each_spelling([&](const auto& make) { return make(entries.begin(), entries.end()); });
}

TEST(MapGuides, FromARange) {
  const std::vector<pair> pairs{{1, 1.5}, {2, 2.5}, {3, 3.5}};
  const std::forward_list<entry> entries(pairs.begin(), pairs.end());

  expect_each_spelling([&](const auto& make) { return make(gomap::from_range, pairs); });
  expect_each_spelling([&](const auto& make) { return make(gomap::from_range, entries); });
}

// Braces around pairs are a list that no function can hand on.
TEST(MapGuides, FromPairsInBraces) {
  const std_hash h;
  const std_equal e;
  const std_allocator a;
  expect_makes<plain>([] { return gomap::map{pair{1, 1.5}, pair{2, 2.5}, pair{3, 3.5}}; });
  expect_makes<plain>([] { return gomap::map{entry{1, 1.5}, entry{2, 2.5}, entry{3, 3.5}}; });
  expect_makes<plain>([] { return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}); });
  expect_makes<plain>([] { return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, 8); });
  expect_makes<with_hash>([&] { return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, 8, h); });
  expect_makes<with_equal>([&] { return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, 8, h, e); });
  expect_makes<with_all>([&] {
    return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, 8, h, e, a);
  });
  expect_makes<with_allocator>([&] { return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, a); });
  expect_makes<with_allocator>([&] {
    return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, 8, a);
  });
  expect_makes<with_hash_and_allocator>([&] {
    return gomap::map({pair{1, 1.5}, {2, 2.5}, {3, 3.5}}, 8, h, a);
  });
}

TEST(MapGuides, FromAMap) {
  const with_allocator m{{1, 1.5}, {2, 2.5}, {3, 3.5}};

  expect_makes<with_allocator>([&] { return gomap::map(m); });
  expect_makes<with_allocator>([&] { return gomap::map(m, std_allocator()); });
  expect_makes<with_allocator>([&] { return gomap::map(with_allocator(m)); });
  expect_makes<with_allocator>([&] { return gomap::map(with_allocator(m), std_allocator()); });
}

TEST(MapGuides, FromWhatDerivesFromAPair) {
  struct own_pair : pair {
    using pair::pair;
  };
  const std::vector<own_pair> pairs{{1, 1.5}, {2, 2.5}, {3, 3.5}};

  expect_makes<plain>([&] { return gomap::map(pairs.begin(), pairs.end()); });
  expect_makes<plain>([&] { return gomap::map(gomap::from_range, pairs); });
}

// Hash, equality and allocator are told apart; what is none of them makes no map.
template <class... Args>
concept deduces = requires(Args... args) {
  gomap::map(args...);
};
using iterator = std::vector<pair>::const_iterator;
static_assert(deduces<iterator, iterator, int>);
static_assert(!deduces<iterator, iterator, int, int>);
static_assert(!deduces<iterator, iterator, int, std_hash, int>);
static_assert(!deduces<iterator, iterator, int, std_allocator, std_equal>);
static_assert(!deduces<int, int>);
static_assert(!deduces<gomap::from_range_t, int>);

}  // namespace map_guides_test
