// pages_portable.cpp -- pages from the C library, for systems other than Linux.
//
// calloc is the one portable call that can hand out zero without writing it. Nothing can be given
// back but a whole block, and nothing reserved: discarding is a no-op here and growth moves.
#include <cstdint>
#include <cstdlib>

#include <gomap/detail/pages.hpp>

namespace gomap::detail {

std::size_t page_bytes() noexcept { return 4096; }

std::size_t reserve_factor() noexcept { return 1; }

reservation reserve_pages(std::size_t bytes, std::size_t alignment, const page_wishes&) noexcept {
  // More than any machine has. Some libraries do not refuse that but end the program.
  constexpr std::uint64_t senseless = std::uint64_t{1} << 40;
  if (std::uint64_t{bytes} > senseless) return {};
  // The address that free() wants is kept in the word in front of the block.
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
