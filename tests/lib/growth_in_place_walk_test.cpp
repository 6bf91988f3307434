// growth_in_place_walk_test.cpp -- walks over a map that grows where it is keep their guarantees.
//
// While iterators, const iterators, scans and iterators of found entries are alive, keys come and
// go, and the map doubles and compacts its array in place; at times the allocator refuses, and two
// arrays serve. Each insertion of a key is a birth. A walk produces what is there with its latest
// value (a, b), no birth twice (d), and all that is there from its begin to its end (e). The
// letters are those of iteration_model_test.cpp, which plays longer, without an extending
// allocator.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/chosen_hash.hpp"
#include "support/extending_allocator.hpp"
#include "support/make_value.hpp"

namespace growth_in_place_walk_test {

using support::extension_ledger;
using support::hash_kind;

struct broken_guarantee : std::logic_error {
  using std::logic_error::logic_error;
};

// ---- the model: what lives, under the number that makes its key ------------------------------

struct life {
  std::uint64_t birth;
  std::uint64_t value;
};
using lives = std::unordered_map<std::uint64_t, life>;

// What one walk has produced.
class walk_record {
 public:
  walk_record(const lives& alive, std::uint64_t first_unborn)
      : alive_(&alive), first_unborn_(first_unborn) {}

  void produced(std::uint64_t number, std::uint64_t value) {
    const auto found = alive_->find(number);
    require(found != alive_->end(), "(a) an erased entry was produced", number);
    require(found->second.value == value, "(b) an old value was produced", number);
    require(seen_.insert(found->second.birth).second, "(d) produced twice", number);
  }
  void ended() const {
    for (const auto& [number, entry] : *alive_) {
      require(entry.birth >= first_unborn_ || seen_.contains(entry.birth),
              "(e) there throughout and not produced", number);
    }
  }

 private:
  static void require(bool holds, const char* what, std::uint64_t number) {
    if (!holds) throw broken_guarantee(std::string(what) + ": " + std::to_string(number));
  }

  const lives* alive_;
  std::uint64_t first_unborn_;
  std::unordered_set<std::uint64_t> seen_;
};

// What happened while walks were alive: without it they prove nothing.
struct coverage {
  std::size_t walks_ended = 0;
  std::size_t over_several_doublings = 0;
  std::size_t begun_in_mid_growth = 0;
  std::size_t compactions = 0;
  std::size_t extends = 0;
  std::size_t refused = 0;
};

// ---- the playground: a map, its model, and walks over it -------------------------------------

template <class Key>
class playground {
 public:
  using hash = support::chosen_hash<Key>;
  using map_type = gomap::map<Key, std::uint64_t, hash, std::equal_to<>,
                              support::extending_allocator<std::pair<const Key, std::uint64_t>>>;

  playground(hash_kind kind, std::uint64_t seed, std::uint64_t target, coverage& met)
      : map_(typename map_type::seed_with(seed), 0, hash{kind}, {},
             typename map_type::allocator_type(ledger_)),
        random_(seed),
        target_(target),
        met_(met) {
    map_.growth_step(pick(2) == 0 ? 1 : 2);
  }

  // A few changes, then a few steps of each walk, until a map of a few has grown to `target` and
  // shrunk again; then the walks go on to the end.
  void play(std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
      const bool waning = i % 400 > 300;
      for (std::uint64_t n = pick(6); n > 0; --n) change(waning);
      if (walks_.size() < 8 && pick(map_.growing() ? 2 : 12) == 0) start_walk();
      for (std::size_t w = walks_.size(); w-- > 0;) step_some(w, pick(4));
      if (i % 50 == 0) map_.check_invariants();
    }
    while (!walks_.empty()) step_some(walks_.size() - 1, 1);
    check_contents();
    met_.compactions += map_.stats().growths_same_size;
    met_.extends += ledger_.extends();
    met_.refused += ledger_.refused_extends();
  }

 private:
  struct walk {
    walk_record record;
    std::function<bool(walk_record&)> step;  // false: there is no next
    std::size_t doublings;                   // when it began
  };

  std::uint64_t pick(std::uint64_t bound) { return random_() % bound; }

  // ---- changes

  void change(bool waning) {
    const std::uint64_t dice = pick(1000);
    if (dice < (waning ? 100U : 500U)) return put(pick(target_));
    if (dice < 750) return erase(pick(target_));
    if (dice < 850) return erase_by_walk();
    if (dice < 900) return pile_up();
    if (dice < 902) return burst();
    if (dice < 906) return map_.finish_growth();
    if (dice < 908) return map_.reserve(map_.size() * 6 + 1);  // two or three bits
    if (dice < 911) return map_.rehash(map_.bucket_count());   // compacts where it can
    if (dice < 915) return ledger_.refuse_extends(pick(4) == 0);
    if (dice < 919) return clear();
  }

  void put(std::uint64_t number) {
    const std::uint64_t value = ++last_value_;
    map_.insert_or_assign(support::make_value<Key>(number), value);
    const auto [at, is_new] = alive_.try_emplace(number, life{0, value});
    if (is_new) at->second.birth = next_birth_++;
    at->second.value = value;
  }
  void erase(std::uint64_t number) {
    ASSERT_EQ(map_.erase(support::make_value<Key>(number)), alive_.erase(number));
  }
  // One entry somewhere, erased through the iterator that met it, which goes on.
  void erase_by_walk() {
    std::uint64_t steps = pick(8);
    auto at = map_.begin();
    while (at != map_.end() && steps-- > 0) ++at;
    if (at == map_.end()) return;
    alive_.erase(support::number_of(at->first));
    map_.erase(at);
  }
  // A long chain, most of it erased again, for hashes whose low bits are the number's.
  void pile_up() {
    const std::uint64_t stride = map_.bucket_count();
    far_ += 32 * stride;
    const std::uint64_t first = far_ + pick(stride);
    for (std::uint64_t i = 0; i < 20; ++i) put(first + i * stride);
    for (std::uint64_t i = 0; i < 20; ++i) {
      if (i % 8 != 7) erase(first + i * stride);
    }
  }
  // Many times as many entries between two steps of each walk; most go soon after.
  void burst() {
    const std::uint64_t many = std::min<std::uint64_t>(8 * map_.size(), target_);
    for (std::uint64_t i = 0; i < many; ++i) put(far_ + i);
    for (std::uint64_t i = 0; i < many; ++i) {
      if (i % 16 != 0) erase(far_ + i);
    }
    far_ += many;
  }
  // What was put far off goes here, so that the map gets small again.
  void clear() {
    map_.clear();
    map_.shrink_to_fit();
    alive_.clear();
  }

  // ---- walks

  void start_walk() {
    if (map_.growing()) ++met_.begun_in_mid_growth;
    walk w{walk_record(alive_, next_birth_), {}, map_.stats().growths_double};
    switch (pick(5)) {
      case 0:
        w.step = scan_steps();
        break;
      case 1:
        w.step = iterator_steps(map_.cbegin());
        break;
      case 2: {
        if (alive_.empty()) return;
        // Nobody says how much lies behind an entry found, so nothing is owed.
        w.record = walk_record(alive_, 0);
        w.step = iterator_steps(map_.find(support::make_value<Key>(alive_.begin()->first)));
        break;
      }
      default:
        w.step = iterator_steps(map_.begin());
    }
    walks_.push_back(std::move(w));
    step_some(walks_.size() - 1, 1);  // what it stands at has been reached
  }
  template <class Iterator>
  std::function<bool(walk_record&)> iterator_steps(Iterator first) {
    return [this, at = first, begun = false](walk_record& record) mutable {
      if (begun) ++at;
      begun = true;
      if (at == static_cast<Iterator>(map_.end())) return false;
      record.produced(support::number_of(at->first), at->second);
      return true;
    };
  }
  std::function<bool(walk_record&)> scan_steps() {
    return [this, cursor = gomap::scan_cursor{}](walk_record& record) mutable {
      cursor = map_.scan(cursor, [&](const auto& entry) {
        record.produced(support::number_of(entry.first), entry.second);
      });
      return !cursor.done();
    };
  }
  void step_some(std::size_t which, std::uint64_t steps) {
    walk& w = walks_[which];
    for (; steps > 0; --steps) {
      if (w.step(w.record)) continue;
      w.record.ended();
      ++met_.walks_ended;
      if (map_.stats().growths_double >= w.doublings + 3) ++met_.over_several_doublings;
      walks_.erase(walks_.begin() + static_cast<std::ptrdiff_t>(which));
      return;
    }
  }

  void check_contents() {
    ASSERT_NO_THROW(map_.check_invariants());
    ASSERT_EQ(map_.size(), alive_.size());
    for (const auto& [number, entry] : alive_) {
      const std::uint64_t* const found = map_.lookup(support::make_value<Key>(number));
      ASSERT_NE(found, nullptr) << number;
      ASSERT_EQ(*found, entry.value);
    }
    ASSERT_EQ(ledger_.mistakes(), 0U);
  }

  extension_ledger ledger_{32};
  map_type map_;
  lives alive_;
  std::uint64_t next_birth_ = 1;
  std::uint64_t last_value_ = 0;
  std::uint64_t far_ = 1'000'000;  // beyond every target
  std::vector<walk> walks_;
  std::mt19937_64 random_;
  std::uint64_t target_;  // that many keys come and go
  coverage& met_;
};

// ---- random play, over keys and hashes -------------------------------------------------------

template <class Key, hash_kind Kind, std::uint64_t Target>
struct setting {
  using key_type = Key;
  static constexpr hash_kind kind = Kind;
  static constexpr std::uint64_t target = Target;  // long chains make each step linear
};

template <class Setting>
class GrowthInPlaceWalk : public ::testing::Test {};

using settings = ::testing::Types<
    setting<std::uint64_t, hash_kind::good, 2000>,
    setting<std::uint64_t, hash_kind::identity, 1000>,
    setting<std::uint64_t, hash_kind::low_bits, 200>,
    setting<std::uint64_t, hash_kind::colliding, 120>, setting<std::string, hash_kind::good, 1000>,
    setting<std::string, hash_kind::identity, 500>, setting<std::string, hash_kind::low_bits, 200>,
    setting<std::string, hash_kind::colliding, 100>>;
TYPED_TEST_SUITE(GrowthInPlaceWalk, settings);

TYPED_TEST(GrowthInPlaceWalk, KeepsItsGuarantees) {
  coverage met;

  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    try {
      playground<typename TypeParam::key_type>(TypeParam::kind, seed, TypeParam::target, met)
          .play(1200);
    } catch (const std::logic_error& broken) {
      FAIL() << broken.what();
    }
    if (this->HasFatalFailure()) return;
  }

  EXPECT_GT(met.walks_ended, 300U);
  EXPECT_GT(met.over_several_doublings, 8U);
  EXPECT_GT(met.begun_in_mid_growth, 20U);
  EXPECT_GT(met.extends, 50U);
  EXPECT_GT(met.refused, 5U);
  EXPECT_GT(met.compactions, 10U);
}

}  // namespace growth_in_place_walk_test
