// numbered_key.hpp -- keys of either kind from numbers: words, which a map reads without a lock,
// and strings, which it reads under one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace stress {

// Another key for another number. Strings are too long to fit into a std::string itself.
template <class Key>
[[nodiscard]] Key numbered_key(std::uint64_t number) {
  if constexpr (std::is_same_v<Key, std::string>) {
    return "the key with the number " + std::to_string(number);
  } else {
    return static_cast<Key>(number * 0x9E3779B97F4A7C15U);  // odd, so no two meet
  }
}

// The keys of the numbers under `count`.
template <class Key>
[[nodiscard]] std::vector<Key> numbered_keys(std::size_t count) {
  std::vector<Key> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) keys.push_back(numbered_key<Key>(i));
  return keys;
}

}  // namespace stress
