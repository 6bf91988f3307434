// numbered_values.hpp -- keys and values of several types, each standing for a 64-bit number.
//
// numbered<T>::make(n) is the value that stands for n, and number() says which one a value stands
// for, or torn_value when it is made of pieces of several. T{} stands for 0.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <gomap/hash.hpp>
#include <gomap/self_contained.hpp>

#include "history.hpp"

namespace stress {

// Eight words, each of which says what the others must be: more than a cache line holds of it, for
// those of one line seem to come and go together.
struct wide_value {
  std::array<std::uint64_t, 8> words{};

  friend bool operator==(const wide_value&, const wide_value&) = default;
};
static_assert(std::is_trivially_copyable_v<wide_value>);

// Two words, so that comparing keys is user code, which must never be shown halves.
struct wide_key {
  std::array<std::uint64_t, 2> words{};

  friend bool operator==(const wide_key&, const wide_key&) = default;
  friend void hash_append(gomap::hasher& h, const wide_key& key) { h(key.words[0], key.words[1]); }
};

}  // namespace stress

template <>
inline constexpr bool gomap::is_self_contained<stress::wide_key> = true;

namespace stress {

namespace detail {

// The words of a number: itself, then multiples of it by odd numbers.
template <std::size_t N>
constexpr std::array<std::uint64_t, N> words_for(std::uint64_t number) {
  std::array<std::uint64_t, N> words{};
  for (std::size_t i = 0; i < N; ++i) words[i] = number * (1 + i * 0x9E3779B97F4A7C16U);
  return words;
}

template <std::size_t N>
constexpr std::uint64_t number_of(const std::array<std::uint64_t, N>& words) {
  return words == words_for<N>(words[0]) ? words[0] : torn_value;
}

}  // namespace detail

template <class T>
struct numbered;

template <>
struct numbered<std::uint64_t> {
  static std::uint64_t make(std::uint64_t number) { return number; }
  static std::uint64_t number(std::uint64_t value) { return value; }
};

template <>
struct numbered<wide_value> {
  static wide_value make(std::uint64_t number) { return {detail::words_for<8>(number)}; }
  static std::uint64_t number(const wide_value& value) { return detail::number_of(value.words); }
};

template <>
struct numbered<wide_key> {
  static wide_key make(std::uint64_t number) { return {detail::words_for<2>(number)}; }
  static std::uint64_t number(const wide_key& key) { return detail::number_of(key.words); }
};

// The digits, written down three times: too long to lie inside the string itself.
template <>
struct numbered<std::string> {
  static std::string make(std::uint64_t number);
  static std::uint64_t number(std::string_view text);
};

// ---- bodies --------------------------------------------------------------------------------

inline std::string numbered<std::string>::make(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (number == 0) return {};
  std::string text(48, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = digits[number >> 4 * (i % 16) & 15];
  return text;
}

inline std::uint64_t numbered<std::string>::number(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = std::min<std::size_t>(text.size(), 16); i-- > 0;) {
    const auto digit =
        static_cast<std::uint64_t>(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
    number = number << 4 | digit;
  }
  return text == make(number) ? number : torn_value;
}

}  // namespace stress
