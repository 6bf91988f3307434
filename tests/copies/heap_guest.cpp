// heap_guest.cpp -- a plug-in that makes heaps of mimalloc for others.
#include <gomap/mimalloc.hpp>

extern "C" [[gnu::visibility("default")]] gomap::heap_allocator<char>* copies_make_heap() {
  return new gomap::heap_allocator<char>;
}
