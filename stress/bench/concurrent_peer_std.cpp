// concurrent_peer_std.cpp -- std::unordered_map behind one std::shared_mutex: what one writes when
// there is no concurrent map at hand.
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "concurrent_peer.hpp"
#include "peers.hpp"
#include "shared_table.hpp"

namespace {

using bench::shared_value;

template <class Key>
class front {
 public:
  bool read(const Key& key, shared_value& value) const {
    const std::shared_lock hold(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    value = found->second;
    return true;
  }
  void assign(const Key& key, shared_value value) {
    const std::unique_lock hold(mutex_);
    map_.insert_or_assign(key, value);
  }
  void insert(const Key& key, shared_value value) {
    const std::unique_lock hold(mutex_);
    map_.try_emplace(key, value);
  }
  void erase(const Key& key) {
    const std::unique_lock hold(mutex_);
    map_.erase(key);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<Key, shared_value, bench::hash_for<Key, std::hash<Key>>> map_;
};

}  // namespace

bench::concurrent_peers bench::std_peers() {
  auto peer = make_peer<front<std::uint64_t>, front<std::string>>("std");
  peer.grow = nullptr;  // the two threads would hand the lock to one another at every call
  return {peer};
}
