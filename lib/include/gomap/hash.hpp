// hash.hpp -- gomap::hash, the hash that maps use by default, and how a type of yours gets one.
//
//   hash(key, seed) = mix(key, seed)            integers, enums, pointers, floats, durations
//                   = mix(XXH3(bytes), seed)    strings, long arrays and vectors of integers
//                   = the parts in turn,        pairs, tuples, ...
//                     each seeded by the hash
//                     of those before it
//
// Low, middle and top bits have different uses (bucket, shard, tophash), so all bits must be good.
// One 64x64 -> 128 bit multiplication whose halves are combined by xor achieves that.
//
// Your type T can be hashed if it has one of these hooks; the first that is found is used:
//   void hash_append(gomap::hasher& h, const T& t)     a friend: h(t.a, t.b); or a template, as in
//                                                      N3980: h(&t.a, sizeof t.a)
//   std::size_t hash_value(const T& t)                 a friend
//   std::hash<T>
// The results of the last two are mixed with the seed, unless a std::hash says is_avalanching.
// A hook comes before the rules above. It may also be for an enumeration, or for a type of the
// standard's with a type of yours in it, such as std::shared_ptr<T> or std::pair<T, int>; then it
// must not be a template. So where your == may be used, your hash is used.
// A gomap::hash<T> of your own is called with (key, seed) if it can be, else with (key).
//
// Any number of threads may call all of it at once. hash() throws only what a user's hash throws.
// Integer hashes do not withstand an attacker who chooses the keys and can time the answers; string
// hashes depend on 192 secret bytes of the process.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

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

// How gomap::hash hashes a K; see hash_rules.hpp. Without a callable apply(), K has no hash.
template <class K>
struct hash_rule;

// What a gomap::hash derives from unless it is a user's.
struct hash_by_rule {};

template <class K>
concept has_hash_rule = requires(const K& key, std::uint64_t seed) {
  hash_rule<K>::apply(key, seed);
};

// The seed of a call without one. Any number but 0 will do: with 0, the hash of 0 would be 0.
inline constexpr std::uint64_t no_seed = 0x2545f4914f6cdd1d;

}  // namespace detail

// True for a hash that says that all bits of its result are good: it has a member type
// is_avalanching, which is void or has a `value` that is true.
template <class Hash>
concept avalanching = detail::says_avalanching<Hash>();

// The hash of a K. It is not callable if K has no hash; std::is_invocable tells.
// Same is always K. It delays the question whether K has a hash until a call, when K is complete.
template <class K>
struct hash : detail::hash_by_rule {
  using is_avalanching = void;

  template <class Same = K>
  requires detail::has_hash_rule<Same>
  [[nodiscard]] constexpr std::uint64_t operator()(const K& key, std::uint64_t seed) const
      noexcept(noexcept(detail::hash_rule<Same>::apply(key, seed))) {
    return detail::hash_rule<Same>::apply(key, seed);
  }

  // The same without a seed. The result is the same in every process, unless strings are hashed.
  template <class Same = K>
  requires detail::has_hash_rule<Same>
  [[nodiscard]] constexpr std::uint64_t operator()(const K& key) const
      noexcept(noexcept(detail::hash_rule<Same>::apply(key, detail::no_seed))) {
    return detail::hash_rule<Same>::apply(key, detail::no_seed);
  }
};

// The hash of text. What converts to a string_view hashes like its text, and can be looked up where
// the equality takes it as well.
template <class Char>
struct text_hash : detail::hash_by_rule {
  using is_avalanching = void;
  using is_transparent = void;

  [[nodiscard]] std::uint64_t operator()(std::basic_string_view<Char> text,
                                         std::uint64_t seed = detail::no_seed) const noexcept {
    return detail::hash_bytes(text.data(), text.size() * sizeof(Char), seed);
  }
};

// Only for the standard characters and traits: with others, equal texts may differ in their bytes.
template <std::integral Char, class Allocator>
struct hash<std::basic_string<Char, std::char_traits<Char>, Allocator>> : text_hash<Char> {};
template <std::integral Char>
struct hash<std::basic_string_view<Char, std::char_traits<Char>>> : text_hash<Char> {};

// True for a type that gomap::hash can hash.
template <class K>
concept hashable = requires(const hash<K>& h, const K& key) {
  { h(key) } -> std::convertible_to<std::uint64_t>;
};

namespace detail {

// Declared only.
template <class Char>
void takes_hash_of_text(const text_hash<Char>&);

template <class Hash>
concept is_hash_of_text = requires(const Hash& function) {
  detail::takes_hash_of_text(function);
};

// Whether a Hash can be called with a K, with a seed or without, and returns a number.
template <class Hash, class K>
concept is_hash_for = requires(const Hash& function, const K& key) {
  static_cast<std::uint64_t>(function(key, std::uint64_t{}));
}
|| requires(const Hash& function, const K& key) { static_cast<std::uint64_t>(function(key)); };

// The hash of `key` under `seed`, by any hash function. If `function` takes a seed, it gets this
// one. Else its result is mixed with the seed, unless it is avalanching and 64 bits wide.
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

namespace detail {

template <class N>
concept size_like = std::integral<N> && !std::same_as<N, bool> && !std::same_as<N, char> &&
                    !std::same_as<N, wchar_t> && !std::same_as<N, char8_t> &&
                    !std::same_as<N, char16_t> && !std::same_as<N, char32_t>;

// An address and a size: bytes, not two parts.
template <class... Parts>
inline constexpr bool are_bytes = false;
template <class Data, size_like Size>
inline constexpr bool are_bytes<Data, Size> = std::is_pointer_v<std::decay_t<Data>>;

// Types whose equal values have equal bytes; the zeros of floats are for the caller to make one.
template <class T>
concept byte_comparable = std::is_void_v<T> ||
    (std::is_trivially_copyable_v<T> && (std::has_unique_object_representations_v<T> ||
                                         std::same_as<T, float> || std::same_as<T, double>));

}  // namespace detail

// The argument of a user's hash_append(): call it with each part that == compares, in a fixed
// order. For one thread at a time.
class hasher {
 public:
  constexpr explicit hasher(std::uint64_t seed) noexcept : state_(seed) {}

  // Adds the parts, of any hashable types. A `const char*` is a pointer: pass a string_view for
  // its text. Throws: what their hashes throw.
  template <hashable... Parts>
  requires(!detail::are_bytes<Parts...>) constexpr hasher& operator()(
      const Parts&... parts) noexcept((detail::nothrow_hash<Parts> && ...)) {
    ((state_ = detail::hash_part(parts, state_)), ...);
    return *this;
  }

  // N3980's call: adds `size` bytes at `data`. For an address and a number as two parts write
  // h(address)(number). Does not compile for types whose equal values may differ in their bytes,
  // such as classes with padding.
  template <class T, detail::size_like Size>
  hasher& operator()(const T* data, Size size) noexcept {
    static_assert(detail::byte_comparable<std::remove_volatile_t<T>>,
                  "gomap::hasher: h(pointer, size) hashes bytes, and equal values of this type may "
                  "differ in theirs; for an address and a number write h(pointer)(number).");
    return bytes(static_cast<const void*>(data), static_cast<std::size_t>(size));
  }

  // Adds `size` bytes. For a part of varying length, add its length as well.
  hasher& bytes(const void* data, std::size_t size) noexcept {
    state_ = detail::hash_bytes(data, size, state_);
    return *this;
  }

  [[nodiscard]] constexpr std::uint64_t result() const noexcept { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace gomap

#include <gomap/detail/hash_rules.hpp>
