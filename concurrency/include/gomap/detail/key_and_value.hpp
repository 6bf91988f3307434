// key_and_value.hpp -- the arguments for an entry, taken apart: the key, and what the value is made
// of.
//
// A key is looked up before anything is moved from. Only if it is new, the value is made in its
// slot. So the key is taken out of the arguments first. It is looked up as it is, if hash and
// equality take it; else a Key is made of it.
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include <gomap/detail/aside.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/entry_parts.hpp>
#include <gomap/detail/key_forms.hpp>

namespace gomap::detail {

template <class Key, class T, class Hash, class KeyEqual>
class key_and_value {
  using value_type = std::pair<const Key, T>;

 public:
  // Calls f(key, value arguments...) with the parts of arguments of which a pair can be made: none,
  // a key and a value, a pair, std::piecewise_construct and two tuples, or what converts to a pair.
  template <class F, class... Args>
  static decltype(auto) take_apart(const F& f, Args&&... args) {
    if constexpr (requires { detail::parts_of(std::forward<Args>(args)...); }) {
      auto parts = detail::parts_of(std::forward<Args>(args)...);
      return std::apply(
          [&](auto&&... of_value) -> decltype(auto) {
            return f(key_of(parts.key), std::forward<decltype(of_value)>(of_value)...);
          },
          std::move(parts.value));
    } else {
      aside<value_type> made;
      made.emplace(std::forward<Args>(args)...);
      return f(given_key(*made), given_value(*made));
    }
  }

  // Key and value of an entry that is about to be destroyed. They are moved from, unless the second
  // move could fail after the first.
  static decltype(auto) given_key(value_type& e) {
    if constexpr (moves) {
      return std::move(const_cast<Key&>(e.first));  // const_cast: that key is not read again
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

  template <class... Parts>
  static decltype(auto) key_of(std::tuple<Parts...>& parts) {
    return std::apply(
        [](auto&... part) -> decltype(auto) {
          if constexpr (sizeof...(Parts) == 1) {
            return as_key<Key, Hash, KeyEqual>(static_cast<Parts>(part)...);
          } else {
            return Key(static_cast<Parts>(part)...);
          }
        },
        parts);
  }
};

}  // namespace gomap::detail
