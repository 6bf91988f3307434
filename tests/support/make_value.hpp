// make_value.hpp -- one way to make a test value of any type from a number, and to read it back.
//
// make_value<T>(n) and number_of(v) let a typed suite run over integers, strings and the types of
// counting_value.hpp with the same body: equal numbers make equal values, different ones different
// values (except for types with a single value, see value_range).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace support {

template <class T>
concept numbered = requires(const T& v) {
  { v.number() } -> std::convertible_to<std::uint64_t>;
};

// Strings long enough to live on the heap, so that a lost or doubled destructor shows.
inline constexpr char string_prefix[] = "a string that no small buffer holds: ";

template <class T>
[[nodiscard]] T make_value(std::uint64_t n) {
  if constexpr (std::is_same_v<T, std::string>) {
    return string_prefix + std::to_string(n);
  } else if constexpr (std::is_empty_v<T>) {
    return T{};
  } else {
    return T(static_cast<std::conditional_t<std::is_arithmetic_v<T>, T, std::uint64_t>>(n));
  }
}

template <class T>
[[nodiscard]] std::uint64_t number_of(const T& v) {
  if constexpr (std::is_same_v<T, std::string>) {
    constexpr std::size_t skip = sizeof(string_prefix) - 1;
    return v.size() > skip ? std::stoull(v.substr(skip)) : 0;
  } else if constexpr (numbered<T>) {
    return v.number();
  } else if constexpr (std::is_empty_v<T>) {
    return 0;
  } else {
    return static_cast<std::uint64_t>(v);
  }
}

// How many different values make_value<T> can make.
template <class T>
inline constexpr std::uint64_t value_range = std::is_empty_v<T>
                                                 ? 1
                                                 : std::numeric_limits<std::uint64_t>::max();

}  // namespace support
