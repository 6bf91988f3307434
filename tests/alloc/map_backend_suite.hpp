// map_backend_suite.hpp -- a map on each backend: what it holds, and what it gives back.
//
// Instantiated with the backends of backend_suite.hpp. The oracle is a std::unordered_map that is
// given the same commands; a backend that counts says at its end whether all came back.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/model_map.hpp"

namespace gomap_test {

template <class Backend>
class BackendMaps : public testing::Test {
 protected:
  using entry = std::pair<const std::uint64_t, std::string>;
  using map_type = gomap::map<std::uint64_t, std::string, gomap::hash<std::uint64_t>,
                              std::equal_to<>, typename Backend::template allocator<entry>>;
  using model_type = support::model_map<std::uint64_t, std::string>;

  map_type make_map() { return map_type(backend_.template make<entry>()); }

 private:
  Backend backend_;
};

TYPED_TEST_SUITE_P(BackendMaps);

// Past 64 KiB, so that arrays of every way of allocation are grown out of and erased from.
TYPED_TEST_P(BackendMaps, GrowsAndShrinksLikeTheModel) {
  auto map = this->make_map();
  typename TestFixture::model_type model;
  std::minstd_rand random(5);

  for (int phase = 0; phase < 3; ++phase) {
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t key = random() % 30000;
      if (random() % 4 != 0) {
        std::string value(key % 30, 'v');
        map[key] = value;
        model[key] = std::move(value);
      } else {
        ASSERT_EQ(map.erase(key), model.erase(key));
      }
    }
    support::expect_same(map, model);
    for (std::uint64_t key = 0; key < 30000; key += 3) ASSERT_EQ(map.erase(key), model.erase(key));
    map.shrink_to_fit();
    support::expect_same(map, model);
  }
}

TYPED_TEST_P(BackendMaps, CopiesMovesAndSwapsKeepTheirMemory) {
  auto map = this->make_map();
  for (std::uint64_t key = 0; key < 5000; ++key) map[key] = "value";

  auto copy = map;
  auto moved = std::move(map);
  map = copy;
  map.erase(7);
  swap(map, moved);
  copy = std::move(moved);

  EXPECT_EQ(map.size(), 5000u);
  EXPECT_EQ(copy.size(), 4999u);
  map.clear();
  EXPECT_TRUE(map.empty());
}

REGISTER_TYPED_TEST_SUITE_P(BackendMaps, GrowsAndShrinksLikeTheModel,
                            CopiesMovesAndSwapsKeepTheirMemory);

}  // namespace gomap_test
