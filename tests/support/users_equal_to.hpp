// users_equal_to.hpp -- keys whose equality is a std::equal_to of the user's.
#pragma once

#include <cstddef>
#include <functional>

namespace support {

// Equal if their keys are.
struct bare {
  int key;
  int rest;
  friend std::size_t hash_value(const bare& b) { return static_cast<std::size_t>(b.key); }
};
// The same, with an operator that is stricter.
struct strict {
  int key;
  int rest;
  friend bool operator==(const strict&, const strict&) = default;
  friend std::size_t hash_value(const strict& s) { return static_cast<std::size_t>(s.key); }
};
// Referred to by its address; equal if what is there is.
struct record {
  int key;
};

}  // namespace support

template <>
struct std::equal_to<support::bare> {
  bool operator()(const support::bare& a, const support::bare& b) const { return a.key == b.key; }
};
template <>
struct std::equal_to<support::strict> {
  bool operator()(const support::strict& a, const support::strict& b) const {
    return a.key == b.key;
  }
};
template <>
struct std::equal_to<const support::record*> {
  bool operator()(const support::record* a, const support::record* b) const {
    return a->key == b->key;
  }
};
template <>
struct std::hash<const support::record*> {
  std::size_t operator()(const support::record* r) const {
    return static_cast<std::size_t>(r->key);
  }
};
