// map_aliasing_test.cpp -- arguments that refer into the map that is being changed.
//
// Each case runs at every size up to a few hundred, so that some calls fall on the insert that
// starts a growth, moves entries or ends it: there a reference into a slot dies while the call
// still needs it. The sanitizers make such a bug loud, the values make it visible without them.
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/make_value.hpp"

namespace map_aliasing_test {

using support::make_value;

template <class Hash>
class MapAliasing : public ::testing::Test {
 protected:
  using map = gomap::map<std::string, std::string, Hash>;
  static constexpr std::uint64_t sizes = 300;

  static std::string text(std::uint64_t n) { return make_value<std::string>(n); }

  map m;
};

using hashes = ::testing::Types<support::good_hash, support::colliding_hash>;
TYPED_TEST_SUITE(MapAliasing, hashes);

TYPED_TEST(MapAliasing, InsertOfOnesOwnEntryChangesNothing) {
  for (std::uint64_t n = 0; n < this->sizes; ++n) {
    this->m[this->text(n)] = this->text(n);

    ASSERT_FALSE(this->m.insert(*this->m.begin()).second);
    ASSERT_FALSE(this->m.emplace(*this->m.begin()).second);
    ASSERT_FALSE(this->m.insert(this->m.cend(), *this->m.begin()) == this->m.end());
  }
  EXPECT_EQ(this->m.size(), this->sizes);
}

TYPED_TEST(MapAliasing, SubscriptByOnesOwnKeyFindsIt) {
  for (std::uint64_t n = 0; n < this->sizes; ++n) {
    this->m[this->text(n)] = this->text(n);

    const auto it = this->m.begin();
    this->m[it->first] += "!";
    ASSERT_EQ(it->second.back(), '!');
  }
  EXPECT_EQ(this->m.size(), this->sizes);
}

TYPED_TEST(MapAliasing, AssignOfAnEntrysOwnValueKeepsIt) {
  for (std::uint64_t n = 0; n < this->sizes; ++n) {
    this->m[this->text(n)] = this->text(n);

    const auto it = this->m.begin();
    this->m.insert_or_assign(it->first, it->second);
    ASSERT_EQ(it->first, it->second);
  }
}

TYPED_TEST(MapAliasing, EraseByAKeyInsideTheMapTakesThatEntry) {
  for (std::uint64_t n = 0; n < this->sizes; ++n) this->m[this->text(n)] = this->text(n);

  while (!this->m.empty()) {
    const auto it = this->m.begin();
    const std::string key = it->first;
    ASSERT_EQ(this->m.erase(it->first), 1U);
    ASSERT_FALSE(this->m.contains(key));
  }
  this->m.check_invariants();
}

// The new entry's value is a reference to another entry's value, which the growth may move first.
TYPED_TEST(MapAliasing, NewEntryFromAnotherEntrysValue) {
  this->m[this->text(0)] = "value that no small buffer holds, handed on";
  for (std::uint64_t n = 1; n < this->sizes; ++n) {
    ASSERT_TRUE(this->m.try_emplace(this->text(n), this->m.begin()->second).second);
  }
  for (const auto& entry : this->m) ASSERT_EQ(entry.second, this->m.at(this->text(0)));
  EXPECT_EQ(this->m.size(), this->sizes);
}

TYPED_TEST(MapAliasing, NewKeyFromAnotherEntrysValue) {
  this->m["start"] = this->text(0);
  for (std::uint64_t n = 1; n < this->sizes; ++n) {
    std::string& last = this->m.at(n == 1 ? "start" : this->text(n - 2));
    ASSERT_TRUE(this->m.try_emplace(last, this->text(n)).second) << n;
  }
  for (std::uint64_t n = 1; n < this->sizes; ++n) {
    ASSERT_EQ(this->m.at(this->text(n - 1)), this->text(n));
  }
  this->m.check_invariants();
}

TYPED_TEST(MapAliasing, SubscriptByAnotherEntrysValueMakesAnEntry) {
  for (std::uint64_t n = 0; n < this->sizes; ++n) {
    this->m["next"] = this->text(n);
    ASSERT_EQ(this->m[this->m.at("next")], "");
  }
  EXPECT_EQ(this->m.size(), this->sizes + 1);
}

TYPED_TEST(MapAliasing, NewEntryByInsertOrAssignFromAnother) {
  this->m[this->text(0)] = "value that no small buffer holds, handed on";
  for (std::uint64_t n = 1; n < this->sizes; ++n) {
    ASSERT_TRUE(this->m.insert_or_assign(this->text(n), this->m.begin()->second).second);
  }
  for (const auto& entry : this->m) ASSERT_EQ(entry.second, this->m.at(this->text(0)));
}

TYPED_TEST(MapAliasing, EmplaceOfAPairIntoTheMap) {
  this->m[this->text(0)] = this->text(1);
  for (std::uint64_t n = 1; n < this->sizes; ++n) {
    const std::string& key = this->m.at(this->text(n - 1));
    ASSERT_TRUE(this->m.emplace(key, this->text(n + 1)).second);
  }
  for (std::uint64_t n = 0; n < this->sizes; ++n) {
    ASSERT_EQ(this->m.at(this->text(n)), this->text(n + 1));
  }
}

TYPED_TEST(MapAliasing, InsertOfOnesOwnRangeChangesNothing) {
  for (std::uint64_t n = 0; n < this->sizes; ++n) this->m[this->text(n)] = this->text(n);
  const auto before = this->m;

  this->m.insert(this->m.begin(), this->m.end());
  this->m.insert_range(this->m);

  EXPECT_EQ(this->m, before);
}

}  // namespace map_aliasing_test
