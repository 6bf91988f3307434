// chosen_allocator.hpp -- oneTBB's scalable allocator.
#pragma once

#include <gomap/tbb.hpp>

namespace stress {

template <class T>
using chosen_allocator = gomap::tbb_allocator<T>;

// Called once, before anything is allocated.
inline void prepare_allocator() {}

}  // namespace stress
