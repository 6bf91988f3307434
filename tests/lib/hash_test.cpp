// hash_test.cpp -- gomap::hash rule by rule: which types have one, what must agree, what must not.
//
// How well related keys are spread is in go_hash_quality_test.cpp; here only what the choice of
// the multiplier rests on.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/detail/multiply_portable.hpp>
#include <gomap/detail/seed.hpp>
#include <gomap/hash.hpp>

namespace hash_test {

using gomap::avalanching;
using gomap::hashable;
using gomap::detail::hash_with;
using gomap::detail::multiply_portable;

constexpr std::uint64_t seed = 0x5eed;

template <class K>
std::uint64_t hash_of(const K& key, std::uint64_t with = seed) {
  return gomap::hash<K>{}(key, with);
}

// ---- which types ----

struct no_hash {};

struct appends {
  int a;
  std::string b;
  friend void hash_append(gomap::hasher& h, const appends& x) noexcept { h(x.a, x.b); }
};

struct gives_value {
  std::size_t v;
  friend std::size_t hash_value(const gives_value& x) { return x.v; }
};

// Both hooks: the first counts.
struct has_both {
  int a;
  friend void hash_append(gomap::hasher& h, const has_both& x) { h(x.a); }
  [[maybe_unused]] friend std::size_t hash_value(const has_both&) { return 0; }
};

struct std_hashed {
  std::size_t v;
};

struct std_hashed_well {
  std::size_t v;
};

struct own_hash {
  int v;
};

enum class color : short { red = -1, green = 1 };

// An enumeration whose == takes two values for one can say so.
enum class loose { a, b };
std::size_t hash_value(loose) { return 1; }

}  // namespace hash_test

template <>
struct std::hash<hash_test::std_hashed> {
  std::size_t operator()(const hash_test::std_hashed& x) const noexcept { return x.v; }
};

template <>
struct std::hash<hash_test::std_hashed_well> {
  using is_avalanching = void;
  std::uint64_t operator()(const hash_test::std_hashed_well& x) const { return x.v; }
};

template <>
struct gomap::hash<hash_test::own_hash> {
  std::uint64_t operator()(const hash_test::own_hash& x) const noexcept {
    return static_cast<unsigned>(x.v);
  }
};

namespace hash_test {

template <class... Ts>
constexpr bool all_hashable = (hashable<Ts> && ...);

static_assert(all_hashable<bool, char, signed char, unsigned char, wchar_t, char8_t, char16_t,
                           char32_t, short, int, long, long long, unsigned, std::byte>);
static_assert(all_hashable<float, double, long double, std::complex<double>, color>);
static_assert(all_hashable<int*, const char*, void (*)(int), std::nullptr_t, std::unique_ptr<int>,
                           std::unique_ptr<int[]>, std::shared_ptr<const int>>);
static_assert(all_hashable<std::string, std::string_view, std::wstring, std::u8string,
                           std::u16string_view, std::pmr::string>);
static_assert(all_hashable<std::pair<int, std::string>, std::tuple<>, std::tuple<int, color>,
                           std::array<int, 9>, std::array<std::string, 2>, std::vector<bool>,
                           std::vector<std::vector<int>>, std::optional<const int>, std::monostate,
                           std::variant<std::monostate, int, std::string>>);
static_assert(all_hashable<std::chrono::nanoseconds, std::chrono::duration<double>,
                           std::chrono::system_clock::time_point>);
static_assert(all_hashable<std::thread::id, std::filesystem::path>, "by std::hash or hash_value");
static_assert(all_hashable<appends, gives_value, std_hashed, std_hashed_well, own_hash>);

static_assert(!hashable<no_hash> && !hashable<std::list<int>>);
static_assert(!hashable<std::pair<int, no_hash>> && !hashable<std::tuple<no_hash>> &&
              !hashable<std::array<no_hash, 2>> && !hashable<std::vector<no_hash>> &&
              !hashable<std::optional<no_hash>> && !hashable<std::variant<int, no_hash>>);
static_assert(!std::is_invocable_v<gomap::hash<no_hash>, no_hash>);
static_assert(!std::is_invocable_v<gomap::hash<no_hash>, no_hash, std::uint64_t>);

// Text under other traits may be equal where its bytes are not.
struct case_blind : std::char_traits<char> {};
static_assert(!hashable<std::basic_string<char, case_blind>>);

// ---- noexcept, constexpr, transparency ----

template <class K>
constexpr bool nothrow = std::is_nothrow_invocable_v<gomap::hash<K>, const K&, std::uint64_t>&&
    std::is_nothrow_invocable_v<gomap::hash<K>, const K&>;

static_assert(nothrow<int> && nothrow<double> && nothrow<std::string> && nothrow<appends> &&
              nothrow<std_hashed> && nothrow<std::pair<int, appends>> &&
              nothrow<std::vector<std::string>> && nothrow<std::variant<int, appends>>);
static_assert(!nothrow<gives_value> && !nothrow<has_both> && !nothrow<std_hashed_well> &&
              !nothrow<std::tuple<int, gives_value>> && !nothrow<std::optional<gives_value>>);

static_assert(gomap::hash<int>{}(1) != gomap::hash<int>{}(2));
static_assert(gomap::hash<std::pair<int, char>>{}({1, 'a'}, 7) !=
              gomap::hash<std::pair<int, char>>{}({1, 'b'}, 7));

template <class Hash>
concept transparent = requires {
  typename Hash::is_transparent;
};
static_assert(transparent<gomap::hash<std::string>> && transparent<gomap::hash<std::u16string>> &&
              transparent<gomap::hash<std::string_view>>);
static_assert(!transparent<gomap::hash<int>> && !transparent<gomap::hash<const char*>>);

// ---- is_avalanching, in the spellings in use ----

struct says_void {
  using is_avalanching = void;
};
struct says_true {
  using is_avalanching = std::true_type;
};
struct says_false {
  using is_avalanching = std::false_type;
};
struct says_something {
  using is_avalanching = int;
};
static_assert(avalanching<says_void> && avalanching<says_true> && avalanching<says_something>);
static_assert(!avalanching<says_false> && !avalanching<std::hash<int>>);
static_assert(avalanching<gomap::hash<int>> && avalanching<gomap::hash<std::string>>);

// ---- what must agree ----

TEST(Hash, SpellingsOfOneTextAgree) {
  const gomap::hash<std::string> h;
  for (const std::size_t size : {0u, 1u, 3u, 8u, 16u, 17u, 128u, 129u, 240u, 241u, 5000u}) {
    const std::string text(size, 'x');
    const std::pmr::string pmr(text);

    EXPECT_EQ(h(text, seed), h(std::string_view(text), seed));
    EXPECT_EQ(h(text, seed), h(text.c_str(), seed));
    EXPECT_EQ(h(text, seed), h(pmr, seed));
    EXPECT_EQ(h(text, seed), hash_of(pmr));
    EXPECT_EQ(h(text, seed), hash_of(std::string_view(text)));
    EXPECT_EQ(h(text), gomap::hash<std::string_view>{}(text));
  }
}

TEST(Hash, AViewOfNothingIsTheEmptyText) {
  EXPECT_EQ(hash_of(std::string_view()), hash_of(std::string()));
  EXPECT_EQ(hash_of(std::vector<int>()), hash_of(std::vector<int>()));
}

TEST(Hash, TheAddressOfTextDoesNotCount) {
  const std::string text = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (std::size_t shift = 0; shift < 16; ++shift) {
    const std::string moved = std::string(shift, '-') + text;
    EXPECT_EQ(hash_of(std::string_view(moved).substr(shift)), hash_of(text));
  }
}

TEST(Hash, ACharPointerIsAPointer) {
  const char one[] = "text";
  const char two[] = "text";

  EXPECT_NE(hash_of<const char*>(one), hash_of<const char*>(two));
}

TEST(Hash, TheTwoZerosAgree) {
  EXPECT_EQ(hash_of(0.0f), hash_of(-0.0f));
  EXPECT_EQ(hash_of(0.0), hash_of(-0.0));
  EXPECT_EQ(hash_of(0.0L), hash_of(-0.0L));
  EXPECT_EQ(hash_of(std::complex<double>(0.0, -0.0)), hash_of(std::complex<double>(-0.0, 0.0)));
  EXPECT_EQ(hash_of(std::chrono::duration<double>(0.0)),
            hash_of(std::chrono::duration<double>(-0.0)));
}

// Its bytes include six that hold nothing.
TEST(Hash, TheGapInALongDoubleDoesNotCount) {
  alignas(long double) unsigned char left[sizeof(long double)];
  alignas(long double) unsigned char right[sizeof(long double)];
  std::fill(std::begin(left), std::end(left), static_cast<unsigned char>(0x00));
  std::fill(std::begin(right), std::end(right), static_cast<unsigned char>(0xff));
  const auto* a = new (left) long double(1.5L);
  const auto* b = new (right) long double(1.5L);

  EXPECT_EQ(hash_of(*a), hash_of(*b));
  EXPECT_NE(hash_of(1.5L), hash_of(-1.5L));
  EXPECT_NE(hash_of(1.0L), hash_of(1.0L + std::numeric_limits<long double>::epsilon()));
}

TEST(Hash, OneNaNHashesAlikeEachTime) {
  const double nan = std::numeric_limits<double>::quiet_NaN();

  EXPECT_EQ(hash_of(nan), hash_of(nan));
}

TEST(Hash, APointerAndItsOwnerAgree) {
  const auto owner = std::make_shared<int>(1);
  const auto unique = std::make_unique<int>(1);

  EXPECT_EQ(hash_of(owner), hash_of(owner.get()));
  EXPECT_EQ(hash_of(unique), hash_of(unique.get()));
}

TEST(Hash, AFullOptionalAgreesWithWhatItHolds) {
  EXPECT_EQ(hash_of(std::optional<int>(5)), hash_of(5));
  EXPECT_EQ(hash_of(std::optional<std::string>("x")), hash_of(std::string("x")));
}

TEST(Hash, EnumerationsHashLikeTheirNumberUnlessTheyHaveAHook) {
  EXPECT_EQ(hash_of(color::red), hash_of(short{-1}));
  EXPECT_EQ(hash_of(std::byte{7}), hash_of(static_cast<unsigned char>(7)));
  EXPECT_EQ(hash_of(loose::a), hash_of(loose::b));
}

// ---- what must not ----

TEST(Hash, EveryKindOfKeyHeedsItsSeed) {
  const auto expect_seeded = [](const auto& key) { EXPECT_NE(hash_of(key, 1), hash_of(key, 2)); };

  expect_seeded(0);
  expect_seeded('a');
  expect_seeded(true);
  expect_seeded(color::green);
  expect_seeded(0.0);
  expect_seeded(1.5L);
  expect_seeded(nullptr);
  expect_seeded(&seed);
  expect_seeded(std::string());
  expect_seeded(std::string(300, 'x'));
  expect_seeded(std::make_pair(1, 2));
  expect_seeded(std::tuple<>());
  expect_seeded(std::array<int, 0>());
  expect_seeded(std::array<char, 20>());
  expect_seeded(std::vector<int>());
  expect_seeded(std::vector<std::string>());
  expect_seeded(std::vector<bool>());
  expect_seeded(std::optional<int>());
  expect_seeded(std::monostate());
  expect_seeded(std::variant<int, long>());
  expect_seeded(std::chrono::seconds(1));
  expect_seeded(appends{1, "x"});
  expect_seeded(gives_value{1});
  expect_seeded(std_hashed{1});
  expect_seeded(std::make_pair(own_hash{1}, own_hash{2}));
}

TEST(Hash, PartsAndTheirOrderCount) {
  EXPECT_NE(hash_of(std::make_pair(1, 2)), hash_of(std::make_pair(2, 1)));
  EXPECT_NE(hash_of(std::make_tuple(0, 0, 1)), hash_of(std::make_tuple(0, 1, 0)));
  EXPECT_NE(hash_of(std::make_pair(std::string("ab"), std::string("c"))),
            hash_of(std::make_pair(std::string("a"), std::string("bc"))));
  EXPECT_NE(hash_of(std::array<int, 2>{1, 2}), hash_of(std::array<int, 2>{2, 1}));
  EXPECT_NE(hash_of(std::complex<float>(1, 2)), hash_of(std::complex<float>(2, 1)));
}

TEST(Hash, LengthsCount) {
  using words = std::vector<std::string>;
  using lists = std::vector<std::vector<int>>;

  EXPECT_NE(hash_of(words{}), hash_of(words{""}));
  EXPECT_NE(hash_of(words{""}), hash_of(words{"", ""}));
  EXPECT_NE(hash_of(words{"ab", "c"}), hash_of(words{"a", "bc"}));
  EXPECT_NE(hash_of(lists{{1}, {}}), hash_of(lists{{}, {1}}));
  EXPECT_NE(hash_of(std::vector<int>(3)), hash_of(std::vector<int>(4)));
  EXPECT_NE(hash_of(std::vector<bool>(3)), hash_of(std::vector<bool>(4)));
}

TEST(Hash, AnEmptyOptionalDiffersFromAnyUsualValue) {
  for (int value = -100; value < 100; ++value) {
    EXPECT_NE(hash_of(std::optional<int>()), hash_of(std::optional<int>(value)));
  }
}

TEST(Hash, TheAlternativeOfAVariantCounts) {
  using either = std::variant<int, long, std::monostate>;

  EXPECT_NE(hash_of(either(1)), hash_of(either(1L)));
  EXPECT_NE(hash_of(either(0)), hash_of(either(std::monostate())));
  EXPECT_EQ(hash_of(either(1L)), hash_of(either(1L)));
}

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw 1; }
  friend std::size_t hash_value(const throws_when_copied&) { return 1; }
};

TEST(Hash, AVariantWithoutValueHasAHash) {
  std::variant<int, throws_when_copied> empty(7);
  const throws_when_copied source;
  try {
    empty.emplace<1>(source);
  } catch (int) {
  }
  ASSERT_TRUE(empty.valueless_by_exception());

  EXPECT_EQ(hash_of(empty), hash_of(empty));
  EXPECT_NE(hash_of(empty), hash_of(std::variant<int, throws_when_copied>(7)));
}

// ---- users' types ----

TEST(Hash, AHookSeesEachPart) {
  const appends key{1, "x"};

  EXPECT_EQ(hash_of(key), hash_of(appends{1, "x"}));
  EXPECT_EQ(hash_of(key), hash_of(std::make_pair(1, std::string("x"))));
  EXPECT_NE(hash_of(key), hash_of(appends{2, "x"}));
  EXPECT_NE(hash_of(key), hash_of(appends{1, "y"}));
  EXPECT_NE(hash_of(has_both{1}), hash_of(has_both{2}));
}

TEST(Hash, AHasherTakesBytes) {
  const char text[] = "text";
  const auto with_bytes = [&](std::size_t size) {
    return gomap::hasher(seed)(1).bytes(text, size).result();
  };

  EXPECT_EQ(with_bytes(4), with_bytes(4));
  EXPECT_NE(with_bytes(4), with_bytes(3));
  EXPECT_EQ(gomap::hasher(seed).bytes(text, 4).result(), hash_of(std::string("text")));
}

// What comes from outside is mixed, for its bits may be poor; what is said to be good is not.
TEST(Hash, ResultsOfUsersHashesAreMixedUnlessTheyAvalanche) {
  EXPECT_EQ(hash_of(gives_value{3}), gomap::mix(3, seed));
  EXPECT_EQ(hash_of(std_hashed{3}), gomap::mix(3, seed));
  EXPECT_EQ(hash_of(std_hashed_well{3}), 3u);
}

// ---- hash_with: any hash, one way ----

TEST(HashWith, AHashThatTakesASeedGetsIt) {
  const auto seeded = [](int key, std::uint64_t with) { return static_cast<unsigned>(key) + with; };

  EXPECT_EQ(hash_with(seeded, 1, 10), 11u);
  EXPECT_EQ(hash_with(gomap::hash<int>{}, 1, 10), hash_of(1, 10));
}

struct identity {
  std::uint64_t operator()(std::uint64_t key) const { return key; }
};
struct good_identity : identity, says_void {};
struct poor_identity : identity, says_false {};
struct short_identity {
  using is_avalanching = void;
  std::uint32_t operator()(std::uint32_t key) const noexcept { return key; }
};

TEST(HashWith, AnAvalanchingResultIsTakenAsItIs) {
  EXPECT_EQ(hash_with(good_identity{}, std::uint64_t{5}, seed), 5u);
}

TEST(HashWith, OtherResultsAreMixedWithTheSeed) {
  EXPECT_EQ(hash_with(identity{}, std::uint64_t{5}, seed), gomap::mix(5, seed));
  EXPECT_EQ(hash_with(poor_identity{}, std::uint64_t{5}, seed), gomap::mix(5, seed));
}

// 32 good bits leave the topmost empty, where the tophash is taken from.
TEST(HashWith, AShortAvalanchingResultIsMixed) {
  EXPECT_EQ(hash_with(short_identity{}, 5u, seed), gomap::mix(5, seed));
  static_assert(noexcept(hash_with(short_identity{}, 5u, seed)));
  static_assert(!noexcept(hash_with(identity{}, std::uint64_t{5}, seed)));
}

// ---- the multiplication ----

TEST(Multiply, TheTwoFilesGiveTheSameNumbers) {
  std::mt19937_64 random(1);
  const std::uint64_t edges[] = {0, 1, 0xffffffff, 0x100000000, ~std::uint64_t{0}};

  for (const auto a : edges) {
    for (const auto b : edges) {
      EXPECT_EQ(gomap::detail::multiply_fold(a, b), multiply_portable::fold(a, b));
    }
  }
  for (int i = 0; i < 1000; ++i) {
    const auto a = random();
    const auto b = random();
    ASSERT_EQ(gomap::detail::multiply_fold(a, b), multiply_portable::fold(a, b));
  }
}

template <class Multiply>
void expect_both_halves_to_count() {
  if constexpr (requires { typename Multiply::uint128; }) {
    using wide = typename Multiply::uint128;
    const wide one = 1;

    EXPECT_NE(hash_of(one), hash_of(one << 64));
    EXPECT_NE(hash_of(one), hash_of(one | one << 64));
    EXPECT_EQ(hash_of(one), hash_of(static_cast<typename Multiply::int128>(1)));
  }
}

TEST(Multiply, BothHalvesOfAWideIntegerCountWhereThereIsOne) {
  expect_both_halves_to_count<gomap::detail::GOMAP_MULTIPLY>();
}

// Fills 2^bits buckets to the load limit with mix(key_of(n)), n = 0, 1, 2, ...
struct spread {
  double overflowing = 0;    // share of keys beyond their bucket's eight slots
  double crowded = 0;        // the same, when four of the middle bits replace four low ones
  double false_matches = 0;  // share of keys that meet their own tophash in their bucket

  template <class KeyOf>
  spread(int bits, std::uint64_t with, const KeyOf& key_of) {
    const std::size_t buckets = std::size_t{1} << bits;
    const std::size_t count = buckets * 13 / 2;
    std::vector<int> load(buckets);
    std::vector<int> sharded(buckets);
    std::vector<unsigned char> tops(buckets * 256);
    for (std::uint64_t n = 0; n < count; ++n) {
      const std::uint64_t h = gomap::mix(key_of(n), with);
      const std::size_t bucket = h % buckets;
      overflowing += ++load[bucket] > 8;
      crowded += ++sharded[h % (buckets / 16) * 16 + (h >> 32) % 16] > 8;
      false_matches += tops[bucket * 256 + (h >> 56)]++ != 0;
    }
    overflowing /= static_cast<double>(count);
    crowded /= static_cast<double>(count);
    false_matches /= static_cast<double>(count);
  }
};

// Keys that programs count in. Random numbers leave 0.03 of the keys beyond their buckets and
// 0.01 of them with a false tophash. Most multipliers exceed these bounds for some step or other,
// and the step is then slow in every map: so the multiplier is chosen by them.
template <class KeyOf>
void expect_spread(const KeyOf& key_of) {
  std::mt19937_64 random(3);
  for (const int bits : {7, 10, 13}) {
    const spread s(bits, random(), key_of);
    EXPECT_LT(s.overflowing, 0.3) << bits << " bits";
    EXPECT_LT(s.crowded, 0.3) << bits << " bits";
    EXPECT_LT(s.false_matches, 0.3) << bits << " bits";
  }
}

TEST(Multiplier, StepsOfEveryPowerOfTwoAreSpread) {
  for (int shift = 0; shift < 48; ++shift) {
    SCOPED_TRACE(shift);
    expect_spread([shift](std::uint64_t n) { return n << shift; });
  }
}

TEST(Multiplier, RotatedCountersAreSpread) {
  for (int by = 48; by < 64; ++by) {
    SCOPED_TRACE(by);
    expect_spread([by](std::uint64_t n) { return std::rotl(n, by); });
  }
}

TEST(Multiplier, GridsOfTwoCountersAreSpread) {
  for (int high = 8; high < 50; high += 3) {
    SCOPED_TRACE(high);
    expect_spread([high](std::uint64_t n) { return n % 64 | (n / 64) << high; });
  }
}

// Heap addresses: a base and steps of the size of an object.
TEST(Multiplier, AddressesOfNeighboursAreSpread) {
  for (std::uint64_t size = 16; size <= 256; size += 16) {
    SCOPED_TRACE(size);
    expect_spread([size](std::uint64_t n) { return 0x7f3a5c000010 + n * size; });
  }
}

// ---- seeds ----

TEST(Seed, NoTwoAreAlikeAndTheirBitsAreEven) {
  constexpr int count = 4096;
  std::set<std::uint64_t> seeds;
  std::array<int, 64> ones{};
  for (int i = 0; i < count; ++i) {
    const auto s = gomap::detail::random_seed();
    seeds.insert(s);
    for (std::size_t bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(s >> bit & 1);
  }

  EXPECT_EQ(seeds.size(), static_cast<std::size_t>(count));
  // 2048 expected, standard deviation 32: eight of them.
  EXPECT_GT(*std::min_element(ones.begin(), ones.end()), 2048 - 256);
  EXPECT_LT(*std::max_element(ones.begin(), ones.end()), 2048 + 256);
}

TEST(Seed, StartsReachEveryPlaceOfASmallArray) {
  std::array<int, 8> low{};
  std::array<int, 8> next{};
  for (int i = 0; i < 8000; ++i) {
    const auto start = gomap::detail::random_start();
    ++low[start % 8];
    ++next[start / 8 % 8];
  }

  // 1000 expected, standard deviation 30: eight of them.
  for (const auto& places : {low, next}) {
    EXPECT_GT(*std::min_element(places.begin(), places.end()), 1000 - 240);
    EXPECT_LT(*std::max_element(places.begin(), places.end()), 1000 + 240);
  }
}

TEST(Seed, ThreadsDrawSequencesOfTheirOwn) {
  std::array<std::set<std::uint64_t>, 2> drawn;
  std::array<std::uint64_t, 2> text_hashes{};
  const auto draw = [&](std::size_t thread) {
    for (int i = 0; i < 1000; ++i) {
      drawn[thread].insert(gomap::detail::random_start());
      drawn[thread].insert(gomap::detail::random_seed());
    }
    text_hashes[thread] = hash_of(std::string("text"));
  };

  std::thread first(draw, 0);
  std::thread second(draw, 1);
  first.join();
  second.join();

  drawn[0].merge(drawn[1]);
  EXPECT_EQ(drawn[0].size(), 4000u);
  EXPECT_EQ(text_hashes[0], text_hashes[1]);
}

}  // namespace hash_test
