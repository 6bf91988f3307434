// iterator_identity_test.cpp -- an iterator is its entry, held against a model.
//
// Each entry carries the number of its incarnation as its value. Iterators of every origin are kept
// while keys come and go, iterators erase, and the table grows in both ways. Whatever has happened:
//   * one whose incarnation lives reads, compares and erases that incarnation, and no other;
//   * one whose incarnation has ended is named when it is read or erased by, and nothing else is
//     touched; ++ goes on from where it was;
//   * copies of one iterator, and what walked on from it, meet what is left in one order as long as
//     keys are only erased.
// A key that is erased and inserted again is a new incarnation. Keys known by their value tell it
// apart by two bits, so there the tests let four endings in one slot pass.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/misuse.hpp>

#include "support/chosen_hash.hpp"
#include "support/make_value.hpp"
#include "support/types.hpp"

namespace iterator_identity_test {

// ---- keys of many kinds, each made from a number

// Known to gomap::hash by a hash that collides, and may throw for all that anybody knows.
struct point {
  int x = 0;
  int y = 0;

  friend bool operator==(const point&, const point&) = default;
  friend void hash_append(gomap::hasher& h, const point& p) { h(p.x + p.y); }
};

// Can be moved only.
class owner {
 public:
  explicit owner(std::uint64_t n) : number_(std::make_unique<std::uint64_t>(n)) {}
  std::uint64_t number() const { return *number_; }
  friend bool operator==(const owner& a, const owner& b) { return a.number() == b.number(); }

 private:
  std::unique_ptr<std::uint64_t> number_;
};

// Evacuations copy it, since its move might throw.
class replica {
 public:
  explicit replica(std::uint64_t n) : number_(n) {}
  replica(const replica&) = default;
  replica(replica&& other) noexcept(false) : number_(other.number_) {}
  std::uint64_t number() const { return number_; }
  friend bool operator==(const replica& a, const replica& b) { return a.number() == b.number(); }

 private:
  std::uint64_t number_;
};

enum class colour : std::uint16_t {};

// With a value that equals nothing, as a NaN.
enum class reading : std::uint64_t { none = ~std::uint64_t{0} };
bool operator==(reading a, reading b) {
  return static_cast<std::uint64_t>(a) == static_cast<std::uint64_t>(b) &&
         static_cast<std::uint64_t>(a) != static_cast<std::uint64_t>(reading::none);
}

// By a pointer; no pointer equals one that is null.
struct node {
  int number;
};
struct number_of_node {
  std::size_t operator()(const node* n) const {
    return n == nullptr ? 0 : static_cast<std::size_t>(n->number);
  }
};

}  // namespace iterator_identity_test

template <>
struct std::equal_to<const iterator_identity_test::node*> {
  bool operator()(const iterator_identity_test::node* a,
                  const iterator_identity_test::node* b) const {
    return a != nullptr && b != nullptr && a->number == b->number;
  }
};

namespace iterator_identity_test {

struct length_of {
  std::size_t operator()(const std::string& text) const { return text.size(); }
};
struct sum_of {
  std::size_t operator()(const point& p) const { return static_cast<std::size_t>(p.x + p.y); }
};
struct third_of_number {
  template <class Key>
  std::size_t operator()(const Key& key) const noexcept {
    return key.number() / 3;
  }
};
struct mod_ten {
  std::size_t operator()(std::uint64_t n) const { return n % 10; }
};

template <class Key>
struct keys {
  static Key make(std::uint64_t n) { return support::make_value<Key>(n); }
  static bool is_nan(std::uint64_t) { return false; }
};
template <>
struct keys<point> {
  static point make(std::uint64_t n) {
    return {static_cast<int>(n % 20), static_cast<int>(n / 20)};
  }
  static bool is_nan(std::uint64_t) { return false; }
};
template <>
struct keys<colour> {
  static colour make(std::uint64_t n) { return static_cast<colour>(n); }
  static bool is_nan(std::uint64_t) { return false; }
};
template <>
struct keys<reading> {
  static reading make(std::uint64_t n) {
    return is_nan(n) ? reading::none : static_cast<reading>(n);
  }
  static bool is_nan(std::uint64_t n) { return n % 5 == 0; }
};
template <>
struct keys<const char*> {
  static const char* make(std::uint64_t n) {
    static const std::vector<char> bytes(1 << 20);
    return bytes.data() + n;
  }
  static bool is_nan(std::uint64_t) { return false; }
};
template <>
struct keys<double> {
  static double make(std::uint64_t n) {
    return is_nan(n) ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(n);
  }
  static bool is_nan(std::uint64_t n) { return n % 5 == 0; }
};

// ---- the playground

struct coverage {
  std::size_t alive = 0;
  std::size_t alive_after_a_growth = 0;
  std::size_t ended = 0;
  std::size_t reborn = 0;
  std::size_t same_size_growths = 0;
};

template <class Key, class Hash>
class playground {
 public:
  using map_type = gomap::map<Key, std::uint64_t, Hash>;
  using iterator = typename map_type::iterator;
  static constexpr bool known_by_key = gomap::detail::known_by_key<Key, std::equal_to<>>();

  playground(std::uint64_t seed, std::size_t target, Hash hash, coverage& met)
      : map_(typename map_type::seed_with(seed), 0, hash),
        random_(seed),
        target_(target),
        met_(met),
        before_(gomap::set_fatal_handler([](const gomap::misuse_report& r) { throw r.kind; })) {
    map_.growth_step(pick(2) == 0 ? 1 : 2);
  }
  ~playground() { gomap::set_fatal_handler(before_); }

  void play(std::size_t rounds) {
    for (round_ = 0; round_ < rounds; ++round_) {
      for (std::uint64_t n = pick(6); n > 0; --n) mutate();
      keep_some();
      for (std::uint64_t n = pick(4); n > 0 && !kept_.empty(); --n) check(pick(kept_.size()));
      if (kept_.size() > 60) kept_.erase(kept_.begin(), kept_.begin() + 20);
      if (round_ % 32 == 0) map_.check_invariants();
      if (testing::Test::HasFailure()) return;
    }
    met_.same_size_growths += map_.stats().growths_same_size;
  }

 private:
  struct kept_iterator {
    iterator at;
    std::uint64_t incarnation;
    std::uint64_t number;
    std::size_t grown;  // how many growths the map had seen
  };

  std::uint64_t pick(std::uint64_t bound) { return random_() % bound; }
  std::uint64_t universe() const { return 2 * target_ + 2; }
  std::size_t growths() const {
    const auto s = map_.stats();
    return s.growths_double + s.growths_same_size;
  }
  void keep(iterator at) {
    if (at == map_.end()) return;
    const std::uint64_t incarnation = at->second;
    kept_.push_back({at, incarnation, alive_.at(incarnation), growths()});
  }

  void mutate() {
    const std::uint64_t dice = pick(1000);
    if (dice < (map_.size() > target_ ? 300U : 560U)) return insert(pick(universe()));
    if (dice < 760) return erase_number(pick(universe()));
    if (dice < 940) return erase_one();
    if (dice < 950) return burst();
    if (dice < 955) return map_.finish_growth();
    if (dice < 960) return map_.reserve(map_.size() + pick(target_ + 1));
    if (dice < 964) return map_.rehash(map_.bucket_count());  // compacts
    if (dice < 970) return erase_half();
  }

  void insert(std::uint64_t number) {
    const bool nan = keys<Key>::is_nan(number);
    if (!nan && numbers_.contains(number)) return;
    const std::uint64_t incarnation = next_++;
    const auto [at, inserted] = map_.try_emplace(keys<Key>::make(number), incarnation);
    ASSERT_TRUE(inserted);
    alive_.emplace(incarnation, number);
    if (!nan) numbers_.emplace(number, incarnation);
    if (pick(4) == 0) keep(at);
  }
  void forget(std::uint64_t incarnation) {
    const std::uint64_t number = alive_.at(incarnation);
    alive_.erase(incarnation);
    const auto found = numbers_.find(number);
    if (found != numbers_.end() && found->second == incarnation) numbers_.erase(found);
  }
  void erase_number(std::uint64_t number) {
    const auto found = numbers_.find(number);
    const bool there = found != numbers_.end();
    ASSERT_EQ(map_.erase(keys<Key>::make(number)), there ? 1U : 0U);
    if (there) forget(found->second);
  }
  // Any entry, NaNs too.
  void erase_one() {
    if (alive_.empty()) return;
    auto some = alive_.lower_bound(pick(next_));
    if (some == alive_.end()) some = alive_.begin();
    const std::uint64_t incarnation = some->first;
    ASSERT_EQ(erase_if(map_, [&](const auto& e) { return e.second == incarnation; }), 1U);
    forget(incarnation);
  }
  void erase_half() {
    const std::uint64_t odd = pick(2);
    erase_if(map_, [&](const auto& e) {
      if (e.second % 2 != odd) return false;
      forget(e.second);
      return true;
    });
  }
  void burst() {
    const std::uint64_t many = pick(3 * target_ + 8);
    for (std::uint64_t i = 0; i < many; ++i) insert(universe() + far_++ % (4 * target_ + 40));
  }

  void keep_some() {
    if (pick(3) == 0 && !numbers_.empty()) {
      auto some = numbers_.lower_bound(pick(universe()));
      if (some == numbers_.end()) some = numbers_.begin();
      keep(map_.find(keys<Key>::make(some->first)));
    }
    if (pick(6) != 0 || map_.empty()) return;
    auto at = map_.begin();
    for (std::uint64_t n = pick(map_.size()); n > 0; --n) ++at;
    keep(at);
  }

  void check(std::size_t which) {
    kept_iterator k = kept_[which];
    SCOPED_TRACE("round " + std::to_string(round_) + ", incarnation " +
                 std::to_string(k.incarnation) + ", number " + std::to_string(k.number));
    if (alive_.contains(k.incarnation)) {
      check_alive(k);
    } else {
      check_ended(k);
    }
    if (pick(2) == 0) kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void check_alive(kept_iterator& k) {
    ++met_.alive;
    if (growths() != k.grown) ++met_.alive_after_a_growth;
    ASSERT_EQ(k.at->second, k.incarnation);
    ASSERT_EQ((*k.at).second, k.incarnation);
    ASSERT_FALSE(k.at == map_.end());
    ASSERT_TRUE(k.at == iterator(k.at));
    if (!keys<Key>::is_nan(k.number)) {
      const auto found = map_.find(keys<Key>::make(k.number));
      ASSERT_TRUE(k.at == found);
      ASSERT_EQ(&*k.at, &*found);
    }
    for (const kept_iterator& other : kept_) {
      if (alive_.contains(other.incarnation)) {
        ASSERT_EQ(other.at == k.at, other.incarnation == k.incarnation);
      }
    }
    if (pick(3) != 0) return;
    const std::size_t size = map_.size();
    const auto next = map_.erase(k.at);
    forget(k.incarnation);
    ASSERT_EQ(map_.size(), size - 1);
    if (next != map_.end()) {
      ASSERT_TRUE(alive_.contains(next->second));
    }
  }

  void check_ended(kept_iterator& k) {
    ++met_.ended;
    const bool reborn = numbers_.contains(k.number);
    if (reborn) ++met_.reborn;
    // Two bits tell incarnations of one key apart.
    if (known_by_key && reborn) return;
    const std::size_t size = map_.size();
    ASSERT_THROW(map_.erase(k.at), gomap::misuse_kind);
    ASSERT_THROW((void)*k.at, gomap::misuse_kind);
    ASSERT_THROW((void)k.at->second, gomap::misuse_kind);
    ASSERT_EQ(map_.size(), size);
    ASSERT_FALSE(k.at == map_.end());
    for (const kept_iterator& other : kept_) {
      if (alive_.contains(other.incarnation)) {
        ASSERT_FALSE(other.at == k.at);
      }
    }
    ++k.at;
    if (k.at != map_.end()) {
      ASSERT_TRUE(alive_.contains(k.at->second));
    }
  }

  map_type map_;
  std::mt19937_64 random_;
  std::size_t target_;
  std::size_t round_ = 0;
  std::map<std::uint64_t, std::uint64_t> alive_;    // incarnation -> number of its key
  std::map<std::uint64_t, std::uint64_t> numbers_;  // number -> incarnation, but for NaNs
  std::uint64_t next_ = 1;
  std::uint64_t far_ = 0;
  std::vector<kept_iterator> kept_;
  coverage& met_;
  gomap::fatal_handler before_;
};

template <class Key, class Hash, support::hash_kind Kind = support::hash_kind::seeded>
struct setting {
  using key_type = Key;
  using hash_type = Hash;
  static Hash hash() {
    if constexpr (std::is_same_v<Hash, support::chosen_hash<Key>>) {
      return Hash{Kind};
    } else {
      return Hash();
    }
  }
};
template <class Key, support::hash_kind Kind>
using chosen = setting<Key, support::chosen_hash<Key>, Kind>;

template <class Setting>
class IteratorIdentity : public testing::Test {};

using support::hash_kind;
using settings = support::types<
    6, setting<std::uint64_t, mod_ten>, setting<const char*, gomap::hash<const char*>>,
    chosen<std::string, hash_kind::colliding>, setting<point, sum_of>,
    setting<owner, third_of_number>, setting<replica, third_of_number>,
    setting<std::uint64_t, gomap::hash<std::uint64_t>>, chosen<std::uint64_t, hash_kind::low_bits>,
    setting<colour, gomap::hash<colour>>, setting<reading, gomap::hash<reading>>,
    setting<std::string, gomap::hash<std::string>>, setting<std::string, length_of>,
    chosen<std::string, hash_kind::high_bits>, setting<double, gomap::hash<double>>,
    setting<point, gomap::hash<point>>>;
TYPED_TEST_SUITE(IteratorIdentity, settings);

TYPED_TEST(IteratorIdentity, HoldsWhateverTheMapGoesThrough) {
  coverage met;

  for (const std::size_t target : {1U, 6U, 20U, 100U, 400U}) {
    const std::uint64_t games = target <= 20 ? 8 : (target <= 100 ? 2 : 1);
    for (std::uint64_t seed = 1; seed <= games; ++seed) {
      SCOPED_TRACE("target " + std::to_string(target) + ", seed " + std::to_string(seed));
      playground<typename TypeParam::key_type, typename TypeParam::hash_type>(
          seed, target, TypeParam::hash(), met)
          .play(300 + target);
      if (this->HasFailure()) return;
    }
  }

  EXPECT_GT(met.alive, 2000U);
  EXPECT_GT(met.alive_after_a_growth, 500U);
  EXPECT_GT(met.ended, 1000U);
  EXPECT_GT(met.reborn, 100U);
  EXPECT_GT(met.same_size_growths, 20U);
}

TEST(IteratorIdentityOfPointers, IsNotTheAddressWhereAnEqualityOfTheUsersComparesThem) {
  gomap::map<const node*, int, number_of_node, std::equal_to<const node*>> m;
  std::vector<node> nodes;
  for (int i = 1; i <= 200; ++i) nodes.push_back({i});
  std::vector<decltype(m)::iterator> nulls;
  for (int i = 0; i < 20; ++i) nulls.push_back(m.emplace(nullptr, i).first);

  for (const node& n : nodes) m.emplace(&n, n.number);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(nulls[static_cast<std::size_t>(i)]->second, i);
  m.erase(nulls[7]);

  EXPECT_EQ(erase_if(m, [](const auto& e) { return e.first == nullptr && e.second == 7; }), 0U);
  EXPECT_EQ(m.size(), 219U);
}

}  // namespace iterator_identity_test
