// exceptions_whole_test.cpp -- operations on whole maps lose and leak nothing, whatever throws.
//
// As exceptions_test.cpp, for what touches many entries: copies, assignments, rehashing, merging,
// ranges. What only rearranges a map keeps its contents; what copies keeps its source; what moves
// entries between two maps loses none of them.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/fault_scene.hpp"
#include "support/fault_sweep.hpp"

namespace exceptions_whole_test {

using support::number_model;
using support::sweep_result;

constexpr std::uint64_t new_key = 100'000;

template <class Scene>
class MapWholeExceptions : public ::testing::Test {
 protected:
  using map = typename Scene::map;
  using value = typename Scene::value;

  struct pair_of_maps {
    map a;
    map b;
  };

  static void nothing_more(map&) {}

  // Sweeps an operation that must leave the contents as they are, thrown or not.
  sweep_result expect_unchanged(const std::function<void(map&)>& operate,
                                void (*prepare)(map&) = nothing_more) {
    sweep_result total{0, 0, true};
    for (const auto& state : Scene::states()) {
      SCOPED_TRACE(state.name);
      number_model before;
      const auto make = [&](support::allocation_ledger& ledger) {
        map m = Scene::make(state, ledger);
        prepare(m);
        before = Scene::contents(m);
        return m;
      };
      const auto verify = [&](map& m, bool) {
        Scene::expect_contents(m, before);
        Scene::expect_usable(m);
      };
      total += support::sweep_all<map>({make, operate, verify});
      if (this->HasFailure()) break;
    }
    return total;
  }

  // Sweeps an operation on two maps. b starts with the first keys of a, with other values, and with
  // some of its own.
  sweep_result sweep_two(
      const std::function<void(pair_of_maps&)>& operate,
      const std::function<void(pair_of_maps&, const pair_of_maps&, bool)>& verify) {
    sweep_result total{0, 0, true};
    for (const auto& state : Scene::states()) {
      SCOPED_TRACE(state.name);
      const auto make = [&](support::allocation_ledger& ledger) {
        pair_of_maps two{Scene::make(state, ledger), map(typename Scene::allocator(ledger))};
        for (std::uint64_t i = 0; i < 3; ++i) two.b.try_emplace(value(i), 50 + i);
        for (std::uint64_t i = 0; i < 12; ++i) two.b.try_emplace(value(new_key + i), i);
        return two;
      };
      const auto check = [&](pair_of_maps& two, bool threw) {
        ASSERT_NO_THROW(two.a.check_invariants());
        ASSERT_NO_THROW(two.b.check_invariants());
        support::allocation_ledger unused;
        verify(two, make(unused), threw);
        Scene::expect_usable(two.a);
        Scene::expect_usable(two.b);
      };
      total += support::sweep_all<pair_of_maps>({make, operate, check});
      if (this->HasFailure()) break;
    }
    return total;
  }
};

TYPED_TEST_SUITE(MapWholeExceptions, support::fault_scenes);

TYPED_TEST(MapWholeExceptions, CopyAndClone) {
  using map = typename TypeParam::map;

  const auto copied = this->expect_unchanged([](map& m) {
    const map copy = m;
    ASSERT_EQ(copy.size(), m.size());
  });
  const auto cloned = this->expect_unchanged([](map& m) { ASSERT_EQ(m.clone().size(), m.size()); });

  EXPECT_GT(copied.thrown, 0U);
  EXPECT_GT(cloned.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, ReserveAndRehash) {
  using map = typename TypeParam::map;

  const auto reserved = this->expect_unchanged([](map& m) { m.reserve(4 * m.size() + 100); });
  const auto rehashed = this->expect_unchanged([](map& m) { m.rehash(64 * m.bucket_count()); });
  const auto shrunk = this->expect_unchanged([](map& m) { m.rehash(0); });

  EXPECT_GT(reserved.thrown, 0U);
  EXPECT_GT(rehashed.thrown, 0U);
  EXPECT_TRUE(shrunk.completed);
}

TYPED_TEST(MapWholeExceptions, ShrinkToFit) {
  using map = typename TypeParam::map;
  const auto result =
      this->expect_unchanged([](map& m) { m.shrink_to_fit(); }, [](map& m) { m.reserve(8192); });
  EXPECT_GT(result.thrown + result.swallowed, 0U);
}

TYPED_TEST(MapWholeExceptions, FinishGrowth) {
  using map = typename TypeParam::map;
  const auto result = this->expect_unchanged([](map& m) { m.finish_growth(); });
  EXPECT_TRUE(result.completed);
}

TYPED_TEST(MapWholeExceptions, MoveAndSwap) {
  using map = typename TypeParam::map;
  this->expect_unchanged([](map& m) {
    map moved = std::move(m);
    map other(moved.get_allocator());
    swap(moved, other);
    m = std::move(other);
  });
}

TYPED_TEST(MapWholeExceptions, ClearThrowsNothing) {
  using map = typename TypeParam::map;
  for (const auto& state : TypeParam::states()) {
    SCOPED_TRACE(state.name);
    const auto make = [&](support::allocation_ledger& ledger) {
      return TypeParam::make(state, ledger);
    };
    const auto verify = [](map& m, bool threw) {
      EXPECT_FALSE(threw);
      TypeParam::expect_contents(m, {});
      TypeParam::expect_usable(m);
    };
    const auto clear = [](map& m) { m.clear(); };
    EXPECT_TRUE(support::sweep_all<map>({make, clear, verify}).completed);
  }
}

TYPED_TEST(MapWholeExceptions, CopyAssignment) {
  const auto result =
      this->sweep_two([](auto& two) { two.b = two.a; },
                      [](auto& two, const auto& before, bool threw) {
                        TypeParam::expect_contents(two.a, TypeParam::contents(before.a));
                        if (!threw)
                          TypeParam::expect_contents(two.b, TypeParam::contents(before.a));
                      });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, MoveAcrossUnequalAllocators) {
  using map = typename TypeParam::map;
  const auto result = this->sweep_two(
      [](auto& two) {
        support::allocation_ledger elsewhere;
        {
          const std::size_t size = two.a.size();
          const map moved(std::move(two.a), typename TypeParam::allocator(elsewhere));
          ASSERT_EQ(moved.size(), size);
        }
        ASSERT_TRUE(elsewhere.balanced());
      },
      [](auto& two, const auto& before, bool) {
        TypeParam::expect_contents(two.b, TypeParam::contents(before.b));
      });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, MergeLosesNothing) {
  const auto result = this->sweep_two(
      [](auto& two) { two.a.merge(two.b); },
      [](auto& two, const auto& before, bool threw) {
        number_model a = TypeParam::contents(two.a);
        const number_model b = TypeParam::contents(two.b);
        ASSERT_EQ(a.size() + b.size(), before.a.size() + before.b.size());
        for (const auto& [k, v] : TypeParam::contents(before.a)) ASSERT_EQ(a.at(k), v);
        for (const auto& [k, v] : TypeParam::contents(before.b)) {
          ASSERT_EQ(b.contains(k) ? b.at(k) : a.at(k), v);
        }
        if (!threw) {
          ASSERT_EQ(b.size(), before.a.contains(typename TypeParam::value(1)) ? 3U : 1U);
        }
      });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, RangeInsertKeepsWhatIsIn) {
  using value = typename TypeParam::value;
  const auto result =
      this->sweep_two([](auto& two) { two.a.insert(two.b.begin(), two.b.end()); },
                      [](auto& two, const auto& before, bool threw) {
                        TypeParam::expect_contents(two.b, TypeParam::contents(before.b));
                        for (const auto& [k, v] : TypeParam::contents(before.a)) {
                          ASSERT_EQ(two.a.at(value(k)).number(), v);
                        }
                        if (!threw) {
                          for (std::uint64_t i = 0; i < 12; ++i)
                            ASSERT_TRUE(two.a.contains(value(new_key + i)));
                        }
                      });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, ConstructionFromARange) {
  using map = typename TypeParam::map;
  using value = typename TypeParam::value;
  const auto result = this->sweep_two(
      [](auto& two) {
        const map made(two.b.begin(), two.b.end(), 0, two.b.get_allocator());
        ASSERT_EQ(made.size(), two.b.size());
        ASSERT_TRUE(made.contains(value(new_key)));
      },
      [](auto& two, const auto& before, bool) {
        TypeParam::expect_contents(two.b, TypeParam::contents(before.b));
      });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, Equality) {
  using map = typename TypeParam::map;
  const auto result = this->expect_unchanged(
      [](map& m) { ASSERT_TRUE(m == m); },
      [](map& m) {
        while (m.size() > 16) m.erase(m.begin());  // comparisons are many; sixteen entries will do
      });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapWholeExceptions, EraseIfKeepsWhatThePredicateDidNotName) {
  using value = typename TypeParam::value;
  const auto even = [](const auto& entry) { return entry.first.number() % 2 == 0; };
  const auto result = this->sweep_two([&](auto& two) { erase_if(two.a, even); },
                                      [](auto& two, const auto& before, bool threw) {
                                        for (const auto& [k, v] : TypeParam::contents(before.a)) {
                                          if (k % 2 == 1) {
                                            ASSERT_EQ(two.a.at(value(k)).number(), v);
                                          }
                                          if (k % 2 == 0 && !threw) {
                                            ASSERT_FALSE(two.a.contains(value(k)));
                                          }
                                        }
                                      });
  EXPECT_TRUE(result.completed);
}

}  // namespace exceptions_whole_test
