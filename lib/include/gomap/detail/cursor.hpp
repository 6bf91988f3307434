// cursor.hpp -- walks a table that may change between any two steps: what iterators are made of.
//
// The walk goes by *classes*: the entries whose hashes share their low `bits_` bits, as many as the
// table told apart when the walk began. An entry never leaves its class, however often the table
// doubles. A class starts as one chain and becomes 2^d chains after d doublings; its chains are
// ordered by the further bits of their hashes, *read from low to high* ("reversed"), so that the
// two halves of a split lie where the whole chain lay and a place in that order stays good.
// Within a class one of two orders serves, both of which no evacuation can change:
//
//   by position   for a class that has no overflow bucket when the walk enters it: (slot number,
//                 chain). An entry of a head keeps its slot number in every evacuation (E1).
//   by hash       for any other class: (tophash, reversed hash, hash of the key's content). Hashes
//                 are computed only where two entries of a chain share a tophash. The tophashes of
//                 a short chain are noted, and taken as they stand there: by position while nothing
//                 moves, with one search of the class for each afterwards. Ties, keys that differ
//                 and agree in all three, go from the youngest, at the end of the chain, to the
//                 oldest, which is exact unless some of them are erased before they are reached.
//
// So the state is a handful of numbers: nothing dangles, nothing needs a destructor. An entry there
// throughout is met once; what is added meanwhile may be met, once.
// A Core is a table that can hash: hash_of() gives the function.
// Not thread-safe; walks of several threads may share a table that nobody changes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>

#include <gomap/detail/table.hpp>
#include <gomap/hash.hpp>

namespace gomap::detail {

[[nodiscard]] constexpr std::uint64_t reverse_bits(std::uint64_t x) noexcept {
  x = ((x >> 1) & 0x5555555555555555u) | ((x & 0x5555555555555555u) << 1);
  x = ((x >> 2) & 0x3333333333333333u) | ((x & 0x3333333333333333u) << 2);
  x = ((x >> 4) & 0x0f0f0f0f0f0f0f0fu) | ((x & 0x0f0f0f0f0f0f0f0fu) << 4);
  x = ((x >> 8) & 0x00ff00ff00ff00ffu) | ((x & 0x00ff00ff00ff00ffu) << 8);
  x = ((x >> 16) & 0x0000ffff0000ffffu) | ((x & 0x0000ffff0000ffffu) << 16);
  return (x >> 32) | (x << 32);
}

// Tells keys of equal hash apart where gomap::hash can: by a hash of their content that does not
// depend on the map's own, possibly bad, hash.
template <class Key>
[[nodiscard]] std::uint64_t content_hash(const Key& key) {
  if constexpr (std::is_nothrow_invocable_r_v<std::uint64_t, hash<Key>, const Key&,
                                              std::uint64_t>) {
    return hash<Key>{}(key, 0x9e3779b97f4a7c15u);
  } else {
    return 0;
  }
}

// A place in the order by hash. All zero is the start of a tophash.
struct hash_place {
  std::uint64_t reversed;
  std::uint64_t content;
  std::uint32_t rank;  // among ties, which agree in all else: how many are nearer to the head
  std::uint16_t top;
  bool inside;  // of what lies at `reversed`, all up to (content, rank) has been met
  bool over;    // all of this tophash has been met

  [[nodiscard]] bool ties_with(const hash_place& other) const noexcept {
    return inside && reversed == other.reversed && content == other.content;
  }
  // Ties aside.
  [[nodiscard]] bool before(const hash_place& other) const noexcept {
    if (reversed != other.reversed) return reversed < other.reversed;
    return !inside || content < other.content;
  }
};

// How far a walk has come. Left unset until there is a walk, since find() makes many a cursor that
// never walks.
struct walk_state {
  std::uint64_t class_;
  std::uint64_t first_class_;
  std::uint64_t last_class_;
  hash_place place_;  // by hash: what has been met; by place: the chain to come
  std::array<std::uint64_t, 2> noted_;
  std::uint8_t bits_;
  std::uint8_t turn_;    // the slot that is column 0
  std::uint8_t column_;  // by place: the column to come
  bool in_second_;       // by position: whether bucket_ is the overflow bucket
  bool has_moved_;       // noted: whether anything moved since the class was entered
};

template <class Core>
class cursor : private walk_state {
  using place = hash_place;

 public:
  using key_type = typename Core::key_type;
  using value_type = typename Core::value_type;
  using bucket_type = typename Core::bucket_type;
  using position = typename Core::position;

  // At no entry: the end of every walk.
  cursor() noexcept {}  // not defaulted: cursor() would zero the walk
  cursor(const cursor& other) noexcept { *this = other; }
  cursor& operator=(const cursor& other) noexcept {
    entry_ = other.entry_;
    core_ = other.core_;
    bucket_ = other.bucket_;
    identity_ = other.identity_;
    moves_ = other.moves_;
    pending_ = other.pending_;
    resets_ = other.resets_;
    order_ = other.order_;
    top_ = other.top_;
    if (order_ != order::none) copy_walk(other);
    return *this;
  }

  // At `at`, an entry just found by `hash`. A walk from here goes to the table's last class.
  cursor(const Core& core, position at, std::uint64_t hash) noexcept
      : entry_(at.entry()),
        core_(&core),
        bucket_(at.where),
        identity_(identity_of(at.entry()->first, hash)),
        moves_(core.moves()),
        resets_(core.resets()),
        top_(tophash_of(hash)) {}

  // At the first entry of a walk over everything, which starts at a class and a slot that `random`
  // chooses.  Throws: what the hash throws.
  static cursor begin(const Core& core, std::uint64_t random) {
    cursor c;
    if (core.size() == 0) return c;
    c.core_ = &core;
    c.start_walk(random, random >> 61);
    if (!c.enter_class()) c.leave_class();
    return c;
  }

  [[nodiscard]] value_type* entry() const noexcept { return entry_; }
  [[nodiscard]] const Core* core() const noexcept { return core_; }

  // Where the entry is now: at entry(), or wherever insertions have moved it meanwhile. Nowhere if
  // it is gone, or if another entry of its chain can't be told from it.  Throws: what the hash
  // throws.
  [[nodiscard]] position locate() const;

  // To the next entry.  Requires: not at the end.  Throws: what the hash throws; the cursor then
  // stays where it is.
  void advance() {
    if (order_ == order::by_position && core_->moves() == moves_ && pending_ != 0 && take_pending())
        [[likely]] {
      return;
    }
    advance_slow();
  }

 private:
  enum class order : std::uint8_t {
    none,         // at a found entry; a walk has not begun
    by_position,  // the class is one chain of at most two buckets, and nothing has moved in it;
                  // pending_ are the slots of bucket_ to come
    by_place,     // by position over all chains of the class
    by_hash,
    noted,  // by hash, in a class that was a chain of two buckets: their tophashes are noted_
  };

  static constexpr bool hash_throws =
      !noexcept(std::declval<const Core&>().hash_of()(std::declval<key_type>()));

  // Small keys are their own identity. For others it is the hash, known only of found entries.
  static constexpr bool holds_key() noexcept {
    return sizeof(key_type) <= sizeof(std::uint64_t) &&
           (std::has_unique_object_representations_v<key_type> ||
            std::is_floating_point_v<key_type>)&&std::is_trivially_copyable_v<key_type>;
  }
  static std::uint64_t identity_of(const key_type& key, std::uint64_t hash) noexcept {
    if constexpr (holds_key()) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, static_cast<const void*>(std::addressof(key)), sizeof(key_type));
      return bits;
    } else {
      return hash;
    }
  }
  // The hash of a found entry, or of any whose key is small.
  [[nodiscard]] std::uint64_t hash_of_entry() const {
    if constexpr (holds_key()) {
      alignas(key_type) std::byte bytes[sizeof(key_type)];
      std::memcpy(bytes, &identity_, sizeof(key_type));
      return core_->hash_of()(*std::launder(reinterpret_cast<const key_type*>(bytes)));
    } else {
      return identity_;
    }
  }

  // The reversed further bits of a hash of this class.
  [[nodiscard]] std::uint64_t reversed(std::uint64_t hash) const noexcept {
    return reverse_bits(hash >> bits_);
  }
  // The chain of the class that holds the place `r` of the reversed order.
  struct stretch {
    bucket_type* head;
    std::uint64_t begin;  // the chain's first place
    std::uint64_t end;    // the first place behind it; 0 if there is none
  };
  [[nodiscard]] stretch chain_over(std::uint64_t r) const noexcept {
    const auto chain = core_->chain_at(class_ | (reverse_bits(r) << bits_));
    const unsigned further = chain.bits - bits_;
    if (further == 0) return {chain.head, 0, 0};
    const std::uint64_t width = std::uint64_t{1} << (64 - further);
    const std::uint64_t begin = r & ~(width - 1);
    return {chain.head, begin, begin + width};
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

  [[nodiscard]] unsigned slot_of_column(unsigned column) const noexcept {
    return (column + turn_) % slots_per_bucket;
  }
  // The slot number of the entry.
  [[nodiscard]] unsigned index() const noexcept {
    return static_cast<unsigned>(entry_ - bucket_->slot(0));
  }
  // Steps to the first pending slot. Returns whether what it held may still be there, and not an
  // entry of another tophash.
  bool take_pending() noexcept {
    const auto slot = static_cast<unsigned>(std::countr_zero(pending_)) % slots_per_bucket;
    pending_ &= pending_ - 1;
    stand_at(bucket_, slot);
    return tophash_at(bucket_->tops() ^ noted_[in_second_], slot) == 0;
  }
  bool stand_at(bucket_type* where, unsigned slot) noexcept {
    bucket_ = where;
    entry_ = where->slot(slot);
    if constexpr (holds_key()) {
      identity_ = identity_of(entry_->first, 0);
    } else {
      top_ = tophash_at(where->tops(), slot);
    }
    return true;
  }

  void start_walk(std::uint64_t random, std::uint64_t turn) noexcept {
    bits_ = static_cast<std::uint8_t>(core_->common_bits());
    last_class_ = (std::uint64_t{1} << bits_) - 1;
    class_ = first_class_ = random & last_class_;
    turn_ = static_cast<std::uint8_t>(turn);
    moves_ = core_->moves();
    resets_ = core_->resets();
  }

  void end_walk() noexcept { *this = cursor(); }

  // Moves on to the classes behind this one, until one has an entry to show.
  void leave_class() {
    do {
      class_ = (class_ + 1) & last_class_;
      if (class_ == first_class_) {
        end_walk();
        return;
      }
    } while (!enter_class());
  }

  // To the first entry of class_, if it has any.
  bool enter_class() {
    bucket_type* const head = core_->chain_of_mask(class_, last_class_);
    if (head != nullptr && (head->link() == 0 || head->next()->next() == nullptr)) [[likely]] {
      bucket_type* const second = head->next();
      noted_ = {head->tops(), second == nullptr ? 0 : second->tops()};
      in_second_ = false;
      bucket_ = head;
      pending_ = turned(head->live().dense());
      if (second == nullptr || !have_twins(noted_[0], noted_[1])) [[likely]] {
        order_ = order::by_position;
        return step_by_position();
      }
      order_ = order::noted;
      pending_ = head->live().dense() | second->live().dense() << slots_per_bucket;
      place_ = {};
      place_.over = true;
      has_moved_ = false;
      return next_noted();
    }
    place_ = {};
    place_.over = true;
    if (class_has_overflow()) {
      order_ = order::by_hash;
      return next_by_hash();
    }
    order_ = order::by_place;
    column_ = 0;
    return next_by_place();
  }
  // The set of slots in the order of columns: from bit turn_ on, slots below it 8 bits higher up.
  [[nodiscard]] std::uint32_t turned(std::uint32_t slots) const noexcept {
    return (slots | slots << slots_per_bucket) & (std::uint32_t{0xff} << turn_);
  }

  [[nodiscard]] bool class_has_overflow() const noexcept;
  [[nodiscard]] bool may_be_entry(const key_type& key, unsigned head_slot) const;
  // By position, to a slot that holds what it held, if there is one left.
  bool step_by_position() noexcept {
    for (;;) {
      while (pending_ != 0) {
        if (take_pending()) return true;
      }
      if (in_second_ || noted_[1] == 0) return false;
      bucket_type* const second = core_->chain_of_mask(class_, last_class_)->next();
      in_second_ = true;
      if (second == nullptr) return false;  // erased since
      bucket_ = second;
      pending_ = matcher::live(noted_[1]).dense();
    }
  }
  // Whether two live bytes of the words are equal.
  static bool have_twins(std::uint64_t first, std::uint64_t second) noexcept {
    bool twins = false;
    for (auto set = matcher::live(second); set; set.drop_first()) {
      const tophash top = tophash_at(second, set.first());
      const std::uint32_t in_second = matcher::match(second, top).dense();
      twins |= static_cast<bool>(matcher::match(first, top)) || (in_second & (in_second - 1)) != 0;
    }
    return twins || twins_within(first);
  }
  static bool twins_within(std::uint64_t tops) noexcept {
    bool twins = false;
    const std::uint32_t live = matcher::live(tops).dense();
    for (unsigned turn = 1; turn <= slots_per_bucket / 2; ++turn) {
      const auto twin = matcher::empty(tops ^ std::rotr(tops, static_cast<int>(8 * turn)));
      twins |= (twin.dense() & live) != 0;
    }
    return twins;
  }
  // Out of line: compilers that don't follow order_ would warn of an unset walk wherever an
  // iterator is copied.
  [[gnu::noinline]] void copy_walk(const walk_state& other) noexcept {
    static_cast<walk_state&>(*this) = other;
  }
  [[gnu::noinline]] void advance_slow();
  void step();
  void begin_at_found();

  bool next_by_place() noexcept;
  bool next_by_hash();
  void leave_position() noexcept;
  bool next_noted();
  bool next_of_top();

  // Calls f(place, bucket, slot) for the entries of the chain with tophash `top`; rank is 0.
  template <class F>
  void for_each_of_top(const stretch& chain, tophash top, F&& f) const;
  // Leaves all that the chain has with place_.top behind.
  void pass(const stretch& chain) noexcept {
    place_.reversed = chain.end;
    place_.inside = false;
    place_.over = chain.end == 0;
  }
  [[nodiscard]] unsigned next_top(unsigned least) const noexcept;
  bool next_of_top_in(const stretch& chain);

  value_type* entry_ = nullptr;  // where the entry was when the cursor came to it
  const Core* core_ = nullptr;
  bucket_type* bucket_ = nullptr;  // of entry_
  std::uint64_t identity_ = 0;     // of the entry: identity_of()
  std::uint32_t moves_ = 0;        // of the table, when entry_ was set
  std::uint32_t pending_ = 0;  // slots to come: of bucket_, as turned() has them; noted: of both
  std::uint16_t resets_ = 0;
  order order_ = order::none;
  tophash top_ = 0;  // of the entry, unless its key is held
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Core>
void cursor<Core>::advance_slow() {
  if constexpr (hash_throws) {
    cursor ahead = *this;
    ahead.step();
    *this = ahead;
  } else {
    step();
  }
}

template <class Core>
void cursor<Core>::step() {
  bool met = false;
  if (core_->moves() == moves_ && order_ == order::by_position) {
    met = step_by_position();
    if (!met) leave_class();
    return;
  }
  if (core_->resets() != resets_ || (order_ != order::none && core_->common_bits() < bits_)) {
    end_walk();
    return;
  }
  if (order_ == order::none) begin_at_found();
  if (core_->moves() != moves_) {
    if (order_ == order::by_position) leave_position();
    has_moved_ = true;
    moves_ = core_->moves();
  }
  switch (order_) {
    case order::by_place:
      met = next_by_place();
      break;
    case order::noted:
      met = next_noted();
      break;
    default:
      met = next_by_hash();
  }
  if (!met) leave_class();
}

// Entries may have moved, so the order goes on in one that does not mind.
template <class Core>
void cursor<Core>::leave_position() noexcept {
  place_ = {};
  if (noted_[1] == 0) {
    // The class was one head, and all of it up to the entry's column has been met.
    order_ = order::by_place;
    column_ = static_cast<std::uint8_t>((index() - turn_) % slots_per_bucket + 1);
    return;
  }
  order_ = order::noted;
  place_.over = true;
  if (in_second_) {
    pending_ <<= slots_per_bucket;
  } else {
    pending_ = ((pending_ | pending_ >> slots_per_bucket) & 0xff) | matcher::live(noted_[1]).dense()
                                                                        << slots_per_bucket;
  }
}

// Sets up the walk that a found entry is part of: from its class to the last.
template <class Core>
void cursor<Core>::begin_at_found() {
  const position at = locate();
  const std::uint64_t hash = hash_of_entry();
  start_walk(hash, 0);
  first_class_ = 0;
  const stretch chain = chain_over(reversed(hash));
  place_ = {};
  if (!at || class_has_overflow()) {
    order_ = order::by_hash;
    place_.top = tophash_of(hash);
    place_.reversed = reversed(hash);
    place_.inside = true;
    if (!at) {
      // Gone, or not to be told from others of its hash: those are left behind as well.
      place_.content = std::numeric_limits<std::uint64_t>::max();
      return;
    }
    place_.content = content_hash(at.entry()->first);
    bool passed = false;
    for_each_of_top(chain, tophash_of(hash), [&](const place& p, bucket_type* b, unsigned i) {
      passed |= b == at.where && i == at.index;
      if (!passed && place_.ties_with(p)) ++place_.rank;
    });
  } else {
    order_ = order::by_place;
    column_ = static_cast<std::uint8_t>(at.index + (chain.end == 0 ? 1 : 0));
    place_.reversed = chain.end;
  }
}

// After a move, everything known of the entry must speak for one candidate alone.
template <class Core>
auto cursor<Core>::locate() const -> position {
  position found;
  if (core_->resets() != resets_) return found;
  if (core_->moves() == moves_) {
    if (tophash_at(bucket_->tops(), index()) != empty_slot) found = {{bucket_, index()}};
    return found;
  }
  unsigned candidates = 0;
  tophash top = top_;
  if constexpr (holds_key()) top = tophash_of(hash_of_entry());
  const auto consider = [&](bucket_type* head) {
    for (bucket_type* b = head; b != nullptr; b = b->next()) {
      for (auto set = b->match(top); set; set.drop_first()) {
        const unsigned i = set.first();
        if (!may_be_entry(b->slot(i)->first, b == head ? i : slots_per_bucket)) continue;
        found = {{b, i}};
        ++candidates;
      }
    }
  };
  if (holds_key() || order_ == order::none) {
    consider(core_->chain_at(hash_of_entry()).head);
  } else {
    for_each_chain_of_class(consider);
  }
  return candidates == 1 ? found : position{};
}

// Whether a key with the entry's tophash, in a chain where the entry must be, may be the entry's.
// `head_slot` is its slot number in the head; slots_per_bucket stands for an overflow bucket.
template <class Core>
bool cursor<Core>::may_be_entry(const key_type& key, unsigned head_slot) const {
  if constexpr (holds_key()) return identity_of(key, 0) == identity_;
  switch (order_) {
    case order::none:
      return core_->hash_of()(key) == identity_;
    case order::by_position:
      return noted_[1] != 0 || head_slot == index();  // E1, in a class of heads
    case order::by_place:
      return head_slot == index();  // E1
    case order::by_hash:
    case order::noted:
      return !place_.inside || place_.over ||
             (reversed(core_->hash_of()(key)) == place_.reversed &&
              content_hash(key) == place_.content);
  }
  return false;
}

template <class Core>
bool cursor<Core>::class_has_overflow() const noexcept {
  bool overflow = false;
  for_each_chain_of_class([&](bucket_type* head) { overflow |= head->link() != 0; });
  return overflow;
}

// By position over several chains: column by column, chain by chain.
template <class Core>
bool cursor<Core>::next_by_place() noexcept {
  for (; column_ < slots_per_bucket; ++column_) {
    const unsigned slot = slot_of_column(column_);
    do {
      const stretch chain = chain_over(place_.reversed);
      place_.reversed = chain.end;
      if (tophash_at(chain.head->tops(), slot) != empty_slot) {
        stand_at(chain.head, slot);
        if (chain.end == 0) ++column_;
        return true;
      }
    } while (place_.reversed != 0);
  }
  return false;
}

// The least tophash of the class that is at least `least`; 256 if there is none.
template <class Core>
unsigned cursor<Core>::next_top(unsigned least) const noexcept {
  unsigned found = 256;
  for_each_chain_of_class([&](bucket_type* head) {
    for (bucket_type* b = head; b != nullptr; b = b->next()) {
      for (auto set = b->live(); set; set.drop_first()) {
        const unsigned top = tophash_at(b->tops(), set.first());
        if (top >= least && top < found) found = top;
      }
    }
  });
  return found;
}

// By hash, tophash by tophash as they were noted. A slot that alone had its tophash is all there is
// to look at while nothing has moved; otherwise the class is searched for it.
template <class Core>
bool cursor<Core>::next_noted() {
  for (;;) {
    if (next_of_top()) return true;
    if (pending_ == 0) return false;
    const auto at = static_cast<unsigned>(std::countr_zero(pending_));
    const tophash top = tophash_at(noted_[at / slots_per_bucket], at % slots_per_bucket);
    const std::uint32_t same = matcher::match(noted_[0], top).dense() |
                               matcher::match(noted_[1], top).dense() << slots_per_bucket;
    pending_ &= ~same;
    if (has_moved_ || (same & (same - 1)) != 0) {
      place_ = {};
      place_.top = top;
      continue;
    }
    bucket_type* b = core_->chain_of_mask(class_, last_class_);
    if (at >= slots_per_bucket) b = b->next();
    // Erased since, or replaced by another.
    if (b == nullptr || tophash_at(b->tops(), at % slots_per_bucket) != top) continue;
    return stand_at(b, at % slots_per_bucket);
  }
}

template <class Core>
bool cursor<Core>::next_by_hash() {
  while (!next_of_top()) {
    const unsigned top = next_top(place_.top + 1u);
    if (top > std::numeric_limits<tophash>::max()) return false;
    place_ = {};
    place_.top = static_cast<std::uint16_t>(top);
  }
  return true;
}

// The next entry of the class with tophash place_.top, if one is left.
template <class Core>
bool cursor<Core>::next_of_top() {
  while (!place_.over) {
    const stretch chain = chain_over(place_.reversed);
    if (next_of_top_in(chain)) return true;
    pass(chain);
  }
  return false;
}

// The next entry of the chain with tophash place_.top, if one is left.
template <class Core>
bool cursor<Core>::next_of_top_in(const stretch& chain) {
  const auto top = static_cast<tophash>(place_.top);
  // One alone, and none of the chain met yet: there is nothing to compare.
  bool alone = !place_.inside && place_.reversed == chain.begin;
  unsigned count = 0;
  bucket_type* only = nullptr;
  for (bucket_type* b = chain.head; b != nullptr; b = b->next(top)) {
    const auto set = b->match(top);
    if (!set) continue;
    count += set.count();
    only = b;
  }
  if (count == 0) return false;
  alone = alone && count == 1;
  if (alone) {
    pass(chain);
    return stand_at(only, only->match(top).first());
  }
  // Ties are met from the end of the chain: those nearer to the head than the last one met are to
  // come. So it does no harm to erase what has been met, and new ties, which are put behind,
  // either.
  place next{};
  bool met = false;
  std::uint32_t rank = 0;
  for_each_of_top(chain, top, [&](const place& candidate, bucket_type* b, unsigned i) {
    if (place_.ties_with(candidate) && rank < place_.rank) {
      met = true;
      next = candidate;
      next.rank = rank++;
      stand_at(b, i);
    }
  });
  if (!met) {
    for_each_of_top(chain, top, [&](const place& candidate, bucket_type* b, unsigned i) {
      if (!place_.before(candidate) || (met && next.before(candidate))) return;
      const std::uint32_t ties = met && next.ties_with(candidate) ? next.rank + 1 : 0;
      met = true;
      next = candidate;
      next.rank = ties;
      stand_at(b, i);
    });
  }
  if (met) place_ = next;
  return met;
}

template <class Core>
template <class F>
void cursor<Core>::for_each_of_top(const stretch& chain, tophash top, F&& f) const {
  for (bucket_type* b = chain.head; b != nullptr; b = b->next()) {
    for (auto set = b->match(top); set; set.drop_first()) {
      const unsigned i = set.first();
      const auto& key = std::as_const(b->slot(i)->first);
      f(place{reversed(core_->hash_of()(key)), content_hash(key), 0, top, true, false}, b, i);
    }
  }
}

}  // namespace gomap::detail
