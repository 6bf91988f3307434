// leak_roots.hpp -- what LeakSanitizer is told about memory that is not malloc's.
//
// It looks for pointers in globals, on stacks and in what it has found through these. Blocks that
// are mapped are none of them, so what is in use of one is told to it, and what only such a block
// points to is no leak.
// The build picks the file: leak_roots_linux.cpp, which calls LeakSanitizer if the program has it,
// or leak_roots_portable.cpp, which does nothing. Thread-safe.
#pragma once

#include <cstddef>

namespace gomap::detail {

// Pointers in the range count until remove_leak_root() is called with the same range. Parts of it
// may be inaccessible.
void add_leak_root(const void* p, std::size_t bytes) noexcept;
void remove_leak_root(const void* p, std::size_t bytes) noexcept;

// The block of malloc's at p is meant to stay, whoever points to it.
void keep_from_leak_checks(const void* p) noexcept;

}  // namespace gomap::detail
