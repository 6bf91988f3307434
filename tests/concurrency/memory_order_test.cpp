// memory_order_test.cpp -- what a thread may rely on when it finds what another one's call has done:
// everything that went before that call, in plain memory and under other keys.
//
// ThreadSanitizer judges: the plain number that is handed over is a race unless the call that finds
// something synchronizes with the one that did it.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>

#include "support/chosen_hash.hpp"
#include "support/crew.hpp"
#include "support/make_value.hpp"
#include "support/trivial_values.hpp"

namespace memory_order_test {

using support::make_value;
using support::number_of;

template <class Map>
class MemoryOrder : public testing::Test {
 protected:
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;

  static key_type key(std::uint64_t n) { return make_value<key_type>(n); }
  static mapped_type value(std::uint64_t n) { return make_value<mapped_type>(n); }
  static std::uint64_t number(const std::optional<mapped_type>& found) {
    return found ? number_of(*found) : 0;
  }

  // One thread changes a plain number and then says so by say(map), again and again, on a fresh map
  // each; another one waits until hears(map), and reads it.
  static void expect_handed_over(const std::function<void(Map&)>& say,
                                 const std::function<bool(Map&)>& hears) {
    for (std::uint64_t round = 1; round < 40; ++round) {
      Map m({.shards = 2});
      for (std::uint64_t i = 0; i < round; ++i) m.store(key(i), value(i + 100));
      std::uint64_t plain = 0;
      support::crew speaker;
      speaker.start(1, [&](int) {
        plain = round;
        say(m);
      });
      while (!hears(m)) std::this_thread::yield();
      EXPECT_EQ(plain, round);
      speaker.wait();
    }
  }
  // Every way to read key 0, whose value is to become 7.
  static std::vector<std::function<bool(Map&)>> ways_to_read() {
    return {
        [](Map& m) { return number(m.load(key(0))) == 7; },
        [](Map& m) { return number_of(m.load_or(key(0), value(0))) == 7; },
        [](Map& m) {
          bool heard = false;
          m.cvisit(key(0), [&](const auto& e) { heard = number_of(e.second) == 7; });
          return heard;
        },
        [](Map& m) {
          bool heard = false;
          m.visit(key(0), [&](auto& e) { heard = number_of(e.second) == 7; });
          return heard;
        },
        [](Map& m) {
          const std::vector<key_type> keys{key(0)};
          std::vector<std::optional<mapped_type>> found(1);
          m.load_many(keys, found.begin());
          return number(found[0]) == 7;
        },
        [](Map& m) {
          bool heard = false;
          m.cvisit_all([&](const auto& e) { heard |= number_of(e.second) == 7; });
          return heard;
        },
        [](Map& m) { return !m.snapshot().empty() && number(m.snapshot().get(key(0))) == 7; },
        [](Map& m) { return m.compare_exchange(key(0), value(7), value(8)); },
    };
  }
};

template <class Key, class T>
using map_of = gomap::concurrent_map<Key, T>;
using kinds =
    testing::Types<map_of<std::uint64_t, std::uint64_t>,
                   map_of<std::uint64_t, support::three_words>, map_of<std::string, std::string>>;
TYPED_TEST_SUITE(MemoryOrder, kinds);

TYPED_TEST(MemoryOrder, WhoFindsAValueFindsWhatWentBeforeItsStore) {
  for (const auto& hears : this->ways_to_read()) {
    this->expect_handed_over([&](auto& m) { m.store(this->key(0), this->value(7)); }, hears);
  }
}

// However it is written.
TYPED_TEST(MemoryOrder, WhoFindsAValueFindsWhatWentBeforeAnyWrite) {
  using map = TypeParam;
  const auto hears = [&](map& m) { return this->number(m.load(this->key(0))) == 7; };
  const auto write = [&](auto& e) { e.second = this->value(7); };
  this->expect_handed_over([&](map& m) { m.exchange(this->key(0), this->value(7)); }, hears);
  this->expect_handed_over([&](map& m) { m.visit(this->key(0), write); }, hears);
  this->expect_handed_over(
      [&](map& m) { m.update(this->key(0), [&](auto& v) { v = this->value(7); }); }, hears);
  this->expect_handed_over(
      [&](map& m) { m.compute(this->key(0), [&](auto& e) { e.emplace(this->value(7)); }); }, hears);
  this->expect_handed_over([&](map& m) { m.visit_all(write); }, hears);
  this->expect_handed_over(
      [&](map& m) {
        map other;
        other.store(this->key(1000), this->value(7));
        m.merge(other);
      },
      [&](map& m) { return this->number(m.load(this->key(1000))) == 7; });
}

TYPED_TEST(MemoryOrder, WhoFindsAKeyOrNoneFindsWhatWentBefore) {
  using map = TypeParam;
  this->expect_handed_over([&](map& m) { m.store(this->key(1000), this->value(1)); },
                           [&](map& m) { return m.contains(this->key(1000)); });
  const auto gone = [&](map& m) { return !m.contains(this->key(0)); };
  this->expect_handed_over([&](map& m) { m.erase(this->key(0)); }, gone);
  this->expect_handed_over([&](map& m) { m.clear(); }, gone);
  this->expect_handed_over([&](map& m) { m.erase_if([](const auto&) { return true; }); }, gone);
}

// Keys of different shards, too, and while the map grows.
TYPED_TEST(MemoryOrder, WhoFindsTheSecondOfTwoStoresFindsTheFirst) {
  TypeParam m({.shards = 4});
  constexpr std::uint64_t pairs = 50;
  support::crew writer;
  writer.start(1, [&](int) {
    for (std::uint64_t n = 1; n < 200; ++n) {
      for (std::uint64_t i = 0; i < pairs; ++i) {
        m.store(this->key(2 * i), this->value(n));
        m.store(this->key(2 * i + 1), this->value(n));
      }
      m.store(this->key(1000 + n), this->value(n));
    }
  });
  std::uint64_t last = 0;
  while (last != 199) {
    for (std::uint64_t i = 0; i < pairs; ++i) {
      const std::uint64_t second = this->number(m.load(this->key(2 * i + 1)));
      const std::uint64_t first = this->number(m.load(this->key(2 * i)));
      ASSERT_GE(first, second) << "pair " << i;
      last = second;
    }
  }
  writer.wait();
}

}  // namespace memory_order_test
