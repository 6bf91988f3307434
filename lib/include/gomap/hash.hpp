// hash.hpp -- gomap::hash, the hash that maps use by default, and how a type of yours gets one.
//
//   hash(key, seed) = mix(key, seed)            integers, enums, pointers, floats, durations
//                   = mix(XXH3(bytes), seed)    strings, long arrays and vectors of integers
//                   = parts in turn, each seeded by the hash of those before    pairs, tuples, ...
//
// Low, middle and top bits are used apart (bucket, shard, tophash), so all of them must be good;
// one 64x64 -> 128 bit multiplication, its halves folded by xor, is enough for that.
//
// Your type works when it has one of these, the first that is found:
//   void hash_append(gomap::hasher& h, const T& t)     a friend: h(t.a, t.b)
//   std::size_t hash_value(const T& t)                 a friend
//   std::hash<T>
// The results of the last two are mixed with the seed, unless a std::hash says is_avalanching.
// A gomap::hash<T> of your own may be called with (key, seed) or with (key).
//
// All of it may be called by any number of threads at once. hash() throws nothing but what a
// user's hash throws. Integer hashes do not withstand an attacker who chooses the keys and can
// time the answers; string hashes rest on 192 secret bytes of the process.
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
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gomap/config.hpp>
#include <gomap/detail/seed.hpp>
#include GOMAP_MULTIPLY_HEADER

namespace gomap {

// A good hash of `x` under `seed`: every bit of either reaches every part of the result.
// One multiplication.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x, std::uint64_t seed) noexcept {
  return detail::multiply_fold(x ^ seed, detail::mix_multiplier);
}

namespace detail {

template <class Hash>
consteval bool says_avalanching() {
  if constexpr (requires { static_cast<bool>(Hash::is_avalanching::value); }) {
    return Hash::is_avalanching::value;
  } else {
    return requires { typename Hash::is_avalanching; };
  }
}

// The hash of a run of bytes; strings, arrays and vectors come here. `data` may be null when
// `size` is 0.
[[nodiscard]] std::uint64_t hash_bytes(const void* data, std::size_t size,
                                       std::uint64_t seed) noexcept;

// What gomap::hash does with a K; the specializations are further down. One without apply() means
// that K has no hash.
template <class K>
struct hash_rule;

template <class K>
concept has_hash_rule = requires(const K& key, std::uint64_t seed) {
  hash_rule<K>::apply(key, seed);
};

// The seed of a call without one: any number that is not 0, which would send 0 to 0.
inline constexpr std::uint64_t no_seed = 0x2545f4914f6cdd1d;

}  // namespace detail

// True for a hash that says that all bits of its result are good: it has a type is_avalanching,
// which is void or whose value is true. std::false_type means that it is not.
template <class Hash>
concept avalanching = detail::says_avalanching<Hash>();

// The hash of a K. Not callable when there is none for K: std::is_invocable tells.
template <class K>
struct hash {
  using is_avalanching = void;

  [[nodiscard]] constexpr std::uint64_t operator()(const K& key, std::uint64_t seed) const
      noexcept(noexcept(detail::hash_rule<K>::apply(key, seed))) requires detail::has_hash_rule<K> {
    return detail::hash_rule<K>::apply(key, seed);
  }

  // The same for users without a seed; alike in every process unless strings are hashed.
  [[nodiscard]] constexpr std::uint64_t operator()(const K& key) const noexcept(noexcept(
      detail::hash_rule<K>::apply(key, detail::no_seed))) requires detail::has_hash_rule<K> {
    return detail::hash_rule<K>::apply(key, detail::no_seed);
  }
};

// The hash of text. Whatever converts to a string_view may be looked up, and hashes like its text.
template <class Char>
struct text_hash {
  using is_avalanching = void;
  using is_transparent = void;

  [[nodiscard]] std::uint64_t operator()(std::basic_string_view<Char> text,
                                         std::uint64_t seed = detail::no_seed) const noexcept {
    return detail::hash_bytes(text.data(), text.size() * sizeof(Char), seed);
  }
};

// Only for the standard traits: others may take for equal what differs in its bytes.
template <class Char, class Allocator>
struct hash<std::basic_string<Char, std::char_traits<Char>, Allocator>> : text_hash<Char> {};
template <class Char>
struct hash<std::basic_string_view<Char, std::char_traits<Char>>> : text_hash<Char> {};

// True for a type that gomap::hash can hash.
template <class K>
concept hashable = requires(const hash<K>& h, const K& key) {
  { h(key) } -> std::convertible_to<std::uint64_t>;
};

namespace detail {

// Whether a Hash can be called with a K, with a seed or without, and returns a number.
template <class Hash, class K>
concept is_hash_for = requires(const Hash& function, const K& key) {
  static_cast<std::uint64_t>(function(key, std::uint64_t{}));
}
|| requires(const Hash& function, const K& key) { static_cast<std::uint64_t>(function(key)); };

// The hash of `key` under `seed` by any hash. One that takes a seed gets it. The result of another
// is mixed with the seed, or taken as it is when it is avalanching and 64 bits wide.
// Throws: what `function` throws.
template <class Hash, class K>
[[nodiscard]] constexpr std::uint64_t hash_with(const Hash& function, const K& key,
                                                std::uint64_t seed) noexcept([] {
  if constexpr (std::is_invocable_v<const Hash&, const K&, std::uint64_t>) {
    return std::is_nothrow_invocable_v<const Hash&, const K&, std::uint64_t>;
  } else {
    return std::is_nothrow_invocable_v<const Hash&, const K&>;
  }
}()) {
  static_assert(
      is_hash_for<Hash, K>,
      "gomap: the hash cannot be called with this key, as a const function that returns a "
      "number; the default, gomap::hash, needs a hash_append(), a hash_value() or a "
      "std::hash for it.");
  if constexpr (!is_hash_for<Hash, K>) {
    return 0;  // the assertion says it all
  } else if constexpr (std::is_invocable_v<const Hash&, const K&, std::uint64_t>) {
    return static_cast<std::uint64_t>(function(key, seed));
  } else {
    const auto result = function(key);
    if constexpr (avalanching<Hash> && sizeof result >= sizeof(std::uint64_t)) {
      return static_cast<std::uint64_t>(result);
    } else {
      return mix(static_cast<std::uint64_t>(result), seed);
    }
  }
}

// The hash of a part of a key: the rule of nesting, in one place.
template <class T>
[[nodiscard]] constexpr std::uint64_t hash_part(const T& part, std::uint64_t seed) noexcept(
    noexcept(detail::hash_with(hash<T>{}, part, seed))) {
  return detail::hash_with(hash<T>{}, part, seed);
}

template <class T>
inline constexpr bool nothrow_hash =
    noexcept(detail::hash_part(std::declval<const std::remove_cv_t<T>&>(), std::uint64_t{}));

}  // namespace detail

// What a user's hash_append() gets: call it with each part that takes part in ==, in a fixed order.
class hasher {
 public:
  constexpr explicit hasher(std::uint64_t seed) noexcept : state_(seed) {}

  // Adds the parts, of any hashable types. A `const char*` is a pointer: pass a string_view for
  // its text. Throws: what their hashes throw.
  template <hashable... Parts>
  constexpr hasher& operator()(const Parts&... parts) noexcept((detail::nothrow_hash<Parts> &&
                                                                ...)) {
    ((state_ = detail::hash_part(parts, state_)), ...);
    return *this;
  }

  // Adds `size` bytes. A part of varying length must add its length as well.
  hasher& bytes(const void* data, std::size_t size) noexcept {
    state_ = detail::hash_bytes(data, size, state_);
    return *this;
  }

  [[nodiscard]] constexpr std::uint64_t result() const noexcept { return state_; }

 private:
  std::uint64_t state_;
};

// ---- the rule for each kind of key ---------------------------------------------------------

namespace detail {

template <class K>
concept integer = std::integral<K> || GOMAP_MULTIPLY::is_int128<K>;

template <class K>
concept appends_itself = requires(hasher& h, const K& key) {
  hash_append(h, key);
};

template <class K>
concept values_itself = requires(const K& key) {
  { hash_value(key) } -> std::convertible_to<std::size_t>;
};

template <class K>
concept std_hashable =
    std::default_initializable<std::hash<K>> && std::is_invocable_r_v < std::size_t,
        const std::hash<K>
&, const K& > ;

template <class K>
concept plain_enum = std::is_enum_v<K> && !appends_itself<K> && !values_itself<K>;

// Types whose values are equal when their bytes are, and that lie in arrays without gaps.
template <class T>
concept bytewise = (integer<T> || plain_enum<T>)&&std::has_unique_object_representations_v<T>;

template <class Range>
constexpr std::uint64_t hash_elements(const Range& range, std::uint64_t seed) noexcept(
    nothrow_hash<typename Range::value_type>) {
  for (const typename Range::value_type& element : range) seed = detail::hash_part(element, seed);
  return seed;
}

// Users' types, and what only std::hash knows.
template <class K>
struct hash_rule {
  static constexpr std::uint64_t apply(const K& key, std::uint64_t seed) noexcept(
      noexcept(hash_append(std::declval<hasher&>(), key))) requires appends_itself<K> {
    hasher h(seed);
    hash_append(h, key);
    return h.result();
  }

  static constexpr std::uint64_t apply(const K& key, std::uint64_t seed) noexcept(
      noexcept(hash_value(key))) requires(values_itself<K> && !appends_itself<K>) {
    return mix(static_cast<std::uint64_t>(static_cast<std::size_t>(hash_value(key))), seed);
  }

  static constexpr std::uint64_t apply(const K& key, std::uint64_t seed) noexcept(
      noexcept(detail::hash_with(std::hash<K>{}, key, seed))) requires(std_hashable<K> &&
                                                                       !values_itself<K> &&
                                                                       !appends_itself<K>) {
    return detail::hash_with(std::hash<K>{}, key, seed);
  }
};

template <integer K>
struct hash_rule<K> {
  static constexpr std::uint64_t apply(K key, std::uint64_t seed) noexcept {
    if constexpr (sizeof(K) > sizeof(std::uint64_t)) {
      return mix(static_cast<std::uint64_t>(key >> 64), mix(static_cast<std::uint64_t>(key), seed));
    } else {
      return mix(static_cast<std::uint64_t>(key), seed);
    }
  }
};

template <plain_enum K>
struct hash_rule<K> {
  static constexpr std::uint64_t apply(K key, std::uint64_t seed) noexcept {
    return detail::hash_part(static_cast<std::underlying_type_t<K>>(key), seed);
  }
};

template <class T>
struct hash_rule<T*> {
  static std::uint64_t apply(T* key, std::uint64_t seed) noexcept {
    return mix(reinterpret_cast<std::uintptr_t>(key), seed);
  }
};

template <>
struct hash_rule<std::nullptr_t> {
  static constexpr std::uint64_t apply(std::nullptr_t, std::uint64_t seed) noexcept {
    return mix(0, seed);
  }
};

// The bytes that carry the value, for formats that have one pattern a value but for zeros and NaN:
// x87's 80 bits lie in 16 bytes with a gap. Any other format is rounded to double first.
template <class Float>
inline constexpr std::size_t value_bytes = std::numeric_limits<Float>::digits == 64 ? 10
                                           : std::numeric_limits<Float>::digits == 106
                                               ? sizeof(double)
                                               : sizeof(Float);

// The two zeros are one key, so they are one hash. A NaN equals nothing: any hash will do.
template <std::floating_point K>
struct hash_rule<K> {
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

template <hashable T>
struct hash_rule<std::complex<T>> {
  static std::uint64_t apply(const std::complex<T>& key, std::uint64_t seed) noexcept {
    return detail::hash_part(key.imag(), detail::hash_part(key.real(), seed));
  }
};

// By address, as their == has it.
template <class T, class Deleter>
requires hashable<typename std::unique_ptr<T, Deleter>::pointer>
struct hash_rule<std::unique_ptr<T, Deleter>> {
  static std::uint64_t apply(const std::unique_ptr<T, Deleter>& key, std::uint64_t seed) noexcept(
      nothrow_hash<typename std::unique_ptr<T, Deleter>::pointer>) {
    return detail::hash_part(key.get(), seed);
  }
};

template <class T>
struct hash_rule<std::shared_ptr<T>> {
  static std::uint64_t apply(const std::shared_ptr<T>& key, std::uint64_t seed) noexcept {
    return detail::hash_part(key.get(), seed);
  }
};

template <class First, class Second>
requires hashable<std::remove_cv_t<First>> && hashable<std::remove_cv_t<Second>>
struct hash_rule<std::pair<First, Second>> {
  static constexpr std::uint64_t apply(
      const std::pair<First, Second>& key,
      std::uint64_t seed) noexcept(nothrow_hash<First>&& nothrow_hash<Second>) {
    return detail::hash_part(key.second, detail::hash_part(key.first, seed));
  }
};

template <class... Parts>
requires(hashable<std::remove_cv_t<Parts>>&&...) struct hash_rule<std::tuple<Parts...>> {
  static constexpr std::uint64_t apply(const std::tuple<Parts...>& key,
                                       std::uint64_t seed) noexcept((nothrow_hash<Parts> && ...)) {
    if constexpr (sizeof...(Parts) == 0) return mix(0, seed);
    std::apply([&seed](const auto&... parts) { ((seed = detail::hash_part(parts, seed)), ...); },
               key);
    return seed;
  }
};

template <class T, std::size_t N>
requires hashable<std::remove_cv_t<T>>
struct hash_rule<std::array<T, N>> {
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
struct hash_rule<std::vector<T, Allocator>> {
  static std::uint64_t apply(const std::vector<T, Allocator>& key,
                             std::uint64_t seed) noexcept(nothrow_hash<T>) {
    if constexpr (bytewise<T> && !std::same_as<T, bool>) {
      return detail::hash_bytes(key.data(), key.size() * sizeof(T), seed);
    } else {
      return detail::hash_elements(key, mix(key.size(), seed));  // so that {{}, {}} is not {{}}
    }
  }
};

// As std has it: a full optional hashes like what it holds.
template <class T>
requires hashable<std::remove_cv_t<T>>
struct hash_rule<std::optional<T>> {
  static constexpr std::uint64_t apply(const std::optional<T>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<T>) {
    return key ? detail::hash_part(*key, seed) : mix(no_seed, seed);
  }
};

template <>
struct hash_rule<std::monostate> {
  static constexpr std::uint64_t apply(std::monostate, std::uint64_t seed) noexcept {
    return mix(no_seed, seed);
  }
};

// The index counts: variant<int, long> holds two different ones.
template <class... Types>
requires(hashable<std::remove_cv_t<Types>>&&...) struct hash_rule<std::variant<Types...>> {
  static constexpr std::uint64_t apply(const std::variant<Types...>& key,
                                       std::uint64_t seed) noexcept((nothrow_hash<Types> && ...)) {
    seed += key.index() * mix_multiplier;
    if (key.valueless_by_exception()) return mix(0, seed);
    return std::visit([seed](const auto& held) { return detail::hash_part(held, seed); }, key);
  }
};

template <hashable Rep, class Period>
struct hash_rule<std::chrono::duration<Rep, Period>> {
  static constexpr std::uint64_t apply(const std::chrono::duration<Rep, Period>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<Rep>) {
    return detail::hash_part(key.count(), seed);
  }
};

template <class Clock, hashable Duration>
struct hash_rule<std::chrono::time_point<Clock, Duration>> {
  static constexpr std::uint64_t apply(const std::chrono::time_point<Clock, Duration>& key,
                                       std::uint64_t seed) noexcept(nothrow_hash<Duration>) {
    return detail::hash_part(key.time_since_epoch(), seed);
  }
};

}  // namespace detail
}  // namespace gomap
