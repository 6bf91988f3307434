// self_contained.hpp -- which keys can be compared while another thread erases them.
//
// A reader without a lock compares a copy of a key. The entry may have been erased meanwhile, and
// what its key refers to may be gone. That is harmless if the comparison reads only the copy. It is
// not if the comparison follows a view, a pointer, or an index into a table. So concurrent_map
// reads without a lock only if the comparison is known to read only the keys; else it takes the
// lock.
//
// Known are numbers, enumerations, pointers compared by address, and pairs, tuples, arrays,
// optionals, variants, complex numbers, bitsets, times and dates of such, compared by
// std::equal_to. For a type of yours, say it by a specialisation:
//
//   struct point { int x, y; friend bool operator==(const point&, const point&) = default; };
//   template <> inline constexpr bool gomap::is_self_contained<point> = true;
//
// Values need nothing of the kind. A reader without a lock copies the value and does not compare
// it. What a copied view or pointer refers to is the program's responsibility, as it is under a
// lock.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/hash_rules.hpp>

namespace gomap {

namespace detail {

template <class Key, class KeyEqual>
[[nodiscard]] consteval bool self_contained() noexcept;

}  // namespace detail

// Whether comparing two Keys by KeyEqual reads only the two objects. Specialise it for a key type
// of yours: that holds for every equality that your maps compare the type with. Specialise it for
// both parameters to speak of one equality, also of a known type: for `int` compared modulo 1000,
// say.
template <class Key, class KeyEqual = std::equal_to<>>
inline constexpr bool is_self_contained = detail::self_contained<Key, KeyEqual>();

namespace detail {

template <class T>
concept scalar = std::is_scalar_v<T> || integer<T>;

// Whether A == B is built in: it reads only the two values, whatever bits they have.
template <class A, class B = A>
concept compared_as_scalars = scalar<A> && scalar<B> && !has_users_equality<A, B>;

template <class T, class... Types>
concept one_of = (std::is_same_v<T, Types> || ...);

// Whether a type and its == are known. The parts of a composed type are asked by is_self_contained.
template <class T>
struct known_self_contained
    : std::bool_constant<
          compared_as_scalars<T> ||
          one_of<T, std::monostate, std::thread::id, std::chrono::day, std::chrono::month,
                 std::chrono::year, std::chrono::weekday, std::chrono::month_day,
                 std::chrono::year_month, std::chrono::year_month_day>> {};

template <class... Parts>
using all_self_contained = std::bool_constant<(is_self_contained<Parts> && ...)>;

template <class T, std::size_t N>
struct known_self_contained<T[N]> : all_self_contained<T> {};
template <class T, std::size_t N>
struct known_self_contained<std::array<T, N>> : all_self_contained<T> {};
template <class First, class Second>
struct known_self_contained<std::pair<First, Second>> : all_self_contained<First, Second> {};
template <class... Parts>
struct known_self_contained<std::tuple<Parts...>> : all_self_contained<Parts...> {};
template <class T>
struct known_self_contained<std::optional<T>> : all_self_contained<T> {};
template <class... Types>
struct known_self_contained<std::variant<Types...>> : all_self_contained<Types...> {};
template <class T>
struct known_self_contained<std::complex<T>> : all_self_contained<T> {};
template <std::size_t N>
struct known_self_contained<std::bitset<N>> : std::true_type {};
template <class Rep, class Period>
struct known_self_contained<std::chrono::duration<Rep, Period>> : all_self_contained<Rep> {};
template <class Clock, class Duration>
struct known_self_contained<std::chrono::time_point<Clock, Duration>>
    : all_self_contained<Duration> {};

// Whether a user has specialised is_self_contained for a type that is not known.
template <class Key>
[[nodiscard]] consteval bool says_self_contained() noexcept {
  return is_self_contained<Key> && !known_self_contained<Key>::value;
}

template <class Key, class KeyEqual>
consteval bool self_contained() noexcept {
  if constexpr (!std::is_same_v<Key, std::remove_cv_t<Key>>) {
    return is_self_contained<std::remove_cv_t<Key>, KeyEqual>;
  } else if constexpr (std::is_same_v<KeyEqual, std::equal_to<>>) {
    // std::equal_to<> asks a user's std::equal_to<Key>, as is known of scalars already.
    return known_self_contained<Key>::value && !(std::is_class_v<Key> && has_users_equal_to<Key>);
  } else if constexpr (one_of<KeyEqual, std::equal_to<Key>, std::ranges::equal_to>) {
    return is_self_contained<Key>;
  } else {
    return says_self_contained<Key>();
  }
}

// Whether comparing a Key with a K in a lookup reads only those two. A known type may be compared
// with one whose == follows a pointer.
template <class Key, class K>
[[nodiscard]] consteval bool compares_in_place() noexcept {
  return std::is_same_v<Key, K> || compared_as_scalars<Key, K> || says_self_contained<Key>();
}

}  // namespace detail
}  // namespace gomap
