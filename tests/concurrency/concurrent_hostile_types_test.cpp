// concurrent_hostile_types_test.cpp -- keys and values that overload what nobody should rely on:
// their address and their comma.
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>

namespace hostile {

// `Text` is std::string, or a number for one that is read without a lock.
template <class Text>
struct thing {
  Text text{};

  thing() = default;
  explicit thing(int n) : text(Text(static_cast<std::size_t>(n), 'x')) {}
  void operator&() const = delete;
  friend bool operator==(const thing& a, const thing& b) { return a.text == b.text; }
};
template <>
inline thing<std::size_t>::thing(int n) : text(static_cast<std::size_t>(n)) {}

// Found for every type that has one of these for an argument.
template <class A, class B>
void operator,(const A&, const B&) = delete;

struct hash {
  std::size_t operator()(const thing<std::string>& t) const { return t.text.size() * 977; }
  std::size_t operator()(const thing<std::size_t>& t) const { return t.text * 977; }
};

}  // namespace hostile

template <>
inline constexpr bool gomap::is_self_contained<hostile::thing<std::size_t>> = true;

namespace {

template <class Text>
class ConcurrentHostileTypes : public testing::Test {};
using texts = testing::Types<std::string, std::size_t>;
TYPED_TEST_SUITE(ConcurrentHostileTypes, texts);

TYPED_TEST(ConcurrentHostileTypes, DoInEveryCall) {
  using thing = hostile::thing<TypeParam>;
  using map = gomap::concurrent_map<thing, thing, hostile::hash>;
  static_assert(map::reads_take_no_lock == std::is_same_v<TypeParam, std::size_t>);
  map m({.shards = 2});
  const auto ignore = [](const auto&) {};
  for (int i = 0; i < 100; ++i) m.store(thing(i), thing(i));
  const thing one(1);
  const thing two(2);

  EXPECT_TRUE(m.load(one) == one);
  EXPECT_TRUE(m.load_or(thing(1000), two) == two);
  EXPECT_TRUE(m.load_or_store(one, two).second);
  EXPECT_TRUE(m.exchange(one, two) == one);
  EXPECT_TRUE(m.compare_exchange(one, two, one));
  EXPECT_FALSE(m.compare_and_erase(one, two));
  EXPECT_EQ(m.visit(one, ignore), 1U);
  EXPECT_EQ(m.cvisit(one, ignore), 1U);
  m.update(thing(100), [](auto&) {});
  m.compute(thing(101), [&](auto& e) { e.emplace(7); });
  m.with_locked(one, two, [](auto& a, auto& b) { std::swap(*a, *b); });
  EXPECT_FALSE(m.insert(std::pair(one, two)));
  EXPECT_FALSE(m.emplace(one, two));
  EXPECT_TRUE(m.try_emplace_and_visit(thing(102), 7, ignore, ignore));
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
  moved.clear();
}

}  // namespace
