// typed_suite.hpp -- one random history of a map, for every combination of hash, memory and type.
//
// typed_case<Key, T, Memory> names a combination; Memory is one of the *_memory types below, a
// house that hands out an allocator and says afterwards whether everything came back. The hash is
// chosen when the map is made, so that three hashes cost one instantiation. The history is compared
// with a std::unordered_map of numbers, which every type is made from (make_value.hpp).
// The tests are in typed_suite_*_test.cpp, one file a memory, to keep each quick to compile.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <random>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

#include "support/chosen_hash.hpp"
#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/extending_allocator.hpp"
#include "support/failing_allocator.hpp"
#include "support/make_value.hpp"

namespace support {

// As chosen_hash, of every key, and without a seed.
struct chosen_avalanching_hash {
  using is_avalanching = std::true_type;
  hash_kind kind = hash_kind::good;

  template <class K>
  std::uint64_t operator()(const K& key) const {
    switch (kind) {
      case hash_kind::colliding:
        return colliding_hash{}(key);
      case hash_kind::low_bits:
        return low_bits_hash{}(key);
      default:
        return good_hash{}(key);
    }
  }
};

struct std_memory {
  template <class T>
  using allocator = std::allocator<T>;
  template <class T>
  allocator<T> get() {
    return {};
  }
  [[nodiscard]] bool balanced() const { return true; }
};

struct page_memory {
  template <class T>
  using allocator = gomap::page_allocator<T>;
  template <class T>
  allocator<T> get() {
    return allocator<T>(source);
  }
  [[nodiscard]] bool balanced() const { return source.stats().bytes_in_use == 0; }

  gomap::page_source source;
};

struct extending_memory {
  template <class T>
  using allocator = extending_allocator<T>;
  template <class T>
  allocator<T> get() {
    return allocator<T>(ledger);
  }
  [[nodiscard]] bool balanced() const { return ledger.balanced(); }

  extension_ledger ledger;
};

struct failing_memory {
  template <class T>
  using allocator = failing_allocator<T>;
  template <class T>
  allocator<T> get() {
    return allocator<T>(ledger);
  }
  [[nodiscard]] bool balanced() const { return ledger.balanced(); }

  allocation_ledger ledger;
};

struct stateful_memory {
  template <class T>
  using allocator = propagating_allocator<T>;
  template <class T>
  allocator<T> get() {
    return allocator<T>(ledger);
  }
  [[nodiscard]] bool balanced() const { return ledger.balanced(); }

  allocation_ledger ledger;
};

struct pmr_memory {
  template <class T>
  using allocator = std::pmr::polymorphic_allocator<T>;
  template <class T>
  allocator<T> get() {
    return allocator<T>(&pool);
  }
  [[nodiscard]] bool balanced() const { return true; }

  std::pmr::unsynchronized_pool_resource pool;
};

template <class Key, class T, class Memory>
struct typed_case {
  using key_type = Key;
  using mapped_type = T;
  using memory = Memory;
  using allocator = typename Memory::template allocator<std::pair<const Key, T>>;
  using map = gomap::map<Key, T, chosen_avalanching_hash, std::equal_to<>, allocator>;
};

template <class Memory>
using typed_cases = ::testing::Types<
    typed_case<int, int, Memory>, typed_case<std::string, std::string, Memory>,
    typed_case<move_only, move_only, Memory>, typed_case<over_aligned, over_aligned, Memory>,
    typed_case<empty_value, empty_value, Memory>, typed_case<wide_value, wide_value, Memory>,
    typed_case<throwing_move, throwing_move, Memory>>;

template <class Case>
class MapTyped : public ::testing::Test {
 protected:
  using key_type = typename Case::key_type;
  using mapped_type = typename Case::mapped_type;
  using map = typename Case::map;
  using model = std::unordered_map<std::uint64_t, std::uint64_t>;

  static constexpr int steps = 2500;
  static constexpr std::uint64_t keys = 300;

  static std::uint64_t fold_key(std::uint64_t n) { return n % value_range<key_type>; }
  static std::uint64_t fold_value(std::uint64_t n) { return n % value_range<mapped_type>; }
  static key_type key(std::uint64_t n) { return make_value<key_type>(n); }
  static mapped_type value(std::uint64_t n) { return make_value<mapped_type>(n); }

  map make(hash_kind kind) {
    return map(0, chosen_avalanching_hash{kind}, std::equal_to<>{},
               memory_.template get<std::pair<const key_type, mapped_type>>());
  }

  static void expect_same(const map& m, const model& expected) {
    ASSERT_NO_THROW(m.check_invariants());
    ASSERT_EQ(m.size(), expected.size());
    std::size_t walked = 0;
    for (const auto& entry : m) {
      const auto found = expected.find(number_of(entry.first));
      ASSERT_TRUE(found != expected.end()) << "ghost " << number_of(entry.first);
      ASSERT_EQ(number_of(entry.second), found->second);
      ++walked;
    }
    ASSERT_EQ(walked, expected.size());
    for (const auto& [k, v] : expected) {
      const mapped_type* const found = m.lookup(key(k));
      ASSERT_NE(found, nullptr) << "lost key " << k;
      ASSERT_EQ(number_of(*found), v);
    }
  }

  // One step that concerns one key.
  static void step_on_key(map& m, model& expected, unsigned what, std::uint64_t n,
                          std::uint64_t v) {
    switch (what) {
      case 0: {
        const bool is_new = m.try_emplace(key(n), value(v)).second;
        ASSERT_EQ(is_new, expected.try_emplace(n, v).second);
        break;
      }
      case 1: {
        const bool is_new = m.insert_or_assign(key(n), value(v)).second;
        ASSERT_EQ(is_new, expected.insert_or_assign(n, v).second);
        break;
      }
      case 2:
        m[key(n)] = value(v);
        expected[n] = v;
        break;
      case 3:
        ASSERT_EQ(m.emplace(key(n), value(v)).second, expected.emplace(n, v).second);
        break;
      case 4:
        ASSERT_EQ(m.erase(key(n)), expected.erase(n));
        break;
      case 5:
        if (const auto it = m.find(key(n)); it != m.end()) {
          m.erase(it);
          ASSERT_EQ(expected.erase(n), 1U);
        }
        break;
      default:
        ASSERT_EQ(m.contains(key(n)), expected.contains(n));
        break;
    }
  }

  // One step that concerns the whole map.
  void step_on_map(map& m, model& expected, unsigned what, std::uint64_t n) {
    switch (what) {
      case 0:
        m.finish_growth();
        break;
      case 1:
        m.shrink_to_fit();
        break;
      case 2:
        m.reserve(n);
        break;
      case 3:
        m.rehash(n / 4);
        break;
      case 4: {
        map other = std::move(m);
        m = make(other.hash_function().kind);
        m.swap(other);
        break;
      }
      case 5: {
        map other = make(m.hash_function().kind);
        for (std::uint64_t i = 0; i < 20; ++i) {
          const std::uint64_t k = fold_key(n + i * 7);
          other.insert_or_assign(key(k), value(fold_value(i)));
          expected.try_emplace(k, fold_value(i));
          if constexpr (value_range<key_type> == 1) break;
        }
        m.merge(other);
        break;
      }
      case 6:
        if constexpr (std::is_copy_constructible_v<mapped_type>) {
          const map copy = m;
          m.clear();
          m = copy;
        }
        break;
      default:
        if (n % 4 == 0) {
          m.clear();
          expected.clear();
        }
        break;
    }
  }

  void run(hash_kind kind) {
    const long live = object_counts::live;
    {
      std::mt19937_64 random(20'240'229 + static_cast<unsigned>(kind));
      map m = make(kind);
      model expected;
      std::size_t largest = 0;
      for (int step = 0; step < steps; ++step) {
        const std::uint64_t r = random();
        const std::uint64_t n = fold_key(r / 64 % keys);
        // Growing and shrinking phases: three insertions an erasure, then the other way round.
        const bool shrinking = step / 500 % 2 == 1;
        const unsigned what = static_cast<unsigned>(r % (shrinking ? 9 : 7));
        step_on_key(m, expected, what > 6 ? 4 : what, n, fold_value(r / 1024 % 10'000));
        if (step % 64 == 63) step_on_map(m, expected, static_cast<unsigned>(r / 8 % 8), n);
        largest = std::max(largest, m.size());
        if (step % 64 >= 62) expect_same(m, expected);  // before and after a step on the map
        if (::testing::Test::HasFatalFailure()) FAIL() << "at step " << step;
      }
      // A history without growths would prove little: one bucket holds eight entries.
      EXPECT_EQ(largest > 26, value_range<key_type> > 1) << largest;
    }
    EXPECT_TRUE(memory_.balanced());
    EXPECT_EQ(object_counts::live, live);
  }

 private:
  typename Case::memory memory_;
};

TYPED_TEST_SUITE_P(MapTyped);

TYPED_TEST_P(MapTyped, FollowsTheModelWithAGoodHash) { this->run(hash_kind::good); }
TYPED_TEST_P(MapTyped, FollowsTheModelWhenAllKeysCollide) { this->run(hash_kind::colliding); }
TYPED_TEST_P(MapTyped, FollowsTheModelWhenOnlyLowBitsDiffer) { this->run(hash_kind::low_bits); }

REGISTER_TYPED_TEST_SUITE_P(MapTyped, FollowsTheModelWithAGoodHash,
                            FollowsTheModelWhenAllKeysCollide,
                            FollowsTheModelWhenOnlyLowBitsDiffer);

}  // namespace support
