// refuse.hpp -- what an allocator throws, thrown where there are exceptions: in the library's own
// code, so that headers compile without.
#pragma once

namespace gomap::detail {

// Throws: std::bad_array_new_length.
[[noreturn]] void refuse_length();

// Throws: std::bad_alloc.
[[noreturn]] void refuse_memory();

}  // namespace gomap::detail
