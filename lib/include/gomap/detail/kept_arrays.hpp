// kept_arrays.hpp -- old bucket arrays that readers without a lock may still look at.
//
// They stay with their table until it is destroyed. A small array serves as overflow buckets; the
// pages of a large one go back to the system, and only its addresses are kept. The header of its
// first bucket holds what has to be known: the tophash word is the number of buckets, the link
// leads to the next array. A late reader may see these words at any time.
// Not thread-safe, but for such readers.
#pragma once

#include <cstddef>
#include <utility>

namespace gomap::detail {

template <class Bucket>
class kept_arrays {
 public:
  void keep(Bucket* array, std::size_t n) noexcept {
    array->set_tops(n);
    array->set_next(first_);
    first_ = array;
  }

  // Calls f(array, n) for each.
  template <class F>
  void for_each(F&& f) const {
    for (Bucket* array = first_; array != nullptr; array = array->next()) {
      f(array, static_cast<std::size_t>(array->tops()));
    }
  }

  // Calls f(array, n) for each and forgets them.  f may deallocate it.
  template <class F>
  void drain(F&& f) noexcept {
    while (first_ != nullptr) {
      Bucket* const array = std::exchange(first_, first_->next());
      f(array, static_cast<std::size_t>(array->tops()));
    }
  }

  // Buckets of all of them. O(arrays).
  [[nodiscard]] std::size_t buckets() const noexcept {
    std::size_t sum = 0;
    for_each([&](Bucket*, std::size_t n) { sum += n; });
    return sum;
  }

  void swap(kept_arrays& other) noexcept { std::swap(first_, other.first_); }

 private:
  Bucket* first_ = nullptr;
};

// For tables without such readers.
struct no_kept_arrays {};

}  // namespace gomap::detail
