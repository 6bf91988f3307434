// chosen_allocator.hpp -- mimalloc's own heaps, a thread each, as mi_malloc uses them.
//
// Not gomap::heap_allocator: its heap belongs to one thread, and the maps here to many.
#pragma once

#include <mimalloc.h>

namespace stress {

template <class T>
using chosen_allocator = mi_stl_allocator<T>;

// Called once, before anything is allocated.
inline void prepare_allocator() {}

}  // namespace stress
