// concurrent_peer_libcuckoo.cpp -- libcuckoo::cuckoohash_map.
#include <cstdint>
#include <functional>
#include <string>

#include <libcuckoo/cuckoohash_map.hh>

#include "concurrent_peer.hpp"
#include "peers.hpp"

namespace {

using bench::shared_value;

template <class Key>
class front {
 public:
  bool read(const Key& key, shared_value& value) const { return map_.find(key, value); }
  void assign(const Key& key, shared_value value) { map_.insert_or_assign(key, value); }
  void insert(const Key& key, shared_value value) { map_.insert(key, value); }
  void erase(const Key& key) { map_.erase(key); }

 private:
  libcuckoo::cuckoohash_map<Key, shared_value, bench::hash_for<Key, std::hash<Key>>> map_;
};

}  // namespace

bench::concurrent_peers bench::libcuckoo_peers() {
  return {make_peer<front<std::uint64_t>, front<std::string>>("libcuckoo")};
}
