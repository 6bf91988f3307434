// built_aside.hpp -- an object that is built aside, and then moved to its place or dropped.
//
// A small object is inside the built_aside, that is, on the stack. A large one is in memory of the
// map's allocator, since a value may be larger than a stack.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace gomap::detail {

// The most bytes of an object that is put on the stack.
inline constexpr std::size_t max_bytes_on_stack = 1024;

template <class T>
class room_within {
 public:
  template <class Allocator>
  explicit room_within(const Allocator&) noexcept {}
  [[nodiscard]] T* place() noexcept { return reinterpret_cast<T*>(bytes_); }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

template <class T, class Allocator>
class room_apart {
  using allocator_type = typename std::allocator_traits<Allocator>::template rebind_alloc<T>;
  using traits = std::allocator_traits<allocator_type>;

 public:
  explicit room_apart(const Allocator& allocator)
      : allocator_(allocator), place_(traits::allocate(allocator_, 1)) {}
  room_apart(const room_apart&) = delete;
  room_apart& operator=(const room_apart&) = delete;
  ~room_apart() { traits::deallocate(allocator_, place_, 1); }
  [[nodiscard]] T* place() noexcept { return place_; }

 private:
  allocator_type allocator_;
  T* place_;
};

// Built and destroyed through the allocator, as an entry is.
template <class T, class Allocator>
class built_aside {
  using room_type =
      std::conditional_t<sizeof(T) <= max_bytes_on_stack, room_within<T>, room_apart<T, Allocator>>;
  using traits = std::allocator_traits<Allocator>;

 public:
  // `build(allocator, place)` builds the object.  Throws: what it and the allocator throw.
  template <class Build>
  built_aside(const Allocator& allocator, const Build& build)
      : allocator_(allocator), room_(allocator) {
    build(allocator_, room_.place());
  }
  built_aside(const built_aside&) = delete;
  built_aside& operator=(const built_aside&) = delete;
  ~built_aside() { traits::destroy(allocator_, room_.place()); }

  [[nodiscard]] T* get() noexcept { return room_.place(); }
  [[nodiscard]] T& operator*() noexcept { return *get(); }

 private:
  [[no_unique_address]] Allocator allocator_;
  room_type room_;
};

}  // namespace gomap::detail
