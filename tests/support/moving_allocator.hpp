// moving_allocator.hpp -- page_allocator without growth in place: every doubling moves to a second
// array, and pages of the old one are given back under readers that may still look.
//
// Fresh memory holds garbage, so a reader that gets to see what nobody has written shows it.
#pragma once

#include <cstddef>
#include <cstring>

#include <gomap/page_allocator.hpp>

namespace support {

template <class T>
class moving_allocator {
 public:
  using value_type = T;
  static constexpr bool type_stable = true;

  moving_allocator() noexcept = default;
  template <class U>
  moving_allocator(const moving_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t n) {
    T* const p = pages_.allocate(n);
    std::memset(static_cast<void*>(p), 0xA5, n * sizeof(T));
    return p;
  }
  void deallocate(T* p, std::size_t n) noexcept { pages_.deallocate(p, n); }
  void discard(void* p, std::size_t bytes) noexcept { pages_.discard(p, bytes); }

  template <class U>
  friend bool operator==(const moving_allocator&, const moving_allocator<U>&) noexcept {
    return true;
  }

 private:
  gomap::page_allocator<T> pages_;
};

}  // namespace support
