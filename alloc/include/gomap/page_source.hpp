// page_source.hpp -- where page_allocators get memory: large blocks from the system, recycled.
//
// A large block (64 KiB and up) is a stretch of addresses of its own, page by page lazily zero. It
// is found again by its address, so a part of it can be given back (discard) or added (try_extend)
// while it lives. Smaller blocks are operator new's: malloc is good at them, and leak checkers
// watch them.
//
// A page fault costs as much as hundreds of instructions, so blocks given back wait in a cache, and
// an allocation takes the one that spares it most faults. The cache is bounded by what was in use
// lately, forgets blocks that nobody wanted for a while, and is emptied by trim(). Every call that
// allocates, extends, discards, moves or deallocates looks at the clock, if anything is idle; of
// those about small blocks, one in 64. A source that nobody calls keeps what it has.
//
// Every member may be called from any thread. A child of fork() finds a source as it was between
// two calls, whatever other threads were doing. The long story: alloc/README.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace gomap {

// Whether large blocks are made of huge pages: fewer misses in the address cache of the processor
// (a tenth to a third on lookups in large maps), but zeroing one costs 0.1 ms inside some insert.
enum class huge_pages { never, advise };

// How a page_source behaves. Plain data: change what you need.
struct page_options {
  static constexpr std::size_t no_cap = std::numeric_limits<std::size_t>::max();

  huge_pages huge = huge_pages::never;

  // Bytes that may be in use at a time, small blocks included; more fails with bad_alloc. Idle
  // pages make way for a large block: with it, what is in use and cached is under the cap.
  std::size_t cap_bytes = no_cap;

  // Bytes of idle pages that are kept in any case...
  std::size_t cache_floor_bytes = std::size_t{4} << 20;
  // ... and per cent of the bytes lately in use that may be kept beyond that, of freed blocks.
  unsigned cache_percent = 50;
  // ... but no more than this in all.
  std::size_t cache_max_bytes = std::size_t{256} << 20;
  // How long a freed block waits for its next user, and the half-life of "lately". Nothing or less
  // means that none waits, milliseconds::max() that they wait for ever.
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
  std::uint64_t blocks_recycled = 0;  // large blocks made of a freed one
  std::uint64_t blocks_released = 0;  // large blocks given back to the system
  std::uint64_t bytes_discarded = 0;  // what discard() gave back to the system, all told
  std::uint64_t bytes_moved = 0;      // what move_pages() took to another block, all told
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

  // The source of allocators that name no other. Each copy of the library in a process has its own:
  // a program, and each plug-in that links it statically. It is never destroyed, so that maps may
  // use it to their end, with static lifetime or where they have moved to. Once its copy is
  // unloaded, or the program ends, it keeps nothing idle.
  [[nodiscard]] static page_source& process() noexcept;

  // Replaces the options. Blocks in use stay as they are; of idle ones, what the new bounds do not
  // allow goes back.
  void configure(const page_options& options) noexcept;
  [[nodiscard]] page_options options() const noexcept;

  // Memory for `bytes` bytes, aligned to `alignment`, a power of two. allocate() leaves it holding
  // anything, allocate_zeroed() holding zero.
  // Throws: std::bad_alloc when the system or the cap refuses. O(1) system calls and no page
  // touched; but allocate_zeroed() writes what a recycled block holds, which is quicker than
  // faults.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] void* allocate_zeroed(std::size_t bytes, std::size_t alignment);

  // Gives a block back. Requires: p was allocated here with these numbers, or extended to `bytes`.
  void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  // What is in the range is not needed any more. Whole pages inside it go back to the system, or
  // stay, when few are kept so far, for the next allocation. The range stays accessible and holds
  // anything. Requires: it lies in one allocated block. Does nothing to a small block.
  void discard(void* p, std::size_t bytes) noexcept;

  // As discard(from, bytes), and what is in [to, to + bytes) is not needed either: the pages of the
  // first range become those of the second, unless that has pages already. Both hold anything
  // afterwards and stay accessible. O(1) system calls; a tenth of the faults that it spares.
  // Requires: the ranges lie in two allocated blocks, and no one else looks at the second one.
  void move_pages(void* from, void* to, std::size_t bytes) noexcept;

  // Lets the block at p end at `new_bytes` instead of `old_bytes`, without moving it, if there are
  // addresses left behind it. What is new holds anything. False: nothing changed.
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
