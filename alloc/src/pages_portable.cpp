// pages_portable.cpp -- pages from the C library, for systems without mmap.
//
// calloc is the one portable call that can hand out zero without writing it. Nothing can be given
// back but a whole block, and nothing reserved: discarding is a no-op here and growth moves.
#include <cstdint>
#include <cstdlib>

#include <gomap/detail/pages.hpp>

namespace gomap::detail {

std::size_t page_bytes() noexcept { return 4096; }

std::size_t reserve_factor() noexcept { return 1; }

void* reserve_pages(std::size_t bytes, std::size_t alignment) noexcept {
  // The address that free() wants is kept in the word in front of the block.
  if (alignment < page_bytes()) alignment = page_bytes();
  const std::size_t slack = alignment + sizeof(void*);
  if (bytes > SIZE_MAX - slack) return nullptr;
  void* const whole = std::calloc(1, bytes + slack);
  if (whole == nullptr) return nullptr;
  const auto first = reinterpret_cast<std::uintptr_t>(whole) + sizeof(void*);
  const std::uintptr_t aligned = (first + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
  reinterpret_cast<void**>(aligned)[-1] = whole;
  return reinterpret_cast<void*>(aligned);
}

bool commit_pages(void*, std::size_t) noexcept { return true; }

bool reset_pages(void*, std::size_t) noexcept { return false; }

bool move_pages(void*, void*, std::size_t) noexcept { return false; }

void release_pages(void* p, std::size_t) noexcept { std::free(static_cast<void**>(p)[-1]); }

void prefer_huge_pages(void*, std::size_t, bool) noexcept {}

void prefer_numa_node(void*, std::size_t, int) noexcept {}

}  // namespace gomap::detail
