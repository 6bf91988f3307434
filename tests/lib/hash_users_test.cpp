// hash_users_test.cpp -- a hash that the user wrote is used, whatever kind of type it is for.
//
// Each type here has an == that takes for one what its bytes or its address would tell apart, and a
// hash that agrees with it: by std::hash, hash_value, hash_append or gomap::hash. A map finds what
// is equal only if that hash is the one in use, alone and inside pairs, optionals, vectors ...
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/detail/seed.hpp>
#include <gomap/detail/std_hash.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/users_equal_to.hpp"

namespace users {

// By std::hash: an enumeration, and what the standard makes of a class.
enum class season { winter, spring, summer, autumn, first = winter, last = autumn };
enum old_season { old_winter, old_summer = 10, old_winter_again = 100 };
enum class hooked { a, b };
enum class appended { a, b };
enum class special { a, b };

struct account {
  int number = 0;
  std::string owner;
};

// One hash for all that is equal: the number, or what is in place of it.
inline std::size_t hash_of(const account& a) { return static_cast<std::size_t>(a.number); }

inline bool operator==(const account& a, const account& b) { return a.number == b.number; }
inline bool operator==(season a, season b) {
  return static_cast<int>(a) % 2 == static_cast<int>(b) % 2;
}
inline bool operator==(old_season a, old_season b) {
  return static_cast<int>(a) % 100 == static_cast<int>(b) % 100;
}
inline bool operator==(hooked, hooked) { return true; }
inline bool operator==(appended, appended) { return true; }
inline bool operator==(special, special) { return true; }

inline std::size_t hash_value(hooked) { return 1; }
inline void hash_append(gomap::hasher& h, appended) { h(1); }

// By what they point to or hold, and only by that.
inline bool operator==(const std::shared_ptr<account>& a, const std::shared_ptr<account>& b) {
  return *a == *b;
}
inline bool operator==(const std::unique_ptr<account>& a, const std::unique_ptr<account>& b) {
  return *a == *b;
}
inline bool operator==(const std::optional<account>& a, const std::optional<account>& b) {
  return a.value_or(account{}).number == b.value_or(account{}).number;
}
inline bool operator==(const std::variant<int, account>& a, const std::variant<int, account>& b) {
  const auto number = [](const auto& v) {
    return v.index() == 0 ? std::get<0>(v) : std::get<1>(v).number;
  };
  return number(a) == number(b);
}
inline bool operator==(const std::vector<account>& a, const std::vector<account>& b) {
  return a.size() == b.size();
}
inline bool operator==(const std::pair<account, int>& a, const std::pair<account, int>& b) {
  return a.first == b.first;
}
inline bool operator==(const std::array<account, 2>& a, const std::array<account, 2>& b) {
  return a[0] == b[0];
}
inline bool operator==(const std::tuple<account, int>& a, const std::tuple<account, int>& b) {
  return std::get<0>(a) == std::get<0>(b);
}

// Converts to an optional of what is left of it by two, which is all that counts.
struct parity {
  int number = 0;
  operator int() const { return number % 2; }
};
inline bool operator==(const std::optional<parity>& a, const std::optional<parity>& b) {
  return std::optional<int>(a) == std::optional<int>(b);
}

// A hook for a type of the standard's.
struct thing {
  int number = 0;
};
inline bool operator==(const std::shared_ptr<thing>& a, const std::shared_ptr<thing>& b) {
  return a->number == b->number;
}
inline std::size_t hash_value(const std::shared_ptr<thing>& t) {
  return static_cast<std::size_t>(t->number);
}
inline bool operator==(const std::vector<thing>& a, const std::vector<thing>& b) {
  return a.size() == b.size();
}
inline void hash_append(gomap::hasher& h, const std::vector<thing>& t) { h(t.size()); }

// Text in which capitals do not count.
struct loud : std::char_traits<char> {
  static char quiet(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
  static bool eq(char a, char b) { return quiet(a) == quiet(b); }
  static bool lt(char a, char b) { return quiet(a) < quiet(b); }
  static int compare(const char* a, const char* b, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!eq(a[i], b[i])) return lt(a[i], b[i]) ? -1 : 1;
    }
    return 0;
  }
};
using loud_text = std::basic_string<char, loud>;

struct clock {
  using duration = std::chrono::seconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock>;
};
// Points of this clock are equal by the hour.
inline bool operator==(const clock::time_point& a, const clock::time_point& b) {
  return a.time_since_epoch().count() / 3600 == b.time_since_epoch().count() / 3600;
}

// Converts from a vector of it, and is hashed: no reason to hash such a vector so.
struct tree {
  std::vector<tree> parts;
  tree() = default;
  tree(std::vector<tree> p) : parts(std::move(p)) {}
  friend bool operator==(const tree&, const tree&) = default;
  friend std::size_t hash_value(const tree& t) { return gomap::hash<std::vector<tree>>{}(t.parts); }
};

}  // namespace users

template <>
struct std::hash<users::account> {
  std::size_t operator()(const users::account& x) const { return users::hash_of(x); }
};
template <>
struct std::hash<users::season> {
  std::size_t operator()(const users::season& x) const { return static_cast<std::size_t>(x) % 2; }
};
template <>
struct std::hash<users::old_season> {
  std::size_t operator()(const users::old_season& x) const {
    return static_cast<std::size_t>(x) % 100;
  }
};
template <>
struct std::hash<std::shared_ptr<users::account>> {
  std::size_t operator()(const std::shared_ptr<users::account>& x) const {
    return users::hash_of(*x);
  }
};
template <>
struct std::hash<std::unique_ptr<users::account>> {
  std::size_t operator()(const std::unique_ptr<users::account>& x) const {
    return users::hash_of(*x);
  }
};
template <>
struct std::hash<std::optional<users::account>> {
  std::size_t operator()(const std::optional<users::account>& x) const {
    return users::hash_of(x.value_or(users::account{}));
  }
};
template <>
struct std::hash<std::variant<int, users::account>> {
  std::size_t operator()(const std::variant<int, users::account>& x) const {
    return static_cast<std::size_t>(x.index() == 0 ? std::get<0>(x) : std::get<1>(x).number);
  }
};
template <>
struct std::hash<std::vector<users::account>> {
  std::size_t operator()(const std::vector<users::account>& x) const { return x.size(); }
};
template <>
struct std::hash<std::pair<users::account, int>> {
  std::size_t operator()(const std::pair<users::account, int>& x) const {
    return users::hash_of(x.first);
  }
};
template <>
struct std::hash<std::array<users::account, 2>> {
  std::size_t operator()(const std::array<users::account, 2>& x) const {
    return users::hash_of(x[0]);
  }
};
template <>
struct std::hash<std::tuple<users::account, int>> {
  std::size_t operator()(const std::tuple<users::account, int>& x) const {
    return users::hash_of(std::get<0>(x));
  }
};
template <>
struct std::hash<users::clock::time_point> {
  std::size_t operator()(const users::clock::time_point& x) const {
    return static_cast<std::size_t>(x.time_since_epoch().count() / 3600);
  }
};
template <>
struct std::hash<const users::account*> {
  std::size_t operator()(const users::account* x) const { return users::hash_of(*x); }
};
template <>
struct std::hash<users::loud_text> {
  std::size_t operator()(const users::loud_text& x) const {
    std::size_t sum = 0;
    for (const char c : x) sum = 31 * sum + static_cast<std::size_t>(users::loud::quiet(c));
    return sum;
  }
};
// By the library's hash of another type, whose call this one inherits.
template <>
struct std::hash<std::optional<users::parity>> : std::hash<std::optional<int>> {
  using std::hash<std::optional<int>>::operator();
};
// Not the standard's to allow, and done all the same: an unordered pair of numbers.
template <>
struct std::hash<std::pair<int, int>> {
  std::size_t operator()(const std::pair<int, int>& x) const {
    return static_cast<std::size_t>(x.first) + static_cast<std::size_t>(x.second);
  }
};
template <>
struct gomap::hash<users::special> {
  std::uint64_t operator()(users::special) const { return 1; }
};

namespace hash_users_test {

using users::account;

// Whether maps find `equal` under `key`, in every way that a key is nested.
template <class K>
void expect_found(const K& key, const K& equal) {
  gomap::map<K, int> m;
  gomap::map<std::pair<K, int>, int> pairs;
  gomap::map<std::tuple<int, K>, int> tuples;
  gomap::map<std::array<K, 3>, int> arrays;
  gomap::map<std::vector<K>, int> vectors;
  gomap::map<std::optional<K>, int> optionals;
  gomap::map<std::variant<std::monostate, K>, int> variants;
  for (int i = 0; i < 2; ++i) {
    const K& k = i == 0 ? key : equal;
    ++m[k];
    ++pairs[{k, 1}];
    ++tuples[{1, k}];
    ++arrays[{k, k, k}];
    ++vectors[{k, k, k}];
    ++optionals[k];
    ++variants[k];
  }

  EXPECT_EQ(m.size(), 1U);
  EXPECT_EQ(pairs.size(), 1U);
  EXPECT_EQ(tuples.size(), 1U);
  EXPECT_EQ(arrays.size(), 1U);
  EXPECT_EQ(vectors.size(), 1U);
  EXPECT_EQ(optionals.size(), 1U);
  EXPECT_EQ(variants.size(), 1U);
}

// The same of a key alone, where nesting it has an == of the user's own.
template <class K>
void expect_found_alone(K key, K equal) {
  gomap::map<K, int> m;

  ++m[std::move(key)];

  EXPECT_EQ(m.count(equal), 1U);
}

account made(int number) { return {number, "somebody"}; }
account other(int number) { return {number, "somebody else"}; }

TEST(HashUsersStdHash, OfAnEnumerationIsUsed) {
  expect_found(users::season::first, users::season::summer);
  expect_found(users::old_winter, users::old_winter_again);
}

TEST(HashUsersStdHash, OfASmartPointerIsUsed) {
  expect_found(std::make_shared<account>(made(1)), std::make_shared<account>(other(1)));
  expect_found_alone(std::make_unique<account>(made(1)), std::make_unique<account>(other(1)));
}

// By what they point to, of which the pointers' own == knows nothing.
struct same_account {
  bool operator()(const account* a, const account* b) const { return *a == *b; }
};

TEST(HashUsersStdHash, OfAPointerIsUsed) {
  const account one = made(1);
  const account same = other(1);
  const gomap::map<const account*, int, gomap::hash<const account*>, same_account> m{{&one, 1}};

  EXPECT_EQ(m.count(&same), 1U);
}

TEST(HashUsersStdHash, OfATextUnderOtherTraitsIsUsed) {
  gomap::map<users::loud_text, int> m{{"Key", 1}};

  EXPECT_EQ(m.count("kEY"), 1U);
}

TEST(HashUsersStdHash, OfAClassIsUsed) {
  gomap::map<account, int> m{{made(1), 1}};

  EXPECT_EQ(m.count(other(1)), 1U);
}

TEST(HashUsersStdHash, OfWhatHoldsAClassIsUsed) {
  using either = std::variant<int, account>;
  expect_found_alone(std::optional<account>(), std::optional<account>(made(0)));
  expect_found_alone(either(7), either(made(7)));
  expect_found_alone(std::optional(users::parity{1}), std::optional(users::parity{3}));
  expect_found_alone(std::vector<account>{made(1)}, std::vector<account>{made(2)});
  expect_found_alone(std::pair(made(1), 2), std::pair(other(1), 3));
  expect_found_alone(std::array{made(1), made(2)}, std::array{other(1), made(3)});
  expect_found_alone(std::tuple(made(1), 2), std::tuple(other(1), 3));
}

TEST(HashUsersStdHash, OfATimeOfAClockIsUsed) {
  using point = users::clock::time_point;
  expect_found_alone(point(std::chrono::seconds(1)), point(std::chrono::seconds(2)));
}

struct unordered_equal {
  bool operator()(const std::pair<int, int>& a, const std::pair<int, int>& b) const {
    return a == b || a == std::pair(b.second, b.first);
  }
};

TEST(HashUsersStdHash, OfAPairOfNumbersIsUsed) {
  const gomap::map<std::pair<int, int>, int, gomap::hash<std::pair<int, int>>, unordered_equal> m{
      {{1, 2}, 3}};

  EXPECT_EQ(m.count({2, 1}), 1U);
}

TEST(HashUsersHooks, OfAnEnumerationAreUsed) {
  expect_found(users::hooked::a, users::hooked::b);
  expect_found(users::appended::a, users::appended::b);
}

TEST(HashUsersHooks, OfATypeOfTheStandardsAreUsed) {
  expect_found(std::make_shared<users::thing>(), std::make_shared<users::thing>());
  expect_found_alone(std::vector<users::thing>{{1}}, std::vector<users::thing>{{2}});
}

TEST(HashUsersHooks, OfWhatAKeyConvertsToAreNotTheKeys) {
  const users::tree leaf;
  gomap::map<users::tree, int> m;
  gomap::map<std::vector<users::tree>, int> lists;

  m[users::tree({leaf, leaf})] = 1;
  lists[{leaf, users::tree({leaf})}] = 2;

  EXPECT_EQ(m.count(users::tree({leaf, leaf})), 1U);
  EXPECT_EQ(lists.count({leaf, users::tree({leaf})}), 1U);
}

TEST(HashUsersOwn, GomapHashOfAnEnumerationIsUsed) {
  expect_found(users::special::a, users::special::b);
}

// Its result may be poor: it is mixed, and differs from map to map.
TEST(HashUsersStdHash, IsMixedWithTheSeed) {
  const gomap::hash<users::season> h;

  EXPECT_EQ(h(users::season::summer, 1), gomap::mix(0, 1));
  EXPECT_NE(h(users::season::summer, 1), h(users::season::summer, 2));
}

// ---- what the library has for types of a user's stays unused

enum class color : short { red = -1, green = 1 };
struct point {
  int x;
};
}  // namespace hash_users_test
template <>
struct std::hash<hash_users_test::point> {
  std::size_t operator()(const hash_users_test::point& p) const {
    return static_cast<std::size_t>(p.x);
  }
};
namespace hash_users_test {

template <class K>
std::uint64_t hash_of(const K& key) {
  return gomap::hash<K>{}(key, 77);
}

TEST(HashOfTheLibrary, IsNotTakenForAUsers) {
  EXPECT_EQ(hash_of(color::red), hash_of(short{-1}));
  EXPECT_EQ(hash_of(std::optional<color>(color::red)), hash_of(color::red));
  EXPECT_EQ((hash_of(std::vector<color>(3, color::green))),
            hash_of(std::vector<short>(3, short{1})));
  EXPECT_EQ(hash_of(std::optional<point>(point{3})), gomap::mix(3, 77));
}

// Text keeps its secret: by std::hash it would be the same in every process. Of the libraries that
// there are, one can be recognised.
TEST(HashOfTheLibrary, OfAVariantIsNotTakenForAUsersWhereItIsRecognised) {
  using either = std::variant<point, std::string>;
  if (!gomap::detail::inherits_from_the_library<std::variant<int>>()) GTEST_SKIP();

  EXPECT_EQ(hash_of(either("text")),
            gomap::hash<std::string>{}("text", 77 + gomap::detail::mix_multiplier));
  // An index that is added, as libraries do, would give these one hash under every seed.
  EXPECT_NE(hash_of(std::variant<int, point>(4)), hash_of(std::variant<int, point>(point{3})));
}

// ---- an equality by std::equal_to, which std::unordered_map asks by default

TEST(UsersEqualTo, OfATypeWithoutAnOperatorIsUsed) {
  gomap::map<support::bare, int> m{{{1, 10}, 1}, {{1, 20}, 2}};

  EXPECT_EQ(m.size(), 1U);
  EXPECT_EQ(m.count({1, 30}), 1U);
  EXPECT_TRUE(m == m.clone());
  m.check_invariants();
}

TEST(UsersEqualTo, IsUsedBesideAnOperator) {
  const gomap::map<support::strict, int> m{{{1, 10}, 1}};
  const gomap::map<support::strict, int> other{{{1, 20}, 1}};

  EXPECT_EQ(m.count({1, 20}), 1U);
  EXPECT_FALSE(m == other) << "maps are compared by the operator";
}

TEST(UsersEqualTo, OfAPointerIsUsed) {
  const support::record here{1};
  const support::record there{1};
  const support::record others[] = {{2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}};
  gomap::map<const support::record*, int> m{{&here, 1}};
  const auto at = m.find(&there);
  for (const auto& other : others) m[&other] = 2;

  EXPECT_EQ(m.at(&there), 1);
  EXPECT_EQ(at->first, &here);
  EXPECT_EQ(m.erase(&there), 1U);
  m.check_invariants();
}

// ---- N3980's calls

// Written for any hash algorithm: the address and size of what is to be hashed.
struct employee {
  int number;
  std::string name;
  friend bool operator==(const employee&, const employee&) = default;
  template <class Algorithm>
  friend void hash_append(Algorithm& h, const employee& e) noexcept {
    h(&e.number, sizeof e.number);
    h(e.name.data(), e.name.size());
    const auto size = e.name.size();
    h(static_cast<const void*>(&size), sizeof size);
  }
};

TEST(HashAppend, AnAddressAndASizeAddBytes) {
  gomap::map<employee, int> m;
  const std::string name = "a name that is longer than any small buffer";

  m[{1, name}] = 1;
  m[{2, name}] = 2;

  EXPECT_EQ(m.get({1, name}), 1);
  EXPECT_EQ(m.get({2, std::string(name)}), 2);
  EXPECT_EQ(m.count({1, "another"}), 0U);
}

TEST(HashAppend, EveryKindOfAddressAndSizeAddsBytes) {
  const std::uint64_t seed = 5;
  const char text[] = {'t', 'e', 'x', 't'};
  char copy[4];
  std::memcpy(copy, text, 4);
  const std::uint64_t expected = gomap::hasher(seed).bytes(text, 4).result();

  EXPECT_EQ(gomap::hasher(seed)(text, 4).result(), expected);
  EXPECT_EQ(gomap::hasher(seed)(copy, 4U).result(), expected);
  EXPECT_EQ(gomap::hasher(seed)(&copy[0], short{4}).result(), expected);
  EXPECT_EQ(gomap::hasher(seed)(static_cast<void*>(copy), sizeof copy).result(), expected);
  EXPECT_EQ(gomap::hasher(seed)(static_cast<const void*>(copy), 4L).result(), expected);
  EXPECT_EQ(gomap::hasher(seed)(reinterpret_cast<unsigned char*>(copy), 4).result(), expected);
}

TEST(HashAppend, OtherPartsBesideAnAddressAreParts) {
  const int a = 1;
  const int b = 1;
  const auto hash = [](auto... parts) { return gomap::hasher(5)(parts...).result(); };

  EXPECT_NE(hash(&a), hash(&b));
  EXPECT_NE(hash(&a, true), hash(&b, true));
  EXPECT_NE(hash(&a, 'c'), hash(&b, 'c'));
  EXPECT_NE(hash(4, &a), hash(4, &b));
  EXPECT_NE(hash(&a, 4, 4), hash(&b, 4, 4));
  EXPECT_NE(gomap::hasher(5)(&a)(4).result(), gomap::hasher(5)(&b)(4).result());
}

}  // namespace hash_users_test
