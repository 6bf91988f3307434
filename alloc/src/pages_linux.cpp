// pages_linux.cpp -- pages from mmap, for Linux.
//
// A process may have so many mappings and no more (vm.max_map_count); neighbours that are alike are
// one. So a block is accessible from end to end, with the room that it may grow into, and is one
// mapping, or part of its neighbour's. What is accessible but never touched takes no memory. The
// last mapping is left alone, since malloc gets no memory either once it is taken.
//
// Where it would be taken all the same, a block is inaccessible at first, and commit_pages() makes
// memory of it: where the system counts promises (vm.overcommit_memory is 2, or RLIMIT_DATA is
// set), and where mlockall() has it lock all that a process can access.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gomap/detail/pages.hpp>

namespace gomap::detail {
namespace {

bool is_limited(auto resource) noexcept {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

// Whether vm.overcommit_memory is 2, as it was at the first call.
bool system_counts_promises() noexcept {
  enum answer { unknown, no, yes };
  static constinit std::atomic<answer> known{unknown};
  // relaxed: whoever finds nothing asks for itself, and finds the same.
  answer found = known.load(std::memory_order_relaxed);
  if (found == unknown) {
    char mode = 0;
    const int file = ::open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      if (::read(file, &mode, 1) != 1) mode = 0;
      ::close(file);
    }
    found = mode == '2' ? yes : no;
    // relaxed: as above.
    known.store(found, std::memory_order_relaxed);
  }
  return found == yes;
}

// Whether access to untouched pages costs nothing. Requires: the range is mapped, and untouched.
bool access_is_free(void* p, std::size_t bytes) noexcept {
  // The advice changes nothing here, and is refused for locked memory alone.
  return !system_counts_promises() && !is_limited(RLIMIT_DATA) &&
         ::madvise(p, bytes, MADV_DONTNEED) == 0;
}

std::byte* map(std::size_t bytes) noexcept {
  void* const p =
      ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<std::byte*>(p);
}

// Whether the system would map anything more. Requires: there is a mapping at p.
bool mappings_are_left(void* p) noexcept {
  // It looks at their number first, and finds only then that the address is taken.
  void* const more =
      ::mmap(p, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (more == MAP_FAILED) return errno != ENOMEM;
  ::munmap(more, 1);  // a system that takes the address for a hint
  return true;
}

// mmap aligns to pages only.
std::byte* map_aligned(std::size_t bytes, std::size_t alignment) noexcept {
  const auto misplaced_by = [alignment](const std::byte* p) {
    return reinterpret_cast<std::uintptr_t>(p) & (alignment - 1);
  };
  // Blocks follow one another and are multiples of their alignment, so most are aligned by chance.
  std::byte* const first = map(bytes);
  if (first == nullptr || misplaced_by(first) == 0) return first;
  ::munmap(first, bytes);

  // A longer stretch, whose ends are cut off.
  const std::size_t slack = alignment - page_bytes();
  if (bytes > SIZE_MAX - slack) return nullptr;
  std::byte* const whole = map(bytes + slack);
  if (whole == nullptr) return nullptr;
  const std::size_t front = -misplaced_by(whole) & (alignment - 1);
  if (front != 0) ::munmap(whole, front);
  if (front != slack) ::munmap(whole + front + bytes, slack - front);
  return whole + front;
}

void prefer_numa_node(void* p, std::size_t bytes, int node) noexcept {
  // The call itself instead of libnuma: it is all that libnuma would add here.
  constexpr int policy_preferred = 1;
  constexpr unsigned bits = 8 * sizeof(unsigned long);
  if (static_cast<unsigned>(node) >= bits) return;
  const unsigned long mask = 1UL << static_cast<unsigned>(node);
  // The kernel reads one bit less than it is told.
  ::syscall(SYS_mbind, p, bytes, policy_preferred, &mask, bits + 1UL, 0U);
}

}  // namespace

std::size_t page_bytes() noexcept {
  static constinit std::atomic<std::size_t> known{0};
  // relaxed: whoever finds nothing asks for itself, and finds the same.
  std::size_t bytes = known.load(std::memory_order_relaxed);
  if (bytes == 0) [[unlikely]] {
    bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    // relaxed: as above.
    known.store(bytes, std::memory_order_relaxed);
  }
  return bytes;
}

// Where addresses are rationed, others need them.
std::size_t reserve_factor() noexcept { return is_limited(RLIMIT_AS) ? 1 : 16; }

reservation reserve_pages(std::size_t bytes, std::size_t alignment,
                          const page_wishes& wishes) noexcept {
  std::byte* const base = map_aligned(bytes, alignment);
  if (base == nullptr) return {};
  const bool committed = access_is_free(base, bytes) && commit_pages(base, bytes);
  ::madvise(base, bytes, wishes.huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  if (wishes.numa_node >= 0) prefer_numa_node(base, bytes, wishes.numa_node);
  // Like its neighbour now, it may have become one mapping with that.
  if (mappings_are_left(base)) return {base, committed};
  ::munmap(base, bytes);
  return {};
}

bool commit_pages(void* p, std::size_t bytes) noexcept {
  return ::mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool reset_pages(void* p, std::size_t bytes) noexcept {
  return ::madvise(p, bytes, MADV_DONTNEED) == 0;
}

bool move_pages(void* from, void* to, std::size_t bytes) noexcept {
  // By way of fresh addresses: the first step fails where the pages are not one mapping to the
  // system, and no move that fails may leave a hole in the target. What reaches the second step is
  // one mapping; it fails where the system has none left, which it sees before it changes anything.
  void* const between = ::mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, nullptr);
  if (between == MAP_FAILED) return false;
  if (::mremap(between, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to) return true;
  release_pages(between, bytes);
  return false;
}

bool release_pages(void* p, std::size_t bytes) noexcept {
  if (::munmap(p, bytes) == 0) return true;
  // The range is the middle of a mapping, whose ends would be one mapping too many.
  reset_pages(p, bytes);
  return false;
}

}  // namespace gomap::detail
