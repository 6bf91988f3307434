// mimalloc.hpp -- an allocator over a mimalloc heap of its own.
//
// A default-constructed heap_allocator makes a heap; its copies and rebound copies share that, and
// the last of them destroys it in one go, pages and all. So each map gets a heap to itself: what it
// frees comes back to it, warm, and nothing else fragments it.
//
// A mimalloc heap allocates only for the thread that made it. A heap_allocator may be used from any
// thread all the same: others are served by mimalloc's own heap for them. The gain is with the
// thread that made it, so make it where the map is filled.
//
// Maps by the thousand should share a heap: give them copies of one heap_allocator. mimalloc 2
// finds the heap to destroy by walking over the newer ones of its thread, so that to destroy one of
// 16,000 takes 75 us if it is the oldest, 1 us if it is the newest. mimalloc 3 does not walk.
//
// Comes with the CMake target gomap::mimalloc, which is there when mimalloc is.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>

#include <gomap/detail/refuse.hpp>

namespace gomap {

// A mimalloc heap and the thread it belongs to. Any thread may call any member but the destructor.
// Calls go to the copy of the library that made the heap, whose threads have numbers of their own;
// so a heap must not outlive the plug-in that made it.
class mimalloc_heap {
 public:
  // Makes a heap that belongs to the calling thread. Throws: std::bad_alloc.
  mimalloc_heap();
  // Frees the heap. On its own thread that is one step for all that was allocated there; elsewhere,
  // its pages go when its thread ends. Requires: what it handed out is not used any more.
  virtual ~mimalloc_heap();
  mimalloc_heap(const mimalloc_heap&) = delete;
  mimalloc_heap& operator=(const mimalloc_heap&) = delete;

  // Memory for `bytes` bytes, aligned to `alignment`; allocate_zeroed: holding zero.
  // Requires: `alignment` is a power of two and divides `bytes`. Throws: std::bad_alloc.
  [[nodiscard]] virtual void* allocate(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] virtual void* allocate_zeroed(std::size_t bytes, std::size_t alignment);
  // Requires: p was allocated by this heap with this alignment.
  virtual void deallocate(void* p, std::size_t alignment) noexcept;

  // Returns what is idle to the system, if the calling thread is the heap's.
  virtual void trim() noexcept;

  // How many of the blocks that the heap's thread allocated are in use. O(blocks), and for checks.
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
  // A container that moves or swaps takes its heap along.
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
