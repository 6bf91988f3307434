// chosen_hash.hpp -- one hash type whose quality is chosen at run time.
//
// A test that runs one body over many hashes instantiates one map a key type with it, instead of
// one a hash. Integers hash without throwing, and strings may throw, so both ways of growing are
// met. The kinds are those of colliding_hash.hpp; `seeded` is gomap's own.
#pragma once

#include <cstdint>
#include <type_traits>

#include <gomap/hash.hpp>

#include "support/colliding_hash.hpp"

namespace support {

enum class hash_kind { seeded, good, identity, low_bits, high_bits, colliding };

template <class Key>
struct chosen_hash {
  hash_kind kind = hash_kind::seeded;

  std::uint64_t operator()(const Key& key, std::uint64_t seed) const
      noexcept(std::is_arithmetic_v<Key>) {
    switch (kind) {
      case hash_kind::seeded:
        return gomap::hash<Key>{}(key, seed);
      case hash_kind::good:
        return good_hash{}(key);
      case hash_kind::identity:
        return identity_hash{}(key);
      case hash_kind::low_bits:
        return low_bits_hash{}(key);
      case hash_kind::high_bits:
        return high_bits_hash{}(key);
      case hash_kind::colliding:
        return colliding_hash{}(key);
    }
    return 0;
  }
};

}  // namespace support
