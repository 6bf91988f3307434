// concurrent_hostile_types_test.cpp -- keys, values and all else that a concurrent map is made of,
// with operators that nobody should rely on (support/hostile_types.hpp).
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/self_contained.hpp>

#include "support/hostile_types.hpp"
#include "support/types.hpp"

template <>
inline constexpr bool gomap::is_self_contained<hostile::count> = true;
template <>
inline constexpr bool gomap::is_self_contained<hostile::number, hostile::equal> = true;

template <class Key>
using hostile_map =
    gomap::concurrent_map<Key, Key, hostile::hash, hostile::equal,
                          hostile::allocator<std::pair<const Key, Key>>, hostile::mutex>;

// Compiles every member that is no template.
template class gomap::concurrent_map<
    hostile::text, hostile::text, hostile::hash, hostile::equal,
    hostile::allocator<std::pair<const hostile::text, hostile::text>>, hostile::mutex>;
template class gomap::concurrent_map<
    hostile::count, hostile::count, hostile::hash, hostile::equal,
    hostile::allocator<std::pair<const hostile::count, hostile::count>>, hostile::mutex>;

namespace concurrent_hostile_types_test {

template <class Key>
class ConcurrentHostileTypes : public testing::Test {};
using keys = support::types<2, hostile::text, hostile::count, hostile::number>;
TYPED_TEST_SUITE(ConcurrentHostileTypes, keys);

TYPED_TEST(ConcurrentHostileTypes, DoInEveryCall) {
  using thing = TypeParam;
  using map = hostile_map<thing>;
  static_assert(map::reads_take_no_lock == std::is_trivially_copyable_v<thing>);
  map m({.shards = 2});
  const auto ignore = [](const auto&) {};
  for (int i = 0; i < 100; ++i) m.store(thing(i), thing(i));
  const thing one = thing(1);
  const thing two = thing(2);

  EXPECT_TRUE(m.load(one) == one);
  EXPECT_TRUE(m.load_or(thing(1000), two) == two);
  EXPECT_TRUE(m.load_or_store(one, two).second);
  EXPECT_TRUE(m.exchange(one, two) == one);
  EXPECT_TRUE(m.compare_exchange(one, two, one));
  EXPECT_FALSE(m.compare_and_erase(one, two));
  EXPECT_EQ(m.visit(one, ignore), 1U);
  EXPECT_EQ(m.cvisit(one, ignore), 1U);
  m.update(thing(100), [](auto&) {});
  m.compute(thing(101), [&](auto& e) { e.emplace(thing(7)); });
  m.with_locked(one, two, [](auto& a, auto& b) { std::swap(*a, *b); });
  EXPECT_FALSE(m.insert(std::pair(one, two)));
  EXPECT_FALSE(m.emplace(one, two));
  EXPECT_TRUE(m.try_emplace_and_visit(thing(102), thing(7), ignore, ignore));
  EXPECT_FALSE(m.insert_or_assign(one, two));
  EXPECT_EQ(m.erase_if(one, [](const auto&) { return true; }), 1U);
  EXPECT_TRUE(m.load_and_erase(two) == one);

  const std::vector<thing> keys{one, two, thing(3)};
  std::vector<std::optional<thing>> found(3);
  m.load_many(keys, found.begin());
  EXPECT_TRUE(found[2] == thing(3));
  EXPECT_EQ(m.visit(keys.begin(), keys.end(), ignore), 1U);
  EXPECT_EQ(m.insert_many(std::vector{std::pair(one, one)}), 1U);
  EXPECT_EQ(m.erase_many(keys), 2U);

  map copy(m);
  EXPECT_TRUE(copy == m);
  EXPECT_EQ(copy.merge(m), 0U);
  map moved(std::move(copy));
  moved = m;
  moved = std::move(m);
  EXPECT_EQ(moved.visit_all(ignore), moved.size());
  EXPECT_EQ(moved.snapshot().size(), moved.size());
  moved.check_invariants();
  map elsewhere(std::move(moved), typename map::allocator_type(1));
  EXPECT_EQ(typename map::map_type(std::move(elsewhere)).size(), 100U);
}

}  // namespace concurrent_hostile_types_test
