// memory_backends.hpp -- who competes in the memory tables: a map, and where its memory comes from.
//
// Which backends there are depends on the executable: a malloc that replaces the system's is linked
// to a whole program. memory_backends_malloc.cpp is compiled into one that keeps the system's,
// memory_backends_mimalloc.cpp into one where mimalloc stands in for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gomap/map.hpp>

#include "memory_tasks.hpp"
#include "peers.hpp"
#include "process_table.hpp"

namespace bench {

struct memory_backend {
  using task = figures (*)(std::size_t entries);

  std::string name;
  task grow_churn_destroy;
  task pauses;
  task histogram;
  task faults_of_one_map;
  task faults_of_256_maps;
  bool in_fault_table;  // the faults table is for these only
};

// Of this executable.
std::vector<memory_backend> memory_backends();

// ---- to define them ------------------------------------------------------------------------

using memory_entry = std::pair<const std::uint64_t, mapped>;

template <class Allocator>
using gomap_on = gomap::map<std::uint64_t, mapped, integer_hash, std::equal_to<>, Allocator>;

// A map that is made without being told where from.
template <class Map>
struct default_made {
  Map make() { return Map(); }
};
template <template <class> class Allocator>
using gomap_on_default = default_made<gomap_on<Allocator<memory_entry>>>;
using boost_on_malloc = default_made<boost_peer<std::uint64_t>::map>;

enum class fault_table { absent, present };

template <class Backend>
memory_backend backend_of(const char* name, fault_table faults = fault_table::absent) {
  return {.name = name,
          .grow_churn_destroy = grow_churn_destroy<Backend>,
          .pauses = pauses<Backend>,
          .histogram = histogram<Backend>,
          .faults_of_one_map = first_and_tenth_round<Backend, 1>,
          .faults_of_256_maps = first_and_tenth_round<Backend, 256>,
          .in_fault_table = faults == fault_table::present};
}

}  // namespace bench
