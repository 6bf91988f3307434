// pages_portable.cpp -- pages from the C library, for systems other than Linux.
//
// calloc is the only portable call that can return zeroed memory without writing it. Only whole
// blocks can be given back, and no addresses can be reserved: discard does nothing here, and arrays
// do not grow in place.
#include <cstdint>
#include <cstdlib>

#include <gomap/detail/pages.hpp>

namespace gomap::detail {

std::size_t page_bytes() noexcept { return 4096; }

std::size_t reserve_factor() noexcept { return 1; }

reservation reserve_pages(std::size_t bytes, std::size_t alignment, const page_wishes&) noexcept {
  // More than any machine has. Some libraries end the program instead of refusing it.
  constexpr std::uint64_t senseless = std::uint64_t{1} << 40;
  if (std::uint64_t{bytes} > senseless) return {};
  // The address for free() is kept in the word in front of the block.
  if (alignment < page_bytes()) alignment = page_bytes();
  const std::size_t slack = alignment + sizeof(void*);
  if (bytes > SIZE_MAX - slack) return {};
  void* const whole = std::calloc(1, bytes + slack);
  if (whole == nullptr) return {};
  const auto first = reinterpret_cast<std::uintptr_t>(whole) + sizeof(void*);
  const std::uintptr_t aligned = (first + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
  reinterpret_cast<void**>(aligned)[-1] = whole;
  return {reinterpret_cast<void*>(aligned), true};
}

bool commit_pages(void*, std::size_t) noexcept { return true; }

bool reset_pages(void*, std::size_t) noexcept { return false; }

bool move_pages(void*, void*, std::size_t) noexcept { return false; }

bool release_pages(void* p, std::size_t) noexcept {
  std::free(static_cast<void**>(p)[-1]);
  return true;
}

}  // namespace gomap::detail
