// cursor.hpp -- walks a table that may change between any two steps: what iterators are made of.
//
// A walk goes class by class. A *class* is the set of entries whose hashes have the same low
// `bits_` bits: as many as the table told apart when the walk began. An entry never leaves its
// class, however often the table doubles. A class begins as one chain and is 2^d chains after d
// doublings. Its chains are ordered by the further bits of their hashes, *read from low to high*
// ("reversed"). In this order the two halves of a split take the place of the whole, so a place in
// the order stays valid. Within a class one of two orders is used. Neither an evacuation nor an
// erasure changes them:
//
//   by place   for a class that has not overflowed since its chains were last evacuated: (slot
//              number, chain). An entry of a head keeps its slot number in every evacuation (E1).
//   by hash    for any other class: (tophash, reversed hash, tie breaker). Hashes are computed only
//              where two entries of a chain have the same tophash. The tie breaker orders keys with
//              equal hashes (identity.hpp).
//
// So the state is a few numbers: nothing dangles, nothing needs a destructor. An entry that is
// there throughout is met once; one that is added meanwhile may be met, once.
// A Core is a table that can hash: hash_of() returns the function. It also names how its entries
// are found again: identity_by_key or identity_by_place.
// Not thread-safe; walks of several threads may share a table that no thread changes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>

namespace gomap::detail {

[[nodiscard]] constexpr std::uint64_t reverse_bits(std::uint64_t x) noexcept {
  x = ((x >> 1) & 0x5555555555555555u) | ((x & 0x5555555555555555u) << 1);
  x = ((x >> 2) & 0x3333333333333333u) | ((x & 0x3333333333333333u) << 2);
  x = ((x >> 4) & 0x0f0f0f0f0f0f0f0fu) | ((x & 0x0f0f0f0f0f0f0f0fu) << 4);
  x = ((x >> 8) & 0x00ff00ff00ff00ffu) | ((x & 0x00ff00ff00ff00ffu) << 8);
  x = ((x >> 16) & 0x0000ffff0000ffffu) | ((x & 0x0000ffff0000ffffu) << 16);
  return (x >> 32) | (x << 32);
}

// A place in the order by hash. All zero: the start of a tophash.
struct hash_place {
  std::uint64_t reversed;
  std::uint64_t tie;  // the tie breaker
  std::uint16_t top;
  bool inside;  // of the entries at `reversed`, all up to `tie` have been met
  bool over;    // all entries with this tophash have been met

  [[nodiscard]] bool before(const hash_place& other) const noexcept {
    if (reversed != other.reversed) return reversed < other.reversed;
    return !inside || tie < other.tie;
  }
};

// How far a walk has come.
template <class Core>
struct walk_state {
  using bucket_type = typename Core::bucket_type;

  std::uint64_t class_ = 0;
  std::uint64_t first_class_ = 0;
  // in_head and sorted: of the class, and its tophashes when it was entered.
  bucket_type* head_ = nullptr;
  std::array<std::uint64_t, 2> noted_ = {};
  std::uint64_t sorted_ = 0;   // sorted: the slots to come, four bits each, of the overflow
                               //   bucket from 8 on
  std::uint16_t pending_ = 0;  // in_head: the slots to come, as start_head() has them; sorted: how
                               //   many there are
  std::uint8_t bits_ = 0;
  std::uint8_t turn_ = 0;    // the slot that is column 0
  std::uint8_t column_ = 0;  // by_place: the column to come
  hash_place place_ = {};    // by_hash: what has been met; by_place: the chain to come
};

template <class Core>
class cursor {
 public:
  using key_type = typename Core::key_type;
  using value_type = typename Core::value_type;
  using bucket_type = typename Core::bucket_type;
  using position = typename Core::position;

  // At no entry: the end of every walk.
  cursor() noexcept = default;

  // At `at`, an entry just found by `hash`. A walk from here goes to the table's last class.
  cursor(const Core& core, position at, std::uint64_t hash) noexcept
      : core_(std::addressof(core)),
        changes_(core.changes()),
        moves_(core.moves()),
        resets_(core.resets()) {
    at_.find(core, at, hash);
  }

  // At the first entry of a walk over everything, which starts at a class and a slot that `random`
  // chooses.  Throws: what the hash throws.
  static cursor begin(const Core& core, std::uint64_t random) {
    cursor c;
    if (core.size() == 0) return c;
    c.core_ = std::addressof(core);
    c.resets_ = core.resets();
    c.start_walk(random, random >> 61);
    c.see();
    if (!c.enter_class()) c.leave_class();
    return c;
  }

  // Whether the walk is over: it has met all, or the table has been emptied, shrunk or swapped.
  [[nodiscard]] bool at_end() const noexcept {
    return core_ == nullptr || (changed() && core_->resets() != resets_);
  }
  // The entry, wherever it is by now. Reports misuse if it has been erased.  Requires: not at the
  // end.  Throws: what the hash throws.
  [[nodiscard]] value_type* entry() const {
    if (changed()) [[unlikely]]
      return at_.in_parts([this](auto... parts) {
        return entry_by_now(core_, moves_, core_->resets() != resets_, parts...);
      });
    return at_.entry();
  }
  // The same, as a position; nowhere if it has been erased.
  [[nodiscard]] position locate() const {
    if (at_end()) return {};
    return at_.locate(*core_, core_->moves() != moves_);
  }
  [[nodiscard]] const Core* core() const noexcept { return core_; }

  // Whether both are at the same entry, or both at their end. If the entry has been erased: whether
  // both came to it with no move in between.  Throws: what the hash throws.
  [[nodiscard]] bool equals(const cursor& other) const {
    const bool over = at_end();
    const bool other_over = other.at_end();
    if (over || other_over) return over == other_over;
    if (core_ != other.core_) return false;
    if (moves_ == other.moves_) return at_.stands_like(other.at_);
    const value_type* const here = entry_or_null();
    return here != nullptr && here == other.entry_or_null();
  }

  // To the next entry.  Requires: not at the end.  Throws: what the hash throws; the cursor then
  // stays where it is.
  void advance() {
    if (!changed()) [[likely]] {
      if (order_ == order::in_head) [[likely]] {
        do {
          if (walk_.pending_ != 0) return take_pending();
        } while (next_plain_head());
      } else if (order_ == order::sorted && walk_.pending_ != 0) {
        if (bucket_type* const b = plain_bucket(first_sorted())) return take_sorted(b);
      }
    }
    advance_slow();
  }

 private:
  using place = hash_place;
  using identity = typename Core::identity;

  enum class order : std::uint8_t {
    none,      // at a found entry; a walk has not begun
    in_head,   // by place, in a class that is one chain with nothing out of the ordinary
    by_place,  // by place, in any number of chains
    sorted,    // by hash, in a class that is one chain of at most two buckets without twins
    by_hash,   // by hash, in any number of chains
  };

  // ---- what has happened meanwhile

  // Whether any entry has been erased or moved since the cursor came to its own. In a loop that has
  // just stepped, the compiler knows that none has.
  [[nodiscard]] bool changed() const noexcept { return core_->changes() != changes_; }
  // Takes note of all changes so far.
  void see() noexcept {
    changes_ = core_->changes();
    moves_ = core_->moves();
  }

  // Out of line, with scalars for arguments, so that a cursor can stay in registers.
  [[nodiscard]] const value_type* entry_or_null() const {
    return at_.in_parts([this](auto... parts) { return find_again(core_, moves_, parts...); });
  }
  template <class... Parts>
  [[gnu::noinline]] static value_type* find_again(const Core* core, std::uint32_t moves,
                                                  Parts... parts) {
    const position found = identity(parts...).locate(*core, core->moves() != moves);
    return found ? found.entry() : nullptr;
  }
  template <class... Parts>
  [[gnu::noinline]] static value_type* entry_by_now(const Core* core, std::uint32_t moves,
                                                    bool reset, Parts... parts) {
    if (!reset) {
      if (value_type* const found = find_again(core, moves, parts...)) return found;
    }
    core->report_stale_iterator();
    return identity(parts...).entry();
  }
  [[gnu::noinline]] void advance_slow() {
    if constexpr (noexcept(core_->hash_of()(std::declval<const key_type&>()))) {
      step();
    } else {
      cursor ahead = *this;
      ahead.step();
      *this = ahead;
    }
  }

  // ---- classes

  // The reversed further bits of a hash of this class.
  [[nodiscard]] std::uint64_t reversed(std::uint64_t hash) const noexcept {
    return reverse_bits(hash >> walk_.bits_);
  }
  // The chain of the class that holds the place `r` of the reversed order.
  struct stretch {
    bucket_type* head;
    std::uint64_t begin;  // the chain's first place
    std::uint64_t end;    // the first place behind it; 0 if there is none
    std::uint64_t index;  // the low bits that all hashes in it have
    unsigned bits;        // how many bits these are
  };
  [[nodiscard]] stretch chain_over(std::uint64_t r) const noexcept {
    const auto chain = core_->chain_at(walk_.class_ | (reverse_bits(r) << walk_.bits_));
    const unsigned further = chain.bits - walk_.bits_;
    if (further == 0) return {chain.head, 0, 0, walk_.class_, walk_.bits_};
    const std::uint64_t width = std::uint64_t{1} << (64 - further);
    const std::uint64_t begin = r & ~(width - 1);
    return {chain.head, begin, begin + width, walk_.class_ | (reverse_bits(begin) << walk_.bits_),
            chain.bits};
  }
  template <class F>
  void for_each_chain_of_class(F&& f) const {
    std::uint64_t r = 0;
    do {
      const stretch chain = chain_over(r);
      f(chain.head);
      r = chain.end;
    } while (r != 0);
  }
  [[nodiscard]] bool class_has_overflowed() const noexcept {
    bool any = false;
    for_each_chain_of_class([&](bucket_type* head) { any |= head->has_overflowed(); });
    return any;
  }

  [[nodiscard]] std::uint64_t class_mask() const noexcept {
    return (std::uint64_t{1} << walk_.bits_) - 1;
  }
  void start_walk(std::uint64_t random, std::uint64_t turn) noexcept {
    walk_.bits_ = static_cast<std::uint8_t>(core_->common_bits());
    walk_.class_ = walk_.first_class_ = random & class_mask();
    walk_.turn_ = static_cast<std::uint8_t>(turn);
  }
  void end_walk() noexcept { *this = cursor(); }

  // Moves on to the classes behind this one, until one has an entry to show.
  void leave_class() {
    do {
      walk_.class_ = (walk_.class_ + 1) & class_mask();
      if (walk_.class_ == walk_.first_class_) return end_walk();
    } while (!enter_class());
  }
  bool enter_class();
  void begin_at_found();
  void step();

  // ---- by place

  // Whether a class that has this chain alone is walked in_head.
  [[nodiscard]] bool is_plain(const bucket_type* head) const noexcept {
    return !head->has_overflowed() && identity::all_plain(*core_, head->past());
  }
  void start_head(bucket_type* head) noexcept {
    walk_.head_ = head;
    walk_.noted_[0] = head->tops();
    walk_.pending_ = turned(head->live().dense());
  }
  // Slots in the order of columns: from bit turn_ on, those below it eight bits higher up.
  [[nodiscard]] std::uint16_t turned(std::uint32_t slots) const noexcept {
    return static_cast<std::uint16_t>((slots | slots << slots_per_bucket) & std::uint32_t{0xff}
                                                                                << walk_.turn_);
  }
  // To the next class, if that is one to walk in_head; else nothing.
  bool next_plain_head() noexcept {
    const std::uint64_t next = (walk_.class_ + 1) & class_mask();
    if (next == walk_.first_class_) return false;
    bucket_type* const head = core_->chain_of_mask(next, class_mask());
    if (head == nullptr || !is_plain(head)) return false;
    walk_.class_ = next;
    start_head(head);
    return true;
  }
  // To the first pending slot.  Requires: nothing has changed since the head was looked at.
  void take_pending() noexcept {
    const auto slot = static_cast<unsigned>(std::countr_zero(walk_.pending_)) % slots_per_bucket;
    walk_.pending_ &= static_cast<std::uint16_t>(walk_.pending_ - 1);
    at_.stand_plain(walk_.head_, slot, true, walk_.class_, walk_.bits_);
  }
  bool next_in_head();
  void review_head() noexcept;
  void leave_head() noexcept;
  bool next_by_place();
  [[nodiscard]] unsigned slot_of_column(unsigned column) const noexcept {
    return (column + walk_.turn_) % slots_per_bucket;
  }

  // ---- by hash

  // The first of the slots to come, and the bucket that it is in: head_, or the one behind it.
  [[nodiscard]] unsigned first_sorted() const noexcept { return walk_.sorted_ % 16; }
  [[nodiscard]] bucket_type* sorted_bucket(unsigned slot) const noexcept {
    return slot < slots_per_bucket ? walk_.head_ : walk_.head_->next();
  }
  // That bucket, if the slot is all that is needed to know the entry; else null.
  [[nodiscard]] bucket_type* plain_bucket(unsigned slot) const noexcept {
    if (!identity::asks_hash(slot < slots_per_bucket) &&
        identity::all_plain(*core_, walk_.head_->past())) {
      return sorted_bucket(slot);
    }
    return nullptr;
  }
  // To the first of them, which is in `b`.  Requires: nothing has changed since they were sorted.
  void take_sorted(bucket_type* b) noexcept {
    const unsigned slot = drop_sorted();
    at_.stand_plain(b, slot % slots_per_bucket, slot < slots_per_bucket, walk_.class_, walk_.bits_);
  }
  unsigned drop_sorted() noexcept {
    const unsigned slot = first_sorted();
    walk_.sorted_ >>= 4;
    --walk_.pending_;
    return slot;
  }
  [[nodiscard]] tophash noted_top(unsigned slot) const noexcept {
    return tophash_at(walk_.noted_[slot / slots_per_bucket], slot % slots_per_bucket);
  }
  bool sort_slots(bucket_type* head) noexcept;
  bool next_sorted();
  void review_sorted() noexcept;
  void leave_sorted() noexcept;
  bool next_by_hash();
  bool next_of_top();
  bool next_of_top_in(const stretch& chain);
  [[nodiscard]] unsigned next_top(unsigned above) const noexcept;
  // Leaves all that the chain has with walk_.place_.top behind.
  void pass(const stretch& chain) noexcept {
    walk_.place_.reversed = chain.end;
    walk_.place_.inside = false;
    walk_.place_.over = chain.end == 0;
  }
  bool stand_at(const stretch& chain, bucket_type* b, unsigned slot) {
    at_.stand_at(*core_, b, slot, b == chain.head, chain.index, chain.bits);
    return true;
  }

  const Core* core_ = nullptr;
  identity at_{};
  std::uint32_t changes_ = 0;  // of the table, when the cursor came to the entry
  std::uint32_t moves_ = 0;
  std::uint32_t resets_ = 0;
  order order_ = order::none;

  walk_state<Core> walk_;
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Core>
void cursor<Core>::step() {
  if (at_end() || (order_ != order::none && core_->common_bits() < walk_.bits_)) return end_walk();
  if (order_ == order::none) begin_at_found();
  if (changed()) {
    const bool moved = core_->moves() != moves_;
    if (order_ == order::in_head) {
      moved ? leave_head() : review_head();
    } else if (order_ == order::sorted) {
      moved ? leave_sorted() : review_sorted();
    }
    see();
  }
  bool met = false;
  switch (order_) {
    case order::none:
      break;
    case order::in_head:
      met = next_in_head();
      break;
    case order::by_place:
      met = next_by_place();
      break;
    case order::sorted:
      met = next_sorted();
      break;
    case order::by_hash:
      met = next_by_hash();
  }
  if (!met) leave_class();
}

// Sets up the walk that a found entry is part of: from its class to the last.
template <class Core>
void cursor<Core>::begin_at_found() {
  const std::uint64_t hash = at_.hash(*core_);
  start_walk(hash, 0);
  walk_.first_class_ = 0;
  walk_.place_ = {};
  if (at_.in_head() && !class_has_overflowed()) {
    order_ = order::by_place;
    const stretch chain = chain_over(reversed(hash));
    walk_.column_ = static_cast<std::uint8_t>(at_.slot() + (chain.end == 0 ? 1 : 0));
    walk_.place_.reversed = chain.end;
  } else {
    order_ = order::by_hash;
    walk_.place_.top = tophash_of(hash);
    walk_.place_.reversed = reversed(hash);
    walk_.place_.inside = true;
    walk_.place_.tie = at_.tie_breaker();
  }
}

// To the first entry of walk_.class_, if it has any.
template <class Core>
bool cursor<Core>::enter_class() {
  bucket_type* const head = core_->chain_of_mask(walk_.class_, class_mask());
  if (head != nullptr && is_plain(head)) {
    order_ = order::in_head;
    start_head(head);
    return next_in_head();
  }
  walk_.place_ = {};
  if (!class_has_overflowed()) {
    order_ = order::by_place;
    walk_.column_ = 0;
    return next_by_place();
  }
  walk_.place_.over = true;
  if (head != nullptr && sort_slots(head)) {
    order_ = order::sorted;
    return next_sorted();
  }
  order_ = order::by_hash;
  return next_by_hash();
}

template <class Core>
bool cursor<Core>::next_in_head() {
  if (walk_.pending_ == 0) return false;
  const auto slot = static_cast<unsigned>(std::countr_zero(walk_.pending_)) % slots_per_bucket;
  walk_.pending_ &= static_cast<std::uint16_t>(walk_.pending_ - 1);
  at_.stand_at(*core_, walk_.head_, slot, true, walk_.class_, walk_.bits_);
  return true;
}

// Takes out what has ended, as far as tophashes tell.
template <class Core>
void cursor<Core>::review_head() noexcept {
  walk_.pending_ &= turned(matcher::empty(walk_.head_->tops() ^ walk_.noted_[0]).dense());
}

// Something has moved, so the order goes on over the chains that the class has by now. It was one
// head, and all of it up to the entry's column has been met.
template <class Core>
void cursor<Core>::leave_head() noexcept {
  order_ = order::by_place;
  walk_.column_ = static_cast<std::uint8_t>((at_.slot() - walk_.turn_) % slots_per_bucket + 1);
  walk_.place_ = {};
}

// Column by column, chain by chain.
template <class Core>
bool cursor<Core>::next_by_place() {
  for (; walk_.column_ < slots_per_bucket; ++walk_.column_) {
    const unsigned slot = slot_of_column(walk_.column_);
    do {
      const stretch chain = chain_over(walk_.place_.reversed);
      walk_.place_.reversed = chain.end;
      if (tophash_at(chain.head->tops(), slot) != empty_slot) {
        if (chain.end == 0) ++walk_.column_;
        return stand_at(chain, chain.head, slot);
      }
    } while (walk_.place_.reversed != 0);
  }
  return false;
}

// Sorts the slots of the chain of `head` by their tophashes. False: the chain has more than two
// buckets, or two equal tophashes.
template <class Core>
bool cursor<Core>::sort_slots(bucket_type* head) noexcept {
  bucket_type* const second = head->next();
  if (second != nullptr && second->next() != nullptr) return false;
  walk_.head_ = head;
  walk_.noted_ = {head->tops(), second == nullptr ? 0 : second->tops()};
  // A slot's place is the number of lesser tophashes. Counting needs no branch that the processor
  // would mispredict.
  const unsigned empty = matcher::count_below(walk_.noted_[0], walk_.noted_[1], 1);
  std::uint64_t taken = 0;
  walk_.sorted_ = 0;
  for (unsigned word = 0; word < walk_.noted_.size(); ++word) {
    for (auto set = matcher::live(walk_.noted_[word]); set; set.drop_first()) {
      const unsigned slot = word * slots_per_bucket + set.first();
      const unsigned at =
          matcher::count_below(walk_.noted_[0], walk_.noted_[1], noted_top(slot)) - empty;
      walk_.sorted_ |= std::uint64_t{slot} << (4 * at);
      taken |= std::uint64_t{1} << at;
    }
  }
  const unsigned live = 2 * slots_per_bucket - empty;
  walk_.pending_ = static_cast<std::uint16_t>(live);
  return taken + 1 == std::uint64_t{1} << live;  // twins share a place and leave one free
}

template <class Core>
bool cursor<Core>::next_sorted() {
  if (walk_.pending_ == 0) return false;
  const unsigned slot = drop_sorted();
  at_.stand_at(*core_, sorted_bucket(slot), slot % slots_per_bucket, slot < slots_per_bucket,
               walk_.class_, walk_.bits_);
  return true;
}

// Takes out what has ended, as far as tophashes tell.
template <class Core>
void cursor<Core>::review_sorted() noexcept {
  const bucket_type* const second = walk_.head_->next();
  const std::array<std::uint64_t, 2> now = {walk_.head_->tops(),
                                            second == nullptr ? 0 : second->tops()};
  std::uint64_t left = 0;
  unsigned count = 0;
  while (walk_.pending_ != 0) {
    const unsigned slot = drop_sorted();
    const tophash top = tophash_at(now[slot / slots_per_bucket], slot % slots_per_bucket);
    if (top == noted_top(slot)) left |= std::uint64_t{slot} << 4 * count++;
  }
  walk_.sorted_ = left;
  walk_.pending_ = static_cast<std::uint16_t>(count);
}

// Something has moved, so the order goes on over the chains that the class has by now, behind the
// tophash of the entry.
template <class Core>
void cursor<Core>::leave_sorted() noexcept {
  order_ = order::by_hash;
  walk_.place_.top = noted_top(at_.slot() + (at_.in_head() ? 0 : slots_per_bucket));
}

template <class Core>
bool cursor<Core>::next_by_hash() {
  while (!next_of_top()) {
    const unsigned top = next_top(walk_.place_.top);
    if (top > std::numeric_limits<tophash>::max()) return false;
    walk_.place_ = {};
    walk_.place_.top = static_cast<std::uint16_t>(top);
  }
  return true;
}

// The least tophash of the class above `above`; 256 if there is none.
template <class Core>
unsigned cursor<Core>::next_top(unsigned above) const noexcept {
  unsigned least = std::numeric_limits<tophash>::max() + 1u;
  for_each_chain_of_class([&](bucket_type* head) {
    for (bucket_type* b = head; b != nullptr; b = b->next()) {
      least = std::min(least, matcher::least_above(b->tops(), above));
    }
  });
  return least;
}

// The next entry of the class with tophash walk_.place_.top, if one is left.
template <class Core>
bool cursor<Core>::next_of_top() {
  while (!walk_.place_.over) {
    const stretch chain = chain_over(walk_.place_.reversed);
    if (next_of_top_in(chain)) return true;
    pass(chain);
  }
  return false;
}

// The next entry of the chain with tophash walk_.place_.top, if one is left.
template <class Core>
bool cursor<Core>::next_of_top_in(const stretch& chain) {
  const auto top = static_cast<tophash>(walk_.place_.top);
  unsigned count = 0;
  bucket_type* only = nullptr;
  for (bucket_type* b = chain.head; b != nullptr; b = b->next(top)) {
    const auto set = b->match(top);
    if (!set) continue;
    count += set.count();
    only = b;
  }
  if (count == 0) return false;
  // One alone, and none of the chain met yet: there is nothing to compare.
  if (count == 1 && !walk_.place_.inside && walk_.place_.reversed == chain.begin) {
    pass(chain);
    return stand_at(chain, only, only->match(top).first());
  }
  place next{};
  bucket_type* where = nullptr;
  unsigned slot = 0;
  for (bucket_type* b = chain.head; b != nullptr; b = b->next(top)) {
    for (auto set = b->match(top); set; set.drop_first()) {
      const unsigned i = set.first();
      const std::uint64_t hash = core_->hash_of()(std::as_const(b->slot(i)->first));
      const std::uint64_t tie = identity::tie_breaker(*core_, b, i, b == chain.head);
      const place candidate{reversed(hash), tie, top, true, false};
      if (!walk_.place_.before(candidate) || (where != nullptr && next.before(candidate))) continue;
      next = candidate;
      where = b;
      slot = i;
    }
  }
  if (where == nullptr) return false;
  walk_.place_ = next;
  return stand_at(chain, where, slot);
}

}  // namespace gomap::detail
