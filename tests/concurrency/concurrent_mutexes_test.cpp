// concurrent_mutexes_test.cpp -- concurrent_map over each shared mutex that it is promised for.
#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <string>
#include <utility>

#include <oneapi/tbb/rw_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/rw_mutex.hpp>

#include "support/concurrent_suite.hpp"

namespace {

template <class Mutex>
class ConcurrentMutexes : public ::testing::Test {};
using mutexes =
    ::testing::Types<gomap::rw_mutex, std::shared_mutex, tbb::rw_mutex, tbb::spin_rw_mutex>;
TYPED_TEST_SUITE(ConcurrentMutexes, mutexes);

// One call of each kind: under no lock, shared, alone, tried, several, all.
template <class Map>
void use_all_locks() {
  using key = typename Map::key_type;
  using value = typename Map::mapped_type;
  const auto k = [](std::uint64_t n) { return support::make_value<key>(n); };
  const auto v = [](std::uint64_t n) { return support::make_value<value>(n); };
  Map m({.shards = 8});
  for (std::uint64_t i = 0; i < 1000; ++i) m.store(k(i), v(i));

  EXPECT_EQ(m.load(k(5)), v(5));
  EXPECT_EQ(m.visit(k(5), [&](auto& e) { e.second = v(6); }), 1U);
  EXPECT_EQ(m.try_visit(k(5), [](auto&) {}), gomap::visit_result::visited);
  EXPECT_EQ(m.erase(k(7)), 1U);
  EXPECT_EQ(m.cvisit_all([](const auto&) {}), 999U);
  EXPECT_EQ(m.visit_all([](auto&) {}), 999U);
  m.with_locked(k(1), k(2), k(3), [&](auto& a, auto& b, auto& c) {
    a.reset();
    *b = *c;
  });
  Map copy(m);
  EXPECT_EQ(copy.snapshot().size(), 998U);
  Map other({.shards = 2});
  EXPECT_EQ(other.merge(copy), 998U);
  EXPECT_EQ(copy.merge(other), 998U);
  EXPECT_EQ(copy.load(k(2)), v(3));
  copy.check_invariants();
}

TYPED_TEST(ConcurrentMutexes, GuardWhatIsReadWithoutThem) {
  using number = std::uint64_t;
  use_all_locks<
      gomap::concurrent_map<number, number, gomap::hash<number>, std::equal_to<>,
                            gomap::page_allocator<std::pair<const number, number>>, TypeParam>>();
}

TYPED_TEST(ConcurrentMutexes, GuardWhatIsReadUnderThem) {
  using text = std::string;
  use_all_locks<
      gomap::concurrent_map<text, text, gomap::hash<text>, std::equal_to<>,
                            gomap::page_allocator<std::pair<const text, text>>, TypeParam>>();
}

}  // namespace
