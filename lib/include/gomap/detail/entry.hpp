// entry.hpp -- how an entry is built, moved and destroyed in a slot, through the user's allocator.
//
// A slot holds a real pair<const Key, T>, so that `*it` is a real reference. The const key of an
// entry is moved from only when the entry moves to another slot and is destroyed right afterwards.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <gomap/detail/copyable.hpp>
#include <gomap/detail/words.hpp>

namespace gomap::detail {

// Assigns a value made of `from`. Numbers are converted without a warning in here of what was asked
// for elsewhere, as they are when an entry is built.  Throws: what the assignment throws.
template <class T, class From>
void assign_value(T& to, From&& from) {
  using number = std::remove_cvref_t<From>;
  if constexpr (std::is_arithmetic_v<T> && std::is_arithmetic_v<number> &&
                !std::is_same_v<T, number>) {
    to = static_cast<T>(from);
  } else {
    to = std::forward<From>(from);
  }
}

template <class Key, class T, class Allocator, class Words = plain_words>
struct entry_traits {
  using value_type = std::pair<const Key, T>;
  using allocator_type =
      typename std::allocator_traits<Allocator>::template rebind_alloc<value_type>;
  using traits = std::allocator_traits<allocator_type>;

  // Functions, not constants: Key and T need to be complete only where they are called.

  // Whether the allocator has a construct() of its own.
  static constexpr bool allocator_constructs() noexcept {
    return requires(allocator_type & a, value_type * p, value_type && v) {
      a.construct(p, static_cast<value_type&&>(v));
    };
  }
  // Whether an entry can move to another slot, as it does when the map grows.
  static constexpr bool is_movable() noexcept {
    return moves_as_bytes() ||
           (std::is_move_constructible_v<Key> && std::is_move_constructible_v<T>);
  }
  // Whether copying the bytes is as good as moving.
  static constexpr bool moves_as_bytes() noexcept {
    return std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<T> &&
           !allocator_constructs();
  }
  // Whether an entry can be moved to another slot in one step, because nothing throws.
  static constexpr bool relocates() noexcept {
    return std::is_nothrow_move_constructible_v<Key> && std::is_nothrow_move_constructible_v<T>;
  }
  // Whether an entry is moved out of its slot. It is copied instead if a move could throw, which
  // would leave two damaged entries. Types that can only be moved are moved, as in std::vector.
  static constexpr bool moves() noexcept { return relocates() || !(copyable<Key> && copyable<T>); }
  static constexpr bool trivially_destroyed() noexcept {
    return std::is_trivially_destructible_v<Key> && std::is_trivially_destructible_v<T> &&
           !requires(allocator_type & a, value_type * p) {
      a.destroy(p);
    };
  }

  // Where readers without a lock may look, an entry is built aside and stored by words.
  template <class... Args>
  static void construct(allocator_type& a, value_type* at, Args&&... args) {
    if constexpr (Words::shared) {
      alignas(value_type) std::byte aside[sizeof(value_type)];
      auto* const built = ::new (static_cast<void*>(aside)) value_type(std::forward<Args>(args)...);
      store(at, built->first, built->second);
    } else {
      traits::construct(a, at, std::forward<Args>(args)...);
    }
  }
  static void destroy(allocator_type& a, value_type* at) noexcept {
    if constexpr (!trivially_destroyed()) traits::destroy(a, at);
  }

  // Builds at `to` an entry from the one at `from`: by a move if moves(), else by a copy. The
  // caller destroys the one at `from`.  Throws: what the move or copy throws.
  static void construct_from(allocator_type& a, value_type* to, value_type* from) {
    static_assert(
        is_movable(),
        "gomap: Key and T must be movable or copyable, since a map moves its entries when "
        "it grows; hold what is neither by a std::unique_ptr.");
    if constexpr (!is_movable()) {
      return;  // the assertion says it all
    } else if constexpr (Words::shared) {
      store(to, from->first, from->second);
    } else if constexpr (moves_as_bytes()) {
      std::memcpy(static_cast<void*>(to), static_cast<const void*>(from), sizeof(value_type));
    } else if constexpr (moves()) {
      // const_cast: the entry at `from` is about to end, and nobody reads its key again.
      traits::construct(a, to, std::move(const_cast<Key&>(from->first)), std::move(from->second));
    } else {
      traits::construct(a, to, std::as_const(from->first), std::as_const(from->second));
    }
  }

  // Moves the entry at `from` to `to`, and destroys the one at `from`.  Requires: relocates().
  static void relocate(allocator_type& a, value_type* to, value_type* from) {
    construct_from(a, to, from);
    destroy(a, from);
  }

  // ---- by words.  Require: moves_as_bytes() and Words::shared.

  // Whether a value is one word, so that no reader ever sees a part of it.
  static constexpr bool value_is_a_word() noexcept { return value_unit() == sizeof(T); }

  static void store(value_type* to, const Key& key, const T& value) noexcept {
    store_words<key_unit(), typename Words::atomics>(key_of(to), std::addressof(key), sizeof(Key));
    store_value(to, value);
  }
  static void store_value(value_type* to, const T& value) noexcept {
    store_words<value_unit(), typename Words::atomics>(value_of(to), std::addressof(value),
                                                       sizeof(T));
  }
  [[nodiscard]] static Key load_key(const value_type* from) noexcept {
    return load_words<Key, key_unit(), typename Words::atomics>(
        key_of(const_cast<value_type*>(from)));
  }
  [[nodiscard]] static T load_value(const value_type* from) noexcept {
    return load_words<T, value_unit(), typename Words::atomics>(
        value_of(const_cast<value_type*>(from)));
  }

 private:
  // Key and value start where the members of a pair do; slots are sizeof(value_type) apart.
  static constexpr std::size_t value_offset() noexcept {
    return (sizeof(Key) + alignof(T) - 1) / alignof(T) * alignof(T);
  }
  static constexpr std::size_t key_unit() noexcept {
    return word_unit({sizeof(Key), sizeof(value_type)});
  }
  static constexpr std::size_t value_unit() noexcept {
    return word_unit({sizeof(T), value_offset(), sizeof(value_type)});
  }
  static void* key_of(value_type* entry) noexcept { return entry; }
  static void* value_of(value_type* entry) noexcept {
    static_assert(value_offset() + sizeof(T) <= sizeof(value_type));
    return reinterpret_cast<std::byte*>(entry) + value_offset();
  }
};

}  // namespace gomap::detail
