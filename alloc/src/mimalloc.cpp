// mimalloc.cpp -- mimalloc_heap over the mimalloc library.
//
// With mimalloc any thread may free a block. But only the thread that made a heap may allocate from
// it or destroy it, and the heap is gone when that thread ends. So the number of its thread is kept
// beside the pointer: in any other thread the heap is not used. Numbers are never reused.
#include <atomic>
#include <cstddef>

#include <mimalloc.h>

#include <gomap/mimalloc.hpp>

namespace gomap {
namespace {

unsigned long long this_thread_number() noexcept {
  static std::atomic<unsigned long long> last{0};
  // relaxed: only that no two threads get one number matters.
  thread_local const unsigned long long number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

void* or_throw(void* p) {
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

// The size to request instead of `bytes`. Builds of mimalloc that pad blocks lose the alignment for
// sizes that are powers of two. Sizes here are multiples of their alignment, so one byte more is no
// power of two.
std::size_t off_the_short_cut(std::size_t bytes, std::size_t alignment) noexcept {
  return alignment > alignof(std::max_align_t) ? bytes + 1 : bytes;
}

}  // namespace

mimalloc_heap::mimalloc_heap() : heap_(or_throw(mi_heap_new())), owner_(this_thread_number()) {}

mimalloc_heap::~mimalloc_heap() {
  if (mine()) mi_heap_destroy(static_cast<mi_heap_t*>(heap_));
}

bool mimalloc_heap::mine() const noexcept { return owner_ == this_thread_number(); }

void* mimalloc_heap::allocate(std::size_t bytes, std::size_t alignment) {
  bytes = off_the_short_cut(bytes, alignment);
  return or_throw(mine() ? mi_heap_malloc_aligned(static_cast<mi_heap_t*>(heap_), bytes, alignment)
                         : mi_malloc_aligned(bytes, alignment));
}

void* mimalloc_heap::allocate_zeroed(std::size_t bytes, std::size_t alignment) {
  bytes = off_the_short_cut(bytes, alignment);
  return or_throw(mine() ? mi_heap_zalloc_aligned(static_cast<mi_heap_t*>(heap_), bytes, alignment)
                         : mi_zalloc_aligned(bytes, alignment));
}

void mimalloc_heap::deallocate(void* p, std::size_t alignment) noexcept {
  mi_free_aligned(p, alignment);
}

void mimalloc_heap::trim() noexcept {
  if (mine()) mi_heap_collect(static_cast<mi_heap_t*>(heap_), true);
}

std::size_t mimalloc_heap::blocks_in_use() const noexcept {
  auto* const heap = static_cast<mi_heap_t*>(heap_);
  mi_heap_collect(heap, false);  // takes in what other threads have freed
  std::size_t count = 0;
  const auto add = [](const mi_heap_t*, const mi_heap_area_t* area, void*, std::size_t,
                      void* sum) -> bool {
    *static_cast<std::size_t*>(sum) += area->used;
    return true;
  };
  mi_heap_visit_blocks(heap, false, add, &count);
  return count;
}

}  // namespace gomap
