// fault_scene.hpp -- maps whose every part may throw, in the states in which that hurts most.
//
// A scene is a key and value type and a hash; its states are ways to fill a map: a few entries, one
// full bucket, a table at its load limit (the next key starts a growth), one in the middle of a
// doubling, one in the middle of a same-size growth, one long chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/failing_allocator.hpp"
#include "support/growth.hpp"
#include "support/make_value.hpp"
#include "support/types.hpp"

namespace support {

// What a map should hold, in numbers: they neither throw nor count.
using number_model = std::unordered_map<std::uint64_t, std::uint64_t>;

template <class Value, class Hash>
struct fault_scene {
  using value = Value;
  using hash = Hash;
  using allocator = failing_allocator<std::pair<const Value, Value>>;
  using map = gomap::map<Value, Value, watched_hash<Hash>, watched_equal, allocator>;

  struct state {
    const char* name;
    void (*build)(map&);
  };

  static map make(const state& s, allocation_ledger& ledger) {
    map m{allocator(ledger)};
    s.build(m);
    return m;
  }

  static void fill(map& m, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) m.try_emplace(Value(i), i + 1000);
  }

  static void few(map& m) { fill(m, 5); }
  static void full_bucket(map& m) { fill(m, 8); }
  static void at_the_limit(map& m) {
    fill(m, 104);  // 16 buckets
    m.finish_growth();
  }
  static void doubling(map& m) { insert_until_growing(m, 0, Value(7)); }
  static void long_chain(map& m) { fill(m, 20); }
  // Three buckets a chain in a third of the chains: more overflow buckets than a table may have.
  static void compacting(map& m) {
    m.reserve(104);  // 16 buckets
    for (std::uint64_t i = 0; i < 104 && !m.growing(); ++i) {
      m.try_emplace(Value(i / 20 + i % 20 * 16), i + 1000);
    }
  }

  static std::vector<state> states() {
    if constexpr (std::is_same_v<Hash, colliding_hash>) {
      return {{"long chain", long_chain}};
    } else if constexpr (std::is_same_v<Hash, identity_hash>) {
      return {{"compacting", compacting}};
    } else {
      return {{"few", few},
              {"full bucket", full_bucket},
              {"at the limit", at_the_limit},
              {"doubling", doubling}};
    }
  }

  static number_model contents(const map& m) {
    number_model model;
    for (const auto& [k, v] : m) model[number_of(k)] = number_of(v);
    return model;
  }

  static void expect_contents(const map& m, const number_model& model) {
    ASSERT_NO_THROW(m.check_invariants());
    ASSERT_EQ(m.size(), model.size());
    for (const auto& [k, v] : model) {
      const Value* const found = m.lookup(Value(k));
      ASSERT_NE(found, nullptr) << "lost key " << k;
      ASSERT_EQ(found->number(), v) << "wrong value of key " << k;
    }
    ASSERT_EQ(contents(m).size(), model.size()) << "a walk sees other entries than size() counts";
  }

  // After a failure a map is to be used as if nothing had happened.
  static void expect_usable(map& m) {
    const std::size_t size = m.size();
    const Value key(1u << 30);
    ASSERT_TRUE(m.try_emplace(key, 1u).second);
    ASSERT_EQ(m.size(), size + 1);
    ASSERT_EQ(m.erase(key), 1U);
    ASSERT_NO_THROW(m.check_invariants());
  }
};

using fault_scenes =
    types<3, fault_scene<throwing_move, good_hash>, fault_scene<throwing_move, identity_hash>,
          fault_scene<tracked, colliding_hash>, fault_scene<tracked, good_hash>>;

}  // namespace support
