// concurrent_peer_tbb.cpp -- tbb::concurrent_hash_map, read and written through accessors.
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include <oneapi/tbb/concurrent_hash_map.h>

#include "concurrent_peer.hpp"
#include "peers.hpp"
#include "shared_table.hpp"

namespace {

using bench::shared_value;

struct compare_integers {
  [[nodiscard]] static std::size_t hash(std::uint64_t key) { return bench::integer_hash()(key); }
  [[nodiscard]] static bool equal(std::uint64_t a, std::uint64_t b) { return a == b; }
};

template <class Key>
class front {
 public:
  bool read(const Key& key, shared_value& value) const {
    typename map::const_accessor at;
    if (!map_.find(at, key)) return false;
    value = at->second;
    return true;
  }
  void assign(const Key& key, shared_value value) {
    typename map::accessor at;
    map_.insert(at, key);
    at->second = value;
  }
  void insert(const Key& key, shared_value value) { map_.insert({key, value}); }
  void erase(const Key& key) { map_.erase(key); }

 private:
  using compare =
      std::conditional_t<std::is_integral_v<Key>, compare_integers, tbb::tbb_hash_compare<Key>>;
  using map = tbb::concurrent_hash_map<Key, shared_value, compare>;

  map map_;
};

}  // namespace

bench::concurrent_peers bench::tbb_peers() {
  return {make_peer<front<std::uint64_t>, front<std::string>>("tbb")};
}
