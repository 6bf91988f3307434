// chosen_allocator.hpp -- the default: pages of the system, recycled; type-stable.
#pragma once

#include <gomap/page_allocator.hpp>

namespace stress {

template <class T>
using chosen_allocator = gomap::page_allocator<T>;

// Called once, before anything is allocated.
inline void prepare_allocator() {}

}  // namespace stress
