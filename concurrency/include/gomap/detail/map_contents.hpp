// map_contents.hpp -- moves all entries of one map to another: from a map for one thread to a
// concurrent one, the other way round, or to a concurrent one with another allocator.
//
// By one thread. When it fails, all entries are moved back.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <gomap/detail/copyable.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/key_and_value.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/map.hpp>
#include <gomap/misuse.hpp>

namespace gomap::detail {

// Concurrent: the type of the concurrent map, of which this is a friend.
template <class Concurrent>
class map_contents {
  using plain = typename Concurrent::map_type;
  using key_type = typename Concurrent::key_type;
  using mapped_type = typename Concurrent::mapped_type;
  using value_type = typename Concurrent::value_type;
  using parts = key_and_value<key_type, mapped_type, typename Concurrent::hasher,
                              typename Concurrent::key_equal>;

 public:
  // Moves all entries of `from` to `to`, which is empty and has room.  Throws: what hash, equality,
  // copies and the allocator throw; `from` then has all entries again.
  template <class From, class To>
  static void move_all(From& from, To& to) {
    if constexpr (copyable<key_type> && (values_come_back() || copyable<mapped_type>)) {
      move_values(from, to);
    } else {
      move_entries(from, to);
    }
  }

 private:
  // Whether a moved value can always be moved back. If an allocator constructs it, the value may
  // take an allocator from its map; then moving it to another map may fail.
  static constexpr bool values_come_back() noexcept {
    return std::is_nothrow_move_constructible_v<mapped_type> &&
           !entry_traits<key_type, mapped_type,
                         typename Concurrent::allocator_type>::allocator_constructs();
  }

  // The keys stay in `from`, and only values are moved. So moving back needs no memory, and an
  // allocator that goes on failing does no harm.
  template <class From, class To>
  static void move_values(From& from, To& to) {
    GOMAP_TRY {
      for_each_of(from, [&](value_type& e) {
        if constexpr (values_come_back()) {
          to.try_emplace(std::as_const(e.first), std::move(e.second));
        } else {
          to.try_emplace(std::as_const(e.first), std::as_const(e.second));
        }
      });
    }
    GOMAP_CATCH_ALL {
      if constexpr (values_come_back() && !std::is_trivially_copyable_v<mapped_type>) {
        for_each_of(to, [&](value_type& e) {
          mapped_type& left = value_in(from, e.first);
          std::destroy_at(std::addressof(left));
          std::construct_at(std::addressof(left), std::move(e.second));
        });
      }
      GOMAP_RETHROW;
    }
    from.clear();
  }

  // Entry by entry.
  template <class From, class To>
  static void move_entries(From& from, To& to) {
    GOMAP_TRY {
      erase_from(from, [&](value_type& e) {
        to.try_emplace(parts::given_key(e), parts::given_value(e));
        return true;
      });
    }
    GOMAP_CATCH_ALL {  // moves back what has been moved
      for_each_of(
          to, [&](value_type& e) { from.try_emplace(parts::given_key(e), parts::given_value(e)); });
      GOMAP_RETHROW;
    }
  }

  // Calls f for every entry, by position: an iterator might have to find its place by a moved key.
  template <class F>
  static void for_each_of(plain& m, const F& f) {
    m.for_each(f);
  }
  template <class F>
  static void for_each_of(Concurrent& m, const F& f) {
    m.core_.for_each(f);
  }
  static mapped_type& value_in(plain& m, const key_type& key) { return m.at(key); }
  static mapped_type& value_in(Concurrent& m, const key_type& key) {
    const auto hash = m.core_.hash_key(key);
    const typename Concurrent::exclusive_shard in(m.core_, m.core_.shard_of(hash),
                                                  operation::visit);
    return in.find(key, hash).entry()->second;
  }
  template <class F>
  static void erase_from(plain& m, const F& f) {
    gomap::erase_if(m, f);
  }
  template <class F>
  static void erase_from(Concurrent& m, const F& f) {
    m.erase_if(f);
  }
};

}  // namespace gomap::detail
