// colliding_hash.hpp -- hash functions and comparisons that a test chooses, from good to useless.
//
// All of them say is_avalanching, so the map takes their result as it is and a test knows which
// bucket (low bits) and which tophash (top byte) a key gets. They accept every type that
// number_of() of make_value.hpp reads.
//   good_hash        spreads over all bits
//   identity_hash    the number itself: the test picks bucket and tophash
//   colliding_hash   one value for all: a single chain, told apart by key alone
//   low_bits_hash    eight values, in the lowest bits: long chains, and one tophash
//   high_bits_hash   only the top byte differs: one chain, told apart by tophash
//   watched_hash<H>  announces each call at point::hash: counts, and throws when armed
//   watched_equal    the same for comparisons, at point::equal
#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>

#include "support/fault.hpp"
#include "support/make_value.hpp"

namespace support {

struct good_hash {
  using is_avalanching = std::true_type;

  template <class K>
  std::uint64_t operator()(const K& key) const {
    std::uint64_t x = number_of(key) + 0x632BE59BD9B4E019u;
    x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
    x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
    return x ^ (x >> 32);
  }
};

struct identity_hash {
  using is_avalanching = std::true_type;

  template <class K>
  std::uint64_t operator()(const K& key) const {
    return number_of(key);
  }
};

struct colliding_hash {
  using is_avalanching = std::true_type;

  template <class K>
  std::uint64_t operator()(const K&) const noexcept {
    return 0;
  }
};

struct low_bits_hash {
  using is_avalanching = std::true_type;

  template <class K>
  std::uint64_t operator()(const K& key) const {
    return number_of(key) % 8;
  }
};

struct high_bits_hash {
  using is_avalanching = std::true_type;

  template <class K>
  std::uint64_t operator()(const K& key) const {
    return number_of(key) << 56;
  }
};

template <class Base = good_hash>
struct watched_hash {
  using is_avalanching = std::true_type;

  template <class K>
  std::uint64_t operator()(const K& key) const {
    fault::pass(point::hash);
    return Base{}(key);
  }
};

struct watched_equal {
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    fault::pass(point::equal);
    return a == b;
  }
};

}  // namespace support
