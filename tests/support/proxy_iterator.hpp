// proxy_iterator.hpp -- an iterator from before there were concepts: what it yields and its value
// have no common reference. It walks numbers and yields each as key and value.
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>

namespace support {

struct proxy_iterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = std::pair<int, int>;
  using difference_type = std::ptrdiff_t;
  using reference = std::pair<const int&, const int&>;
  using pointer = void;

  const int* at;
  reference operator*() const { return {*at, *at}; }
  proxy_iterator& operator++() {
    ++at;
    return *this;
  }
  proxy_iterator operator++(int) { return {at++}; }
  friend bool operator==(const proxy_iterator&, const proxy_iterator&) = default;
};

}  // namespace support
