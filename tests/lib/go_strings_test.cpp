// go_strings_test.cpp -- string keys of all lengths in one bucket, looked up without a copy.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/counting_allocator.hpp"

namespace go_strings_test {

using string_map = gomap::map<std::string, std::size_t>;

void expect_all_found_in_one_bucket(const std::vector<std::string>& keys) {
  string_map m;

  for (std::size_t i = 0; i < keys.size(); ++i) m[keys[i]] = i;

  ASSERT_EQ(m.bucket_count(), 1u);
  ASSERT_EQ(m.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(m.get(keys[i]), i);
    EXPECT_FALSE(m.contains(keys[i] + "x"));
    EXPECT_FALSE(m.contains(keys[i].substr(0, keys[i].size() / 2) + "y"));
  }
}

TEST(GoMapStrings, KeysOfEqualLengthInOneBucketAreToldApart) {
  expect_all_found_in_one_bucket({"1234567890", "foo", "bar", "baz", "qux", std::string(128, 'a'),
                                  std::string(127, 'a') + 'b'});
}

// Same first and last bytes: only the middle differs.
TEST(GoMapStrings, LongKeysThatDifferInTheMiddleAreToldApart) {
  std::vector<std::string> keys;
  for (char c = 'a'; c < 'h'; ++c) {
    keys.push_back(std::string(60, 'x') + c + std::string(60, 'x'));
  }
  expect_all_found_in_one_bucket(keys);
}

TEST(GoMapStrings, KeysOfDifferentLengthsInOneBucketAreToldApart) {
  std::vector<std::string> keys;
  for (const std::size_t length : {0u, 1u, 3u, 15u, 16u, 64u, 128u}) keys.emplace_back(length, 'a');
  expect_all_found_in_one_bucket(keys);
}

TEST(GoMapStrings, KeysOfZerosDifferByTheirLength) {
  string_map m;
  for (std::size_t length = 0; length < 100; ++length) m[std::string(length, '\0')] = length;

  EXPECT_EQ(m.size(), 100u);
  for (std::size_t length = 0; length < 100; ++length) {
    EXPECT_EQ(m.get(std::string(length, '\0')), length);
  }
}

// What a key is made of when it is stored, and what a lookup must not make.
using counted_string =
    std::basic_string<char, std::char_traits<char>, support::counting_allocator<char>>;

struct view_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const noexcept {
    return std::hash<std::string_view>{}(s);
  }
};

TEST(GoMapStrings, LookupByABufferOfBytesAllocatesNothing) {
  support::allocation_ledger ledger;
  const std::string text = "a key so long that a string made of it would need the heap; and more";
  const std::string_view key = std::string_view(text).substr(0, 60);
  gomap::map<counted_string, int, view_hash> m;
  m.try_emplace(counted_string(key, support::counting_allocator<char>(ledger)), 7);
  const std::size_t process_before = support::allocation_ledger::process().allocations();
  const std::size_t before = ledger.allocations();

  EXPECT_EQ(m.get(key), 7);
  EXPECT_TRUE(m.contains(key));
  EXPECT_EQ(m.count(key), 1u);
  EXPECT_NE(m.find(key), m.end());
  EXPECT_NE(m.lookup(key), nullptr);
  EXPECT_EQ(m.at(key), 7);
  EXPECT_EQ(m.erase(std::string_view(text)), 0u);
  EXPECT_EQ(m.erase(key), 1u);

  EXPECT_EQ(ledger.allocations(), before);
  EXPECT_EQ(support::allocation_ledger::process().allocations(), process_before);
}

TEST(GoMapStrings, TheDefaultHashTakesViewsLiteralsAndStrings) {
  string_map m;
  m["key"] = 1;
  m[std::string("other key")] = 2;

  EXPECT_EQ(m.get(std::string_view("key")), 1u);
  EXPECT_EQ(m.get("other key"), 2u);
  EXPECT_TRUE(m.contains(std::string("key")));
  EXPECT_EQ(m.erase(std::string_view("key")), 1u);
  EXPECT_EQ(m.size(), 1u);
}

}  // namespace go_strings_test
