// map_iterator.hpp -- the iterator of a map: a cursor in the standard's clothes.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>

#include <gomap/detail/cursor.hpp>

namespace gomap::detail {

// A forward iterator that survives what the map goes through.
//
// ++ is legal after any insertion, erasure, growth or clear() made through the map, also when the
// entry itself is gone. It ends the walk after clear(), shrink_to_fit() and a rehash() to fewer
// buckets. Moving, swapping or assigning the map ends its iterators, as does its destruction.
// `*it` is a plain reference: like every reference, it dies when a new key is inserted.
// What a walk shows: removed before it is reached, never; updated, the latest value; added
// meanwhile, perhaps; each entry once; what is there throughout, always. One exception: keys that
// differ, agree in their whole hash, and can't be told apart by gomap::hash (NaNs, or types that it
// does not know) are told apart by their age; erasing one of those before it is reached may show
// others twice or not at all.
// Thread safety: as a const call of the map for each step.
template <class Core, bool Const>
class map_iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = typename Core::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<Const, const value_type&, value_type&>;
  using pointer = std::conditional_t<Const, const value_type*, value_type*>;

  map_iterator() noexcept {}  // not defaulted: see cursor
  explicit map_iterator(const cursor<Core>& at) noexcept : cursor_(at) {}
  // From iterator to const_iterator.
  template <bool OtherConst>
  requires(Const && !OtherConst) map_iterator(const map_iterator<Core, OtherConst>& other)
  noexcept : cursor_(other.position()) {}

  // Requires: not at the end, and no new key inserted since the iterator was made or last moved.
  [[nodiscard]] reference operator*() const noexcept { return *cursor_.entry(); }
  [[nodiscard]] pointer operator->() const noexcept { return cursor_.entry(); }

  // Requires: not at the end. O(1) amortised over a walk of a map that is not sparse.
  // Throws: what the hash throws, which is asked where chains overflow; the iterator then stays.
  map_iterator& operator++() {
    cursor_.core()->wire().check_iterate();
    cursor_.advance();
    return *this;
  }
  map_iterator operator++(int) {
    map_iterator before = *this;
    ++*this;
    return before;
  }

  [[nodiscard]] friend bool operator==(const map_iterator& a, const map_iterator& b) noexcept {
    return a.cursor_.entry() == b.cursor_.entry();
  }

  // For the map itself.
  [[nodiscard]] const cursor<Core>& position() const noexcept { return cursor_; }

 private:
  cursor<Core> cursor_;
};

}  // namespace gomap::detail
