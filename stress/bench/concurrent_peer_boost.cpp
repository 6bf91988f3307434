// concurrent_peer_boost.cpp -- boost::concurrent_flat_map, which Boost has since 1.83.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <boost/container_hash/hash.hpp>
#include <boost/unordered/concurrent_flat_map.hpp>

#include "concurrent_peer.hpp"
#include "peers.hpp"
#include "shared_table.hpp"

namespace {

using bench::shared_value;

template <class Map, class Key>
concept has_bulk_visit = requires(const Map& map, const Key* keys) {
  map.cvisit(keys, keys, [](const auto&) {});
};

template <class Key>
class front {
 public:
  bool read(const Key& key, shared_value& value) const {
    return map_.cvisit(key, [&](const auto& entry) { value = entry.second; }) != 0;
  }
  // Boost 1.83 has no visit of many keys.
  std::size_t read_many(std::span<const Key> keys, shared_value& sum) const {
    const auto add = [&](const auto& entry) { sum += entry.second; };
    if constexpr (has_bulk_visit<map, Key>) {
      return map_.cvisit(keys.data(), keys.data() + keys.size(), add);
    } else {
      std::size_t there = 0;
      for (const Key& key : keys) there += map_.cvisit(key, add);
      return there;
    }
  }
  void assign(const Key& key, shared_value value) { map_.insert_or_assign(key, value); }
  void insert(const Key& key, shared_value value) { map_.try_emplace(key, value); }
  void erase(const Key& key) { map_.erase(key); }

 private:
  using map = boost::concurrent_flat_map<Key, shared_value, bench::hash_for<Key, boost::hash<Key>>>;

  map map_;
};

}  // namespace

bench::concurrent_peers bench::boost_peers() {
  return {make_peer<front<std::uint64_t>, front<std::string>>("boost")};
}
