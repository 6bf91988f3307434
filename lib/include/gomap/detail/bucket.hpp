// bucket.hpp -- eight slots and their tophash bytes: the unit that a table probes and evacuates.
//
//   tops[8] | link | full past | slot[8]       a bucket and its overflow buckets form a chain
//
//   link:  [ brief past 16 | address of the overflow bucket, a multiple of 16 | filter 4 ]
//
// Tops and link come first, because they decide a miss within one cache line. The filter has a bit
// for each value of a tophash's two low bits. It is set if an entry with that value lies further
// down the chain; so a miss on a full bucket seldom follows the link. The brief past is in the
// link, a full past behind it; a bucket has one of them or none (past.hpp). Without a brief past
// the address takes all bits between.
// Not thread-safe. The whole picture: lib/README.md, "The bucket".
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include <gomap/detail/past.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>
#include <gomap/detail/words.hpp>

namespace gomap::detail {

// The filter bit of `top`.
[[nodiscard]] constexpr std::uintptr_t link_filter(tophash top) noexcept {
  return std::uintptr_t{1} << (top & 3);
}
inline constexpr std::uintptr_t link_filter_all = 15;
// The filter of a head that has had an overflow bucket and has none now. Walks need it
// (cursor.hpp).
inline constexpr std::uintptr_t link_filter_gone = 1;

// The part of a bucket that does not depend on what the slots hold.
template <class Words>
class alignas(16) bucket_header {
 public:
  using past_type = typename Words::past;

  constexpr bucket_header() noexcept = default;

  // The tophash word: byte i belongs to slot i.
  [[nodiscard]] std::uint64_t tops() const noexcept { return tops_; }
  void set_tops(std::uint64_t tops) noexcept { tops_ = tops; }
  void set_top(unsigned i, tophash top) noexcept { tops_ = with_tophash(tops_, i, top); }

  // The filter of the link.
  [[nodiscard]] std::uintptr_t filter() const noexcept { return link_ & link_filter_all; }
  void set_filter(std::uintptr_t filter) noexcept { link_ = (link_ & ~link_filter_all) | filter; }
  void add_filter(tophash top) noexcept { link_ = link_ | link_filter(top); }
  // Whether the bucket has, or once had, an overflow bucket.
  [[nodiscard]] bool has_overflowed() const noexcept { return (link_ & ~past_in_link()) != 0; }

  // The past of the slots.
  [[nodiscard]] past_type past() const noexcept {
    if constexpr (std::is_same_v<past_type, full_past>) {
      return full_past_;
    } else if constexpr (std::is_same_v<past_type, brief_past>) {
      return past_type(link_);
    } else {
      return {};
    }
  }
  void set_past([[maybe_unused]] past_type past) noexcept {
    if constexpr (std::is_same_v<past_type, full_past>) {
      full_past_ = past;
    } else if constexpr (std::is_same_v<past_type, brief_past>) {
      link_ = (link_ & ~past_in_link()) | past.bits();
    }
  }

  // For readers without a lock.
  [[nodiscard]] std::uint64_t tops_acquire() const noexcept { return tops_.acquire(); }
  [[nodiscard]] std::uintptr_t link_acquire() const noexcept { return link_.acquire(); }

  // Makes the bucket empty, with this past; the memory may hold anything.
  void reset(past_type past = {}) noexcept {
    tops_ = 0;
    link_ = 0;
    set_past(past);
  }

 protected:
  // The bits of a link that are no part of an address or a filter.
  static constexpr std::uintptr_t past_in_link() noexcept {
    if constexpr (std::is_same_v<past_type, brief_past>) return past_type::mask;
    return 0;
  }
  [[nodiscard]] std::uintptr_t link() const noexcept { return link_; }
  // Changes address and filter.
  void set_link(std::uintptr_t link) noexcept {
    if constexpr (past_in_link() != 0) {
      link_ = (link_ & past_in_link()) | link;
    } else {
      link_ = link;
    }
  }

 private:
  typename Words::template cell<std::uint64_t> tops_ = 0;
  typename Words::template cell<std::uintptr_t> link_ = 0;
  [[no_unique_address]] std::conditional_t<std::is_same_v<past_type, full_past>, full_past, no_past>
      full_past_;
};
static_assert(sizeof(bucket_header<plain_words>) == 16 &&
                  sizeof(bucket_header<shared_words>) == 16 &&
                  sizeof(bucket_header<traced_words>) == 32,
              "a miss reads one cache line, and slots start at a multiple of 16");

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
  using header::tops;

  [[nodiscard]] Slot* slot(unsigned i) noexcept {
    // launder: the bytes hold a Slot that was constructed in place, or nothing yet.
    return std::launder(reinterpret_cast<Slot*>(bytes_)) + i;
  }

  // The next bucket of the chain that may hold an entry with this tophash, or null.
  [[nodiscard]] bucket* next(tophash top) const noexcept { return next_in(header::link(), top); }
  // The same, in a link read before.
  [[nodiscard]] static bucket* next_in(std::uintptr_t link, tophash top) noexcept {
    return (link >> (top & 3) & 1) == 0 ? nullptr : pointer_of(link);
  }
  // The next bucket of the chain, or null.
  [[nodiscard]] bucket* next() const noexcept { return pointer_of(header::link()); }

  // How many buckets the chain of this head has.
  [[nodiscard]] std::size_t chain_length() const noexcept {
    std::size_t length = 0;
    for (const bucket* b = this; b != nullptr; b = b->next()) ++length;
    return length;
  }

  // Links `overflow` behind this bucket, with a filter that lets everything pass.  For overflow
  // buckets (B4).
  void set_next(bucket* overflow) noexcept {
    header::set_link(overflow == nullptr ? 0 : address_of(overflow) | link_filter_all);
  }
  // Changes where the link leads and keeps its filter.  For heads; null leaves link_filter_gone.
  void set_next_keep_filter(bucket* overflow) noexcept {
    header::set_link(overflow == nullptr ? link_filter_gone
                                         : address_of(overflow) | header::filter());
  }
  // Whether a link can lead to memory at `p`.
  [[nodiscard]] static bool can_link(const void* p) noexcept {
    return (reinterpret_cast<std::uintptr_t>(p) & header::past_in_link()) == 0;
  }

  [[nodiscard]] matcher::set match(tophash top) const noexcept {
    return matcher::match(tops(), top);
  }
  [[nodiscard]] matcher::set live() const noexcept { return matcher::live(tops()); }
  [[nodiscard]] matcher::set empty() const noexcept { return matcher::empty(tops()); }

 private:
  static bucket* pointer_of(std::uintptr_t link) noexcept {
    return reinterpret_cast<bucket*>(link & ~(link_filter_all | header::past_in_link()));
  }
  static std::uintptr_t address_of(bucket* b) noexcept {
    return reinterpret_cast<std::uintptr_t>(b);
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

}  // namespace gomap::detail
