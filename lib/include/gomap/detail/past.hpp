// past.hpp -- what a bucket remembers of the entries that have been in its slots.
//
// An iterator knows its entry by its slot. To find out later that the entry has been erased, or
// into which half of a split it went, it needs some of the slot's past. How much depends on the
// key:
//
//   no_past      the table has no iterators
//   brief_past   an entry is found again by the value of its key. The past tells it from a later
//                entry with an equal key. Two bits a slot, beside the address in the bucket's link.
//   full_past    the key is of no use. The past alone tells where an entry went. Two words.
//
// A slot's *life* is the number of entries that have been erased in it, modulo 4 or 8192; so a
// later entry has another life. In a split, the life goes with the slot's entry; if the slot is
// empty, it stays in the lower half.
// A past is a value: functions that change it return the changed one.
#pragma once

#include <cstdint>

#include <gomap/detail/slot_set.hpp>

namespace gomap::detail {

class no_past {
 public:
  [[nodiscard]] static constexpr unsigned life(unsigned) noexcept { return 0; }
  [[nodiscard]] constexpr no_past ended(unsigned) const noexcept { return {}; }
  [[nodiscard]] constexpr no_past of_lower(std::uint32_t) const noexcept { return {}; }
  [[nodiscard]] constexpr no_past of_upper(std::uint32_t) const noexcept { return {}; }
};

class brief_past {
  static constexpr unsigned width = 2;

 public:
  // How many bits it takes of a word that it shares.
  static constexpr unsigned bits_taken = width * slots_per_bucket;
  static constexpr unsigned shift = 64 - bits_taken;
  static constexpr std::uint64_t mask = ~std::uint64_t{0} << shift;

  constexpr brief_past() noexcept = default;
  // From a word that holds it among other things.
  explicit constexpr brief_past(std::uint64_t word) noexcept : bits_(word & mask) {}
  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

  [[nodiscard]] constexpr unsigned life(unsigned slot) const noexcept {
    return static_cast<unsigned>(bits_ >> at(slot)) % (1u << width);
  }
  // After the entry of `slot` has been erased.
  [[nodiscard]] constexpr brief_past ended(unsigned slot) const noexcept {
    const std::uint64_t life = std::uint64_t{(1u << width) - 1} << at(slot);
    const std::uint64_t next = bits_ + (std::uint64_t{1} << at(slot));
    return brief_past((bits_ & ~life) | (next & life));
  }
  // The pasts of the two halves after a split that moves the entries of the slots `up` to the upper
  // half. The key tells which half an entry is in, so both halves may have the slot's life.
  [[nodiscard]] constexpr brief_past of_lower(std::uint32_t) const noexcept { return *this; }
  [[nodiscard]] constexpr brief_past of_upper(std::uint32_t) const noexcept { return *this; }

 private:
  static constexpr unsigned at(unsigned slot) noexcept { return shift + width * slot; }

  std::uint64_t bits_ = 0;
};

//   low    [ - | risen 8  | lives of slots 0 to 3, 13 bits each ]
//   high   [ - | bereaved 1 | guests 8 | lives of slots 4 to 7  ]
//
// risen     this bucket is the upper half of a split that moved the entry of this slot up, from the
//           lower half's head. It always means that one split: when the bucket is split again, its
//           lower half, which keeps its index, keeps the bits.
// guest     the entry was inserted into an overflow bucket, and came to this slot later.
// bereaved  an entry of this chain that was inserted into an overflow bucket has been erased.
class full_past {
  static constexpr unsigned width = 13;
  static constexpr unsigned lives_a_word = slots_per_bucket / 2;
  static constexpr unsigned first_flag = width * lives_a_word;
  static constexpr std::uint64_t flags_mask = std::uint64_t{0xff} << first_flag;
  static constexpr std::uint64_t bereaved_mask = std::uint64_t{1} << (first_flag + 8);

 public:
  constexpr full_past() noexcept = default;

  [[nodiscard]] constexpr unsigned life(unsigned slot) const noexcept {
    return static_cast<unsigned>((slot < lives_a_word ? low_ : high_) >> at(slot)) &
           ((1u << width) - 1);
  }
  [[nodiscard]] constexpr bool risen(unsigned slot) const noexcept {
    return (low_ >> (first_flag + slot) & 1) != 0;
  }
  [[nodiscard]] constexpr bool guest(unsigned slot) const noexcept {
    return (high_ >> (first_flag + slot) & 1) != 0;
  }
  [[nodiscard]] constexpr bool any_guest() const noexcept { return (high_ & flags_mask) != 0; }
  [[nodiscard]] constexpr bool bereaved() const noexcept { return (high_ & bereaved_mask) != 0; }

  // After the entry of `slot` has been erased.
  [[nodiscard]] constexpr full_past ended(unsigned slot) const noexcept {
    const std::uint64_t life = std::uint64_t{(1u << width) - 1} << at(slot);
    const std::uint64_t high = high_ & ~flag(slot);
    if (slot < lives_a_word) return {one_more(low_, life, slot), high};
    return {low_, one_more(high, life, slot)};
  }
  [[nodiscard]] constexpr full_past with_guest(unsigned slot) const noexcept {
    return {low_, high_ | flag(slot)};
  }
  [[nodiscard]] constexpr full_past with_riser(unsigned slot) const noexcept {
    return {low_ | flag(slot), high_};
  }
  [[nodiscard]] constexpr full_past with_bereavement() const noexcept {
    return {low_, high_ | bereaved_mask};
  }
  // Without guests, for a head without entries; vacant() also without risen entries.
  [[nodiscard]] constexpr full_past without_guests() const noexcept {
    return {low_, high_ & ~flags_mask};
  }
  [[nodiscard]] constexpr full_past vacant() const noexcept {
    return {low_ & ~flags_mask, high_ & ~flags_mask};
  }

  [[nodiscard]] constexpr full_past of_lower(std::uint32_t up) const noexcept {
    return {low_, high_ & ~flags(up)};
  }
  [[nodiscard]] constexpr full_past of_upper(std::uint32_t up) const noexcept {
    return {(low_ & ~flags_mask) | flags(up), high_ & ~flags(~up)};
  }

 private:
  constexpr full_past(std::uint64_t low, std::uint64_t high) noexcept : low_(low), high_(high) {}

  static constexpr unsigned at(unsigned slot) noexcept { return width * (slot % lives_a_word); }
  static constexpr std::uint64_t flag(unsigned slot) noexcept {
    return std::uint64_t{1} << (first_flag + slot);
  }
  static constexpr std::uint64_t flags(std::uint32_t slots) noexcept {
    return std::uint64_t{slots & 0xff} << first_flag;
  }
  static constexpr std::uint64_t one_more(std::uint64_t word, std::uint64_t life,
                                          unsigned slot) noexcept {
    return (word & ~life) | ((word + (std::uint64_t{1} << at(slot))) & life);
  }

  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

}  // namespace gomap::detail
