// map_interface_test.cpp -- what gomap::map promises at compile time: types, concepts, sizes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>

namespace map_interface_test {

using int_map = gomap::map<int, double>;

static_assert(std::is_same_v<int_map::key_type, int>);
static_assert(std::is_same_v<int_map::mapped_type, double>);
static_assert(std::is_same_v<int_map::value_type, std::pair<const int, double>>);
static_assert(std::is_same_v<int_map::hasher, gomap::hash<int>>);
static_assert(std::is_same_v<int_map::key_equal, std::equal_to<>>);
static_assert(
    std::is_same_v<int_map::allocator_type, gomap::page_allocator<std::pair<const int, double>>>);
static_assert(std::is_same_v<int_map::reference, std::pair<const int, double>&>);
static_assert(std::is_same_v<int_map::const_reference, const std::pair<const int, double>&>);
static_assert(std::is_unsigned_v<int_map::size_type>);
static_assert(std::is_signed_v<int_map::difference_type>);
static_assert(std::is_same_v<std::iterator_traits<int_map::iterator>::reference,
                             std::pair<const int, double>&>);
static_assert(std::is_same_v<std::iterator_traits<int_map::const_iterator>::reference,
                             const std::pair<const int, double>&>);

// Nobody pays for an empty map: no memory, and two cache lines at most.
static_assert(sizeof(int_map) <= 128);
static_assert(sizeof(gomap::map<std::string, std::string>) <= 128);

static_assert(std::is_copy_constructible_v<int_map>);
static_assert(std::is_copy_assignable_v<int_map>);

// What std::unordered_map promises not to throw, and what the usual libraries do besides.
template <class Map>
constexpr bool makes_and_swaps_without_a_throw =
    std::is_nothrow_default_constructible_v<Map>&& std::is_nothrow_move_constructible_v<Map>&&
        std::is_nothrow_swappable_v<Map>&& noexcept(
            std::declval<Map&>().swap(std::declval<Map&>())) &&
    std::is_nothrow_destructible_v<Map>;
template <class K, class V, template <class> class Allocator>
using map_on = gomap::map<K, V, gomap::hash<K>, std::equal_to<>, Allocator<std::pair<const K, V>>>;

static_assert(makes_and_swaps_without_a_throw<int_map>);
static_assert(makes_and_swaps_without_a_throw<gomap::map<int, std::string>>);
static_assert(makes_and_swaps_without_a_throw<map_on<std::string, std::string, std::allocator>>);
static_assert(makes_and_swaps_without_a_throw<gomap::pmr::map<int, std::string>>);
static_assert(makes_and_swaps_without_a_throw<gomap::map<int, std::unique_ptr<int>>>);

// Whatever copying the hash does: std::function may allocate.
static_assert(
    std::is_nothrow_default_constructible_v<
        gomap::map<int, int, std::function<std::size_t(int)>, std::function<bool(int, int)>>>);

// A move assignment takes the memory, unless the allocators differ and stay where they are.
static_assert(std::is_nothrow_move_assignable_v<int_map>);
static_assert(std::is_nothrow_move_assignable_v<gomap::map<int, std::string>>);
static_assert(std::is_nothrow_move_assignable_v<map_on<int, std::string, std::allocator>>);
static_assert(std::is_move_assignable_v<gomap::pmr::map<int, std::string>>);
static_assert(!std::is_nothrow_move_assignable_v<gomap::pmr::map<int, std::string>>);

struct throwing_hash {
  throwing_hash() = default;
  throwing_hash(const throwing_hash&) noexcept(false) {}
  throwing_hash& operator=(const throwing_hash&) noexcept(false) { return *this; }
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key); }
};
using throwing_map = gomap::map<int, int, throwing_hash>;
static_assert(!std::is_nothrow_move_constructible_v<throwing_map>);
static_assert(!std::is_nothrow_move_assignable_v<throwing_map>);
static_assert(!std::is_nothrow_swappable_v<throwing_map>);

template <class Map>
constexpr bool begins_without_a_throw = noexcept(std::declval<Map&>().begin()) && noexcept(
    std::declval<const Map&>().begin()) && noexcept(std::declval<Map&>().cbegin());
static_assert(begins_without_a_throw<int_map>);
static_assert(begins_without_a_throw<gomap::map<std::string, int>>);
static_assert(!begins_without_a_throw<throwing_map>, "the hash is asked, and may throw");
static_assert(noexcept(std::declval<int_map&>().end()));
static_assert(noexcept(std::declval<const int_map&>().end()));
static_assert(noexcept(std::declval<const int_map&>().cend()));
static_assert(noexcept(std::declval<int_map&>().clear()));
static_assert(noexcept(std::declval<throwing_map&>().clear()));
static_assert(noexcept(std::declval<const int_map&>().empty()));
static_assert(noexcept(std::declval<const int_map&>().size()));
static_assert(noexcept(std::declval<const int_map&>().max_size()));
static_assert(noexcept(std::declval<const int_map&>().bucket_count()));
static_assert(noexcept(std::declval<const int_map&>().max_bucket_count()));
static_assert(noexcept(std::declval<const int_map&>().load_factor()));
static_assert(noexcept(std::declval<const int_map&>().max_load_factor()));
static_assert(noexcept(std::declval<const int_map&>().get_allocator()));

static_assert(std::forward_iterator<int_map::iterator>);
static_assert(std::forward_iterator<int_map::const_iterator>);
static_assert(std::is_convertible_v<int_map::iterator, int_map::const_iterator>);
static_assert(!std::is_convertible_v<int_map::const_iterator, int_map::iterator>);
static_assert(std::sentinel_for<int_map::const_iterator, int_map::iterator>);
static_assert(std::is_trivially_destructible_v<int_map::iterator>);
static_assert(std::ranges::forward_range<int_map>);
static_assert(std::ranges::forward_range<const int_map>);
static_assert(std::ranges::sized_range<int_map>);
static_assert(std::ranges::common_range<int_map>);
static_assert(std::ranges::viewable_range<int_map&>);
static_assert(std::is_same_v<std::ranges::range_reference_t<const int_map>,
                             const std::pair<const int, double>&>);

// A key cannot be changed through any iterator; the value can, through the mutable one.
static_assert(!std::is_assignable_v<decltype((std::declval<int_map::iterator>()->first)), int>);
static_assert(std::is_assignable_v<decltype((std::declval<int_map::iterator>()->second)), double>);
static_assert(
    !std::is_assignable_v<decltype((std::declval<int_map::const_iterator>()->second)), double>);

// The explicit constructors do not convert: `int_map m = 7` would be a surprise.
static_assert(!std::is_convertible_v<std::size_t, int_map>);
static_assert(!std::is_convertible_v<std::uint64_t, int_map::seed_with>);
static_assert(std::is_constructible_v<int_map, std::size_t>);
static_assert(std::is_constructible_v<int_map, int_map::seed_with>);

template <class Map>
concept has_set_load_factor = requires(Map& m) {
  m.max_load_factor(1.0F);
};
static_assert(has_set_load_factor<int_map>);

// A value type may be incomplete while the map is a member of it.
struct tree {
  int label = 0;
  gomap::map<int, tree> children;
};

struct forest {
  gomap::map<std::string, std::vector<forest>> parts;
  gomap::map<std::string, std::unique_ptr<forest>> owned;
};

TEST(MapInterface, IncompleteValueTypeWorksAsAMember) {
  tree root;
  root.children[1].label = 10;
  root.children[1].children[2].label = 20;

  const tree copy = root;

  EXPECT_EQ(copy.children.at(1).label, 10);
  EXPECT_EQ(copy.children.at(1).children.at(2).label, 20);
  EXPECT_TRUE(copy.children.at(1).children.at(2).children.empty());
}

// A file that knows its place in its folder.
struct folder;
struct file {
  gomap::map<std::string, folder>::iterator in;
  gomap::map<int, folder>::const_iterator also_in;
};
struct folder {
  gomap::map<std::string, folder> folders;
  gomap::map<int, folder> numbered;
  std::vector<file> files;
};

TEST(MapInterface, AnIteratorMayBeAMemberWhereTheValueTypeIsIncomplete) {
  folder root;
  const auto etc = root.folders.try_emplace("etc").first;
  etc->second.files.push_back({etc, root.numbered.try_emplace(1).first});
  for (int i = 0; i < 100; ++i) root.folders.try_emplace(std::to_string(i));

  EXPECT_EQ(root.folders.at("etc").files.front().in->first, "etc");
  EXPECT_EQ(root.folders.at("etc").files.front().also_in->first, 1);
}

TEST(MapInterface, RecursionThroughOtherContainersWorks) {
  forest f;
  f.parts["a"].resize(3);
  f.owned["b"] = std::make_unique<forest>();

  EXPECT_EQ(f.parts.at("a").size(), 3U);
  EXPECT_TRUE(f.owned.at("b")->parts.empty());
}

TEST(MapInterface, AValueMayBeConstWhereItCanBeCopied) {
  gomap::map<int, const std::string> m;
  for (int i = 0; i < 100; ++i) m.try_emplace(i, std::to_string(i));

  const auto copy = m;
  m.erase(1);
  m.shrink_to_fit();

  EXPECT_EQ(m.at(99), "99");
  EXPECT_EQ(copy.at(1), "1");
}

TEST(MapInterface, RangeAlgorithmsTakeAMap) {
  gomap::map<int, int> m{{1, 10}, {2, 20}, {3, 30}};
  using entry = gomap::map<int, int>::value_type;

  const auto tens = std::ranges::count_if(m, [](const entry& e) { return e.second > 10; });
  std::ranges::for_each(m, [](entry& e) { e.second = 0; });

  EXPECT_EQ(tens, 2);
  EXPECT_EQ(std::ranges::find(m, 2, &entry::first)->second, 0);
  EXPECT_EQ(std::ranges::distance(m), 3);
}

TEST(MapInterface, ADefaultIteratorIsEqualToAnother) {
  EXPECT_EQ(int_map::iterator{}, int_map::iterator{});
  EXPECT_EQ(int_map::const_iterator{}, int_map::const_iterator{});
}

TEST(MapInterface, MixedIteratorsCompare) {
  int_map m{{1, 1.0}};
  const int_map& view = m;

  EXPECT_EQ(m.begin(), view.begin());
  EXPECT_NE(m.begin(), view.end());
  EXPECT_EQ(m.find(7), view.cend());
}

TEST(MapInterface, MaxLoadFactorIsFixed) {
  int_map m;

  m.max_load_factor(1.0F);

  EXPECT_EQ(m.max_load_factor(), 6.5F);
}

TEST(MapInterface, MaxSizeIsHuge) { EXPECT_GE(int_map{}.max_size(), std::size_t{1} << 40); }

}  // namespace map_interface_test
