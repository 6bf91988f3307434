// access.hpp -- the two ways in which the probe loop looks at a bucket.
//
//   direct_access       no thread writes meanwhile
//   optimistic_access   one may: every word is loaded with acquire, and is used only if the
//                       sequence number has not changed since the read began
//
// So an optimistic probe may load words that do not belong together, but never acts on them: it
// stops as soon as the sequence number has changed, and its caller drops the result.
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

// `Unchanged` tells whether no write has begun since the read did. `Entries` are entry_traits.
// AnyBits: `matches` may be called with a key whose words do not belong together, as comparisons of
// built-in types may. Other comparisons are called with whole keys only.
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
