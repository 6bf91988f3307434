// concurrent_interface_test.cpp -- what boost::concurrent_flat_map has under the same name: a
// program that used it finds everything in its place.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/chosen_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_allocator.hpp"
#include "support/crew.hpp"
#include "support/proxy_iterator.hpp"

namespace concurrent_interface_test {

using support::numbers;

template <class Map>
class ConcurrentInterface : public support::concurrent_test<Map> {};
TYPED_TEST_SUITE(ConcurrentInterface, support::concurrent_kinds);

TYPED_TEST(ConcurrentInterface, HasBoostsTypes) {
  using map = TypeParam;
  using key = typename map::key_type;
  using mapped = typename map::mapped_type;
  static_assert(std::is_same_v<typename map::init_type, std::pair<key, mapped>>);
  static_assert(std::is_same_v<typename map::reference, typename map::value_type&>);
  static_assert(std::is_same_v<typename map::const_reference, const typename map::value_type&>);
  static_assert(std::is_same_v<typename map::pointer, typename map::value_type*>);
  static_assert(std::is_same_v<typename map::const_pointer, const typename map::value_type*>);
  static_assert(map::bulk_visit_size > 0);
  static_assert(noexcept(std::declval<const map&>().get_allocator()));
}

// ---- making one

TYPED_TEST(ConcurrentInterface, IsMadeForANumberOfEntries) {
  using map = TypeParam;
  using entry = typename map::value_type;
  const typename map::hasher hash{support::hash_kind::good};
  const typename map::key_equal equal;
  const typename map::allocator_type allocator;
  const std::vector<entry> some{{this->key(1), this->value(1)}, {this->key(2), this->value(2)}};
  const std::initializer_list<entry> list{{this->key(1), this->value(1)},
                                          {this->key(2), this->value(2)}};
  const auto first = some.begin();
  const auto last = some.end();

  for (const map& m : {map(1000, hash), map(1000, hash, equal), map(1000, hash, equal, allocator),
                       map(1000, allocator), map(1000, hash, allocator)}) {
    support::expect_holds(m, {});
    EXPECT_GE(m.bucket_count() * 8, 1000U);
    EXPECT_FALSE(m.stats().total.growing);
  }
  for (const map& m :
       {map(first, last, 1000), map(first, last, 1000, hash), map(first, last, 1000, hash, equal),
        map(first, last, 1000, hash, equal, allocator), map(first, last, allocator),
        map(first, last, 1000, allocator), map(first, last, 1000, hash, allocator),
        map(first, last, gomap::concurrent_options{}, allocator),
        map(first, last, gomap::concurrent_options{}, hash, allocator), map(list, 1000),
        map(list, 1000, hash), map(list, 1000, hash, equal),
        map(list, 1000, hash, equal, allocator), map(list, allocator), map(list, 1000, allocator),
        map(list, 1000, hash, allocator), map(list, gomap::concurrent_options{}, allocator),
        map(list, gomap::concurrent_options{}, hash, allocator)}) {
    support::expect_holds(m, {{1, 1}, {2, 2}});
  }
  const map options_still({.shards = 4}, hash);
  EXPECT_EQ(options_still.shard_count(), 4U);
}

template <class Expected, class Map>
constexpr bool is(const Map&) {
  return std::is_same_v<Expected, Map>;
}

TEST(ConcurrentInterfaceGuides, NameTheTypesOfWhatAMapIsMadeOf) {
  using ints = gomap::concurrent_map<int, long>;
  using entry = std::pair<int, long>;
  using value = std::pair<const int, long>;
  using allocator = std::allocator<value>;
  using equal = std::equal_to<int>;
  using hash = std::hash<int>;
  const std::vector<entry> some{{1, 2L}};
  const std::initializer_list<value> values{{1, 2L}};

  EXPECT_TRUE((is<ints>(gomap::concurrent_map(some.begin(), some.end()))));
  EXPECT_TRUE((is<ints>(gomap::concurrent_map(some.begin(), some.end(), {.shards = 2}))));
  EXPECT_TRUE((is<gomap::concurrent_map<int, long, hash, equal>>(
      gomap::concurrent_map(some.begin(), some.end(), 5, hash(), equal()))));
  EXPECT_TRUE((is<gomap::concurrent_map<int, long, gomap::hash<int>, std::equal_to<>, allocator>>(
      gomap::concurrent_map(some.begin(), some.end(), allocator()))));
  EXPECT_TRUE((is<ints>(gomap::concurrent_map(values))));
  EXPECT_TRUE((is<ints>(gomap::concurrent_map({entry(1, 2L)}))));
  EXPECT_TRUE(
      (is<gomap::concurrent_map<int, long, hash>>(gomap::concurrent_map(values, 5, hash()))));
  EXPECT_TRUE((is<gomap::concurrent_map<int, long, gomap::hash<int>, std::equal_to<>, allocator>>(
      gomap::concurrent_map(values, allocator()))));
  // An allocator may follow any of the other arguments.
  using on_allocator =
      gomap::concurrent_map<int, long, gomap::hash<int>, std::equal_to<>, allocator>;
  using with_hash = gomap::concurrent_map<int, long, hash, std::equal_to<>, allocator>;
  const gomap::concurrent_options options{.shards = 2};
  EXPECT_TRUE((is<on_allocator>(gomap::concurrent_map(some.begin(), some.end(), 5, allocator()))));
  EXPECT_TRUE(
      (is<on_allocator>(gomap::concurrent_map(some.begin(), some.end(), options, allocator()))));
  EXPECT_TRUE(
      (is<with_hash>(gomap::concurrent_map(some.begin(), some.end(), 5, hash(), allocator()))));
  EXPECT_TRUE((is<on_allocator>(gomap::concurrent_map(values, 5, allocator()))));
  EXPECT_TRUE((is<with_hash>(gomap::concurrent_map(values, options, hash(), allocator()))));
  EXPECT_TRUE((is<ints>(gomap::concurrent_map(gomap::map<int, long>(some.begin(), some.end())))));
  const ints m;
  EXPECT_TRUE((is<ints>(gomap::concurrent_map(m))));
}

// ---- how large it is

TYPED_TEST(ConcurrentInterface, TellsItsLoad) {
  TypeParam m({.shards = 4, .seed = 7}, {support::hash_kind::good});
  EXPECT_EQ(m.bucket_count(), 4U);
  EXPECT_EQ(m.load_factor(), 0.0F);
  EXPECT_EQ(m.max_load(), 4U * 8);
  this->fill(m, 1000);

  EXPECT_EQ(m.bucket_count(), m.stats().total.buckets);
  EXPECT_FLOAT_EQ(m.load_factor(), 1000.0F / static_cast<float>(m.bucket_count()));
  EXPECT_GE(m.max_load(), 1000U);
  const TypeParam taken(std::move(m));
  EXPECT_EQ(m.bucket_count(), 4U);
  EXPECT_EQ(m.max_load(), 4U * 8);
  EXPECT_EQ(m.max_load_factor(), 6.5F);
  m.max_load_factor(1.0F);
  EXPECT_EQ(m.max_load_factor(), 6.5F);
  EXPECT_GE(m.max_size(), std::size_t{1} << 32);
}

TYPED_TEST(ConcurrentInterface, RehashMakesBucketsAndTakesNone) {
  TypeParam m({.shards = 4, .seed = 7}, {support::hash_kind::good});
  const numbers model = this->fill(m, 100);

  m.rehash(1000);
  EXPECT_GE(m.bucket_count(), 1000U);
  EXPECT_LE(m.bucket_count(), 2048U);
  support::expect_holds(m, model);
  const std::size_t before = m.bucket_count();
  m.rehash(0);
  EXPECT_EQ(m.bucket_count(), before);
  EXPECT_THROW(m.rehash(std::numeric_limits<std::size_t>::max()), std::length_error);
  support::expect_holds(m, model);
}

// ---- comparing two

TYPED_TEST(ConcurrentInterface, AreEqualWhenTheyHoldTheSame) {
  this->in_each_layout([&](auto& a, std::uint64_t n) {
    TypeParam b({.shards = 8}, {support::hash_kind::good});
    ASSERT_TRUE(a == b);
    this->fill(a, n);
    ASSERT_TRUE(a != b);
    this->fill(b, n);
    ASSERT_TRUE(a == b);
    ASSERT_TRUE(b == a);
    ASSERT_TRUE(a == a);
    b.store(this->key(n / 2), this->value(1));
    ASSERT_FALSE(a == b);
    b.store(this->key(n / 2), this->value(n / 2 + 1000));
    ASSERT_TRUE(a == b);
    b.erase(this->key(0));
    ASSERT_FALSE(a == b);
    b.store(this->key(n), this->value(1000));
    ASSERT_FALSE(a == b);
  });
}

// Keys that a map takes for one need not be equal, as std has it.
TEST(ConcurrentInterfaceComparison, AsksTheKeysOwnEquality) {
  struct last_digit {
    std::size_t operator()(int n) const { return static_cast<std::size_t>(n % 10); }
  };
  struct equal_last_digit {
    bool operator()(int a, int b) const { return a % 10 == b % 10; }
  };
  using map = gomap::concurrent_map<int, int, last_digit, equal_last_digit>;
  map a;
  map b;
  a.store(1, 5);
  b.store(11, 5);
  EXPECT_FALSE(a == b);
  EXPECT_TRUE(a == a);
}

TEST(ConcurrentInterfaceComparison, TakesWhatCannotBeCopied) {
  gomap::concurrent_map<int, std::unique_ptr<int>> a;
  gomap::concurrent_map<int, std::unique_ptr<int>> b;
  EXPECT_TRUE(a == b);
  a.store(1, std::make_unique<int>(1));
  b.store(1, std::make_unique<int>(1));
  EXPECT_FALSE(a == b);
}

// Both ways at once, while somebody writes to both: nobody waits in a circle, and there is no order
// of the two.
TEST(ConcurrentInterfaceComparison, OfBusyMapsEndsBothWays) {
  gomap::concurrent_map<std::string, int> a({.shards = 2});
  gomap::concurrent_map<std::string, int> b({.shards = 2});
  for (int i = 0; i < 100; ++i) {
    a.store(std::to_string(i), i);
    b.store(std::to_string(i), i);
  }
  support::crew writers;
  writers.start(1, [&](int) {
    for (int i = 0; writers.wanted(); ++i, writers.tick()) {
      a.store(std::to_string(i % 100), i % 100);
      b.store(std::to_string(i % 100), i % 100);
    }
  });
  support::together(2, [&](int which) {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(which == 0 ? a == b : b == a);
  });
  writers.finish();
}

// ---- iterators from before there were concepts

// Only one that is not const can be dereferenced.
struct old_iterator_of_keys {
  using iterator_category = std::input_iterator_tag;
  using value_type = int;
  using difference_type = std::ptrdiff_t;
  using reference = int;
  using pointer = void;

  int key;
  reference operator*() { return key; }
  old_iterator_of_keys& operator++() {
    ++key;
    return *this;
  }
  void operator++(int) { ++key; }
  friend bool operator==(const old_iterator_of_keys&, const old_iterator_of_keys&) = default;
};

TEST(ConcurrentInterfaceIterators, MayBeOfTheOldKind) {
  using map = gomap::concurrent_map<int, int>;
  const std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7};
  const auto entry = [&](std::size_t i) { return support::proxy_iterator{numbers.data() + i}; };
  const auto ignore = [](const auto&) {};

  map m(entry(0), entry(1), 10);
  EXPECT_EQ(m.insert(entry(1), entry(3)), 2U);
  EXPECT_EQ(m.insert_or_visit(entry(2), entry(4), ignore), 1U);
  EXPECT_EQ(m.insert_or_cvisit(entry(3), entry(5), ignore), 1U);
  EXPECT_EQ(m.insert_and_visit(entry(4), entry(6), ignore, ignore), 1U);
  EXPECT_EQ(m.insert_and_cvisit(entry(5), entry(7), ignore, ignore), 1U);

  EXPECT_TRUE(m == map(entry(0), entry(7)));
  EXPECT_TRUE(m == gomap::concurrent_map(entry(0), entry(7)));
  int sum = 0;
  const auto add = [&](const auto& e) { sum += e.second; };
  EXPECT_EQ(m.visit(old_iterator_of_keys{1}, old_iterator_of_keys{10}, add), 7U);
  EXPECT_EQ(m.cvisit(old_iterator_of_keys{1}, old_iterator_of_keys{10}, add), 7U);
  EXPECT_EQ(sum, 56);
}

// ---- and the rest

TYPED_TEST(ConcurrentInterface, EraseIfIsAFreeFunctionToo) {
  TypeParam m;
  this->fill(m, 100);
  EXPECT_EQ(erase_if(m, [](const auto& e) { return support::number_of(e.first) >= 10; }), 90U);
  EXPECT_EQ(m.size(), 10U);
  using std::erase_if;
  EXPECT_EQ(erase_if(m, [](auto&) { return true; }), 10U);
}

}  // namespace concurrent_interface_test
