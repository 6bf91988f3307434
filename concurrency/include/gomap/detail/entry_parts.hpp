// entry_parts.hpp -- what an entry is to be made of, taken apart: its key, and what its value is made
// of.
//
// A key is looked up before anything is moved from, and the value is made in its slot, once the key
// is known to be new. So the key is taken out of the arguments as it is, where hash and equality
// take it so, and made alone where they do not.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/detail/aside.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/key_forms.hpp>

namespace gomap::detail {

template <class Key, class T, class Hash, class KeyEqual>
class entry_parts {
  using value_type = std::pair<const Key, T>;

 public:
  // Calls f(key, value arguments...) with the parts of what a pair could be made of: nothing, a key
  // and a value, a pair, std::piecewise_construct and two tuples, or whatever converts to a pair.
  template <class F>
  static decltype(auto) take_apart(const F& f) {
    return f(Key());
  }
  template <class F, class K, class M>
  static decltype(auto) take_apart(const F& f, K&& key, M&& value) {
    return f(key_of(std::forward<K>(key)), std::forward<M>(value));
  }
  template <class F, class Keys, class Values>
  static decltype(auto) take_apart(const F& f, std::piecewise_construct_t, Keys&& key,
                                   Values&& value) {
    return std::apply(
        [&](auto&&... parts) -> decltype(auto) {
          return f(key_of_tuple(std::forward<Keys>(key)), std::forward<decltype(parts)>(parts)...);
        },
        std::forward<Values>(value));
  }
  template <class F, class Whole>
  static decltype(auto) take_apart(const F& f, Whole&& whole) {
    if constexpr (has_two_parts<std::remove_cvref_t<Whole>>) {
      return f(key_of(std::get<0>(std::forward<Whole>(whole))),
               std::get<1>(std::forward<Whole>(whole)));
    } else {
      aside<value_type> made;
      made.emplace(std::forward<Whole>(whole));
      return f(given_key(*made), given_value(*made));
    }
  }

  // Key and value of an entry that is about to go: to be moved from, unless a move could fail
  // between the two and leave half of it behind.
  static decltype(auto) given_key(value_type& e) {
    if constexpr (moves) {
      return std::move(const_cast<Key&>(e.first));  // const_cast: nobody reads that key again
    } else {
      return std::as_const(e.first);
    }
  }
  static decltype(auto) given_value(value_type& e) {
    if constexpr (moves) {
      return std::move(e.second);
    } else {
      return std::as_const(e.second);
    }
  }

 private:
  static constexpr bool moves = entry_traits<Key, T, std::allocator<value_type>>::moves();

  template <class Whole>
  static constexpr bool has_two_parts = requires(Whole& whole) {
    requires std::tuple_size<Whole>::value == 2;
    std::get<1>(whole);
  };

  template <class K>
  static decltype(auto) key_of(K&& key) {
    return as_key<Key, Hash, KeyEqual>(std::forward<K>(key));
  }
  template <class Keys>
  static decltype(auto) key_of_tuple(Keys&& parts) {
    if constexpr (std::tuple_size_v<std::remove_cvref_t<Keys>> == 1) {
      return key_of(std::get<0>(std::forward<Keys>(parts)));
    } else {
      return std::make_from_tuple<Key>(std::forward<Keys>(parts));
    }
  }
};

}  // namespace gomap::detail
