// refuse.hpp -- throws what allocators throw. The throw is in the library's own code, so that
// headers compile with -fno-exceptions.
#pragma once

namespace gomap::detail {

// Throws: std::bad_array_new_length.
[[noreturn]] void refuse_length();

// Throws: std::bad_alloc.
[[noreturn]] void refuse_memory();

}  // namespace gomap::detail
