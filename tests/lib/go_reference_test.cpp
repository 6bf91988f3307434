// go_reference_test.cpp -- Go's map variable: copies share the map, and null reads like an empty
// one.
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/reference.hpp>

#include "support/counting_value.hpp"

namespace go_reference_test {

using int_ref = gomap::ref<int, int>;

TEST(GoMapReference, ACopyIsAnAlias) {
  int_ref m = gomap::make<int, int>();
  m[0] = 5;

  int_ref n = m;
  n[0] = 6;
  m[1] = 7;

  EXPECT_EQ(m.get(0), 6);
  EXPECT_EQ(n.get(1), 7);
  EXPECT_EQ(n.size(), 2u);
}

TEST(GoMapReference, AnAliasSeesGrowthClearAndErase) {
  int_ref m = gomap::make<int, int>();
  const int_ref alias = m;

  for (int i = 0; i < 1000; ++i) m[i] = i;
  EXPECT_EQ(alias.size(), 1000u);
  EXPECT_EQ(alias.get(999), 999);
  m.erase(999);
  EXPECT_EQ(alias.lookup(999), nullptr);
  m.clear();

  EXPECT_EQ(alias.size(), 0u);
}

TEST(GoMapReference, TheLastAliasFreesTheMap) {
  const long live_before = support::object_counts::live;
  {
    auto m = gomap::make<int, support::tracked>();
    auto alias = m;
    for (int i = 0; i < 10; ++i) m[i] = support::tracked(7);
    m = gomap::ref<int, support::tracked>();
    EXPECT_EQ(support::object_counts::live - live_before, 10);
    EXPECT_EQ(alias.size(), 10u);
  }
  EXPECT_EQ(support::object_counts::live, live_before);
}

TEST(GoMapReference, NullHasNoEntries) {
  const int_ref nil;

  EXPECT_FALSE(nil);
  EXPECT_EQ(nil.size(), 0u);
  EXPECT_TRUE(nil.empty());
  EXPECT_EQ(nil.begin(), nil.end());
  for (const auto& entry : nil) ADD_FAILURE() << entry.first;
}

TEST(GoMapReference, NullReadsAsZeroAndAbsent) {
  const gomap::ref<std::string, std::string> nil;

  EXPECT_EQ(nil.get("key"), "");
  EXPECT_EQ(nil.lookup("key"), nullptr);
  EXPECT_FALSE(nil.contains("key"));
  EXPECT_EQ(nil.find("key"), nil.end());
}

TEST(GoMapReference, NullIgnoresEraseAndClear) {
  int_ref nil;

  EXPECT_EQ(nil.erase(1), 0u);
  nil.clear();

  EXPECT_FALSE(nil);
}

TEST(GoMapReference, AWriteToNullIsRefused) {
  int_ref nil;

  EXPECT_THROW(nil[1] = 2, gomap::nil_map_error);
  EXPECT_THROW(nil.insert(std::pair<const int, int>(1, 2)), gomap::nil_map_error);
  EXPECT_THROW(nil.insert_or_assign(1, 2), gomap::nil_map_error);
  EXPECT_THROW(nil.try_emplace(1, 2), gomap::nil_map_error);

  EXPECT_EQ(nil.size(), 0u);
}

TEST(GoMapReference, TheRefusalSpeaksGosWords) {
  int_ref nil;

  try {
    nil[1] = 2;
    FAIL() << "a write to a null map went through";
  } catch (const gomap::nil_map_error& e) {
    EXPECT_STREQ(e.what(), "assignment to entry in nil map");
  }
}

TEST(GoMapReference, ACloneSharesNothing) {
  int_ref m = gomap::make<int, int>();
  m[0] = 1;

  int_ref clone = m.clone();
  clone[0] = 2;
  clone[1] = 3;

  EXPECT_EQ(m.get(0), 1);
  EXPECT_EQ(m.size(), 1u);
  EXPECT_EQ(clone.size(), 2u);
}

TEST(GoMapReference, TheCloneOfNullIsNull) {
  const int_ref nil;

  EXPECT_FALSE(nil.clone());
}

TEST(GoMapReference, ANullMadeIntoAMapTakesEntries) {
  int_ref m;
  ASSERT_FALSE(m);

  m = gomap::make<int, int>(100);
  m[1] = 2;

  EXPECT_TRUE(m);
  EXPECT_EQ(m.get(1), 2);
}

}  // namespace go_reference_test
