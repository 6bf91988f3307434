// rationed_allocator.hpp -- any allocator, made to refuse: some requests, or all, or large ones,
// for as long as somebody wants.
//
// What it refuses stands in a ration that all copies share, with a count of its own of what was
// handed out. What A offers beyond the standard is offered on. Thread-safe as far as A is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

#include <gomap/allocator_concepts.hpp>
#include <gomap/hash.hpp>

namespace stress {

class ration {
 public:
  // Refuses nothing yet.
  explicit ration(std::uint64_t seed) : seed_(seed) {}
  ration(const ration&) = delete;
  ration& operator=(const ration&) = delete;

  // relaxed, in all: numbers that are right by themselves and order nothing.

  // From now on `per_mille` of a thousand requests of `from_bytes` and more are refused.
  void refuse(unsigned per_mille, std::size_t from_bytes = 0) {
    from_bytes_.store(from_bytes, std::memory_order_relaxed);
    per_mille_.store(per_mille, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t peak_bytes() const { return peak_.load(std::memory_order_relaxed); }

  // What an allocator calls: refuses() first, then took() when it got the memory.
  [[nodiscard]] bool refuses(std::size_t bytes) {
    if (bytes < from_bytes_.load(std::memory_order_relaxed)) return false;
    const unsigned per_mille = per_mille_.load(std::memory_order_relaxed);
    if (per_mille == 0) return false;
    const std::uint64_t request = requests_.fetch_add(1, std::memory_order_relaxed);
    if (gomap::mix(request + 1, seed_) % 1000 >= per_mille) return false;
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  void took(std::size_t bytes) {
    const std::size_t now = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::size_t seen = peak_.load(std::memory_order_relaxed);
    while (seen < now && !peak_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
  }
  void gave_back(std::size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::uint64_t seed_;
  std::atomic<unsigned> per_mille_{0};
  std::atomic<std::size_t> from_bytes_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> peak_{0};
};

template <class T, class A>
class rationed_allocator {
  using traits = typename std::allocator_traits<A>::template rebind_traits<T>;

 public:
  using inner_allocator = typename traits::allocator_type;
  using value_type = T;
  // The ration goes where the inner allocator goes.
  using propagate_on_container_move_assignment =
      std::bool_constant<traits::propagate_on_container_move_assignment::value ||
                         traits::is_always_equal::value>;
  using propagate_on_container_swap =
      std::bool_constant<traits::propagate_on_container_swap::value ||
                         traits::is_always_equal::value>;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = rationed_allocator<U, typename traits::template rebind_alloc<U>>;
  };

  static constexpr bool type_stable = gomap::type_stable_allocator<inner_allocator>;

  explicit rationed_allocator(ration& r, const inner_allocator& inner = inner_allocator()) noexcept
      : ration_(&r), inner_(inner) {}
  template <class U, class B>
  rationed_allocator(const rationed_allocator<U, B>& other) noexcept
      : ration_(&other.source()), inner_(other.inner()) {}

  [[nodiscard]] T* allocate(std::size_t n) {
    return rationed(n, [&] { return traits::allocate(inner_, n); });
  }
  [[nodiscard]] T* allocate_zeroed(
      std::size_t n) requires gomap::zeroing_allocator<inner_allocator> {
    return rationed(n, [&] { return inner_.allocate_zeroed(n); });
  }
  void deallocate(T* p, std::size_t n) noexcept {
    ration_->gave_back(n * sizeof(T));
    traits::deallocate(inner_, p, n);
  }

  void discard(void* p,
               std::size_t bytes) noexcept requires gomap::discarding_allocator<inner_allocator> {
    inner_.discard(p, bytes);
  }
  void move_pages(void* from, void* to, std::size_t bytes) noexcept requires
      gomap::page_moving_allocator<inner_allocator> {
    inner_.move_pages(from, to, bytes);
  }
  [[nodiscard]] bool try_extend(T* p, std::size_t old_n, std::size_t new_n) noexcept requires
      gomap::extendable_allocator<inner_allocator> {
    const std::size_t more = (new_n - old_n) * sizeof(T);
    if (ration_->refuses(more) || !inner_.try_extend(p, old_n, new_n)) return false;
    ration_->took(more);
    return true;
  }

  [[nodiscard]] ration& source() const noexcept { return *ration_; }
  [[nodiscard]] const inner_allocator& inner() const noexcept { return inner_; }

  template <class U, class B>
  friend bool operator==(const rationed_allocator& a, const rationed_allocator<U, B>& b) noexcept {
    return &a.source() == &b.source() && a.inner() == inner_allocator(b.inner());
  }

 private:
  template <class Allocate>
  T* rationed(std::size_t n, Allocate allocate) {
    if (ration_->refuses(n * sizeof(T))) throw std::bad_alloc();
    T* const p = allocate();
    ration_->took(n * sizeof(T));
    return p;
  }

  ration* ration_;  // borrowed: outlives every container that uses it
  [[no_unique_address]] inner_allocator inner_;
};

}  // namespace stress
