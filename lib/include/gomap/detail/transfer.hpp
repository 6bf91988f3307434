// transfer.hpp -- moves all entries of a table into the memory of another allocator.
//
// Whatever may fail comes before the first entry is touched: hashes and all memory. Then entries
// move without a throw, chain by chain. Entries whose move may throw are copied; the originals are
// destroyed when all copies are made. So after a throw every entry is where it was.
// Entries that can only be moved, and whose move may throw, are moved one by one, and moved back if
// a step fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <type_traits>
#include <utility>

#include <gomap/detail/copyable.hpp>
#include <gomap/detail/growth.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>

namespace gomap::detail {

// Whether an allocator builds a T by a constructor of T that gets no allocator.
template <class T, class Allocator>
inline constexpr bool is_built_plainly = !std::uses_allocator_v<T, Allocator>;
template <class A, class B, class Allocator>
inline constexpr bool is_built_plainly<std::pair<A, B>, Allocator> =
    is_built_plainly<std::remove_cv_t<A>, Allocator>&&
        is_built_plainly<std::remove_cv_t<B>, Allocator>;

template <class Allocator>
inline constexpr bool builds_by_uses_allocator = false;
template <class T>
inline constexpr bool builds_by_uses_allocator<std::pmr::polymorphic_allocator<T>> = true;

template <class Table>
class transfer {
  using entries = typename Table::entries;
  using value_type = typename Table::value_type;
  using allocator_type = typename Table::allocator_type;
  using bucket_type = typename Table::bucket_type;
  using position = typename Table::position;
  using key_type = std::remove_const_t<typename value_type::first_type>;
  using mapped_type = typename value_type::second_type;

 public:
  // Requires: `to` is empty and its hashes are those of `from`; hash_of(key) hashes any key.
  // Throws: what hash_of, copies and both allocators throw. `from` is then as before, and the
  // caller destroys `to`. Entries that can only be moved may be lost if their move throws.
  template <class HashOf>
  static void run(Table& from, Table& to, const HashOf& hash_of) {
    to.step_ = from.step_;
    if (from.size() == 0) return;
    if constexpr (moves_quietly() || (copyable<key_type> && copyable<mapped_type>)) {
      from.finish_growth(hash_of);
      make_room(from, to, hash_of);
      build_all(from, to);
      from.clear();
    } else {
      one_by_one(from, to, hash_of);
    }
  }

 private:
  // Whether building an entry from another, in memory of another allocator, cannot throw.
  static constexpr bool moves_quietly() noexcept {
    return entries::relocates() &&
           (!entries::allocator_constructs() || (builds_by_uses_allocator<allocator_type> &&
                                                 is_built_plainly<value_type, allocator_type>));
  }

  // Calls f(head in `to`, head in `from`) for every chain of `from`. `to` does not have more
  // chains; the chains of `from` that go to one chain of `to` follow one another.
  template <class F>
  static void for_each_chain(Table& from, Table& to, const F& f) {
    for (std::size_t i = 0; i <= to.mask_; ++i) {
      for (std::size_t j = i; j <= from.mask_; j += to.mask_ + 1) f(to.array_ + i, from.array_ + j);
    }
  }

  template <class HashOf>
  static void make_room(Table& from, Table& to, const HashOf& hash_of) {
    to.allocate_first(std::min(from.bits(), bits_for(from.size())));
    std::size_t overflow = 0;
    std::size_t in_chain = 0;
    bucket_type* chain = nullptr;
    for_each_chain(from, to, [&](bucket_type* to_head, bucket_type* head) {
      if (to_head != chain) in_chain = 0;
      chain = to_head;
      const std::size_t before = overflow_of(in_chain);
      for (bucket_type* b = head; b != nullptr; b = b->next()) in_chain += b->live().count();
      overflow += overflow_of(in_chain) - before;
    });
    to.memory_.reserve(to.allocator_, overflow, to.mask_ + 1);
    if (overflow > 0) to.number_appended(from, hash_of);
  }
  // The overflow buckets of a chain of so many entries.
  static std::size_t overflow_of(std::size_t entries) noexcept {
    return entries == 0 ? 0 : (entries - 1) / slots_per_bucket;
  }

  static void build_all(Table& from, Table& to) {
    for_each_chain(from, to, [&](bucket_type* to_head, bucket_type* head) {
      for (bucket_type* b = head; b != nullptr; b = b->next()) {
        for (auto set = b->live(); set; set.drop_first()) {
          const tophash top = tophash_at(b->tops(), set.first());
          const position at = to.append_slot(to_head, top);
          build(to.allocator_, at.entry(), b->slot(set.first()));
          at.where->set_top(at.index, top);
          if constexpr (Table::full) to.numbers_.move(b->slot(set.first()), at.entry());
          ++to.size_;
        }
      }
    });
    to.patience_ = patience_for(to.overflow_);
    to.set_trigger();
  }
  static void build(allocator_type& a, value_type* to, value_type* from) {
    if constexpr (moves_quietly()) {
      entries::construct_from(a, to, from);
    } else {
      entries::construct(a, to, std::as_const(from->first), std::as_const(from->second));
    }
  }

  template <class HashOf>
  static void one_by_one(Table& from, Table& to, const HashOf& hash_of) {
    to.grow_to(bits_for(from.size()), hash_of);
    GOMAP_TRY {
      from.for_each_position([&](position at, bucket_type* head) {
        put(to, at.entry(), hash_of);
        from.erase_below(at, head);
      });
    }
    GOMAP_CATCH_ALL {
      to.for_each_position([&](position at, bucket_type*) {
        GOMAP_TRY { put(from, at.entry(), hash_of); }
        GOMAP_CATCH_ALL {}  // lost; the others still go back
      });
      GOMAP_RETHROW;
    }
  }
  // Moves `entry` into `table`, leaving behind what is to be destroyed.
  template <class HashOf>
  static void put(Table& table, value_type* entry, const HashOf& hash_of) {
    table.insert(hash_of(std::as_const(entry->first)), hash_of,
                 [&](allocator_type& a, value_type* to) { entries::construct_from(a, to, entry); });
  }
};

}  // namespace gomap::detail
