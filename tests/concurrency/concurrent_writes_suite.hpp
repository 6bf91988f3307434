// concurrent_writes_suite.hpp -- what several writers must not lose, for any types and any mutex.
//
// Every thread uses every verb on a few hot keys, each of which keeps an account that can be
// checked when all have ended: sums, totals, who won and who took. The map has one shard or
// several, so that writers meet in one lock and beside it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/page_allocator.hpp>

#include "support/crew.hpp"
#include "support/make_value.hpp"

template <class Key, class T, class Mutex>
using written_map = gomap::concurrent_map<Key, T, gomap::hash<Key>, std::equal_to<>,
                                          gomap::page_allocator<std::pair<const Key, T>>, Mutex>;

// Key, T and Mutex in one type.
template <class Key, class T, class Mutex>
struct written {
  using type = written_map<Key, T, Mutex>;
};

template <class Written>
class ConcurrentWrites : public testing::Test {
 protected:
  using map_type = typename Written::type;
  using key_type = typename map_type::key_type;
  using mapped_type = typename map_type::mapped_type;

  static constexpr int threads = 4;
  static constexpr std::uint64_t rounds = 300;
  static constexpr std::uint64_t hot = 5;

  static key_type key(std::uint64_t n) { return support::make_value<key_type>(n); }
  static mapped_type value(std::uint64_t n) { return support::make_value<mapped_type>(n); }
  static std::uint64_t number(const mapped_type& v) { return support::number_of(v); }
  static void add(mapped_type& v, std::uint64_t n) { v = value(number(v) + n); }

  // Calls f(empty map) for one shard and for several.
  template <class F>
  static void in_each_layout(F f) {
    for (const std::size_t shards : {1, 8}) {
      SCOPED_TRACE(testing::Message() << shards << " shards");
      map_type map({.shards = shards});
      f(map);
      map.check_invariants();
    }
  }
  static std::uint64_t total(const map_type& map) {
    std::uint64_t sum = 0;
    map.cvisit_all([&](const auto& e) { sum += number(e.second); });
    return sum;
  }
};
TYPED_TEST_SUITE_P(ConcurrentWrites);

TYPED_TEST_P(ConcurrentWrites, CountersAddUpWhicheverVerbCounts) {
  this->in_each_layout([&](auto& map) {
    for (std::uint64_t n = 0; n < this->hot; ++n) map.store(this->key(n), this->value(0));
    std::atomic<std::uint64_t> exchanged{0};
    support::together(this->threads, [&](int) {
      for (std::uint64_t i = 0; i < this->rounds; ++i) {
        const auto key = this->key(i % this->hot);
        switch (i % 6) {
          case 0:
            map.update(key, [&](auto& v) { this->add(v, 1); });
            break;
          case 1:
            map.compute(key, [&](auto& e) { e.emplace(this->value(this->number(*e) + 1)); });
            break;
          case 2:
            ASSERT_EQ(map.visit(key, [&](auto& e) { this->add(e.second, 1); }), 1U);
            break;
          case 3:
            for (;;) {
              const auto before = map.load(key);
              const std::uint64_t n = this->number(*before);
              if (map.compare_exchange(key, *before, this->value(n + 1))) break;
            }
            break;
          case 4:
            ASSERT_FALSE(map.insert_or_visit(std::pair(key, this->value(0)),
                                             [&](auto& e) { this->add(e.second, 1); }));
            break;
          default: {
            // What is taken out is counted aside, with one more in its place.
            const auto before = map.exchange(key, this->value(1));
            exchanged += this->number(before.value());
          }
        }
      }
    });
    EXPECT_EQ(this->total(map) + exchanged, this->threads * this->rounds);
    EXPECT_EQ(map.size(), this->hot);
  });
}

// Money goes from key to key; an instant that a snapshot shows has all of it.
TYPED_TEST_P(ConcurrentWrites, TransfersKeepTheTotalAtEveryInstant) {
  constexpr std::uint64_t money = 1000;
  this->in_each_layout([&](auto& map) {
    for (std::uint64_t n = 0; n < this->hot; ++n) map.store(this->key(n), this->value(money));
    support::crew watchers;
    watchers.start(1, [&](int) {
      for (; watchers.wanted(); watchers.tick()) {
        std::uint64_t sum = 0;
        for (const auto& [k, v] : map.snapshot()) sum += this->number(v);
        ASSERT_EQ(sum, this->hot * money);
      }
    });
    support::together(this->threads, [&](int which) {
      support::dice random(static_cast<std::uint64_t>(which) + 1);
      for (std::uint64_t i = 0; i < this->rounds; ++i) {
        if (i % 100 == 0) watchers.await_tick();
        const std::uint64_t from = random.below(this->hot);
        const std::uint64_t to = random.below(this->hot);
        const std::uint64_t amount = random.below(10);
        map.with_locked(this->key(from), this->key(to), [&](auto& a, auto& b) {
          // An account that is empty is not there.
          const std::uint64_t there = a ? this->number(*a) : 0;
          if (there < amount) return;
          a.emplace(this->value(there - amount));
          b.emplace(this->value((b ? this->number(*b) : 0) + amount));
          if (this->number(*a) == 0) a.reset();
        });
      }
    });
    watchers.finish();
    EXPECT_EQ(this->total(map), this->hot * money);
  });
}

TYPED_TEST_P(ConcurrentWrites, LoadOrStoreElectsOneWinner) {
  this->in_each_layout([&](auto& map) {
    constexpr std::uint64_t keys = 200;
    std::array<std::atomic<int>, keys> stored{};
    std::array<std::atomic<std::uint64_t>, keys> winner{};
    support::together(this->threads, [&](int which) {
      const std::uint64_t mine = static_cast<std::uint64_t>(which) + 1;
      for (std::uint64_t n = 0; n < keys; ++n) {
        const auto [value, loaded] = map.load_or_store(this->key(n), this->value(mine));
        if (!loaded) {
          ++stored[n];
          ASSERT_EQ(this->number(value), mine);
        }
        const std::uint64_t seen = this->number(value);
        ASSERT_TRUE(seen >= 1 && seen <= this->threads);
        std::uint64_t none = 0;
        ASSERT_TRUE(winner[n].compare_exchange_strong(none, seen) || none == seen);
      }
    });
    for (std::uint64_t n = 0; n < keys; ++n) EXPECT_EQ(stored[n], 1);
    EXPECT_EQ(map.size(), keys);
  });
}

// try_emplace, insert, emplace and insert_many: one of them inserts each key, and says so.
TYPED_TEST_P(ConcurrentWrites, EachKeyIsInsertedByOneCall) {
  this->in_each_layout([&](auto& map) {
    constexpr std::uint64_t keys = 200;
    std::atomic<std::size_t> inserted{0};
    support::together(this->threads, [&](int which) {
      std::vector<std::pair<typename TestFixture::key_type, typename TestFixture::mapped_type>>
          batch;
      for (std::uint64_t n = 0; n < keys; ++n) {
        switch ((n + static_cast<std::uint64_t>(which)) % 4) {
          case 0:
            inserted += map.try_emplace(this->key(n), this->value(n)) ? 1 : 0;
            break;
          case 1:
            inserted += map.insert({this->key(n), this->value(n)}) ? 1 : 0;
            break;
          case 2:
            inserted += map.emplace(this->key(n), this->value(n)) ? 1 : 0;
            break;
          default:
            batch.emplace_back(this->key(n), this->value(n));
            if (batch.size() == 10) {
              inserted += map.insert_many(batch);
              batch.clear();
            }
        }
      }
      inserted += map.insert_many(batch);
    });
    EXPECT_EQ(inserted, keys);
    EXPECT_EQ(map.size(), keys);
  });
}

// load_and_erase, erase, erase_if, compare_and_erase, erase_many: each entry goes to one thread.
TYPED_TEST_P(ConcurrentWrites, EachEntryIsErasedByOneCall) {
  this->in_each_layout([&](auto& map) {
    constexpr std::uint64_t keys = 300;
    for (std::uint64_t n = 0; n < keys; ++n) map.store(this->key(n), this->value(n));
    std::array<std::atomic<int>, keys> taken{};
    std::atomic<std::size_t> erased{0};
    support::together(this->threads, [&](int which) {
      std::vector<typename TestFixture::key_type> batch;
      for (std::uint64_t n = 0; n < keys; ++n) {
        switch ((n + static_cast<std::uint64_t>(which)) % 6) {
          case 0:
            erased += map.erase(this->key(n));
            break;
          case 1:
            erased += map.erase_if(this->key(n), [](const auto&) { return true; });
            break;
          case 2:
            erased += map.compare_and_erase(this->key(n), this->value(n)) ? 1 : 0;
            break;
          case 3:
            batch.push_back(this->key(n));
            break;
          default:
            if (const auto value = map.load_and_erase(this->key(n))) {
              ++taken[n];
              ++erased;
              ASSERT_EQ(this->number(*value), n);
            }
        }
      }
      erased += map.erase_many(batch);
    });
    for (std::uint64_t n = 0; n < keys; ++n) EXPECT_LE(taken[n], 1);
    EXPECT_EQ(erased, keys);
    EXPECT_TRUE(map.empty());
  });
}

// Entries wander between two maps in both directions at once, and afterwards the other way again.
TYPED_TEST_P(ConcurrentWrites, MergesInBothDirectionsLoseNothing) {
  this->in_each_layout([&](auto& one) {
    constexpr std::uint64_t keys = 200;
    typename TestFixture::map_type two({.shards = 4});
    for (std::uint64_t n = 0; n < keys; ++n) {
      (n % 2 == 0 ? one : two).store(this->key(n), this->value(n));
    }
    support::together(2, [&](int which) {
      for (int i = 0; i < 20; ++i) {
        if (which == 0) {
          one.merge(two);
        } else {
          two.merge(one);
        }
      }
    });

    EXPECT_EQ(one.size() + two.size(), keys);
    one.merge(two);
    EXPECT_EQ(one.size(), keys);
    EXPECT_TRUE(two.empty());
    EXPECT_EQ(this->total(one), keys * (keys - 1) / 2);
    two.check_invariants();
  });
}

// The map is emptied and made larger under writers that store and read their own keys.
TYPED_TEST_P(ConcurrentWrites, ClearAndReserveLoseNothingThatIsStoredAfterwards) {
  this->in_each_layout([&](auto& map) {
    support::crew others;
    others.start(1, [&](int) {
      for (std::size_t n = 0; others.wanted(); others.tick()) {
        map.clear();
        map.reserve(n += 40);
        if (n > 4000) n = 0;
      }
    });
    support::together(2, [&](int which) {
      for (std::uint64_t i = 0; i < this->rounds; ++i) {
        if (i % 100 == 0) others.await_tick();
        const std::uint64_t n = 2 * i + static_cast<std::uint64_t>(which);
        map.store(this->key(n), this->value(n));
        const auto found = map.load(this->key(n));
        ASSERT_TRUE(!found || this->number(*found) == n);
      }
    });
    others.finish();
    map.clear();
    EXPECT_EQ(map.size(), 0U);
    for (std::uint64_t n = 0; n < 100; ++n) map.store(this->key(n), this->value(n));
    EXPECT_EQ(map.size(), 100U);
  });
}

// Each thread has keys of its own, among those of the others, in the same shards and buckets; its
// own it finds as in a map for one thread.
TYPED_TEST_P(ConcurrentWrites, EachThreadFindsItsOwnKeysAsItLeftThem) {
  this->in_each_layout([&](auto& map) {
    support::together(this->threads, [&](int which) {
      constexpr std::uint64_t keys = 40;
      std::array<std::optional<std::uint64_t>, keys> model{};
      support::dice random(static_cast<std::uint64_t>(which) + 1);
      for (std::uint64_t i = 0; i < 2 * this->rounds; ++i) {
        const std::uint64_t n = random.below(keys);
        const auto key = this->key(n * this->threads + static_cast<std::uint64_t>(which));
        const auto found = map.load(key);
        ASSERT_EQ(found.has_value(), model[n].has_value());
        if (found) {
          ASSERT_EQ(this->number(*found), *model[n]);
        }
        if (random.below(3) == 0) {
          ASSERT_EQ(map.erase(key), model[n].has_value() ? 1U : 0U);
          model[n].reset();
        } else {
          map.insert_or_assign(key, this->value(i));
          model[n] = i;
        }
      }
    });
  });
}

// Go's issue 40999: keys that nobody has used before are stored and erased again. They take no more
// memory the second time, and none of them is left.
TYPED_TEST_P(ConcurrentWrites, FreshKeysStoredAndErasedLeaveNothing) {
  this->in_each_layout([&](auto& map) {
    std::atomic<std::uint64_t> next{0};
    const auto store_and_erase = [&] {
      support::together(this->threads, [&](int) {
        for (std::uint64_t i = 0; i < this->rounds; ++i) {
          const std::uint64_t n = next++;
          map.store(this->key(n), this->value(n));
          const auto taken = map.load_and_erase(this->key(n));
          ASSERT_TRUE(taken.has_value());
          ASSERT_EQ(this->number(*taken), n);
        }
      });
      EXPECT_TRUE(map.empty());
      return map.stats().total.bytes_reserved;
    };
    const std::size_t before = store_and_erase();
    EXPECT_EQ(store_and_erase(), before);
  });
}

REGISTER_TYPED_TEST_SUITE_P(ConcurrentWrites, CountersAddUpWhicheverVerbCounts,
                            TransfersKeepTheTotalAtEveryInstant, LoadOrStoreElectsOneWinner,
                            EachKeyIsInsertedByOneCall, EachEntryIsErasedByOneCall,
                            MergesInBothDirectionsLoseNothing,
                            ClearAndReserveLoseNothingThatIsStoredAfterwards,
                            EachThreadFindsItsOwnKeysAsItLeftThem,
                            FreshKeysStoredAndErasedLeaveNothing);
