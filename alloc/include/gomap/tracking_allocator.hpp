// tracking_allocator.hpp -- any allocator, with a count of what it hands out and a cap on it.
//
// The counts are in a memory_ledger, which the user owns and any number of allocators share. What
// the inner allocator offers beyond the standard (allocator_concepts.hpp) is offered as well.
// Thread-safe if the inner allocator is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include <gomap/allocator_concepts.hpp>
#include <gomap/detail/capped_bytes.hpp>
#include <gomap/detail/refuse.hpp>

namespace gomap {

// What the tracking_allocators on one ledger have allocated. Any thread may call any member at any
// time.
class memory_ledger {
 public:
  static constexpr std::size_t no_cap = detail::capped_bytes::no_cap;

  // At most `cap_bytes` may be allocated at a time.
  explicit memory_ledger(std::size_t cap_bytes = no_cap) noexcept : bytes_(cap_bytes) {}
  memory_ledger(const memory_ledger&) = delete;
  memory_ledger& operator=(const memory_ledger&) = delete;

  // Bytes allocated now, and the most that have been.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.now(); }
  [[nodiscard]] std::size_t peak_bytes() const noexcept { return bytes_.peak(); }
  // Calls that succeeded; and calls that failed, at the cap or in the inner allocator.
  [[nodiscard]] std::uint64_t allocations() const noexcept { return read(allocations_); }
  [[nodiscard]] std::uint64_t deallocations() const noexcept { return read(deallocations_); }
  [[nodiscard]] std::uint64_t failures() const noexcept { return read(failures_); }
  // Blocks allocated now. Zero after the last container is destroyed, unless there is a leak.
  [[nodiscard]] std::uint64_t blocks() const noexcept { return allocations() - deallocations(); }

  // Changes the cap. If more is allocated already, every allocation fails from now on.
  void set_cap(std::size_t cap_bytes) noexcept { bytes_.set_cap(cap_bytes); }
  [[nodiscard]] std::size_t cap() const noexcept { return bytes_.cap(); }

  // For allocators. charge() comes before a call of the inner allocator; false: the cap refuses.
  // After that call comes cancel() if it failed, settle() if it allocated a block, or extend() if
  // it extended one. credit() comes when a block is deallocated.
  [[nodiscard]] bool charge(std::size_t bytes) noexcept;
  void cancel(std::size_t bytes) noexcept;
  void settle() noexcept;
  void extend() noexcept { bytes_.note_peak(); }
  void credit(std::size_t bytes) noexcept;

 private:
  using counter = std::atomic<std::uint64_t>;
  // relaxed, in both: counters, each right by itself; none says anything about other memory.
  static std::uint64_t read(const counter& n) noexcept { return n.load(std::memory_order_relaxed); }
  static void count(counter& n) noexcept { n.fetch_add(1, std::memory_order_relaxed); }

  detail::capped_bytes bytes_;
  counter allocations_{0};
  counter deallocations_{0};
  counter failures_{0};
};

template <class T, class A = std::allocator<T>>
class tracking_allocator {
  using traits = typename std::allocator_traits<A>::template rebind_traits<T>;

 public:
  using inner_allocator = typename traits::allocator_type;
  using value_type = T;
  using pointer = typename traits::pointer;
  using size_type = typename traits::size_type;
  using propagate_on_container_copy_assignment =
      typename traits::propagate_on_container_copy_assignment;
  // Moving and swapping containers moves the ledger along if the inner allocator goes along. If
  // that stays, as std::pmr's does, the ledger stays with it. An inner allocator that is always
  // equal may go or stay, so the ledger goes.
  using propagate_on_container_move_assignment =
      std::bool_constant<traits::propagate_on_container_move_assignment::value ||
                         traits::is_always_equal::value>;
  using propagate_on_container_swap =
      std::bool_constant<traits::propagate_on_container_swap::value ||
                         traits::is_always_equal::value>;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = tracking_allocator<U, typename traits::template rebind_alloc<U>>;
  };

  static constexpr bool type_stable = type_stable_allocator<inner_allocator>;

  // Counts in `ledger`, which must outlive all that is allocated.
  explicit tracking_allocator(memory_ledger& ledger,
                              const inner_allocator& inner = inner_allocator()) noexcept
      : ledger_(&ledger), inner_(inner) {}
  template <class U, class B>
  tracking_allocator(const tracking_allocator<U, B>& other) noexcept
      : ledger_(other.ledger_), inner_(other.inner_) {}

  // As the inner allocator's. Throws: std::bad_alloc at the cap, and what the inner one throws.
  [[nodiscard]] pointer allocate(size_type n) {
    return allocate_with(n, [&] { return traits::allocate(inner_, n); });
  }
  [[nodiscard]] pointer allocate_zeroed(size_type n) requires zeroing_allocator<inner_allocator> {
    return allocate_with(n, [&] { return inner_.allocate_zeroed(n); });
  }

  void deallocate(pointer p, size_type n) noexcept {
    traits::deallocate(inner_, p, n);
    ledger_->credit(n * sizeof(T));
  }

  // As the inner allocator's. Discarded bytes count as allocated until they are deallocated.
  void discard(void* p, std::size_t bytes) noexcept requires discarding_allocator<inner_allocator> {
    inner_.discard(p, bytes);
  }
  void move_pages(void* from, void* to,
                  std::size_t bytes) noexcept requires page_moving_allocator<inner_allocator> {
    inner_.move_pages(from, to, bytes);
  }
  [[nodiscard]] bool try_extend(pointer p, size_type old_n, size_type new_n) noexcept requires
      extendable_allocator<inner_allocator> {
    if (new_n < old_n || new_n > traits::max_size(inner_)) return false;
    const std::size_t more = (new_n - old_n) * sizeof(T);
    if (!ledger_->charge(more)) return false;
    const bool extended = inner_.try_extend(p, old_n, new_n);
    extended ? ledger_->extend() : ledger_->cancel(more);
    return extended;
  }

  [[nodiscard]] memory_ledger& ledger() const noexcept { return *ledger_; }
  [[nodiscard]] const inner_allocator& inner() const noexcept { return inner_; }

  [[nodiscard]] tracking_allocator select_on_container_copy_construction() const {
    return tracking_allocator(*ledger_, traits::select_on_container_copy_construction(inner_));
  }

  template <class U, class B>
  friend bool operator==(const tracking_allocator& a, const tracking_allocator<U, B>& b) noexcept {
    return &a.ledger() == &b.ledger() && a.inner() == inner_allocator(b.inner());
  }

 private:
  template <class, class>
  friend class tracking_allocator;

  template <class Allocate>
  pointer allocate_with(size_type n, Allocate&& allocate_inner) {
    if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) detail::refuse_length();
    // Cancels the charge if the inner allocator throws, whatever it throws.
    struct charge {
      charge(memory_ledger& l, std::size_t b) : ledger(&l), bytes(b) {
        if (!l.charge(b)) detail::refuse_memory();
      }
      charge(const charge&) = delete;
      charge& operator=(const charge&) = delete;
      ~charge() {
        if (ledger != nullptr) ledger->cancel(bytes);
      }
      memory_ledger* ledger;
      std::size_t bytes;
    } charged(*ledger_, n * sizeof(T));
    const pointer p = std::forward<Allocate>(allocate_inner)();
    std::exchange(charged.ledger, nullptr)->settle();
    return p;
  }

  memory_ledger* ledger_;  // borrowed
  [[no_unique_address]] inner_allocator inner_;
};

// ---- bodies ----------------------------------------------------------------------------------

inline bool memory_ledger::charge(std::size_t bytes) noexcept {
  const bool granted = bytes_.claim(bytes);
  if (!granted) [[unlikely]]
    count(failures_);
  return granted;
}

inline void memory_ledger::cancel(std::size_t bytes) noexcept {
  bytes_.unclaim(bytes);
  count(failures_);
}

inline void memory_ledger::settle() noexcept {
  bytes_.note_peak();
  count(allocations_);
}

inline void memory_ledger::credit(std::size_t bytes) noexcept {
  bytes_.unclaim(bytes);
  count(deallocations_);
}

}  // namespace gomap
