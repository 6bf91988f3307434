// copyable.hpp -- whether a type can really be copied.
//
// The containers of the standard declare a copy constructor whatever they hold. So
// std::is_copy_constructible is true of a std::vector<std::unique_ptr<int>>, but its copy does not
// compile. This concept looks at the elements. It cannot look into a struct that holds such a
// vector.
#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace gomap::detail {

template <class T>
struct is_copyable;

template <class T>
concept copyable = is_copyable<std::remove_cv_t<T>>::value;

template <class T>
concept container_of_others = !std::same_as<typename T::value_type, T>;

template <class T>
struct is_copyable : std::is_copy_constructible<T> {};
template <container_of_others T>
struct is_copyable<T>
    : std::bool_constant<std::is_copy_constructible_v<T> && copyable<typename T::value_type>> {};
template <class First, class Second>
struct is_copyable<std::pair<First, Second>>
    : std::bool_constant<copyable<First> && copyable<Second>> {};
template <class... Parts>
struct is_copyable<std::tuple<Parts...>> : std::bool_constant<(copyable<Parts> && ...)> {};
template <class... Types>
struct is_copyable<std::variant<Types...>> : std::bool_constant<(copyable<Types> && ...)> {};

// Whether T declares a copy that does not compile.
template <class T>
concept only_says_it_copies = std::is_copy_constructible_v<T> && !copyable<T>;

}  // namespace gomap::detail
