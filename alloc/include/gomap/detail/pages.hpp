// pages.hpp -- the few things that page_source asks of an operating system.
//
// One source file of src/ implements them: pages_posix.cpp where there is mmap, pages_portable.cpp,
// which knows the C++ library only, elsewhere. The build picks the file; nothing here differs.
// All are thread-safe, as calls about disjoint ranges.
#pragma once

#include <cstddef>

namespace gomap::detail {

// The unit in which the system hands out memory; a power of two.
[[nodiscard]] std::size_t page_bytes() noexcept;

// How many times its size a block may reserve in addresses, so that it can grow where it is.
// 1 where reserved addresses cost memory.
[[nodiscard]] std::size_t reserve_factor() noexcept;

// Addresses that nothing else uses, aligned to `alignment`; not yet accessible. Null when the
// system refuses. Requires: `bytes` a multiple of page_bytes(), `alignment` a power of two.
[[nodiscard]] void* reserve_pages(std::size_t bytes, std::size_t alignment) noexcept;

// Makes reserved pages readable and writable; they read as zero. No page is taken before it is
// touched, where the system can do that. False when it refuses; nothing changed then.
[[nodiscard]] bool commit_pages(void* p, std::size_t bytes) noexcept;

// Gives committed pages back; they stay accessible and read as zero afterwards. False when the
// system cannot: they hold then what they held, or zero.
bool reset_pages(void* p, std::size_t bytes) noexcept;

// Moves the pages of [from, from + bytes) to `to`, where others are dropped; the old addresses read
// as zero afterwards. Both ranges are committed, whole pages, and apart. False when the system
// cannot: nothing changed then. A move costs a tenth of the page faults that it spares.
bool move_pages(void* from, void* to, std::size_t bytes) noexcept;

// Ends a reservation as reserve_pages() made it.
void release_pages(void* p, std::size_t bytes) noexcept;

// Asks for huge pages in the range, or asks that there be none. A wish, with no result.
void prefer_huge_pages(void* p, std::size_t bytes, bool wanted) noexcept;

// Asks that the pages of the range come from NUMA node `node` where it has some free. A wish.
void prefer_numa_node(void* p, std::size_t bytes, int node) noexcept;

}  // namespace gomap::detail
