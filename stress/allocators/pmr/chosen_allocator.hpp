// chosen_allocator.hpp -- std::pmr, from pools that all threads share.
#pragma once

#include <memory_resource>

namespace stress {

template <class T>
using chosen_allocator = std::pmr::polymorphic_allocator<T>;

// Called once, before anything is allocated.
inline void prepare_allocator() {
  static std::pmr::synchronized_pool_resource pools;
  std::pmr::set_default_resource(&pools);
}

}  // namespace stress
