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
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/detail/concurrent_core.hpp>
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
#include "support/types.hpp"

namespace concurrent_reads_test {

struct proven_key;

}  // namespace concurrent_reads_test

template <>
inline constexpr bool gomap::is_self_contained<support::odd_bytes> = true;
template <>
inline constexpr bool gomap::is_self_contained<concurrent_reads_test::proven_key> = true;

namespace concurrent_reads_test {

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

using maps = support::types<2, read_map<std::uint64_t, std::uint64_t, gomap::page_allocator>,
                            read_map<std::uint64_t, three_words, support::moving_allocator>,
                            read_map<std::uint64_t, three_words, gomap::page_allocator>,
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

// Where a writer has to wait in the middle of an insertion: in the hash of what a growth moves, or in
// the allocator.
class stop {
 public:
  // The next call of pass_by() but `calls` in a thread that `writes` waits until go_on().
  void arm(int calls) {
    calls_before_ = calls;
    armed_ = true;
  }
  void pass_by() {
    if (!writes || !armed_ || calls_before_-- > 0) return;
    armed_ = false;
    reached_.open();
    go_on_.pass();
  }
  void await() { reached_.pass(); }
  void go_on() { go_on_.open(); }

  static inline thread_local bool writes = false;

 private:
  support::door reached_;
  support::door go_on_;
  std::atomic<bool> armed_{false};
  std::atomic<int> calls_before_{0};
};

stop* stop_of_hashes = nullptr;
struct stopping_hash {
  std::uint64_t operator()(std::uint64_t key) const {
    if (stop_of_hashes != nullptr) stop_of_hashes->pass_by();
    return key * 0x9E3779B97F4A7C15u;
  }
};

stop* stop_of_memory = nullptr;
template <class T>
struct stopping_allocator : gomap::page_allocator<T> {
  template <class U>
  struct rebind {
    using other = stopping_allocator<U>;
  };
  stopping_allocator() = default;
  template <class U>
  stopping_allocator(const stopping_allocator<U>& other) : gomap::page_allocator<T>(other) {}

  static void pass_by() {
    if (stop_of_memory != nullptr) stop_of_memory->pass_by();
  }
  T* allocate(std::size_t n) { return pass_by(), gomap::page_allocator<T>::allocate(n); }
  T* allocate_zeroed(std::size_t n) {
    return pass_by(), gomap::page_allocator<T>::allocate_zeroed(n);
  }
  bool try_extend(T*, std::size_t, std::size_t) noexcept { return pass_by(), false; }
  void discard(void* p, std::size_t bytes) noexcept {
    pass_by();
    gomap::page_allocator<T>::discard(p, bytes);
  }
  void move_pages(void* from, void* to, std::size_t bytes) noexcept {
    pass_by();
    gomap::page_allocator<T>::move_pages(from, to, bytes);
  }
};

using stopped_map =
    gomap::concurrent_map<std::uint64_t, three_words, stopping_hash, std::equal_to<>,
                          stopping_allocator<std::pair<const std::uint64_t, three_words>>,
                          support::counting_mutex>;

// Lets a writer stop at the call after `calls` others that `where` stands for, in the middle of
// write(map), and reads meanwhile. Returns whether the writer came so far.
template <class Write>
bool read_while_stopped(stop*& where, int calls, const Write& write) {
  stopped_map map({.shards = 1});
  for (std::uint64_t n = 0; n < 50; ++n) map.store(n, three_words(n));
  stop here;
  here.arm(calls);
  where = &here;
  std::atomic<bool> came{true};
  crew others;
  others.start(1, [&](int) {
    stop::writes = true;
    write(map);
    came = false;
    here.arm(0);
    here.pass_by();
  });
  here.await();
  const bool stopped = came;
  const std::uint64_t before = support::counting_mutex::calls();
  for (std::uint64_t n = 0; stopped && n < 50; ++n) {
    const auto found = map.load(n);
    if (found.has_value()) {
      EXPECT_EQ(found->number(), n);
    }
  }
  EXPECT_EQ(support::counting_mutex::calls(), before) << "at call " << calls;
  here.go_on();
  others.wait();
  where = nullptr;
  map.check_invariants();
  return stopped;
}

// Each time a growth calls a hash or the allocator in turn.
TEST(ConcurrentReadsLocks, NoneIsTakenWhileAGrowthWaitsForAHash) {
  const auto grow = [](stopped_map& map) {
    for (std::uint64_t n = 50; n < 200; ++n) map.store(n, three_words(n));
  };
  int calls = 0;
  while (read_while_stopped(stop_of_hashes, calls, grow)) ++calls;
  EXPECT_GT(calls, 200);
}

TEST(ConcurrentReadsLocks, NoneIsTakenWhileAGrowthWaitsForMemory) {
  const auto grow = [](stopped_map& map) {
    for (std::uint64_t n = 50; n < 10'000; ++n) map.store(n, three_words(n));
  };
  int calls = 0;
  while (read_while_stopped(stop_of_memory, calls, grow)) ++calls;
  EXPECT_GT(calls, 20);
}

TEST(ConcurrentReadsLocks, NoneIsTakenWhileClearOrReserveWaitsForAHash) {
  const auto clear = [](stopped_map& map) {
    map.reserve(400);
    map.clear();
  };
  int calls = 0;
  while (read_while_stopped(stop_of_hashes, calls, clear)) ++calls;
  EXPECT_GT(calls, 0);
}

// A writer that stops for long in the middle of a change itself, as the system may stop any thread.
TEST(ConcurrentReadsLocks, OneIsWaitedForByAReaderWhoseShardIsBeingWritten) {
  using core_type = gomap::detail::concurrent_core<
      std::uint64_t, three_words, gomap::hash<std::uint64_t>, std::equal_to<>,
      gomap::page_allocator<std::pair<const std::uint64_t, three_words>>, support::counting_mutex>;
  core_type core(1, 0, {}, {}, {});
  const std::uint64_t hash = core.hash_key(std::uint64_t{7});
  auto& shard = core.shard_at(0);
  shard.insert(hash, core.hash_of(), std::uint64_t{7}, three_words(7));

  std::atomic<bool> ended{false};
  crew others;
  {
    const std::lock_guard lock(shard.mutex);
    const typename core_type::shard_type::write_section section(shard.seq);
    const std::uint64_t before = support::counting_mutex::calls();
    others.start(1, [&](int) {
      const bool found = core.read(
          std::uint64_t{7}, hash, gomap::operation::read, [](const auto*) {},
          [](const auto& entry) { ASSERT_EQ(entry.second.number(), 7U); });
      ended = true;
      ASSERT_TRUE(found);
    });
    support::counting_mutex::await(before + 1);
    EXPECT_FALSE(ended);
  }
  others.wait();
  EXPECT_TRUE(ended);
}

}  // namespace concurrent_reads_test
