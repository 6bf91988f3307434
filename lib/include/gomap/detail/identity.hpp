// identity.hpp -- which entry an iterator is at, and where that entry is by now.
//
//   known by key     integers, enums and pointers compared by ==. No two entries of a table have
//                    equal keys, so an entry is found again by a search for its key.
//   known by place   any other key: its comparison and its hash may be of no use. An entry of a
//                    head keeps its slot; the pasts of the heads say into which half of each
//                    split it went (full_past). An entry of an overflow bucket is found by its
//                    hash, and by a number where others have the same (entry_numbers.hpp).
//
// Either way the life of the slot tells the entry from a later one in the same slot.
#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>

namespace gomap::detail {

// Whether equal keys have equal values, so that an iterator can keep a copy of the key and search
// for it. A function, since Key may be incomplete.
template <class Key, class KeyEqual>
[[nodiscard]] consteval bool known_by_key() {
  if constexpr (!std::is_same_v<KeyEqual, std::equal_to<>> &&
                !std::is_same_v<KeyEqual, std::equal_to<Key>>) {
    return false;
  } else if constexpr (std::is_enum_v<Key>) {
    return !has_users_equality<Key>;
  } else if constexpr (std::is_pointer_v<Key>) {
    return !has_users_equality<Key> && sizeof(Key) <= sizeof(std::uint64_t);
  } else if constexpr (std::is_integral_v<Key>) {
    return sizeof(Key) <= sizeof(std::uint64_t);
  } else {
    return false;
  }
}

// What both kinds share. Core is a table that can hash, as cursor's.
template <class Core>
class any_identity {
 public:
  using value_type = typename Core::value_type;
  using bucket_type = typename Core::bucket_type;
  using past_type = typename Core::past_type;
  using position = typename Core::position;

  // Where the entry was when the iterator came to it. Valid while nothing moves.
  [[nodiscard]] value_type* entry() const noexcept { return entry_; }
  [[nodiscard]] bucket_type* bucket() const noexcept { return bucket_; }
  [[nodiscard]] unsigned slot() const noexcept { return slot_; }
  // Whether that was a head.
  [[nodiscard]] bool in_head() const noexcept { return in_head_; }

 protected:
  any_identity() noexcept = default;
  any_identity(value_type* entry, bucket_type* bucket, past_type past, std::uint8_t slot,
               bool in_head) noexcept
      : entry_(entry), bucket_(bucket), past_(past), slot_(slot), in_head_(in_head) {}

  void stand_at(bucket_type* where, unsigned slot, bool in_head) noexcept {
    entry_ = where->slot(slot);
    bucket_ = where;
    past_ = where->past();
    slot_ = static_cast<std::uint8_t>(slot);
    in_head_ = in_head;
  }
  // Whether the slot of the same number in `where`, where the entry must be if it has not been
  // erased, holds an entry of the same life.
  [[nodiscard]] bool goes_on_in(const bucket_type* where) const noexcept {
    return tophash_at(where->tops(), slot_) != empty_slot &&
           where->past().life(slot_) == past_.life(slot_);
  }
  [[nodiscard]] bool stands_like(const any_identity& other) const noexcept {
    return entry_ == other.entry_ && past_.life(slot_) == other.past_.life(slot_);
  }

  value_type* entry_ = nullptr;
  bucket_type* bucket_ = nullptr;
  [[no_unique_address]] past_type past_{};  // of the bucket, when the iterator came to it
  std::uint8_t slot_ = 0;
  bool in_head_ = false;
};

template <class Core>
class identity_by_key : public any_identity<Core> {
  using base = any_identity<Core>;
  using key_type = typename Core::key_type;

 public:
  using typename base::bucket_type;
  using typename base::past_type;
  using typename base::position;

  identity_by_key() noexcept = default;
  // From the scalars of in_parts().
  template <class... Base>
  explicit identity_by_key(key_type key, Base... parts) noexcept : base(parts...), key_(key) {}
  // Calls f(scalar...) with all members. Scalar arguments can stay in registers, and are not
  // computed where nothing uses them; an object argument would have to be in memory.
  template <class F>
  [[gnu::always_inline]] inline decltype(auto) in_parts(const F& f) const {
    return f(key_, this->entry_, this->bucket_, this->past_, this->slot_, this->in_head_);
  }

  // At an entry just found by its hash.
  void find(const Core& core, position at, std::uint64_t) noexcept {
    stand_at(core, at.where, at.index, at.in_head, 0, 0);
  }
  // At an entry of a walk, in the chain of hashes that end in the `bits` low bits of `chain`.
  void stand_at(const Core&, bucket_type* where, unsigned slot, bool in_head, std::uint64_t chain,
                unsigned bits) noexcept {
    stand_plain(where, slot, in_head, chain, bits);
  }
  // The same, where neither asks_hash() nor a number is needed to know an entry.
  void stand_plain(bucket_type* where, unsigned slot, bool in_head, std::uint64_t,
                   unsigned) noexcept {
    base::stand_at(where, slot, in_head);
    key_ = this->entry_->first;
  }
  // Whether stand_at() calls the hash. And whether no entry of a head with this past has a number.
  [[nodiscard]] static constexpr bool asks_hash(bool) noexcept { return false; }
  [[nodiscard]] static constexpr bool all_plain(const Core&, past_type) noexcept { return true; }

  // The hash of the entry, even if it has been erased.  Throws: what the hash throws.
  [[nodiscard]] std::uint64_t hash(const Core& core) const { return core.hash_of()(key_); }

  // Where the entry is; nowhere if it has been erased. `moved`: entries may have moved since.
  // Throws: what the hash throws.
  [[nodiscard]] position locate(const Core& core, bool moved) const {
    if (!moved) {
      const bool here = this->goes_on_in(this->bucket_) && is(this->entry_->first);
      return here ? position{{this->bucket_, this->slot_}} : position{};
    }
    const std::uint64_t hash = this->hash(core);
    const position at = core.find(hash, [this](const key_type& other) { return is(other); });
    if (!at || !this->in_head_) return at;
    // Heads keep their slots, so another place is another entry.
    const bool kept = at.where == core.home(hash) && at.index == this->slot_;
    return kept && this->goes_on_in(at.where) ? at : position{};
  }

  // Orders entries with equal hashes; nothing changes that order.
  [[nodiscard]] static std::uint64_t tie_breaker(const Core&, bucket_type* b, unsigned slot,
                                                 bool) noexcept {
    return bits_of(b->slot(slot)->first);
  }
  [[nodiscard]] std::uint64_t tie_breaker() const noexcept { return bits_of(key_); }

  // Whether both came to the same entry, with no move in between.
  [[nodiscard]] bool stands_like(const identity_by_key& other) const noexcept {
    return base::stands_like(other) && is(other.key_);
  }

 private:
  static std::uint64_t bits_of(key_type key) noexcept {
    if constexpr (std::is_pointer_v<key_type>) {
      return reinterpret_cast<std::uintptr_t>(key);
    } else {
      return static_cast<std::uint64_t>(key);
    }
  }
  [[nodiscard]] bool is(key_type other) const noexcept { return bits_of(other) == bits_of(key_); }

  key_type key_{};
};

template <class Core>
class identity_by_place : public any_identity<Core> {
  using base = any_identity<Core>;

 public:
  using typename base::bucket_type;
  using typename base::past_type;
  using typename base::position;

  // All as in identity_by_key.
  identity_by_place() noexcept = default;
  template <class... Base>
  explicit identity_by_place(std::uint64_t low_hash, std::uint64_t number, std::uint8_t known_bits,
                             Base... parts) noexcept
      : base(parts...), low_hash_(low_hash), number_(number), known_bits_(known_bits) {}
  template <class F>
  [[gnu::always_inline]] inline decltype(auto) in_parts(const F& f) const {
    return f(low_hash_, number_, known_bits_, this->entry_, this->bucket_, this->past_, this->slot_,
             this->in_head_);
  }
  void find(const Core& core, position at, std::uint64_t hash) noexcept {
    base::stand_at(at.where, at.index, at.in_head);
    low_hash_ = hash;
    known_bits_ = all_bits;
    number_ = is_guest() ? core.numbers().number_of(at.entry()) : 0;
  }
  // Throws: what the hash throws, which is called for entries of overflow buckets.
  void stand_at(const Core& core, bucket_type* where, unsigned slot, bool in_head,
                std::uint64_t chain, unsigned bits) {
    const auto& key = std::as_const(where->slot(slot)->first);
    const std::uint64_t low_hash = in_head ? chain : core.hash_of()(key);
    base::stand_at(where, slot, in_head);
    low_hash_ = low_hash;
    known_bits_ = in_head ? static_cast<std::uint8_t>(bits) : all_bits;
    number_ = is_guest() ? core.numbers().number_of(where->slot(slot)) : 0;
  }
  void stand_plain(bucket_type* where, unsigned slot, bool in_head, std::uint64_t chain,
                   unsigned bits) noexcept {
    base::stand_at(where, slot, in_head);
    low_hash_ = chain;
    known_bits_ = static_cast<std::uint8_t>(bits);
    number_ = 0;
  }
  [[nodiscard]] static constexpr bool asks_hash(bool in_head) noexcept { return !in_head; }
  [[nodiscard]] static bool all_plain(const Core& core, past_type past) noexcept {
    return core.numbers().size() == 0 || !past.any_guest();
  }

  // Requires: find() was called last.
  [[nodiscard]] std::uint64_t hash(const Core&) const noexcept { return low_hash_; }

  // Throws: what the hash throws, which is called if the entry was in an overflow bucket.
  [[nodiscard]] position locate(const Core& core, bool moved) const {
    if (!moved) {
      const bool goes_on = this->goes_on_in(this->bucket_);
      return goes_on && core.numbers().number_of(this->entry_) == number_
                 ? position{{this->bucket_, this->slot_}}
                 : position{};
    }
    if (!this->in_head_) return guest_by_now(core);
    bucket_type* const head = known_bits_ == all_bits ? core.home(low_hash_) : head_by_now(core);
    return this->goes_on_in(head) ? position{{head, this->slot_}} : position{};
  }

  [[nodiscard]] static std::uint64_t tie_breaker(const Core& core, bucket_type* b, unsigned slot,
                                                 bool in_head) noexcept {
    if (in_head && !b->past().guest(slot)) return slot;
    return slots_per_bucket + core.numbers().number_of(b->slot(slot));
  }
  [[nodiscard]] std::uint64_t tie_breaker() const noexcept {
    return is_guest() ? slots_per_bucket + number_ : this->slot_;
  }

  [[nodiscard]] bool stands_like(const identity_by_place& other) const noexcept {
    return base::stands_like(other) && number_ == other.number_;
  }

 private:
  static constexpr std::uint8_t all_bits = 64;

  [[nodiscard]] bool is_guest() const noexcept {
    return !this->in_head_ || this->past_.guest(this->slot_);
  }

  // The head in which the slot is continued by now.
  [[nodiscard]] bucket_type* head_by_now(const Core& core) const noexcept {
    std::uint64_t index = low_hash_;
    for (unsigned bits = known_bits_;; ++bits) {
      const auto chain = core.chain_at(index);
      if (chain.bits == bits) return chain.head;
      // The split into bits + 1: the upper half's head says who went up.
      const std::uint64_t upper = index | std::uint64_t{1} << bits;
      if (core.chain_at(upper).head->past().risen(this->slot_)) index = upper;
    }
  }

  // The entry with this number. If number_ is 0: the entry with this hash and without a number, of
  // which there is at most one (T6).
  [[nodiscard]] position guest_by_now(const Core& core) const {
    const tophash top = tophash_of(low_hash_);
    bucket_type* const head = core.home(low_hash_);
    for (bucket_type* b = head; b != nullptr; b = b->next(top)) {
      for (auto set = b->match(top); set; set.drop_first()) {
        const position at{{b, set.first()}};
        if (b == head && !b->past().guest(at.index)) continue;
        if (core.numbers().number_of(at.entry()) != number_) continue;
        if (number_ != 0 || core.hash_of()(std::as_const(at.entry()->first)) == low_hash_)
          return at;
      }
    }
    return {};
  }

  std::uint64_t low_hash_ = 0;  // the low known_bits_ bits of the entry's hash
  std::uint64_t number_ = 0;    // 0: none
  std::uint8_t known_bits_ = 0;
};

}  // namespace gomap::detail
