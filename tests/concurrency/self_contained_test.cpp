// self_contained_test.cpp -- which keys are compared without a lock, and which are not because they
// refer to something that may be gone.
//
// AddressSanitizer judges the readers: the text that a key refers to is freed as soon as erase() has
// returned, while they may be comparing with it.
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/self_contained.hpp>

#include "support/counting_mutex.hpp"
#include "support/crew.hpp"
#include "support/types.hpp"

namespace self_contained_test {

struct point {
  int x;
  int y;
  [[maybe_unused]] friend bool operator==(const point&, const point&) = default;
};
// The same, of which nobody says anything.
struct place {
  int x;
  int y;
};
// Numbers of names, equal if the names are.
enum class name_number { first, second };
[[maybe_unused]] bool operator==(name_number a, name_number b) {
  static const std::vector<std::string> names{"a", "a"};
  return names[static_cast<std::size_t>(a)] == names[static_cast<std::size_t>(b)];
}
enum class plain_number { first, second };
enum class code_number { first, second };

struct equal_modulo_ten {
  bool operator()(int a, int b) const { return a % 10 == b % 10; }
};
struct equal_in_a_table {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};

}  // namespace self_contained_test

template <>
struct std::equal_to<self_contained_test::code_number> {
  bool operator()(self_contained_test::code_number a, self_contained_test::code_number b) const {
    return static_cast<self_contained_test::name_number>(a) ==
           static_cast<self_contained_test::name_number>(b);
  }
};
template <>
struct std::equal_to<std::array<self_contained_test::plain_number, 2>> {
  bool operator()(const std::array<self_contained_test::plain_number, 2>& a,
                  const std::array<self_contained_test::plain_number, 2>& b) const {
    return std::equal_to<self_contained_test::code_number>()(
        static_cast<self_contained_test::code_number>(a[0]),
        static_cast<self_contained_test::code_number>(b[0]));
  }
};

template <>
inline constexpr bool gomap::is_self_contained<self_contained_test::point> = true;
template <>
inline constexpr bool gomap::is_self_contained<int, self_contained_test::equal_modulo_ten> = true;

namespace self_contained_test {

using gomap::is_self_contained;

template <class T>
void expect_one(bool self_contained) {
  EXPECT_EQ(is_self_contained<T>, self_contained) << testing::internal::GetTypeName<T>();
}
template <class... Types>
void expect_all(bool self_contained) {
  (expect_one<Types>(self_contained), ...);
}

TEST(SelfContained, AreNumbersAndAddresses) {
  expect_all<int, bool, double, char32_t, std::byte, plain_number, std::nullptr_t>(true);
  expect_all<const char*, void*, void (*)(), int point::*>(true);
}

TEST(SelfContained, AreTheStandardsTypesOfSuchParts) {
  using namespace std::chrono;
  expect_all<std::pair<int, const char*>, std::tuple<>, std::tuple<int, std::pair<int, int>>>(true);
  expect_all<std::array<std::optional<int>, 3>, std::variant<int, double>, std::monostate>(true);
  expect_all<std::complex<float>, std::bitset<100>, std::thread::id, int[2][3]>(true);
  expect_all<nanoseconds, system_clock::time_point, year_month_day, weekday>(true);
}

TEST(SelfContained, IsNothingThatRefersElsewhere) {
  using text = std::string_view;
  expect_all<text, std::span<int>, std::string, std::vector<int>, int&>(false);
  expect_all<std::reference_wrapper<int>, std::shared_ptr<int>, name_number>(false);
  expect_all<std::optional<text>, std::variant<int, text>, std::array<text, 2>>(false);
  expect_all<std::pair<int, text>, std::tuple<int&>, std::tuple<int, std::pair<int, text>>>(false);
}

TEST(SelfContained, IsATypeThatSaysSoAndWhatIsMadeOfIt) {
  expect_all<point, const point, std::pair<const point, int>, const std::optional<point>>(true);
  expect_all<place, std::pair<place, int>, std::optional<place>>(false);
}

TEST(SelfContained, IsAskedOfAnEqualityThatIsNotTheTypesOwn) {
  EXPECT_TRUE((is_self_contained<int, std::equal_to<int>>));
  EXPECT_TRUE((is_self_contained<int, std::ranges::equal_to>));
  EXPECT_TRUE((is_self_contained<point, std::equal_to<point>>));
  EXPECT_FALSE((is_self_contained<int, equal_in_a_table>));
  EXPECT_FALSE((is_self_contained<const char*, equal_in_a_table>));
  EXPECT_FALSE((is_self_contained<std::pair<point, int>, equal_in_a_table>));
  EXPECT_TRUE((is_self_contained<int, equal_modulo_ten>));
  EXPECT_TRUE((is_self_contained<point, equal_in_a_table>)) << "a type speaks for every equality";
}

// std::equal_to<> asks it.
TEST(SelfContained, IsNothingThatAUsersEqualToCompares) {
  expect_all<code_number, std::array<plain_number, 2>, std::optional<code_number>>(false);
  expect_all<std::array<plain_number, 3>>(true);
  EXPECT_FALSE((is_self_contained<code_number, std::equal_to<code_number>>));
}

TEST(SelfContained, DecidesWhetherAMapIsReadWithoutALock) {
  struct hash {
    std::size_t operator()(const place& p) const { return static_cast<std::size_t>(p.x); }
    std::size_t operator()(const point& p) const { return static_cast<std::size_t>(p.x); }
  };
  EXPECT_TRUE((gomap::concurrent_map<int, int>::reads_take_no_lock));
  EXPECT_TRUE((gomap::concurrent_map<std::array<int, 2>, int>::reads_take_no_lock));
  EXPECT_TRUE((gomap::concurrent_map<point, int, hash>::reads_take_no_lock));
  EXPECT_FALSE((gomap::concurrent_map<place, int, hash>::reads_take_no_lock));
  EXPECT_FALSE(
      (gomap::concurrent_map<int, int, std::hash<int>, equal_in_a_table>::reads_take_no_lock));
  EXPECT_TRUE((gomap::concurrent_map<int, std::string_view>::reads_take_no_lock)) << "a value";
}

// ---- text that is freed beside readers

// Each makes a key out of text that others own.
struct view_in_a_struct {
  int tenant;
  std::string_view name;
  friend bool operator==(const view_in_a_struct&, const view_in_a_struct&) = default;
};
struct pointer_in_a_struct {
  const char* name;
  friend bool operator==(const pointer_in_a_struct& a, const pointer_in_a_struct& b) {
    return std::strcmp(a.name, b.name) == 0;
  }
};
using reference = std::reference_wrapper<const std::string>;
struct equal_texts {
  bool operator()(const reference& a, const reference& b) const { return a.get() == b.get(); }
  bool operator()(const char* a, const char* b) const { return std::strcmp(a, b) == 0; }
};
// One chain, so that a reader compares with every key.
struct one_chain {
  template <class Key>
  std::size_t operator()(const Key&) const {
    return 1;
  }
};

template <class Key>
Key key_of(const std::string& text) {
  if constexpr (std::is_same_v<Key, view_in_a_struct>) {
    return {1, text};
  } else if constexpr (std::is_same_v<Key, pointer_in_a_struct>) {
    return {text.c_str()};
  } else if constexpr (std::is_same_v<Key, const char*>) {
    return text.c_str();
  } else if constexpr (std::is_same_v<Key, std::array<std::string_view, 2>>) {
    return {text, text};
  } else if constexpr (std::is_same_v<Key, reference>) {
    return std::cref(text);
  } else if constexpr (std::is_same_v<Key, std::variant<int, std::string_view>>) {
    return std::string_view(text);
  } else {
    return Key(text);
  }
}

template <class Key>
class ConcurrentMapOfKeysThatReferElsewhere : public testing::Test {
 protected:
  using equal = std::conditional_t<std::is_same_v<Key, reference> || std::is_pointer_v<Key>,
                                   equal_texts, std::equal_to<>>;
  using map = gomap::concurrent_map<Key, int, one_chain, equal>;
};
using referring_keys =
    support::types<3, std::string_view, pointer_in_a_struct, reference, view_in_a_struct,
                   std::optional<std::string_view>, std::variant<int, std::string_view>,
                   std::array<std::string_view, 2>, const char*>;
TYPED_TEST_SUITE(ConcurrentMapOfKeysThatReferElsewhere, referring_keys);

TYPED_TEST(ConcurrentMapOfKeysThatReferElsewhere, TakesTheLockAndFollowsNothingThatIsGone) {
  EXPECT_FALSE(TestFixture::map::reads_take_no_lock);
  typename TestFixture::map map({.shards = 1});
  const std::string stays = "text that no small buffer holds, and that stays";
  const std::string absent = "text that no small buffer holds, and that never comes";
  map.store(key_of<TypeParam>(stays), 1);
  support::crew others;
  others.start(2, [&](int) {
    for (; others.wanted(); others.tick()) {
      ASSERT_EQ(map.load(key_of<TypeParam>(stays)), 1);
      ASSERT_FALSE(map.contains(key_of<TypeParam>(absent)));  // compares with each key there is
    }
  });

  for (int i = 0; i < 6000; ++i) {
    if (i % 200 == 0) others.await_tick();
    auto goes = std::make_unique<std::string>(absent);
    goes->back() = static_cast<char>('A' + i % 26);
    map.store(key_of<TypeParam>(*goes), 2);
    map.erase(key_of<TypeParam>(*goes));
  }
  others.finish();
  EXPECT_EQ(map.size(), 1U);
}

// ---- keys of other types

// Takes pointers to text and text, as one key.
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// Pointers are compared by address, unless what they are compared with follows them.
TEST(ConcurrentMapOfPointers, IsReadUnderTheLockByWhatFollowsThem) {
  using map_type = gomap::concurrent_map<const char*, int, text_hash, std::equal_to<>,
                                         gomap::page_allocator<std::pair<const char* const, int>>,
                                         support::counting_mutex>;
  static constexpr char text[] = "a";
  map_type map;
  map.store(static_cast<const char*>(text), 1);

  const std::uint64_t before = support::counting_mutex::calls();
  EXPECT_EQ(map.load(static_cast<const char*>(text)), 1);
  EXPECT_EQ(support::counting_mutex::calls(), before);
  EXPECT_EQ(map.load(std::string("a")), 1);
  EXPECT_EQ(support::counting_mutex::calls(), before + 1);
  EXPECT_EQ(map.load(std::string_view("b")), std::nullopt);
  EXPECT_EQ(support::counting_mutex::calls(), before + 2);
}

}  // namespace self_contained_test
