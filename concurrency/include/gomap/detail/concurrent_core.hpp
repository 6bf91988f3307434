// concurrent_core.hpp -- the shards of one concurrent map, and the few ways in which it uses them.
//
//   hash:  [ tophash 8 | .. | shard 16 | bucket index 32 ]
//
// The shard comes from the middle of the hash. The low bits select the bucket and the top bits are
// the tophash; if all entries of a shard had one of these in common, its table would be bad.
//
// A key is read without a lock where reads_take_no_lock() allows it, else under the shard's shared
// lock: read(). It is written under the exclusive lock: exclusive_shard. All of concurrent_map is
// made of these two, and of walks that hold one lock for one class of entries at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

#include <gomap/allocator_concepts.hpp>
#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/held_locks.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/seed.hpp>
#include <gomap/detail/shard.hpp>
#include <gomap/detail/shard_array.hpp>
#include <gomap/detail/table.hpp>
#include <gomap/detail/waiting.hpp>
#include <gomap/detail/words.hpp>
#include <gomap/hash.hpp>
#include <gomap/misuse.hpp>
#include <gomap/scan_cursor.hpp>
#include <gomap/self_contained.hpp>

namespace gomap::detail {

// The largest entry that is read without a lock. A copy takes 0.4 ns a word, and is made again if
// any entry of the shard is written meanwhile. Under the lock the same bytes take a third of the
// time or less. Measured with one and two threads (ns a read of 256 B, 1 KiB,
// 4 KiB, 64 KiB): 29, 83, 260, 3500 without the lock, 19, 33, 86, 1170 with it. What the lock costs
// beyond that, when other processors have its cache line, is made up for by about a kilobyte.
inline constexpr std::size_t max_bytes_without_lock = 1024;

// Whether readers of such a map go without a lock.
template <class Key, class T, class KeyEqual, class Allocator>
[[nodiscard]] constexpr bool reads_take_no_lock() noexcept {
  using entries = entry_traits<Key, T, Allocator>;
  return entries::moves_as_bytes() && is_self_contained<Key, KeyEqual> &&
         sizeof(typename entries::value_type) <= max_bytes_without_lock &&
         type_stable_allocator<typename entries::allocator_type>;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
class concurrent_core {
 public:
  static constexpr bool optimistic = reads_take_no_lock<Key, T, KeyEqual, Allocator>();

  using words = std::conditional_t<optimistic, shared_words, locked_words>;
  using table_type = table<Key, T, Allocator, words>;
  using entries = typename table_type::entries;
  using value_type = typename table_type::value_type;
  using position = typename table_type::position;
  using allocator_type = typename table_type::allocator_type;
  using shard_type = shard<table_type, Mutex>;

  static constexpr std::size_t max_shards = std::size_t{1} << 16;

  // `shards` is rounded up to a power of two. 0 means several for each processor, so that two
  // threads seldom use one at the same time.  Throws: std::length_error for more than max_shards;
  // std::bad_alloc.
  concurrent_core(std::size_t shards, std::uint64_t seed, const Hash& hash, const KeyEqual& equal,
                  const allocator_type& allocator)
      : hash_(hash), equal_(equal), seed_(seed), shards_(rounded(shards), allocator) {
    (void)shards_.all();
  }
  // Takes everything, in O(1). `other` is then empty, with a new seed and as many shards. It keeps
  // its hash and equality, unless only moving them cannot fail.
  concurrent_core(concurrent_core&& other) noexcept(nothrow_taken<Hash>&& nothrow_taken<KeyEqual>)
      : hash_(taken_from(other.hash_)),
        equal_(taken_from(other.equal_)),
        seed_(std::exchange(other.seed_, random_seed())),
        shards_(std::move(other.shards_)) {}
  // An empty one with the shards, hash and equality of `other`.
  concurrent_core(const concurrent_core& other, const allocator_type& allocator)
      : hash_(other.hash_),
        equal_(other.equal_),
        seed_(random_seed()),
        shards_(other.shard_count(), allocator) {}
  concurrent_core& operator=(concurrent_core&&) = delete;

  // Exchanges everything but the identities and the allocators.  Requires: no other thread uses
  // either; the allocators are equal, or exchanged next.
  void swap(concurrent_core& other) noexcept(
      std::is_nothrow_swappable_v<Hash>&& std::is_nothrow_swappable_v<KeyEqual>) {
    using std::swap;
    swap(hash_, other.hash_);
    swap(equal_, other.equal_);
    swap(seed_, other.seed_);
    shards_.swap(other.shards_);
  }
  void swap_allocators(concurrent_core& other) noexcept { shards_.swap_allocators(other.shards_); }

  [[nodiscard]] const Hash& hash() const noexcept { return hash_; }
  [[nodiscard]] const KeyEqual& equal() const noexcept { return equal_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return shards_.allocator(); }
  [[nodiscard]] const map_identity& identity() const noexcept { return identity_; }
  // While the returned object exists, only one thread uses the map; see map_identity.
  [[nodiscard]] map_identity::used_alone used_alone() noexcept {
    return map_identity::used_alone(identity_);
  }

  [[nodiscard]] std::size_t shard_count() const noexcept { return shards_.size(); }
  [[nodiscard]] std::size_t shard_index(std::uint64_t hash) const noexcept {
    return static_cast<std::uint32_t>(hash >> shard_shift) & shards_.mask();
  }
  // The shards that have been made: none, if the map was moved from and has not been used since.
  [[nodiscard]] std::span<shard_type> shards() const noexcept { return shards_.made(); }
  // Throw: what the allocator throws, if the shards have to be made.
  [[nodiscard]] shard_type& shard_at(std::size_t index) const { return shards_[index]; }
  [[nodiscard]] shard_type& shard_of(std::uint64_t hash) const {
    return shards_[shard_index(hash)];
  }

  // Whether two keys are one: two Keys, or what is comparable with one.
  template <class A, class B>
  [[nodiscard]] bool are_equal(const A& a, const B& b) const {
    return detail::are_equal(equal_, a, b);
  }
  template <class K>
  [[nodiscard]] std::uint64_t hash_key(const K& key) const {
    return hash_with(hash_, key, seed_);
  }
  // Hashes any key, for evacuation.
  struct hasher_of_keys {
    const concurrent_core& core;
    std::uint64_t operator()(const Key& key) const
        noexcept(noexcept(hash_with(std::declval<const Hash&>(), key, std::uint64_t{}))) {
      return hash_with(core.hash_, key, core.seed_);
    }
  };
  [[nodiscard]] hasher_of_keys hash_of() const noexcept { return {*this}; }

  // Prefetch the memory where a key with this hash would be: first the header; then, when that has
  // arrived, the slot. They do nothing where readers take the lock: there the words may be read
  // only under the lock.
  void prefetch(std::uint64_t hash) const noexcept {
    if constexpr (optimistic) {
      const shard_type* const all = shards_.if_made();
      if (all == nullptr) return;
      const shard_type& shard = all[shard_index(hash)];
      shard.table.prefetch_optimistically(hash, shard.unchanged());
    }
  }
  void prefetch_match(std::uint64_t hash) const noexcept {
    if constexpr (optimistic) {
      const shard_type* const all = shards_.if_made();
      if (all == nullptr) return;
      const shard_type& shard = all[shard_index(hash)];
      shard.table.prefetch_match_optimistically(hash, shard.unchanged());
    }
  }

  // A shard whose lock this thread holds exclusively, inside a lock_scope.
  class locked_shard {
   public:
    // Waits for the lock.
    locked_shard(const concurrent_core& core, shard_type& shard, operation op)
        : core_(core), shard_(shard) {
      shard.mutex.lock();
      shard.holder.set(op);
    }
    // Does not wait: owns() tells.
    locked_shard(const concurrent_core& core, shard_type& shard, operation op, std::try_to_lock_t)
        : core_(core), shard_(shard), owns_(shard.mutex.try_lock()) {
      if (owns_) shard.holder.set(op);
    }
    locked_shard(const locked_shard&) = delete;
    locked_shard& operator=(const locked_shard&) = delete;
    ~locked_shard() {
      if (!owns_) return;
      shard_.holder.clear();
      shard_.mutex.unlock();
    }

    [[nodiscard]] bool owns() const noexcept { return owns_; }
    [[nodiscard]] table_type& table() const noexcept { return shard_.table; }

    template <class K>
    [[nodiscard]] position find(const K& key, std::uint64_t hash) const {
      return core_.find_in(shard_.table, key, hash);
    }

    // The functions of a shard, for callers that know the key.
    template <class... Args>
    position insert(std::uint64_t hash, Args&&... args) const {
      return shard_.insert(hash, core_.hash_of(), std::forward<Args>(args)...);
    }
    template <class Look, class... Args>
    position insert_seen(const Look& look, std::uint64_t hash, Args&&... args) const {
      return shard_.insert_seen(look, hash, core_.hash_of(), std::forward<Args>(args)...);
    }
    void erase(position at, std::uint64_t hash) const noexcept { shard_.erase(at, hash); }
    void erase_below(position at, typename table_type::bucket_type* head) const noexcept {
      shard_.erase_below(at, head);
    }
    std::size_t clear_class(scan_cursor& cursor) const {
      return shard_.clear_class(cursor, core_.hash_of());
    }
    bool grow_to(unsigned bits, std::size_t chains) const {
      return shard_.grow_to(bits, chains, core_.hash_of());
    }
    template <class M>
    void assign(position at, M&& value) const {
      shard_.assign(at, std::forward<M>(value));
    }
    template <class F>
    void visit(position at, F&& f) const {
      shard_.visit(at, std::forward<F>(f));
    }
    template <class F>
    [[nodiscard]] bool visit_to_erase(position at, F&& f) const {
      return shard_.visit_to_erase(at, std::forward<F>(f));
    }

   private:
    const concurrent_core& core_;
    shard_type& shard_;
    bool owns_ = true;
  };

  // The one shard that a call locks exclusively.  Throws: what a fatal handler throws, see
  // lock_scope.
  class exclusive_shard : private lock_scope, public locked_shard {
   public:
    template <class... Try>
    exclusive_shard(const concurrent_core& core, shard_type& shard, operation op,
                    Try... try_to_lock)
        : lock_scope(core.identity_, op, try_to_lock...),
          locked_shard(core, shard, op, try_to_lock...) {}
  };

  // The one shard that a call locks, shared.  Throws: as above.
  class shared_shard : private lock_scope {
   public:
    shared_shard(const concurrent_core& core, shard_type& shard, operation op)
        : lock_scope(core.identity_, op), core_(core), shard_(shard) {
      shard.mutex.lock_shared();
    }
    // Does not wait: owns() tells.
    shared_shard(const concurrent_core& core, shard_type& shard, operation op, std::try_to_lock_t t)
        : lock_scope(core.identity_, op, t),
          core_(core),
          shard_(shard),
          owns_(shard.mutex.try_lock_shared()) {}
    shared_shard(const shared_shard&) = delete;
    shared_shard& operator=(const shared_shard&) = delete;
    ~shared_shard() {
      if (owns_) shard_.mutex.unlock_shared();
    }

    [[nodiscard]] bool owns() const noexcept { return owns_; }
    [[nodiscard]] const table_type& table() const noexcept { return shard_.table; }
    template <class K>
    [[nodiscard]] const value_type* find(const K& key, std::uint64_t hash) const {
      const position at = core_.find_in(shard_.table, key, hash);
      return at ? at.entry() : nullptr;
    }

   private:
    const concurrent_core& core_;
    shard_type& shard_;
    bool owns_ = true;
  };

  // The shared locks of all shards, taken in order of their index.
  class all_shared : private lock_scope {
   public:
    all_shared(const concurrent_core& core, operation op)
        : lock_scope(core.identity_, op), shards_(core.shards()) {
      for (; locked_ < shards_.size(); ++locked_) shards_[locked_].mutex.lock_shared();
    }
    all_shared(const all_shared&) = delete;
    all_shared& operator=(const all_shared&) = delete;
    ~all_shared() {
      while (locked_ > 0) shards_[--locked_].mutex.unlock_shared();
    }

    template <class F>
    void for_each(const F& f) const {
      for (const shard_type& shard : shards_) shard.table.for_each(f);
    }

   private:
    std::span<shard_type> shards_;
    std::size_t locked_ = 0;
  };

  // Calls f(entry) for every entry.  Requires: no other thread uses the map.
  template <class F>
  void for_each(const F& f) {
    for (shard_type& shard : shards()) shard.table.for_each(f);
  }

  // Reads what the map holds for `key`. Without a lock it calls take_copy(entry), perhaps several
  // times, which copies what it needs by entries::load_key() and load_value(). Under the shared
  // lock it calls in_place(entry). Returns whether the key is there.
  // Throws: what the comparison and the functions throw.
  // always_inline: as shard::try_to_read().
  template <class K, class TakeCopy, class InPlace>
  [[gnu::always_inline]] inline bool read(const K& key, std::uint64_t hash, operation op,
                                          TakeCopy&& take_copy, InPlace&& in_place) const {
    shard_type* const all = shards_.if_made();
    if (all == nullptr) [[unlikely]]
      return false;
    shard_type& shard = all[shard_index(hash)];
    if constexpr (optimistic && compares_in_place<Key, K>()) {
      const reading found = try_to_read(shard, key, hash, take_copy);
      if (found != reading::disturbed) [[likely]]
        return found == reading::present;
    }
    return read_patiently(shard, key, hash, op, take_copy, in_place);
  }

  // Calls f(shard, step) for each class of entries in turn, under a lock of Hold's kind; no lock is
  // held between two classes. f calls step(visit) once. Ends early when f returns false.
  template <class Hold, class F>
  bool walk(operation op, F&& f) const {
    for (shard_type& shard : shards()) {
      if (!walk_shard<Hold>(shard, op, f)) return false;
    }
    return true;
  }
  template <class Hold, class F>
  bool walk_shard(shard_type& shard, operation op, F&& f) const {
    for (scan_cursor cursor; !cursor.done();) {
      const Hold in(*this, shard, op);
      if (!f(in, [&](auto&& visit) {
            scan_access::step(in.table(), hash_of(), cursor, std::forward<decltype(visit)>(visit));
          })) {
        return false;
      }
    }
    return true;
  }

  // Calls visit(shard, position) for the entries of the cursor's class, under a lock of Hold's
  // kind, and moves the cursor to the next class.
  template <class Hold, class Visit>
  void scan_class(scan_cursor& cursor, operation op, Visit&& visit) const {
    const std::size_t index = scan_access::shard(cursor);
    if (index >= shard_count())
      GOMAP_THROW(std::out_of_range("gomap: a scan cursor of another map"));
    {
      const Hold in(*this, shards_[index], op);
      scan_access::step(in.table(), hash_of(), cursor, [&](position at, auto*) { visit(in, at); });
    }
    scan_access::leave_shard_if_done(cursor, shard_count());
  }

  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t sum = 0;
    for (const shard_type& shard : shards()) sum += shard.table.size();
    return sum;
  }

  // Reports a thread that is still in one of the map's calls.
  void check_unused(operation op) const {
    const lock_scope scope(identity_, op, std::try_to_lock);
    for (shard_type& shard : shards()) {
      if (shard.mutex.try_lock()) {
        shard.mutex.unlock();
      } else {
        fatal(make_report(misuse_kind::destroyed_in_use, op, shard.holder.doing(),
                          this_thread_number(), shard.holder.thread()));
      }
    }
  }

 private:
  static constexpr unsigned shard_shift = 32;
  // How often a reader tries again without the lock. Writes are short, so it seldom has to; but if
  // one shard is written all the time, it would try for ever.
  static constexpr int patience = 16;

  // A function object of a map that is moved from. It is copied, so that the map can still be used;
  // it is moved if a copy could fail and a move could not.
  template <class F>
  static decltype(auto) taken_from(F& function) noexcept {
    if constexpr (std::is_nothrow_copy_constructible_v<F> ||
                  !std::is_nothrow_move_constructible_v<F>) {
      return std::as_const(function);
    } else {
      return std::move(function);
    }
  }
  template <class F>
  static constexpr bool nothrow_taken =
      std::is_nothrow_copy_constructible_v<F> || std::is_nothrow_move_constructible_v<F>;

  [[nodiscard]] static std::size_t rounded(std::size_t shards) {
    if (shards > max_shards)
      GOMAP_THROW(std::length_error("gomap: more shards than a map can have"));
    return std::bit_ceil(shards == 0 ? default_shards() : shards);
  }
  [[nodiscard]] static std::size_t default_shards() noexcept {
    const std::size_t processors = std::thread::hardware_concurrency();
    return std::clamp<std::size_t>(8 * processors, 16, 1024);
  }

  template <class K>
  [[nodiscard]] position find_in(const table_type& table, const K& key, std::uint64_t hash) const {
    return table.find(hash, [&](const Key& other) -> bool { return are_equal(other, key); });
  }

  // Whether comparing a key whose bytes may not belong together is harmless. It is for scalars,
  // whose comparison runs no user code; but not for bool, which has only two valid values.
  template <class K>
  static constexpr bool takes_any_bits() noexcept {
    return compared_as_scalars<Key, K> && !std::is_same_v<Key, bool> &&
           (std::is_same_v<KeyEqual, std::equal_to<>> ||
            std::is_same_v<KeyEqual, std::equal_to<Key>>);
  }

  // One try without the lock.
  template <class K, class TakeCopy>
  [[nodiscard, gnu::always_inline]] inline reading try_to_read(const shard_type& shard,
                                                               const K& key, std::uint64_t hash,
                                                               TakeCopy& take_copy) const {
    return shard.template try_to_read<takes_any_bits<K>()>(
        hash, [&](const Key& other) -> bool { return are_equal(other, key); }, take_copy);
  }

  // The rest of read(): more tries, then the shared lock. If this thread holds a lock, the shared
  // lock is only tried: a read that takes no lock while nobody writes must not take part in the
  // order of locks while somebody does.
  template <class K, class TakeCopy, class InPlace>
  [[gnu::noinline]] bool read_patiently(shard_type& shard, const K& key, std::uint64_t hash,
                                        operation op, TakeCopy& take_copy,
                                        InPlace& in_place) const {
    if constexpr (optimistic && compares_in_place<Key, K>()) {
      for (;;) {
        for (int attempt = 0; attempt < patience; ++attempt) {
          pause();
          const reading found = try_to_read(shard, key, hash, take_copy);
          if (found != reading::disturbed) return found == reading::present;
        }
        if (!lock_scope::any_held()) break;
        if (!may_try_lock()) continue;
        if (const shared_shard in(*this, shard, op, std::try_to_lock); in.owns()) {
          return read_locked(in, key, hash, in_place);
        }
      }
    }
    return read_locked(shared_shard(*this, shard, op), key, hash, in_place);
  }
  template <class K, class InPlace>
  static bool read_locked(const shared_shard& in, const K& key, std::uint64_t hash,
                          InPlace& in_place) {
    const value_type* const entry = in.find(key, hash);
    if (entry != nullptr) in_place(*entry);
    return entry != nullptr;
  }

  // For a reader whose thread holds a lock. Yields to other threads; then tells whether the thread
  // holds no lock of this map. If it does, the reader goes on trying: what another thread writes ends
  // some time, and this one runs nothing of a user's in the middle of a change (shard.hpp).
  [[nodiscard]] bool may_try_lock() const {
    std::this_thread::yield();
    return lock_scope::held(identity_) == operation::none;
  }

  [[no_unique_address]] Hash hash_;
  [[no_unique_address]] KeyEqual equal_;
  std::uint64_t seed_;
  shard_array<shard_type, allocator_type> shards_;
  map_identity identity_;
};

}  // namespace gomap::detail
