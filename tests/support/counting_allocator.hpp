// counting_allocator.hpp -- an allocator that writes every block into a ledger.
//
// The ledger knows each live block and its size, so a leak, a double free and a wrong size all
// show. Allocators of one ledger compare equal; those of different ledgers do not, which makes them
// stateful in the standard's sense. What they do on copy, move and swap of a container is a
// parameter. A default-constructed one writes into the process's own ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <unordered_map>

#include "support/fault.hpp"

namespace support {

class allocation_ledger {
 public:
  allocation_ledger() = default;
  allocation_ledger(const allocation_ledger&) = delete;
  allocation_ledger& operator=(const allocation_ledger&) = delete;

  void add(const void* block, std::size_t bytes) {
    live_.emplace(block, bytes);
    ++allocations_;
    live_bytes_ += bytes;
    if (live_bytes_ > peak_bytes_) peak_bytes_ = live_bytes_;
  }

  // A block that is unknown here, or has another size, is a bug of the code under test; it is kept
  // as a number because deallocate() must not throw.
  void remove(const void* block, std::size_t bytes) noexcept {
    const auto found = live_.find(block);
    if (found == live_.end() || found->second != bytes) {
      ++mismatches_;
      return;
    }
    live_.erase(found);
    ++deallocations_;
    live_bytes_ -= bytes;
  }

  [[nodiscard]] std::size_t allocations() const noexcept { return allocations_; }
  [[nodiscard]] std::size_t deallocations() const noexcept { return deallocations_; }
  [[nodiscard]] std::size_t live_blocks() const noexcept { return live_.size(); }
  [[nodiscard]] std::size_t live_bytes() const noexcept { return live_bytes_; }
  [[nodiscard]] std::size_t peak_bytes() const noexcept { return peak_bytes_; }

  // Every block came back, once, with the size that it was asked for with.
  [[nodiscard]] bool balanced() const noexcept { return live_.empty() && mismatches_ == 0; }

  // The ledger of allocators that were given none.
  static allocation_ledger& process() {
    static allocation_ledger ledger;
    return ledger;
  }

 private:
  std::unordered_map<const void*, std::size_t> live_;
  std::size_t allocations_ = 0;
  std::size_t deallocations_ = 0;
  std::size_t mismatches_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
};

// What happens to the allocator when its container is copied, moved or swapped.
template <bool Copy, bool Move, bool Swap>
struct propagation {
  static constexpr bool on_copy = Copy;
  static constexpr bool on_move = Move;
  static constexpr bool on_swap = Swap;
};
using stays = propagation<false, false, false>;
using travels = propagation<true, true, true>;

// Whether allocate() announces itself at point::allocate, where a test can make it throw.
enum class may_fail : bool { no, yes };

template <class T, class Propagation = stays, may_fail Failing = may_fail::no>
class ledger_allocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::bool_constant<Propagation::on_copy>;
  using propagate_on_container_move_assignment = std::bool_constant<Propagation::on_move>;
  using propagate_on_container_swap = std::bool_constant<Propagation::on_swap>;
  using is_always_equal = std::false_type;

  template <class U>
  struct rebind {
    using other = ledger_allocator<U, Propagation, Failing>;
  };

  ledger_allocator() noexcept : ledger_(&allocation_ledger::process()) {}
  explicit ledger_allocator(allocation_ledger& ledger) noexcept : ledger_(&ledger) {}
  template <class U>
  ledger_allocator(const ledger_allocator<U, Propagation, Failing>& other) noexcept
      : ledger_(&other.ledger()) {}

  [[nodiscard]] T* allocate(std::size_t n) {
    if constexpr (Failing == may_fail::yes) fault::pass(point::allocate);
    if (n > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T)) throw std::bad_array_new_length();
    const std::size_t bytes = n * sizeof(T);
    void* block = ::operator new(bytes, std::align_val_t(alignof(T)));
    ledger_->add(block, bytes);
    std::memset(block, 0xA5, bytes);  // a map must not count on zeroed memory
    return static_cast<T*>(block);
  }

  void deallocate(T* block, std::size_t n) noexcept {
    ledger_->remove(block, n * sizeof(T));
    std::memset(static_cast<void*>(block), 0x5A, n * sizeof(T));
    ::operator delete(block, std::align_val_t(alignof(T)));
  }

  // A container copied with this allocator shares the ledger.
  [[nodiscard]] ledger_allocator select_on_container_copy_construction() const noexcept {
    return *this;
  }

  [[nodiscard]] allocation_ledger& ledger() const noexcept { return *ledger_; }

  template <class U>
  friend bool operator==(const ledger_allocator& a,
                         const ledger_allocator<U, Propagation, Failing>& b) noexcept {
    return &a.ledger() == &b.ledger();
  }

 private:
  allocation_ledger* ledger_;  // borrowed: outlives every container that uses it
};

template <class T>
using counting_allocator = ledger_allocator<T>;

template <class T>
using propagating_allocator = ledger_allocator<T, travels>;

}  // namespace support
