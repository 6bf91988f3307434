// key_forms.hpp -- in which forms a function takes a key: the key type itself, what is comparable
// with it when hash and equality are transparent, and what converts to it.
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/map.hpp>

namespace gomap::detail {

// What a lookup takes.
template <class K, class Key, class Hash, class KeyEqual>
concept key_form = std::same_as<std::remove_cvref_t<K>, Key> || transparent<Hash, KeyEqual> ||
    std::convertible_to<std::add_lvalue_reference_t<const std::remove_cvref_t<K>>, Key>;

// What has two parts, the first of which is a Key already, by value or by reference.
template <class Pair, class Key>
concept pair_with_key = requires {
  requires std::tuple_size<Pair>::value == 2;
  requires std::same_as<std::remove_cvref_t<std::tuple_element_t<0, Pair>>, Key>;
};

// `key` as it is hashed and compared: itself, or a Key made of it.
template <class Key, class Hash, class KeyEqual, class K>
[[nodiscard]] decltype(auto) as_key(K&& key) {
  if constexpr (std::is_same_v<std::remove_cvref_t<K>, Key> || transparent<Hash, KeyEqual>) {
    return std::forward<K>(key);
  } else {
    return static_cast<Key>(std::forward<K>(key));
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
