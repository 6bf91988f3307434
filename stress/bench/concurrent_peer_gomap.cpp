// concurrent_peer_gomap.cpp -- gomap::concurrent_map, with its own lock and with the standard's.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/rw_mutex.hpp>

#include "concurrent_peer.hpp"
#include "peers.hpp"
#include "shared_table.hpp"

namespace {

using bench::shared_value;

template <class Key, class Mutex>
class front {
 public:
  bool read(const Key& key, shared_value& value) const {
    const std::optional<shared_value> found = map_.load(key);
    if (found) value = *found;
    return found.has_value();
  }
  std::size_t read_many(std::span<const Key> keys, shared_value& sum) const {
    std::array<std::optional<shared_value>, bench::block> found;
    map_.load_many(keys, found.begin());
    std::size_t there = 0;
    for (const auto& value : found) {
      if (!value) continue;
      sum += *value;
      ++there;
    }
    return there;
  }
  void assign(const Key& key, shared_value value) { map_.insert_or_assign(key, value); }
  void insert(const Key& key, shared_value value) { map_.try_emplace(key, value); }
  void erase(const Key& key) { map_.erase(key); }

 private:
  gomap::concurrent_map<Key, shared_value, bench::hash_for<Key, gomap::hash<Key>>, std::equal_to<>,
                        gomap::page_allocator<std::pair<const Key, shared_value>>, Mutex>
      map_;
};

template <class Mutex>
bench::concurrent_peer peer_with(const char* name) {
  auto peer = bench::make_peer<front<std::uint64_t, Mutex>, front<std::string, Mutex>>(name);
  peer.is_gomap = true;
  return peer;
}

}  // namespace

bench::concurrent_peers bench::gomap_peers() {
  return {peer_with<gomap::rw_mutex>("gomap"), peer_with<std::shared_mutex>("gomap-shared_mutex")};
}
