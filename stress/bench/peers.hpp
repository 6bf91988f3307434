// peers.hpp -- gomap and the maps it is measured against, each as a user would spell it.
//
// Integer keys: one avalanching hash for all, so that tables and not hashes are compared. String
// keys: each map's own hash, because that is what a user gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/misuse.hpp>
#include <gomap/page_allocator.hpp>

namespace bench {

struct integer_hash {
  using is_avalanching = std::true_type;
  std::size_t operator()(std::uint64_t key) const noexcept {
    return gomap::mix(key, 0x9E3779B97F4A7C15u);
  }
};

template <class Key, class Own>
using hash_for = std::conditional_t<std::is_integral_v<Key>, integer_hash, Own>;

using mapped = std::uint64_t;

template <class Key>
struct gomap_peer {
  static constexpr const char* name = "gomap";
  using map = gomap::map<Key, mapped, hash_for<Key, gomap::hash<Key>>>;
};

template <class Key>
struct gomap_unchecked_peer {
  static constexpr const char* name = "gomap-unchecked";
  using map = gomap::map<Key, mapped, hash_for<Key, gomap::hash<Key>>, std::equal_to<>,
                         gomap::page_allocator<std::pair<const Key, mapped>>, gomap::unchecked>;
};

template <class Key>
struct boost_peer {
  static constexpr const char* name = "boost";
  using map = boost::unordered_flat_map<Key, mapped, hash_for<Key, boost::hash<Key>>>;
};

template <class Key>
struct absl_peer {
  static constexpr const char* name = "absl";
  using own_hash = typename absl::flat_hash_map<Key, mapped>::hasher;
  using map = absl::flat_hash_map<Key, mapped, hash_for<Key, own_hash>>;
};

template <class Key>
struct std_peer {
  static constexpr const char* name = "std";
  using map = std::unordered_map<Key, mapped, hash_for<Key, std::hash<Key>>>;
};

}  // namespace bench
