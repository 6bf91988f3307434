// memory_destroy.cpp -- what it costs to be rid of all entries of a large map.
//
// A way to empty a map is a class with a name and empty(map), and each map is emptied in each way
// in a process of its own. Where a map does not know a way, `possible` says so and there is no row.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <execution>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keys.hpp"
#include "memory_tables.hpp"
#include "own_process.hpp"
#include "peers.hpp"
#include "process_table.hpp"

namespace bench {
namespace {

// ---- ways ---------------------------------------------------------------------------------------

struct by_clear {
  static constexpr const char* name = "clear";
  template <class Map>
  static constexpr bool possible = true;
  template <class Map>
  static void empty(std::optional<Map>& map) {
    map->clear();
  }
};

struct by_destruction {
  static constexpr const char* name = "destroy";
  template <class Map>
  static constexpr bool possible = true;
  template <class Map>
  static void empty(std::optional<Map>& map) {
    map.reset();
  }
};

// Entries destroyed by all processors, then the map.
struct by_parallel_clear {
  static constexpr const char* name = "parallel";
  template <class Map>
  static constexpr bool possible = requires(Map& map) {
    map.clear(std::execution::par);
  };
  template <class Map>
  static void empty(std::optional<Map>& map) {
    map->clear(std::execution::par);
    map.reset();
  }
};

// ---- keys ---------------------------------------------------------------------------------------

template <class Key>
struct keys_of;

template <>
struct keys_of<std::uint64_t> {
  static constexpr const char* name = "uint64";
  static constexpr std::size_t share = 1;
  static std::uint64_t make(std::uint64_t i) { return make_key<std::uint64_t>(i); }
};

template <>
struct keys_of<std::string> {
  static constexpr const char* name = "string";
  static constexpr std::size_t share = 4;  // a quarter of the entries take as long, and more memory
  static std::string make(std::uint64_t i) { return make_mixed_string(i); }
};

// ---- the task -----------------------------------------------------------------------------------

template <class Way, class Map, class Key>
figures fill_and_empty(std::size_t entries) {
  using clock = std::chrono::steady_clock;
  const std::size_t count = std::max<std::size_t>(1, entries / keys_of<Key>::share);
  std::optional<Map> map(std::in_place);
  for (std::size_t i = 0; i < count; ++i) map->try_emplace(keys_of<Key>::make(i), i);
  const usage before = usage_so_far();
  const auto start = clock::now();
  Way::empty(map);
  const std::chrono::duration<double, std::nano> spent = clock::now() - start;
  const usage used = usage_so_far() - before;
  return {spent.count() / 1e6, spent.count() / static_cast<double>(count), used.system_ns / 1e6,
          resident_kib() / 1024};
}

template <class Way, class Peer, class Key>
void add_row(std::vector<table_row>& rows) {
  using map = typename Peer::map;
  if constexpr (Way::template possible<map>) {
    const std::string name = std::string(Way::name) + "/" + keys_of<Key>::name + "/" + Peer::name;
    rows.push_back({name, fill_and_empty<Way, map, Key>});
  }
}

template <class Way, class Key>
void add_peers(std::vector<table_row>& rows) {
  add_row<Way, gomap_peer<Key>, Key>(rows);
  add_row<Way, boost_peer<Key>, Key>(rows);
  add_row<Way, absl_peer<Key>, Key>(rows);
  add_row<Way, std_peer<Key>, Key>(rows);
}

template <class... Ways>
std::vector<table_row> rows_of() {
  std::vector<table_row> rows;
  (add_peers<Ways, std::uint64_t>(rows), ...);
  (add_peers<Ways, std::string>(rows), ...);
  return rows;
}

}  // namespace

process_table destroy_table() {
  return {.name = "destroy",
          .question = "clear() and destruction of a full map; of strings, a quarter as many",
          .entries = 20'000'000,
          .columns = {{"ms", 2}, {"ns/entry", 2}, {"kernel ms", 0}, {"left MiB", 0}},
          .rows = rows_of<by_clear, by_destruction, by_parallel_clear>()};
}

}  // namespace bench
