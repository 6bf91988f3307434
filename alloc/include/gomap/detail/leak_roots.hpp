// leak_roots.hpp -- what LeakSanitizer is told about memory that is not malloc's.
//
// LeakSanitizer looks for pointers in globals, on stacks, and in the blocks that it finds through
// these. It does not look into mapped blocks. So the part in use of each is registered as a root;
// what only such a block points to is then no leak.
// The build picks the file: leak_roots_linux.cpp, which calls LeakSanitizer if the program has it,
// or leak_roots_portable.cpp, which does nothing. Thread-safe.
#pragma once

#include <cstddef>

namespace gomap::detail {

// From now on LeakSanitizer looks for pointers in the range, until remove_leak_root() is called
// with the same range. Parts of it may be inaccessible.
void add_leak_root(const void* p, std::size_t bytes) noexcept;
void remove_leak_root(const void* p, std::size_t bytes) noexcept;

// The block of malloc's at p is never reported as a leak.
void keep_from_leak_checks(const void* p) noexcept;

}  // namespace gomap::detail
