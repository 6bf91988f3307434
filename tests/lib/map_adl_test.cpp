// map_adl_test.cpp -- types whose namespace has operators and functions of its own.
//
// Names that a map uses must not be found there, and gomap's own must not be taken for the user's:
// argument-dependent lookup sees both wherever a type has a gomap map among its arguments.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/maps.hpp>
#include <gomap/reference.hpp>
#include <gomap/scan_cursor.hpp>

#include "support/hostile_types.hpp"
#include "support/types.hpp"

namespace greedy {

// What stands for the address here is no address.
struct no_address {};

struct thing {
  int number = 0;
  no_address operator&() const { return {}; }
  friend bool operator==(const thing& a, const thing& b) { return a.number == b.number; }
};

enum class number : int {};

struct result {
  int of = 0;
};

// Functions of the names of gomap's own and of its internals, for any arguments.
template <class A, class B>
result equal(const A&, const B&) {
  return {1};
}
template <class A, class B, class F>
result equal_func(const A&, const B&, F) {
  return {2};
}
template <class A, class B>
result copy(A&, const B&) {
  return {3};
}
template <class A>
result keys(const A&) {
  return {4};
}
template <class A>
result values(const A&) {
  return {5};
}
template <class A, class F>
result delete_func(A&, F) {
  return {6};
}
template <class A>
void hash_part(const A&, std::uint64_t) = delete;
template <class A, class B>
void hash_with(const A&, const B&, std::uint64_t) = delete;
template <class A>
void hash_elements(const A&, std::uint64_t) = delete;
template <class A>
void hash_bytes(const A*, std::size_t, std::uint64_t) = delete;
template <class A, class B>
void parts_of(A&&, B&&) = delete;
template <class A>
void parts_of(A&&) = delete;
template <class A>
void refer(A&&) = delete;
template <class A, class F>
void erase_if(A&, F) = delete;
template <class A>
no_address operator&(const A&) {
  return {};
}

}  // namespace greedy

template <>
struct std::hash<greedy::thing> {
  std::size_t operator()(const greedy::thing& t) const {
    return static_cast<std::size_t>(t.number);
  }
};

// Compiles every member that is no template.
template class gomap::map<hostile::text, hostile::text, hostile::hash, hostile::equal,
                          hostile::allocator<std::pair<const hostile::text, hostile::text>>>;
template class gomap::map<hostile::number, hostile::text, hostile::hash, std::equal_to<>,
                          hostile::allocator<std::pair<const hostile::number, hostile::text>>>;
template class gomap::ref<hostile::text, hostile::text, hostile::hash, hostile::equal,
                          hostile::allocator<std::pair<const hostile::text, hostile::text>>>;

namespace map_adl_test {

using greedy::thing;
using things = gomap::map<thing, thing>;

TEST(MapAdl, AddressesAreTakenPastAnOperatorOfTheType) {
  things m;
  for (int i = 0; i < 200; ++i) m[thing{i}] = thing{-i};
  std::vector<const thing*> found;

  std::as_const(m).find_many(std::vector<thing>{{1}, {2}, {900}}, std::back_inserter(found));
  int sum = 0;
  m.for_each([&](const auto& entry) { sum += entry.second.number; });
  for (auto& entry : m) sum -= entry.second.number;

  EXPECT_EQ(sum, 0);
  EXPECT_EQ(found[1]->number, -2);
  EXPECT_EQ(found[2], nullptr);
  EXPECT_EQ(m.lookup(thing{7})->number, -7);
  EXPECT_TRUE(m == things(m));
  EXPECT_EQ(gomap::erase_if(m, [](const auto& entry) { return entry.first.number > 9; }), 190U);
  m.check_invariants();
}

TEST(MapAdl, AssignmentAndMergePastAnOperatorOfTheType) {
  things m{{thing{1}, thing{10}}};
  things other{{thing{2}, thing{20}}};
  things& same = m;

  m = same;
  m.merge(other);
  m.merge(m);
  m.swap(same);
  gomap::copy(other, m);
  gomap::copy(m, m);

  EXPECT_EQ(m.size(), 2U);
  EXPECT_TRUE(other == m);
  int sum = 0;
  for (const thing& key : gomap::keys(m)) sum += key.number;
  for (const thing& value : gomap::values(m)) sum += value.number;
  EXPECT_EQ(sum, 33);
  EXPECT_GT(gomap::keys(m).begin()->number, 0);
  EXPECT_GT(gomap::values(m).begin()->number, 9);
}

// A user's function that takes anything is not stood in the way of by gomap's of that name.
template <class Container>
void expect_greedy_functions(Container a, Container b) {
  EXPECT_EQ(equal(a, b).of, 1);
  EXPECT_EQ(equal_func(a, b, 0).of, 2);
  EXPECT_EQ(copy(a, b).of, 3);
  EXPECT_EQ(keys(a).of, 4);
  EXPECT_EQ(values(a).of, 5);
  EXPECT_EQ(delete_func(a, 0).of, 6);
}

TEST(MapAdl, FunctionsOfTheUsersOwnAreUsedForContainersOfMaps) {
  expect_greedy_functions(std::vector<things>(), std::vector<things>());
  expect_greedy_functions(std::vector<gomap::ref<thing, int>>(), {});
  expect_greedy_functions(std::pair<things, int>(), {});
  expect_greedy_functions(things().begin(), things().begin());
}

TEST(MapAdl, FunctionsOfGomapTakeMapsReferencesAndWhatDerivesFromThem) {
  struct own_map : gomap::map<int, int> {};
  own_map a;
  a[1] = 10;
  gomap::map<long, int> b{{1, 10}};
  const auto r = gomap::make<int, int>();

  gomap::copy(r, a);

  EXPECT_TRUE(gomap::equal(a, b));
  EXPECT_TRUE(gomap::equal(r, a));
  EXPECT_TRUE(gomap::equal_func(r, b, std::equal_to<>()));
  EXPECT_TRUE(gomap::equal(gomap::ref<int, int>(), gomap::map<int, int>()));
}

TEST(MapAdl, NestedKeysAreHashedByGomapsOwnFunctions) {
  gomap::map<std::pair<thing, int>, int> pairs;
  gomap::map<std::vector<thing>, int> lists;
  gomap::map<std::vector<greedy::number>, int> numbers;

  pairs[{thing{1}, 2}] = 3;
  lists[{thing{1}, thing{2}}] = 4;
  numbers[{greedy::number{1}, greedy::number{2}}] = 5;
  pairs.emplace(std::make_pair(thing{4}, 5), 6);

  EXPECT_EQ((pairs.at({thing{1}, 2})), 3);
  EXPECT_EQ((lists.at({thing{1}, thing{2}})), 4);
  EXPECT_EQ((numbers.at({greedy::number{1}, greedy::number{2}})), 5);
  gomap::delete_func(pairs, [](const auto&, int value) { return value == 3; });
  EXPECT_EQ(pairs.size(), 1U);
}

template <class Key>
class MapOfHostileTypes : public testing::Test {};
using hostile_keys = support::types<1, hostile::text, hostile::count, hostile::number>;
TYPED_TEST_SUITE(MapOfHostileTypes, hostile_keys);

TYPED_TEST(MapOfHostileTypes, DoesInEveryCall) {
  using key = TypeParam;
  using equal = std::conditional_t<std::is_enum_v<key>, std::equal_to<>, hostile::equal>;
  using allocator = hostile::allocator<std::pair<const key, key>>;
  using map = gomap::map<key, key, hostile::hash, equal, allocator>;
  map m{{key(0), key(0)}};
  for (int i = 1; i < 200; ++i) m[key(i)] = key(i);
  auto at = m.find(key(7));
  for (int i = 200; i < 500; ++i) m.try_emplace(key(i), key(i));

  EXPECT_TRUE(at->second == key(7));
  m.erase(at++);
  m.insert(std::pair(key(7), key(8)));
  m.emplace(std::piecewise_construct, std::tuple(key(7)), std::tuple(key(9)));
  m.emplace(std::pair(key(1000), key(1)));
  m.insert_or_assign(key(8), key(9));
  EXPECT_TRUE(m.get(key(7)) == key(8));
  EXPECT_TRUE(*m.lookup(key(8)) == key(9));
  int walked = 0;
  for (const auto& entry : m) walked += entry.second == key(9) ? 1 : 0;
  m.for_each([&](auto& entry) { walked += entry.second == key(9) ? 1 : 0; });
  gomap::scan_cursor cursor;
  do {
    cursor = m.scan(cursor, [&](auto& entry) { walked += entry.second == key(9) ? 1 : 0; });
  } while (!cursor.done());
  EXPECT_EQ(walked, 6);
  std::vector<key*> found;
  m.find_many(std::vector{key(7), key(2000)}, std::back_inserter(found));
  EXPECT_TRUE(found[0] != nullptr && found[1] == nullptr);

  map copy(m, allocator(1));
  EXPECT_TRUE(copy == m);
  EXPECT_TRUE(m.clone() == m);
  map moved(std::move(copy), allocator(2));
  copy = m;
  copy = std::move(moved);
  copy.merge(m);
  m.swap(m);
  EXPECT_EQ(gomap::erase_if(copy, [](const auto& entry) { return entry.second == key(9); }), 2U);
  copy.shrink_to_fit();
  copy.rehash(0);
  copy.check_invariants();
  copy.clear();
}

}  // namespace map_adl_test
