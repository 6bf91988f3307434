// model_map.hpp -- compares a map with a std::unordered_map that was given the same commands.
//
// expect_same(map, model) holds the map to everything that its contents decide: size, each lookup,
// a walk that yields each entry once, and its own invariants. sorted_entries() is what a test
// compares when the order does not matter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/colliding_hash.hpp"

namespace support {

template <class Key, class T>
using model_map = std::unordered_map<Key, T, good_hash>;

// Requires: no two keys of the model are equal to one another, which NaN keys would not be either.
template <class Map, class Model>
void expect_same(const Map& map, const Model& model) {
  ASSERT_NO_THROW(map.check_invariants());
  ASSERT_EQ(map.size(), model.size());
  ASSERT_EQ(map.empty(), model.empty());
  for (const auto& [key, value] : model) {
    const auto found = map.find(key);
    ASSERT_TRUE(found != map.end()) << "lost key " << number_of(key);
    ASSERT_TRUE(found->first == key);
    ASSERT_TRUE(found->second == value) << "wrong value of key " << number_of(key);
  }

  std::unordered_map<const void*, int> seen;
  std::size_t walked = 0;
  for (const auto& entry : map) {
    ASSERT_EQ(seen[&entry]++, 0) << "a walk yields one slot twice";
    ASSERT_TRUE(model.find(entry.first) != model.end())
        << "ghost of key " << number_of(entry.first);
    ++walked;
  }
  ASSERT_EQ(walked, model.size());
}

// The entries in the order of their keys. Keys that are equal or unordered keep no order.
template <class Map>
[[nodiscard]] auto sorted_entries(const Map& map) {
  std::vector<std::pair<typename Map::key_type, typename Map::mapped_type>> entries(map.begin(),
                                                                                    map.end());
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return entries;
}

}  // namespace support
