// go_iteration_growth_test.cpp -- walks that growths of both kinds and clear() meet on their way.
//
// Classic Go loses entries when a walk survives two same-size growths, yields entries twice when a
// walk begun in a doubling is resumed in a same-size growth, and yields ghosts after clear(). The
// keys are placed with identity_hash, so that each of these situations is sure to arise.
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"
#include "support/make_value.hpp"

namespace go_iteration_growth_test {

using support::make_value;
using support::number_of;

template <class Key>
using placed_map = gomap::map<Key, std::uint64_t, support::identity_hash>;

// Where the keys of a test lie: in every bucket alike, or twice as many in every other one, so that
// chains have overflow buckets. Returns the n-th key's number; its low bits are its bucket of 32.
enum class layout { even, crowded };
std::uint64_t number_in(layout l, std::uint64_t n) {
  return l == layout::even ? n : n % 16 * 2 + n / 16 * 32;
}

// One walk over a map that changes between its steps, and what it has produced: how often each
// number. Like the body of a loop, it looks at an entry when it comes to it, and not again.
template <class Map>
class walk {
 public:
  explicit walk(Map& m) : map_(m), at_(m.begin()) { note(); }

  void step() {
    ++at_;
    note();
  }
  void steps(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count && !done(); ++i) step();
  }
  void rest() {
    while (!done()) step();
  }

  [[nodiscard]] bool done() const { return at_ == map_.end(); }
  [[nodiscard]] std::uint64_t produced() const { return produced_; }
  [[nodiscard]] bool includes(std::uint64_t number) const { return times_.count(number) != 0; }
  [[nodiscard]] std::uint64_t first() const { return first_; }

  void expect_none_twice() const {
    for (const auto& [number, times] : times_) EXPECT_EQ(times, 1) << "number " << number;
  }
  // Each of the first `count` keys came.
  void expect_all_of(std::uint64_t count, layout l = layout::even) const {
    for (std::uint64_t n = 0; n < count; ++n)
      EXPECT_TRUE(includes(number_in(l, n))) << "lost " << n;
  }

 private:
  void note() {
    if (done()) return;
    const std::uint64_t number = number_of(at_->first);
    if (produced_++ == 0) first_ = number;
    ++times_[number];
  }

  Map& map_;
  typename Map::iterator at_;
  std::unordered_map<std::uint64_t, int> times_;
  std::uint64_t produced_ = 0;
  std::uint64_t first_ = 0;
};

template <class Key>
class GoMapWalk : public testing::Test {
 public:
  using map_type = placed_map<Key>;

  // `count` entries in `buckets` buckets.
  static map_type placed(std::size_t buckets, std::uint64_t count, std::uint64_t seed,
                         layout l = layout::even) {
    map_type m(typename map_type::seed_with{seed}, buckets * 6);
    EXPECT_EQ(m.bucket_count(), buckets);
    for (std::uint64_t n = 0; n < count; ++n) m[make_value<Key>(number_in(l, n))] = n;
    return m;
  }

  // Starts a same-size growth and checks that it is one.
  static std::vector<std::uint64_t> grow_in_place(map_type& m, std::uint64_t& fresh) {
    const std::size_t buckets = m.bucket_count();
    auto left = support::start_same_size_growth(m, fresh);
    EXPECT_TRUE(m.growing());
    EXPECT_EQ(m.bucket_count(), buckets);
    return left;
  }

  // Ends the growth by inserting, and removes what the growth took.
  static void settle(map_type& m, std::uint64_t& fresh, std::vector<std::uint64_t> left) {
    for (int i = 0; i < 10000 && m.growing(); ++i) {
      left.push_back(++fresh << 32);
      m[make_value<Key>(left.back())] = 0;
    }
    EXPECT_FALSE(m.growing());
    for (const std::uint64_t number : left) m.erase(make_value<Key>(number));
  }
};

using key_types = testing::Types<std::uint64_t, std::string>;
TYPED_TEST_SUITE(GoMapWalk, key_types);

TYPED_TEST(GoMapWalk, ThatSurvivesTwoSameSizeGrowthsLosesNothing) {
  constexpr std::uint64_t count = 144;
  for (const layout l : {layout::even, layout::crowded}) {
    for (std::uint64_t steps = 0; steps < count; steps += 9) {
      auto m = TestFixture::placed(32, count, steps, l);
      std::uint64_t fresh = 0;
      walk w(m);

      w.steps(steps);
      for (int growth = 0; growth < 3; ++growth) {
        TestFixture::settle(m, fresh, TestFixture::grow_in_place(m, fresh));
        w.steps(3);
      }
      w.rest();

      w.expect_all_of(count, l);
      w.expect_none_twice();
      ASSERT_GE(m.stats().growths_same_size, 3u);
    }
  }
}

TYPED_TEST(GoMapWalk, ThatIsResumedInTheMiddleOfASecondSameSizeGrowthLosesNothing) {
  constexpr std::uint64_t count = 144;
  for (const layout l : {layout::even, layout::crowded}) {
    for (std::uint64_t steps = 0; steps < count; steps += 9) {
      auto m = TestFixture::placed(32, count, steps, l);
      std::uint64_t fresh = 0;
      walk w(m);

      w.steps(steps);
      TestFixture::settle(m, fresh, TestFixture::grow_in_place(m, fresh));
      TestFixture::grow_in_place(m, fresh);
      w.rest();

      w.expect_all_of(count, l);
      w.expect_none_twice();
    }
  }
}

TYPED_TEST(GoMapWalk, BegunInADoublingAndResumedInASameSizeGrowthYieldsNothingTwice) {
  constexpr std::uint64_t count = 32 * 13 / 2;
  for (const layout l : {layout::even, layout::crowded}) {
    for (std::uint64_t steps = 0; steps < count; steps += 13) {
      auto m = TestFixture::placed(32, count, steps, l);
      std::uint64_t next = support::insert_until_growing(m, std::uint64_t{1} << 16);
      ASSERT_EQ(m.bucket_count(), 64u);
      ASSERT_TRUE(m.growing());
      std::uint64_t fresh = 0;
      walk w(m);

      w.steps(steps);
      next = support::insert_until_settled(m, next);
      ASSERT_FALSE(m.growing());
      TestFixture::grow_in_place(m, fresh);
      w.rest();

      w.expect_all_of(count, l);
      w.expect_none_twice();
    }
  }
}

TYPED_TEST(GoMapWalk, BegunInASameSizeGrowthAndResumedInADoublingIsWhole) {
  constexpr std::uint64_t count = 144;
  for (const layout l : {layout::even, layout::crowded}) {
    for (std::uint64_t steps = 0; steps < count; steps += 9) {
      auto m = TestFixture::placed(32, count, steps, l);
      std::uint64_t fresh = 0;
      const auto left = TestFixture::grow_in_place(m, fresh);
      walk w(m);

      w.steps(steps);
      TestFixture::settle(m, fresh, left);
      support::insert_until_growing(m, std::uint64_t{1} << 16);
      ASSERT_EQ(m.bucket_count(), 64u);
      w.rest();

      w.expect_all_of(count, l);
      w.expect_none_twice();
    }
  }
}

TYPED_TEST(GoMapWalk, GrowthInTheFirstStepKeepsAllSixteen) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    auto m = TestFixture::placed(4, 16, seed);
    walk w(m);

    for (std::uint64_t n = 16; n < 800; ++n) m[make_value<TypeParam>(n)] = n;
    w.rest();

    w.expect_all_of(16);
    w.expect_none_twice();
  }
}

TYPED_TEST(GoMapWalk, GrowthAndDeletionUnderItShowNoDeletedKey) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto m = TestFixture::placed(16, 100, seed);

    bool changed = false;
    for (const auto& entry : m) {
      const std::uint64_t number = number_of(entry.first);
      if (changed) {
        ASSERT_EQ(number % 2, 0u) << "a deleted key is produced";
        continue;
      }
      changed = true;
      for (std::uint64_t n = 100; n < 1000; ++n) m[make_value<TypeParam>(n)] = n;
      for (std::uint64_t n = 1; n < 1000; n += 2) m.erase(make_value<TypeParam>(n));
    }
  }
}

TYPED_TEST(GoMapWalk, OneEntryDeletedAfterGrowthIsMissedAndNoOther) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    auto m = TestFixture::placed(8, 31, seed);
    walk w(m);
    const std::uint64_t deleted = (w.first() + 1) % 31;

    for (std::uint64_t n = 31; n < 62; ++n) m[make_value<TypeParam>(n)] = n;
    m.erase(make_value<TypeParam>(deleted));
    w.rest();

    w.expect_none_twice();
    for (std::uint64_t n = 0; n < 31; ++n) EXPECT_EQ(w.includes(n), n != deleted) << n;
  }
}

TYPED_TEST(GoMapWalk, ManyKeysAddedHalfwayMakeNoKeyComeTwice) {
  for (const std::uint64_t added : {32u, 2048u}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      auto m = TestFixture::placed(8, 31, seed);
      walk w(m);

      w.steps(16);
      for (std::uint64_t n = 31; n < 31 + added; ++n) m[make_value<TypeParam>(n)] = n;
      w.rest();

      w.expect_all_of(31);
      w.expect_none_twice();
    }
  }
}

TYPED_TEST(GoMapWalk, AClearAfterAGrowthLeavesNothingToYield) {
  constexpr std::uint64_t count = 32 * 13 / 2;
  for (std::uint64_t steps = 0; steps < count; steps += 29) {
    auto m = TestFixture::placed(32, count, steps);
    walk w(m);

    w.steps(steps);
    support::insert_until_growing(m, count);
    ASSERT_TRUE(m.growing());
    m.clear();
    w.rest();

    EXPECT_EQ(w.produced(), steps + 1);
  }
}

TYPED_TEST(GoMapWalk, AClearInAWalkBegunInAGrowthLeavesNothingToYield) {
  constexpr std::uint64_t count = 32 * 13 / 2;
  for (std::uint64_t steps = 0; steps < count; steps += 29) {
    auto m = TestFixture::placed(32, count, steps);
    support::insert_until_growing(m, count);
    ASSERT_TRUE(m.growing());
    walk w(m);

    w.steps(steps);
    m.clear();
    w.rest();

    EXPECT_EQ(w.produced(), steps + 1);
  }
}

}  // namespace go_iteration_growth_test
