// access.hpp -- the two ways in which the probe loop looks at a bucket.
//
//   direct_access       nobody writes meanwhile
//   optimistic_access   somebody may: every word is loaded with acquire, and what was loaded is
//                       used only after a look at the sequence number says that it belongs together
//
// An optimistic probe may be told lies but never follows one: it stops as soon as the sequence
// number has changed, and its caller throws the result away.
#pragma once

#include <cstdint>
#include <utility>

#include <gomap/detail/tophash.hpp>

namespace gomap::detail {

struct direct_access {
  template <class Bucket>
  [[nodiscard]] static std::uint64_t tops(const Bucket* b) noexcept {
    return b->tops();
  }
  template <class Bucket>
  [[nodiscard]] static Bucket* next(const Bucket* b, tophash top) noexcept {
    return b->next(top);
  }
  template <class Slot, class Matches>
  [[nodiscard]] static bool test(Slot* slot, const Matches& matches) {
    return matches(std::as_const(slot->first));
  }
};

// `Unchanged` tells whether nobody has written since the read began. `Entries` are entry_traits;
// AnyBits says that `matches` takes keys that may be made of halves, as comparisons of built-in
// types do. Others see no key but a whole one.
template <class Entries, bool AnyBits, class Unchanged>
class optimistic_access {
 public:
  explicit optimistic_access(const Unchanged& unchanged) noexcept : unchanged_(unchanged) {}

  template <class Bucket>
  [[nodiscard]] static std::uint64_t tops(const Bucket* b) noexcept {
    return b->tops_acquire();
  }
  template <class Bucket>
  [[nodiscard]] Bucket* next(const Bucket* b, tophash top) const noexcept {
    Bucket* const next = Bucket::next_in(b->link_acquire(), top);
    return next != nullptr && unchanged_() ? next : nullptr;
  }
  template <class Slot, class Matches>
  [[nodiscard]] bool test(Slot* slot, const Matches& matches) const {
    const auto key = Entries::load_key(slot);
    if constexpr (!AnyBits) {
      if (!unchanged_()) return true;  // to end the probe
    }
    return matches(key);
  }

 private:
  const Unchanged& unchanged_;
};

}  // namespace gomap::detail
