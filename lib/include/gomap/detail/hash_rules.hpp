// hash_rules.hpp -- the rule by which gomap::hash hashes each kind of key.
//
// A user's hash comes first: a hook, then a std::hash that a user wrote. A type without either has
// a rule here if it is a number, a pointer, an enumeration, or made of parts that have hashes.
// Included by hash.hpp.
#pragma once

#include <array>
#include <chrono>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gomap/config.hpp>
#include <gomap/detail/seed.hpp>
#include GOMAP_MULTIPLY_HEADER
#include <gomap/detail/std_hash.hpp>
#include <gomap/hash.hpp>

namespace gomap::detail {

template <class K>
concept integer = std::integral<K> || GOMAP_MULTIPLY::is_int128<K>;

// ---- which hash is used

// The rule for a K without a user's hash; the specializations are further down. Without apply()
// there is no rule.
template <class K>
struct own_rule {};

template <class K>
concept has_own_rule = requires(const K& key, std::uint64_t seed) {
  own_rule<K>::apply(key, seed);
};

// Types without an associated namespace of a user's, in which a hook could be found.
template <class K>
concept built_in = integer<K> || std::floating_point<K> || std::is_pointer_v<K> ||
    std::is_null_pointer_v<K> || std::same_as<K, std::byte>;

// Converts to a K and to nothing else. So a hook for a class that converts from a vector, say, is
// not taken for a hook for the vector.
template <class K>
struct only {
  operator const K&() const;
};
// As what a hook for a K is looked up. Classes of the user's own may convert: it is his hook.
template <class K>
using as_hooked = std::conditional_t<has_own_rule<K>, only<K>, K>;

template <class K>
concept appends_itself = !built_in<K> && requires(hasher & h, const as_hooked<K>& key) {
  hash_append(h, key);
};
template <class K>
concept values_itself = !built_in<K> && requires(const as_hooked<K>& key) {
  { hash_value(key) } -> std::convertible_to<std::size_t>;
};

enum class hash_source { none, append, value, std_hash, own };

// Which hash is used for a K.
template <class K>
consteval hash_source source_of();

// Whether the std::hash of a type that holds a Part agrees with the hash of a Part here. It does
// not if the Part has a hook: std::hash ignores hooks, and knows any enumeration and any pointer.
template <class Part>
inline constexpr bool knows_part =
    std::is_base_of_v<hash_by_rule, hash<Part>>&& source_of<Part>() !=
    hash_source::append&& source_of<Part>() != hash_source::value;

// Whether a std::hash<K> that may be a user's or the library's can be used like a user's. Where the
// library's can be recognised, which is tried with int, the others are users'.
template <class K>
inline constexpr bool is_safe_to_use = true;
template <class T>
inline constexpr bool is_safe_to_use<std::optional<T>> =
    detail::inherits_from_the_library<std::optional<int>>() || knows_part<std::remove_const_t<T>>;
template <class... Ts>
inline constexpr bool is_safe_to_use<std::variant<Ts...>> =
    detail::inherits_from_the_library<std::variant<int>>() ||
    (knows_part<std::remove_const_t<Ts>> && ...);

// Stops at the first that decides: where there is a hook, std::hash<K> may still be specialised
// later.
template <class K>
consteval hash_source source_of() {
  if constexpr (appends_itself<K>) {
    return hash_source::append;
  } else if constexpr (values_itself<K>) {
    return hash_source::value;
  } else if constexpr (built_in<K> && !std::is_pointer_v<K>) {
    return hash_source::own;
  } else if constexpr (has_users_std_hash<K> && is_safe_to_use<K>) {
    return hash_source::std_hash;
  } else if constexpr (has_own_rule<K> && !has_broken_std_hash<K>) {
    return hash_source::own;
  } else {
    return hash_source::none;
  }
}

template <class K>
struct hash_rule {
  static consteval bool is_nothrow() {
    constexpr hash_source source = source_of<K>();
    if constexpr (source == hash_source::append) {
      return noexcept(hash_append(std::declval<hasher&>(), std::declval<const K&>()));
    } else if constexpr (source == hash_source::value) {
      return noexcept(hash_value(std::declval<const K&>()));
    } else if constexpr (source == hash_source::std_hash) {
      return noexcept(detail::hash_with(std::hash<K>{}, std::declval<const K&>(), 0));
    } else {
      return noexcept(own_rule<K>::apply(std::declval<const K&>(), 0));
    }
  }

  static constexpr std::uint64_t apply(const K& key, std::uint64_t seed) noexcept(
      is_nothrow()) requires(source_of<K>() != hash_source::none) {
    constexpr hash_source source = source_of<K>();
    if constexpr (source == hash_source::append) {
      hasher h(seed);
      hash_append(h, key);
      return h.result();
    } else if constexpr (source == hash_source::value) {
      return mix(static_cast<std::size_t>(hash_value(key)), seed);
    } else if constexpr (source == hash_source::std_hash) {
      return detail::hash_with(std::hash<K>{}, key, seed);
    } else {
      return own_rule<K>::apply(key, seed);
    }
  }
};

// Whether gomap::hash<K> is gomap's and uses a rule of this file.
template <class K>
concept hashed_by_own_rule = std::is_base_of_v<hash_by_rule, hash<K>> && source_of<K>()
== hash_source::own;

// ---- numbers, and types that are hashed like numbers

template <integer K>
struct own_rule<K> {
  static constexpr std::uint64_t apply(K key, std::uint64_t seed) noexcept {
    if constexpr (sizeof(K) > sizeof(std::uint64_t)) {
      return mix(static_cast<std::uint64_t>(key >> 64), mix(static_cast<std::uint64_t>(key), seed));
    } else {
      return mix(static_cast<std::uint64_t>(key), seed);
    }
  }
};

template <class K>
requires std::is_enum_v<K>
struct own_rule<K> {
  static constexpr std::uint64_t apply(K key, std::uint64_t seed) noexcept {
    return detail::hash_part(static_cast<std::underlying_type_t<K>>(key), seed);
  }
};

template <class T>
struct own_rule<T*> {
  static std::uint64_t apply(T* key, std::uint64_t seed) noexcept {
    return mix(reinterpret_cast<std::uintptr_t>(key), seed);
  }
};

template <>
struct own_rule<std::nullptr_t> {
  static constexpr std::uint64_t apply(std::nullptr_t, std::uint64_t seed) noexcept {
    return mix(0, seed);
  }
};

// How many bytes hold the value: x87's 80 bits are 10 of 16 bytes. Only for formats in which, but
// for zeros and NaN, a value has one bit pattern. Any other format is rounded to double first.
template <class Float>
inline constexpr std::size_t value_bytes = std::numeric_limits<Float>::digits == 64 ? 10
                                           : std::numeric_limits<Float>::digits == 106
                                               ? sizeof(double)
                                               : sizeof(Float);

// The two zeros are equal, so they have one hash. A NaN equals nothing: any hash will do.
template <std::floating_point K>
struct own_rule<K> {
  static std::uint64_t apply(K key, std::uint64_t seed) noexcept {
    std::array<std::uint64_t, 2> words{};
    if (key != 0) {
      if constexpr (value_bytes<K> == sizeof(double) && sizeof(K) > sizeof(double)) {
        const auto rounded = static_cast<double>(key);
        std::memcpy(&words, &rounded, sizeof rounded);
      } else {
        std::memcpy(&words, &key, value_bytes<K>);
      }
    }
    if constexpr (value_bytes < K >> sizeof(std::uint64_t)) seed = mix(words[1], seed);
    return mix(words[0], seed);
  }
};

// ---- types made of parts

template <hashable T>
struct own_rule<std::complex<T>> {
  static std::uint64_t apply(const std::complex<T>& key, std::uint64_t seed) noexcept {
    return detail::hash_part(key.imag(), detail::hash_part(key.real(), seed));
  }
};

// By address, as their == compares.
template <class T, class Deleter>
requires hashable<typename std::unique_ptr<T, Deleter>::pointer>
struct own_rule<std::unique_ptr<T, Deleter>> {
  static std::uint64_t apply(const std::unique_ptr<T, Deleter>& key, std::uint64_t seed) noexcept(
      nothrow_hash<typename std::unique_ptr<T, Deleter>::pointer>) {
    return detail::hash_part(key.get(), seed);
  }
};

template <class T>
struct own_rule<std::shared_ptr<T>> {
  static std::uint64_t apply(const std::shared_ptr<T>& key, std::uint64_t seed) noexcept {
    return detail::hash_part(key.get(), seed);
  }
};

template <class First, class Second>
requires hashable<std::remove_cv_t<First>> && hashable<std::remove_cv_t<Second>>
struct own_rule<std::pair<First, Second>> {
  static constexpr std::uint64_t apply(
      const std::pair<First, Second>& key,
      std::uint64_t seed) noexcept(nothrow_hash<First>&& nothrow_hash<Second>) {
    return detail::hash_part(key.second, detail::hash_part(key.first, seed));
  }
};

template <class... Parts>
requires(hashable<std::remove_cv_t<Parts>>&&...) struct own_rule<std::tuple<Parts...>> {
  static constexpr std::uint64_t apply(const std::tuple<Parts...>& key,
                                       std::uint64_t seed) noexcept((nothrow_hash<Parts> && ...)) {
    if constexpr (sizeof...(Parts) == 0) return mix(0, seed);
    std::apply([&seed](const auto&... parts) { ((seed = detail::hash_part(parts, seed)), ...); },
               key);
    return seed;
  }
};

// Types whose values are equal if and only if their bytes are, and that fill arrays without gaps.
template <class T>
concept bytewise =
    (integer<T> ||
     std::is_enum_v<T>)&&hashed_by_own_rule<T>&& std::has_unique_object_representations_v<T>;

template <class Range>
constexpr std::uint64_t hash_elements(const Range& range, std::uint64_t seed) noexcept(
    nothrow_hash<typename Range::value_type>) {
  for (const typename Range::value_type& element : range) seed = detail::hash_part(element, seed);
  return seed;
}

template <class T, std::size_t N>
requires hashable<std::remove_cv_t<T>>
struct own_rule<std::array<T, N>> {
  static constexpr std::uint64_t apply(const std::array<T, N>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<T>) {
    if constexpr (N == 0) {
      return mix(0, seed);
    } else if constexpr (bytewise<std::remove_cv_t<T>> && N > 2) {
      return detail::hash_bytes(key.data(), sizeof key, seed);
    } else {
      return detail::hash_elements(key, seed);
    }
  }
};

template <hashable T, class Allocator>
struct own_rule<std::vector<T, Allocator>> {
  static std::uint64_t apply(const std::vector<T, Allocator>& key,
                             std::uint64_t seed) noexcept(nothrow_hash<T>) {
    if constexpr (bytewise<T> && !std::same_as<T, bool>) {
      return detail::hash_bytes(key.data(), key.size() * sizeof(T), seed);
    } else {
      return detail::hash_elements(key, mix(key.size(), seed));  // so that {{}, {}} is not {{}}
    }
  }
};

// As std's: an optional with a value hashes like the value.
template <class T>
requires hashable<std::remove_cv_t<T>>
struct own_rule<std::optional<T>> {
  static constexpr std::uint64_t apply(const std::optional<T>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<T>) {
    return key ? detail::hash_part(*key, seed) : mix(no_seed, seed);
  }
};

template <>
struct own_rule<std::monostate> {
  static constexpr std::uint64_t apply(std::monostate, std::uint64_t seed) noexcept {
    return mix(no_seed, seed);
  }
};

// The index is hashed too: variant<int, long>'s 1 and 1L are different keys.
template <class... Types>
requires(hashable<std::remove_cv_t<Types>>&&...) struct own_rule<std::variant<Types...>> {
  static constexpr std::uint64_t apply(const std::variant<Types...>& key,
                                       std::uint64_t seed) noexcept((nothrow_hash<Types> && ...)) {
    seed += key.index() * mix_multiplier;
    if (key.valueless_by_exception()) return mix(0, seed);
    return std::visit([seed](const auto& held) { return detail::hash_part(held, seed); }, key);
  }
};

template <hashable Rep, class Period>
struct own_rule<std::chrono::duration<Rep, Period>> {
  static constexpr std::uint64_t apply(const std::chrono::duration<Rep, Period>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<Rep>) {
    return detail::hash_part(key.count(), seed);
  }
};

template <class Clock, hashable Duration>
struct own_rule<std::chrono::time_point<Clock, Duration>> {
  static constexpr std::uint64_t apply(const std::chrono::time_point<Clock, Duration>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<Duration>) {
    return detail::hash_part(key.time_since_epoch(), seed);
  }
};

}  // namespace gomap::detail
