// rationed_allocator.hpp -- an allocator that refuses for as long as a test wants it to.
//
// A ration says which requests are refused and how: those of a given size and up, so that bucket
// arrays fail while overflow buckets do not, or all of them. Unlike a fault (fault.hpp), which
// strikes once, a refusal lasts until the test lifts it.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <stdexcept>

#include "support/counting_allocator.hpp"

namespace support {

// What a backend may throw that does not know std::bad_alloc.
struct backend_error : std::runtime_error {
  backend_error() : std::runtime_error("the backend has no memory") {}
};

struct ration {
  static constexpr std::size_t all = 0;
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  std::size_t refused_bytes = none;  // requests of this size and up are refused
  bool standard = true;              // with bad_alloc, else with backend_error
  std::size_t refusals = 0;
  allocation_ledger ledger;

  void pass(std::size_t bytes) {
    if (bytes < refused_bytes) return;
    ++refusals;
    if (standard) throw std::bad_alloc();
    throw backend_error();
  }
};

template <class T>
class rationed_allocator {
 public:
  using value_type = T;

  explicit rationed_allocator(ration& r) noexcept : ration_(&r) {}
  template <class U>
  rationed_allocator(const rationed_allocator<U>& other) noexcept : ration_(&other.source()) {}

  [[nodiscard]] T* allocate(std::size_t n) {
    ration_->pass(n * sizeof(T));
    return counting_allocator<T>(ration_->ledger).allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept {
    counting_allocator<T>(ration_->ledger).deallocate(block, n);
  }

  [[nodiscard]] ration& source() const noexcept { return *ration_; }

  template <class U>
  friend bool operator==(const rationed_allocator& a, const rationed_allocator<U>& b) noexcept {
    return &a.source() == &b.source();
  }

 private:
  ration* ration_;  // borrowed: outlives every container that uses it
};

}  // namespace support
