// maps.hpp -- Go's maps package for gomap::map: functions that std's interface does not have.
//
// Included by map.hpp. Thread safety and exceptions are those of the map's calls that a function
// makes. All are O(entries), but for keys() and values(), which are O(1): they read as they are
// walked.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

#include <gomap/map.hpp>

namespace gomap {

template <class, class, class, class, class, class>
class ref;

namespace detail {

// Declared only.
template <class... Ts>
void takes_map(const map<Ts...>&);
template <class... Ts>
void takes_map(const ref<Ts...>&);

// gomap's maps, gomap::ref, and what derives from either. Nothing else: argument-dependent lookup
// finds these functions for every type with a map among its template arguments.
template <class M>
concept any_map = requires(const M& m) {
  detail::takes_map(m);
};

// Where the map is that `m` is, or refers to.
template <class... Ts>
[[nodiscard]] const void* address_of_map(const map<Ts...>& m) noexcept {
  return std::addressof(m);
}
template <class... Ts>
[[nodiscard]] const void* address_of_map(const ref<Ts...>& m) noexcept {
  return m.operator->();
}

}  // namespace detail

// Whether both maps hold the same keys, and same(value in a, value in b) is true for each. The
// types of the maps may differ. Each key of `a` is looked up in `b`, so by the equality of `b`.
template <detail::any_map Map1, detail::any_map Map2, class Same>
[[nodiscard]] bool equal_func(const Map1& a, const Map2& b, Same same) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const auto* const other = b.lookup(key);
    if (other == nullptr || !same(value, *other)) return false;
  }
  return true;
}

// The same, with values compared by ==. The operator == of maps also compares the keys by ==. By
// either, a map with a NaN in it is not equal to itself.
template <detail::any_map Map1, detail::any_map Map2>
[[nodiscard]] bool equal(const Map1& a, const Map2& b) {
  return gomap::equal_func(a, b, std::equal_to<>());
}

// Inserts every entry of `from` into `to`; if the key is there, assigns the value. Copying a map
// into itself changes nothing, also where it is named by a gomap::ref.
template <detail::any_map Map1, detail::any_map Map2>
void copy(Map1& to, const Map2& from) {
  if (detail::address_of_map(to) == detail::address_of_map(from)) return;
  for (const auto& [key, value] : from) to.insert_or_assign(key, value);
}

// Erases the entries for which pred(key, value) is true, NaN keys included, unlike in Go.
template <class Key, class T, class... Rest, class Pred>
void delete_func(map<Key, T, Rest...>& m, Pred pred) {
  gomap::erase_if(m, [&](auto& entry) -> bool { return pred(entry.first, entry.second); });
}

namespace detail {

// A range over a map that shows one half of each entry. Not the standard's transform_view: some of
// the supported compilers cannot compile it.
template <class Map, class Project>
class half_of_entries {
 public:
  class iterator {
    using inner = decltype(std::declval<Map&>().begin());

   public:
    using iterator_category = std::forward_iterator_tag;
    using reference = decltype(Project()(*std::declval<inner&>()));
    using value_type = std::remove_cvref_t<reference>;
    using difference_type = std::ptrdiff_t;
    using pointer = std::remove_reference_t<reference>*;

    iterator() = default;
    explicit iterator(inner at) : at_(at) {}

    reference operator*() const { return Project()(*at_); }
    pointer operator->() const { return std::addressof(**this); }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    inner at_;
  };

  explicit half_of_entries(Map& map) noexcept : map_(std::addressof(map)) {}
  [[nodiscard]] iterator begin() const { return iterator(map_->begin()); }
  [[nodiscard]] iterator end() const { return iterator(map_->end()); }
  [[nodiscard]] std::size_t size() const noexcept { return map_->size(); }
  [[nodiscard]] bool empty() const noexcept { return map_->empty(); }

 private:
  Map* map_;  // borrowed: the range lives no longer than the map
};

struct key_of_entry {
  const auto& operator()(const auto& entry) const noexcept { return entry.first; }
};
struct value_of_entry {
  auto& operator()(auto& entry) const noexcept { return entry.second; }
};

}  // namespace detail

// The keys, and the values, as lazy ranges. Each begin() of a range starts a walk of its own, as
// the map's does.
template <class Key, class T, class... Rest>
[[nodiscard]] auto keys(const map<Key, T, Rest...>& m) {
  return detail::half_of_entries<const map<Key, T, Rest...>, detail::key_of_entry>(m);
}
template <class Key, class T, class... Rest>
[[nodiscard]] auto values(map<Key, T, Rest...>& m) {
  return detail::half_of_entries<map<Key, T, Rest...>, detail::value_of_entry>(m);
}
template <class Key, class T, class... Rest>
[[nodiscard]] auto values(const map<Key, T, Rest...>& m) {
  return detail::half_of_entries<const map<Key, T, Rest...>, detail::value_of_entry>(m);
}

}  // namespace gomap
