// map_construct_test.cpp -- constructors, assignment and hints of gomap::map.
#include <cstddef>
#include <initializer_list>
#include <istream>
#include <iterator>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/from_range.hpp>
#include <gomap/map.hpp>
#include <gomap/maps.hpp>

#include "support/proxy_iterator.hpp"
#include "support/single_pass.hpp"

namespace map_construct_test {

using support::proxy_iterator;

// A hash and an equality that carry a number, so that a test sees which object a map uses.
struct tagged_hash {
  int tag = 0;
  std::size_t operator()(int key) const noexcept { return static_cast<std::size_t>(key) * 7919U; }
};

struct tagged_equal {
  int tag = 0;
  bool operator()(int a, int b) const noexcept { return a == b; }
};

template <class T>
struct tagged_allocator {
  using value_type = T;
  int tag = 0;

  tagged_allocator() = default;
  explicit tagged_allocator(int t) : tag(t) {}
  template <class U>
  tagged_allocator(const tagged_allocator<U>& other) noexcept : tag(other.tag) {}

  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* p, std::size_t n) noexcept { std::allocator<T>{}.deallocate(p, n); }
  friend bool operator==(const tagged_allocator& a, const tagged_allocator& b) {
    return a.tag == b.tag;
  }
};

using entry = std::pair<const int, int>;
using allocator = tagged_allocator<entry>;
using map = gomap::map<int, int, tagged_hash, tagged_equal, allocator>;

struct tags {
  int hash;
  int equal;
  int allocator;
  friend bool operator==(const tags&, const tags&) = default;
};

tags tags_of(const map& m) {
  return {m.hash_function().tag, m.key_eq().tag, m.get_allocator().tag};
}

struct streamed_pair : std::pair<int, int> {
  friend std::istream& operator>>(std::istream& in, streamed_pair& p) {
    return in >> p.first >> p.second;
  }
};

const std::vector<std::pair<int, int>>& three_entries() {
  static const std::vector<std::pair<int, int>> entries{{1, 10}, {2, 20}, {3, 30}};
  return entries;
}

void expect_three_entries(const map& m) {
  EXPECT_EQ(m.size(), 3U);
  for (const auto& [key, value] : three_entries()) EXPECT_EQ(m.at(key), value);
  m.check_invariants();
}

TEST(MapConstruct, DefaultIsEmpty) {
  const map m;

  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.size(), 0U);
  EXPECT_EQ(m.begin(), m.end());
  EXPECT_EQ(m.bucket_count(), 1U);
  EXPECT_EQ(m.load_factor(), 0.0F);
  EXPECT_FALSE(m.contains(0));
  m.check_invariants();
}

TEST(MapConstruct, HintFormsTakeEachPart) {
  EXPECT_EQ(tags_of(map(9)), (tags{0, 0, 0}));
  EXPECT_EQ(tags_of(map(9, tagged_hash{1})), (tags{1, 0, 0}));
  EXPECT_EQ(tags_of(map(9, tagged_hash{1}, tagged_equal{2})), (tags{1, 2, 0}));
  EXPECT_EQ(tags_of(map(9, tagged_hash{1}, tagged_equal{2}, allocator(3))), (tags{1, 2, 3}));
  EXPECT_EQ(tags_of(map(allocator(3))), (tags{0, 0, 3}));
  EXPECT_EQ(tags_of(map(9, allocator(3))), (tags{0, 0, 3}));
  EXPECT_EQ(tags_of(map(9, tagged_hash{1}, allocator(3))), (tags{1, 0, 3}));
}

TEST(MapConstruct, IteratorFormsTakeEachPart) {
  const auto first = three_entries().begin();
  const auto last = three_entries().end();
  const map plain(first, last);
  const map whole(first, last, 9, tagged_hash{1}, tagged_equal{2}, allocator(3));
  const map with_allocator(first, last, 9, allocator(3));
  const map with_hash(first, last, 9, tagged_hash{1}, allocator(3));

  for (const map* m : {&plain, &whole, &with_allocator, &with_hash}) expect_three_entries(*m);
  EXPECT_EQ(tags_of(plain), (tags{0, 0, 0}));
  EXPECT_EQ(tags_of(whole), (tags{1, 2, 3}));
  EXPECT_EQ(tags_of(with_allocator), (tags{0, 0, 3}));
  EXPECT_EQ(tags_of(with_hash), (tags{1, 0, 3}));
}

TEST(MapConstruct, RangeFormsTakeEachPart) {
  using gomap::from_range;
  const auto& range = three_entries();
  const map plain(from_range, range);
  const map whole(from_range, range, 9, tagged_hash{1}, tagged_equal{2}, allocator(3));
  const map on_allocator(from_range, range, allocator(3));
  const map with_allocator(from_range, range, 9, allocator(3));
  const map with_hash(from_range, range, 9, tagged_hash{1}, allocator(3));

  for (const map* m : {&plain, &whole, &on_allocator, &with_allocator, &with_hash}) {
    expect_three_entries(*m);
  }
  EXPECT_EQ(tags_of(plain), (tags{0, 0, 0}));
  EXPECT_EQ(tags_of(whole), (tags{1, 2, 3}));
  EXPECT_EQ(tags_of(on_allocator), (tags{0, 0, 3}));
  EXPECT_EQ(tags_of(with_allocator), (tags{0, 0, 3}));
  EXPECT_EQ(tags_of(with_hash), (tags{1, 0, 3}));
}

TEST(MapConstruct, TakesARangeThatCanBeWalkedOnce) {
  const map m(gomap::from_range, support::single_pass(100, [](int i) { return std::pair(i, -i); }),
              100);

  EXPECT_EQ(m.size(), 100U);
  EXPECT_EQ(m.at(99), -99);
}

TEST(MapConstruct, TakesIteratorsOfTheOldKind) {
  const int numbers[] = {1, 2, 3};
  map m(proxy_iterator{numbers}, proxy_iterator{numbers + 2});

  m.insert(proxy_iterator{numbers + 2}, proxy_iterator{numbers + 3});

  EXPECT_EQ(m, (map{{1, 1}, {2, 2}, {3, 3}}));
}

TEST(MapConstruct, ListFormsTakeEachPart) {
  const std::initializer_list<entry> list{{1, 10}, {2, 20}, {3, 30}};
  const map plain(list);
  const map whole(list, 9, tagged_hash{1}, tagged_equal{2}, allocator(3));
  const map with_allocator(list, 9, allocator(3));
  const map with_hash(list, 9, tagged_hash{1}, allocator(3));

  for (const map* m : {&plain, &whole, &with_allocator, &with_hash}) expect_three_entries(*m);
  EXPECT_EQ(tags_of(plain), (tags{0, 0, 0}));
  EXPECT_EQ(tags_of(whole), (tags{1, 2, 3}));
  EXPECT_EQ(tags_of(with_allocator), (tags{0, 0, 3}));
  EXPECT_EQ(tags_of(with_hash), (tags{1, 0, 3}));
}

TEST(MapConstruct, TheFirstOfEqualKeysWins) {
  const map m{{1, 10}, {1, 11}, {2, 20}};

  EXPECT_EQ(m.size(), 2U);
  EXPECT_EQ(m.at(1), 10);
}

// A single-pass range cannot be counted beforehand; only growth can make room for it.
TEST(MapConstruct, TakesASinglePassRange) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + ' ' + std::to_string(-i) + ' ';
  std::istringstream numbers(text);

  const map m{std::istream_iterator<streamed_pair>(numbers),
              std::istream_iterator<streamed_pair>()};

  EXPECT_EQ(m.size(), 100U);
  EXPECT_EQ(m.at(42), -42);
  m.check_invariants();
}

TEST(MapConstruct, HintDecidesTheBucketCountAsInGo) {
  const std::pair<std::size_t, std::size_t> expected[] = {
      {0, 1}, {1, 1}, {8, 1}, {9, 2}, {13, 2}, {14, 4}, {26, 4}, {27, 8}, {52, 8}, {53, 16}};

  for (const auto& [hint, buckets] : expected) {
    EXPECT_EQ(map(hint).bucket_count(), buckets) << "hint " << hint;
  }
}

TEST(MapConstruct, HugeHintsAreIgnored) {
  for (const std::size_t hint :
       {std::size_t{1} << 62, std::size_t{1} << 63, std::numeric_limits<std::size_t>::max()}) {
    map m(hint);
    m[1] = 2;

    EXPECT_EQ(m.bucket_count(), 1U) << "hint " << hint;
    EXPECT_EQ(m.size(), 1U);
  }
}

TEST(MapConstruct, CopyIsIndependent) {
  map a{{1, 10}, {2, 20}, {3, 30}};

  map b = a;
  b[1] = 99;
  b.erase(2);
  b[4] = 40;

  expect_three_entries(a);
  EXPECT_EQ(b.at(1), 99);
  EXPECT_EQ(b.size(), 3U);
  b.check_invariants();
}

TEST(MapConstruct, CopyTakesHashEqualAndAllocator) {
  const map a(0, tagged_hash{1}, tagged_equal{2}, allocator(3));

  EXPECT_EQ(tags_of(map(a)), (tags{1, 2, 3}));
  EXPECT_EQ(tags_of(map(a, allocator(4))), (tags{1, 2, 4}));
}

// A copy taken while the source is growing must collect entries from both of its arrays.
TEST(MapConstruct, CopyAtEverySizeHoldsTheSame) {
  map a;
  for (int i = 0; i < 120; ++i) {
    a[i] = -i;
    const map b = a;

    ASSERT_EQ(a, b);
    ASSERT_NO_THROW(b.check_invariants());
  }
}

TEST(MapConstruct, MoveTakesTheEntriesAndLeavesAnEmptyMap) {
  map a({{1, 10}, {2, 20}, {3, 30}}, 0, tagged_hash{1}, tagged_equal{2}, allocator(3));
  const int* const value = &a.at(1);

  const map b = std::move(a);

  expect_three_entries(b);
  EXPECT_EQ(tags_of(b), (tags{1, 2, 3}));
  EXPECT_EQ(&b.at(1), value);  // std's rule: moving a map keeps references
  EXPECT_TRUE(a.empty());
  a.check_invariants();
}

TEST(MapConstruct, AMovedFromMapWorksOn) {
  map a{{1, 10}};
  const map b = std::move(a);

  a[2] = 20;

  EXPECT_EQ(a.size(), 1U);
  EXPECT_EQ(a.at(2), 20);
  EXPECT_FALSE(a.contains(1));
  a.check_invariants();
}

TEST(MapConstruct, MoveAtEverySizeHoldsTheSame) {
  map a;
  for (int i = 0; i < 120; ++i) {
    a[i] = -i;
    const map copy = a;
    map b = std::move(a);
    ASSERT_EQ(b, copy);
    ASSERT_NO_THROW(b.check_invariants());
    ASSERT_NO_THROW(a.check_invariants());
    a = std::move(b);
    ASSERT_EQ(a, copy);
  }
}

TEST(MapAssign, CopyReplacesTheContents) {
  const map a({{1, 10}, {2, 20}, {3, 30}}, 0, tagged_hash{1}, tagged_equal{2});
  map b{{7, 70}, {8, 80}};

  map& result = (b = a);

  EXPECT_EQ(&result, &b);
  expect_three_entries(b);
  EXPECT_EQ(tags_of(b), (tags{1, 2, 0}));
  expect_three_entries(a);
}

TEST(MapAssign, MoveReplacesTheContents) {
  map a({{1, 10}, {2, 20}, {3, 30}}, 0, tagged_hash{1}, tagged_equal{2});
  map b{{7, 70}, {8, 80}};

  map& result = (b = std::move(a));

  EXPECT_EQ(&result, &b);
  expect_three_entries(b);
  EXPECT_EQ(tags_of(b), (tags{1, 2, 0}));
  a.check_invariants();
}

TEST(MapAssign, ListReplacesTheContents) {
  map m{{7, 70}};

  map& result = (m = {{1, 10}, {2, 20}, {3, 30}, {3, 31}});

  EXPECT_EQ(&result, &m);
  expect_three_entries(m);
}

TEST(MapAssign, SelfCopyChangesNothing) {
  map m{{1, 10}, {2, 20}, {3, 30}};
  const map& same = m;

  m = same;

  expect_three_entries(m);
}

TEST(MapAssign, SelfMoveLeavesAValidMap) {
  map m{{1, 10}, {2, 20}, {3, 30}};
  map& same = m;

  m = std::move(same);

  m.check_invariants();
  m[4] = 40;
  EXPECT_EQ(m.at(4), 40);
}

TEST(MapAssign, FromAnEmptyMapEmpties) {
  map m{{1, 10}};

  m = map{};

  EXPECT_TRUE(m.empty());
  m.check_invariants();
}

TEST(MapEqual, ComparesKeysAndValuesInAnyOrder) {
  const map a{{1, 10}, {2, 20}, {3, 30}};
  const map same{{3, 30}, {1, 10}, {2, 20}};
  const map other_value{{1, 10}, {2, 20}, {3, 31}};
  const map other_key{{1, 10}, {2, 20}, {4, 30}};
  const map subset{{1, 10}, {2, 20}};

  EXPECT_TRUE(a == same);
  EXPECT_TRUE(a != other_value);
  EXPECT_TRUE(a != other_key);
  EXPECT_TRUE(a != subset);
  EXPECT_TRUE(subset != a);
  EXPECT_TRUE(map{} == map{});
}

struct last_digits_hash {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key % 1000); }
};
struct last_digits_equal {
  bool operator()(int a, int b) const { return a % 1000 == b % 1000; }
};

// std's rule: the map's equality finds the entry, == tells whether it is equal.
TEST(MapEqual, KeysThatTheEqualityTakesForOneAreComparedByTheirOwn) {
  using last_digits = gomap::map<int, int, last_digits_hash, last_digits_equal>;
  const last_digits a{{1, 10}};

  EXPECT_FALSE(a == (last_digits{{1001, 10}}));
  EXPECT_TRUE(a == (last_digits{{1, 10}}));
  EXPECT_TRUE(gomap::equal(a, (last_digits{{1001, 10}})));
}

struct plain_key {
  int number;
};
struct plain_functions {
  std::size_t operator()(const plain_key& key) const {
    return static_cast<std::size_t>(key.number);
  }
  bool operator()(const plain_key& a, const plain_key& b) const { return a.number == b.number; }
};

TEST(MapEqual, KeysWithoutAnEqualityOfTheirOwnAreEqualWhenTheyAreFound) {
  using plain = gomap::map<plain_key, int, plain_functions, plain_functions>;

  EXPECT_TRUE((plain{{{1}, 10}}) == (plain{{{1}, 10}}));
  EXPECT_FALSE((plain{{{1}, 10}}) == (plain{{{2}, 10}}));
}

TEST(MapEqual, CapacityAndHistoryDoNotCount) {
  map a(1000);
  map b;
  for (int i = 0; i < 40; ++i) a[i] = b[i] = i;
  b[100] = 1;
  b.erase(100);

  EXPECT_TRUE(a == b);
}

}  // namespace map_construct_test
