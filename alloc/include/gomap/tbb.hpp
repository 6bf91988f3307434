// tbb.hpp -- an allocator over oneTBB's scalable allocator, or over a memory pool of oneTBB's.
//
// The scalable allocator keeps free memory for each thread, so threads that allocate at the same
// time do not wait for each other. A tbb_pool works in the same way on memory of its own, which is
// given back in one step. It takes its memory from a page_source, which can cap it.
// Any thread may use both, and may free memory that another one has allocated.
//
// Part of the CMake target gomap::tbb, which GOMAP_WITH_TBB adds.
#pragma once

#include <cstddef>
#include <limits>
#include <type_traits>

#include <gomap/detail/refuse.hpp>
#include <gomap/page_source.hpp>

namespace gomap {

// A memory pool. Any thread may call any member but the destructor and reset(). Each pool takes one
// of the thread-specific keys of the process, of which Linux has 1024; so there can be about a
// thousand pools at a time. A pool must not outlive the plug-in that made it.
class tbb_pool {
 public:
  // Takes memory from `source`, which must outlive it.
  // Throws: std::bad_alloc, whose what() tells why, when there is no memory or no key.
  explicit tbb_pool(page_source& source = page_source::process());
  // Gives all memory back, freed or not.
  ~tbb_pool();
  tbb_pool(const tbb_pool&) = delete;
  tbb_pool& operator=(const tbb_pool&) = delete;

  // Memory for `bytes` bytes aligned to `alignment`, a power of two. Throws: std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment);
  // Requires: p was allocated by this pool.
  void deallocate(void* p) noexcept;

  // Frees all blocks at once, and keeps their memory for the next ones.  Requires: no block is used
  // any more, and no other thread calls the pool.
  void reset() noexcept;

 private:
  void* pool_;  // an rml::MemoryPool, owned
};

namespace detail {
[[nodiscard]] void* tbb_scalable_allocate(std::size_t bytes, std::size_t alignment);
void tbb_scalable_deallocate(void* p) noexcept;
}  // namespace detail

template <class T>
class tbb_allocator {
 public:
  using value_type = T;
  // Moving and swapping containers moves their pools along.
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using propagate_on_container_copy_assignment = std::false_type;
  using is_always_equal = std::false_type;

  // Allocates from the scalable allocator, which the whole process shares.
  tbb_allocator() noexcept = default;
  // Allocates from `pool`, which must outlive everything allocated from it.
  explicit tbb_allocator(tbb_pool& pool) noexcept : pool_(&pool) {}
  template <class U>
  tbb_allocator(const tbb_allocator<U>& other) noexcept : pool_(other.pool()) {}

  // Throws: std::bad_array_new_length when n objects have more bytes than addresses exist,
  // std::bad_alloc when there is no memory.
  [[nodiscard]] T* allocate(std::size_t n) {
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
    if (n > most / sizeof(T)) detail::refuse_length();
    const std::size_t bytes = n * sizeof(T);
    return static_cast<T*>(pool_ != nullptr ? pool_->allocate(bytes, alignof(T))
                                            : detail::tbb_scalable_allocate(bytes, alignof(T)));
  }
  // Requires: p came from an equal allocator.
  void deallocate(T* p, std::size_t) noexcept {
    pool_ != nullptr ? pool_->deallocate(p) : detail::tbb_scalable_deallocate(p);
  }

  // Null: the scalable allocator.
  [[nodiscard]] tbb_pool* pool() const noexcept { return pool_; }

  template <class U>
  friend bool operator==(const tbb_allocator& a, const tbb_allocator<U>& b) noexcept {
    return a.pool() == b.pool();
  }

 private:
  tbb_pool* pool_ = nullptr;  // borrowed
};

}  // namespace gomap
