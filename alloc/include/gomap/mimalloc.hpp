// mimalloc.hpp -- an allocator over a mimalloc heap of its own.
//
// A default-constructed heap_allocator makes a heap. Its copies and rebound copies share the heap;
// the last of them destroys it with all its pages, in one step. So each map has a heap to itself:
// it reuses the blocks that it has freed, and no other allocation fragments the heap.
//
// A mimalloc heap allocates only for the thread that made it. Any thread may use a heap_allocator
// all the same: other threads get memory from mimalloc's own heap for them. Only the thread that
// made it gains by it, so make it where the map is filled.
//
// Thousands of maps should share a heap: give them copies of one heap_allocator. To find the heap
// to destroy, mimalloc 2 goes through the newer ones of its thread. So destroying one of 16,000
// heaps takes 75 us if it is the oldest, 1 us if it is the newest. mimalloc 3 does not search.
//
// Part of the CMake target gomap::mimalloc, which GOMAP_WITH_MIMALLOC adds.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>

#include <gomap/detail/refuse.hpp>

namespace gomap {

// A mimalloc heap and the thread that it belongs to. Any thread may call any member but the
// destructor. Calls run the code of the copy of the library that made the heap, since each copy
// numbers threads in its own way; so a heap must not outlive the plug-in that made it.
class mimalloc_heap {
 public:
  // Makes a heap that belongs to the calling thread. Throws: std::bad_alloc.
  mimalloc_heap();
  // Destroys the heap. On its own thread that frees all that was allocated there, in one step. On
  // another, its pages go when its thread ends.  Requires: its blocks are not used any more.
  virtual ~mimalloc_heap();
  mimalloc_heap(const mimalloc_heap&) = delete;
  mimalloc_heap& operator=(const mimalloc_heap&) = delete;

  // Memory for `bytes` bytes, aligned to `alignment`; that of allocate_zeroed() is zero.
  // Requires: `alignment` is a power of two and divides `bytes`. Throws: std::bad_alloc.
  [[nodiscard]] virtual void* allocate(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] virtual void* allocate_zeroed(std::size_t bytes, std::size_t alignment);
  // Requires: p was allocated by this heap with this alignment.
  virtual void deallocate(void* p, std::size_t alignment) noexcept;

  // Gives idle memory back to the system, if the calling thread is the heap's.
  virtual void trim() noexcept;

  // How many of the blocks that the heap's thread has allocated are in use. O(blocks); for checks.
  // Requires: the calling thread is the heap's.
  [[nodiscard]] virtual std::size_t blocks_in_use() const noexcept;

 private:
  [[nodiscard]] bool mine() const noexcept;

  void* heap_;                // an mi_heap_t; belongs to this object until its thread ends
  unsigned long long owner_;  // which thread, in a numbering that never reuses a number
};

template <class T>
class heap_allocator {
 public:
  using value_type = T;
  // Moving and swapping containers moves their heaps along.
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using propagate_on_container_copy_assignment = std::false_type;
  using is_always_equal = std::false_type;

  // Makes a heap that belongs to the calling thread. Throws: std::bad_alloc.
  heap_allocator() : heap_(std::make_shared<mimalloc_heap>()) {}
  // Shares the heap. A move is a copy: what is moved from can still deallocate.
  heap_allocator(const heap_allocator&) noexcept = default;
  heap_allocator& operator=(const heap_allocator&) noexcept = default;
  template <class U>
  heap_allocator(const heap_allocator<U>& other) noexcept : heap_(other.heap_) {}

  // Throws: std::bad_array_new_length when n objects have more bytes than addresses exist,
  // std::bad_alloc when there is no memory.
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(heap_->allocate(bytes_for(n), alignof(T)));
  }
  // As allocate(), and every byte is zero.
  [[nodiscard]] T* allocate_zeroed(std::size_t n) {
    return static_cast<T*>(heap_->allocate_zeroed(bytes_for(n), alignof(T)));
  }
  // Requires: p came from an equal allocator.
  void deallocate(T* p, std::size_t) noexcept { heap_->deallocate(p, alignof(T)); }

  // The copy of a container gets a heap of its own.
  [[nodiscard]] heap_allocator select_on_container_copy_construction() const { return {}; }

  [[nodiscard]] mimalloc_heap& heap() const noexcept { return *heap_; }

  template <class U>
  friend bool operator==(const heap_allocator& a, const heap_allocator<U>& b) noexcept {
    return &a.heap() == &b.heap();
  }

 private:
  template <class>
  friend class heap_allocator;

  static std::size_t bytes_for(std::size_t n) {
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
    if (n > most / sizeof(T)) detail::refuse_length();
    return n * sizeof(T);
  }

  std::shared_ptr<mimalloc_heap> heap_;  // never null
};

}  // namespace gomap
