// hostile_types.hpp -- types that overload what nobody should rely on: their address and their comma.
//
// By operators of their own, and by some that are found for whatever has one of these types for an
// argument: an entry, a map, an iterator.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace hostile {

template <class A>
void operator&(const A&) = delete;
template <class A, class B>
void operator,(const A&, const B&) = delete;

// `Text` is std::string, or a number for one that is read without a lock.
template <class Text>
struct thing {
  Text text{};

  thing() = default;
  explicit thing(int n) : text(Text(static_cast<std::size_t>(n), 'x')) {}
  void operator&() const = delete;
  friend bool operator==(const thing& a, const thing& b) { return a.text == b.text; }
};
using text = thing<std::string>;
using count = thing<std::size_t>;
template <>
inline count::thing(int n) : text(static_cast<std::size_t>(n)) {}

// The same, without an operator of its own.
enum class number : int {};

struct hash {
  void operator&() const = delete;
  std::size_t operator()(const text& t) const { return t.text.size() * 977; }
  std::size_t operator()(const count& t) const { return t.text * 977; }
  std::size_t operator()(number n) const { return static_cast<std::size_t>(n) * 977; }
};

struct equal {
  void operator&() const = delete;
  template <class K>
  bool operator()(const K& a, const K& b) const {
    return a == b;
  }
};

// One of several, which stay where they are.
template <class T>
struct allocator {
  using value_type = T;
  static constexpr bool type_stable = true;

  explicit allocator(int which = 0) : which(which) {}
  template <class U>
  allocator(const allocator<U>& other) : which(other.which) {}
  void operator&() const = delete;
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  friend bool operator==(const allocator& a, const allocator& b) { return a.which == b.which; }

  int which;
};

struct mutex : std::shared_mutex {
  void operator&() const = delete;
};

}  // namespace hostile
