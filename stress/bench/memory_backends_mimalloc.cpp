// memory_backends_mimalloc.cpp -- the backends that change when mimalloc is the program's malloc.
#include <memory>
#include <vector>

#include <gomap/mimalloc.hpp>
#include <gomap/page_allocator.hpp>

#include "memory_backends.hpp"

namespace bench {

std::vector<memory_backend> memory_backends() {
  using enum fault_table;
  return {backend_of<gomap_on_default<gomap::page_allocator>>("page_allocator", present),
          backend_of<gomap_on_default<gomap::heap_allocator>>("heap_allocator", present),
          backend_of<gomap_on_default<std::allocator>>("std::allocator", present),
          backend_of<boost_on_malloc>("boost", present)};
}

}  // namespace bench
