// concurrent_progress_test.cpp -- whom a thread that stops in a callback keeps from going on.
//
// A thread is parked inside a callback by a door, and the test does on its own thread what must go
// on meanwhile: if something waits for the parked thread the test hangs, which its time limit
// tells. Nothing sleeps and nothing is timed.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/scan_cursor.hpp>

#include "support/crew.hpp"
#include "support/make_value.hpp"
#include "support/trivial_values.hpp"

namespace concurrent_progress_test {

using support::crew;
using support::door;

constexpr std::size_t shards = 4;

// Key n lives in shard n % 4, and its place there depends on all of n.
struct shard_hash {
  using is_avalanching = std::true_type;
  template <class Key>
  std::uint64_t operator()(const Key& key) const {
    const std::uint64_t n = support::number_of(key);
    const std::uint64_t mixed = (n + 1) * 0x9E3779B97F4A7C15u;
    return (mixed >> 40) | (n % shards) << 32 | mixed >> 56 << 56;
  }
};

template <class Value>
class ConcurrentProgress : public testing::Test {
 protected:
  using map_type = gomap::concurrent_map<std::uint64_t, Value, shard_hash>;
  static constexpr std::uint64_t keys = 100;

  static Value value(std::uint64_t n) { return support::make_value<Value>(n); }

  ConcurrentProgress() {
    for (std::uint64_t n = 0; n < keys; ++n) map_.store(n, value(n));
  }

  // Calls elsewhere() while another thread is parked where park(wait) calls wait().
  template <class Park, class Elsewhere>
  void while_parked(Park park, Elsewhere elsewhere) {
    door inside;
    door leave;
    crew parked;
    parked.start(1, [&](int) {
      park([&] {
        inside.open();
        leave.pass();
      });
    });
    inside.pass();
    elsewhere();
    leave.open();
    parked.wait();
    map_.check_invariants();
  }

  // Every kind of write in the other shards, each of which grows from few entries to many.
  void write_in_other_shards_than(std::uint64_t shard) {
    for (std::uint64_t n = 0; n < 2000; ++n) {
      if (n % shards == shard) continue;
      switch (n / shards % 6) {
        case 0:
          map_.store(n, value(n));
          break;
        case 1:
          map_.insert({n, value(n)});
          break;
        case 2:
          map_.update(n, [n](Value& v) { v = value(n); });
          break;
        case 3:
          map_.compute(n, [n](auto& e) { e.emplace(value(n)); });
          break;
        case 4:
          map_.insert_many(std::vector{std::pair(n, value(n))});
          break;
        default:
          map_.load_or_store(n, value(n));
      }
      if (n >= keys && n % 5 == 0) {
        EXPECT_EQ(map_.erase(n), 1U);
      }
    }
    for (std::uint64_t n = 0; n < 2000; ++n) {
      if (n % shards == shard) continue;
      const bool there = n < keys || n % 5 != 0;
      EXPECT_EQ(map_.load(n).has_value(), there);
    }
  }
  // Every way to read without a lock.
  void read_everything_optimistically() {
    static_assert(map_type::reads_take_no_lock);
    std::vector<std::uint64_t> all;
    for (std::uint64_t n = 0; n < keys; ++n) {
      all.push_back(n);
      EXPECT_EQ(map_.load(n), value(n));
      EXPECT_TRUE(map_.contains(n));
      EXPECT_EQ(map_.count(n + 1'000'000), 0U);
      EXPECT_EQ(map_.cvisit(n, [&](const auto& e) { EXPECT_EQ(e.second, value(n)); }), 1U);
    }
    std::vector<std::optional<Value>> found;
    map_.load_many(all, std::back_inserter(found));
    for (std::uint64_t n = 0; n < keys; ++n) EXPECT_EQ(found[n], value(n));
    EXPECT_EQ(map_.cvisit(all.begin(), all.end(), [](const auto&) {}), keys);
    EXPECT_GE(map_.size(), keys);
  }

  const std::unique_ptr<map_type> owned_ =
      std::make_unique<map_type>(gomap::concurrent_options{.shards = shards});
  map_type& map_ = *owned_;
};

using without_lock = ConcurrentProgress<std::uint64_t>;
using structs_without_lock = ConcurrentProgress<support::three_words>;
using with_lock = ConcurrentProgress<std::string>;

class ConcurrentProgressWords : public without_lock {};
class ConcurrentProgressStructs : public structs_without_lock {};
class ConcurrentProgressStrings : public with_lock {};

// ---- a thread parked in a visitor of key 1

TEST_F(ConcurrentProgressWords, AParkedVisitorStopsNoReaderOfItsKey) {
  while_parked(
      [&](auto wait) {
        map_.visit(1, [&](auto& e) {
          e.second = 7;
          wait();
          e.second = 1;
        });
      },
      [&] { read_everything_optimistically(); });
  EXPECT_EQ(map_.load(1), 1U);
}

TEST_F(ConcurrentProgressStructs, AParkedVisitorStopsNoReaderOfItsKey) {
  while_parked(
      [&](auto wait) {
        map_.visit(1, [&](auto& e) {
          e.second = value(7);
          wait();
          e.second = value(1);
        });
      },
      [&] { read_everything_optimistically(); });
}

TEST_F(ConcurrentProgressStructs, EveryKindOfParkedWriterStopsNoReader) {
  const auto read = [&] { read_everything_optimistically(); };
  while_parked([&](auto wait) { map_.update(1, [&](auto&) { wait(); }); }, read);
  while_parked([&](auto wait) { map_.update(keys + 1, [&](auto&) { wait(); }); }, read);
  while_parked([&](auto wait) { map_.compute(1, [&](auto&) { wait(); }); }, read);
  while_parked([&](auto wait) { map_.with_locked(1, 2, 3, [&](auto&, auto&, auto&) { wait(); }); },
               read);
  while_parked(
      [&](auto wait) {
        map_.insert_or_visit(std::pair(std::uint64_t{1}, value(1)), [&](auto&) { wait(); });
      },
      read);
  while_parked(
      [&](auto wait) {
        map_.erase_if(1, [&](auto&) {
          wait();
          return false;
        });
      },
      read);
  while_parked([&](auto wait) { map_.try_visit(1, [&](auto&) { wait(); }); }, read);
}

TEST_F(ConcurrentProgressWords, AParkedVisitorStopsNoWriterAndNoGrowthOfOtherShards) {
  while_parked([&](auto wait) { map_.visit(1, [&](auto&) { wait(); }); },
               [&] { write_in_other_shards_than(1); });
}

TEST_F(ConcurrentProgressStrings, AParkedVisitorStopsNoWriterAndNoGrowthOfOtherShards) {
  while_parked([&](auto wait) { map_.visit(1, [&](auto&) { wait(); }); },
               [&] { write_in_other_shards_than(1); });
}

TEST_F(ConcurrentProgressStrings, AParkedReaderStopsNoOtherReader) {
  while_parked([&](auto wait) { map_.cvisit(1, [&](const auto&) { wait(); }); },
               [&] {
                 for (std::uint64_t n = 0; n < keys; ++n) EXPECT_EQ(map_.load(n), value(n));
                 EXPECT_EQ(map_.cvisit_all([](const auto&) {}), keys);
                 EXPECT_EQ(map_.snapshot().size(), keys);
               });
}

TEST_F(ConcurrentProgressStrings, TryVisitSaysBusyInsteadOfWaiting) {
  while_parked([&](auto wait) { map_.visit(1, [&](auto&) { wait(); }); },
               [&] {
                 const auto nothing = [](auto&) {};
                 EXPECT_EQ(map_.try_visit(1, nothing), gomap::visit_result::busy);
                 EXPECT_EQ(map_.try_visit(2, nothing), gomap::visit_result::visited);
                 EXPECT_EQ(map_.try_visit(keys + 2, nothing), gomap::visit_result::absent);
               });
}

// A visitor of an optimistic read holds nothing: its own key is written and its shard grows.
TEST_F(ConcurrentProgressStructs, AParkedVisitorOfAReadStopsNobody) {
  while_parked([&](auto wait) { map_.cvisit(1, [&](const auto&) { wait(); }); },
               [&] {
                 map_.store(1, value(1));
                 for (std::uint64_t n = keys; n < 2000; ++n) map_.store(n, value(n));
                 map_.clear();
                 EXPECT_TRUE(map_.empty());
               });
}

// ---- a walk parked in its callback

// It holds the lock of the shard that it is in, and of no other.
TEST_F(ConcurrentProgressWords, AParkedWalkStopsOneShard) {
  std::uint64_t parked_in = shards;
  while_parked(
      [&](auto wait) {
        map_.visit_all([&](const auto& e) {
          if (parked_in != shards) return;
          parked_in = e.first % shards;
          wait();
        });
      },
      [&] {
        write_in_other_shards_than(parked_in);
        read_everything_optimistically();
      });
}

TEST_F(ConcurrentProgressStrings, AParkedConstWalkStopsOneShardsWriters) {
  std::uint64_t parked_in = shards;
  while_parked(
      [&](auto wait) {
        map_.cvisit_all([&](const auto& e) {
          if (parked_in != shards) return;
          parked_in = e.first % shards;
          wait();
        });
      },
      [&] { write_in_other_shards_than(parked_in); });
}

TEST_F(ConcurrentProgressStrings, AWalkBetweenTwoStepsStopsNobody) {
  gomap::scan_cursor at = map_.scan(gomap::scan_cursor{}, [](const auto&) {});
  write_in_other_shards_than(shards);
  map_.clear();
  while (!at.done()) at = map_.scan(at, [](const auto&) {});
}

// ---- functions that throw

struct thrown {};

// Whatever throws, everything can be locked by others afterwards, and holds what it held.
template <class Value>
class ConcurrentThrows : public ConcurrentProgress<Value> {
 protected:
  template <class Call>
  void expect_released(Call call) {
    EXPECT_THROW(call(), thrown);
    support::together(1, [&](int) {
      EXPECT_EQ(this->map_.size(), this->keys);
      for (std::uint64_t n = 0; n < this->keys; ++n) {
        EXPECT_EQ(this->map_.try_visit(n, [&](auto& e) { EXPECT_EQ(e.second, this->value(n)); }),
                  gomap::visit_result::visited);
      }
    });
  }
};
using values = testing::Types<std::uint64_t, support::three_words, std::string>;
TYPED_TEST_SUITE(ConcurrentThrows, values);

TYPED_TEST(ConcurrentThrows, FromAnyCallbackGiveEveryLockBack) {
  auto& map = this->map_;
  const auto fail = [](auto&&...) -> bool { throw thrown(); };
  const std::pair<std::uint64_t, TypeParam> present(1, this->value(1));
  const std::vector<std::uint64_t> some{1, 2, 3};
  this->expect_released([&] { map.visit(1, fail); });
  this->expect_released([&] { map.cvisit(1, fail); });
  this->expect_released([&] { map.try_visit(1, fail); });
  this->expect_released([&] { map.update(1, fail); });
  this->expect_released([&] { map.update(this->keys, fail); });
  this->expect_released([&] { map.compute(1, fail); });
  this->expect_released([&] { map.compute(this->keys, fail); });
  this->expect_released([&] { map.with_locked(1, 2, 3, this->keys, fail); });
  this->expect_released([&] { map.erase_if(1, fail); });
  this->expect_released([&] { map.erase_if(fail); });
  this->expect_released([&] { map.insert_or_visit(present, fail); });
  this->expect_released([&] { map.insert_or_cvisit(present, fail); });
  this->expect_released([&] { map.try_emplace_or_visit(1, this->value(1), fail); });
  this->expect_released([&] { map.visit_all(fail); });
  this->expect_released([&] { map.cvisit_all(fail); });
  this->expect_released([&] { map.visit_while(fail); });
  this->expect_released([&] { map.cvisit_while(fail); });
  this->expect_released([&] { map.visit(some.begin(), some.end(), fail); });
  this->expect_released([&] { map.cvisit(some.begin(), some.end(), fail); });
  this->expect_released([&] { map.scan(gomap::scan_cursor{}, fail); });
}

// ---- more threads than processors

TEST(ConcurrentProgressCrowd, SixteenTimesAsManyThreadsAsProcessorsEnd) {
  const int crowd =
      16 * static_cast<int>(std::max(1U, std::min(4U, std::thread::hardware_concurrency())));
  gomap::concurrent_map<std::uint64_t, support::three_words> map({.shards = 2});
  std::atomic<std::uint64_t> inserted{0};
  support::together(crowd, [&](int which) {
    support::dice random(static_cast<std::uint64_t>(which) + 1);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t n = random.below(500);
      inserted += map.try_emplace(n, support::three_words(n)) ? 1 : 0;
      const auto found = map.load(n);
      ASSERT_TRUE(found.has_value());
      ASSERT_EQ(found->number(), n);
      if (i % 50 == 0) map.visit_all([](auto&) {});
    }
  });
  EXPECT_EQ(map.size(), inserted);
}

}  // namespace concurrent_progress_test
