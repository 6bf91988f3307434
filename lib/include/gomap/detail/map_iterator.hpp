// map_iterator.hpp -- the iterator of a map: a cursor with the standard's interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>

#include <gomap/detail/cursor.hpp>

namespace gomap::detail {

// A forward iterator that stays valid while the map changes: it refers to an entry, not an address.
//
// While its entry is in the map, *it, it->, ==, ++ and erase(it) refer to that entry, wherever
// insertions and growths have moved it. After its entry has been erased, ++ still continues from
// there; * and erase() are misuse, which gomap::checked reports. One exception: if the key is a
// number, an enumeration or a pointer, an entry with the same key that was inserted later may be
// taken for the erased one.
// clear(), shrink_to_fit(), rehash() to fewer buckets, assignment to the map, moving from it and
// swap() end its walks: all iterators of the map equal end() then. After the destruction of the map
// they must not be used.
// A reference returned by * is an ordinary one: the insertion of a new key invalidates it.
//
// Each begin(), and each find() or insertion that returns an iterator, starts a walk of its own.
// The walk of begin() meets all entries, from a random start. The walk of a found entry meets the
// entries from there to the end of an order of its own. So m.begin() == m.begin() is false more
// often than not, and m.erase(m.begin(), m.begin()) is not empty. [first, last) is a range only if
// a walk from `first` meets `last`: if `last` is end(), or both come from one walk. Copies of an
// iterator meet the same entries in the same order, whatever is erased in between, until a new key
// is inserted.
//
// A walk meets each entry at most once. An entry that is there throughout is met; one that is
// erased before it is reached is not; one that is updated is met with its latest value; one that is
// added meanwhile may be met.
// Thread safety: each step is a const call of the map.
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
  // At the entry at `at`, which has this hash.
  map_iterator(const Core& core, typename Core::position at, std::uint64_t hash) noexcept
      : cursor_(core, at, hash) {}
  // From iterator to const_iterator.
  template <bool OtherConst>
  requires(Const && !OtherConst) map_iterator(const map_iterator<Core, OtherConst>& other)
  noexcept : cursor_(other.position()) {}

  // The entry.  Requires: not at the end. O(1).
  // Misuse: the entry has been erased. gomap::checked finds it, names it and aborts.
  // Throws: what the hash throws, which is called where the entry may have moved.
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

  // Whether both are at the same entry, or both at the end. Throws: as *.
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
