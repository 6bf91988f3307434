// single_pass.hpp -- a range that can be walked once only, the weakest that a function may get.
//
// single_pass(n, f) yields f(0), f(1), ... f(n - 1), by value. Its iterator can be moved but not
// copied, and its end is of another type.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace support {

template <class F>
class single_pass {
 public:
  class iterator {
   public:
    using value_type = std::decay_t<std::invoke_result_t<const F&, int>>;
    using difference_type = std::ptrdiff_t;

    iterator(const single_pass& range, int at) : range_(&range), at_(at) {}
    iterator(iterator&&) = default;
    iterator& operator=(iterator&&) = default;

    value_type operator*() const { return range_->f_(at_); }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    void operator++(int) { ++at_; }
    [[nodiscard]] bool done() const { return at_ == range_->n_; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.done(); }

   private:
    const single_pass* range_;
    int at_;
  };

  single_pass(int n, F f) : n_(n), f_(std::move(f)) {}
  [[nodiscard]] iterator begin() const { return iterator(*this, 0); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  int n_;
  F f_;
};

}  // namespace support
