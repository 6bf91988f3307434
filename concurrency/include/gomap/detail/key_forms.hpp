// key_forms.hpp -- what a function takes for a key: a Key, what hash and equality take as it is,
// and what converts to a Key.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/map.hpp>

namespace gomap::detail {

// A K that a transparent hash and a transparent equality take as it is. Whether it also converts to
// a Key does not matter.
template <class K, class Hash>
concept hashed_by = std::is_invocable_v<const Hash&, const K&, std::uint64_t> ||
    std::is_invocable_v<const Hash&, const K&>;
template <class K, class Key, class Hash, class KeyEqual>
concept compared_as_it_is = transparent<Hash, KeyEqual> && hashed_by<K, Hash> &&
    std::is_invocable_r_v<bool, const KeyEqual&, const Key&, const K&>;

// What a function takes for a key: as it is, or converted as for a parameter of type Key.
template <class K, class Key, class Hash, class KeyEqual>
concept key_form = std::same_as<std::remove_cvref_t<K>, Key> ||
    compared_as_it_is<std::remove_cvref_t<K>, Key, Hash, KeyEqual> || std::is_convertible_v<K, Key>;

// A Key made of `from`. If a class is involved, by implicit conversion: it may have several
// constructors. Else by a cast, without a warning about lost digits.
template <class Key, class From>
[[nodiscard]] Key make_key(From&& from) {
  if constexpr (std::is_class_v<std::remove_cvref_t<From>> && std::is_convertible_v<From, Key>) {
    return std::forward<From>(from);
  } else {
    return static_cast<Key>(std::forward<From>(from));
  }
}

// `key` as it is hashed and compared: itself, or a Key made of it.
template <class Key, class Hash, class KeyEqual, class K>
[[nodiscard]] decltype(auto) as_key(K&& key) {
  using form = std::remove_cvref_t<K>;
  if constexpr (std::is_same_v<form, Key> || compared_as_it_is<form, Key, Hash, KeyEqual>) {
    return std::forward<K>(key);
  } else {
    return make_key<Key>(std::forward<K>(key));
  }
}

// Calls f(functions tuple, arguments tuple), where the last `Functions` of `args` are the
// functions.
template <std::size_t Functions, class F, class... Args>
decltype(auto) split_functions(F&& f, Args&&... args) {
  constexpr std::size_t count = sizeof...(Args) - Functions;
  auto all = std::forward_as_tuple(std::forward<Args>(args)...);
  const auto part = [&]<std::size_t First, std::size_t... I>(
      std::integral_constant<std::size_t, First>, std::index_sequence<I...>) {
    return std::forward_as_tuple(std::get<First + I>(std::move(all))...);
  };
  return f(
      part(std::integral_constant<std::size_t, count>{}, std::make_index_sequence<Functions>{}),
      part(std::integral_constant<std::size_t, 0>{}, std::make_index_sequence<count>{}));
}

}  // namespace gomap::detail
