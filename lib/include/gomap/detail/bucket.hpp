// bucket.hpp -- eight slots and their tophash bytes: the unit that a table probes and evacuates.
//
//   tops[8] | link | slot[8]              a bucket and its overflow buckets form a chain
//
//   link:  [ overflow bucket's address, a multiple of 16 | filter 4 ]
//
// Bytes and link come first, because they alone settle a miss inside one cache line. The filter has
// a bit for each value of a tophash's two low bits, set when such an entry lies further down the
// chain; so a miss on a full bucket seldom follows the link.
// Not thread-safe. Why eight, and why pairs: lib/README.md, "The bucket".
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>
#include <gomap/detail/words.hpp>

namespace gomap::detail {

// The filter bit of `top`.
[[nodiscard]] constexpr std::uintptr_t link_filter(tophash top) noexcept {
  return std::uintptr_t{1} << (top & 3);
}
inline constexpr std::uintptr_t link_filter_all = 15;

// The part of a bucket that does not depend on what the slots hold.
template <class Words>
class bucket_header {
 public:
  constexpr bucket_header() noexcept = default;

  // The tophash word: byte i belongs to slot i.
  [[nodiscard]] std::uint64_t tops() const noexcept { return tops_; }
  void set_tops(std::uint64_t tops) noexcept { tops_ = tops; }
  void set_top(unsigned i, tophash top) noexcept { tops_ = with_tophash(tops_, i, top); }
  [[nodiscard]] std::uintptr_t link() const noexcept { return link_; }
  void set_link(std::uintptr_t link) noexcept { link_ = link; }
  void add_filter(tophash top) noexcept { link_ = link_ | link_filter(top); }

  // For readers without a lock.
  [[nodiscard]] std::uint64_t tops_acquire() const noexcept { return tops_.acquire(); }
  [[nodiscard]] std::uintptr_t link_acquire() const noexcept { return link_.acquire(); }

  // Makes the bucket empty, whatever the memory held.
  void reset() noexcept {
    tops_ = 0;
    link_ = 0;
  }

 private:
  typename Words::template cell<std::uint64_t> tops_ = 0;
  typename Words::template cell<std::uintptr_t> link_ = 0;
};
static_assert(sizeof(bucket_header<plain_words>) == 16 && sizeof(bucket_header<shared_words>) == 16,
              "a miss reads one cache line, and slots start at 16");

// Invariants; check_invariants.hpp verifies them.
//   B1  byte i of tops() is zero  <=>  slot i holds no entry.
//   B2  an entry never changes its slot; only evacuation moves it.
//   B3  an overflow bucket in a chain holds at least one entry.
//   B4  the filter of a head's link covers every entry of its overflow buckets; the links of
//       overflow buckets let everything pass.
template <class Slot, class Words = plain_words>
class alignas(alignof(Slot) > 16 ? alignof(Slot) : 16) bucket : public bucket_header<Words> {
  using header = bucket_header<Words>;

 public:
  using slot_type = Slot;
  using header::link;
  using header::set_link;
  using header::tops;

  [[nodiscard]] Slot* slot(unsigned i) noexcept {
    // launder: the bytes hold a Slot that was constructed in place, or nothing yet.
    return std::launder(reinterpret_cast<Slot*>(bytes_)) + i;
  }

  // The next bucket of the chain that may hold an entry with this tophash, or null.
  [[nodiscard]] bucket* next(tophash top) const noexcept { return next_in(link(), top); }
  // The same, in a link read before.
  [[nodiscard]] static bucket* next_in(std::uintptr_t link, tophash top) noexcept {
    return (link >> (top & 3) & 1) == 0 ? nullptr : pointer_of(link);
  }
  // The next bucket of the chain, or null.
  [[nodiscard]] bucket* next() const noexcept { return pointer_of(link()); }

  // How many buckets the chain of this head has.
  [[nodiscard]] std::size_t chain_length() const noexcept {
    std::size_t length = 0;
    for (const bucket* b = this; b != nullptr; b = b->next()) ++length;
    return length;
  }

  // Links `overflow` behind this bucket, which takes any entry.  For overflow buckets (B4).
  void set_next(bucket* overflow) noexcept {
    set_link(overflow == nullptr ? 0
                                 : reinterpret_cast<std::uintptr_t>(overflow) | link_filter_all);
  }
  // Changes where the link leads and keeps its filter.  For heads; null clears the filter too.
  void set_next_keep_filter(bucket* overflow) noexcept {
    const std::uintptr_t filter = overflow == nullptr ? 0 : link() & link_filter_all;
    set_link(reinterpret_cast<std::uintptr_t>(overflow) | filter);
  }

  [[nodiscard]] matcher::set match(tophash top) const noexcept {
    return matcher::match(tops(), top);
  }
  [[nodiscard]] matcher::set live() const noexcept { return matcher::live(tops()); }
  [[nodiscard]] matcher::set empty() const noexcept { return matcher::empty(tops()); }
  // The empty slots behind the last entry with this tophash.
  [[nodiscard]] slot_set<std::uint32_t, 0> empty_behind(tophash top) const noexcept {
    const int taken = std::bit_width(match(top).dense());
    return slot_set<std::uint32_t, 0>(empty().dense() >> taken << taken);
  }

 private:
  static bucket* pointer_of(std::uintptr_t link) noexcept {
    return reinterpret_cast<bucket*>(link & ~link_filter_all);
  }

  alignas(Slot) std::byte bytes_[slots_per_bucket * sizeof(Slot)];  // left unset on purpose
};

// Makes `next`, or nothing if it is null, follow `b` in the chain of `head` (B4).
template <class Bucket>
void link_behind(Bucket* head, Bucket* b, Bucket* next) noexcept {
  if (b == head) {
    head->set_next_keep_filter(next);
  } else {
    b->set_next(next);
  }
}

// The bucket that a table without memory points to: it is empty, and nobody ever writes it.
template <class Bucket>
struct no_bucket {
  alignas(Bucket) static inline constinit std::byte bytes[sizeof(Bucket)]{};
  // reinterpret_cast: all bytes zero are an empty bucket.
  [[nodiscard]] static Bucket* get() noexcept { return reinterpret_cast<Bucket*>(bytes); }
};

}  // namespace gomap::detail
