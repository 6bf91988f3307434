// concurrent_walks_test.cpp -- walks beside writers: what is there throughout comes exactly once.
//
// While a walk is under way the map doubles several times, and other entries come and go in the
// same chains. Even keys stay from before the walk until after it; odd keys are erased and
// inserted, each at most once while a walk lasts, so that none may come twice.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/scan_cursor.hpp>

#include "support/crew.hpp"
#include "support/make_value.hpp"
#include "support/trivial_values.hpp"

namespace concurrent_walks_test {

using support::crew;
using support::make_value;
using support::number_of;

template <class Map>
class ConcurrentWalks : public testing::Test {
 protected:
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;

  static constexpr std::uint64_t staying = 300;
  static constexpr std::uint64_t coming = 6000;

  static key_type key(std::uint64_t n) { return make_value<key_type>(n); }
  static mapped_type value(std::uint64_t n) { return make_value<mapped_type>(n); }

  // How often each key came.
  class visits {
   public:
    template <class Entry>
    void note(const Entry& e) {
      const std::uint64_t n = number_of(e.first);
      EXPECT_EQ(number_of(e.second), n);
      ++times_[n];
    }
    void expect_each_staying_key_once_and_no_other_twice() const {
      for (std::uint64_t n = 0; n < staying; ++n) {
        const auto found = times_.find(2 * n);
        ASSERT_TRUE(found != times_.end()) << "missed key " << 2 * n;
      }
      for (const auto& [n, times] : times_) ASSERT_EQ(times, 1) << "key " << n << " came twice";
    }
    [[nodiscard]] std::size_t size() const { return times_.size(); }

   private:
    std::unordered_map<std::uint64_t, int> times_;
  };

  static void fill(Map& map) {
    for (std::uint64_t n = 0; n < staying; ++n) map.store(key(2 * n), value(2 * n));
    for (std::uint64_t n = 0; n < staying; ++n) map.store(key(2 * n + 1), value(2 * n + 1));
  }

  // Runs walk(map, note) again and again while a writer fills the map. The writer's fresh keys are
  // never used again, and the old odd ones are erased once.
  template <class Walk>
  static void beside_growth(Walk walk) {
    for (const std::size_t shards : {1, 4}) {
      Map map({.shards = shards});
      fill(map);
      crew walkers;
      std::atomic<int> walks{0};
      walkers.start(2, [&](int) {
        for (; walkers.wanted(); ++walks) {
          visits seen;
          walk(map, [&](const auto& e) {
            seen.note(e);
            walkers.tick();
          });
          ASSERT_NO_FATAL_FAILURE(seen.expect_each_staying_key_once_and_no_other_twice());
        }
      });
      // An odd key is erased, or a new one inserted, between steps of the walks.
      for (std::uint64_t n = 0; n < coming; ++n) {
        if (n % 100 == 0) walkers.await_tick();
        map.store(key(2 * (staying + n) + 1), value(2 * (staying + n) + 1));
        if (n < staying) map.erase(key(2 * n + 1));
      }
      walkers.finish();

      EXPECT_GT(walks, 0);
      EXPECT_EQ(map.size(), staying + coming);
      visits seen;
      walk(map, [&](const auto& e) { seen.note(e); });
      seen.expect_each_staying_key_once_and_no_other_twice();
      EXPECT_EQ(seen.size(), map.size());
      map.check_invariants();
    }
  }
};

using maps = testing::Types<gomap::concurrent_map<std::uint64_t, std::uint64_t>,
                            gomap::concurrent_map<std::uint64_t, support::three_words>,
                            gomap::concurrent_map<std::string, std::uint64_t>>;
TYPED_TEST_SUITE(ConcurrentWalks, maps);

TYPED_TEST(ConcurrentWalks, OfVisitAllSeeEachStayingEntryOnceBesideGrowth) {
  this->beside_growth([](auto& map, auto note) { map.visit_all(note); });
}

TYPED_TEST(ConcurrentWalks, OfConstVisitAllSeeEachStayingEntryOnceBesideGrowth) {
  this->beside_growth([](const auto& map, auto note) { map.cvisit_all(note); });
}

TYPED_TEST(ConcurrentWalks, OfVisitWhileSeeEachStayingEntryOnceBesideGrowth) {
  this->beside_growth([](auto& map, auto note) {
    ASSERT_TRUE(map.visit_while([&](const auto& e) {
      note(e);
      return true;
    }));
  });
}

TYPED_TEST(ConcurrentWalks, OfScanSeeEachStayingEntryOnceBesideGrowth) {
  this->beside_growth([](auto& map, auto note) {
    for (gomap::scan_cursor at; !at.done();) at = map.scan(at, note);
  });
}

// One walk, whose pace the map follows: it doubles many times between its first step and its last.
TYPED_TEST(ConcurrentWalks, MayBeOvertakenByManyDoublings) {
  TypeParam map({.shards = 1});
  this->fill(map);
  typename TestFixture::visits seen;
  std::uint64_t next = 2 * this->staying + 1;
  const auto buckets = [&] { return map.stats().total.buckets; };
  const std::size_t before = buckets();
  int steps = 0;
  crew writers;
  for (gomap::scan_cursor at; !at.done(); ++steps) {
    at = map.scan(at, [&](const auto& e) { seen.note(e); });
    writers.start(2, [&map, from = next](int which) {
      for (std::uint64_t i = 0; i < 200; ++i) {
        const std::uint64_t n = from + 2 * (2 * i + static_cast<std::uint64_t>(which));
        map.store(TestFixture::key(n), TestFixture::value(n));
      }
    });
    writers.wait();
    next += 800;
  }

  EXPECT_GE(buckets(), 8 * before) << steps;
  seen.expect_each_staying_key_once_and_no_other_twice();
  map.check_invariants();
}

// What erase_if() takes is gone once and for all: each entry is judged once, by one of the walks.
TYPED_TEST(ConcurrentWalks, OfEraseIfJudgeEachEntryOnceAndTakeItOnce) {
  TypeParam map({.shards = 2});
  this->fill(map);
  std::atomic<std::size_t> erased{0};
  crew writers;
  writers.start(1, [&](int) {
    for (std::uint64_t n = 0; n < this->coming; ++n) {
      map.store(this->key(2 * (this->staying + n)), this->value(2 * (this->staying + n)));
    }
  });
  support::together(2, [&](int) {
    for (int i = 0; i < 3; ++i) {
      typename TestFixture::visits seen;
      erased += map.erase_if([&](const auto& e) {
        seen.note(e);
        return number_of(e.first) % 2 == 1;
      });
      ASSERT_NO_FATAL_FAILURE(seen.expect_each_staying_key_once_and_no_other_twice());
    }
  });
  writers.wait();

  EXPECT_EQ(erased, this->staying);
  EXPECT_EQ(map.size(), this->staying + this->coming);
  map.cvisit_all([](const auto& e) { EXPECT_EQ(number_of(e.first) % 2, 0U); });
  map.check_invariants();
}

// A walk that is told to stop calls nothing more.
TYPED_TEST(ConcurrentWalks, OfVisitWhileStopBesideGrowth) {
  TypeParam map({.shards = 2});
  this->fill(map);
  crew writers;
  writers.start(1, [&](int) {
    for (std::uint64_t n = this->staying * 2; writers.wanted() && n < 50'000; ++n) {
      map.store(this->key(n), this->value(n));
      writers.tick();
    }
  });
  for (int limit = 1; limit < 100; limit += 7) {
    int calls = 0;
    EXPECT_FALSE(map.visit_while([&](const auto&) { return ++calls < limit; }));
    EXPECT_EQ(calls, limit);
    calls = 0;
    EXPECT_FALSE(map.cvisit_while([&](const auto&) { return ++calls < limit; }));
    EXPECT_EQ(calls, limit);
  }
}

TYPED_TEST(ConcurrentWalks, ThatChangeValuesLoseNoChange) {
  using counts = gomap::concurrent_map<typename TestFixture::key_type, std::uint64_t>;
  counts map({.shards = 2});
  for (std::uint64_t n = 0; n < 100; ++n) map.store(this->key(n), 0U);
  support::together(3, [&](int which) {
    for (std::uint64_t i = 0; i < 20; ++i) {
      if (which == 0) {
        for (std::uint64_t n = 0; n < 100; ++n) {
          map.update(this->key(n), [](std::uint64_t& v) { ++v; });
          map.store(this->key(1000 + 100 * i + n), 7U);
        }
      } else {
        map.visit_all([](auto& e) { ++e.second; });
      }
    }
  });
  for (std::uint64_t n = 0; n < 100; ++n) EXPECT_EQ(map.load(this->key(n)), 60U);
}

// size() while others write is a number that was nearly right; when they have ended it is exact.
TYPED_TEST(ConcurrentWalks, SizeIsExactWhenQuiet) {
  TypeParam map;
  this->fill(map);
  support::together(4, [&](int which) {
    const std::uint64_t first = 10'000 * (static_cast<std::uint64_t>(which) + 1);
    for (std::uint64_t n = first; n < first + 500; ++n) map.store(this->key(n), this->value(n));
    EXPECT_LE(map.size(), 2 * this->staying + 4 * 500);
    for (std::uint64_t n = first; n < first + 500; n += 2) map.erase(this->key(n));
  });
  EXPECT_EQ(map.size(), 2 * this->staying + 4 * 250);
  EXPECT_EQ(map.cvisit_all([](const auto&) {}), map.size());
  EXPECT_EQ(map.snapshot().size(), map.size());
}

// Go's TestConcurrentRange: writers store multiples of the keys, a range sees each key once, with a
// multiple of it.
TYPED_TEST(ConcurrentWalks, BesideOverwritingSeeEachKeyOnceWithOneOfItsValues) {
  constexpr std::uint64_t keys = 256;
  TypeParam map;
  for (std::uint64_t n = 1; n <= keys; ++n) map.store(this->key(n), this->value(n));
  crew writers;
  writers.start(2, [&](int) {
    for (std::uint64_t factor = 1; writers.wanted(); ++factor, writers.tick()) {
      for (std::uint64_t n = 1; n <= keys; ++n) map.store(this->key(n), this->value(n * factor));
    }
  });
  for (int i = 0; i < 16; ++i) {
    writers.await_tick();
    std::vector<int> times(keys + 1);
    map.visit_all([&](const auto& e) {
      const std::uint64_t n = number_of(e.first);
      ++times.at(n);
      ASSERT_EQ(number_of(e.second) % n, 0U);
    });
    for (std::uint64_t n = 1; n <= keys; ++n) ASSERT_EQ(times[n], 1) << n;
  }
}

// Go's TestConcurrentClear: ten threads store, ten erase, ten clear; then the map is empty.
TYPED_TEST(ConcurrentWalks, ClearFromManyThreadsLeavesNothing) {
  TypeParam map;
  support::together(9, [&](int which) {
    for (std::uint64_t n = 0; n < 200; ++n) {
      switch (which % 3) {
        case 0:
          map.store(this->key(n), this->value(n));
          break;
        case 1:
          map.load_and_erase(this->key(n));
          break;
        default:
          if (n % 20 == 0) map.clear();
      }
    }
  });
  map.clear();
  EXPECT_EQ(map.size(), 0U);
  EXPECT_EQ(map.cvisit_all([](const auto&) {}), 0U);
  map.check_invariants();
}

}  // namespace concurrent_walks_test
