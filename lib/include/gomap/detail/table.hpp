// table.hpp -- the hash table: find, insert and erase by (hash, key), and growth by split mark.
//
//                  0                     split                n
//   old array      | given back          | not evacuated yet  |
//   current array  | evacuated           | never written yet  | and the same once more, up to 2n
//
// When a table passes its load limit, it gets an array of twice the buckets, and the old one is
// evacuated in index order. `split_` is the first old bucket that is not evacuated. So one
// comparison tells a lookup which array a chain is in, no bucket needs a mark, and the evacuated
// part can be given back while the growth goes on. Only the insertion of a new key moves entries.
//
// Where the allocator can extend the array, it grows in place: the marks are the same, but old and
// current array begin at the same address, and only entries of the upper half move. A same-size
// growth, which compacts chains, is also in place.
//
// The table never hashes by itself: callers pass a hash with each key, and a function that hashes
// keys for evacuation. The hash function, the seed and the lock belong to the front that uses it.
// Not thread-safe, but for find_optimistically() and, with a shared counter, size(). words.hpp says
// which words other threads may read. The long story: lib/README.md.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/allocator_concepts.hpp>
#include <gomap/detail/access.hpp>
#include <gomap/detail/bucket.hpp>
#include <gomap/detail/bucket_memory.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/evacuate.hpp>
#include <gomap/detail/growth.hpp>
#include <gomap/detail/past.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>
#include <gomap/detail/words.hpp>
#include <gomap/map_stats.hpp>

namespace gomap::detail {

// Invariants; check_invariants.hpp verifies them.
//   T1  growing  <=>  there is an array and old_ is set; then split_ <= old_mask_, otherwise
//       old_mask_ is 0 and split_ 1. Without an array, array_ is null and old_ is not.
//   T2  an entry lives in the chain at home(its hash), and no two entries of a chain have equal
//       keys (keys that differ from themselves aside).
//   T3  new bucket j is initialised  <=>  old bucket (j & old_mask_) has been evacuated, or
//       j <= old_mask_ in a growth in place.
//   T4  size_ counts the entries, overflow_ the overflow buckets of all chains.
//   T5  trigger_ is 0 while work is pending. Otherwise it is the load limit; or more, when a growth
//       got no memory and waits for its next try; or less, where 32 bits hold no more.
//   T6  with a full past: an entry in a head that is no guest() was inserted there, and has no
//       number. Of all other entries with one hash at most one has no number.
//   T7  where readers take no lock: what they can reach changes only inside a section, but for what
//       an insertion adds: the entry is built, then its tophash stored, then a fresh bucket linked.
//       The hash and the allocator are called outside. Memory that no chain leads to any more may
//       change outside, too: whoever still reads it began before the section that cut it off, and
//       will notice that.
template <class Key, class T, class Allocator, class Words = plain_words>
class table {
 public:
  using words = Words;
  using entries = entry_traits<Key, T, Allocator, Words>;
  using value_type = typename entries::value_type;
  using allocator_type = typename entries::allocator_type;
  using bucket_type = bucket<value_type, Words>;
  using evacuation_type = evacuation<Key, T, allocator_type, Words>;
  using memory_type = bucket_memory<bucket_type, allocator_type, Words>;
  using past_type = typename Words::past;
  // Whether entries are known by their place only.
  static constexpr bool full = std::is_same_v<past_type, full_past>;
  using numbers_type = typename evacuation_type::numbers_type;

  // Where an entry is, or nowhere.
  struct position : evacuation_type::place_type {
    bool in_head = false;  // find() and insert() say whether it is a head's slot

    [[nodiscard]] explicit operator bool() const noexcept { return this->where != nullptr; }
    [[nodiscard]] value_type* entry() const noexcept {
      value_type* const entry = this->where->slot(this->index);
      if (entry == nullptr) __builtin_unreachable();  // so that callers' tests for null fall away
      return entry;
    }
    [[nodiscard]] tophash top() const noexcept {
      return tophash_at(this->where->tops(), this->index);
    }
  };

  table() noexcept = default;
  explicit table(const allocator_type& allocator) noexcept : allocator_(allocator) {}
  // Takes everything and leaves `other` empty. O(1).
  table(table&& other) noexcept : allocator_(other.allocator_) { swap(other); }
  table(const table&) = delete;
  table& operator=(const table&) = delete;
  table& operator=(table&&) = delete;
  ~table() { destroy(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool growing() const noexcept { return old_ != nullptr && has_array(); }
  [[nodiscard]] unsigned bits() const noexcept {
    return static_cast<unsigned>(std::bit_width(std::size_t{mask_}));
  }
  [[nodiscard]] std::size_t buckets() const noexcept { return mask_ + 1; }
  [[nodiscard]] allocator_type& allocator() noexcept { return allocator_; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return allocator_; }
  [[nodiscard]] unsigned growth_step() const noexcept { return step_; }
  // How many old buckets each new key evacuates; 0 means all at once.
  void growth_step(unsigned n) noexcept {
    step_ = static_cast<std::uint16_t>(
        std::min<unsigned>(n, std::numeric_limits<std::uint16_t>::max()));
  }

  // ---- the probe loop, and all that needs it

  // The entry with this hash whose key `matches`, or nowhere.  Throws: what `matches` throws.
  // always_inline: out of line it takes twice the time, and compilers do not always inline it.
  template <class Matches>
  [[nodiscard, gnu::always_inline]] inline position find(std::uint64_t hash,
                                                         Matches matches) const {
    if (old_ != nullptr) [[unlikely]]
      return find_not_at_rest(hash, matches);
    bucket_type* const head = array_ + (hash & mask_);
    if (mask_ >= buckets_beyond_cache) prefetch_slots(head);
    return probe(direct_access{}, head, hash, matches);
  }

  // The three steps of a lookup among many: prefetch the header; when that has arrived, prefetch
  // the slot that it names; when both have, search. Do each step for a few keys before the next
  // step.
  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(home(hash)); }
  void prefetch_match(std::uint64_t hash) const noexcept {
    if (!has_array()) return;
    bucket_type* const head = home(hash);
    const auto set = head->match(tophash_of(hash));
    if (set) __builtin_prefetch(head->slot(set.first()));
  }
  template <class Matches>
  [[nodiscard]] position find_prefetched(std::uint64_t hash, const Matches& matches) const {
    if (!has_array()) [[unlikely]]
      return {};
    return probe(direct_access{}, home(hash), hash, matches);
  }

  // As find(), for a reader without a lock, beside a writer. `unchanged()` tells whether no write
  // has begun since the read did; the result counts only if unchanged() is still true afterwards.
  // AnyBits: see optimistic_access.  Requires: Words::shared.
  template <bool AnyBits, class Unchanged, class Matches>
  [[nodiscard, gnu::always_inline]] inline position find_optimistically(
      std::uint64_t hash, const Unchanged& unchanged, const Matches& matches) const {
    bucket_type* const head = home_optimistically(hash, unchanged);
    if (head == nullptr) return {};
    prefetch_slots(head);
    return probe(optimistic_access<entries, AnyBits, Unchanged>(unchanged), head, hash, matches);
  }

  // As prefetch() and prefetch_match(), likewise.
  template <class Unchanged>
  void prefetch_optimistically(std::uint64_t hash, const Unchanged& unchanged) const noexcept {
    __builtin_prefetch(home_optimistically(hash, unchanged));
  }
  template <class Unchanged>
  void prefetch_match_optimistically(std::uint64_t hash,
                                     const Unchanged& unchanged) const noexcept {
    bucket_type* const head = home_optimistically(hash, unchanged);
    if (head == nullptr) return;
    const auto set = matcher::match(head->tops_acquire(), tophash_of(hash));
    if (set) __builtin_prefetch(head->slot(set.first()));
  }

  // Adds an entry, which construct(allocator, address) builds. Afterwards continues a growth, or
  // starts one that is due; without memory, or when a hash throws, it is put off to a later
  // insertion. `construct` may read entries of the table: nothing moves before it returns.
  // Requires: no entry with its key is there; `hash` is its hash; hash_of(key) hashes any key.
  // Throws: what `construct` throws, and what the allocator throws if there is no memory for an
  // overflow bucket that is needed; the table is then as before.
  // open_section() returns an object that keeps readers without a lock away while it lives (T7).
  template <class HashOf, class Construct, class OpenSection = unwatched>
  position insert(std::uint64_t hash, const HashOf& hash_of, const Construct& construct,
                  const OpenSection& open_section = {}) {
    if (size_ >= trigger_) [[unlikely]]
      return insert_slow(hash, hash_of, construct, open_section);
    return place(array_ + (hash & mask_), hash, hash_of, construct);  // T5: it is not growing
  }

  // Destroys the entry at `at`.  Requires: `hash` is its hash; or `head` is the head of its chain.
  void erase(position at, std::uint64_t hash) noexcept { erase_below(at, home(hash)); }
  void erase_below(position at, bucket_type* head) noexcept;

  // The same when the hash is not known: hash_of is called only for entries of overflow buckets.
  // Throws: what hash_of throws; nothing has changed then.
  template <class HashOf>
  void erase_hashing(position at, const HashOf& hash_of) {
    erase_below(at, is_head(at.where) ? at.where : home(hash_of(std::as_const(at.entry()->first))));
  }

  // ---- growth on demand

  // Makes the array one of 2^bits buckets, unless it is as large already.
  // Throws: std::length_error when no array could be that large; what hash_of or the allocator
  // throws, with every entry still there.
  template <class HashOf>
  void grow_to(unsigned bits, const HashOf& hash_of) {
    if (bits > max_bits) GOMAP_THROW(std::length_error("gomap: more entries than a map can hold"));
    if (!has_array()) {
      allocate_first(bits);
    } else if (bits > this->bits()) {
      finish_growth(hash_of);
      start_growth(bits, unwatched());
      finish_growth(hash_of);
    }
  }

  // The same in steps, one doubling after the other: evacuates up to `chains` chains and returns
  // whether all is done. open_section: see insert().
  template <class HashOf, class OpenSection>
  bool grow_partly_to(unsigned bits, std::size_t chains, const HashOf& hash_of,
                      const OpenSection& open_section) {
    if (bits > max_bits) GOMAP_THROW(std::length_error("gomap: more entries than a map can hold"));
    if (!has_array()) {
      allocate_first(bits, open_section);
    } else if (!growing() && bits > this->bits()) {
      start_growth(this->bits() + 1, open_section);
    }
    position none;
    for (; growing() && chains > 0; --chains) evacuate_next(hash_of, none, open_section);
    if (!growing()) set_trigger();
    return !growing() && bits <= this->bits();
  }

  // Ends a growth under way.  Throws: what hash_of or the allocator throws; the growth then goes
  // on.
  template <class HashOf>
  void finish_growth(const HashOf& hash_of) {
    position none;
    while (growing()) evacuate_next(hash_of, none, unwatched());
    memory_.release_all_retired(allocator_);
    set_trigger();
  }

  // Compacts all chains in a new array of the same size.  Throws: as grow_to().
  template <class HashOf>
  void compact(const HashOf& hash_of) {
    finish_growth(hash_of);
    if (!has_array()) return;
    start_growth(bits(), unwatched());
    finish_growth(hash_of);
  }

  // Moves everything to an array of 2^bits buckets, fewer than now. Ends all walks.
  // Throws: what hash_of, a copy or the allocator throws; the table is then as before.
  template <class HashOf>
  void shrink(unsigned bits, const HashOf& hash_of);

  // Destroys all entries; keeps the array. O(buckets).
  void clear() noexcept;

  // The same, by run(first, last, f), which calls f(b) for every bucket of a range and may do so in
  // parallel. f does not throw.  Throws: what run() throws before it calls f.
  template <class Run>
  void clear_by(const Run& run);

  // Copies the entries of `other`, which has the same seed, into this empty table.
  // Throws: what hash_of, a copy or the allocator throws; the table is then empty.
  template <class HashOf>
  void copy_from(const table& other, const HashOf& hash_of);

  // Exchanges everything but the allocators. Ends all walks over both.
  void swap(table& other) noexcept;

  // Gives all memory back.
  void destroy() noexcept;

  // ---- walking

  // Calls f(head, index) for every chain, `index` being its head's in its array. f may erase.
  template <class F>
  void for_each_chain(F&& f) const {
    if (!growing()) {
      for (std::size_t i = 0; i <= mask_ && has_array(); ++i) f(array_ + i, i);
      return;
    }
    for (std::size_t base = 0; base <= mask_; base += old_mask_ + 1) {
      for (std::size_t i = base; i < base + split_; ++i) f(array_ + i, i);
    }
    for (std::size_t i = split_; i <= old_mask_; ++i) f(old_ + i, i);
  }

  // Calls f(bucket) for the buckets of all chains whose index equals `index` in the bits of `mask`.
  // Requires: no growth is under way.
  template <class F>
  void for_each_bucket_of(std::size_t index, std::size_t mask, F&& f) const {
    for (std::size_t i = index; i <= mask_; i += mask + 1) {
      for (bucket_type* b = array_ + i; b != nullptr; b = b->next()) f(b);
    }
  }

  // Calls f(position, head) for every entry. f may erase that entry.
  template <class F>
  void for_each_position(F&& f) {
    for_each_chain([&](bucket_type* head, std::size_t) {
      for (bucket_type* b = head; b != nullptr;) {
        bucket_type* const next = b->next();
        for (auto set = b->live(); set; set.drop_first()) f(position{{b, set.first()}}, head);
        b = next;
      }
    });
  }

  // Calls f(entry) for every entry, in the order of memory: arrays, then slabs. So no link is
  // followed. f must not change the table.
  template <class F>
  void for_each(F&& f) const {
    const auto visit = [&](bucket_type* b) {
      for (auto set = b->live(); set; set.drop_first()) f(*b->slot(set.first()));
    };
    for_each_chain([&](bucket_type* head, std::size_t) { visit(head); });
    if (overflow_ != 0) memory_.for_each_bucket(growing(), visit);
  }

  // The chain that entries with this hash belong to: its head, and how many low bits all hashes in
  // it have in common.
  struct chain {
    bucket_type* head;
    unsigned bits;
  };
  [[nodiscard]] chain chain_at(std::uint64_t hash) const noexcept {
    if (is_old(hash)) return {old_ + (hash & old_mask_), old_bits()};
    return {array_ + (hash & mask_), bits()};
  }
  // The head of that chain, if all hashes in it are equal in all the bits of `mask`, that is, if
  // the array has mask + 1 buckets; otherwise null.
  [[nodiscard]] bucket_type* chain_of_mask(std::uint64_t hash, std::uint64_t mask) const noexcept {
    if (!growing()) return mask == mask_ ? array_ + (hash & mask) : nullptr;
    const chain found = chain_at(hash);
    return (std::uint64_t{1} << found.bits) - 1 == mask ? found.head : nullptr;
  }
  // How many low bits the hashes of any chain have in common at least.
  [[nodiscard]] unsigned common_bits() const noexcept { return growing() ? old_bits() : bits(); }

  // The head of the chain that this hash belongs to.  Requires: there is an array.
  [[nodiscard]] bucket_type* home(std::uint64_t hash) const noexcept {
    if (is_old(hash)) [[unlikely]]
      return old_ + (hash & old_mask_);
    return array_ + (hash & mask_);
  }

  // What iterators compare; see walk_stamps.
  [[nodiscard]] std::uint32_t changes() const noexcept { return stamps_.changes(); }
  [[nodiscard]] std::uint32_t moves() const noexcept { return stamps_.moves(); }
  [[nodiscard]] std::uint32_t resets() const noexcept { return stamps_.resets(); }
  // The numbers of the entries that nothing else tells apart.
  [[nodiscard]] const numbers_type& numbers() const noexcept { return numbers_; }

  // O(buckets).
  [[nodiscard]] map_stats stats() const;
  // The same but for longest_chain, which is 0. O(slabs).
  [[nodiscard]] map_stats counts() const;

 private:
  template <class>
  friend class invariants;
  template <class>
  friend class transfer;

  template <class W>
  using cell = typename Words::template cell<W>;

  // Blocks in which an old array is given back as the split mark passes.
  static constexpr std::size_t discard_bytes = std::size_t{256} << 10;

  // home() for a reader without a lock; null if a write has begun or there is no array. An array is
  // never indexed with a mask that does not belong to it.
  template <class Unchanged>
  [[nodiscard, gnu::always_inline]] inline bucket_type* home_optimistically(
      std::uint64_t hash, const Unchanged& unchanged) const noexcept {
    bucket_type* const array = array_.acquire();
    const std::size_t mask = mask_.acquire();
    const std::size_t split = split_.acquire();
    const std::size_t old_mask = old_mask_.acquire();
    bucket_type* const old = old_.acquire();
    if (!unchanged()) return nullptr;
    const bool is_old = (hash & old_mask) >= split;
    return is_old ? old + (hash & old_mask) : array + (hash & mask);
  }
  // Whether the chain of this index in its array, one that is in use, is not evacuated yet.
  [[nodiscard]] bool is_old(std::size_t index) const noexcept {
    return (index & old_mask_) >= split_;
  }
  [[nodiscard]] unsigned old_bits() const noexcept {
    return static_cast<unsigned>(std::bit_width(std::size_t{old_mask_}));
  }
  [[nodiscard]] bool has_array() const noexcept { return array_ != nullptr; }
  // The value of old_ without an array: an address that is never followed. It is not null, so a
  // lookup needs one test for both a growth and no array.
  [[nodiscard]] static bucket_type* nowhere() noexcept {
    return reinterpret_cast<bucket_type*>(std::uintptr_t{16});
  }
  [[nodiscard]] bool is_head(const bucket_type* b) const noexcept {
    const auto within = [b](const bucket_type* array, std::size_t n) {
      return std::less_equal<>{}(array, b) && std::less<>{}(b, array + n);
    };
    return within(array_, mask_ + 1) || (growing() && within(old_, old_mask_ + 1));
  }
  // Whether the old array is apart from the current one.
  [[nodiscard]] bool has_two_arrays() const noexcept { return growing() && old_ != array_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    const std::size_t arrays =
        (has_array() ? mask_ + 1 : 0) + (has_two_arrays() ? old_mask_ + 1 : 0);
    std::size_t bytes = arrays * sizeof(bucket_type) + memory_.slab_bytes() + memory_.kept_bytes();
    if constexpr (full) bytes += numbers_.bytes();
    return bytes;
  }
  void note_peak() noexcept { peak_.note(reserved_bytes()); }

  // From this many buckets on, memory is so slow that it pays to prefetch the slots together with
  // the header, before the tophashes tell which slot is wanted.
  static constexpr std::size_t buckets_beyond_cache = (std::size_t{4} << 20) / 144;
  // always_inline: compilers remove the call of a function that only prefetches.
  [[gnu::always_inline]] static inline void prefetch_slots(const bucket_type* b) noexcept {
    constexpr std::size_t line = 64;
    if constexpr (sizeof(bucket_type) <= 4 * line) {
      for (std::size_t at = line; at < sizeof(bucket_type); at += line) {
        __builtin_prefetch(reinterpret_cast<const std::byte*>(b) + at);
      }
    }
  }

  // The probe loop, over the chain of `head`.
  template <class Access, class Matches>
  [[gnu::always_inline]] static inline position probe(const Access& access, bucket_type* head,
                                                      std::uint64_t hash, const Matches& matches) {
    const tophash top = tophash_of(hash);
    bucket_type* b = head;
    do {
      for (auto set = matcher::match(access.tops(b), top); set; set.drop_first()) {
        const unsigned i = set.first();
        if (access.test(b->slot(i), matches)) [[likely]]
          return {{b, i}, b == head};
      }
      b = access.next(b, top);
    } while (b != nullptr);
    return {};
  }
  // Out of line, so that lookups do not load the split mark while no growth is under way. `matches`
  // is passed by value; by reference, the inlined lookups would have to keep it in memory.
  template <class Matches>
  [[gnu::noinline]] position find_not_at_rest(std::uint64_t hash, Matches matches) const {
    if (!has_array()) return {};
    return probe(direct_access{}, home(hash), hash, matches);
  }

  // always_inline: every insertion calls it, from one of two places.
  template <class HashOf, class Construct>
  [[gnu::always_inline]] inline position place(bucket_type* head, std::uint64_t hash,
                                               const HashOf& hash_of, const Construct& construct);
  template <class HashOf, class Construct>
  [[gnu::noinline]] position place_in_overflow(bucket_type* head, std::uint64_t hash,
                                               const HashOf& hash_of, const Construct& construct);
  template <class HashOf, class Construct>
  void construct_in_overflow(bucket_type* head, position at, std::uint64_t hash,
                             const HashOf& hash_of, const Construct& construct);
  template <class Construct>
  void construct_numbered(position at, const Construct& construct);
  template <class HashOf>
  [[nodiscard]] static bool ties_with_guest(bucket_type* head, std::uint64_t hash,
                                            const HashOf& hash_of);
  template <class HashOf>
  [[nodiscard]] static bool ties_with_any(const std::vector<position>& others, position at,
                                          const HashOf& hash_of);
  template <class HashOf>
  void number_appended(const table& from, const HashOf& hash_of);
  template <class HashOf, class Construct, class OpenSection>
  [[gnu::noinline]] position insert_slow(std::uint64_t hash, const HashOf& hash_of,
                                         const Construct& construct,
                                         const OpenSection& open_section);
  void unlink(bucket_type* head, bucket_type* emptied) noexcept;

  template <class OpenSection = unwatched>
  void allocate_first(unsigned bits, const OpenSection& open_section = {});
  [[nodiscard]] bucket_type* array_for_growth(unsigned bits);
  template <class OpenSection>
  void start_growth(unsigned bits, const OpenSection& open_section);
  template <class HashOf, class OpenSection>
  void advance_growth(const HashOf& hash_of, position& tracked,
                      const OpenSection& open_section) noexcept;
  template <class HashOf, class OpenSection>
  void evacuate_next(const HashOf& hash_of, position& tracked, const OpenSection& open_section);
  template <class OpenSection>
  void end_growth(const OpenSection& open_section) noexcept;
  void set_trigger() noexcept;
  [[nodiscard]] static std::uint32_t trigger_at(std::size_t size) noexcept {
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(size, std::numeric_limits<std::uint32_t>::max()));
  }

  void destroy_entries() noexcept;
  void forget_entries() noexcept;
  position append_slot(bucket_type* head, tophash top);

  // What a lookup reads comes first and fits a cache line. Small members come last, so that those
  // of a derived class fit beside them.
  cell<bucket_type*> array_ = nullptr;
  cell<std::size_t> mask_ = 0;
  cell<std::size_t> split_ = 1;
  cell<std::size_t> old_mask_ = 0;
  cell<bucket_type*> old_ = nowhere();
  typename Words::template counter<std::size_t> size_ = 0;
  memory_type memory_;
  [[no_unique_address]] typename Words::peak peak_;
  [[no_unique_address]] allocator_type allocator_;
  [[no_unique_address]] numbers_type numbers_;
  std::uint32_t trigger_ = 0;  // an insertion at this size or above also sees to growth
  std::uint32_t overflow_ = 0;
  [[no_unique_address]] typename Words::stamps stamps_;
  std::uint16_t doublings_ = 0;
  std::uint16_t compactions_ = 0;
  std::uint16_t step_ = default_growth_step;
  std::uint8_t patience_ = 0;  // of overflow_limit()
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Key, class T, class Allocator, class Words>
template <class HashOf, class Construct>
auto table<Key, T, Allocator, Words>::place(bucket_type* head, std::uint64_t hash,
                                            const HashOf& hash_of, const Construct& construct)
    -> position {
  const auto hole = head->empty();
  if (!hole) [[unlikely]]
    return place_in_overflow(head, hash, hash_of, construct);
  const unsigned i = hole.first();
  construct(allocator_, head->slot(i));
  head->set_top(i, tophash_of(hash));  // readers may see the entry from here on
  ++size_;
  return {{head, i}, true};
}

// Builds an entry with a number.
template <class Key, class T, class Allocator, class Words>
template <class Construct>
void table<Key, T, Allocator, Words>::construct_numbered(position at, const Construct& construct) {
  numbers_.add(allocator_, at.entry());
  struct number_in_advance {
    numbers_type& numbers;
    position at;
    ~number_in_advance() {
      if (at) numbers.remove(at.entry());
    }
  } number{numbers_, at};
  construct(allocator_, at.entry());
  number.at = {};
}

template <class Key, class T, class Allocator, class Words>
template <class HashOf, class Construct>
auto table<Key, T, Allocator, Words>::place_in_overflow(bucket_type* head, std::uint64_t hash,
                                                        const HashOf& hash_of,
                                                        const Construct& construct) -> position {
  position at;
  bucket_type* tail = head;
  while (!at && tail->next() != nullptr) {
    tail = tail->next();
    if (const auto hole = tail->empty()) at = {{tail, hole.first()}};
  }
  // A fresh bucket is linked only once it holds an entry (B3); until then the guard takes it back.
  struct fresh_bucket {
    memory_type& memory;
    bucket_type* bucket;
    ~fresh_bucket() {
      if (bucket != nullptr) memory.give_back(bucket);
    }
  } fresh{memory_, nullptr};
  if (!at) at = {{fresh.bucket = memory_.take(allocator_, mask_ + 1), 0}};
  construct_in_overflow(head, at, hash, hash_of, construct);
  at.where->set_top(at.index, tophash_of(hash));
  ++size_;
  if (std::exchange(fresh.bucket, nullptr) != nullptr) {
    link_behind(head, tail, at.where);
    if (++overflow_ >= overflow_limit(bits(), patience_)) trigger_ = 0;
  }
  head->add_filter(tophash_of(hash));
  return at;
}

// Builds an entry in an overflow bucket, with a number if it needs one (T6).
template <class Key, class T, class Allocator, class Words>
template <class HashOf, class Construct>
void table<Key, T, Allocator, Words>::construct_in_overflow([[maybe_unused]] bucket_type* head,
                                                            position at,
                                                            [[maybe_unused]] std::uint64_t hash,
                                                            [[maybe_unused]] const HashOf& hash_of,
                                                            const Construct& construct) {
  if constexpr (full) {
    if ((head->past().bereaved() && numbers_.room()) || ties_with_guest(head, hash, hash_of)) {
      return construct_numbered(at, construct);
    }
  }
  construct(allocator_, at.entry());
}

// Whether the chain has another entry that is known by its hash and has this hash (T6).
// Throws: what hash_of throws.
template <class Key, class T, class Allocator, class Words>
template <class HashOf>
bool table<Key, T, Allocator, Words>::ties_with_guest(bucket_type* head, std::uint64_t hash,
                                                      const HashOf& hash_of) {
  for (bucket_type* b = head; b != nullptr; b = b->next()) {
    for (auto set = b->match(tophash_of(hash)); set; set.drop_first()) {
      const unsigned i = set.first();
      if (b == head && !b->past().guest(i)) continue;
      if (hash_of(std::as_const(b->slot(i)->first)) == hash) return true;
    }
  }
  return false;
}

template <class Key, class T, class Allocator, class Words>
template <class HashOf, class Construct, class OpenSection>
auto table<Key, T, Allocator, Words>::insert_slow(std::uint64_t hash, const HashOf& hash_of,
                                                  const Construct& construct,
                                                  const OpenSection& open_section) -> position {
  if (!has_array()) allocate_first(0, open_section);
  position at = place(home(hash), hash, hash_of, construct);
  // The entry is in, so nothing from here on may fail the insertion.
  advance_growth(hash_of, at, open_section);
  at.in_head = at.where == home(hash);
  return at;
}

template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::erase_below(position at, bucket_type* head) noexcept {
  entries::destroy(allocator_, at.entry());
  if constexpr (full) {
    if (at.where != head || head->past().guest(at.index)) {
      numbers_.remove(at.entry());
      head->set_past(head->past().with_bereavement());
    }
  }
  at.where->set_top(at.index, empty_slot);
  at.where->set_past(at.where->past().ended(at.index));
  --size_;
  stamps_.note_erasure();
  if (at.where == head) return;
  if (at.where->tops() == 0) unlink(head, at.where);
  // The filter forgets what is gone.
  if (head->next() == nullptr) return;
  std::uintptr_t filter = 0;
  for (bucket_type* b = head->next(); b != nullptr; b = b->next()) {
    for (auto set = b->live(); set; set.drop_first()) {
      filter |= link_filter(tophash_at(b->tops(), set.first()));
    }
  }
  head->set_filter(filter);
}

template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::unlink(bucket_type* head, bucket_type* emptied) noexcept {
  bucket_type* before = head;
  while (before->next() != emptied) before = before->next();
  link_behind(head, before, emptied->next());
  --overflow_;
  patience_ = std::min(patience_, patience_for(overflow_));
  // A chain of the old array may own retired buckets, which go with their slab.
  if (Words::shared || !growing()) memory_.give_back(emptied);
}

template <class Key, class T, class Allocator, class Words>
template <class OpenSection>
void table<Key, T, Allocator, Words>::allocate_first(unsigned bits,
                                                     const OpenSection& open_section) {
  bucket_type* const first = memory_type::allocate_empty_array(allocator_, std::size_t{1} << bits);
  {
    const auto section = open_section();
    array_ = first;
    old_ = nullptr;
    mask_ = (std::size_t{1} << bits) - 1;
  }
  stamps_.note_move();
  set_trigger();
  note_peak();
}

// The array of 2^bits buckets to grow into: the current one, extended, or a new one.
// Throws: what the allocator throws; nothing has changed then. O(1): no bucket is touched.
template <class Key, class T, class Allocator, class Words>
auto table<Key, T, Allocator, Words>::array_for_growth(unsigned bits) -> bucket_type* {
  const std::size_t n = std::size_t{1} << bits;
  if constexpr (entries::relocates()) {
    if (n == mask_ + 1 || memory_type::try_extend(allocator_, array_, mask_ + 1, n)) return array_;
  }
  return memory_type::allocate_array(allocator_, n);
}

// Throws: what the allocator throws; nothing has changed then. O(1).
template <class Key, class T, class Allocator, class Words>
template <class OpenSection>
void table<Key, T, Allocator, Words>::start_growth(unsigned bits, const OpenSection& open_section) {
  bucket_type* const fresh = array_for_growth(bits);
  memory_.release_all_retired(allocator_);
  memory_.retire();
  {
    const auto section = open_section();
    old_ = static_cast<bucket_type*>(array_);
    array_ = fresh;
    old_mask_ = static_cast<std::size_t>(mask_);
    mask_ = (std::size_t{1} << bits) - 1;
    split_ = 0;
  }
  trigger_ = 0;
  stamps_.note_move();
  std::uint16_t& growths = mask_ == old_mask_ ? compactions_ : doublings_;
  if (growths != std::numeric_limits<std::uint16_t>::max()) ++growths;
  note_peak();
}

// What an insertion does for growth: starts one that is due, or continues one.
template <class Key, class T, class Allocator, class Words>
template <class HashOf, class OpenSection>
void table<Key, T, Allocator, Words>::advance_growth(const HashOf& hash_of, position& tracked,
                                                     const OpenSection& open_section) noexcept {
  GOMAP_TRY {
    if (!growing()) {
      if (memory_.release_retired(allocator_)) return;
      if (size_ > load_limit(bits())) {
        if (bits() < max_bits) start_growth(bits() + 1, open_section);
      } else if (overflow_ >= overflow_limit(bits(), patience_)) {
        start_growth(bits(), open_section);
      }
    }
    const bool at_once = step_ == 0 || old_mask_ < small_table_buckets;
    for (unsigned n = step_; growing() && (at_once || n > 0); --n) {
      evacuate_next(hash_of, tracked, open_section);
    }
    set_trigger();
  }
  GOMAP_CATCH_ALL {
    // Swallowed because the insertion has succeeded: a growth that lacks memory, or whose hash or
    // copy throws, stays where it is and is tried again at a later insertion.
    trigger_ = growing() ? 0 : trigger_at(size_ + size_ / 16 + 1);
  }
}

// Throws: what hash_of, a copy or the allocator throws; the bucket then stays where it is.
template <class Key, class T, class Allocator, class Words>
template <class HashOf, class OpenSection>
void table<Key, T, Allocator, Words>::evacuate_next(const HashOf& hash_of, position& tracked,
                                                    const OpenSection& open_section) {
  evacuation_type step(allocator_, memory_, numbers_, array_, mask_, old_mask_ + 1, tracked);
  bucket_type* const head = old_ + split_;
  step.prepare(head, hash_of);
  {
    const auto section = open_section();
    overflow_ += static_cast<std::uint32_t>(step.run(head, split_));
    ++split_;
  }
  stamps_.note_move();
  constexpr std::size_t block =
      std::bit_floor(std::max<std::size_t>(1, discard_bytes / sizeof(bucket_type)));
  if (split_ % block == 0 && has_two_arrays()) {
    // What lies ahead of the mark in the new array is next to be written, and is not yet.
    bucket_type* const ahead = split_ + block <= old_mask_ + 1 ? array_ + split_ : nullptr;
    memory_type::discard(allocator_, old_ + split_ - block, old_ + split_, ahead);
  }
  if (split_ > old_mask_) end_growth(open_section);
}

template <class Key, class T, class Allocator, class Words>
template <class OpenSection>
void table<Key, T, Allocator, Words>::end_growth(const OpenSection& open_section) noexcept {
  note_peak();
  bucket_type* const emptied = has_two_arrays() ? static_cast<bucket_type*>(old_) : nullptr;
  const std::size_t buckets = old_mask_ + 1;
  {
    const auto section = open_section();
    old_ = nullptr;
    old_mask_ = 0;
    split_ = 1;
  }
  if (emptied != nullptr) memory_.retire_array(allocator_, emptied, buckets);
  patience_ = patience_for(overflow_);
}

template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::set_trigger() noexcept {
  const bool pending = growing() || memory_.has_retired() || !has_array() ||
                       overflow_ >= overflow_limit(bits(), patience_);
  trigger_ = pending ? 0 : trigger_at(load_limit(bits()));
}

// A slot at the end of this chain, for an entry that is about to be built. The caller sets its
// tophash byte.  Throws: what the allocator throws.
template <class Key, class T, class Allocator, class Words>
auto table<Key, T, Allocator, Words>::append_slot(bucket_type* head, tophash top) -> position {
  bucket_type* b = head;
  while (b->next() != nullptr) b = b->next();
  position at;
  if (const auto hole = b->empty()) {
    at = {{b, hole.first()}};
  } else {
    at = {{memory_.take(allocator_, mask_ + 1), 0}};
    ++overflow_;
    link_behind(head, b, at.where);
  }
  if (at.where != head) head->add_filter(top);
  return at;
}

// Gives numbers to the entries of `from` that will need one by T6 when they are appended here, in
// the order of its chains. The numbers are noted for their slots in `from`, which may be this
// table.
// Requires: no growth of `from` is under way.  Throws: what hash_of and the allocator throw.
template <class Key, class T, class Allocator, class Words>
template <class HashOf>
void table<Key, T, Allocator, Words>::number_appended([[maybe_unused]] const table& from,
                                                      [[maybe_unused]] const HashOf& hash_of) {
  if constexpr (full) {
    for (std::size_t i = 0; i <= mask_; ++i) {
      std::size_t count = 0;
      std::vector<position> guests;  // entries so far, all with different hashes
      bool tied = false;             // two had one hash: from here on all are numbered, unhashed
      from.for_each_bucket_of(i, mask_, [&](bucket_type* b) {
        for (auto set = b->live(); set; set.drop_first()) {
          if (count++ < slots_per_bucket) continue;  // goes to the head
          const position at{{b, set.first()}};
          tied = tied || ties_with_any(guests, at, hash_of);
          if (tied) {
            numbers_.add(allocator_, at.entry());
          } else {
            guests.push_back(at);
          }
        }
      });
    }
  }
}

// Whether one of `others` has the hash of the entry at `at`.  Throws: what hash_of throws.
template <class Key, class T, class Allocator, class Words>
template <class HashOf>
bool table<Key, T, Allocator, Words>::ties_with_any(const std::vector<position>& others,
                                                    position at, const HashOf& hash_of) {
  const auto hash_at = [&](position p) { return hash_of(std::as_const(p.entry()->first)); };
  return std::any_of(others.begin(), others.end(), [&](position other) {
    return other.top() == at.top() && hash_at(other) == hash_at(at);
  });
}

template <class Key, class T, class Allocator, class Words>
template <class HashOf>
void table<Key, T, Allocator, Words>::shrink(unsigned bits, const HashOf& hash_of) {
  finish_growth(hash_of);
  if (!has_array() || bits >= this->bits()) return;
  table smaller(allocator_);
  smaller.allocate_first(bits);
  // Memory first, so that nothing can fail once entries move.
  std::size_t needed = 0;
  for (std::size_t i = 0; i <= smaller.mask_; ++i) {
    std::size_t count = 0;
    for_each_bucket_of(i, smaller.mask_, [&](bucket_type* b) { count += b->live().count(); });
    if (count > slots_per_bucket) needed += (count - 1) / slots_per_bucket;
  }
  smaller.memory_.reserve(allocator_, needed, smaller.mask_ + 1);
  if (needed > 0) smaller.number_appended(*this, hash_of);
  for_each_chain([&](bucket_type* head, std::size_t index) {
    for (bucket_type* b = head; b != nullptr; b = b->next()) {
      for (auto set = b->live(); set; set.drop_first()) {
        const unsigned i = set.first();
        const tophash top = tophash_at(b->tops(), i);
        const position to = smaller.append_slot(smaller.array_ + (index & smaller.mask_), top);
        entries::construct_from(allocator_, to.entry(), b->slot(i));
        to.where->set_top(to.index, top);
        if constexpr (full) smaller.numbers_.move(b->slot(i), to.entry());
        ++smaller.size_;
      }
    }
  });
  smaller.step_ = step_;
  smaller.doublings_ = doublings_;
  smaller.compactions_ = compactions_;
  smaller.patience_ = patience_for(smaller.overflow_);
  smaller.peak_ = peak_;
  smaller.peak_.note(reserved_bytes() + smaller.reserved_bytes());
  smaller.set_trigger();
  swap(smaller);
}

template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::clear() noexcept {
  destroy_entries();
  forget_entries();
}

template <class Key, class T, class Allocator, class Words>
template <class Run>
void table<Key, T, Allocator, Words>::clear_by(const Run& run) {
  if (entries::trivially_destroyed() || !has_array()) return clear();
  const auto empty = [this](bucket_type& b) noexcept {
    for (auto set = b.live(); set; set.drop_first()) {
      entries::destroy(allocator_, b.slot(set.first()));
    }
    b.set_tops(0);
  };
  // All heads but those that no split has initialised yet.
  if (growing()) {
    for (std::size_t base = 0; base <= mask_; base += old_mask_ + 1) {
      run(array_ + base, array_ + base + split_, empty);
    }
    run(old_ + split_, old_ + old_mask_ + 1, empty);
  } else {
    run(array_ + 0, array_ + mask_ + 1, empty);
  }
  memory_.for_each_slab([&](bucket_type* first, bucket_type* last) { run(first, last, empty); });
  forget_entries();
}

// Empties all buckets. Their entries have been destroyed, or need no destruction.
template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::forget_entries() noexcept {
  if (growing()) end_growth(unwatched());
  if (has_array()) {
    for (std::size_t i = 0; i <= mask_; ++i) array_[i].reset();
  }
  memory_.reclaim_all(allocator_);
  if constexpr (full) numbers_.forget(allocator_);
  size_ = 0;
  overflow_ = 0;
  patience_ = 0;
  stamps_.note_reset();
  set_trigger();
}

template <class Key, class T, class Allocator, class Words>
template <class HashOf>
void table<Key, T, Allocator, Words>::copy_from(const table& other, const HashOf& hash_of) {
  step_ = other.step_;
  if (other.size_ == 0) return;
  allocate_first(std::min<unsigned>(other.bits(), bits_for(other.size_)));
  GOMAP_TRY {
    other.for_each_chain([&](bucket_type* head, std::size_t index) {
      // An old chain knows too few bits of its entries' hashes for a larger array.
      const bool must_hash = other.is_old(index) && mask_ > other.old_mask_;
      for (bucket_type* b = head; b != nullptr; b = b->next()) {
        for (auto set = b->live(); set; set.drop_first()) {
          const value_type& entry = *b->slot(set.first());
          const tophash top = tophash_at(b->tops(), set.first());
          const std::uint64_t to_index = must_hash ? hash_of(entry.first) : index;
          bucket_type* const to_head = array_ + (to_index & mask_);
          const position to = append_slot(to_head, top);
          entries::construct(allocator_, to.entry(), entry);
          to.where->set_top(to.index, top);
          ++size_;
        }
      }
    });
    if (overflow_ != 0) number_appended(*this, hash_of);
  }
  GOMAP_CATCH_ALL {
    // append_slot() may have linked a bucket that stayed empty (B3), so all chains go.
    destroy();
    GOMAP_RETHROW;
  }
  patience_ = patience_for(overflow_);
  set_trigger();
}

template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::swap(table& other) noexcept {
  swap_cells(array_, other.array_);
  swap_cells(mask_, other.mask_);
  swap_cells(split_, other.split_);
  swap_cells(old_mask_, other.old_mask_);
  swap_cells(old_, other.old_);
  swap_cells(size_, other.size_);
  std::swap(trigger_, other.trigger_);
  memory_.swap(other.memory_);
  std::swap(peak_, other.peak_);
  std::swap(overflow_, other.overflow_);
  std::swap(patience_, other.patience_);
  std::swap(doublings_, other.doublings_);
  std::swap(compactions_, other.compactions_);
  std::swap(step_, other.step_);
  if constexpr (full) numbers_.swap(other.numbers_);
  stamps_.note_reset();
  other.stamps_.note_reset();
}

// Makes the table one without memory.
template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::destroy() noexcept {
  destroy_entries();
  if (growing()) end_growth(unwatched());
  memory_.release_all(allocator_);
  if constexpr (full) numbers_.forget(allocator_);
  if (has_array()) memory_type::deallocate_array(allocator_, array_, mask_ + 1);
  array_ = nullptr;
  old_ = nowhere();
  mask_ = 0;
  size_ = 0;
  overflow_ = 0;
  patience_ = 0;
  trigger_ = 0;
  stamps_.note_reset();
}

template <class Key, class T, class Allocator, class Words>
void table<Key, T, Allocator, Words>::destroy_entries() noexcept {
  if constexpr (!entries::trivially_destroyed()) {
    for_each([this](value_type& entry) { entries::destroy(allocator_, std::addressof(entry)); });
  }
}

template <class Key, class T, class Allocator, class Words>
map_stats table<Key, T, Allocator, Words>::stats() const {
  map_stats s = counts();
  for_each_chain([&](bucket_type* head, std::size_t) {
    s.longest_chain = std::max(s.longest_chain, head->chain_length());
  });
  return s;
}

template <class Key, class T, class Allocator, class Words>
map_stats table<Key, T, Allocator, Words>::counts() const {
  map_stats s;
  s.size = size_;
  s.buckets = mask_ + 1;
  s.overflow_buckets = overflow_;
  s.load = static_cast<double>(size_) / static_cast<double>(mask_ + 1);
  s.growing = growing();
  s.old_buckets = growing() ? old_mask_ + 1 : 0;
  s.evacuated_buckets = growing() ? std::size_t{split_} : 0;
  s.growths_double = doublings_;
  s.growths_same_size = compactions_;
  s.bytes_reserved = reserved_bytes();
  s.bytes_in_use = s.bytes_reserved - memory_.kept_bytes();
  if constexpr (discarding_allocator<typename memory_type::array_allocator>) {
    if (has_two_arrays()) s.bytes_in_use -= s.evacuated_buckets * sizeof(bucket_type);
  }
  s.bytes_peak = peak_.with(s.bytes_reserved);
  return s;
}

}  // namespace gomap::detail
