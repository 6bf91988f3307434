// entry_parts.hpp -- the arguments that make an entry: which make its key, which its value.
//
//   emplace()                                      -                -
//   emplace(k, v)                                  k                v
//   emplace(pair)                                  pair.first       pair.second
//   emplace(piecewise_construct, keys, values)     what keys has    what values has
//
// So the key is looked up before an entry is built and before anything is moved from.
#pragma once

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/copyable.hpp>

namespace gomap::detail {

// Tuples of references into the arguments.
template <class KeyParts, class ValueParts>
struct entry_parts {
  KeyParts key;
  ValueParts value;
};
template <class KeyParts, class ValueParts>
entry_parts(KeyParts, ValueParts) -> entry_parts<KeyParts, ValueParts>;

// Declared only: callable with what a pair's constructors take for a pair.
template <class A, class B>
void takes_two_parts(const std::pair<A, B>&);
template <class A, class B>
void takes_two_parts(const std::tuple<A, B>&);
template <class A>
void takes_two_parts(const std::array<A, 2>&);

template <class P>
concept two_parts = requires(const std::remove_reference_t<P>& p) {
  takes_two_parts(p);
};

// References to the elements of a tuple; rvalue references if the tuple is an rvalue.
template <class Tuple>
constexpr auto refer(Tuple&& parts) {
  return std::apply(
      [](auto&&... part) { return std::forward_as_tuple(std::forward<decltype(part)>(part)...); },
      std::forward<Tuple>(parts));
}

// The parts of an entry that is made of these arguments. There is no overload for an argument that
// must be converted to a pair before its key is known.
constexpr auto parts_of() { return entry_parts{std::tuple<>(), std::tuple<>()}; }
template <class K, class V>
constexpr auto parts_of(K&& k, V&& v) {
  return entry_parts{std::forward_as_tuple(std::forward<K>(k)),
                     std::forward_as_tuple(std::forward<V>(v))};
}
template <two_parts P>
constexpr auto parts_of(P&& p) {
  return detail::parts_of(std::get<0>(std::forward<P>(p)), std::get<1>(std::forward<P>(p)));
}
template <class KeyTuple, class ValueTuple>
constexpr auto parts_of(std::piecewise_construct_t, KeyTuple&& keys, ValueTuple&& values) {
  return entry_parts{detail::refer(std::forward<KeyTuple>(keys)),
                     detail::refer(std::forward<ValueTuple>(values))};
}

// Whether the parts of a key are a single one that can be looked up as it is.
template <class KeyParts, class Key, class Hash, class KeyEqual>
inline constexpr bool is_lookup_key = false;
template <class K, class Key, class Hash, class KeyEqual>
inline constexpr bool is_lookup_key<std::tuple<K>, Key, Hash, KeyEqual> =
    std::is_same_v<std::remove_cvref_t<K>, Key> || comparable_key<K, Key, Hash, KeyEqual>;

template <class KeyParts>
inline constexpr bool is_number = false;
template <class K>
inline constexpr bool is_number<std::tuple<K>> = std::is_arithmetic_v<std::remove_cvref_t<K>>;

// The type by which a part of a key is read but not moved from.
template <class Part>
using unmoved_t = std::conditional_t<std::is_lvalue_reference_v<Part>, Part,
                                     const std::remove_reference_t<Part>&>;

// Calls build(parts...), without moving from them if a Key can be made so.
template <class Key, class Build, class... Parts>
void build_key(const Build& build, const std::tuple<Parts...>& parts) {
  constexpr bool unmoved = std::is_constructible_v<Key, unmoved_t<Parts>...> &&
                           !(only_says_it_copies<std::remove_cvref_t<Parts>> || ...);
  std::apply(
      [&](auto&... part) {
        if constexpr (unmoved) {
          build(static_cast<unmoved_t<Parts>>(part)...);
        } else {
          build(static_cast<Parts>(part)...);
        }
      },
      parts);
}

}  // namespace gomap::detail
