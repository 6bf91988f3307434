// concurrent_parallel_test.cpp -- concurrent_map's walks with the standard's execution policies.
#include <atomic>
#include <cstdint>
#include <execution>
#include <utility>

#include "support/concurrent_suite.hpp"

namespace {

using support::number_of;
using support::numbers;

template <class Map>
class ConcurrentParallel : public support::concurrent_test<Map> {
 protected:
  // Sees and changes every entry once under `policy`.
  template <class Policy>
  static void expect_each_once(const Policy& policy) {
    ConcurrentParallel::in_each_layout([&](Map& m, std::uint64_t n) {
      numbers model = ConcurrentParallel::fill(m, n);
      std::atomic<std::uint64_t> sum{0};
      std::atomic<std::uint64_t> calls{0};
      const auto add = [&](const auto& e) {
        // relaxed: read when for_each() has returned.
        sum.fetch_add(number_of(e.second), std::memory_order_relaxed);
        calls.fetch_add(1, std::memory_order_relaxed);
      };
      std::uint64_t expected = 0;
      for (auto& [k, v] : model) expected += v++;

      std::as_const(m).for_each(policy, [&](auto& e) {
        static_assert(std::is_same_v<decltype(e), const typename Map::value_type&>);
        add(e);
      });
      ASSERT_EQ(calls.load(), n);
      ASSERT_EQ(sum.load(), expected);

      m.for_each(policy, [&](auto& e) {
        add(e);
        e.second = ConcurrentParallel::value(number_of(e.second) + 1);
      });
      ASSERT_EQ(calls.load(), 2 * n);
      ASSERT_EQ(sum.load(), 2 * expected);
      support::expect_holds(m, model);
    });
  }
};
TYPED_TEST_SUITE(ConcurrentParallel, support::concurrent_kinds);

TYPED_TEST(ConcurrentParallel, ForEachInSequence) { this->expect_each_once(std::execution::seq); }

TYPED_TEST(ConcurrentParallel, ForEachInParallel) { this->expect_each_once(std::execution::par); }

TYPED_TEST(ConcurrentParallel, VisitAllEraseIfAndVisitWhile) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    const auto& constant = m;
    std::atomic<std::uint64_t> calls{0};
    const auto count = [&](auto&) { ++calls; };

    m.visit_all(std::execution::par, count);
    constant.visit_all(std::execution::par, count);
    m.cvisit_all(std::execution::par, count);
    ASSERT_EQ(calls, 3 * n);
    ASSERT_TRUE(m.visit_while(std::execution::par, [](auto&) { return true; }));
    ASSERT_TRUE(constant.visit_while(std::execution::par, [](const auto&) { return true; }));
    ASSERT_FALSE(m.cvisit_while(std::execution::par,
                                [&](const auto& e) { return number_of(e.first) != n / 2; }));

    m.erase_if(std::execution::par, [](const auto& e) { return number_of(e.first) % 2 == 0; });
    std::erase_if(model, [](const auto& e) { return e.first % 2 == 0; });
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentParallel, ForEachOfAnEmptyMap) {
  TypeParam m;
  m.for_each(std::execution::par, [](auto&) { FAIL(); });
}

}  // namespace
