// lock_order_test.cpp -- when one map called inside another leaves an order of the two behind, and
// what that costs: nothing where nobody waits, and never more than a map's own orders.
//
// The handler throws, so that a report is an exception. What would take too long, or wait for ever,
// is told by the test's time limit.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/detail/concurrent_core.hpp>
#include <gomap/hash.hpp>
#include <gomap/misuse.hpp>
#include <gomap/page_allocator.hpp>

#include "support/counting_mutex.hpp"
#include "support/crew.hpp"

namespace lock_order_test {

using gomap::misuse_report;
using words = gomap::concurrent_map<std::uint64_t, std::uint64_t>;
using strings = gomap::concurrent_map<std::string, std::string>;

// Waits for a lock of `map`.
template <class Map>
void touch(Map& map) {
  map.store(typename Map::key_type(), typename Map::mapped_type());
}
template <class Map, class F>
void inside(Map& map, const F& f) {
  map.update(typename Map::key_type(), [&](auto&) { f(); });
}
template <class Outer, class Inner>
void nest(Outer& outer, Inner& inner) {
  inside(outer, [&] { touch(inner); });
}
template <class Map>
class LockOrder : public testing::Test {
 protected:
  LockOrder()
      : before_(gomap::set_fatal_handler([](const misuse_report& report) { throw report; })) {}
  ~LockOrder() override { gomap::set_fatal_handler(before_); }

  template <class Outer, class Inner>
  static void expect_opposite_orders(Outer& outer, Inner& inner) {
    try {
      nest(outer, inner);
    } catch (const misuse_report& report) {
      EXPECT_EQ(report.kind, gomap::misuse_kind::lock_order) << report.text;
      return;
    }
    ADD_FAILURE() << "no misuse was reported";
  }
  // `make` makes a map in a callback of `outer`, which leaves no order of the two.
  static void expect_no_order_from(Map& outer, const std::function<std::unique_ptr<Map>()>& make) {
    std::unique_ptr<Map> made;
    inside(outer, [&] { made = make(); });
    EXPECT_NO_THROW(nest(*made, outer));
    expect_opposite_orders(outer, *made);
  }

 private:
  gomap::fatal_handler before_;
};
using kinds = testing::Types<words, strings>;
TYPED_TEST_SUITE(LockOrder, kinds);

// ---- what leaves none

TYPED_TEST(LockOrder, ComesFromNoMapThatIsBeingMade) {
  using map = TypeParam;
  using entry = typename map::value_type;
  map outer;
  map other;
  touch(other);
  const std::vector<entry> some(1, entry());
  this->expect_no_order_from(outer, [&] { return std::make_unique<map>(); });
  this->expect_no_order_from(outer, [&] {
    return std::make_unique<map>(gomap::concurrent_options{.shards = 2, .capacity = 100});
  });
  this->expect_no_order_from(outer, [&] { return std::make_unique<map>(other); });
  this->expect_no_order_from(outer,
                             [&] { return std::make_unique<map>(some.begin(), some.end()); });
  this->expect_no_order_from(
      outer, [&] { return std::make_unique<map>(std::initializer_list<entry>{entry()}); });
  this->expect_no_order_from(outer, [&] {
    typename map::map_type entries(some.begin(), some.end());
    return std::make_unique<map>(std::move(entries));
  });
  this->expect_no_order_from(outer, [&] {
    auto assigned = std::make_unique<map>();
    *assigned = other;
    *assigned = {entry()};
    return assigned;
  });
}

// Copying waits for the locks of what is copied, and for nobody else's.
TYPED_TEST(LockOrder, OfACopyIsThatOfItsSource) {
  TypeParam outer;
  TypeParam source;
  touch(source);
  inside(outer, [&] { const TypeParam copy(source); });
  this->expect_opposite_orders(source, outer);
}

TYPED_TEST(LockOrder, ComesFromNoMapThatIsBeingDestroyedOrEmptied) {
  using map = TypeParam;
  map outer;
  for (int i = 0; i < 2; ++i) {
    auto inner = std::make_unique<map>();
    nest(*inner, outer);
    inside(outer, [&] { inner.reset(); });
  }
  auto inner = std::make_unique<map>();
  nest(*inner, outer);
  inside(outer,
         [&] { EXPECT_EQ(static_cast<typename map::map_type>(std::move(*inner)).size(), 1U); });
  nest(*inner, outer);
}

// It is one of the program's calls, which name maps, not contents.
TYPED_TEST(LockOrder, StaysWithMapsWhoseContentsAreSwappedOrMoved) {
  TypeParam a;
  TypeParam b;
  nest(a, b);

  a.swap(b);
  nest(a, b);
  TypeParam c(std::move(b));
  nest(a, c);
  b = std::move(c);
  nest(a, b);

  this->expect_opposite_orders(b, a);
  this->expect_opposite_orders(c, a);
}

// ---- readers without a lock

// However busy the map is that they read: a lock would be waited for.
TEST(LockOrderOfReads, ComesFromNoneThatTakesNoLock) {
  using core_type = gomap::detail::concurrent_core<
      std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>, std::equal_to<>,
      gomap::page_allocator<std::pair<const std::uint64_t, std::uint64_t>>,
      support::counting_mutex>;
  const auto before = gomap::set_fatal_handler([](const misuse_report& report) { throw report; });
  core_type busy(1, 0, {}, {}, {});
  const std::uint64_t hash = busy.hash_key(std::uint64_t{7});
  auto& shard = busy.shard_at(0);
  shard.insert(hash, busy.hash_of(), std::uint64_t{7}, std::uint64_t{7});
  words reader;

  support::crew others;
  support::door has_read;
  {  // a writer in the middle of a change
    const std::lock_guard lock(shard.mutex);
    std::optional<core_type::shard_type::write_section> section(std::in_place, shard.seq);
    const std::uint64_t calls = support::counting_mutex::calls();
    others.start(1, [&](int) {
      inside(reader, [&] {
        std::uint64_t value = 0;
        const auto copy = [&](const auto* entry) { value = core_type::entries::load_value(entry); };
        EXPECT_TRUE(busy.read(std::uint64_t{7}, hash, gomap::operation::read, copy,
                              [&](const auto& entry) { value = entry.second; }));
        EXPECT_EQ(value, 7U);
      });
      has_read.open();
    });
    while (!has_read.is_open() && support::counting_mutex::calls() == calls) {
      std::this_thread::yield();
    }
  }
  others.wait();

  EXPECT_NO_THROW({
    const core_type::exclusive_shard in(busy, shard, gomap::operation::assign);
    touch(reader);
  });
  gomap::set_fatal_handler(before);
}

// ---- what it costs

// Each of many maps is called inside one: quadratic costs would take hours.
TEST(LockOrderOfManyMaps, IsForgottenWithEachAtTheCostOfItsOwn) {
  constexpr std::size_t maps = 30'000;
  words outer;
  std::vector<std::unique_ptr<words>> inner;
  for (std::size_t i = 0; i < maps; ++i) {
    inner.push_back(std::make_unique<words>(gomap::concurrent_options{.shards = 1}));
    nest(outer, *inner.back());
  }
  for (std::size_t i = 0; i < maps; ++i) {
    const words untouched({.shards = 1});  // whose making and destroying costs nothing
    inner[i].reset();
  }
}

// No stack holds a way through them all.
TEST(LockOrderOfManyMaps, IsFoundThroughALongChain) {
  constexpr std::size_t maps = 30'000;
  const auto before = gomap::set_fatal_handler([](const misuse_report& report) { throw report; });
  std::vector<std::unique_ptr<words>> chain;
  for (std::size_t i = 0; i < maps; ++i) {
    chain.push_back(std::make_unique<words>(gomap::concurrent_options{.shards = 1}));
    if (i > 0) nest(*chain[i - 1], *chain[i]);
  }
  EXPECT_THROW(nest(*chain.back(), *chain.front()), misuse_report);
  chain[maps / 2].reset();
  EXPECT_NO_THROW(nest(*chain.back(), *chain.front()));
  gomap::set_fatal_handler(before);
}

// Other threads are in the middle of noting orders at each fork(); a lock of theirs would never be
// given back in the child.
TEST(LockOrderInAChildProcess, IsThatOfTheParentAndGoesOn) {
  constexpr std::size_t maps = 64;
  std::vector<std::unique_ptr<words>> outer;
  for (std::size_t i = 0; i < maps; ++i) {
    outer.push_back(std::make_unique<words>(gomap::concurrent_options{.shards = 1}));
  }
  words inner;
  const auto nest_all = [&] {
    for (const auto& map : outer) nest(*map, inner);
  };
  nest_all();
  support::crew others;
  others.start(2, [&](int) {
    words hub({.shards = 1});
    std::vector<std::unique_ptr<words>> spokes;
    for (int i = 0; i < 500; ++i) {
      spokes.push_back(std::make_unique<words>(gomap::concurrent_options{.shards = 1}));
      nest(hub, *spokes.back());
    }
    for (; others.wanted(); others.tick()) {
      words fresh({.shards = 1});
      nest(fresh, hub);
    }
  });

  for (int i = 0; i < 100; ++i) {
    others.await_tick();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::alarm(20);  // ends a child that hangs
      nest_all();
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "the child was ended by signal " << WTERMSIG(status);
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }
  others.finish();
}

}  // namespace lock_order_test
