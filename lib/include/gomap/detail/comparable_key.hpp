// comparable_key.hpp -- which arguments a map looks up as they are, which become a Key first, and how
// two keys are compared.
//
// An argument that a transparent hash and a transparent equality both take is looked up as it is.
// Any other is converted to Key. These exist for transparent functions too: a hash of text takes a
// string_view, but neither a std::sub_match nor a path.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include <gomap/hash.hpp>

namespace gomap::detail {

template <class Hash, class KeyEqual>
concept transparent = requires {
  typename Hash::is_transparent;
  typename KeyEqual::is_transparent;
};

// Whether a KeyEqual can be called with an A and a B.
template <class KeyEqual, class A, class B>
concept compares = std::is_invocable_r_v<bool, const KeyEqual&, const A&, const B&>;

// Whether std::equal_to<Key> is a user's specialisation. The test: that of the standard library has
// a member first_argument_type, in the libraries that are supported.
template <class Key>
concept has_users_equal_to = !requires {
  typename std::equal_to<Key>::first_argument_type;
};

// Whether comparing two scalars by == or by std::equal_to<> calls a function of a user's, which may
// read anything and take different values for equal. The call by name does not find built-in
// operators.
template <class A, class B = A>
concept has_users_equality = requires(const A& a, const B& b) {
  operator==(a, b);
}
|| (std::is_same_v<A, B> && !std::is_arithmetic_v<A> && has_users_equal_to<A>);

// Whether two keys are equal by `equal`. For std::equal_to<>, std::equal_to<Key> is called: it does
// the same, unless a user has specialised it. A Key and another type are compared by `equal`
// itself.  Throws: what the comparison throws.
template <class Key, class KeyEqual>
[[nodiscard]] constexpr bool are_equal(const KeyEqual& equal, const Key& a, const Key& b) {
  constexpr bool by_type = std::is_same_v<KeyEqual, std::equal_to<>> &&
                           !std::is_arithmetic_v<Key> &&
                           (compares<KeyEqual, Key, Key> || has_users_equal_to<Key>);
  static_assert(
      by_type || compares<KeyEqual, Key, Key>,
      "gomap: KeyEqual cannot be called with two keys, as a const function that returns a "
      "bool; the default, std::equal_to<>, needs an operator==.");
  if constexpr (by_type) {
    return std::equal_to<Key>()(a, b);
  } else if constexpr (compares<KeyEqual, Key, Key>) {
    return equal(a, b);
  } else {
    return false;  // the assertion says it all
  }
}
template <class A, class B, class KeyEqual>
[[nodiscard]] constexpr bool are_equal(const KeyEqual& equal, const A& a, const B& b) {
  return equal(a, b);
}

// Comparisons that cannot call back into a map: std::equal_to of scalars and of text.
template <class Key, class KeyEqual>
concept known_comparison =
    (std::is_same_v<KeyEqual, std::equal_to<>> || std::is_same_v<KeyEqual, std::equal_to<Key>>)&&(
        is_hash_of_text<hash<Key>> || (std::is_scalar_v<Key> && !has_users_equality<Key>));

// Whether keys that KeyEqual takes for one are equal by ==, too, if they have it.
// Throws: what == throws.
template <class KeyEqual, class Key>
[[nodiscard]] bool same_keys(const Key& a, const Key& b) {
  constexpr bool asked_already = known_comparison<Key, KeyEqual> && !std::is_enum_v<Key>;
  if constexpr (!asked_already && requires { a == b; }) {
    return static_cast<bool>(a == b);
  } else {
    return true;
  }
}

// What is looked up as it is: what both transparent functions take.
template <class K, class Key, class Hash, class KeyEqual>
concept comparable_key =
    transparent<Hash, KeyEqual> && is_hash_for<Hash, std::remove_reference_t<K>> &&
    compares<KeyEqual, Key, std::remove_reference_t<K>>;

// What is inserted after such a lookup: a Key is made of it only if the key is new.
template <class K, class Key, class Hash, class KeyEqual>
concept insertable_key = comparable_key<K, Key, Hash, KeyEqual> && std::constructible_from<Key, K>;

// What can be looked up at all.
template <class K, class Key, class Hash, class KeyEqual>
concept lookup_key = std::convertible_to<K, const Key&> || comparable_key<K, Key, Hash, KeyEqual>;

// Iterators of the map: overloads for keys do not take them.
template <class K, class Map>
concept iterator_of = std::convertible_to<K, typename Map::iterator> ||
    std::convertible_to<K, typename Map::const_iterator>;

// `key` as it is hashed and compared: itself, or a Key made of it.
template <class Key, class Hash, class KeyEqual, class K>
[[nodiscard]] decltype(auto) as_lookup_key(K&& key) {
  if constexpr (comparable_key<K, Key, Hash, KeyEqual>) {
    return static_cast<const std::remove_reference_t<K>&>(key);
  } else if constexpr (std::derived_from<std::remove_cvref_t<K>, Key>) {
    return static_cast<const Key&>(key);
  } else if constexpr (std::is_arithmetic_v<Key>) {
    return static_cast<Key>(key);  // the same conversion, and no warning of it in here
  } else {
    Key made = std::forward<K>(key);
    return made;
  }
}

}  // namespace gomap::detail
