// aside.hpp -- an object that a call holds beside the map: on the stack if it is small, else on the
// heap.
//
// Threads with a stack of 256 KiB are common, and so are values of megabytes. So no key and no
// value is put on the stack without a look at its size.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gomap/detail/built_aside.hpp>

namespace gomap::detail {

// The part of std::optional that calls need, on the heap.
template <class T>
class heap_optional {
 public:
  heap_optional() noexcept = default;

  // Makes the object anew.  Throws: what T throws, std::bad_alloc; this is then empty.
  template <class... Args>
  T& emplace(Args&&... args) {
    reset();
    std::allocator<T> from;
    std::unique_ptr<T, give_back> raw(from.allocate(1));
    std::construct_at(raw.get(), std::forward<Args>(args)...);
    held_.reset(raw.release());
    return *held_;
  }
  void reset() noexcept { held_.reset(); }

  [[nodiscard]] bool has_value() const noexcept { return held_ != nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] T& operator*() noexcept { return *held_; }
  [[nodiscard]] const T& operator*() const noexcept { return *held_; }
  [[nodiscard]] T* operator->() noexcept { return held_.get(); }
  [[nodiscard]] const T* operator->() const noexcept { return held_.get(); }

 private:
  struct give_back {
    void operator()(T* p) const noexcept { std::allocator<T>().deallocate(p, 1); }
  };
  struct destroy {
    void operator()(T* p) const noexcept {
      std::destroy_at(p);
      give_back()(p);
    }
  };

  std::unique_ptr<T, destroy> held_;
};

// An optional T, where it may be.
template <class T, std::size_t MaxBytes = max_bytes_on_stack>
using aside = std::conditional_t<(sizeof(T) <= MaxBytes), std::optional<T>, heap_optional<T>>;

}  // namespace gomap::detail
