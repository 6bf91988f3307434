// map_transfer_test.cpp -- moving a map to an allocator that is not its own loses no entry.
//
// Entries go over one by one, and each step may throw: a hash, a copy, a move, an allocation on
// either side. The source then has what it had, and so has the target of an assignment.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/failing_allocator.hpp"
#include "support/fault.hpp"
#include "support/fault_scene.hpp"
#include "support/fault_sweep.hpp"
#include "support/rationed_resource.hpp"

namespace map_transfer_test {

using support::number_model;
using support::sweep_result;

template <class Scene>
class MapTransfer : public ::testing::Test {
 protected:
  using map = typename Scene::map;
  using value = typename Scene::value;
  using allocator = typename Scene::allocator;

  // A map, and another on an allocator of its own, which holds one entry.
  struct two_maps {
    std::unique_ptr<support::allocation_ledger> ledger;
    map source;
    std::optional<map> target;

    ~two_maps() {
      target.reset();
      if (ledger != nullptr) {
        EXPECT_TRUE(ledger->balanced());
      }
    }
    two_maps(std::unique_ptr<support::allocation_ledger> l, map s)
        : ledger(std::move(l)), source(std::move(s)) {
      target.emplace(allocator(*ledger));
      target->try_emplace(value(7'000), 1U);
    }
    two_maps(two_maps&&) = default;
  };
  const number_model target_before{{7'000, 1}};

  // `move` moves the source to the target's allocator and leaves the result in the target.
  sweep_result sweep(const std::function<void(two_maps&)>& move) {
    sweep_result total{0, 0, true};
    for (const auto& state : Scene::states()) {
      SCOPED_TRACE(state.name);
      number_model before;
      const auto make = [&](support::allocation_ledger& ledger) {
        two_maps maps(std::make_unique<support::allocation_ledger>(), Scene::make(state, ledger));
        before = Scene::contents(maps.source);
        return maps;
      };
      const auto verify = [&](two_maps& maps, bool threw) {
        Scene::expect_contents(maps.source, threw ? before : number_model{});
        Scene::expect_contents(*maps.target, threw ? target_before : before);
        Scene::expect_usable(maps.source);
        Scene::expect_usable(*maps.target);
      };
      total += support::sweep_all<two_maps>({make, move, verify});
      if (this->HasFailure()) break;
    }
    return total;
  }
};

TYPED_TEST_SUITE(MapTransfer, support::fault_scenes);

TYPED_TEST(MapTransfer, ByConstructionKeepsEveryEntryInOneMap) {
  using map = typename TypeParam::map;
  const auto result = this->sweep([](auto& maps) {
    map moved(std::move(maps.source), maps.target->get_allocator());
    maps.target->swap(moved);
  });
  EXPECT_GT(result.thrown, 0U);
}

TYPED_TEST(MapTransfer, ByAssignmentKeepsEveryEntryInOneMap) {
  const auto result = this->sweep([](auto& maps) { *maps.target = std::move(maps.source); });
  EXPECT_GT(result.thrown, 0U);
}

// Nothing can be copied, so what has gone over when a step throws has to come back.
TEST(MapTransferOfMoveOnly, ComesBackWhenAStepThrows) {
  using value = support::basic_tracked<false, false>;
  using allocator = support::failing_allocator<std::pair<const std::uint64_t, value>>;
  using map = gomap::map<std::uint64_t, value, support::watched_hash<support::good_hash>,
                         std::equal_to<>, allocator>;
  std::size_t thrown = 0;
  for (const support::point where :
       {support::point::hash, support::point::allocate, support::point::move}) {
    for (std::size_t n = 1; n < 300; ++n) {
      support::allocation_ledger first;
      support::allocation_ledger second;
      map m{allocator(first)};
      for (std::uint64_t i = 0; i < 100; ++i) m.try_emplace(i, i + 1);

      std::optional<map> moved;
      try {
        const support::armed_fault armed(where, n);
        moved.emplace(std::move(m), allocator(second));
      } catch (const support::injected_fault&) {
      } catch (const support::injected_bad_alloc&) {
      }

      map& all = moved ? *moved : m;
      ASSERT_EQ(all.size(), 100U) << n;
      for (std::uint64_t i = 0; i < 100; ++i) ASSERT_EQ(all.at(i).number(), i + 1) << n;
      all.check_invariants();
      thrown += moved ? 0 : 1;
    }
  }
  EXPECT_GT(thrown, 100U);
}

// Such a move is noexcept by its type, and allocates all the same: the allocator is another.
TEST(MapTransferPmr, OfEntriesThatUseTheAllocatorIsAllOrNothing) {
  using lists = gomap::pmr::map<int, std::pmr::vector<std::pmr::string>>;
  const std::string text = "a text that is longer than any small buffer";
  lists m;
  for (int i = 0; i < 50; ++i) m[i].emplace_back(text);
  const lists before = m;

  bool moved = false;
  for (std::size_t bytes = 1000; !moved; bytes += 500) {
    support::rationed_resource there({.bytes = bytes});
    try {
      const lists target(std::move(m), &there);
      moved = true;
      EXPECT_EQ(target, before);
    } catch (const std::bad_alloc&) {
      ASSERT_EQ(m, before);
      m.check_invariants();
    }
  }
  EXPECT_TRUE(m.empty());
}

TEST(MapTransferPmr, OfEntriesThatCanOnlyBeMovedCompiles) {
  std::pmr::monotonic_buffer_resource arena;
  gomap::pmr::map<int, std::pmr::vector<std::unique_ptr<int>>> m;
  for (int i = 0; i < 50; ++i) m[i].emplace_back(std::make_unique<int>(i));

  const auto moved =
      gomap::pmr::map<int, std::pmr::vector<std::unique_ptr<int>>>(std::move(m), &arena);

  EXPECT_EQ(moved.size(), 50U);
  EXPECT_EQ(*moved.at(49).front(), 49);
  EXPECT_TRUE(m.empty());
}

// A pair says that it can be copied if its parts say so.
TEST(MapTransferPmr, OfPairsOfWhatCanOnlyBeMovedCompiles) {
  using value = std::pair<std::pmr::vector<std::unique_ptr<int>>, int>;
  std::pmr::monotonic_buffer_resource arena;
  gomap::pmr::map<int, value> m;
  for (int i = 0; i < 50; ++i) m[i].second = i;

  const auto moved = gomap::pmr::map<int, value>(std::move(m), &arena);

  EXPECT_EQ(moved.size(), 50U);
  EXPECT_EQ(moved.at(49).second, 49);
  EXPECT_TRUE(m.empty());
}

TEST(MapTransferPmr, OfPlainValuesMovesThem) {
  std::pmr::monotonic_buffer_resource arena;
  gomap::pmr::map<int, std::unique_ptr<int>> m;
  gomap::pmr::map<int, support::tracked> counted;
  for (int i = 0; i < 50; ++i) m[i] = std::make_unique<int>(i);
  for (std::uint64_t i = 0; i < 50; ++i) counted.try_emplace(static_cast<int>(i), i);
  support::object_counts::reset();

  const auto moved = gomap::pmr::map<int, std::unique_ptr<int>>(std::move(m), &arena);
  const auto target = gomap::pmr::map<int, support::tracked>(std::move(counted), &arena);

  EXPECT_EQ(*moved.at(49), 49);
  EXPECT_EQ(target.at(49).number(), 49U);
  EXPECT_EQ(support::object_counts::copies, 0U);
}

TEST(MapTransferOfNothing, AllocatesNothing) {
  using allocator = support::counting_allocator<std::pair<const int, int>>;
  using map = gomap::map<int, int, gomap::hash<int>, std::equal_to<>, allocator>;
  support::allocation_ledger first;
  support::allocation_ledger second;
  map emptied{allocator(first)};
  emptied[1] = 1;
  emptied.erase(1);
  map target{allocator(second)};

  const map moved(map{allocator(first)}, allocator(second));
  const map moved_too(std::move(emptied), allocator(second));
  target = map(allocator(first));

  EXPECT_EQ(second.allocations(), 0U);
}

TEST(MapTransferPmr, KeepsTheStepOfGrowth) {
  gomap::pmr::map<int, int> m;
  std::pmr::monotonic_buffer_resource arena;
  m.growth_step(7);
  m[1] = 1;

  const gomap::pmr::map<int, int> moved(std::move(m), &arena);

  EXPECT_EQ(moved.growth_step(), 7U);
}

}  // namespace map_transfer_test
