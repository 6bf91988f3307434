// pages_linux.cpp -- pages from mmap, for Linux.
//
// The number of mappings of a process is limited (vm.max_map_count), and neighbours with the same
// attributes are one mapping. So a block is accessible from end to end, room to grow included: it
// is then one mapping, or part of its neighbour's. Accessible pages take no memory until they are
// touched. The last mapping is not taken, since malloc would get no memory without it.
//
// Some systems count or lock all accessible pages: with vm.overcommit_memory 2, with RLIMIT_DATA,
// and after mlockall(). There a block is inaccessible at first, and commit_pages() makes it
// accessible.
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

// Whether vm.overcommit_memory was 2 at the first call.
bool system_counts_promises() noexcept {
  enum answer { unknown, no, yes };
  static constinit std::atomic<answer> known{unknown};
  // relaxed: a thread that finds no answer asks the system itself, and gets the same.
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

// Whether accessible but untouched pages cost nothing.  Requires: the range is mapped and
// untouched.
bool access_is_free(void* p, std::size_t bytes) noexcept {
  // The advice changes nothing here, and is refused only for locked memory.
  return !system_counts_promises() && !is_limited(RLIMIT_DATA) &&
         ::madvise(p, bytes, MADV_DONTNEED) == 0;
}

std::byte* map(std::size_t bytes) noexcept {
  void* const p =
      ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<std::byte*>(p);
}

// Whether the process may have one more mapping.  Requires: there is a mapping at p.
bool mappings_are_left(void* p) noexcept {
  // The system checks the number first, and only then finds that the address is in use.
  void* const more =
      ::mmap(p, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (more == MAP_FAILED) return errno != ENOMEM;
  ::munmap(more, 1);  // an old system, for which the address is a hint
  return true;
}

// Maps `bytes` with an alignment that may be more than a page.
std::byte* map_aligned(std::size_t bytes, std::size_t alignment) noexcept {
  const auto misplaced_by = [alignment](const std::byte* p) {
    return reinterpret_cast<std::uintptr_t>(p) & (alignment - 1);
  };
  // Blocks follow one another and are multiples of their alignment, so most are aligned by chance.
  std::byte* const first = map(bytes);
  if (first == nullptr || misplaced_by(first) == 0) return first;
  ::munmap(first, bytes);

  // Map more, and cut both ends off.
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
  // The system call itself: libnuma would add nothing here.
  constexpr int policy_preferred = 1;
  constexpr unsigned bits = 8 * sizeof(unsigned long);
  if (static_cast<unsigned>(node) >= bits) return;
  const unsigned long mask = 1UL << static_cast<unsigned>(node);
  // The kernel reads one bit less than the number that it is given.
  ::syscall(SYS_mbind, p, bytes, policy_preferred, &mask, bits + 1UL, 0U);
}

}  // namespace

std::size_t page_bytes() noexcept {
  static constinit std::atomic<std::size_t> known{0};
  // relaxed: a thread that finds no answer asks the system itself, and gets the same.
  std::size_t bytes = known.load(std::memory_order_relaxed);
  if (bytes == 0) [[unlikely]] {
    bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    // relaxed: as above.
    known.store(bytes, std::memory_order_relaxed);
  }
  return bytes;
}

// Under RLIMIT_AS addresses are scarce, and other parts of the process need them.
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
  // In two steps, by way of fresh addresses, so that a failure leaves no hole in the target. The
  // first step fails if the pages are not one mapping. After it they are one; the second step fails
  // only if the system has no mapping left, which it checks before it changes anything.
  void* const between = ::mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, nullptr);
  if (between == MAP_FAILED) return false;
  if (::mremap(between, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to) return true;
  release_pages(between, bytes);
  return false;
}

bool release_pages(void* p, std::size_t bytes) noexcept {
  if (::munmap(p, bytes) == 0) return true;
  // The range is in the middle of a mapping. Without it there would be two, which is one too many.
  reset_pages(p, bytes);
  return false;
}

}  // namespace gomap::detail
