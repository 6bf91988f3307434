// concurrent_misuse_test.cpp -- callbacks that would make a thread wait for itself, or two threads
// for each other, are named instead.
//
// The handler throws, so that a test sees the report and goes on; then every lock must have been
// given back. A misuse that is not found hangs, which the test's time limit tells.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/misuse.hpp>

#include "support/crew.hpp"

namespace concurrent_misuse_test {

using gomap::misuse_kind;
using gomap::misuse_report;
using gomap::operation;
using support::crew;
using support::door;

using words = gomap::concurrent_map<std::uint64_t, std::uint64_t>;
using strings = gomap::concurrent_map<std::string, std::string>;

class ConcurrentMisuse : public testing::Test {
 protected:
  ConcurrentMisuse()
      : before_(gomap::set_fatal_handler([](const misuse_report& report) { throw report; })) {}
  ~ConcurrentMisuse() override { gomap::set_fatal_handler(before_); }

  // The report that `f` provokes; its kind is expected.
  template <class F>
  static std::optional<misuse_report> report_of(misuse_kind kind, F f) {
    try {
      f();
    } catch (const misuse_report& report) {
      EXPECT_EQ(report.kind, kind) << report.text;
      return report;
    }
    ADD_FAILURE() << "no misuse was reported";
    return std::nullopt;
  }
  // The same for a map that is called back in `outer` by `inner`, on one thread.
  template <class F>
  static void expect_reentrancy(operation inner, operation outer, F f) {
    const auto report = report_of(misuse_kind::reentrancy, f);
    if (!report) return;
    EXPECT_EQ(name(report->this_operation), name(inner));
    EXPECT_EQ(name(report->other_operation), name(outer));
    EXPECT_EQ(report->this_thread, gomap::this_thread_number());
    EXPECT_EQ(report->other_thread, gomap::this_thread_number());
  }
  // That another thread can do everything.
  template <class Map, class Key, class Value>
  static void expect_usable(Map& map, const Key& key, const Value& value) {
    support::together(1, [&](int) {
      map.store(key, value);
      EXPECT_EQ(map.load(key), value);
      EXPECT_EQ(map.cvisit_all([](const auto&) {}), map.size());
      EXPECT_EQ(map.snapshot().size(), map.size());
      map.check_invariants();
    });
  }

 private:
  gomap::fatal_handler before_;
};

// ---- a callback that calls its own map

TEST_F(ConcurrentMisuse, EveryWriteFromAVisitorIsNamed) {
  // One shard, and several: the other shards are forbidden as well.
  for (const std::size_t shards : {1, 16}) {
    words map({.shards = shards});
    for (std::uint64_t n = 0; n < 20; ++n) map.store(n, n);
    const auto nothing = [](auto&&...) {};
    const auto in_visitor = [&](operation inner, auto call) {
      for (std::uint64_t n = 0; n < 20; ++n) {
        expect_reentrancy(inner, operation::visit, [&] { map.visit(n, [&](auto&) { call(); }); });
      }
    };
    in_visitor(operation::assign, [&] { map.store(3U, 3U); });
    in_visitor(operation::assign, [&] { map.exchange(3U, 3U); });
    in_visitor(operation::assign, [&] { map.compare_exchange(3U, 3U, 4U); });
    in_visitor(operation::insert, [&] { map.try_emplace(99U, 3U); });
    in_visitor(operation::insert, [&] { map.load_or_store(99U, 3U); });
    in_visitor(operation::insert, [&] { map.insert_many(std::vector{std::pair(99U, 3U)}); });
    in_visitor(operation::erase, [&] { map.erase(3U); });
    in_visitor(operation::erase, [&] { map.load_and_erase(3U); });
    in_visitor(operation::erase, [&] { map.erase_if([](const auto&) { return true; }); });
    in_visitor(operation::erase, [&] { map.erase_many(std::vector{3U}); });
    in_visitor(operation::update, [&] { map.update(3U, nothing); });
    in_visitor(operation::update, [&] { map.compute(3U, nothing); });
    in_visitor(operation::update, [&] { map.with_locked(3U, 4U, nothing); });
    in_visitor(operation::visit, [&] { map.visit(3U, nothing); });
    in_visitor(operation::visit, [&] { map.try_visit(3U, nothing); });
    in_visitor(operation::visit, [&] { map.visit_all(nothing); });
    in_visitor(operation::visit, [&] { map.cvisit_all(nothing); });
    in_visitor(operation::clear, [&] { map.clear(); });
    in_visitor(operation::reserve, [&] { map.reserve(1000); });
    in_visitor(operation::copy, [&] { (void)map.snapshot(); });
    in_visitor(operation::copy, [&] { const words copy(map); });
    EXPECT_EQ(map.size(), 20U);
    for (std::uint64_t n = 0; n < 20; ++n) EXPECT_EQ(map.load(n), n);
    expect_usable(map, std::uint64_t{5}, std::uint64_t{5});
  }
}

TEST_F(ConcurrentMisuse, EveryCallbackUnderALockIsFound) {
  words map({.shards = 1});
  for (std::uint64_t n = 0; n < 4; ++n) map.store(n, n);
  const auto call_back = [&](auto&&...) -> bool {
    map.store(1U, 1U);
    return true;
  };
  const std::pair<const std::uint64_t, std::uint64_t> present(1, 1);
  const std::vector<std::uint64_t> some{1, 2};
  const auto expect_found = [&](operation outer, auto call) {
    expect_reentrancy(operation::assign, outer, call);
  };
  expect_found(operation::update, [&] { map.update(1U, call_back); });
  expect_found(operation::update, [&] { map.update(77U, call_back); });
  expect_found(operation::update, [&] { map.compute(1U, call_back); });
  expect_found(operation::update, [&] { map.with_locked(1U, 2U, 3U, call_back); });
  expect_found(operation::erase, [&] { map.erase_if(1U, call_back); });
  expect_found(operation::erase, [&] { map.erase_if(call_back); });
  expect_found(operation::visit, [&] { map.visit_all(call_back); });
  expect_found(operation::visit, [&] { map.cvisit_all(call_back); });
  expect_found(operation::visit, [&] { map.visit_while(call_back); });
  expect_found(operation::visit, [&] { map.visit(some.begin(), some.end(), call_back); });
  expect_found(operation::visit, [&] { map.scan(gomap::scan_cursor{}, call_back); });
  expect_found(operation::visit, [&] { map.try_visit(1U, call_back); });
  expect_found(operation::insert, [&] { map.insert_or_visit(present, call_back); });
  expect_found(operation::insert, [&] { map.try_emplace_or_visit(1U, 1U, call_back); });
  EXPECT_EQ(map.size(), 4U);
  expect_usable(map, std::uint64_t{1}, std::uint64_t{1});
}

TEST_F(ConcurrentMisuse, ReadsThatTakeTheLockAreFoundToo) {
  strings map({.shards = 1});
  map.store("a", "1");
  const auto in_visitor = [&](operation inner, auto call) {
    expect_reentrancy(inner, operation::visit, [&] { map.visit("a", [&](auto&) { call(); }); });
    expect_reentrancy(inner, operation::read, [&] { map.cvisit("a", [&](auto&) { call(); }); });
  };
  in_visitor(operation::read, [&] { (void)map.load("a"); });
  in_visitor(operation::read, [&] { (void)map.contains("b"); });
  in_visitor(operation::read, [&] { map.cvisit("a", [](const auto&) {}); });
  in_visitor(operation::assign, [&] { map.store("a", "2"); });
  expect_usable(map, "a", std::string("1"));
}

// Where reads take no lock they may come from anywhere, and see what was there before the callback.
TEST_F(ConcurrentMisuse, ReadsThatTakeNoLockAreAllowedAndRight) {
  for (const std::size_t shards : {1, 8}) {
    words map({.shards = shards});
    for (std::uint64_t n = 0; n < 30; ++n) map.store(n, n);
    const auto look = [&] {
      for (std::uint64_t n = 0; n < 30; ++n) {
        EXPECT_EQ(map.load(n), n);
        EXPECT_TRUE(map.contains(n));
        EXPECT_EQ(map.cvisit(n, [&](const auto& e) { EXPECT_EQ(e.second, n); }), 1U);
      }
      EXPECT_FALSE(map.contains(31U));
      EXPECT_EQ(map.size(), 30U);
    };
    map.visit(7U, [&](auto& e) {
      e.second = 1000;
      look();
      e.second = 7;
    });
    map.update(31U, [&](auto&) { look(); });
    map.erase(31U);
    map.with_locked(1U, 2U, 3U, [&](auto& e, auto&, auto&) {
      e.emplace(5U);
      look();
      e.emplace(1U);
    });
    map.visit_all([&](auto&) { look(); });
    map.erase_if([&](auto&) {
      look();
      return false;
    });
  }
}

// The map that is called back is found through a map in between.
TEST_F(ConcurrentMisuse, ACallBackByWayOfAnotherMapIsFound) {
  words outer({.shards = 1});
  words between({.shards = 1});
  outer.store(1U, 1U);
  between.store(1U, 1U);
  expect_reentrancy(operation::assign, operation::visit, [&] {
    outer.visit(1U, [&](auto&) { between.update(1U, [&](auto&) { outer.store(2U, 2U); }); });
  });
  expect_usable(outer, std::uint64_t{1}, std::uint64_t{1});
  expect_usable(between, std::uint64_t{1}, std::uint64_t{1});
}

// ---- user code of other kinds

template <class Tag>
struct called_back {
  static inline std::function<void()> action;
  static void run() {
    // Once: what it calls would come here again.
    if (const auto once = std::exchange(action, nullptr)) once();
  }
};

struct calling_equal : called_back<calling_equal> {
  bool operator()(const std::string& a, const std::string& b) const {
    run();
    return a == b;
  }
};

TEST_F(ConcurrentMisuse, AComparisonThatCallsItsMapIsFound) {
  gomap::concurrent_map<std::string, int, std::hash<std::string>, calling_equal> map({.shards = 1});
  map.store("a", 1);
  calling_equal::action = [&] { map.store("b", 1); };
  expect_reentrancy(operation::assign, operation::assign, [&] { map.store("a", 2); });
  calling_equal::action = [&] { map.erase("b"); };
  expect_reentrancy(operation::erase, operation::read, [&] { (void)map.load("a"); });
  expect_usable(map, std::string("a"), 3);
}

// Growth hashes keys under the lock. What its hash throws puts the growth off, so the report is not
// seen as an exception, but as a report. A read that takes no lock harms nothing there.
struct calling_hash : called_back<calling_hash> {
  static inline int skip = 0;  // the calls that come before one in the middle of a growth
  std::uint64_t operator()(std::uint64_t key) const {
    if (skip > 0) {
      --skip;
    } else {
      run();
    }
    return key * 0x9E3779B97F4A7C15u;
  }
};

std::optional<misuse_report> last_report;

TEST_F(ConcurrentMisuse, AHashThatCallsItsMapInAGrowthIsFoundAndTheMapStaysWhole) {
  using hashed = gomap::concurrent_map<std::uint64_t, std::uint64_t, calling_hash>;
  gomap::set_fatal_handler([](const misuse_report& report) {
    last_report = report;
    throw report;
  });
  for (const bool reads : {false, true}) {
    hashed map({.shards = 1});
    for (std::uint64_t n = 0; n < 8; ++n) map.store(n, n);
    last_report.reset();
    bool called = false;
    calling_hash::skip = 1;
    calling_hash::action = [&] {
      called = true;
      if (reads) {
        EXPECT_EQ(map.load(3U), 3U);
      } else {
        map.store(3U, 3U);
      }
    };
    map.store(8U, 8U);
    calling_hash::action = nullptr;
    ASSERT_TRUE(called) << "the ninth entry hashed nothing";
    ASSERT_EQ(last_report.has_value(), !reads);
    if (!reads) {
      EXPECT_EQ(last_report->kind, misuse_kind::reentrancy);
      EXPECT_EQ(name(last_report->this_operation), "assign");
    }
    for (std::uint64_t n = 0; n < 200; ++n) map.store(n, n);
    for (std::uint64_t n = 0; n < 200; ++n) EXPECT_EQ(map.load(n), n);
    expect_usable(map, std::uint64_t{1}, std::uint64_t{1});
  }
}

// A value whose destructor calls the map that it is erased from, and catches what that throws,
// since destructors must not throw.
struct calling_value : called_back<calling_value> {
  int number = 0;
  explicit calling_value(int n) : number(n) {}
  calling_value(calling_value&&) = default;
  calling_value& operator=(calling_value&&) = default;
  ~calling_value() {
    try {
      run();
    } catch (const misuse_report& report) {
      last_report = report;
    }
  }
};

TEST_F(ConcurrentMisuse, ADestructorThatCallsItsMapIsFound) {
  gomap::concurrent_map<int, calling_value> map({.shards = 1});
  map.try_emplace(1, 1);
  map.try_emplace(2, 2);
  last_report.reset();
  calling_value::action = [&] { map.erase(2); };
  map.erase(1);
  ASSERT_TRUE(last_report.has_value());
  EXPECT_EQ(last_report->kind, misuse_kind::reentrancy);
  EXPECT_EQ(last_report->this_operation, operation::erase);
  EXPECT_EQ(last_report->other_operation, operation::erase);
  EXPECT_EQ(map.size(), 1U);
  EXPECT_EQ(map.cvisit(2, [](const auto& e) { EXPECT_EQ(e.second.number, 2); }), 1U);
}

// ---- maps locked in opposite orders

// Locks `outer` and, from its callback, `inner`.
template <class Outer, class Inner>
void nest(Outer& outer, Inner& inner) {
  outer.update(1U, [&](auto&) { inner.store(1U, 1U); });
}

TEST_F(ConcurrentMisuse, TwoMapsLockedInOppositeOrdersAreFoundThoughNeverAtTheSameTime) {
  words a;
  words b;
  std::uint32_t first_thread = 0;
  support::together(1, [&](int) {
    nest(a, b);
    nest(a, b);
    first_thread = gomap::this_thread_number();
  });

  // Again and again: a report changes nothing about the order.
  for (int i = 0; i < 3; ++i) {
    const auto report = report_of(misuse_kind::lock_order, [&] { nest(b, a); });
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->this_operation, operation::assign);
    EXPECT_EQ(report->other_operation, operation::assign);
    EXPECT_EQ(report->this_thread, gomap::this_thread_number());
    EXPECT_EQ(report->other_thread, first_thread);
    EXPECT_NE(report->this_thread, report->other_thread);
  }
  nest(a, b);
  expect_usable(a, std::uint64_t{1}, std::uint64_t{1});
  expect_usable(b, std::uint64_t{1}, std::uint64_t{1});
}

TEST_F(ConcurrentMisuse, ACycleOfThreeMapsIsFound) {
  words a;
  words b;
  words c;
  nest(a, b);
  nest(b, c);
  ASSERT_TRUE(report_of(misuse_kind::lock_order, [&] { nest(c, a); }));
  ASSERT_TRUE(report_of(misuse_kind::lock_order, [&] { nest(c, b); }));
  nest(a, c);
  ASSERT_TRUE(report_of(misuse_kind::lock_order, [&] { nest(c, a); }));
}

TEST_F(ConcurrentMisuse, MapsOfDifferentTypesHaveOneOrder) {
  words a;
  strings b;
  a.update(1U, [&](auto&) { b.store("x", "y"); });
  ASSERT_TRUE(
      report_of(misuse_kind::lock_order, [&] { b.update("x", [&](auto&) { a.store(1U, 1U); }); }));
  ASSERT_TRUE(report_of(misuse_kind::lock_order,
                        [&] { b.cvisit("x", [&](const auto&) { a.store(1U, 1U); }); }));
}

// A map that takes another's place in memory is another map.
TEST_F(ConcurrentMisuse, TheOrderOfADestroyedMapIsForgotten) {
  words a;
  for (int i = 0; i < 20; ++i) {
    words b;
    if (i % 2 == 0) {
      nest(a, b);
    } else {
      nest(b, a);
    }
  }
}

// A lock that is only tried waits for nobody, so its order does not matter.
TEST_F(ConcurrentMisuse, TriedLocksHaveNoOrder) {
  words a;
  words b;
  for (std::uint64_t n = 0; n < 20; ++n) a.store(n, n);
  EXPECT_EQ(b.merge(a), 20U);
  EXPECT_EQ(a.merge(b), 20U);
  const auto nothing = [](auto&) {};
  b.store(1U, 1U);
  a.visit(1U, [&](auto&) { b.try_visit(1U, nothing); });
  b.visit(1U, [&](auto&) { a.try_visit(1U, nothing); });
  // What waits inside of it does.
  a.visit(1U, [&](auto&) { b.store(1U, 1U); });
  ASSERT_TRUE(report_of(misuse_kind::lock_order,
                        [&] { b.try_visit(1U, [&](auto&) { a.store(1U, 1U); }); }));
}

TEST_F(ConcurrentMisuse, CopiesAndSnapshotsInCallbacksOfOtherMapsFollowTheOrder) {
  words a;
  words b;
  a.store(1U, 1U);
  b.store(1U, 1U);
  a.visit(1U, [&](auto&) { EXPECT_EQ(b.snapshot().size(), 1U); });
  const auto report =
      report_of(misuse_kind::lock_order, [&] { b.visit(1U, [&](auto&) { (void)a.snapshot(); }); });
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->this_operation, operation::copy);
  EXPECT_EQ(report->other_operation, operation::copy);
}

// ---- destruction

using ConcurrentMisuseDeathTest = ConcurrentMisuse;

template <class Map>
void destroy_under_a_visitor() {
  gomap::set_fatal_handler(nullptr);
  auto map = std::make_unique<Map>();
  map->try_emplace(1U, 1U);
  door inside;
  const door leave;
  crew visitor;
  visitor.start(1, [&](int) {
    map->visit(1U, [&](auto&) {
      inside.open();
      leave.pass();
    });
  });
  inside.pass();
  map.reset();
}

TEST_F(ConcurrentMisuseDeathTest, DestructionUnderAVisitorIsNamedWithBothSides) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(destroy_under_a_visitor<words>(), "fatal error: .*destroyed(.|\n)*visit");
}

// ---- the text

TEST_F(ConcurrentMisuse, ReportsFitOnAScreen) {
  for (const misuse_kind kind :
       {misuse_kind::reentrancy, misuse_kind::lock_order, misuse_kind::destroyed_in_use}) {
    testing::internal::CaptureStderr();
    gomap::print(gomap::make_report(kind, operation::erase, operation::visit, 3, 4));
    const std::string text = testing::internal::GetCapturedStderr();

    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 20);
    EXPECT_EQ(text.rfind("fatal error: ", 0), 0U) << text;
    for (const std::string_view part : {"erase", "visit", "3", "4"}) {
      EXPECT_NE(text.find(part), std::string::npos) << text;
    }
  }
}

}  // namespace concurrent_misuse_test
