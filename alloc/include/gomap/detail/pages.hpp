// pages.hpp -- the few things that page_source asks of an operating system.
//
// One source file of src/ implements them: pages_linux.cpp on Linux; elsewhere pages_portable.cpp,
// which needs only the C++ library. The build picks the file; nothing here differs.
// Threads may call all of them at once for disjoint ranges.
#pragma once

#include <cstddef>

namespace gomap::detail {

// The unit in which the system hands out memory; a power of two.
[[nodiscard]] std::size_t page_bytes() noexcept;

// How many times its size a block may reserve in addresses, so that it can grow in place. 1 where
// reserved addresses cost memory, or are few.
[[nodiscard]] std::size_t reserve_factor() noexcept;

// What pages should be like. A system may ignore it.
struct page_wishes {
  bool huge = false;   // huge pages, or none
  int numa_node = -1;  // the node that they come from; -1: any
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

// Gives committed pages back; the range stays accessible and reads as zero afterwards. False when
// the system cannot: each page then holds its old contents, or zero.
bool reset_pages(void* p, std::size_t bytes) noexcept;

// Moves the pages of [from, from + bytes) to `to`, whose pages are dropped; the old addresses read
// as zero afterwards. False when the system cannot: the old addresses then hold their old contents,
// or zero, and `to` its old contents. A move takes a tenth of the time of the page faults that it
// saves.
// Requires: both ranges are committed, whole pages, and disjoint.
bool move_pages(void* from, void* to, std::size_t bytes) noexcept;

// Ends a whole reservation of reserve_pages(). False when the system refuses: the pages are given
// back if possible, and the range stays reserved and committed as it was.
bool release_pages(void* p, std::size_t bytes) noexcept;

}  // namespace gomap::detail
