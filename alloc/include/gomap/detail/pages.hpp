// pages.hpp -- the few things that page_source asks of an operating system.
//
// One source file of src/ implements them: pages_linux.cpp on Linux, pages_portable.cpp, which
// knows the C++ library only, elsewhere. The build picks the file; nothing here differs.
// All are thread-safe, as calls about disjoint ranges.
#pragma once

#include <cstddef>

namespace gomap::detail {

// The unit in which the system hands out memory; a power of two.
[[nodiscard]] std::size_t page_bytes() noexcept;

// How many times its size a block may reserve in addresses, so that it can grow where it is.
// 1 where reserved addresses cost memory, or are few.
[[nodiscard]] std::size_t reserve_factor() noexcept;

// What pages should be like, where the system heeds that.
struct page_wishes {
  bool huge = false;   // huge pages, or none
  int numa_node = -1;  // where they come from; -1: wherever
};

struct reservation {
  void* base = nullptr;    // null: the system refuses
  bool committed = false;  // all of it is readable and writable already
};

// Addresses that nothing else uses, aligned to `alignment`. Requires: `bytes` is a multiple of
// page_bytes(), `alignment` a power of two.
[[nodiscard]] reservation reserve_pages(std::size_t bytes, std::size_t alignment,
                                        const page_wishes& wishes) noexcept;

// Makes reserved pages readable and writable; they read as zero. No page is taken before it is
// touched, where the system can do that. False when it refuses; nothing changed then.
[[nodiscard]] bool commit_pages(void* p, std::size_t bytes) noexcept;

// Gives committed pages back; they stay accessible and read as zero afterwards. False when the
// system cannot: they hold then what they held, or zero.
bool reset_pages(void* p, std::size_t bytes) noexcept;

// Moves the pages of [from, from + bytes) to `to`, where others are dropped; the old addresses read
// as zero afterwards. Both ranges are committed, whole pages, and apart. False when the system
// cannot: the old addresses then hold what they held, or zero, and `to` what it held.
// A move costs a tenth of the page faults that it spares.
bool move_pages(void* from, void* to, std::size_t bytes) noexcept;

// Ends a reservation as reserve_pages() made it. False when the system refuses: its pages are given
// back, if they can be, and it is as it was reserved, with all that was committed.
bool release_pages(void* p, std::size_t bytes) noexcept;

}  // namespace gomap::detail
