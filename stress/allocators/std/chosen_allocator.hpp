// chosen_allocator.hpp -- the standard library's allocator.
#pragma once

#include <memory>

namespace stress {

template <class T>
using chosen_allocator = std::allocator<T>;

// Called once, before anything is allocated.
inline void prepare_allocator() {}

}  // namespace stress
