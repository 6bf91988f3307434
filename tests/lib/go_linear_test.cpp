// go_linear_test.cpp -- twice the entries must not cost much more than twice the work.
//
// Go measures time; these tests count calls of the hash and of the comparison, which no load on the
// machine can change. NaN keys are left out: a hash is a function of the key here, so NaNs of one
// bit pattern share a chain.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/fault.hpp"
#include "support/types.hpp"

namespace go_linear_test {

using support::fault;
using support::point;

// gomap::hash, with each call counted.
template <class K>
struct counted_default_hash {
  using is_avalanching = void;
  std::uint64_t operator()(const K& key, std::uint64_t seed) const {
    fault::pass(point::hash);
    return gomap::hash<K>{}(key, seed);
  }
};

template <class K>
using watched_map = gomap::map<K, int, counted_default_hash<K>, support::watched_equal>;

struct work {
  std::size_t hashes;
  std::size_t comparisons;
};

template <class Action>
work work_of(Action&& action) {
  fault::reset();
  action();
  return {fault::count(point::hash), fault::count(point::equal)};
}

template <class K>
struct keys {
  static K at(std::uint32_t n) { return static_cast<K>(n); }
};
template <>
struct keys<std::string> {
  static std::string at(std::uint32_t n) { return "key" + std::to_string(n); }
};
template <>
struct keys<std::variant<int, std::string>> {
  static std::variant<int, std::string> at(std::uint32_t n) {
    if (n % 2 == 0) return static_cast<int>(n);
    return std::to_string(n);
  }
};
// Every key a multiple of a large power of two: the low bits, which pick the bucket, say nothing.
struct multiple {
  std::uint64_t value;
  bool operator==(const multiple&) const = default;
  friend void hash_append(gomap::hasher& h, const multiple& m) { h(m.value); }
};
template <>
struct keys<multiple> {
  static multiple at(std::uint32_t n) { return {static_cast<std::uint64_t>(n) << 40}; }
};

template <class K>
class GoMapLinear : public testing::Test {
 public:
  static void insert(watched_map<K>& m, std::uint32_t count) {
    for (std::uint32_t n = 0; n < count; ++n) m[keys<K>::at(n)] = 1;
  }

  static work insertion_work(std::uint32_t count) {
    return work_of([count] {
      watched_map<K> m;
      insert(m, count);
    });
  }
};

using key_types =
    support::types<3, int, std::string, multiple, double, std::variant<int, std::string>>;
TYPED_TEST_SUITE(GoMapLinear, key_types);

TYPED_TEST(GoMapLinear, InsertingTwiceAsManyCostsLessThanThreeTimes) {
  for (const std::uint32_t count : {1000u, 4000u}) {
    const work once = TestFixture::insertion_work(count);
    const work twice = TestFixture::insertion_work(2 * count);

    EXPECT_LT(twice.hashes, 3 * once.hashes);
    EXPECT_LT(twice.comparisons, 3 * once.comparisons + count / 10);
  }
}

// An entry is hashed when it is inserted, and once more in each doubling that it lives through: two
// hashes a key in all, with an allowance for the last doubling.
TYPED_TEST(GoMapLinear, GrowingHashesAKeyAFewTimesAndSeldomCompares) {
  constexpr std::uint32_t count = 5000;

  const work inserting = TestFixture::insertion_work(count);

  EXPECT_LE(inserting.hashes, 4 * count);
  EXPECT_LE(inserting.comparisons, count / 4);
}

TYPED_TEST(GoMapLinear, AHitComparesAboutOnceAndAMissHardlyEver) {
  constexpr std::uint32_t count = 5000;
  watched_map<TypeParam> m;
  TestFixture::insert(m, count);

  const work hits = work_of([&m] {
    for (std::uint32_t n = 0; n < count; ++n) ASSERT_TRUE(m.contains(keys<TypeParam>::at(n)));
  });
  const work misses = work_of([&m] {
    for (std::uint32_t n = 0; n < count; ++n) {
      ASSERT_FALSE(m.contains(keys<TypeParam>::at(n + count)));
    }
  });

  EXPECT_EQ(hits.hashes, count);
  EXPECT_GE(hits.comparisons, count);
  EXPECT_LE(hits.comparisons, count + count / 10);
  EXPECT_EQ(misses.hashes, count);
  EXPECT_LE(misses.comparisons, count / 10);
}

// The pop loop: what a walk finds first is erased, until nothing is left.
TYPED_TEST(GoMapLinear, PoppingTheFirstEntryNeitherHashesNorComparesMuch) {
  for (const std::uint32_t count : {100u, 1000u, 5000u}) {
    watched_map<TypeParam> m;
    TestFixture::insert(m, count);
    m.finish_growth();

    const work by_iterator = work_of([&m] {
      while (!m.empty()) m.erase(m.begin());
    });

    EXPECT_LE(by_iterator.hashes, 2 * count);
    EXPECT_LE(by_iterator.comparisons, 2 * count);
  }
}

TYPED_TEST(GoMapLinear, PoppingTheFirstKeyHashesEachOnceOrTwice) {
  for (const std::uint32_t count : {100u, 1000u, 5000u}) {
    watched_map<TypeParam> m;
    TestFixture::insert(m, count);
    m.finish_growth();

    const work by_key = work_of([&m] {
      while (!m.empty()) m.erase(m.begin()->first);
    });

    EXPECT_LE(by_key.hashes, 3 * count);
    EXPECT_LE(by_key.comparisons, 3 * count);
  }
}

// One map copied into another in the order of its walk is quadratic where both use one seed and
// the other is smaller; seeds of their own defuse it.
TYPED_TEST(GoMapLinear, CopyingEntryByEntryInWalkingOrderIsNoTrap) {
  constexpr std::uint32_t count = 5000;
  watched_map<TypeParam> from;
  TestFixture::insert(from, count);
  from.finish_growth();

  watched_map<TypeParam> to;
  const work copying = work_of([&] {
    for (const auto& [key, value] : from) to[key] = value;
  });

  EXPECT_EQ(to.size(), count);
  EXPECT_LE(copying.hashes, 5 * count);
  EXPECT_LE(copying.comparisons, count / 4);
}

}  // namespace go_linear_test
