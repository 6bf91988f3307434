// map_guides.hpp -- the deduction guides of gomap::map: those of std::unordered_map.
//
// Included by map.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/from_range.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>

namespace gomap {

namespace detail {

template <class A>
concept allocator_like = requires(A& a) {
  typename A::value_type;
  a.allocate(std::size_t{1});
};
template <class H>
concept not_allocator = !allocator_like<H> && !std::is_integral_v<H>;

// The types that a pair, or a type like it, holds.
template <class Entry>
struct halves {
  using key = std::tuple_element_t<0, Entry>;
  using mapped = std::tuple_element_t<1, Entry>;
};
template <class Entry>
requires requires {
  typename Entry::first_type;
  typename Entry::second_type;
}
struct halves<Entry> {
  using key = typename Entry::first_type;
  using mapped = typename Entry::second_type;
};
template <class Entry>
using key_of = std::remove_const_t<typename halves<Entry>::key>;
template <class Entry>
using mapped_of = typename halves<Entry>::mapped;
template <class Entry>
using pages_for = gomap::page_allocator<std::pair<const key_of<Entry>, mapped_of<Entry>>>;

}  // namespace detail

// Each group: (hint, hash, equal, allocator), (allocator), (hint, allocator), (hint, hash,
// allocator). Entry: the type of what is inserted, a pair whose key may be const.

// ---- from iterators

template <detail::input_iterator It, class Entry = std::iter_value_t<It>,
          detail::not_allocator Hash = gomap::hash<detail::key_of<Entry>>,
          detail::not_allocator KeyEqual = std::equal_to<>,
          detail::allocator_like Allocator = detail::pages_for<Entry>>
map(It, It, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, KeyEqual, Allocator>;

template <detail::input_iterator It, detail::allocator_like Allocator,
          class Entry = std::iter_value_t<It>>
map(It, It, Allocator) -> map<detail::key_of<Entry>, detail::mapped_of<Entry>,
                              gomap::hash<detail::key_of<Entry>>, std::equal_to<>, Allocator>;

template <detail::input_iterator It, detail::allocator_like Allocator,
          class Entry = std::iter_value_t<It>>
map(It, It, std::size_t, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, gomap::hash<detail::key_of<Entry>>,
           std::equal_to<>, Allocator>;

template <detail::input_iterator It, detail::not_allocator Hash, detail::allocator_like Allocator,
          class Entry = std::iter_value_t<It>>
map(It, It, std::size_t, Hash, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, std::equal_to<>, Allocator>;

// ---- from a range

template <std::ranges::input_range Range, class Entry = std::ranges::range_value_t<Range>,
          detail::not_allocator Hash = gomap::hash<detail::key_of<Entry>>,
          detail::not_allocator KeyEqual = std::equal_to<>,
          detail::allocator_like Allocator = detail::pages_for<Entry>>
map(from_range_t, Range&&, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(),
    Allocator = Allocator())
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, KeyEqual, Allocator>;

template <std::ranges::input_range Range, detail::allocator_like Allocator,
          class Entry = std::ranges::range_value_t<Range>>
map(from_range_t, Range&&, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, gomap::hash<detail::key_of<Entry>>,
           std::equal_to<>, Allocator>;

template <std::ranges::input_range Range, detail::allocator_like Allocator,
          class Entry = std::ranges::range_value_t<Range>>
map(from_range_t, Range&&, std::size_t, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, gomap::hash<detail::key_of<Entry>>,
           std::equal_to<>, Allocator>;

template <std::ranges::input_range Range, detail::not_allocator Hash,
          detail::allocator_like Allocator, class Entry = std::ranges::range_value_t<Range>>
map(from_range_t, Range&&, std::size_t, Hash, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, std::equal_to<>, Allocator>;

// ---- from a list

template <class Key, class T, class Entry = std::pair<Key, T>,
          detail::not_allocator Hash = gomap::hash<detail::key_of<Entry>>,
          detail::not_allocator KeyEqual = std::equal_to<>,
          detail::allocator_like Allocator = detail::pages_for<Entry>>
map(std::initializer_list<std::pair<Key, T>>, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(),
    Allocator = Allocator())
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, KeyEqual, Allocator>;

template <class Key, class T, detail::allocator_like Allocator, class Entry = std::pair<Key, T>>
map(std::initializer_list<std::pair<Key, T>>, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, gomap::hash<detail::key_of<Entry>>,
           std::equal_to<>, Allocator>;

template <class Key, class T, detail::allocator_like Allocator, class Entry = std::pair<Key, T>>
map(std::initializer_list<std::pair<Key, T>>, std::size_t, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, gomap::hash<detail::key_of<Entry>>,
           std::equal_to<>, Allocator>;

template <class Key, class T, detail::not_allocator Hash, detail::allocator_like Allocator,
          class Entry = std::pair<Key, T>>
map(std::initializer_list<std::pair<Key, T>>, std::size_t, Hash, Allocator)
    -> map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, std::equal_to<>, Allocator>;

}  // namespace gomap
