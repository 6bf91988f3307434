// pages_posix.cpp -- pages from mmap, for Linux.
//
// Addresses are reserved without access and without a claim on memory (a system that counts every
// promise counts none of these); commit is what makes them memory.
#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gomap/detail/pages.hpp>

namespace gomap::detail {

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t reserve_factor() noexcept { return 16; }

void* reserve_pages(std::size_t bytes, std::size_t alignment) noexcept {
  // mmap aligns to pages only. For more, a longer stretch is mapped and its ends are cut off.
  const std::size_t slack = alignment > page_bytes() ? alignment - page_bytes() : 0;
  if (bytes > SIZE_MAX - slack) return nullptr;
  void* const mapped =
      ::mmap(nullptr, bytes + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (slack == 0) return mapped;

  const auto start = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t aligned = (start + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
  const std::size_t front = aligned - start;
  if (front != 0) ::munmap(mapped, front);
  if (front != slack) ::munmap(reinterpret_cast<void*>(aligned + bytes), slack - front);
  return reinterpret_cast<void*>(aligned);
}

bool commit_pages(void* p, std::size_t bytes) noexcept {
  return ::mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool reset_pages(void* p, std::size_t bytes) noexcept {
  return ::madvise(p, bytes, MADV_DONTNEED) == 0;
}

bool move_pages(void* from, void* to, std::size_t bytes) noexcept {
  // By way of fresh addresses: a move that fails must leave no hole in the target, and the first
  // step, which fails where the pages are not one mapping to the system, has none. What reaches
  // the second step is one mapping.
  void* const between = ::mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, nullptr);
  if (between == MAP_FAILED) return false;
  if (::mremap(between, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) std::abort();
  return true;
}

void release_pages(void* p, std::size_t bytes) noexcept { ::munmap(p, bytes); }

void prefer_huge_pages(void* p, std::size_t bytes, bool wanted) noexcept {
  ::madvise(p, bytes, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void prefer_numa_node(void* p, std::size_t bytes, int node) noexcept {
  // The call itself instead of libnuma: it is all that libnuma would add here.
  constexpr int policy_preferred = 1;
  constexpr unsigned bits = 8 * sizeof(unsigned long);
  if (node < 0 || static_cast<unsigned>(node) >= bits) return;
  const unsigned long mask = 1UL << static_cast<unsigned>(node);
  // The kernel reads one bit less than it is told.
  ::syscall(SYS_mbind, p, bytes, policy_preferred, &mask, bits + 1UL, 0U);
}

}  // namespace gomap::detail
