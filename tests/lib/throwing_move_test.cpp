// throwing_move_test.cpp -- entries that can only be moved, and whose move throws during a growth.
//
// What was moved half way is damaged, as in std::vector: the map promises no more than that each
// entry is destroyed once and no memory is lost.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_value.hpp"
#include "support/extending_allocator.hpp"
#include "support/fault.hpp"
#include "support/growth.hpp"

namespace throwing_move_test {

using namespace support;
using value = basic_tracked<false, false>;

struct noexcept_hash {
  using is_avalanching = std::true_type;
  std::uint64_t operator()(std::uint64_t n) const noexcept { return good_hash{}(n); }
};

enum class growth { with_two_arrays, in_place };

// The n-th move of a growth throws, for every n.
template <class Key, class Hash>
void expect_balance(growth how) {
  using allocator = extending_allocator<std::pair<const Key, value>>;
  bool thrown = true;
  for (std::size_t nth = 1; thrown && nth < 60; ++nth) {
    const long alive_before = object_counts::live;
    extension_ledger ledger(64);
    ledger.refuse_extends(how == growth::with_two_arrays);
    {
      gomap::map<Key, value, Hash, std::equal_to<>, allocator> map{allocator(ledger)};
      for (std::uint64_t n = 0; !map.growing(); ++n) map.try_emplace(make_value<Key>(n), n);
      thrown = false;
      try {
        const armed_fault armed(point::move, nth);
        map.finish_growth();
      } catch (const injected_fault&) {
        thrown = true;
      }
      map.for_each([](auto& entry) { (void)entry.second.number(); });  // each is alive
    }
    ASSERT_EQ(object_counts::live, alive_before) << "the move that threw: " << nth;
    ASSERT_TRUE(ledger.balanced()) << "the move that threw: " << nth;
    ASSERT_TRUE(nth > 1 || thrown) << "nothing was moved";
  }
}

TEST(ThrowingMove, WithTwoArrays) {
  expect_balance<std::uint64_t, good_hash>(growth::with_two_arrays);
  expect_balance<value, good_hash>(growth::with_two_arrays);
}
TEST(ThrowingMove, InPlaceWhereOthersGrow) {
  expect_balance<std::uint64_t, good_hash>(growth::in_place);
  expect_balance<value, good_hash>(growth::in_place);
}
TEST(ThrowingMove, WithAHashThatDoesNotThrow) {
  expect_balance<std::uint64_t, noexcept_hash>(growth::with_two_arrays);
  expect_balance<std::uint64_t, noexcept_hash>(growth::in_place);
}

// Of these std::deque says that they can be copied, and not that a move throws nothing.
TEST(ThrowingMove, OfAContainerOfWhatCanOnlyBeMovedIsStillAMove) {
  gomap::map<int, std::deque<std::unique_ptr<int>>> m;
  for (int i = 0; i < 100; ++i) m[i].emplace_back(std::make_unique<int>(i));

  for (int i = 0; i < 100; ++i) EXPECT_EQ(*m.at(i).front(), i);
}

}  // namespace throwing_move_test
