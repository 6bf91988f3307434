// evacuate.hpp -- moves one chain of an old array into a new one: the step that growth repeats.
//
//   old chain i  ->  new buckets i, i + n, i + 2n, ...
//
// n is the number of old buckets. A doubling has two targets, a same-size growth one.
//
// The new array may be the old one, extended in place. Then the chain's own head is the first of
// its targets, and the entries that belong there stay.
//
// Four rules, and what they are for:
//   E1  An entry of the old head keeps its slot number. So iterators find entries of heads by it.
//   E2  Entries of overflow buckets fill holes of the new heads, then new overflow buckets. So
//       growth compacts. An entry with a number keeps it (entry_numbers.hpp).
//   E3  Whatever may throw (hash, copy, memory) comes before the first change to the old chain.
//       So entries whose copy or move may throw always go to another array.
//   E4  prepare() calls the hash and the allocator, and changes nothing that a reader may see. run()
//       calls neither where readers take no lock.
// New heads are initialised here and nowhere else: a new array is never written as a whole. With a
// full past, they note for each slot of the old head which of them it continues in (past.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/detail/bucket.hpp>
#include <gomap/detail/bucket_memory.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/entry_numbers.hpp>
#include <gomap/detail/past.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>

namespace gomap::detail {

// The index of the new head of every entry of a chain, found before anything moves (E3).
class destinations {
 public:
  void push_back(std::size_t head) {
    if (size_ < few_.size()) {
      few_[size_] = head;
    } else {
      many_.push_back(head);
    }
    ++size_;
  }
  [[nodiscard]] std::size_t operator[](std::size_t i) const noexcept {
    return i < few_.size() ? few_[i] : many_[i - few_.size()];
  }

 private:
  std::array<std::size_t, 4 * slots_per_bucket> few_;  // longer chains come from bad hashes
  std::vector<std::size_t> many_;
  std::size_t size_ = 0;
};

template <class Key, class T, class Allocator, class Words>
class evacuation {
 public:
  using entries = entry_traits<Key, T, Allocator, Words>;
  using bucket_type = bucket<typename entries::value_type, Words>;
  using memory_type = bucket_memory<bucket_type, Allocator, Words>;
  using past_type = typename Words::past;
  static constexpr bool full = std::is_same_v<past_type, full_past>;

  // Where an entry is.
  struct place_type {
    bucket_type* where = nullptr;
    unsigned index = 0;

    [[nodiscard]] typename entries::value_type* slot() const noexcept { return where->slot(index); }
  };
  using numbers_type =
      std::conditional_t<full, entry_numbers<typename entries::allocator_type>, no_entry_numbers>;

  // From an array of `old_buckets` buckets to `to`, an array of mask + 1. Both may be the same
  // array if entries::relocates(). If the entry at `tracked` moves, `tracked` is updated, and so
  // are `numbers`.
  evacuation(typename entries::allocator_type& allocator, memory_type& memory,
             numbers_type& numbers, bucket_type* to, std::size_t mask, std::size_t old_buckets,
             place_type& tracked) noexcept
      : allocator_(allocator),
        memory_(memory),
        numbers_(numbers),
        to_(to),
        mask_(mask),
        old_buckets_(old_buckets),
        tracked_(tracked) {}

  // Finds where the entries of the chain of `from` go, and gets the memory for that (E4). run() must
  // follow.  Throws: what hash_of or the allocator throws; nothing has changed then.
  template <class HashOf>
  void prepare(bucket_type* from, const HashOf& hash_of) {
    const bool same_size = mask_ + 1 == old_buckets_;
    if (moves_head_alone(from)) [[likely]] {
      if (!same_size) up_ = rising(from, hash_of);
      return;
    }
    if (!same_size) find_destinations(from, hash_of);
    overflow_ = overflow_of(from);
    reserve_for(overflow_);
  }

  // Empties chain `index`, whose head is `from`. Returns by how much the number of overflow buckets
  // in use went up (or down, when negative).  Requires: prepare(from, ...) came before.
  // Throws: what a copy throws; the chain is then as before.
  std::ptrdiff_t run(bucket_type* from, std::size_t index) {
    if (moves_head_alone(from)) [[likely]] {
      move_head(from, index);
      return 0;
    }
    start_heads(from, index);
    move_chain(from, index);
    return static_cast<std::ptrdiff_t>(taken_) - static_cast<std::ptrdiff_t>(overflow_);
  }

 private:
  // Destroys the copies made so far, unless committed. A chain whose entries relocate needs no
  // undo: nothing throws.
  struct undo {
    evacuation& self;
    std::size_t index;
    place_type tracked = self.tracked_;
    std::vector<std::pair<place_type, place_type>> numbered = {};  // who has a number, and moved
    bool done = false;

    void commit() noexcept {
      done = true;
      self.tracked_ = tracked;
      for (const auto& [from, to] : numbered) self.move_number(from, to);
    }
    ~undo() {
      if (done) return;
      for (std::size_t i = index; i <= self.mask_; i += self.old_buckets_) {
        self.destroy_chain(self.to_ + i);
      }
      self.taken_ = 0;
    }
  };

  // The common case: no overflow bucket, at most two targets, and no copy that throws.
  [[nodiscard]] bool moves_head_alone(const bucket_type* from) const noexcept {
    return entries::relocates() && from->next() == nullptr && mask_ + 1 <= 2 * old_buckets_;
  }

  // The slots of a head whose entries go to the upper half of a doubling.
  template <class HashOf>
  [[nodiscard]] std::uint32_t rising(bucket_type* from, const HashOf& hash_of) const {
    std::uint32_t up = 0;
    for (auto set = from->live(); set; set.drop_first()) {
      const unsigned i = set.first();
      const bool rises = (hash_of(std::as_const(from->slot(i)->first)) & old_buckets_) != 0;
      up |= std::uint32_t{rises} << i;
    }
    return up;
  }

  void move_head(bucket_type* from, std::size_t index) noexcept {
    const std::uint64_t tops = from->tops();
    const past_type past = from->past();
    const std::size_t high = mask_ + 1 - old_buckets_;  // the new bit of the index; 0 for same size
    const bool in_place = to_ + index == from;
    if (in_place && high == 0) return;
    const auto move = [&](unsigned i, std::size_t target) {
      move_number({from, i}, {to_ + target, i});
      track(from, i, to_ + target, i);
      entries::relocate(allocator_, to_[target].slot(i), from->slot(i));
    };
    std::uint64_t stay = ~std::uint64_t{0};  // the tophash bytes that stay at `index`
    for (std::uint32_t up = up_; up != 0; up &= up - 1) {
      const auto i = static_cast<unsigned>(std::countr_zero(up));
      move(i, index + high);
      stay = with_tophash(stay, i, 0);
    }
    if (!in_place) {
      for (auto set = matcher::live(tops & stay); set; set.drop_first()) move(set.first(), index);
    }
    to_[index].reset(past.of_lower(up_));
    to_[index].set_tops(tops & stay);
    if (high != 0) {
      to_[index + high].reset(past.of_upper(up_));
      to_[index + high].set_tops(tops & ~stay);
    }
  }

  // Makes the targets of chain `index` empty heads. With a full past, note_head_entry() notes later
  // which slots continue in them.
  void start_heads(bucket_type* from, std::size_t index) noexcept {
    const past_type past = from->past();
    for (std::size_t i = index; i <= mask_; i += old_buckets_) {
      if (to_ + i == from) continue;
      if constexpr (full) {
        to_[i].reset(i == index ? past.without_guests() : past.vacant());
      } else {
        to_[i].reset(past);
      }
    }
  }

  // Notes that slot `i` of the old head continues in target `head`.
  void note_head_entry([[maybe_unused]] bucket_type* from, [[maybe_unused]] unsigned i,
                       [[maybe_unused]] std::size_t head) noexcept {
    if constexpr (full) {
      if (from->past().guest(i)) to_[head].set_past(to_[head].past().with_guest(i));
      // It rose wherever its path to the target, a bit of the index at a time, went up.
      for (std::size_t high = head & ~(old_buckets_ - 1); high != 0; high &= high - 1) {
        bucket_type& upper = to_[head & (2 * (std::size_t{1} << std::countr_zero(high)) - 1)];
        upper.set_past(upper.past().with_riser(i));
      }
    }
  }

  template <class HashOf>
  void find_destinations(bucket_type* from, const HashOf& hash_of) {
    for (bucket_type* b = from; b != nullptr; b = b->next()) {
      for (auto set = b->live(); set; set.drop_first()) {
        found_.push_back(hash_of(std::as_const(b->slot(set.first())->first)) & mask_);
      }
    }
  }

  void move_chain(bucket_type* from, std::size_t index) {
    auto head_of = [&, at = std::size_t{0}]() mutable {
      return mask_ + 1 == old_buckets_ ? index : found_[at++];
    };
    undo copies{*this, index};
    bucket_type* const overflow = from->next();
    move_entries_of_head(from, head_of, copies);
    for (bucket_type* b = overflow; b != nullptr; b = b->next()) {
      for (auto set = b->live(); set; set.drop_first()) {
        const unsigned i = set.first();
        bucket_type* const head = to_ + head_of();
        const tophash top = tophash_at(b->tops(), i);
        const place_type target = place_for_overflow(head);
        transfer({b, i}, target, top, copies);
        if (target.where != head) {
          head->add_filter(top);
        } else if constexpr (full) {
          head->set_past(head->past().with_guest(target.index));
        }
      }
    }
    copies.commit();
    if constexpr (!entries::relocates()) destroy_entries(from);
    for (bucket_type* b = overflow; b != nullptr;) {
      bucket_type* const next = b->next();
      if constexpr (!entries::relocates()) destroy_entries(b);
      if constexpr (Words::shared) {
        memory_.give_back(b);
      } else {
        b->set_tops(0);  // walks over slabs see it still
      }
      b = next;
    }
  }

  // Entries of the head keep their slots (E1); those whose head is this one keep their place.
  template <class HeadOf>
  void move_entries_of_head(bucket_type* from, HeadOf& head_of, undo& copies) {
    std::uint64_t left = from->tops();  // what stays
    std::uint32_t left_slots = 0;       // whose entries don't
    for (auto set = from->live(); set; set.drop_first()) {
      const unsigned i = set.first();
      const std::size_t target = head_of();
      bucket_type* const head = to_ + target;
      if (head == from) continue;
      note_head_entry(from, i, target);
      transfer({from, i}, {head, i}, tophash_at(from->tops(), i), copies);
      left = with_tophash(left, i, 0);
      left_slots |= 1u << i;
    }
    if constexpr (entries::relocates()) {
      from->reset(from->past().of_lower(left_slots));
      from->set_tops(left);
    }
  }

  // Builds at `to` the entry of `from`. If it relocates, the one at `from` is destroyed at once;
  // else by commit().
  void transfer(place_type from, place_type to, tophash top, undo& copies) {
    if constexpr (entries::relocates()) {
      move_number(from, to);
      entries::relocate(allocator_, to.where->slot(to.index), from.where->slot(from.index));
    } else {
      if constexpr (full) {
        if (numbers_.number_of(from.slot()) != 0) copies.numbered.emplace_back(from, to);
      }
      entries::construct_from(allocator_, to.where->slot(to.index), from.where->slot(from.index));
    }
    to.where->set_top(to.index, top);
    if (tracked_.where == from.where && tracked_.index == from.index) copies.tracked = to;
  }

  void destroy_entries(bucket_type* b) noexcept {
    for (auto set = b->live(); set; set.drop_first()) {
      entries::destroy(allocator_, b->slot(set.first()));
    }
  }

  // Only entries of overflow buckets may need overflow buckets again. Those of n buckets fill n,
  // and each target but one may have one partly filled bucket more.
  void reserve_for(std::size_t overflow) {
    if (overflow == 0) return;
    const std::size_t targets = (mask_ + 1) / old_buckets_;
    memory_.reserve(allocator_, overflow + std::min(targets - 1, slots_per_bucket * overflow),
                    mask_ + 1);
  }

  // A free slot for an entry of an overflow bucket (E2). Takes from what was reserved.
  place_type place_for_overflow(bucket_type* head) noexcept {
    if (const auto hole = head->empty()) return {head, hole.first()};
    bucket_type* tail = last_head_ == head ? last_tail_ : head;
    while (tail->next() != nullptr) tail = tail->next();
    auto hole = tail == head ? matcher::set(0) : tail->empty();
    if (!hole) {
      bucket_type* const fresh = memory_.take(allocator_, mask_ + 1);
      ++taken_;
      link_behind(head, tail, fresh);
      tail = fresh;
      hole = fresh->empty();
    }
    last_head_ = head;
    last_tail_ = tail;
    return {tail, hole.first()};
  }

  void track(bucket_type* from, unsigned i, bucket_type* to, unsigned j) noexcept {
    if (tracked_.where == from && tracked_.index == i) [[unlikely]]
      tracked_ = {to, j};
  }

  void move_number([[maybe_unused]] place_type from, [[maybe_unused]] place_type to) noexcept {
    if constexpr (full) numbers_.move(from.slot(), to.slot());
  }

  static std::size_t overflow_of(bucket_type* head) noexcept {
    std::size_t n = 0;
    for (const bucket_type* b = head->next(); b != nullptr; b = b->next()) ++n;
    return n;
  }

  void destroy_chain(bucket_type* head) noexcept {
    for (bucket_type* b = head; b != nullptr;) {
      destroy_entries(b);
      bucket_type* const next = b->next();
      if (b != head) memory_.give_back(b);
      b = next;
    }
  }

  typename entries::allocator_type& allocator_;
  memory_type& memory_;
  numbers_type& numbers_;
  bucket_type* to_;
  std::size_t mask_;
  std::size_t old_buckets_;
  place_type& tracked_;
  std::uint32_t up_ = 0;      // of a head alone: whose entries rise
  destinations found_;        // of any other chain: where each entry goes, in their order
  std::size_t overflow_ = 0;  // its overflow buckets
  std::size_t taken_ = 0;
  bucket_type* last_head_ = nullptr;  // where place_for_overflow() appended last, since walking a
  bucket_type* last_tail_ = nullptr;  // long chain for each entry would be quadratic
};

}  // namespace gomap::detail
