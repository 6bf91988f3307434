// keys.hpp -- the keys of a benchmark: n that are in the map, n that are not, both shuffled.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

// The i-th key: distinct for distinct i, in no order (a bijection of 64 bits).
template <class Key>
Key make_key(std::uint64_t i) {
  std::uint64_t x = i * 0xD1342543DE82EF95u + 0x632BE59BD9B4E019u;
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
  x ^= x >> 29;
  if constexpr (std::is_same_v<Key, std::string>) {
    return "user/" + std::to_string(x);  // 24 bytes mostly: more than a small buffer holds
  } else {
    return x;
  }
}

// The i-th string of 12 to 24 characters: some fit a small buffer, most do not. Distinct for
// distinct i under 2^32.
inline std::string make_mixed_string(std::uint64_t i) {
  constexpr std::size_t shortest = 12;
  constexpr std::size_t lengths = 13;
  constexpr std::size_t own_digits = 8;  // of i itself, which makes the string one of a kind
  const std::uint64_t x = make_key<std::uint64_t>(i);
  std::string text(shortest + x % lengths, '\0');
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::uint64_t rest = at < own_digits ? i >> 4 * at : x >> 4 * (at - own_digits);
    text[at] = "0123456789abcdef"[rest % 16];
  }
  return text;
}

template <class Key>
struct key_set {
  std::vector<Key> present;         // in the order of insertion
  std::vector<Key> present_probes;  // the same keys, in another order and memory
  std::vector<Key> absent_probes;
};

template <class Key>
key_set<Key> make_keys(std::size_t n) {
  key_set<Key> keys;
  for (std::size_t i = 0; i < n; ++i) {
    keys.present.push_back(make_key<Key>(i));
    keys.absent_probes.push_back(make_key<Key>(n + i));
  }
  keys.present_probes = keys.present;
  std::mt19937_64 random(n);
  std::shuffle(keys.present_probes.begin(), keys.present_probes.end(), random);
  return keys;
}

}  // namespace bench
