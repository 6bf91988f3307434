// pool.hpp -- memory for one map or a family of maps, counted, and capped if you like.
//
//   up to 4 KiB       a block of a slab: 64 KiB that hold blocks of one size    (overflow buckets)
//   up to 64 KiB      a block of its own, by size class, kept when it is freed  (small arrays)
//   from there up     a large block of the page_source, which recycles it       (arrays)
//
// A freed block serves the next request of its size: what one growth gives back, the next one
// takes. Idle blocks are kept, up to as many bytes as are in use; trim() gives them back. Every
// operation is O(1) amortised, but for the calls to the page_source.
//
// A pool is a std::pmr::memory_resource, so std::pmr containers can use it too. By default one
// thread at a time may call it, and it has no lock. Made with pool_users::many, any thread may call
// it at any time, and a child of fork() finds it as it was between two calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <type_traits>

#include <gomap/detail/fork_mutex.hpp>
#include <gomap/detail/refuse.hpp>
#include <gomap/page_source.hpp>

namespace gomap {

// Whether a pool is called by one thread at a time, or by any at any time.
enum class pool_users { one, many };

struct pool_options {
  static constexpr std::size_t no_cap = std::numeric_limits<std::size_t>::max();

  pool_users users = pool_users::one;
  // The most bytes that the pool may hold, idle ones included; more fails with bad_alloc.
  std::size_t cap_bytes = no_cap;
};

// What a pool holds and has done. "Small" blocks come from slabs; all others are "arrays".
struct pool_stats {
  std::size_t bytes_reserved = 0;     // taken from the page_source: slabs, arrays, idle ones too
  std::size_t bytes_in_use = 0;       // of these, what is allocated
  std::size_t bytes_peak = 0;         // the most that bytes_in_use has been
  std::uint64_t small_allocated = 0;  // allocations, in all
  std::uint64_t small_recycled = 0;   // of these, by a block that had been freed
  std::uint64_t arrays_allocated = 0;
  std::uint64_t arrays_recycled = 0;  // not the large ones, which the page_source recycles
  std::uint64_t blocks_returned = 0;  // slabs and arrays given back to the page_source
};

class pool final : public std::pmr::memory_resource {
 public:
  // Takes memory from `source`, which must outlive the pool.
  explicit pool(page_source& source = page_source::process(),
                const pool_options& options = {}) noexcept;
  explicit pool(const pool_options& options) noexcept : pool(page_source::process(), options) {}
  // Requires: all that was allocated has been deallocated.
  ~pool() override;
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  // From std::pmr::memory_resource: allocate(bytes, alignment), which throws std::bad_alloc at the
  // cap and when there is no memory, deallocate(p, bytes, alignment), is_equal(other).

  // As allocate(), and every byte is zero.
  [[nodiscard]] void* allocate_zeroed(std::size_t bytes, std::size_t alignment);

  // As page_source's, for large blocks; they do nothing to others. Discarded bytes count as in use
  // until they are deallocated.
  void discard(void* p, std::size_t bytes) noexcept { source_.discard(p, bytes); }
  void move_pages(void* from, void* to, std::size_t bytes) noexcept {
    source_.move_pages(from, to, bytes);
  }
  [[nodiscard]] bool try_extend(void* p, std::size_t old_bytes, std::size_t new_bytes) noexcept;

  // Gives all idle slabs and arrays back to the page_source, and calls its trim().
  void trim() noexcept;

  // Changes the cap. If the pool holds more already, every allocation that needs more memory fails.
  void set_cap(std::size_t cap_bytes) noexcept;

  [[nodiscard]] pool_stats stats() const noexcept;
  [[nodiscard]] page_source& source() const noexcept { return source_; }

 private:
  struct slab;
  struct idle_array;
  class optional_lock;

  static constexpr std::size_t granule = 16;
  static constexpr std::size_t largest_small = std::size_t{4} << 10;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  void* allocate_small(std::size_t bytes);
  void deallocate_small(void* p, std::size_t bytes) noexcept;
  void* allocate_array(std::size_t bytes);
  void deallocate_array(void* p, std::size_t bytes) noexcept;
  void* allocate_large(std::size_t bytes, std::size_t alignment, bool zeroed);
  void deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  slab* new_slab(std::size_t block_bytes);
  void retire(slab& s) noexcept;
  void release_slab() noexcept;
  void* reserve(std::size_t bytes, std::size_t alignment, bool zeroed);
  void unreserve(void* p, std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] bool make_room(std::size_t bytes) noexcept;
  void count_in_use(std::size_t bytes) noexcept;
  bool release_idle() noexcept;

  page_source& source_;
  std::size_t cap_;
  mutable std::optional<detail::fork_mutex> mutex_;  // of a pool of many users; guards all else

  // By size in granules: slabs with at least one block in use and at least one free.
  std::array<slab*, largest_small / granule + 1> slabs_{};
  slab* idle_slabs_ = nullptr;  // all blocks free; any size may take them
  std::size_t idle_slab_count_ = 0;
  std::size_t slab_count_ = 0;
  std::array<idle_array*, 40> idle_arrays_{};  // by size class
  std::size_t idle_array_bytes_ = 0;
  pool_stats stats_;
};

// An allocator over a pool, which must outlive what is allocated. Allocators with the same pool are
// equal. Thread-safe if the pool is.
template <class T>
class pool_allocator {
 public:
  using value_type = T;
  // Moving and swapping containers moves their pools along.
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using propagate_on_container_copy_assignment = std::false_type;
  using is_always_equal = std::false_type;

  static constexpr bool type_stable = true;

  pool_allocator(pool& p) noexcept : pool_(&p) {}
  template <class U>
  pool_allocator(const pool_allocator<U>& other) noexcept : pool_(other.resource()) {}

  // Throws: std::bad_array_new_length when n objects have more bytes than addresses exist,
  // std::bad_alloc when there is no memory or the cap is reached.
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(pool_->allocate(bytes_for(n), alignof(T)));
  }
  // As allocate(), and every byte is zero.
  [[nodiscard]] T* allocate_zeroed(std::size_t n) {
    return static_cast<T*>(pool_->allocate_zeroed(bytes_for(n), alignof(T)));
  }
  // Requires: p came from an equal allocator, for n objects (or was extended to n).
  void deallocate(T* p, std::size_t n) noexcept { pool_->deallocate(p, n * sizeof(T), alignof(T)); }

  // As the pool's.
  void discard(void* p, std::size_t bytes) noexcept { pool_->discard(p, bytes); }
  void move_pages(void* from, void* to, std::size_t bytes) noexcept {
    pool_->move_pages(from, to, bytes);
  }
  [[nodiscard]] bool try_extend(T* p, std::size_t old_n, std::size_t new_n) noexcept {
    return new_n <= max_count && pool_->try_extend(p, old_n * sizeof(T), new_n * sizeof(T));
  }

  [[nodiscard]] pool* resource() const noexcept { return pool_; }

  template <class U>
  friend bool operator==(const pool_allocator& a, const pool_allocator<U>& b) noexcept {
    return a.resource() == b.resource();
  }

 private:
  static constexpr std::size_t max_count =
      static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T);

  static std::size_t bytes_for(std::size_t n) {
    if (n > max_count) detail::refuse_length();
    return n * sizeof(T);
  }

  pool* pool_;  // borrowed, never null
};

}  // namespace gomap
