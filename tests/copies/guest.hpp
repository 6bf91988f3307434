// guest.hpp -- what each part of a process does to maps that may be another part's: the program, a
// shared library that it is linked to, and a plug-in that it loads.
//
// Each part links gomap statically, and so has a copy of it. Parts know each other by a table of
// functions; what is behind one is compiled into that part, with its own copy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>

namespace copies {

template <class T>
T made_of(int n);
template <>
inline int made_of<int>(int n) {
  return n;
}
template <>
inline std::string made_of<std::string>(int n) {
  return (n % 2 == 0 ? "text " : "a text that is too long to be kept inside, number ") +
         std::to_string(n);
}

// Numbers n in [first, last) stand for entries: their key is made of n, their value of n + 1.
template <class Map>
struct deeds {
  Map* (*make)();
  void (*destroy)(Map*);
  void (*add)(Map&, int first, int last);
  void (*erase)(Map&, int first, int last);
  // Whether the entries are there, and as many as `size` in all.
  bool (*has)(const Map&, int first, int last, std::size_t size);
  bool (*lacks)(const Map&, int first, int last);
  void (*move)(Map& to, Map& from);
  Map* (*made_by_move)(Map& from);
  Map* (*made_by_copy)(const Map& from);
  void (*swap)(Map&, Map&);
  void (*clear)(Map&);
  void (*reserve)(Map&, std::size_t);
  void (*merge)(Map& to, Map& from);
};

template <class Map>
void add(Map& m, int first, int last) {
  using key = typename Map::key_type;
  using value = typename Map::mapped_type;
  for (int n = first; n < last; ++n) {
    m.insert_or_assign(made_of<key>(n), made_of<value>(n + 1));
  }
}

template <class Map>
std::size_t walked(const Map& m) {
  std::size_t count = 0;
  if constexpr (requires { m.begin(); }) {
    for (auto it = m.begin(); it != m.end(); ++it) ++count;
    m.check_invariants();
  } else {
    m.cvisit_all([&](const auto&) { ++count; });
  }
  return count;
}

template <class Map>
bool has(const Map& m, int first, int last, std::size_t size) {
  using key = typename Map::key_type;
  using value = typename Map::mapped_type;
  for (int n = first; n < last; ++n) {
    if constexpr (requires { m.begin(); }) {
      const auto it = m.find(made_of<key>(n));
      if (it == m.end() || it->second != made_of<value>(n + 1)) return false;
    } else {
      if (m.load(made_of<key>(n)) != made_of<value>(n + 1)) return false;
    }
  }
  return m.size() == size && walked(m) == size;
}

template <class Map>
bool lacks(const Map& m, int first, int last) {
  for (int n = first; n < last; ++n) {
    if (m.contains(made_of<typename Map::key_type>(n))) return false;
  }
  return true;
}

template <class Map>
constexpr deeds<Map> deeds_here() {
  return {.make = [] { return new Map; },
          .destroy = [](Map* m) { delete m; },
          .add = &add<Map>,
          .erase =
              [](Map& m, int first, int last) {
                for (int n = first; n < last; ++n) m.erase(made_of<typename Map::key_type>(n));
              },
          .has = &has<Map>,
          .lacks = &lacks<Map>,
          .move = [](Map& to, Map& from) { to = std::move(from); },
          .made_by_move = [](Map& from) { return new Map(std::move(from)); },
          .made_by_copy = [](const Map& from) { return new Map(from); },
          .swap = [](Map& a, Map& b) { a.swap(b); },
          .clear = [](Map& m) { m.clear(); },
          .reserve = [](Map& m, std::size_t n) { m.reserve(n); },
          .merge = [](Map& to, Map& from) { to.merge(from); }};
}

// What one part of the process offers to the others.
struct part {
  const char* name;
  deeds<gomap::map<int, int>> numbers;
  deeds<gomap::map<std::string, std::string>> texts;
  deeds<gomap::concurrent_map<int, int>> shared_numbers;
  deeds<gomap::concurrent_map<std::string, std::string>> shared_texts;
};

constexpr part part_here(const char* name) {
  return {name, deeds_here<gomap::map<int, int>>(),
          deeds_here<gomap::map<std::string, std::string>>(),
          deeds_here<gomap::concurrent_map<int, int>>(),
          deeds_here<gomap::concurrent_map<std::string, std::string>>()};
}

}  // namespace copies

// What a library or plug-in exports.
extern "C" [[gnu::visibility("default")]] const copies::part* copies_guest();
