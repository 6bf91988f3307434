// concurrent_peer.hpp -- a map that threads share, as the benchmarks of such maps know it.
//
// Each library has a source file, concurrent_peer_<library>.cpp, which wraps its map in a front (a
// class template over the key) and hands over what make_peer() makes of it. A library that is not
// installed is a file not compiled: concurrent_peer_<library>_absent.cpp hands over nothing.
// Integer keys: integer_hash for all. String keys: each map's own hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grow_beside_reader.hpp"
#include "process_table.hpp"
#include "shared_table.hpp"

namespace bench {

struct concurrent_peer {
  std::string name;
  bool is_gomap = false;  // the first is what ratios speak of, the others are no peers of it
  // An empty map.
  std::function<std::unique_ptr<shared_table<std::uint64_t>>()> integers;
  std::function<std::unique_ptr<shared_table<std::string>>()> strings;
  // The figures of grow_beside_reader(); empty when that would take hours.
  std::function<figures(std::size_t entries)> grow;
};

using concurrent_peers = std::vector<concurrent_peer>;

// What a library has to show.
concurrent_peers gomap_peers();
concurrent_peers tbb_peers();
concurrent_peers libcuckoo_peers();
concurrent_peers boost_peers();
concurrent_peers std_peers();

// All of them, gomap first.
inline concurrent_peers all_concurrent_peers() {
  concurrent_peers all = gomap_peers();
  for (const auto& library : {boost_peers, libcuckoo_peers, tbb_peers, std_peers}) {
    for (concurrent_peer& peer : library()) all.push_back(std::move(peer));
  }
  return all;
}

// IntegerFront and StringFront: see shared_table.hpp.
template <class IntegerFront, class StringFront>
concurrent_peer make_peer(std::string name) {
  using integer_table = table_of<IntegerFront, std::uint64_t>;
  using string_table = table_of<StringFront, std::string>;
  return {.name = std::move(name),
          .integers = [] { return std::make_unique<integer_table>(); },
          .strings = [] { return std::make_unique<string_table>(); },
          .grow = grow_map_beside_reader<IntegerFront>};
}

}  // namespace bench
