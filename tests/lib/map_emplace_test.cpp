// map_emplace_test.cpp -- emplace and insert look the key up first, whatever form it comes in.
//
// A key that is there already: nothing is moved from and no value is built. A new one: the entry is
// built where it stays. Values here tell how they were made, and large ones would not fit the stack.
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/reference.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/fault.hpp"

namespace map_emplace_test {

// Longer than any small buffer, so that moving from a text empties it.
const std::string long_text = "a text that is longer than any small buffer";

struct MapEmplace : ::testing::Test {
  gomap::map<std::string, std::string> m{{"key", "value"}};
  std::string text = long_text;

  void expect_untouched() const {
    EXPECT_EQ(text, long_text);
    EXPECT_EQ(m.size(), 1U);
    EXPECT_EQ(m.at("key"), "value");
  }
};

TEST_F(MapEmplace, OfAPresentKeyMovesNothing) {
  EXPECT_FALSE(m.emplace("key", std::move(text)).second);
  EXPECT_FALSE(m.emplace(std::string_view("key"), std::move(text)).second);
  EXPECT_FALSE(m.emplace(std::string("key"), std::move(text)).second);
  EXPECT_EQ(m.emplace_hint(m.cend(), "key", std::move(text))->second, "value");

  expect_untouched();
}

TEST_F(MapEmplace, OfAPairWithAPresentKeyMovesNothing) {
  std::pair<const char*, std::string> p("key", long_text);
  std::pair<const char*, std::string&&> refers("key", std::move(text));

  EXPECT_FALSE(m.emplace(std::move(p)).second);
  EXPECT_FALSE(m.insert(std::move(p)).second);
  EXPECT_EQ(m.insert(m.cend(), std::move(p))->second, "value");
  EXPECT_FALSE(m.emplace(std::move(refers)).second);

  EXPECT_EQ(p.second, long_text);
  expect_untouched();
}

TEST_F(MapEmplace, OfPartsWithAPresentKeyMovesNothing) {
  EXPECT_FALSE(m.emplace(std::piecewise_construct, std::forward_as_tuple("key"),
                         std::forward_as_tuple(std::move(text)))
                   .second);
  EXPECT_FALSE(m.emplace(std::piecewise_construct, std::forward_as_tuple("key, and more", 3),
                         std::forward_as_tuple(std::move(text)))
                   .second);

  expect_untouched();
}

TEST_F(MapEmplace, RangesWithAPresentKeyMoveNothing) {
  std::vector<std::pair<const char*, std::string>> entries{{"key", long_text}};

  m.insert(std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()));
  EXPECT_EQ(entries[0].second, long_text);
  gomap::map<std::string, std::string> other{{"key", long_text}};
  m.merge(other);

  EXPECT_EQ(other.at("key"), long_text);
  expect_untouched();
}

TEST_F(MapEmplace, OfAReferenceWithAPresentKeyMovesNothing) {
  const auto r = gomap::make<std::string, std::string>();
  r["key"] = "value";
  std::pair<const char*, std::string> p("key", long_text);

  EXPECT_FALSE(r.emplace("key", std::move(text)).second);
  EXPECT_FALSE(r.insert(std::move(p)).second);

  EXPECT_EQ(p.second, long_text);
  expect_untouched();
}

// A key that is made of what could be moved: made of a copy, since it may not be needed.
struct name {
  std::string text;
  name(std::string t) : text(std::move(t)) {}
  friend bool operator==(const name&, const name&) = default;
};
struct name_hash {
  std::size_t operator()(const name& n) const { return std::hash<std::string>()(n.text); }
};

TEST(MapEmplaceMadeKey, OfAPresentKeyDoesNotMoveFromWhatItIsMadeOf) {
  gomap::map<name, std::string, name_hash> m;
  std::string key = long_text;
  std::string value = long_text;
  m.emplace(key, "value");

  EXPECT_FALSE(m.emplace(std::move(key), std::move(value)).second);
  EXPECT_FALSE(m.emplace(std::make_pair(std::ref(key), std::ref(value))).second);
  EXPECT_FALSE(m.emplace(std::piecewise_construct, std::forward_as_tuple(std::move(key)),
                         std::forward_as_tuple(std::move(value)))
                   .second);

  EXPECT_EQ(key, long_text);
  EXPECT_EQ(value, long_text);
}

// What can only be moved is moved: there is no other way to know the key.
struct owner {
  std::unique_ptr<int> number;
  owner(std::unique_ptr<int> n) : number(std::move(n)) {}
  friend bool operator==(const owner& a, const owner& b) { return *a.number == *b.number; }
};
struct owners {
  std::vector<std::unique_ptr<int>> numbers;  // a vector of these says that it can be copied
  owners(std::vector<std::unique_ptr<int>> n) : numbers(std::move(n)) {}
  friend bool operator==(const owners& a, const owners& b) {
    return a.numbers.size() == b.numbers.size();
  }
};
struct owner_hash {
  std::size_t operator()(const owner& o) const { return static_cast<std::size_t>(*o.number); }
  std::size_t operator()(const owners& o) const { return o.numbers.size(); }
};

TEST(MapEmplaceMadeKey, OfWhatCanOnlyBeMovedIsMoved) {
  gomap::map<owner, int, owner_hash> m;
  gomap::map<owners, int, owner_hash> lists;

  EXPECT_TRUE(m.emplace(std::make_unique<int>(1), 1).second);
  EXPECT_FALSE(m.emplace(std::make_unique<int>(1), 2).second);
  EXPECT_TRUE(lists.emplace(std::vector<std::unique_ptr<int>>(3), 3).second);
  EXPECT_FALSE(lists.emplace(std::vector<std::unique_ptr<int>>(3), 4).second);

  EXPECT_EQ(m.at(std::make_unique<int>(1)), 1);
  EXPECT_EQ(lists.at(std::vector<std::unique_ptr<int>>(3)), 3);
}

TEST(MapEmplaceNew, BuildsTheValueOnceAndMovesNone) {
  gomap::map<std::string, support::tracked> m;
  support::object_counts::reset();

  m.emplace("a", 1U);
  m.emplace(std::piecewise_construct, std::forward_as_tuple("bbb", 1), std::forward_as_tuple(2U));
  m.emplace(std::pair("c", 3U));
  m.emplace();

  EXPECT_EQ(support::object_counts::constructions, 4U);
  EXPECT_EQ(support::object_counts::moves + support::object_counts::copies, 0U);
  EXPECT_EQ(m.at("b").number(), 2U);
  EXPECT_EQ(m.at("c").number(), 3U);
  EXPECT_EQ(m.at("").number(), 0U);
}

TEST(MapEmplaceNew, OfAPresentKeyBuildsNoValue) {
  gomap::map<int, support::tracked> m;
  m.emplace(1, 1U);
  support::object_counts::reset();

  m.emplace(1, 2U);
  m.emplace(1L, 2U);
  m.emplace(std::pair(short{1}, 2U));

  EXPECT_EQ(support::object_counts::constructions, 0U);
}

// What becomes an entry only as a whole: no part of it is known before.
struct row {
  std::string key;
  std::string value;
  operator std::pair<const std::string, std::string>() const { return {key, value}; }
};

TEST(MapEmplaceNew, TakesWhatConvertsToAnEntry) {
  gomap::map<std::string, std::string> m;

  EXPECT_TRUE(m.emplace(row{"a", "1"}).second);
  EXPECT_TRUE(m.insert(row{"b", "2"}).second);
  EXPECT_FALSE(m.insert(row{"b", "3"}).second);

  EXPECT_EQ(m, (gomap::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
}

// std's rule: a key gets the map's allocator also where it is made before its entry.
TEST(MapEmplaceMadeKey, UsesTheMapsAllocator) {
  std::pmr::monotonic_buffer_resource arena(std::pmr::new_delete_resource());
  gomap::pmr::map<std::pmr::string, std::pmr::string> m(&arena);
  std::pmr::memory_resource* const before =
      std::pmr::set_default_resource(std::pmr::null_memory_resource());

  for (int i = 0; i < 2; ++i) {
    EXPECT_NO_THROW(m.emplace(std::piecewise_construct, std::forward_as_tuple(100U, 'k'),
                              std::forward_as_tuple(100U, 'v')));
  }

  std::pmr::set_default_resource(before);
  EXPECT_EQ(m.size(), 1U);
  EXPECT_EQ(m.begin()->first.get_allocator().resource(), &arena);
}

// ---- values larger than a stack

struct large {
  std::array<char, std::size_t{4} << 20> bytes;
  explicit large(char c) { bytes[0] = bytes[bytes.size() - 1] = c; }
  large(large&& other) noexcept { bytes[0] = bytes[bytes.size() - 1] = other.bytes[0]; }
  [[nodiscard]] bool holds(char c) const { return bytes[0] == c && bytes[bytes.size() - 1] == c; }
};

// Runs f on a thread whose stack holds nothing large.
void on_a_small_stack(std::function<void()> f) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{1} << 20);
  pthread_t thread;
  const auto run = [](void* f) -> void* {
    (*static_cast<std::function<void()>*>(f))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &f), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(MapEmplaceLarge, EveryFormBuildsOffTheStack) {
  gomap::map<int, large> m;

  on_a_small_stack([&] {
    m.emplace(1, 'a');
    m.emplace(2L, 'b');
    m.emplace(std::pair(short{3}, 'c'));
    m.emplace(std::piecewise_construct, std::forward_as_tuple(4), std::forward_as_tuple('d'));
    m.try_emplace(5, 'e');
    m.emplace(1, 'x');
  });

  EXPECT_EQ(m.size(), 5U);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(m.at(i).holds(static_cast<char>('a' + i - 1))) << i;
}

// Becomes an entry as a whole, so it can only be built aside.
struct large_row {
  int key;
  operator std::pair<const int, std::array<char, 5000>>() const { return {key, {'r'}}; }
};

TEST(MapEmplaceLarge, AnEntryBuiltAsideLiesInTheAllocatorsMemory) {
  using entry = std::pair<const int, std::array<char, 5000>>;
  using allocator = support::counting_allocator<entry>;
  support::allocation_ledger ledger;
  {
    gomap::map<int, entry::second_type, gomap::hash<int>, std::equal_to<>, allocator> m{
        allocator(ledger)};
    m.reserve(1);
    const std::size_t before = ledger.allocations();

    EXPECT_TRUE(m.insert(large_row{1}).second);
    EXPECT_FALSE(m.insert(large_row{1}).second);

    EXPECT_EQ(ledger.allocations(), before + 2);
    EXPECT_EQ(m.at(1)[0], 'r');
  }
  EXPECT_TRUE(ledger.balanced());
}

// Key and entry that are built aside go when anything throws.
TEST(MapEmplaceMadeKey, NothingLeaksWhenAConstructorThrows) {
  const long live = support::object_counts::live;
  {
    gomap::map<support::tracked, support::tracked, support::good_hash> m;
    for (const std::size_t step : {1U, 2U}) {
      const support::armed_fault armed(support::point::construct, step);
      EXPECT_THROW(m.emplace(1U, 2U), support::injected_fault);
      EXPECT_TRUE(m.empty());
    }
    m.emplace(1U, 2U);
    EXPECT_EQ(m.size(), 1U);
  }
  EXPECT_EQ(support::object_counts::live, live);
}

}  // namespace map_emplace_test
