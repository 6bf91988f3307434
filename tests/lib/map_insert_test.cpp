// map_insert_test.cpp -- every way to put an entry into a gomap::map, and what each returns.
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/single_pass.hpp"

namespace map_insert_test {

using map = gomap::map<int, std::string>;
using owning_map = gomap::map<int, std::unique_ptr<int>>;

TEST(MapInsert, NewEntryIsReported) {
  map m;
  const map::value_type entry{1, "one"};

  const auto [it, inserted] = m.insert(entry);

  EXPECT_TRUE(inserted);
  EXPECT_EQ(it, m.find(1));
  EXPECT_EQ(it->second, "one");
}

TEST(MapInsert, PresentKeyKeepsItsValue) {
  map m{{1, "one"}};

  const auto copied = m.insert(map::value_type{1, "copy"});
  const auto converted = m.insert(std::pair{1, "converted"});
  const auto listed = m.insert({1, "listed"});

  for (const auto& [it, inserted] : {copied, converted, listed}) {
    EXPECT_FALSE(inserted);
    EXPECT_EQ(it->second, "one");
  }
  EXPECT_EQ(m.size(), 1U);
}

TEST(MapInsert, TakesAConvertiblePair) {
  map m;

  m.insert(std::pair<short, const char*>{short{1}, "one"});
  m.insert(std::make_pair(2, std::string("two")));
  m.insert({3, "three"});

  EXPECT_EQ(m, (map{{1, "one"}, {2, "two"}, {3, "three"}}));
}

TEST(MapInsert, MovesOutOfAnRvalueEntry) {
  owning_map m;
  owning_map::value_type entry{1, std::make_unique<int>(7)};

  m.insert(std::move(entry));

  EXPECT_EQ(entry.second, nullptr);
  EXPECT_EQ(*m.at(1), 7);
}

TEST(MapInsert, HintedFormsReturnTheEntry) {
  map m;
  const map::value_type two{2, "two"};

  EXPECT_EQ(m.insert(m.cend(), map::value_type{1, "one"})->second, "one");
  EXPECT_EQ(m.insert(m.cbegin(), two)->second, "two");
  EXPECT_EQ(m.insert(m.cbegin(), std::pair{3, "three"})->second, "three");
  EXPECT_EQ(m.insert(m.cbegin(), {1, "again"})->second, "one");
  EXPECT_EQ(m.size(), 3U);
}

TEST(MapInsert, TakesIteratorsAndLists) {
  const std::vector<std::pair<int, std::string>> entries{{1, "one"}, {2, "two"}, {1, "again"}};
  map m;

  m.insert(entries.begin(), entries.end());
  m.insert({{2, "again"}, {3, "three"}});
  m.insert(entries.begin(), entries.begin());

  EXPECT_EQ(m, (map{{1, "one"}, {2, "two"}, {3, "three"}}));
}

TEST(MapInsert, TakesAnyRange) {
  using entry = std::pair<int, std::string>;
  map m{{1, "one"}};

  m.insert_range(std::vector<entry>{{1, "again"}, {2, "two"}});
  m.insert_range(support::single_pass(97, [](int i) { return entry(i + 3, "many"); }));
  m.insert_range(std::vector<entry>{});

  EXPECT_EQ(m.size(), 99U);
  EXPECT_EQ(m.at(1), "one");
  EXPECT_EQ(m.at(99), "many");
  m.check_invariants();
}

TEST(MapInsert, ManyEntriesAreAllFound) {
  map m;

  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(m.insert({i, std::to_string(i)}).second);

  EXPECT_EQ(m.size(), 3000U);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(m.at(i), std::to_string(i));
  m.check_invariants();
}

// The growth that an insertion starts or carries on may move the entry just inserted.
TEST(MapInsert, ReturnsTheEntryWhereItIsAfterwards) {
  map m;

  for (int i = 0; i < 3000; ++i) {
    const auto at = m.insert({i, std::to_string(i)}).first;
    ASSERT_EQ(std::to_address(at), std::to_address(m.find(i))) << i;
  }
}

TEST(MapInsertOrAssign, SaysWhetherTheKeyWasNew) {
  map m;
  const int key = 1;

  const auto [first, inserted] = m.insert_or_assign(key, "one");
  EXPECT_TRUE(inserted);
  EXPECT_EQ(first->second, "one");

  const auto [second, inserted_again] = m.insert_or_assign(1, std::string("uno"));
  EXPECT_FALSE(inserted_again);
  EXPECT_EQ(second->second, "uno");
  EXPECT_EQ(m.size(), 1U);
}

TEST(MapInsertOrAssign, HintedFormReturnsTheEntry) {
  map m;
  const int key = 2;

  EXPECT_EQ(m.insert_or_assign(m.cend(), 1, "one")->second, "one");
  EXPECT_EQ(m.insert_or_assign(m.cbegin(), 1, "uno")->second, "uno");
  EXPECT_EQ(m.insert_or_assign(m.cbegin(), key, "two")->second, "two");
}

TEST(MapInsertOrAssign, TakesMoveOnlyValues) {
  owning_map m;

  m.insert_or_assign(1, std::make_unique<int>(1));
  m.insert_or_assign(1, std::make_unique<int>(2));

  EXPECT_EQ(*m.at(1), 2);
}

// -0.0 == 0.0: the entry keeps the key it was made with, as std's containers do.
TEST(MapInsertOrAssign, OverwriteKeepsTheStoredKey) {
  gomap::map<double, int> m{{0.0, 1}};

  m.insert_or_assign(-0.0, 2);
  m[-0.0] = 3;

  EXPECT_EQ(m.size(), 1U);
  EXPECT_FALSE(std::signbit(m.begin()->first));
  EXPECT_EQ(m.at(0.0), 3);
}

TEST(MapEmplaceArguments, BuildsFromAnyPairArguments) {
  map m;

  EXPECT_TRUE(m.emplace(1, "one").second);
  EXPECT_TRUE(m.emplace(std::pair(2, "two")).second);
  EXPECT_TRUE(m.emplace(std::piecewise_construct, std::forward_as_tuple(3),
                        std::forward_as_tuple(std::size_t{4}, 'x'))
                  .second);
  EXPECT_TRUE(m.emplace().second);  // key 0, value ""
  EXPECT_FALSE(m.emplace(1, "uno").second);

  EXPECT_EQ(m, (map{{0, ""}, {1, "one"}, {2, "two"}, {3, "xxxx"}}));
}

TEST(MapEmplaceArguments, HintedFormReturnsTheEntry) {
  map m;

  EXPECT_EQ(m.emplace_hint(m.cend(), 1, "one")->second, "one");
  EXPECT_EQ(m.emplace_hint(m.cbegin(), 1, "uno")->second, "one");
}

TEST(MapEmplaceArguments, MoveOnlyKeysAndValues) {
  gomap::map<std::unique_ptr<int>, std::unique_ptr<int>> m;
  auto key = std::make_unique<int>(1);
  const int* const address = key.get();

  const auto [it, inserted] = m.emplace(std::move(key), std::make_unique<int>(2));

  EXPECT_TRUE(inserted);
  EXPECT_EQ(it->first.get(), address);
  EXPECT_EQ(*it->second, 2);
}

TEST(MapTryEmplace, BuildsTheValueInPlace) {
  map m;
  const int key = 1;

  EXPECT_TRUE(m.try_emplace(key, std::size_t{3}, 'x').second);
  EXPECT_TRUE(m.try_emplace(2).second);
  EXPECT_FALSE(m.try_emplace(1, "again").second);

  EXPECT_EQ(m, (map{{1, "xxx"}, {2, ""}}));
}

// The promise that try_emplace adds to emplace: what is not used is not moved from.
TEST(MapTryEmplace, LeavesItsArgumentsAloneWhenTheKeyIsPresent) {
  gomap::map<std::string, std::unique_ptr<int>> m;
  m.try_emplace("key", nullptr);
  std::string key = "key";
  auto value = std::make_unique<int>(1);

  EXPECT_FALSE(m.try_emplace(std::move(key), std::move(value)).second);

  EXPECT_EQ(key, "key");
  EXPECT_NE(value, nullptr);
}

TEST(MapTryEmplace, HintedFormReturnsTheEntry) {
  map m;
  const int key = 2;

  EXPECT_EQ(m.try_emplace(m.cend(), 1, "one")->second, "one");
  EXPECT_EQ(m.try_emplace(m.cbegin(), 1, "uno")->second, "one");
  EXPECT_EQ(m.try_emplace(m.cbegin(), key, "two")->second, "two");
}

TEST(MapSubscript, MakesAZeroValue) {
  gomap::map<int, int> m;

  EXPECT_EQ(m[1], 0);
  m[1] += 5;
  const int key = 2;
  m[key] = 7;

  EXPECT_EQ(m, (gomap::map<int, int>{{1, 5}, {2, 7}}));
}

// The slot of an erased entry is used again; what was in it must not shine through.
TEST(MapSubscript, MakesAZeroValueInASlotUsedBefore) {
  gomap::map<int, int> m;
  m[1] = 99;
  m.erase(1);

  EXPECT_EQ(m[1], 0);
  EXPECT_EQ(m[2], 0);
}

TEST(MapSubscript, MovesAnRvalueKey) {
  gomap::map<std::string, int> m;
  std::string key(100, 'k');
  const char* const text = key.data();

  m[std::move(key)] = 1;

  EXPECT_EQ(m.begin()->first.data(), text);
}

TEST(MapAt, ThrowsForAnAbsentKey) {
  map m{{1, "one"}};
  const map& view = m;

  m.at(1) += "!";

  EXPECT_EQ(view.at(1), "one!");
  EXPECT_THROW((void)m.at(2), std::out_of_range);
  EXPECT_THROW((void)view.at(2), std::out_of_range);
  EXPECT_EQ(m.size(), 1U);
}

TEST(MapInsert, NaNKeysAllStay) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  gomap::map<double, int> m;

  for (int i = 0; i < 100; ++i) EXPECT_TRUE(m.insert({nan, i}).second);
  m[nan] += 100;

  EXPECT_EQ(m.size(), 101U);
  EXPECT_FALSE(m.contains(nan));
  EXPECT_EQ(m.erase(nan), 0U);
  m.check_invariants();
}

}  // namespace map_insert_test
