// copies.hpp -- whether a type can be copied, or only declares a copy constructor.
#pragma once

#include <type_traits>

namespace gomap::detail {

// Whether T declares a copy that does not compile: a vector of what can only be moved has one.
template <class T>
constexpr bool only_says_it_copies() {
  if constexpr (std::is_copy_constructible_v<T> && requires { typename T::value_type; }) {
    using part = typename T::value_type;
    if constexpr (!std::is_same_v<part, T>) {
      return !std::is_copy_constructible_v<part> || only_says_it_copies<part>();
    }
  }
  return false;
}

template <class T>
concept copies = std::is_copy_constructible_v<T> && !only_says_it_copies<T>();

}  // namespace gomap::detail
