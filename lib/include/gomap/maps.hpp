// maps.hpp -- Go's maps package for gomap::map: what the interface of std has no name for.
//
// Included by map.hpp. All of these follow the thread safety and exceptions of the calls that they
// are made of; all are O(entries), apart from keys() and values(), which look as they are walked.
#pragma once

#include <cstddef>
#include <functional>
#include <gomap/map.hpp>
#include <ranges>
#include <utility>

namespace gomap {

// Whether both maps hold the same keys with values that `same` takes for equal. Their types may
// differ; keys are looked up in `b`.
template <class Map1, class Map2, class Same>
[[nodiscard]] bool equal_func(const Map1& a, const Map2& b, Same same) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const auto* const other = b.lookup(key);
    if (other == nullptr || !same(value, *other)) return false;
  }
  return true;
}

// The same with ==. A map with a NaN in it is not equal to itself.
template <class Map1, class Map2>
[[nodiscard]] bool equal(const Map1& a, const Map2& b) {
  return equal_func(a, b, std::equal_to<>());
}

// Inserts every entry of `from` into `to`, replacing values there. Copying a map into itself
// changes nothing.
template <class Map1, class Map2>
void copy(Map1& to, const Map2& from) {
  if (static_cast<const void*>(&to) == static_cast<const void*>(&from)) return;
  for (const auto& [key, value] : from) to.insert_or_assign(key, value);
}

// Erases the entries for which pred(key, value) holds. NaN keys go as well, unlike in Go.
template <class Key, class T, class... Rest, class Pred>
void delete_func(map<Key, T, Rest...>& m, Pred pred) {
  erase_if(m, [&](auto& entry) -> bool { return pred(entry.first, entry.second); });
}

// The keys, and the values, as lazy ranges with the properties of iteration.
template <class Key, class T, class... Rest>
[[nodiscard]] auto keys(const map<Key, T, Rest...>& m) {
  return std::views::transform(std::views::all(m), [](const auto& e) -> const Key& { return e.first; });
}
template <class Key, class T, class... Rest>
[[nodiscard]] auto values(map<Key, T, Rest...>& m) {
  return std::views::transform(std::views::all(m), [](auto& e) -> T& { return e.second; });
}
template <class Key, class T, class... Rest>
[[nodiscard]] auto values(const map<Key, T, Rest...>& m) {
  return std::views::transform(std::views::all(m), [](const auto& e) -> const T& { return e.second; });
}

}  // namespace gomap
