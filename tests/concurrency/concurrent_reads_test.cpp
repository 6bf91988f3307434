// concurrent_reads_test.cpp -- what readers without a lock see beside one writer.
//
// All entries live in one shard, so that every write is one that the readers must notice. Values
// are larger than a word and carry a check, or are odd in size; number_of() aborts on a torn one.
// ThreadSanitizer judges the memory orders, and the expectations judge the protocol.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/self_contained.hpp>

#include "support/chosen_hash.hpp"
#include "support/colliding_hash.hpp"
#include "support/counting_mutex.hpp"
#include "support/crew.hpp"
#include "support/make_value.hpp"
#include "support/moving_allocator.hpp"
#include "support/trivial_values.hpp"

namespace {

struct proven_key;

}  // namespace

template <>
inline constexpr bool gomap::is_self_contained<support::odd_bytes> = true;
template <>
inline constexpr bool gomap::is_self_contained<proven_key> = true;

namespace {

using support::crew;
using support::dice;
using support::hash_kind;
using support::make_value;
using support::number_of;
using support::odd_bytes;
using support::three_words;

// A hash of a chosen quality for any kind of key. One that may throw makes chains move another way.
template <class Key>
struct chosen_hash {
  using is_avalanching = std::true_type;
  hash_kind kind = hash_kind::good;

  std::uint64_t operator()(const Key& key) const noexcept(std::is_integral_v<Key>) {
    switch (kind) {
      case hash_kind::colliding:
        return support::colliding_hash{}(key);
      case hash_kind::high_bits:
        return support::high_bits_hash{}(key);
      case hash_kind::low_bits:
        return support::low_bits_hash{}(key);
      default:
        return support::good_hash{}(key);
    }
  }
};

template <class Key, class T, template <class> class Allocator>
using read_map = gomap::concurrent_map<Key, T, chosen_hash<Key>, std::equal_to<>,
                                       Allocator<std::pair<const Key, T>>>;

template <class Map>
class ConcurrentReads : public testing::Test {
 protected:
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  static_assert(Map::reads_take_no_lock);

  static constexpr int readers = 2;

  static key_type key(std::uint64_t n) { return make_value<key_type>(n); }
  static mapped_type value(std::uint64_t n) { return make_value<mapped_type>(n); }

  static Map one_shard(hash_kind kind = hash_kind::good) { return Map({.shards = 1}, {kind}); }

  // The value that each way of reading finds, which all must be whole.
  static void expect_each_read(const Map& map, std::uint64_t n) {
    const mapped_type expected = value(n);
    const auto found = map.load(key(n));
    ASSERT_TRUE(found.has_value()) << "lost key " << n;
    ASSERT_EQ(*found, expected);
    ASSERT_TRUE(map.contains(key(n)));
    ASSERT_EQ(map.cvisit(key(n), [&](const auto& e) { ASSERT_EQ(e.second, expected); }), 1U);
  }
};

using maps = testing::Types<read_map<std::uint64_t, std::uint64_t, gomap::page_allocator>,
                            read_map<std::uint64_t, three_words, gomap::page_allocator>,
                            read_map<std::uint64_t, three_words, support::moving_allocator>,
                            read_map<odd_bytes, odd_bytes, support::moving_allocator>,
                            read_map<std::uint32_t, std::uint8_t, gomap::page_allocator>>;
TYPED_TEST_SUITE(ConcurrentReads, maps);

// Two doublings beyond 256 KiB of buckets, where an old array is given back while it is emptied.
TYPED_TEST(ConcurrentReads, FindEveryPromisedKeyAndNoOtherWhileTheMapGrows) {
  constexpr std::uint64_t keys = 20'000;
  auto map = this->one_shard();
  std::atomic<std::uint64_t> promised{1};
  map.store(this->key(0), this->value(0));
  crew others;
  others.start(this->readers, [&](int which) {
    dice random(static_cast<std::uint64_t>(which) + 1);
    for (; others.wanted(); others.tick()) {
      const std::uint64_t there = promised.load(std::memory_order_acquire);
      ASSERT_NO_FATAL_FAILURE(this->expect_each_read(map, random.below(there)));
      ASSERT_NO_FATAL_FAILURE(this->expect_each_read(map, there - 1));
      ASSERT_FALSE(map.load(this->key(keys + random.below(keys))).has_value());
    }
  });

  for (std::uint64_t n = 1; n < keys; ++n) {
    if (n % 200 == 0) others.await_tick();
    map.store(this->key(n), this->value(n));
    promised.store(n + 1, std::memory_order_release);
  }
  others.finish();

  EXPECT_EQ(map.size(), keys);
  EXPECT_GE(map.stats().total.growths_double, 10U);
  map.check_invariants();
}

TYPED_TEST(ConcurrentReads, InBatchesFindEveryPromisedKeyWhileTheMapGrows) {
  constexpr std::uint64_t keys = 4000;
  auto map = this->one_shard();
  std::atomic<std::uint64_t> promised{0};
  crew others;
  others.start(this->readers, [&](int which) {
    dice random(static_cast<std::uint64_t>(which) + 1);
    std::vector<typename TestFixture::key_type> asked;
    std::vector<std::optional<typename TestFixture::mapped_type>> found;
    for (; others.wanted(); others.tick()) {
      const std::uint64_t there = promised.load(std::memory_order_acquire);
      asked.clear();
      found.clear();
      for (std::uint64_t n = random.below(50); n < there; n += 50) asked.push_back(this->key(n));
      map.load_many(asked, std::back_inserter(found));
      for (std::size_t i = 0; i < asked.size(); ++i) {
        ASSERT_TRUE(found[i].has_value());
        ASSERT_EQ(*found[i], this->value(number_of(asked[i])));
      }
      ASSERT_EQ(map.cvisit(asked.begin(), asked.end(),
                           [&](const auto& e, std::size_t i) {
                             ASSERT_EQ(e.first, asked[i]);
                             ASSERT_EQ(e.second, this->value(number_of(e.first)));
                           }),
                asked.size());
    }
  });

  for (std::uint64_t n = 0; n < keys; ++n) {
    if (n % 50 == 0) others.await_tick();
    map.store(this->key(n), this->value(n));
    promised.store(n + 1, std::memory_order_release);
  }
  others.finish();
}

// One chain holds all keys, so buckets behind its head come and go under the readers, and every
// slot holds one key after another. Odd keys stay.
TYPED_TEST(ConcurrentReads, BesideErasureAndReinsertionSeeWhatWasStoredOrNothing) {
  constexpr std::uint64_t keys = 40;
  for (const hash_kind kind : {hash_kind::colliding, hash_kind::high_bits, hash_kind::good}) {
    auto map = this->one_shard(kind);
    for (std::uint64_t n = 0; n < keys; ++n) map.store(this->key(n), this->value(n));
    crew others;
    others.start(this->readers, [&](int which) {
      dice random(static_cast<std::uint64_t>(which) + 1);
      for (; others.wanted(); others.tick()) {
        ASSERT_NO_FATAL_FAILURE(this->expect_each_read(map, random.below(keys / 2) * 2 + 1));
        const std::uint64_t n = random.below(keys / 2) * 2;
        const auto found = map.load(this->key(n));
        ASSERT_TRUE(!found || *found == this->value(n));
        map.cvisit(this->key(n), [&](const auto& e) {
          ASSERT_EQ(e.first, this->key(n));
          ASSERT_EQ(e.second, this->value(n));
        });
        ASSERT_FALSE(map.load(this->key(keys + n)).has_value());
        ASSERT_FALSE(map.contains(this->key(keys + n)));
      }
    });

    dice random(99);
    for (int i = 0; i < 4000; ++i) {
      if (i % 100 == 0) others.await_tick();
      const std::uint64_t n = random.below(keys / 2) * 2;
      if (map.erase(this->key(n)) == 0) map.store(this->key(n), this->value(n));
    }
    // All of them at once, so that whole chains of overflow buckets go and come back.
    for (int i = 0; i < 30; ++i) {
      others.await_tick();
      for (std::uint64_t n = 0; n < keys; n += 2) map.erase(this->key(n));
      for (std::uint64_t n = keys; n-- > 0;) map.try_emplace(this->key(n), this->value(n));
    }
    others.finish();
    map.check_invariants();
  }
}

// A key's value is always one of two, and each is whole.
TYPED_TEST(ConcurrentReads, BesideOverwritingSeeTheValueBeforeOrAfter) {
  constexpr std::uint64_t other = 10'203;
  auto map = this->one_shard();
  for (std::uint64_t n = 0; n < 4; ++n) map.store(this->key(n), this->value(n));
  crew others;
  others.start(this->readers, [&](int) {
    for (; others.wanted(); others.tick()) {
      for (std::uint64_t n = 0; n < 4; ++n) {
        const auto found = map.load(this->key(n));
        ASSERT_TRUE(found.has_value());
        ASSERT_TRUE(*found == this->value(n) || *found == this->value(n + other));
      }
    }
  });

  for (int i = 0; i < 4000; ++i) {
    if (i % 100 == 0) others.await_tick();
    for (std::uint64_t n = 0; n < 4; ++n) map.store(this->key(n), this->value(n + other));
    for (std::uint64_t n = 0; n < 4; ++n) {
      map.visit(this->key(n), [&](auto& e) { e.second = this->value(n); });
    }
  }
}

// A plain variable written before a store may be read by whoever loads what was stored: an
// overwritten value, and a key that came, so that each is an order of its own to ThreadSanitizer.
TYPED_TEST(ConcurrentReads, SeeWhatWasWrittenBeforeWhatTheyFoundWasStored) {
  constexpr std::uint64_t last = 200;  // as many as one byte tells apart
  auto map = this->one_shard();
  std::vector<std::uint64_t> told(last + 1);
  std::vector<std::uint64_t> told_by_key(last + 1);
  map.store(this->key(0), this->value(0));
  crew others;
  others.start(this->readers, [&](int) {
    for (; others.wanted(); others.tick()) {
      const std::uint64_t n = number_of(map.load(this->key(0)).value());
      ASSERT_EQ(told[n], 7 * n);
      if (map.contains(this->key(n + 1))) {
        ASSERT_EQ(told_by_key[n + 1], 5 * (n + 1));
      }
    }
  });

  for (std::uint64_t n = 1; n <= last; ++n) {
    if (n % 20 == 0) others.await_tick();
    told_by_key[n] = 5 * n;
    map.store(this->key(n), this->value(n));
    told[n] = 7 * n;
    map.store(this->key(0), this->value(n));
  }
}

TYPED_TEST(ConcurrentReads, BesideClearSeeWhatWasStoredOrNothing) {
  auto map = this->one_shard();
  crew others;
  others.start(this->readers, [&](int which) {
    dice random(static_cast<std::uint64_t>(which) + 1);
    for (; others.wanted(); others.tick()) {
      const std::uint64_t n = random.below(400);
      const auto found = map.load(this->key(n));
      ASSERT_TRUE(!found || *found == this->value(n));
      ASSERT_FALSE(map.contains(this->key(n + 1000)));
    }
  });

  for (std::uint64_t round = 0; round < 40; ++round) {
    // Sizes on both sides of a doubling, so that growths are cut off, too.
    const std::uint64_t keys = 100 + round * 7;
    others.await_tick();
    for (std::uint64_t n = 0; n < keys; ++n) map.store(this->key(n), this->value(n));
    map.clear();
  }
  others.finish();
  EXPECT_EQ(map.size(), 0U);
}

// Most keys go before the map is filled again, round after round, so chains are compacted in
// arrays of the same size.
TYPED_TEST(ConcurrentReads, FindEveryPromisedKeyWhileChainsAreCompacted) {
  constexpr std::uint64_t staying = 64;
  auto map = this->one_shard(hash_kind::low_bits);
  for (std::uint64_t n = 0; n < staying; ++n) map.store(this->key(n), this->value(n));
  crew others;
  others.start(this->readers, [&](int which) {
    dice random(static_cast<std::uint64_t>(which) + 1);
    for (; others.wanted(); others.tick()) {
      ASSERT_NO_FATAL_FAILURE(this->expect_each_read(map, random.below(staying)));
    }
  });

  for (int round = 0; round < 60; ++round) {
    others.await_tick();
    for (std::uint64_t n = staying; n < 200; ++n) map.store(this->key(n), this->value(n));
    for (std::uint64_t n = staying; n < 200; ++n) map.erase(this->key(n));
  }
  others.finish();
  EXPECT_GT(map.stats().total.growths_same_size, 0U);
  map.check_invariants();
}

TYPED_TEST(ConcurrentReads, FindEveryPromisedKeyBesideReserve) {
  constexpr std::uint64_t staying = 200;
  for (int round = 0; round < 5; ++round) {
    auto map = this->one_shard();
    for (std::uint64_t n = 0; n < staying; ++n) map.store(this->key(n), this->value(n));
    crew others;
    others.start(this->readers, [&](int which) {
      dice random(static_cast<std::uint64_t>(which) + 1);
      for (; others.wanted(); others.tick()) {
        ASSERT_NO_FATAL_FAILURE(this->expect_each_read(map, random.below(staying)));
      }
    });
    for (std::size_t n = 400; n < 20'000; n *= 2) {
      others.await_tick();
      map.reserve(n);
    }
    others.finish();
  }
}

// ---- comparisons

// A key that proves that it is whole.
struct proven_key {
  std::uint64_t number;
  std::uint64_t twice;
  std::uint64_t thrice;

  explicit proven_key(std::uint64_t n) : number(n), twice(2 * n), thrice(3 * n) {}
  [[nodiscard]] bool whole() const { return twice == 2 * number && thrice == 3 * number; }
};

std::atomic<std::uint64_t> halves_seen{0};

struct proving_equal {
  bool operator()(const proven_key& a, const proven_key& b) const {
    if (!a.whole() || !b.whole()) halves_seen.fetch_add(1, std::memory_order_relaxed);
    return a.number == b.number;
  }
};

// All keys have one tophash and one chain, so readers compare each of them while they change.
TEST(ConcurrentReadsComparison, IsShownWholeKeysAlone) {
  gomap::concurrent_map<proven_key, std::uint64_t, support::colliding_hash, proving_equal> map(
      {.shards = 1});
  static_assert(decltype(map)::reads_take_no_lock);
  halves_seen = 0;
  crew others;
  others.start(2, [&](int) {
    for (; others.wanted(); others.tick()) {
      for (std::uint64_t n = 0; n < 30; ++n) {
        const auto found = map.load(proven_key(n));
        ASSERT_TRUE(!found || *found == n + 1);
      }
    }
  });

  for (std::uint64_t i = 0; i < 10'000; ++i) {
    if (i % 100 == 0) others.await_tick();
    map.store(proven_key(i % 30), i % 30 + 1);
    map.erase(proven_key((i * 7) % 30));
  }
  others.finish();
  EXPECT_EQ(halves_seen, 0U);
}

// ---- locks

template <class Key, class T, class Hash = gomap::hash<Key>>
using counted_map =
    gomap::concurrent_map<Key, T, Hash, std::equal_to<>,
                          gomap::page_allocator<std::pair<const Key, T>>, support::counting_mutex>;

TEST(ConcurrentReadsLocks, NoneIsTakenInAQuietMap) {
  counted_map<std::uint64_t, three_words> map;
  std::vector<std::uint64_t> keys;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    map.store(n, three_words(n));
    keys.push_back(2 * n);
  }
  std::vector<std::optional<three_words>> found;
  const auto& read_only = map;
  const std::uint64_t before = support::counting_mutex::calls();

  std::size_t there = 0;
  for (const std::uint64_t n : keys) {
    there += read_only.load(n).has_value() ? 1 : 0;
    there += read_only.contains(n) ? 1 : 0;
    there += read_only.count(n);
    there += read_only.cvisit(n, [](const auto&) {});
    there += read_only.visit(n, [](const auto&) {});
    there += read_only.load_or(n, three_words(7)).number() == n ? 1 : 0;
  }
  read_only.load_many(keys, std::back_inserter(found));
  there += read_only.cvisit(keys.begin(), keys.end(), [](const auto&) {});
  there += read_only.visit(keys.begin(), keys.end(), [](const auto&) {});

  EXPECT_EQ(there, 8U * 500);
  EXPECT_EQ(read_only.size(), 1000U);
  EXPECT_FALSE(read_only.empty());
  EXPECT_EQ(support::counting_mutex::calls(), before);
}

TEST(ConcurrentReadsLocks, NoneIsTakenFromAMapThatNeverHadAnEntry) {
  const counted_map<std::uint64_t, std::uint64_t> map;
  const std::uint64_t before = support::counting_mutex::calls();

  EXPECT_FALSE(map.load(1).has_value());
  EXPECT_FALSE(map.contains(1));
  EXPECT_EQ(support::counting_mutex::calls(), before);
}

// A hash that stops in the middle of a growth, while the shard is being written.
struct stopping_hash {
  static inline std::atomic<bool> armed{false};
  static inline support::door* stopped = nullptr;
  static inline support::door* go_on = nullptr;
  static inline thread_local bool writes = false;

  std::uint64_t operator()(std::uint64_t key) const {
    if (writes && in_table() && armed.exchange(false)) {
      stopped->open();
      go_on->pass();
    }
    return key * 0x9E3779B97F4A7C15u;
  }
  // Each call of the map hashes its own key once, before anything else.
  static bool in_table() { return calls++ > 0; }
  static inline thread_local int calls = 0;
};

TEST(ConcurrentReadsLocks, AReaderWhoseShardIsBeingWrittenWaitsForTheLockAndEnds) {
  support::door stopped;
  support::door go_on;
  stopping_hash::stopped = &stopped;
  stopping_hash::go_on = &go_on;
  counted_map<std::uint64_t, three_words, stopping_hash> map({.shards = 1});
  std::uint64_t promised = 0;
  for (; promised < 50; ++promised) map.store(promised, three_words(promised));

  crew others;
  stopping_hash::armed = true;
  others.start(1, [&](int) {
    stopping_hash::writes = true;
    for (std::uint64_t n = promised; n < 200; ++n) {
      stopping_hash::calls = 0;
      map.store(n, three_words(n));
    }
  });
  stopped.pass();
  const std::uint64_t before = support::counting_mutex::calls();
  std::atomic<bool> ended{false};
  others.start(1, [&](int) {
    const auto found = map.load(7);
    ended = true;
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->number(), 7U);
  });
  support::counting_mutex::await(before + 1);
  EXPECT_FALSE(ended);
  go_on.open();
  others.wait();

  EXPECT_TRUE(ended);
  EXPECT_EQ(map.size(), 200U);
}

}  // namespace
