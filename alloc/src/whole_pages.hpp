// whole_pages.hpp -- rounding to pages.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gomap/detail/pages.hpp>

namespace gomap::detail {

// Requires: `unit` is a power of two, and there is a multiple of it that is large enough.
inline std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) & ~(unit - 1);
}

// The whole pages inside a range of bytes.
struct page_range {
  page_range(void* p, std::size_t length) noexcept {
    const std::size_t page = page_bytes();
    const auto from = reinterpret_cast<std::uintptr_t>(p);
    const std::size_t front = round_up(from, page) - from;
    first = static_cast<std::byte*>(p) + front;
    bytes = length > front ? (length - front) & ~(page - 1) : 0;
  }
  std::byte* first;
  std::size_t bytes;
};

}  // namespace gomap::detail
