// shard_model_test.cpp -- a shard under the schedules of a few threads, in C++'s memory model.
//
// The code is gomap's own, over atomics of Relacy's. One thread writes (or two, with the lock)
// while another reads without the lock; each program is one kind of write, and the reader knows
// which answers it may get. A value that belongs to another key, to no key, or half to one and half
// to another is an assertion that fails, and so is a look at memory that nobody stored.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>
#include <model/memory.hpp>
#include <model/platform.hpp>
#include <model/relacy.hpp>

#include <gomap/detail/bucket.hpp>
#include <gomap/detail/rw_lock.hpp>
#include <gomap/detail/shard.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/table.hpp>
#include <gomap/detail/words.hpp>
#include <gomap/scan_cursor.hpp>

namespace {

using gomap::detail::reading;
using model::every_schedule;
using model::every_schedule_with;
using model::random_schedules;

// Two words that nobody may see in halves.
struct pair_of_words {
  std::uint64_t first, second;
  friend bool operator==(const pair_of_words&, const pair_of_words&) = default;
};

// Large enough that an array of 64 buckets is no small one.
struct sixteen_words {
  std::array<std::uint64_t, 16> all;
  friend bool operator==(const sixteen_words&, const sixteen_words&) = default;
};

// One word as the words that it stands for.
template <class V>
[[nodiscard]] V made_of(std::uint64_t word) {
  if constexpr (std::is_same_v<V, pair_of_words>) {
    return {word, ~word};
  } else if constexpr (std::is_same_v<V, sixteen_words>) {
    V v;
    v.all.fill(word);
    return v;
  } else {
    return word;
  }
}

// What a key is made of is its hash: `top` becomes its tophash, the low bits of `index` its bucket,
// and `name` tells it from others of that tophash in that bucket.
[[nodiscard]] constexpr std::uint64_t key_of(unsigned top, unsigned index, unsigned name = 0) {
  return std::uint64_t{top} << 56 | std::uint64_t{name} << 16 | index;
}

template <class Key>
struct hash_of_keys {
  std::uint64_t operator()(const Key& key) const noexcept {
    if constexpr (std::is_same_v<Key, pair_of_words>) {
      return key.first;
    } else {
      return key;
    }
  }
};

// The lock of a program with one writer.
struct no_mutex {
  void lock() {}
  void unlock() {}
};

// What a read may answer but for the version that it found.
constexpr int absent = 0;
constexpr int disturbed = -1;

template <class Key_, class Value_, bool Extends, class Mutex_ = no_mutex>
struct layout {
  using Key = Key_;
  using Value = Value_;
  using Mutex = Mutex_;
  using allocator = model::allocator<std::pair<const Key, Value>, Extends>;
};
using words = layout<std::uint64_t, std::uint64_t, false>;
using words_in_place = layout<std::uint64_t, std::uint64_t, true>;
using pairs = layout<std::uint64_t, pair_of_words, false>;
using pairs_in_place = layout<std::uint64_t, pair_of_words, true>;
using large_values = layout<std::uint64_t, sixteen_words, false>;
using wide_keys = layout<pair_of_words, std::uint64_t, false>;
using locked_words =
    layout<std::uint64_t, std::uint64_t, false, gomap::detail::rw_lock<model::platform<1>>>;
using locked_pairs_in_place =
    layout<std::uint64_t, pair_of_words, true, gomap::detail::rw_lock<model::platform<0>>>;

// A shard, what its threads do with it, and set_up(), which a program hides if it starts with
// entries. Keys are named by their hash, values by key and version, which counts from 1.
template <class Program, int Threads, class Layout>
class program : public rl::test_suite<Program, Threads> {
  using Key = typename Layout::Key;
  using Value = typename Layout::Value;
  using table_type = gomap::detail::table<Key, Value, typename Layout::allocator,
                                          gomap::detail::basic_shared_words<model::atomics>>;
  using shard_type = gomap::detail::shard<table_type, typename Layout::Mutex>;
  using value_type = typename table_type::value_type;

 public:
  void before() {
    model::memory::begin();
    void* const at = model::memory::allocate(sizeof(shard_type), alignof(shard_type));
    shard_ = ::new (at) shard_type(typename Layout::allocator());
    model::memory::share(&shard_->seq, sizeof(shard_->seq));
    model::memory::share(&shard_->table, sizeof(shard_->table));
    static_cast<Program*>(this)->set_up();
  }
  void after() {
    static_cast<Program*>(this)->in_the_end();
    std::destroy_at(shard_);
    model::memory::end();
  }
  void set_up() {}
  void in_the_end() {}

 protected:
  // ---- each of these one call of a map's, by a thread that writes

  void insert(std::uint64_t key, int version) {
    const writing alone(*this);
    (void)shard_->insert(key, hash_of(), made_of<Key>(key), value_of(key, version));
  }
  void erase(std::uint64_t key) {
    const writing alone(*this);
    if (const auto at = find(key)) shard_->erase(at, key);
  }
  void assign(std::uint64_t key, int version) {
    const writing alone(*this);
    shard_->assign(find(key), value_of(key, version));
  }
  void visit(std::uint64_t key, int version) {
    const writing alone(*this);
    shard_->visit(find(key), [&](value_type& e) { e.second = value_of(key, version); });
  }
  void clear() {
    for (gomap::scan_cursor cursor; !cursor.done();) {
      const writing alone(*this);
      (void)shard_->clear_class(cursor, hash_of());
    }
  }
  void grow_to(unsigned bits, std::size_t chains) {
    const writing alone(*this);
    (void)shard_->grow_to(bits, chains, hash_of());
  }

  // ---- and by one that reads

  // The version found, `absent`, or `disturbed`: one try without the lock. AnyBits: false makes
  // sure that the comparison is shown none but whole keys.
  template <bool AnyBits = true>
  [[nodiscard]] int read(std::uint64_t key) {
    Key found_key{};
    Value found{};
    const auto take_copy = [&](const value_type* e) {
      found_key = table_type::entries::load_key(e);
      found = table_type::entries::load_value(e);
    };
    const auto matches = [&](const Key& other) {
      if (!AnyBits) RL_ASSERT(other == made_of<Key>(hash_of()(other)) && "half a key");
      return other == made_of<Key>(key);
    };
    switch (shard_->template try_to_read<AnyBits>(key, matches, take_copy)) {
      case reading::absent:
        return absent;
      case reading::disturbed:
        return disturbed;
      case reading::present:
        break;
    }
    RL_ASSERT(found_key == made_of<Key>(key) && "another key's entry");
    return version_of(key, found);
  }
  // Under the shared lock.
  [[nodiscard]] int read_locked(std::uint64_t key) {
    shard_->mutex.lock_shared();
    const auto at = find(key);
    const int version = at ? version_of(key, at.entry()->second) : absent;
    shard_->mutex.unlock_shared();
    return version;
  }
  void prefetch(std::uint64_t key) {
    shard_->table.prefetch_optimistically(key, shard_->unchanged());
    shard_->table.prefetch_match_optimistically(key, shard_->unchanged());
  }

  // Entries that fill bucket `index`, whose tophashes are 101 and so on.
  void fill_bucket(unsigned index) {
    for (unsigned i = 0; i < gomap::detail::slots_per_bucket; ++i)
      insert(key_of(101 + i, index), 1);
  }
  [[nodiscard]] const table_type& table() const { return shard_->table; }

 private:
  struct writing {
    explicit writing(program& p) : mutex(p.shard_->mutex) {
      mutex.lock();
      model::memory::hold_lock(true);
    }
    ~writing() {
      model::memory::hold_lock(false);
      mutex.unlock();
    }
    typename Layout::Mutex& mutex;
  };

  [[nodiscard]] static constexpr hash_of_keys<Key> hash_of() { return {}; }
  [[nodiscard]] auto find(std::uint64_t key) const {
    return shard_->table.find(key,
                              [&](const Key& other) -> bool { return other == made_of<Key>(key); });
  }
  [[nodiscard]] static Value value_of(std::uint64_t key, int version) {
    return made_of<Value>(key + (static_cast<std::uint64_t>(version) << 32));
  }
  [[nodiscard]] static int version_of(std::uint64_t key, const Value& value) {
    int version = 1;
    while (version < 4 && !(value == value_of(key, version))) ++version;
    RL_ASSERT(version < 4 && "no value of this key's");
    return version;
  }

  shard_type* shard_ = nullptr;
};

constexpr std::uint64_t a = key_of(7, 0, 1);
constexpr std::uint64_t b = key_of(7, 0, 2);  // in the same bucket as a, with its tophash
constexpr std::uint64_t c = key_of(9, 0, 3);  // in the same bucket
constexpr std::uint64_t d = key_of(7, 1, 4);  // in the same bucket until there are two
constexpr std::uint64_t e = key_of(7, 3, 5);  // in d's bucket until there are four

// ---- entries that come, change and go

template <class Layout>
struct first_insertion : program<first_insertion<Layout>, 2, Layout> {
  void thread(unsigned index) {
    if (index == 0) {
      this->insert(a, 1);
    } else {
      (void)this->read(a);
    }
  }
  void in_the_end() { RL_ASSERT(this->read(a) == 1); }
};
TEST(ShardModel, FirstInsertion) {
  EXPECT_TRUE(model::holds<first_insertion<words>>(every_schedule));
  EXPECT_TRUE(model::holds<first_insertion<pairs>>(every_schedule_with(3)));
}

// A reader that has seen that there is no array takes no part of the first one for it.
struct first_array : program<first_array, 2, words> {
  void thread(unsigned index) {
    if (index == 0) {
      grow_to(2, 1);
    } else {
      RL_ASSERT(read(d) <= absent);
    }
  }
};
TEST(ShardModel, FirstArrayOfSeveralBuckets) {
  EXPECT_TRUE(model::holds<first_array>(every_schedule_with(3)));
}

// The reader's key is there all the time.
struct insertion_beside : program<insertion_beside, 2, pairs> {
  void set_up() { insert(a, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      insert(b, 1);
    } else {
      RL_ASSERT(read(a) != absent);
    }
  }
};
TEST(ShardModel, InsertionBesideTheKey) {
  EXPECT_TRUE(model::holds<insertion_beside>(every_schedule_with(3)));
}

template <class Layout, bool AnyBits>
struct insertion : program<insertion<Layout, AnyBits>, 2, Layout> {
  void set_up() { this->insert(a, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      this->insert(b, 1);
    } else {
      (void)this->template read<AnyBits>(b);
    }
  }
};
TEST(ShardModel, Insertion) {
  EXPECT_TRUE((model::holds<insertion<pairs, true>>(every_schedule)));
  EXPECT_TRUE((model::holds<insertion<wide_keys, false>>(every_schedule_with(3))));
}

// One slot, two keys of one tophash.
template <class Layout, bool AnyBits, std::uint64_t Read>
struct reuse_of_a_slot : program<reuse_of_a_slot<Layout, AnyBits, Read>, 2, Layout> {
  void set_up() { this->insert(a, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      this->erase(a);
      this->insert(b, 1);
    } else {
      (void)this->template read<AnyBits>(Read);
    }
  }
  void in_the_end() {
    RL_ASSERT(this->read(a) == absent);
    RL_ASSERT(this->read(b) == 1);
  }
};
TEST(ShardModel, ReuseOfASlot) {
  EXPECT_TRUE((model::holds<reuse_of_a_slot<words, true, a>>(every_schedule_with(3))));
  EXPECT_TRUE((model::holds<reuse_of_a_slot<pairs, true, b>>(every_schedule_with(3))));
  EXPECT_TRUE((model::holds<reuse_of_a_slot<wide_keys, false, a>>(every_schedule_with(3))));
}

template <class Layout>
struct overwriting : program<overwriting<Layout>, 2, Layout> {
  void set_up() { this->insert(a, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      this->assign(a, 2);
      this->visit(a, 3);
    } else {
      const int first = this->read(a);
      const int second = this->read(a);
      RL_ASSERT(first != absent && second != absent);
      RL_ASSERT(second == disturbed || second >= first);
    }
  }
};
TEST(ShardModel, Overwriting) {
  EXPECT_TRUE(model::holds<overwriting<words>>(every_schedule));
  EXPECT_TRUE(model::holds<overwriting<pairs>>(every_schedule_with(3)));
}

// Who has seen the second of two writes sees the first.
template <class Layout>
struct overwriting_in_turn : program<overwriting_in_turn<Layout>, 2, Layout> {
  void set_up() {
    this->insert(a, 1);
    this->insert(c, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->assign(a, 2);
      this->assign(c, 2);
    } else if (this->read(c) == 2) {
      RL_ASSERT(this->read(a) == 2);
    }
  }
};
TEST(ShardModel, OverwritingInTurn) {
  EXPECT_TRUE(model::holds<overwriting_in_turn<words>>(every_schedule));
  EXPECT_TRUE(model::holds<overwriting_in_turn<pairs>>(every_schedule_with(3)));
}

struct clearing : program<clearing, 2, words> {
  void set_up() { insert(a, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      clear();
      insert(b, 1);
    } else {
      (void)read(a);
    }
  }
  void in_the_end() { RL_ASSERT(read(a) == absent); }
};
TEST(ShardModel, Clearing) { EXPECT_TRUE(model::holds<clearing>(every_schedule_with(3))); }

// ---- two keys: who finds what one call did finds what went before it

// The second call is on another key.
template <class Layout, std::uint64_t Second>
struct overwriting_one_after_the_other
    : program<overwriting_one_after_the_other<Layout, Second>, 2, Layout> {
  void set_up() {
    this->insert(a, 1);
    this->insert(Second, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->assign(a, 2);
      this->assign(Second, 2);
    } else if (this->read(Second) == 2) {
      RL_ASSERT(this->read(a) != 1 && "the first call is not over yet");
    }
  }
};
TEST(ShardModel, OverwritingOneAfterTheOther) {
  EXPECT_TRUE((model::holds<overwriting_one_after_the_other<words, d>>(every_schedule_with(3))));
  EXPECT_TRUE((model::holds<overwriting_one_after_the_other<pairs, b>>(every_schedule_with(3))));
}

// An entry that is gone tells as much as one that has come.
template <bool EraseFirst>
struct coming_and_going : program<coming_and_going<EraseFirst>, 2, words> {
  void set_up() { this->insert(a, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      if (EraseFirst) this->erase(a);
      this->insert(d, 1);
      if (!EraseFirst) this->erase(a);
    } else if (EraseFirst) {
      if (this->read(d) == 1) RL_ASSERT(this->read(a) != 1 && "it is erased before d comes");
    } else if (this->read(a) == absent) {
      RL_ASSERT(this->read(d) != absent && "it comes before a goes");
    }
  }
};
TEST(ShardModel, ComingAndGoing) {
  EXPECT_TRUE(model::holds<coming_and_going<true>>(every_schedule_with(3)));
  EXPECT_TRUE(model::holds<coming_and_going<false>>(every_schedule_with(3)));
}

// ---- growth: what is there throughout is found throughout

// From one bucket to two, at once. d moves, a stays.
template <class Layout, std::uint64_t Read>
struct doubling : program<doubling<Layout, Read>, 2, Layout> {
  void set_up() {
    this->insert(a, 1);
    this->insert(d, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->grow_to(1, 2);
    } else {
      RL_ASSERT(this->read(Read) != absent);
    }
  }
  void in_the_end() { RL_ASSERT(!this->table().growing() && this->table().buckets() == 2); }
};
TEST(ShardModel, Doubling) {
  EXPECT_TRUE((model::holds<doubling<words, a>>(every_schedule_with(3))));
  EXPECT_TRUE((model::holds<doubling<words, d>>(every_schedule_with(3))));
}
TEST(ShardModel, DoublingInPlace) {
  EXPECT_TRUE((model::holds<doubling<pairs_in_place, a>>(every_schedule_with(3))));
  EXPECT_TRUE((model::holds<doubling<pairs_in_place, d>>(every_schedule_with(3))));
}

// From two buckets to four, one chain after the other, and on: the old array serves as overflow
// buckets from then on.
template <class Layout, std::uint64_t Read>
struct doubling_in_steps : program<doubling_in_steps<Layout, Read>, 2, Layout> {
  void set_up() {
    this->grow_to(1, 1);
    this->insert(a, 1);
    this->insert(d, 1);
    this->insert(e, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->grow_to(2, 1);
      this->grow_to(2, 1);
    } else {
      RL_ASSERT(this->read(Read) != absent);
    }
  }
  void in_the_end() { RL_ASSERT(!this->table().growing() && this->table().buckets() == 4); }
};
TEST(ShardModel, DoublingInSteps) {
  EXPECT_TRUE((model::holds<doubling_in_steps<words, a>>(every_schedule_with(2))));
  EXPECT_TRUE((model::holds<doubling_in_steps<words, d>>(every_schedule_with(2))));
  EXPECT_TRUE((model::holds<doubling_in_steps<words, e>>(every_schedule_with(2))));
}
TEST(ShardModel, DoublingInStepsInPlace) {
  EXPECT_TRUE((model::holds<doubling_in_steps<words_in_place, a>>(every_schedule_with(2))));
  EXPECT_TRUE((model::holds<doubling_in_steps<words_in_place, d>>(every_schedule_with(2))));
  EXPECT_TRUE((model::holds<doubling_in_steps<words_in_place, e>>(every_schedule_with(2))));
}

// Insertions, erasures and a clear while the split mark stands in the middle.
template <class Layout>
struct writes_in_a_growth : program<writes_in_a_growth<Layout>, 2, Layout> {
  void set_up() {
    this->grow_to(1, 1);
    this->insert(a, 1);
    this->insert(d, 1);
    this->grow_to(2, 1);
    RL_ASSERT(this->table().growing());
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->erase(d);
      this->insert(e, 1);  // carries the growth on
      this->clear();
      this->insert(d, 2);
    } else {
      RL_ASSERT(this->read(d) != 3);
      RL_ASSERT(this->read(e) <= 1);
    }
  }
  void in_the_end() {
    RL_ASSERT(this->read(a) == absent && this->read(d) == 2 && this->read(e) == absent);
  }
};
TEST(ShardModel, WritesInAGrowth) {
  EXPECT_TRUE((model::holds<writes_in_a_growth<words>>(every_schedule_with(2))));
  EXPECT_TRUE((model::holds<writes_in_a_growth<pairs_in_place>>(every_schedule_with(2))));
}

// The reader's key may be on either side of the mark, or gone.
template <std::uint64_t Read>
struct clearing_in_a_growth : program<clearing_in_a_growth<Read>, 2, words> {
  void set_up() {
    this->grow_to(1, 1);
    this->insert(a, 1);
    this->insert(d, 1);
    this->grow_to(2, 1);
    RL_ASSERT(this->table().growing());
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->clear();
    } else {
      (void)this->read(Read);
    }
  }
  void in_the_end() { RL_ASSERT(this->read(Read) == absent && this->table().size() == 0); }
};
TEST(ShardModel, ClearingInAGrowth) {
  EXPECT_TRUE(model::holds<clearing_in_a_growth<a>>(every_schedule_with(2)));
  EXPECT_TRUE(model::holds<clearing_in_a_growth<d>>(every_schedule_with(2)));
}

// A growth of the same size, which moves c out of an overflow bucket.
struct compaction : program<compaction, 2, words> {
  void set_up() {
    grow_to(1, 1);
    for (const unsigned bucket : {0u, 1u}) {
      fill_bucket(bucket);
      insert(bucket == 0 ? c : key_of(9, 1), 1);
      for (unsigned i = 0; i < gomap::detail::slots_per_bucket; ++i) erase(key_of(101 + i, bucket));
    }
    insert(a, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      insert(b, 1);
    } else {
      RL_ASSERT(read(c) != absent);
    }
  }
  void in_the_end() {
    RL_ASSERT(table().stats().growths_same_size == 1 && table().stats().overflow_buckets == 0);
  }
};
TEST(ShardModel, Compaction) { EXPECT_TRUE(model::holds<compaction>(every_schedule_with(2))); }

struct prefetching : program<prefetching, 2, words> {
  void set_up() { insert(d, 1); }
  void thread(unsigned index) {
    if (index == 0) {
      grow_to(1, 1);
    } else {
      prefetch(d);
    }
  }
};
TEST(ShardModel, Prefetching) { EXPECT_TRUE(model::holds<prefetching>(every_schedule_with(2))); }

// ---- overflow buckets

// One is linked behind a full bucket, and unlinked.
template <std::uint64_t Read>
struct overflow : program<overflow<Read>, 2, pairs> {
  void set_up() {
    this->grow_to(1, 1);
    this->fill_bucket(0);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->insert(a, 1);
      this->erase(a);
    } else {
      const int found = this->read(Read);
      RL_ASSERT(Read == a || found != absent);
    }
  }
  void in_the_end() { RL_ASSERT(this->table().stats().overflow_buckets == 0); }
};
TEST(ShardModel, AnOverflowBucket) {
  EXPECT_TRUE(model::holds<overflow<a>>(every_schedule_with(3)));
  EXPECT_TRUE((model::holds<overflow<key_of(101, 0)>>(every_schedule_with(2))));
}

// One holds two entries. When one of them goes, the filter that leads there is made anew; when all
// do, one after the other, what is gone does not come again.
template <bool Clears>
struct erasure_beside : program<erasure_beside<Clears>, 2, words> {
  void set_up() {
    this->grow_to(1, 1);
    this->fill_bucket(0);
    this->insert(a, 1);
    this->insert(c, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      Clears ? this->clear() : this->erase(a);
    } else if (this->read(c) == absent) {
      RL_ASSERT(Clears && this->read(c) != 1 && "it was gone");
    }
  }
};
TEST(ShardModel, ErasureBesideTheKeyInAnOverflowBucket) {
  EXPECT_TRUE(model::holds<erasure_beside<false>>(every_schedule_with(3)));
}

TEST(ShardModel, ClearingAnOverflowBucket) {
  EXPECT_TRUE(model::holds<erasure_beside<true>>(every_schedule_with(3)));
}

// Behind it is another. A reader in a bucket that is unlinked does not take its end for the chain's.
template <bool Clears>
struct unlinking_beside : program<unlinking_beside<Clears>, 2, words> {
  void set_up() {
    this->grow_to(1, 1);
    this->fill_bucket(0);
    this->insert(a, 1);
    for (unsigned i = 1; i < gomap::detail::slots_per_bucket; ++i) this->insert(filler(i), 1);
    this->insert(c, 1);
    for (unsigned i = 1; i < gomap::detail::slots_per_bucket; ++i) this->erase(filler(i));
    RL_ASSERT(this->table().stats().overflow_buckets == 2);
  }
  void thread(unsigned index) {
    if (index == 0) {
      Clears ? this->clear() : this->erase(a);
    } else if (this->read(c) == absent) {
      RL_ASSERT(Clears && this->read(c) != 1 && "it was gone");
    }
  }
  static std::uint64_t filler(unsigned i) { return key_of(7, 0, 10 + i); }
};
TEST(ShardModel, UnlinkingBesideTheKey) {
  EXPECT_TRUE(model::holds<unlinking_beside<false>>(every_schedule_with(3)));
  EXPECT_TRUE(model::holds<unlinking_beside<true>>(every_schedule_with(2)));
}

// One goes from chain to chain; what it held and what it holds have one tophash.
template <class Layout, bool AnyBits, std::uint64_t Read>
struct reuse_of_an_overflow_bucket
    : program<reuse_of_an_overflow_bucket<Layout, AnyBits, Read>, 2, Layout> {
  void set_up() {
    this->grow_to(1, 1);
    this->grow_to(2, 2);
    this->fill_bucket(0);
    this->fill_bucket(1);
    this->insert(a, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->erase(a);
      this->insert(d, 1);
    } else {
      (void)this->template read<AnyBits>(Read);
    }
  }
  void in_the_end() { RL_ASSERT(this->read(d) == 1); }
};
TEST(ShardModel, ReuseOfAnOverflowBucket) {
  EXPECT_TRUE((model::holds<reuse_of_an_overflow_bucket<words, true, a>>(every_schedule_with(2))));
  EXPECT_TRUE((model::holds<reuse_of_an_overflow_bucket<pairs, true, d>>(every_schedule_with(2))));
  EXPECT_TRUE(
      (model::holds<reuse_of_an_overflow_bucket<wide_keys, false, a>>(every_schedule_with(2))));
}

// A bucket of an old array becomes an overflow bucket while a reader may be there.
struct old_array_as_overflow : program<old_array_as_overflow, 2, words> {
  void set_up() {
    grow_to(1, 1);
    fill_bucket(0);
    insert(d, 1);
  }
  void thread(unsigned index) {
    if (index == 0) {
      grow_to(2, 2);
      insert(a, 1);
    } else {
      RL_ASSERT(read(d) != absent);
    }
  }
};
TEST(ShardModel, AnOldArrayAsOverflowBucket) {
  EXPECT_TRUE(model::holds<old_array_as_overflow>(every_schedule_with(2)));
}

// What a large old array held may turn into anything while a reader is there: no link of that is
// followed.
struct discarded_array : program<discarded_array, 2, large_values> {
  static constexpr unsigned last = 63;
  void set_up() {
    grow_to(6, 1);
    insert(key_of(7, last), 1);
    grow_to(7, last);
  }
  void thread(unsigned index) {
    if (index == 0) {
      grow_to(7, 1);
    } else {
      RL_ASSERT(read(key_of(7, last)) != absent);
    }
  }
  void in_the_end() { RL_ASSERT(!table().growing() && table().buckets() == 128); }
};
TEST(ShardModel, ADiscardedArray) {
  EXPECT_TRUE(model::holds<discarded_array>(every_schedule_with(1)));
}

// ---- two writers and their lock, readers with and without it

template <class Layout>
struct writers_and_readers : program<writers_and_readers<Layout>, 4, Layout> {
  void set_up() {
    this->insert(a, 1);
    this->insert(d, 1);
  }
  void thread(unsigned index) {
    switch (index) {
      case 0:
        this->erase(a);
        this->insert(b, 1);
        this->grow_to(1, 1);
        break;
      case 1:
        this->assign(d, 2);
        this->insert(e, 1);
        this->visit(d, 3);
        break;
      case 2: {
        const int first = this->read(d);
        const int second = this->read_locked(d);
        const int third = this->read(d);
        RL_ASSERT(first != absent && second >= 1 && second >= first);
        RL_ASSERT(third == disturbed || third >= second);
        break;
      }
      default:
        if (this->read(b) == 1) RL_ASSERT(this->read(a) <= absent);
        if (this->read_locked(e) == 1) RL_ASSERT(this->read(d) != 1);
    }
  }
  void in_the_end() {
    RL_ASSERT(this->read(a) == absent && this->read(b) == 1);
    RL_ASSERT(this->read(d) == 3 && this->read(e) == 1);
    RL_ASSERT(this->table().size() == 3);
  }
};
TEST(ShardModel, WritersAndReaders) {
  EXPECT_TRUE(model::holds<writers_and_readers<locked_words>>(random_schedules(20'000)));
  EXPECT_TRUE(model::holds<writers_and_readers<locked_pairs_in_place>>(random_schedules(20'000)));
}

}  // namespace
