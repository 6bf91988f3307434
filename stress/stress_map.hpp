// stress_map.hpp -- the map under stress: gomap's concurrent map, on the allocator and the mutex
// that this program was built with.
//
// Which these are the build decides by the folder it takes chosen_allocator.hpp and
// chosen_mutex.hpp from, so each program holds one of each, and what it runs is just what a user
// would.
#pragma once

#include <functional>
#include <utility>

#include <chosen_allocator.hpp>
#include <chosen_mutex.hpp>

#include <gomap/concurrent_map.hpp>

namespace stress {

template <class Key, class T, class Hash = gomap::hash<Key>,
          class Allocator = chosen_allocator<std::pair<const Key, T>>>
using stress_map = gomap::concurrent_map<Key, T, Hash, std::equal_to<>, Allocator, chosen_mutex>;

}  // namespace stress
