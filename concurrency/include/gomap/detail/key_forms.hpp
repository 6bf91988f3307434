// key_forms.hpp -- the keys of functions that may insert: a Key, or what a Key can be made of.
//
// Functions that only look a key up take what gomap::map takes (comparable_key.hpp).
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/detail/comparable_key.hpp>

namespace gomap::detail {

// A key to look up, of which a Key is made if it is new.
template <class K, class Key, class Hash, class KeyEqual>
concept storable_key = std::convertible_to<K, Key> || insertable_key<K, Key, Hash, KeyEqual>;

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

// `key` as it is hashed and compared, to be stored if it is new: itself, or a Key made of it.
template <class Key, class Hash, class KeyEqual, class K>
[[nodiscard]] decltype(auto) as_key(K&& key) {
  if constexpr (std::is_same_v<std::remove_cvref_t<K>, Key> ||
                comparable_key<K, Key, Hash, KeyEqual>) {
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
