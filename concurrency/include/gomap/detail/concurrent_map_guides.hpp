// concurrent_map_guides.hpp -- the deduction guides of concurrent_map. Included by
// concurrent_map.hpp.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>

#include <gomap/concurrent_map.hpp>
#include <gomap/detail/map_guides.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>

namespace gomap {

// Each group: (size, hash, equal, allocator), (allocator), (size, allocator), (size, hash,
// allocator).

namespace detail {

// What a constructor takes for the size of the map.
template <class N>
concept map_size = std::integral<N> || std::same_as<N, concurrent_options>;

}  // namespace detail

template <detail::input_iterator It, detail::map_size Size = concurrent_options,
          class Entry = std::iter_value_t<It>,
          detail::not_allocator Hash = gomap::hash<detail::key_of<Entry>>,
          detail::not_allocator KeyEqual = std::equal_to<>,
          detail::allocator_like Allocator = detail::pages_for<Entry>>
concurrent_map(It, It, Size = Size(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> concurrent_map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, KeyEqual, Allocator>;

template <detail::input_iterator It, detail::allocator_like Allocator,
          class Entry = std::iter_value_t<It>>
concurrent_map(It, It, Allocator)
    -> concurrent_map<detail::key_of<Entry>, detail::mapped_of<Entry>,
                      gomap::hash<detail::key_of<Entry>>, std::equal_to<>, Allocator>;

template <detail::input_iterator It, detail::map_size Size, detail::allocator_like Allocator,
          class Entry = std::iter_value_t<It>>
concurrent_map(It, It, Size, Allocator)
    -> concurrent_map<detail::key_of<Entry>, detail::mapped_of<Entry>,
                      gomap::hash<detail::key_of<Entry>>, std::equal_to<>, Allocator>;

template <detail::input_iterator It, detail::map_size Size, detail::not_allocator Hash,
          detail::allocator_like Allocator, class Entry = std::iter_value_t<It>>
concurrent_map(It, It, Size, Hash, Allocator)
    -> concurrent_map<detail::key_of<Entry>, detail::mapped_of<Entry>, Hash, std::equal_to<>,
                      Allocator>;

template <
    class Key, class T, detail::map_size Size = concurrent_options,
    detail::not_allocator Hash = gomap::hash<std::remove_const_t<Key>>,
    detail::not_allocator KeyEqual = std::equal_to<>,
    detail::allocator_like Allocator = gomap::page_allocator<std::pair<std::add_const_t<Key>, T>>>
concurrent_map(std::initializer_list<std::pair<Key, T>>, Size = Size(), Hash = Hash(),
               KeyEqual = KeyEqual(), Allocator = Allocator())
    -> concurrent_map<std::remove_const_t<Key>, T, Hash, KeyEqual, Allocator>;

template <class Key, class T, detail::allocator_like Allocator>
concurrent_map(std::initializer_list<std::pair<Key, T>>, Allocator)
    -> concurrent_map<std::remove_const_t<Key>, T, gomap::hash<std::remove_const_t<Key>>,
                      std::equal_to<>, Allocator>;

template <class Key, class T, detail::map_size Size, detail::allocator_like Allocator>
concurrent_map(std::initializer_list<std::pair<Key, T>>, Size, Allocator)
    -> concurrent_map<std::remove_const_t<Key>, T, gomap::hash<std::remove_const_t<Key>>,
                      std::equal_to<>, Allocator>;

template <class Key, class T, detail::map_size Size, detail::not_allocator Hash,
          detail::allocator_like Allocator>
concurrent_map(std::initializer_list<std::pair<Key, T>>, Size, Hash, Allocator)
    -> concurrent_map<std::remove_const_t<Key>, T, Hash, std::equal_to<>, Allocator>;

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
concurrent_map(map<Key, T, Hash, KeyEqual, Allocator>&&, concurrent_options = {})
    -> concurrent_map<Key, T, Hash, KeyEqual, Allocator>;

}  // namespace gomap
