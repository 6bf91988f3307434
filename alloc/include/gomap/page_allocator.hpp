// page_allocator.hpp -- the default allocator: pages for large arrays, operator new for small ones.
//
// A handle to a page_source, one pointer wide. Allocators with the same source are equal; the
// default is page_source::process(). Beyond what the standard asks it can discard, move pages,
// extend and allocate zeroed memory (allocator_concepts.hpp). So a map grows without a memory peak.
// The source is chosen when the allocator is made: where a program and a plug-in have a copy of the
// library each, a container keeps the source of the one that made it.
// Thread-safe: any thread may use any allocator.
#pragma once

#include <cstddef>
#include <limits>
#include <type_traits>

#include <gomap/detail/refuse.hpp>
#include <gomap/page_source.hpp>

namespace gomap {

template <class T>
class page_allocator {
 public:
  using value_type = T;
  // Moving and swapping containers moves their sources along, so no element is ever copied.
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using propagate_on_container_copy_assignment = std::false_type;
  using is_always_equal = std::false_type;

  static constexpr bool type_stable = true;

  // Allocates from page_source::process() of the copy of the library that the caller is linked to.
  page_allocator() noexcept : source_(&page_source::process()) {}
  // Allocates from `source`, which must outlive everything allocated from it.
  explicit page_allocator(page_source& source) noexcept : source_(&source) {}
  template <class U>
  page_allocator(const page_allocator<U>& other) noexcept : source_(other.source_) {}

  // Room for n objects; that of allocate_zeroed() is zero.
  // Throws: std::bad_array_new_length when n objects have more bytes than addresses exist,
  // std::bad_alloc when there is no memory or the source's cap is reached.
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(source().allocate(bytes_for(n), alignof(T)));
  }
  [[nodiscard]] T* allocate_zeroed(std::size_t n) {
    return static_cast<T*>(source().allocate_zeroed(bytes_for(n), alignof(T)));
  }

  // Requires: p came from an equal allocator, for n objects (or was extended to n).
  void deallocate(T* p, std::size_t n) noexcept {
    source().deallocate(p, n * sizeof(T), alignof(T));
  }

  // The contents of the range are not needed any more; see page_source::discard.
  void discard(void* p, std::size_t bytes) noexcept { source().discard(p, bytes); }

  // As discard(from, bytes), and its pages may become those of [to, to + bytes), a part of another
  // block that is about to be written; see page_source::move_pages.
  void move_pages(void* from, void* to, std::size_t bytes) noexcept {
    source().move_pages(from, to, bytes);
  }

  // Extends the block at p from old_n to new_n objects in place; see page_source::try_extend.
  [[nodiscard]] bool try_extend(T* p, std::size_t old_n, std::size_t new_n) noexcept {
    return new_n <= max_count && source().try_extend(p, old_n * sizeof(T), new_n * sizeof(T));
  }

  [[nodiscard]] page_source& source() const noexcept { return *source_; }

  template <class U>
  friend bool operator==(const page_allocator& a, const page_allocator<U>& b) noexcept {
    return &a.source() == &b.source();
  }

 private:
  template <class>
  friend class page_allocator;

  static constexpr std::size_t max_count =
      static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T);

  static std::size_t bytes_for(std::size_t n) {
    if (n > max_count) detail::refuse_length();
    return n * sizeof(T);
  }

  page_source* source_;  // borrowed, never null
};

}  // namespace gomap
