// map_core.hpp -- a table with the hash, equality and seed of one map. Iterators point to it.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/identity.hpp>
#include <gomap/detail/table.hpp>
#include <gomap/detail/words.hpp>
#include <gomap/hash.hpp>
#include <gomap/misuse.hpp>

namespace gomap::detail {

// The words of a map's table. They note as much of the past as its iterators need.
template <class Key, class KeyEqual>
using map_words = std::conditional_t<known_by_key<Key, KeyEqual>(), plain_words, traced_words>;

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
class map_core : public table<Key, T, Allocator, map_words<Key, KeyEqual>> {
 public:
  using table_type = table<Key, T, Allocator, map_words<Key, KeyEqual>>;
  using key_type = Key;
  // How iterators find an entry again.
  using identity = std::conditional_t<known_by_key<Key, KeyEqual>(), identity_by_key<map_core>,
                                      identity_by_place<map_core>>;
  using allocator_type = typename table_type::allocator_type;

  map_core(std::uint64_t seed, bool repeatable, const Hash& hash, const KeyEqual& equal,
           const allocator_type& allocator)
      : table_type(allocator), repeatable_(repeatable), seed_(seed), hash_(hash), equal_(equal) {}
  // With a hash and an equality that are made where they stay.
  map_core(std::uint64_t seed, const allocator_type& allocator)
      : table_type(allocator), repeatable_(false), seed_(seed), hash_(), equal_() {}
  map_core(map_core&&) = default;

  [[nodiscard]] Misuse& wire() const noexcept { return wire_; }
  // For the use of an iterator whose entry has been erased. If a write is in progress, that is
  // reported: it may be what erased the entry.  Throws: what the fatal handler throws.
  void report_stale_iterator() const {
    wire_.check_iterate();
    if constexpr (Misuse::enabled) detail::report_stale_iterator(operation::iterate);
  }

  // What hashes any key, for evacuation and for iterators.
  struct hasher_of_keys {
    const map_core& core;
    std::uint64_t operator()(const Key& key) const
        noexcept(noexcept(detail::hash_with(std::declval<const Hash&>(), key, std::uint64_t{}))) {
      return detail::hash_with(core.hash_, key, core.seed_);
    }
  };
  [[nodiscard]] hasher_of_keys hash_of() const noexcept { return {*this}; }
  // A function, not a constant: Key needs to be complete only where it is called.
  static constexpr bool hash_throws_nothing() noexcept {
    return noexcept(detail::hash_with(std::declval<const Hash&>(), std::declval<const Key&>(),
                                      std::uint64_t{}));
  }

  template <class K>
  [[nodiscard]] std::uint64_t hash_key(const K& key) const {
    return detail::hash_with(hash_, key, seed_);
  }
  // Whether `key`, a Key or comparable with one, equals the key of an entry.
  template <class K>
  [[nodiscard]] bool equals(const Key& of_entry, const K& key) const {
    return detail::are_equal(equal_, of_entry, key);
  }
  // The entry whose key equals `key`, or nowhere.  Throws: what the comparison throws.
  template <class K>
  [[nodiscard, gnu::always_inline]] inline typename table_type::position find_key(
      const K& key, std::uint64_t hash) const {
    return this->find(hash, [&](const Key& other) -> bool { return equals(other, key); });
  }

  // The same, after prefetch() and prefetch_match().
  template <class K>
  [[nodiscard]] typename table_type::position find_prefetched_key(const K& key,
                                                                  std::uint64_t hash) const {
    return this->find_prefetched(hash,
                                 [&](const Key& other) -> bool { return equals(other, key); });
  }

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  // Whether seed_with() asked for iteration that starts where the seed says.
  [[nodiscard]] bool repeatable() const noexcept { return repeatable_; }
  void set_seed(std::uint64_t seed, bool repeatable) noexcept {
    seed_ = seed;
    repeatable_ = repeatable;
  }
  // Exchanges hash, equality and seed.
  void swap_parameters(map_core& other) noexcept(
      std::is_nothrow_swappable_v<Hash>&& std::is_nothrow_swappable_v<KeyEqual>) {
    using std::swap;
    swap(seed_, other.seed_);
    swap(repeatable_, other.repeatable_);
    swap(hash_, other.hash_);
    swap(equal_, other.equal_);
  }
  [[nodiscard]] const Hash& hash() const noexcept { return hash_; }
  [[nodiscard]] const KeyEqual& equal() const noexcept { return equal_; }

 private:
  bool repeatable_;
  [[no_unique_address]] mutable Misuse wire_;  // mutable: it watches const calls too
  std::uint64_t seed_;
  [[no_unique_address]] Hash hash_;
  [[no_unique_address]] KeyEqual equal_;
};

}  // namespace gomap::detail
