// std_hash.hpp -- whether a std::hash is one that a user wrote.
//
// A user may specialise std::hash for types with a user's type in them: an enumeration, a
// shared_ptr or an optional of a class. The user may also have another ==, so the user's hash
// must be used. But the library has a std::hash for such types too. It takes no seed, so it is not
// used.
// Two tests recognise the library's. If neither does, the hash counts as a user's, which is never
// wrong.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace gomap::detail {

template <class K>
concept std_hashable =
    std::default_initializable<std::hash<K>> && std::is_invocable_r_v < std::size_t,
        const std::hash<K>
&, const K& > ;

// ---- by the type: for a type made of the standard's types alone, no user may specialise std::hash

// The kinds of types for which the library has a std::hash.
template <class T>
inline constexpr bool standard_made =
    std::is_arithmetic_v<T> || std::is_void_v<T> || std::is_null_pointer_v<T>;
template <class T>
inline constexpr bool standard_made<const T> = standard_made<T>;
template <class T>
inline constexpr bool standard_made<T*> = standard_made<T>;
template <class T>
inline constexpr bool standard_made<T[]> = standard_made<T>;
template <>
inline constexpr bool standard_made<std::byte> = true;
template <>
inline constexpr bool standard_made<std::monostate> = true;
template <class C, class A>
inline constexpr bool standard_made<std::basic_string<C, std::char_traits<C>, A>> =
    standard_made<C>;
template <class C>
inline constexpr bool standard_made<std::basic_string_view<C, std::char_traits<C>>> =
    standard_made<C>;
template <class T>
inline constexpr bool standard_made<std::shared_ptr<T>> = standard_made<T>;
template <class T>
inline constexpr bool standard_made<std::unique_ptr<T, std::default_delete<T>>> = standard_made<T>;
template <class T>
inline constexpr bool standard_made<std::optional<T>> = standard_made<T>;
template <class... Ts>
inline constexpr bool standard_made<std::variant<Ts...>> = (standard_made<Ts> && ...);
template <>
inline constexpr bool standard_made<std::vector<bool>> = true;
template <>
inline constexpr bool standard_made<std::chrono::system_clock> = true;
template <>
inline constexpr bool standard_made<std::chrono::steady_clock> = true;
template <class Rep, class Period>
inline constexpr bool standard_made<std::chrono::duration<Rep, Period>> = standard_made<Rep>;
template <class Clock, class Duration>
inline constexpr bool standard_made<std::chrono::time_point<Clock, Duration>> =
    standard_made<Clock>&& standard_made<Duration>;

// ---- by the call operator: the library's may be a member of a base whose name is reserved to it

// The class and the argument of a member function.
template <class C, class Argument>
struct declaration {
  using declarer = C;
  using argument = std::remove_cvref_t<Argument>;
};
// Declared only.
template <class C, class R, class Argument>
declaration<C, Argument> declaration_of(R (C::*)(Argument) const);

// Whether C's name is std::__something.
template <class C>
consteval bool is_internal_to_std() {
  std::string_view name = __PRETTY_FUNCTION__;  // "... [with C = std::__hash_enum<E>]"
  const auto skip = [&](std::string_view prefix) {
    const bool there = name.starts_with(prefix);
    if (there) name.remove_prefix(prefix.size());
    return there;
  };
  name.remove_prefix(name.find("C = ") + 4);
  if (!skip("std::")) return false;
  skip("__1::");
  return skip("__");
}

template <class K>
consteval bool inherits_from_the_library() {
  if constexpr (requires { detail::declaration_of(&std::hash<K>::operator()); }) {
    using call = decltype(detail::declaration_of(&std::hash<K>::operator()));
    return std::is_same_v<typename call::argument, K> &&
           !std::is_same_v<typename call::declarer, std::hash<K>> &&
           is_internal_to_std<typename call::declarer>();
  } else {
    return false;
  }
}

// Whether std::hash<K> is a user's, as far as can be told, and so is used.
template <class K>
concept has_users_std_hash =
    !standard_made<K> && std_hashable<K> && !detail::inherits_from_the_library<K>();

// Whether there is a std::hash<K> that cannot be called as one must be: a mistake of the user's,
// and no reason to hash a key of his by other rules.
template <class K>
concept has_broken_std_hash =
    !standard_made<K> && !std_hashable<K> && std::default_initializable<std::hash<K>>;

}  // namespace gomap::detail
