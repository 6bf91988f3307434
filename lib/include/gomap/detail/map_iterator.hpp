// map_iterator.hpp -- the iterator of a map: a cursor in the standard's clothes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>

#include <gomap/detail/cursor.hpp>

namespace gomap::detail {

// A forward iterator that survives what the map goes through: it is at an entry, not at an address.
//
// While its entry is in the map, *it, it->, ==, ++ and erase(it) speak of that entry, wherever
// insertions and growths have moved it. When its entry is gone, ++ still goes on from where it was;
// * and erase() are misuse, which gomap::checked names. clear(), shrink_to_fit(), a rehash() to fewer
// buckets, assignment to the map, moving from it and swap() end its walks: all its iterators are
// equal to end() then. Destruction of the map ends all use of them.
// A reference that * has given is plain: like every reference, it dies when a new key is inserted.
//
// Each begin(), and each find() or insertion that returns an iterator, starts a walk of its own. The
// walk of begin() goes over everything from a random start, so m.begin() == m.begin() is false more
// often than not. That of an entry found goes over what lies behind it, in an order of its own. So
// [first, last) is a range if a walk from `first` meets `last`: if `last` is end(), or both come from
// one walk. Copies of an iterator go the same way, whatever is erased in between, until a new key is
// inserted.
// What a walk shows: removed before it is reached, never; updated, the latest value; added
// meanwhile, perhaps; each entry once; what is there throughout, always.
// Thread safety: as a const call of the map for each step.
template <class Core, bool Const>
class map_iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = typename Core::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<Const, const value_type&, value_type&>;
  using pointer = std::conditional_t<Const, const value_type*, value_type*>;

  map_iterator() noexcept = default;
  explicit map_iterator(const cursor<Core>& at) noexcept : cursor_(at) {}
  // At an entry just found by `hash`.
  map_iterator(const Core& core, typename Core::position at, std::uint64_t hash) noexcept
      : cursor_(core, at, hash) {}
  // From iterator to const_iterator.
  template <bool OtherConst>
  requires(Const && !OtherConst) map_iterator(const map_iterator<Core, OtherConst>& other)
  noexcept : cursor_(other.position()) {}

  // The entry.  Requires: not at the end. O(1).
  // Misuse: the entry has been erased. Found by gomap::checked, named, fatal.
  // Throws: what the hash throws, which is asked where the entry may have moved.
  [[nodiscard, gnu::always_inline]] inline reference operator*() const { return *cursor_.entry(); }
  [[nodiscard, gnu::always_inline]] inline pointer operator->() const { return cursor_.entry(); }

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

  // Whether both are at one entry, or both at the end. Throws: as *.
  [[nodiscard, gnu::always_inline]] friend inline bool operator==(const map_iterator& a,
                                                                  const map_iterator& b) {
    return a.cursor_.equals(b.cursor_);
  }

  // For the map itself.
  [[nodiscard]] const cursor<Core>& position() const noexcept { return cursor_; }

 private:
  cursor<Core> cursor_;
};

}  // namespace gomap::detail
