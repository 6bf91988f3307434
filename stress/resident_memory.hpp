// resident_memory.hpp -- how much memory this process has of the system.
#pragma once

#include <cstddef>

namespace stress {

// Bytes that lie in memory now; 0 where the system does not tell.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace stress
