// go_basic_test.cpp -- what Go's own tests hold a map to in plain use: put, get, delete, assign.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/counting_value.hpp"
#include "support/make_value.hpp"

namespace go_basic_test {

using support::make_value;
using support::number_of;

TEST(GoMap, CompoundAssignmentsChainOnOneKey) {
  gomap::map<int, int> m;

  m[0] = 12345;
  m[0] += 67890;
  m[0] /= 123;
  m[0] %= 456;

  EXPECT_EQ(m[0], (12345 + 67890) / 123 % 456);
  EXPECT_EQ(m.size(), 1u);
}

TEST(GoMap, AppendingToAStoredSequenceKeepsIt) {
  gomap::map<int, std::vector<int>> m;

  for (int i = 0; i < 100; ++i) {
    m[0].push_back(i);
    const std::vector<int> so_far = m[0];  // a copy: m[0] moves when the new key comes in
    m[i + 1] = so_far;
  }

  ASSERT_EQ(m[0].size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(m[0][static_cast<std::size_t>(i)], i);
    EXPECT_EQ(m[i + 1].size(), static_cast<std::size_t>(i) + 1);
  }
}

TEST(GoMap, ThirtyOneEntriesPutIntoAHintOfEightAreAllFound) {
  gomap::map<std::uint32_t, std::uint64_t> m(8);

  for (std::uint32_t i = 0; i < 31; ++i) m[i] = i + 1000;

  EXPECT_EQ(m.size(), 31u);
  for (std::uint32_t i = 0; i < 31; ++i) EXPECT_EQ(m.get(i), i + 1000);
  EXPECT_NO_THROW(m.check_invariants());
}

TEST(GoMap, EntriesSurviveEveryDoubling) {
  gomap::map<std::uint32_t, std::uint64_t> m(8);

  for (std::uint32_t i = 0; i < 2048; ++i) {
    m[i] = i;
    ASSERT_EQ(m.get(i), i);
  }

  EXPECT_GE(m.stats().growths_double, 7u);
  for (std::uint32_t i = 0; i < 2048; ++i) ASSERT_EQ(m.get(i), i);
}

TEST(GoMap, WhatIsDeletedIsNotFound) {
  gomap::map<std::uint32_t, std::uint64_t> m;
  for (std::uint32_t i = 0; i < 31; ++i) m[i] = i;

  for (std::uint32_t i = 0; i < 31; ++i) EXPECT_EQ(m.erase(i), 1u);

  EXPECT_TRUE(m.empty());
  for (std::uint32_t i = 0; i < 31; ++i) {
    EXPECT_EQ(m.lookup(i), nullptr);
    EXPECT_EQ(m.erase(i), 0u);
  }
}

TEST(GoMap, AKeyDeletedThenPutAgainReusesItsSlot) {
  gomap::map<std::uint32_t, std::uint64_t> m;
  for (std::uint32_t i = 0; i < 8; ++i) m[i] = i;
  ASSERT_EQ(m.bucket_count(), 1u);

  for (std::uint32_t i = 0; i < 1000; ++i) {
    m.erase(i);
    m[i + 8] = i;
  }

  EXPECT_EQ(m.size(), 8u);
  EXPECT_EQ(m.bucket_count(), 1u);
  EXPECT_EQ(m.stats().overflow_buckets, 0u);
}

TEST(GoMap, EachStoredEntryIsWalkedWithItsValue) {
  gomap::map<std::uint32_t, std::uint64_t> m;
  for (std::uint32_t i = 0; i < 31; ++i) m[i] = i * 7;

  std::vector<bool> seen(31);
  for (const auto& [key, value] : m) {
    EXPECT_EQ(value, key * 7);
    EXPECT_FALSE(seen[key]);
    seen[key] = true;
  }

  EXPECT_EQ(seen, std::vector<bool>(31, true));
}

TEST(GoMap, EntriesAreDeletedFromScopeGuards) {
  struct erase_at_exit {
    gomap::map<std::string, int>& map;
    std::string key;
    ~erase_at_exit() { map.erase(key); }
  };
  gomap::map<std::string, int> m;

  {
    m["outer"] = 1;
    const erase_at_exit outer{m, "outer"};
    m["inner"] = 2;
    const erase_at_exit inner{m, "inner"};
    m["stays"] = 3;
    EXPECT_EQ(m.size(), 3u);
  }

  EXPECT_EQ(m.size(), 1u);
  EXPECT_EQ(m.get("stays"), 3);
}

// The key of a call is converted to the map's, once, before it is looked for.
TEST(GoMap, KeysOfOtherTypesAreConvertedAsInAnyCall) {
  enum class colour : std::uint8_t { red, blue };
  gomap::map<double, int> doubles;
  gomap::map<std::int64_t, int> integers;
  gomap::map<colour, int> colours;
  gomap::map<const void*, int> pointers;
  int object = 0;

  doubles[1] = 10;
  integers[static_cast<short>(-1)] = 20;
  colours[colour::blue] = 30;
  pointers[&object] = 40;

  EXPECT_EQ(doubles.get(1.0F), 10);
  EXPECT_EQ(integers.get(-1), 20);
  EXPECT_EQ(colours.get(colour::blue), 30);
  EXPECT_EQ(colours.lookup(colour::red), nullptr);
  EXPECT_EQ(pointers.get(&object), 40);
}

// A hundred entries of each pair of types: read back, found or not, changed in place, walked.
template <class Pair>
class GoMapOfTypes : public testing::Test {
 public:
  using key_type = typename Pair::first_type;
  using mapped_type = typename Pair::second_type;
  using map_type = gomap::map<key_type, mapped_type>;

  static map_type filled() {
    map_type m;
    for (std::uint64_t n = 0; n < 100; ++n) {
      m.insert_or_assign(make_value<key_type>(n), make_value<mapped_type>(n + 10));
    }
    return m;
  }
};

using type_pairs =
    testing::Types<std::pair<int, std::string>, std::pair<std::string, float>,
                   std::pair<double, int>, std::pair<std::uint8_t, std::uint64_t>,
                   std::pair<char32_t, std::int16_t>, std::pair<std::int16_t, support::wide_value>>;
TYPED_TEST_SUITE(GoMapOfTypes, type_pairs);

TYPED_TEST(GoMapOfTypes, ReadBackWhatWasStored) {
  const auto m = TestFixture::filled();

  ASSERT_EQ(m.size(), 100u);
  for (std::uint64_t n = 0; n < 100; ++n) {
    const auto* value = m.lookup(make_value<typename TestFixture::key_type>(n));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(number_of(*value), n + 10);
  }
}

TYPED_TEST(GoMapOfTypes, ReadZeroForAnAbsentKey) {
  const auto m = TestFixture::filled();

  for (std::uint64_t n = 100; n < 200; ++n) {
    const auto key = make_value<typename TestFixture::key_type>(n);
    EXPECT_EQ(m.lookup(key), nullptr);
    EXPECT_FALSE(m.contains(key));
    EXPECT_TRUE(m.get(key) == typename TestFixture::mapped_type());
  }
  EXPECT_EQ(m.size(), 100u);
}

TYPED_TEST(GoMapOfTypes, ChangeAValueInPlace) {
  auto m = TestFixture::filled();

  for (std::uint64_t n = 0; n < 100; ++n) {
    m[make_value<typename TestFixture::key_type>(n)] =
        make_value<typename TestFixture::mapped_type>(n + 20);
  }

  EXPECT_EQ(m.size(), 100u);
  for (const auto& [key, value] : m) EXPECT_EQ(number_of(value), number_of(key) + 20);
}

TYPED_TEST(GoMapOfTypes, KeepTheirEntriesInACopy) {
  auto m = TestFixture::filled();

  const auto copy = m;
  m.clear();

  EXPECT_EQ(copy.size(), 100u);
  for (const auto& [key, value] : copy) EXPECT_EQ(number_of(value), number_of(key) + 10);
}

}  // namespace go_basic_test
