// concurrent_fault_scene.hpp -- concurrent maps whose every part may throw, in the states in which
// that hurts most.
//
// The states are no entry, a few, full buckets, many, the middle of a growth, and long chains.
// There are two shards, so that calls on several keys meet in one and in both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/self_contained.hpp>

#include "support/colliding_hash.hpp"
#include "support/concurrent_suite.hpp"
#include "support/counting_allocator.hpp"
#include "support/faulty_allocator.hpp"

// What it compares it does as == does.
template <class Key>
inline constexpr bool gomap::is_self_contained<Key, support::watched_equal> =
    gomap::is_self_contained<Key>;

namespace support {

// Allocator is one over a ledger, that may fail.
template <class Key, class T, class Hash, class Allocator>
struct concurrent_fault_scene {
  using map = gomap::concurrent_map<Key, T, watched_hash<Hash>, watched_equal, Allocator>;

  struct state {
    const char* name;
    std::uint64_t entries;  // the keys are 0 .. entries - 1, the value of k is k + 1000
    bool growing;           // and more of them, until a growth is under way
  };
  static std::vector<state> states() {
    if constexpr (std::is_same_v<Hash, colliding_hash>) return {{"long chain", 20, false}};
    return {{"empty", 0, false},
            {"few", 5, false},
            {"full buckets", 16, false},
            {"many", 60, false},
            {"growing", 20, true}};
  }

  static Key key(std::uint64_t n) { return make_value<Key>(n); }
  static T value(std::uint64_t n) { return make_value<T>(n); }

  static Allocator allocator(allocation_ledger& ledger) {
    if constexpr (std::is_constructible_v<Allocator, allocation_ledger&>) {
      return Allocator(ledger);
    } else {
      return Allocator(ledger, typename Allocator::inner_allocator());
    }
  }
  static map make(const state& s, allocation_ledger& ledger) {
    map m({.shards = 2, .seed = 7}, {}, {}, allocator(ledger));
    std::uint64_t next = 0;
    while (next < s.entries) add(m, next);
    for (int i = 0; s.growing && i < 1000 && !m.stats().total.growing; ++i) add(m, next);
    EXPECT_TRUE(!s.growing || m.stats().total.growing);
    return m;
  }

  static void expect_contents(const map& m, const numbers& model) { expect_holds(m, model); }

  // After a failure a map is to be used as if nothing had happened: above all its locks are free.
  static void expect_usable(map& m) {
    const std::size_t size = m.size();
    for (std::uint64_t n = 1u << 20; n < (1u << 20) + 8; ++n) {
      ASSERT_TRUE(m.try_emplace(key(n), value(1)));
      ASSERT_EQ(m.erase(key(n)), 1U);
    }
    ASSERT_EQ(m.size(), size);
    ASSERT_NO_THROW(m.check_invariants());
  }

 private:
  static void add(map& m, std::uint64_t& next) {
    m.try_emplace(key(next), value(next + 1000));
    ++next;
  }
};

template <class Key, class T, class Hash>
using locked_fault_scene =
    concurrent_fault_scene<Key, T, Hash,
                           ledger_allocator<std::pair<const Key, T>, stays, may_fail::yes>>;
template <class Key, class T, class Hash>
using lock_free_fault_scene = concurrent_fault_scene<
    Key, T, Hash,
    faulty_allocator<std::pair<const Key, T>, gomap::page_allocator<std::pair<const Key, T>>>>;
static_assert(
    lock_free_fault_scene<std::uint64_t, std::uint64_t, good_hash>::map::reads_take_no_lock);

}  // namespace support
