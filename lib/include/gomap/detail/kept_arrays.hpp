// kept_arrays.hpp -- old bucket arrays that readers without a lock may still look at.
//
// They stay inside their table and serve a later growth to their size. Everything is said in the
// headers of their first buckets, whose words such a reader may see at any time: the tophash word
// holds the number of buckets, the link leads to the next array.
// Not thread-safe; late readers aside.
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

  // An array of just `n` buckets, which hold anything; null if none is kept.
  [[nodiscard]] Bucket* take(std::size_t n) noexcept {
    Bucket* before = nullptr;
    for (Bucket* array = first_; array != nullptr; before = array, array = array->next()) {
      if (array->tops() != n) continue;
      if (before == nullptr) {
        first_ = array->next();
      } else {
        before->set_next(array->next());
      }
      return array;
    }
    return nullptr;
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
    std::size_t n = 0;
    for (const Bucket* array = first_; array != nullptr; array = array->next()) n += array->tops();
    return n;
  }

  void swap(kept_arrays& other) noexcept { std::swap(first_, other.first_); }

 private:
  Bucket* first_ = nullptr;
};

// What a table without such readers has instead.
struct no_kept_arrays {};

}  // namespace gomap::detail
