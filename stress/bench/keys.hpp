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
