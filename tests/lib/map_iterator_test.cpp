// map_iterator_test.cpp -- what an iterator says of its entry after the map has changed, case by case.
// The same against a model: iterator_identity_test.cpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <memory_resource>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/detail/map_core.hpp>
#include <gomap/detail/past.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/misuse.hpp>

namespace map_iterator_test {

using int_map = gomap::map<int, int>;
using text_map = gomap::map<std::string, int>;

// As it may come from a user: equal for many keys, and known to nobody else.
struct length_of {
  std::size_t operator()(const std::string& text) const { return text.size(); }
};
struct never_equal_to_itself {
  int x = 0;
  friend bool operator==(never_equal_to_itself, never_equal_to_itself) { return false; }
  friend void hash_append(gomap::hasher& h, never_equal_to_itself k) { h(k.x); }
};
struct sum {
  int x = 0;
  int y = 0;
  friend bool operator==(sum, sum) = default;
  friend void hash_append(gomap::hasher& h, const sum& s) { h(s.x + s.y); }  // may throw, it says
};
// Evacuations copy it, since its move might throw.
struct copied : sum {
  copied(int number_x, int number_y) : sum{number_x, number_y} {}
  copied(const copied&) = default;
  copied(copied&& other) noexcept(false) : sum(other) {}
};
struct all_alike {
  template <class Key>
  std::uint64_t operator()(const Key&, std::uint64_t) const noexcept {
    return 1;
  }
};

template <class Map>
std::vector<typename Map::iterator> all_of(Map& m) {
  std::vector<typename Map::iterator> its;
  for (auto it = m.begin(); it != m.end(); ++it) its.push_back(it);
  return its;
}
text_map texts(int n) {
  text_map m;
  for (int i = 0; i < n; ++i) m["text number " + std::to_string(i)] = i;
  return m;
}
int_map numbers(int n) {
  int_map m;
  for (int i = 0; i < n; ++i) m[i] = i;
  return m;
}
void grow(text_map& m, int n) {
  for (int i = 0; i < n; ++i) m["more " + std::to_string(i)] = -1;
}
void grow(int_map& m, int n) {
  for (int i = 0; i < n; ++i) m[100'000 + i] = -1;
}

// ---- an entry that is there

TEST(MapIterator, OfAWalkErasesItsEntryAfterAThousandInsertions) {
  for (int round = 0; round < 20; ++round) {
    text_map m = texts(100);
    std::vector<std::pair<text_map::iterator, int>> its;
    for (const auto& it : all_of(m)) its.emplace_back(it, it->second);
    grow(m, 1000);
    std::set<int> left;
    for (int i = 0; i < 100; ++i) left.insert(i);
    for (const auto& [it, value] : its) {
      m.erase(it);
      left.erase(value);
      ASSERT_EQ(m.size(), 1000 + left.size());
      ASSERT_FALSE(m.contains("text number " + std::to_string(value)));
    }
    for (const auto& [key, value] : m) ASSERT_EQ(value, -1) << key;
  }
}

TEST(MapIterator, OfOneOfTwoEqualNansErasesThatOne) {
  for (int which = 0; which < 2; ++which) {
    gomap::map<double, int> m;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const gomap::map<double, int>::iterator its[] = {m.emplace(nan, 0).first,
                                                     m.emplace(nan, 1).first};
    for (int i = 0; i < 1000; ++i) m[i] = 2;
    ASSERT_EQ(its[which]->second, which);
    m.erase(its[which]);
    EXPECT_EQ(its[1 - which]->second, 1 - which);
    EXPECT_EQ(std::count_if(m.begin(), m.end(), [](const auto& e) { return e.second < 2; }), 1);
  }
}

TEST(MapIterator, OfKeysThatEqualNothingErasesItsOwn) {
  gomap::map<never_equal_to_itself, int> m;
  std::vector<gomap::map<never_equal_to_itself, int>::iterator> its;
  for (int i = 0; i < 200; ++i) its.push_back(m.emplace(never_equal_to_itself{i % 3}, i).first);
  for (int i = 0; i < 200; i += 2) m.erase(its[static_cast<std::size_t>(i)]);
  for (int i = 0; i < 500; ++i) m.emplace(never_equal_to_itself{i + 10}, -1);
  for (int i = 1; i < 200; i += 2) {
    const auto it = its[static_cast<std::size_t>(i)];
    ASSERT_EQ(it->second, i);
    m.erase(it);
  }
  EXPECT_EQ(m.size(), 500U);
  for (const auto& e : m) EXPECT_EQ(e.second, -1);
}

TEST(MapIterator, UnderAHashThatCollidesMeetsAndErasesItsEntry) {
  gomap::map<std::string, int, length_of> m;
  for (const char* key : {"aa", "bb", "cc", "dd", "ee", "ff"}) m[key] = 1;
  auto it = m.find("aa");
  for (int i = 0; i < 200; ++i)
    m[std::string(static_cast<std::size_t>(3 + i % 9), 'x') + std::to_string(i)] = 0;

  EXPECT_EQ(it->first, "aa");
  std::set<std::string> met;
  for (auto on = it; on != m.end(); ++on) met.insert(on->first);
  EXPECT_EQ(std::count_if(met.begin(), met.end(), [](const auto& k) { return k.size() == 2; }), 6)
      << "all of one hash are of one class, and none was met before the first";
  m.erase(it);
  EXPECT_EQ(m.size(), 205U);
  EXPECT_FALSE(m.contains("aa"));
}

TEST(MapIterator, IsEqualToWhatFindGivesAfterAGrowth) {
  for (int round = 0; round < 100; ++round) {
    int_map m = numbers(10);
    text_map t = texts(10);
    const auto number = m.find(3);
    const auto text = t.find("text number 3");
    grow(m, 100 + round);
    grow(t, 100 + round);
    ASSERT_TRUE(number == m.find(number->first));
    ASSERT_TRUE(text == t.find(text->first));
    ASSERT_TRUE(text_map::const_iterator(text) == std::as_const(t).find("text number 3"));
    ASSERT_FALSE(text == t.find("text number 4"));
  }
}

TEST(MapIterator, ReadsAndWritesWhereItsEntryNowLives) {
  text_map m = texts(50);
  const auto its = all_of(m);
  for (int more = 0; more < 40; ++more) {
    grow(m, 50 * more);
    for (const auto& it : its) {
      it->second += 1000;
      ASSERT_EQ(&it->second, &m.at(it->first));
    }
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(m.at("text number " + std::to_string(i)), i + 40'000);
}

TEST(MapIterator, OfATypeWhoseHashMayThrowLivesThroughErasuresOfOthers) {
  for (int round = 0; round < 100; ++round) {
    gomap::map<sum, int> m;
    for (int i = 0; i < 12; ++i) m[sum{i % 4, i}] = i;
    const auto its = all_of(m);
    auto a = its[5];
    auto b = its[3];
    m.erase(its[4]);
    ++b;
    ASSERT_TRUE(a == b) << "12 entries, the 4th erased";
    ASSERT_EQ(m.size(), 11U);
    m.erase(a);
    ASSERT_EQ(m.size(), 10U);
  }
}

TEST(MapIterator, OfAWalkReadsItsEntryAfterAGrowthOfManyBitsAtOnce) {
  text_map m = texts(100);
  const auto its = all_of(m);
  m.reserve(50'000);
  for (const auto& it : its)
    ASSERT_EQ(&it->second, &m.at("text number " + std::to_string(it->second)));
}

TEST(MapIterator, OfAWalkThroughAGrowthReadsItsEntryAfterAnother) {
  text_map m = texts(100);
  std::vector<std::pair<text_map::iterator, int>> its;
  for (auto it = m.begin(); it != m.end(); ++it) {
    if (its.size() == 5) grow(m, 1000);
    its.emplace_back(it, it->second);
  }
  for (int i = 0; i < 10'000; ++i) m["later " + std::to_string(i)] = -2;
  for (const auto& [it, value] : its) ASSERT_EQ(it->second, value);
}

// Throws when it is asked for the n-th time; 0: never.
struct fragile_hash {
  int* n;
  std::size_t operator()(const std::string& text) const {
    if (*n > 0 && --*n == 0) throw *this;
    return text.back() % 4;
  }
};

TEST(MapIterator, WhoseStepThrowsStaysWhereItWas) {
  int n = 0;
  gomap::map<std::string, int, fragile_hash> m(0, fragile_hash{&n});
  for (int i = 0; i < 60; ++i) m[std::to_string(i)] = i;
  auto its = all_of(m);
  its.push_back(m.end());
  int thrown = 0;
  for (std::size_t i = 0; i + 1 < its.size(); ++i) {
    auto it = its[i];
    for (int nth = 1; it == its[i]; ++nth) {
      n = nth;
      try {
        ++it;
      } catch (const fragile_hash&) {
        ++thrown;
      }
      n = 0;
    }
    ASSERT_TRUE(it == its[i + 1]);
  }
  EXPECT_GT(thrown, 100);
}

// ---- entries that nothing but a number tells apart

// Whether the iterators of all entries, whose values differ, each erase their own after a growth.
template <class Map>
void expect_told_apart(Map& m) {
  m.check_invariants();
  std::vector<std::pair<typename Map::iterator, int>> its;
  for (const auto& it : all_of(m)) its.emplace_back(it, it->second);
  m.reserve(10 * m.size());
  m.check_invariants();
  for (std::size_t i = 0; i < its.size(); i += 2) {
    ASSERT_EQ(its[i].first->second, its[i].second);
    m.erase(its[i].first);
  }
  m.check_invariants();
  for (std::size_t i = 1; i < its.size(); i += 2) {
    ASSERT_EQ(its[i].first->second, its[i].second);
  }
}

using tied_map = gomap::map<std::string, int, all_alike>;
tied_map ties(int n) {
  tied_map m;
  for (int i = 0; i < n; ++i) m[std::to_string(i)] = i;
  return m;
}

TEST(MapIteratorOfTies, IsToldApartInACopy) {
  const tied_map m = ties(100);
  tied_map copy = m;
  expect_told_apart(copy);
  tied_map assigned;
  assigned = m;
  expect_told_apart(assigned);
}
TEST(MapIteratorOfTies, IsToldApartAfterAShrink) {
  tied_map m = ties(100);
  m.reserve(10'000);
  m.shrink_to_fit();
  expect_told_apart(m);
}
TEST(MapIteratorOfTies, IsToldApartAfterASwap) {
  tied_map m = ties(100);
  tied_map other = ties(30);
  m.swap(other);
  expect_told_apart(m);
  expect_told_apart(other);
  tied_map taken = std::move(other);
  expect_told_apart(taken);
}
TEST(MapIteratorOfTies, IsToldApartInTheMemoryOfAnotherAllocator) {
  using map = gomap::pmr::map<std::string, int, all_alike>;
  std::pmr::monotonic_buffer_resource memory;
  map m;
  for (int i = 0; i < 100; ++i) m[std::to_string(i)] = i;
  map moved(std::move(m), &memory);
  expect_told_apart(moved);
}
TEST(MapIteratorOfTies, IsToldApartAfterClear) {
  tied_map m = ties(100);
  m.clear();
  for (int i = 0; i < 50; ++i) m["new " + std::to_string(i)] = i;
  expect_told_apart(m);
}
TEST(MapIteratorOfTies, IsToldApartWhereEntriesAreCopied) {
  gomap::map<copied, int> m;
  for (int i = 0; i < 100; ++i) m.emplace(copied(i, -i), i);
  expect_told_apart(m);
}

// ---- an entry that is gone

TEST(MapIterator, IsNotEqualToThatOfALaterEntryInItsSlot) {
  text_map t = texts(8);
  int_map m = numbers(8);
  const auto text = t.find("text number 3");
  const auto number = m.find(3);
  t.erase("text number 3");
  m.erase(3);
  EXPECT_FALSE(text == t.emplace("another", 3).first);
  EXPECT_FALSE(number == m.emplace(30, 3).first);
}

class MapIteratorMisuse : public testing::Test {
 protected:
  void SetUp() override {
    before_ = gomap::set_fatal_handler([](const gomap::misuse_report& r) { throw r.kind; });
  }
  void TearDown() override { gomap::set_fatal_handler(before_); }

  // Whether all uses of the entry of `gone` are named and change nothing.
  template <class Map>
  static void expect_named(Map& m, typename Map::iterator gone) {
    const std::size_t size = m.size();
    EXPECT_TRUE(stale([&] { (void)*gone; }));
    EXPECT_TRUE(stale([&] { (void)gone->second; }));
    EXPECT_TRUE(stale([&] { (void)*typename Map::const_iterator(gone); }));
    EXPECT_TRUE(stale([&] { m.erase(gone); }));
    EXPECT_EQ(m.size(), size);
    m.check_invariants();
  }

 private:
  template <class Use>
  static bool stale(const Use& use) {
    try {
      use();
    } catch (gomap::misuse_kind kind) {
      return kind == gomap::misuse_kind::stale_iterator;
    }
    return false;
  }

  gomap::fatal_handler before_ = nullptr;
};

TEST_F(MapIteratorMisuse, OfAnEntryWhoseSlotHoldsAnother) {
  for (int i = 0; i < 200; ++i) {
    int_map m = numbers(8);
    text_map t = texts(8);
    const auto number = m.find(i % 8);
    const auto text = t.find("text number " + std::to_string(i % 8));
    m.erase(i % 8);
    t.erase("text number " + std::to_string(i % 8));
    m[1000 + i] = 1;
    t["other " + std::to_string(i)] = 1;
    expect_named(m, number);
    expect_named(t, text);
  }
}

TEST_F(MapIteratorMisuse, OfAWalkWhoseEntryGaveWayToOneOfTheSameTophash) {
  // Strings of one tophash and one bucket, by a hash that says so.
  struct one_bucket {
    std::uint64_t operator()(const std::string&, std::uint64_t) const { return 1; }
  };
  gomap::map<std::string, int, one_bucket> m;
  m["first"] = 1;
  const auto it = m.begin();
  m.erase("first");
  m["second"] = 2;
  expect_named(m, it);
}

TEST_F(MapIteratorMisuse, OfAKeyErasedAndInsertedAgain) {
  for (int growth : {0, 100, 1000}) {
    text_map t = texts(40);
    const auto found = t.find("text number 7");
    const auto its = all_of(t);
    const auto walked =
        *std::find_if(its.begin(), its.end(), [](const auto& i) { return i->second == 7; });
    grow(t, growth / 2);
    t.erase("text number 7");
    t["text number 7"] = 7;
    expect_named(t, found);
    expect_named(t, walked);
    for (int i = 0; i < growth; ++i) t["later " + std::to_string(i)] = 0;
    expect_named(t, found);
    expect_named(t, walked);
  }
}

TEST_F(MapIteratorMisuse, OfAKeyErasedAndInsertedAgainAnyNumberOfTimes) {
  text_map t = texts(5);
  const auto kept = t.find("text number 3");
  for (int i = 0; i < 500; ++i) {
    const auto it = t.find("text number 3");
    t.erase(it);
    t["text number 3"] = i;
    expect_named(t, it);
    if (i > 0) expect_named(t, kept);
  }
}

TEST_F(MapIteratorMisuse, OfANumberErasedAndInsertedAgain) {
  using past = gomap::detail::map_words<int, std::equal_to<>>::past;
  if (std::is_same_v<past, gomap::detail::no_past>) GTEST_SKIP() << "addresses leave no bits here";
  int_map m = numbers(100);
  for (int i = 0; i < 500; ++i) {
    const auto it = m.find(3);
    m.erase(it);
    m[3] = i;
    expect_named(m, it);
  }
}

TEST_F(MapIteratorMisuse, OfANumberThatCameBackBeforeAGrowth) {
  using past = gomap::detail::map_words<int, std::equal_to<>>::past;
  if (std::is_same_v<past, gomap::detail::no_past>) GTEST_SKIP() << "addresses leave no bits here";
  for (int elsewhere = 0; elsewhere < 8; ++elsewhere) {
    int_map m = numbers(8);
    const auto it = m.find(3);
    m.erase(elsewhere);  // whose slot may be the one that it comes back to
    m.erase(3);
    m[3] = 1;
    expect_named(m, it);
    grow(m, 100);
    expect_named(m, it);
  }
}

TEST_F(MapIteratorMisuse, OfANumberThatCameBackToAnOverflowBucket) {
  using past = gomap::detail::map_words<int, std::equal_to<>>::past;
  if (std::is_same_v<past, gomap::detail::no_past>) GTEST_SKIP() << "addresses leave no bits here";
  gomap::map<int, int, all_alike> m;
  m.reserve(100);
  for (int i = 0; i < 9; ++i) m[i] = i;
  const auto it = m.find(8);
  m.erase(8);  // and with it the bucket
  m[8] = 1;
  expect_named(m, it);
}

TEST_F(MapIteratorMisuse, OfANumberWhoseSlotHasSeenFourOthers) {
  int_map m = numbers(8);
  const auto it = m.find(3);
  m.erase(3);
  for (int i = 0; i < 20; ++i) {
    m[100 + i] = i;
    expect_named(m, it);
    m.erase(100 + i);
  }
}

TEST_F(MapIteratorMisuse, OfAnEntryOfAMapThatWasCleared) {
  int_map m = numbers(8);
  text_map t = texts(8);
  const auto number = m.find(3);
  const auto text = t.find("text number 3");
  m.clear();
  t.clear();
  expect_named(m, number);
  for (int i = 0; i < 8; ++i) {
    m[i] = i;
    t["text number " + std::to_string(i)] = i;
  }
  expect_named(m, number);
  expect_named(t, text);
}

TEST_F(MapIteratorMisuse, OfANanThatGaveWayToAnother) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int others : {0, 6, 30, 100}) {
    // Often enough for NaNs in overflow buckets, of which a hundred entries have a few.
    for (int round = 0; round < 40; ++round) {
      gomap::map<double, int> m;
      for (int i = 0; i < others; ++i) m[i] = 0;
      const auto it = m.emplace(nan, 1).first;
      m.erase(it);
      m.emplace(nan, 2);
      expect_named(m, it);
      for (int i = 0; i < 300; ++i) m[1000 + i] = 0;
      expect_named(m, it);
    }
  }
}

TEST_F(MapIteratorMisuse, GoesOnAllTheSame) {
  for (int round = 0; round < 40; ++round) {  // some of which empty an overflow bucket
    text_map m = texts(100);
    auto its = all_of(m);
    for (std::size_t i = 0; i < its.size(); i += 2) m.erase(its[i]);
    for (std::size_t i = 0; i + 2 < its.size(); i += 2) {
      auto it = its[i];
      ++it;
      EXPECT_TRUE(it == its[i + 1]);
      EXPECT_FALSE(its[i] == its[i + 1]);
      EXPECT_TRUE(its[i] == text_map::iterator(its[i]));
      EXPECT_FALSE(its[i] == m.end());
    }
  }
}

// ---- walks that are over

template <class Change>
void expect_end(Change change) {
  for (int size : {1, 8, 100}) {
    text_map m = texts(size);
    auto walked = m.begin();
    auto on = m.begin();
    if (size > 1) ++on;
    auto found = m.find("text number 0");
    change(m);
    EXPECT_TRUE(walked == m.end());
    EXPECT_TRUE(m.end() == found);
    EXPECT_TRUE(walked == found) << "both at their end";
    EXPECT_TRUE(++walked == m.end());
    EXPECT_TRUE(++found == m.end());
    EXPECT_TRUE(++on == m.end());
  }
}

TEST(MapIteratorEnd, ComesWithCopyAssignment) {
  const text_map other = texts(300);
  expect_end([&](text_map& m) { m = other; });
}
TEST(MapIteratorEnd, ComesWithMoveAssignment) {
  expect_end([](text_map& m) { m = texts(300); });
}
TEST(MapIteratorEnd, ComesWithAssignmentOfAList) {
  expect_end([](text_map& m) { m = {{"text number 0", 1}, {"b", 2}}; });
}
TEST(MapIteratorEnd, ComesWithSwapOnBothSides) {
  text_map other = texts(300);
  auto of_other = other.begin();
  expect_end([&](text_map& m) { m.swap(other); });
  EXPECT_TRUE(of_other == other.end());
  expect_end([&](text_map& m) {
    text_map fresh = texts(50);
    auto of_fresh = fresh.begin();
    swap(m, fresh);
    EXPECT_TRUE(of_fresh == fresh.end());
  });
}
TEST(MapIteratorEnd, ComesWithSwapHoweverOftenEitherWasCleared) {
  const auto cleared = [](int times) {
    text_map m;
    for (int i = 0; i <= times; ++i) {
      m.clear();
      m["text"] = i;
    }
    return m;
  };
  for (int mine = 0; mine < 4; ++mine) {
    for (int others = 0; others < 4; ++others) {
      text_map m = cleared(mine);
      text_map other = cleared(others);
      const auto at = m.begin();
      const auto of_other = other.begin();
      m.swap(other);
      EXPECT_TRUE(at == m.end()) << mine << ", " << others;
      EXPECT_TRUE(of_other == other.end()) << mine << ", " << others;
    }
  }
}
TEST(MapIteratorEnd, ComesWithAMoveOutOfTheMap) {
  text_map taken;
  expect_end([&](text_map& m) { taken = std::move(m); });
  expect_end([&](text_map& m) { const text_map constructed(std::move(m)); });
}
TEST(MapIteratorEnd, ComesWithAMoveOutAndNewContents) {
  expect_end([](text_map& m) {
    const text_map taken(std::move(m));
    m["text number 0"] = 1;  // NOLINT: a map that was moved from can be used
  });
}
TEST(MapIteratorEnd, ComesWithClear) {
  expect_end([](text_map& m) { m.clear(); });
  expect_end([](text_map& m) {
    m.clear();
    m["text number 0"] = 1;
  });
}
TEST(MapIteratorEnd, ComesWithARehashToFewer) {
  expect_end([](text_map& m) {
    m.reserve(10'000);
    m.rehash(1);
  });
}
TEST(MapIteratorEnd, ComesWithShrinkToFit) {
  expect_end([](text_map& m) {
    m.reserve(10'000);
    m.shrink_to_fit();
  });
}
TEST(MapIteratorEnd, ComesAgainAfterSixtyFiveThousandOthers) {
  int_map m = numbers(3);
  const auto it = m.begin();
  for (int i = 0; i < 65536; ++i) m.clear();
  m[0] = 0;
  EXPECT_TRUE(it == m.end());
}
TEST(MapIteratorEnd, DoesNotComeWithGrowth) {
  text_map m = texts(20);
  const auto it = m.begin();
  m.reserve(1000);
  m.rehash(m.bucket_count());
  grow(m, 3000);
  m.finish_growth();
  EXPECT_FALSE(it == m.end());
  EXPECT_EQ(it->second, m.at(it->first));
}

// ---- ranges

// Iterators of all are kept, keys are erased, and then a range of what is left: it takes what lies
// between the two in the order of the walk, and nothing else.
template <class Map, class MakeKey>
void expect_range_erased(int size, const MakeKey& key, std::uint64_t seed) {
  Map m(typename Map::seed_with{seed});
  for (int i = 0; i < size; ++i) m.emplace(key(i), i);
  auto its = all_of(m);
  const int bound = size / 2;
  std::vector<typename Map::iterator> left;
  std::vector<int> values;
  for (const auto& it : its) {
    if (it->second >= bound) continue;
    left.push_back(it);
    values.push_back(it->second);
  }
  for (int i = bound; i < size; ++i) m.erase(key(i));
  const auto first = static_cast<std::size_t>(size / 10);
  const auto last = static_cast<std::size_t>(size / 5);
  m.erase(left[first], left[last]);
  ASSERT_EQ(m.size(), left.size() - (last - first)) << "seed " << seed;
  for (std::size_t i = 0; i < left.size(); ++i) {
    ASSERT_EQ(m.contains(key(values[i])), i < first || i >= last) << "seed " << seed;
  }
}

TEST(MapIteratorRange, TakenBeforeErasuresErasesWhatLiesBetween) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    expect_range_erased<int_map>(
        1000, [](int i) { return i; }, seed);
    if (HasFatalFailure()) return;
  }
}
TEST(MapIteratorRange, OfTextsTakenBeforeErasuresErasesWhatLiesBetween) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    expect_range_erased<text_map>(
        1000, [](int i) { return std::to_string(i); }, seed);
    if (HasFatalFailure()) return;
  }
}
TEST(MapIteratorRange, UnderAHashThatCollidesErasesWhatLiesBetween) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    expect_range_erased<gomap::map<std::string, int, length_of>>(
        200, [](int i) { return std::to_string(i); }, seed);
    if (HasFatalFailure()) return;
  }
}

// What is left is met in the order of before, from wherever a walk has been left standing.
template <class Map, class MakeKey>
void expect_order_kept(int size, const MakeKey& key, std::uint64_t seed) {
  Map m(typename Map::seed_with{seed});
  for (int i = 0; i < size; ++i) m.emplace(key(i), i);
  const auto its = all_of(m);
  std::vector<int> order;
  for (const auto& it : its) order.push_back(it->second);
  for (int i = 0; i < size; ++i) {
    if ((static_cast<std::uint64_t>(i) * 7 + seed) % 3 != 0) m.erase(key(i));
  }
  for (std::size_t from = 0; from < its.size(); from += 1 + from / 3) {
    std::vector<int> expected;
    for (std::size_t i = from + 1; i < its.size(); ++i) {
      if (m.contains(key(order[i]))) expected.push_back(order[i]);
    }
    std::vector<int> met;
    for (auto it = std::next(its[from]); it != m.end(); ++it) met.push_back(it->second);
    ASSERT_EQ(met, expected) << "seed " << seed << ", from " << from;
  }
}

TEST(MapIteratorRange, OrderOfWhatIsLeftIsKeptByErasures) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const int size = static_cast<int>(10 + seed * 13);
    expect_order_kept<int_map>(
        size, [](int i) { return i; }, seed);
    expect_order_kept<text_map>(
        size, [](int i) { return std::to_string(i); }, seed);
    expect_order_kept<gomap::map<std::string, int, length_of>>(
        size / 4, [](int i) { return std::to_string(i * i); }, seed);
    if (HasFatalFailure()) return;
  }
}

TEST(MapIteratorRange, ToTheEndOfAFoundEntryIsItsOwnWalk) {
  int_map m = numbers(500);
  const auto first = m.find(250);
  const auto behind = static_cast<std::size_t>(std::distance(first, m.end()));
  grow(m, 0);
  m.erase(first, m.end());
  EXPECT_EQ(m.size(), 500 - behind);
  EXPECT_FALSE(m.contains(250));
}

// ---- begin()

TEST(MapIteratorBegin, StartsAWalkOfItsOwn) {
  int_map m = numbers(1000);
  int equal = 0;
  for (int i = 0; i < 100; ++i) equal += m.begin() == m.begin() ? 1 : 0;
  EXPECT_LT(equal, 50);
}

}  // namespace map_iterator_test
