// faulty_allocator.hpp -- any allocator, made to fail where a test wants it to.
//
// allocate(), allocate_zeroed() and try_extend() announce themselves at point::allocate (fault.hpp)
// and fail when that is armed: the first two throw, the third returns false. What A offers beyond
// the standard is offered on. A ledger shared by all copies knows every block, so that whatever A
// is, a leak, a double free and a wrong size show; memory that nobody wrote holds garbage.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

#include <gomap/allocator_concepts.hpp>

#include "support/counting_allocator.hpp"
#include "support/fault.hpp"

namespace support {

template <class T, class A>
class faulty_allocator {
  using traits = typename std::allocator_traits<A>::template rebind_traits<T>;

 public:
  using inner_allocator = typename traits::allocator_type;
  using value_type = T;
  using propagate_on_container_copy_assignment =
      typename traits::propagate_on_container_copy_assignment;
  using propagate_on_container_move_assignment =
      typename traits::propagate_on_container_move_assignment;
  using propagate_on_container_swap = typename traits::propagate_on_container_swap;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = faulty_allocator<U, typename traits::template rebind_alloc<U>>;
  };

  static constexpr bool type_stable = gomap::type_stable_allocator<inner_allocator>;

  faulty_allocator(allocation_ledger& ledger, const inner_allocator& inner) noexcept
      : ledger_(&ledger), inner_(inner) {}
  template <class U, class B>
  faulty_allocator(const faulty_allocator<U, B>& other) noexcept
      : ledger_(&other.ledger()), inner_(other.inner()) {}

  [[nodiscard]] T* allocate(std::size_t n) {
    fault::pass(point::allocate);
    T* const p = traits::allocate(inner_, n);
    ledger_->add(p, n * sizeof(T));
    fill(p, n);
    return p;
  }
  [[nodiscard]] T* allocate_zeroed(
      std::size_t n) requires gomap::zeroing_allocator<inner_allocator> {
    fault::pass(point::allocate);
    T* const p = inner_.allocate_zeroed(n);
    ledger_->add(p, n * sizeof(T));
    return p;
  }
  void deallocate(T* p, std::size_t n) noexcept {
    ledger_->remove(p, n * sizeof(T));
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
    if (fault::strikes(point::allocate)) return false;
    if (!inner_.try_extend(p, old_n, new_n)) return false;
    ledger_->remove(p, old_n * sizeof(T));
    ledger_->add(p, new_n * sizeof(T));
    fill(p + old_n, new_n - old_n);
    return true;
  }

  [[nodiscard]] faulty_allocator select_on_container_copy_construction() const {
    return faulty_allocator(*ledger_, traits::select_on_container_copy_construction(inner_));
  }

  [[nodiscard]] allocation_ledger& ledger() const noexcept { return *ledger_; }
  [[nodiscard]] const inner_allocator& inner() const noexcept { return inner_; }

  template <class U, class B>
  friend bool operator==(const faulty_allocator& a, const faulty_allocator<U, B>& b) noexcept {
    return &a.ledger() == &b.ledger() && a.inner() == inner_allocator(b.inner());
  }

 private:
  // A map must not count on what new memory holds.
  static void fill(T* p, std::size_t n) noexcept {
    std::memset(static_cast<void*>(p), 0xA5, n * sizeof(T));
  }

  allocation_ledger* ledger_;  // borrowed: outlives every container that uses it
  inner_allocator inner_;
};

}  // namespace support
