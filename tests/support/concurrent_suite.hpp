// concurrent_suite.hpp -- what the typed tests of concurrent_map share: types, layouts, a model.
//
// The kinds of map differ in how they are read: without a lock and word by word, without a lock and
// by sequence, under the shared lock because of the types, or because of the allocator. Each test
// runs over all of them, with one shard, two and 64, with a good hash and with one chain a shard,
// on one thread, and across growth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/page_allocator.hpp>

#include "support/chosen_hash.hpp"
#include "support/counting_value.hpp"
#include "support/make_value.hpp"
#include "support/trivial_values.hpp"
#include "support/types.hpp"

namespace support {

// What a map should hold, in numbers.
using numbers = std::map<std::uint64_t, std::uint64_t>;

template <class Key, class T, class Allocator = gomap::page_allocator<std::pair<const Key, T>>>
using chosen_concurrent_map =
    gomap::concurrent_map<Key, T, chosen_hash<Key>, std::equal_to<>, Allocator>;

using words_without_lock = chosen_concurrent_map<std::uint64_t, std::uint64_t>;
using structs_without_lock = chosen_concurrent_map<std::uint64_t, three_words>;
using odd_without_lock = chosen_concurrent_map<std::uint32_t, odd_bytes>;
using strings_with_lock = chosen_concurrent_map<std::string, std::string>;
using words_with_lock =
    chosen_concurrent_map<std::uint64_t, std::uint64_t,
                          std::allocator<std::pair<const std::uint64_t, std::uint64_t>>>;

using concurrent_kinds = types<2, words_without_lock, strings_with_lock, structs_without_lock,
                               odd_without_lock, words_with_lock>;

static_assert(words_without_lock::reads_take_no_lock);
static_assert(structs_without_lock::reads_take_no_lock);
static_assert(odd_without_lock::reads_take_no_lock);
static_assert(!strings_with_lock::reads_take_no_lock);
static_assert(!words_with_lock::reads_take_no_lock);

// What the map holds, found by a walk, which must not come by a key twice.
template <class Map>
numbers contents_of(const Map& map) {
  numbers found;
  map.cvisit_all([&](const auto& e) {
    EXPECT_TRUE(found.emplace(number_of(e.first), number_of(e.second)).second)
        << "a walk yields key " << number_of(e.first) << " twice";
  });
  return found;
}

// Sizes, a walk, a look at each key, and the invariants agree with the model.
template <class Map>
void expect_holds(const Map& map, const numbers& model) {
  using key_type = typename Map::key_type;
  ASSERT_NO_THROW(map.check_invariants());
  ASSERT_EQ(map.size(), model.size());
  ASSERT_EQ(map.empty(), model.empty());
  ASSERT_EQ(contents_of(map), model);
  for (const auto& [k, v] : model) {
    std::uint64_t value = ~v;
    const auto visited =
        map.cvisit(make_value<key_type>(k), [&](const auto& e) { value = number_of(e.second); });
    ASSERT_EQ(visited, 1U) << "lost key " << k;
    ASSERT_EQ(value, v) << "wrong value of key " << k;
  }
}

template <class Map>
class concurrent_test : public ::testing::Test {
 protected:
  using map = Map;
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  using value_type = typename Map::value_type;

  static key_type key(std::uint64_t n) { return make_value<key_type>(n); }
  static mapped_type value(std::uint64_t n) { return make_value<mapped_type>(n); }

  // Calls f(empty map, n) for each layout. n keys make every shard grow with a good hash; colliding
  // keys are in one chain, so there are fewer. A type for all f, not one each, keeps the tests
  // quick to compile.
  static void in_each_layout(const std::function<void(Map&, std::uint64_t)>& f) {
    for (const std::size_t shards : {1, 2, 64}) {
      for (const hash_kind kind : {hash_kind::good, hash_kind::colliding}) {
        SCOPED_TRACE(::testing::Message() << shards << " shards, hash " << static_cast<int>(kind));
        Map m({.shards = shards, .seed = 7}, {kind});
        f(m, std::uint64_t{kind == hash_kind::good ? 1500U : 60U});
        if (::testing::Test::HasFatalFailure()) return;
        ASSERT_NO_THROW(m.check_invariants());
      }
    }
  }

  // Keys 0 .. n - 1; the value of k is k + 1000.
  static numbers fill(Map& m, std::uint64_t n) {
    numbers model;
    for (std::uint64_t i = 0; i < n; ++i) {
      EXPECT_TRUE(m.try_emplace(key(i), value(i + 1000)));
      model[i] = i + 1000;
    }
    return model;
  }
};

}  // namespace support
