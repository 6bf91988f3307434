// page_source.hpp -- where page_allocators get memory: large blocks from the system, recycled.
//
// A large block (64 KiB and up) is a range of addresses of its own; a page of it is zero until it
// is written. The block is found again by its address, so a part of it can be given back (discard)
// or added (try_extend). Smaller blocks come from operator new: malloc is good at them, and leak
// checkers see them.
//
// A page fault costs as much as hundreds of instructions. So freed blocks wait in a cache, and an
// allocation takes the block that saves most faults. The size of the cache is bounded by the bytes
// that were in use lately. A block that has waited for `decay` goes back to the system; trim()
// gives all back. Every call that allocates, extends, discards, moves or deallocates looks at the
// clock if anything is idle; of the calls for small blocks, one in 64. A source that is not called
// keeps its cache.
//
// Any thread may call any member at any time. A child of fork() finds a source as it was between
// two calls, whatever other threads were doing. The long story: alloc/README.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace gomap {

// Whether large blocks are made of huge pages. With them, lookups in large maps are a tenth to a
// third faster, since the processor has fewer TLB misses; but some insertion pays 0.1 ms to zero a
// page.
enum class huge_pages { never, advise };

// How a page_source behaves. Plain data: change what you need.
struct page_options {
  static constexpr std::size_t no_cap = std::numeric_limits<std::size_t>::max();

  huge_pages huge = huge_pages::never;

  // The most bytes that may be in use at a time, small blocks included; more fails with bad_alloc.
  // If a large block would bring the bytes in use and the cached ones together over the cap, idle
  // pages go back first.
  std::size_t cap_bytes = no_cap;

  // The cache holds at most cache_floor_bytes of idle pages, ...
  std::size_t cache_floor_bytes = std::size_t{4} << 20;
  // ... plus this percentage of the bytes that were in use lately, ...
  unsigned cache_percent = 50;
  // ... but no more than this.
  std::size_t cache_max_bytes = std::size_t{256} << 20;
  // How long a freed block waits for its next user; also the half-life of "lately". Zero or less:
  // no block waits. milliseconds::max(): blocks wait for ever.
  std::chrono::milliseconds decay{10000};

  // The NUMA node that pages should come from, or -1 for the system's choice.
  int numa_node = -1;
};

// What a page_source has done so far.
struct page_stats {
  std::size_t bytes_in_use = 0;     // allocated now, small blocks included, less what was discarded
  std::size_t bytes_peak = 0;       // the most that bytes_in_use has been
  std::size_t bytes_cached = 0;     // idle pages kept for later: freed blocks and discarded parts
  std::uint64_t blocks_mapped = 0;  // large blocks that were new
  std::uint64_t blocks_recycled = 0;  // large blocks made from freed ones
  std::uint64_t blocks_released = 0;  // large blocks given back to the system
  std::uint64_t bytes_discarded = 0;  // given back to the system by discard(), in all
  std::uint64_t bytes_moved = 0;      // moved to another block by move_pages(), in all
};

class page_source {
 public:
  // Blocks of this size and up are large.
  static constexpr std::size_t large_bytes = std::size_t{64} << 10;

  explicit page_source(const page_options& options = {});
  // Requires: all its blocks have been deallocated.
  ~page_source();
  page_source(const page_source&) = delete;
  page_source& operator=(const page_source&) = delete;

  // The source of allocators that name no other. A program, and each plug-in that links the library
  // statically, has a copy of the library; each copy has its own source. It is never destroyed, so
  // maps of static lifetime, and maps that outlive a plug-in, may use it to their end. When its
  // copy is unloaded, or the program ends, it gives back all that is idle and keeps nothing from
  // then on.
  [[nodiscard]] static page_source& process() noexcept;

  // Replaces the options. Blocks in use stay as they are. Idle pages beyond the new bounds go back
  // to the system.
  void configure(const page_options& options) noexcept;
  [[nodiscard]] page_options options() const noexcept;

  // Memory for `bytes` bytes, aligned to `alignment`, a power of two. The contents are unspecified;
  // those of allocate_zeroed() are zero.
  // O(1) system calls; touches no page, but allocate_zeroed() writes zero over the used part of a
  // recycled block, which is faster than faults.
  // Throws: std::bad_alloc when the system or the cap refuses.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] void* allocate_zeroed(std::size_t bytes, std::size_t alignment);

  // Gives a block back.  Requires: p was allocated from this source with this size, or extended to
  // it, and with this alignment.
  void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  // The contents of the range are not needed any more. Whole pages inside it go back to the system;
  // while few are kept, they stay for the next allocation. The range stays accessible; its contents
  // are unspecified. Does nothing to a small block.  Requires: the range is in one allocated block.
  void discard(void* p, std::size_t bytes) noexcept;

  // As discard(from, bytes); the contents of [to, to + bytes) are not needed either. The pages of
  // the first range become those of the second, unless that has pages already. Both ranges stay
  // accessible; their contents are unspecified. O(1) system calls, which take a tenth of the time
  // of the faults that are saved.
  // Requires: the ranges are in two allocated blocks, and no other thread uses the second one.
  void move_pages(void* from, void* to, std::size_t bytes) noexcept;

  // Extends the block at p from `old_bytes` to `new_bytes` in place, if there are free addresses
  // behind it. The contents of the added part are unspecified. False: nothing changed.
  [[nodiscard]] bool try_extend(void* p, std::size_t old_bytes, std::size_t new_bytes) noexcept;

  // Gives every idle block back to the system.
  void trim() noexcept;

  [[nodiscard]] page_stats stats() const noexcept;

 private:
  friend class pool;  // for the lock
  struct state;
  struct in_process;
  explicit page_source(state& contents) noexcept;
  static page_source& make_for_process() noexcept;

  state* state_;  // owned, but for that of process(), which is never destroyed
};

}  // namespace gomap
