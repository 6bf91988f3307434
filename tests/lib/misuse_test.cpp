// misuse_test.cpp -- the tripwire alone: what it notices, what it says, what it leaves behind.
//
// Reports are caught by a handler that throws them. Where two threads meet, one waits inside its
// call until the other is done, so that nothing depends on timing.
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/detail/raise.hpp>
#include <gomap/misuse.hpp>

namespace misuse_test {

using gomap::checked;
using gomap::misuse_kind;
using gomap::operation;
using gomap::unchecked;

struct reported {
  gomap::misuse_report report;
};

void throw_it(const gomap::misuse_report& report) { throw reported{report}; }

// Runs `body` and returns what it was reported for.
template <class Body>
gomap::misuse_report report_of(const Body& body) {
  try {
    body();
  } catch (const reported& caught) {
    return caught.report;
  }
  throw std::logic_error("nothing was reported");
}

// A thread that is inside a write of `wire` as long as this lives.
class writer_elsewhere {
 public:
  writer_elsewhere(checked& wire, operation op)
      : thread_([this, &wire, op] {
          number = gomap::this_thread_number();
          try {
            const checked::write_guard guard(wire, op);
            inside_.count_down();
            done_.wait();
          } catch (const reported&) {
            ended_in_peace = false;
          }
        }) {
    inside_.wait();
  }
  ~writer_elsewhere() { end(); }

  void end() {
    if (!thread_.joinable()) return;
    done_.count_down();
    thread_.join();
  }

  std::uint32_t number = 0;
  bool ended_in_peace = true;  // to be read after end()

 private:
  std::latch inside_{1};
  std::latch done_{1};
  std::thread thread_;
};

class Misuse : public testing::Test {
 protected:
  void SetUp() override { before_ = gomap::set_fatal_handler(&throw_it); }
  void TearDown() override { gomap::set_fatal_handler(before_); }

  checked wire_;

 private:
  gomap::fatal_handler before_ = nullptr;
};

TEST_F(Misuse, CallsOneAfterAnotherAreFine) {
  for (int i = 0; i < 3; ++i) {
    const checked::write_guard guard(wire_, operation::insert);
  }
  std::thread([this] { const checked::write_guard guard(wire_, operation::erase); }).join();

  EXPECT_NO_THROW(wire_.check_read());
  EXPECT_NO_THROW(wire_.check_iterate());
  EXPECT_NO_THROW(wire_.check_clone());
}

TEST_F(Misuse, ASecondWriterIsReportedWithBothSides) {
  const writer_elsewhere other(wire_, operation::insert);

  const auto report = report_of([this] { checked::write_guard guard(wire_, operation::erase); });

  EXPECT_EQ(report.kind, misuse_kind::concurrent_writes);
  EXPECT_EQ(report.text, "fatal error: concurrent map writes");
  EXPECT_EQ(report.this_operation, operation::erase);
  EXPECT_EQ(report.other_operation, operation::insert);
  EXPECT_EQ(report.this_thread, gomap::this_thread_number());
  EXPECT_EQ(report.other_thread, other.number);
  EXPECT_FALSE(report.explanation.empty());
}

TEST_F(Misuse, AReaderBesideAWriterIsReportedByWhatItDoes) {
  const writer_elsewhere other(wire_, operation::clear);

  const auto read = report_of([this] { wire_.check_read(); });
  const auto step = report_of([this] { wire_.check_iterate(); });
  const auto copy = report_of([this] { wire_.check_clone(); });

  EXPECT_EQ(read.kind, misuse_kind::concurrent_read_and_write);
  EXPECT_EQ(read.text, "fatal error: concurrent map read and map write");
  EXPECT_EQ(read.this_operation, operation::read);
  EXPECT_EQ(step.kind, misuse_kind::concurrent_iteration_and_write);
  EXPECT_EQ(step.text, "fatal error: concurrent map iteration and map write");
  EXPECT_EQ(step.this_operation, operation::iterate);
  EXPECT_EQ(copy.kind, misuse_kind::concurrent_clone_and_write);
  EXPECT_EQ(copy.text, "fatal error: concurrent map clone and map write");
  EXPECT_EQ(copy.this_operation, operation::copy);
  EXPECT_EQ(copy.other_operation, operation::clear);
  EXPECT_EQ(copy.other_thread, other.number);
}

// The writer is not harmed by those that were turned away.
TEST_F(Misuse, TheWriterThatWasThereEndsInPeace) {
  writer_elsewhere other(wire_, operation::insert);

  report_of([this] { wire_.check_read(); });
  report_of([this] { checked::write_guard second(wire_, operation::erase); });
  other.end();

  EXPECT_TRUE(other.ended_in_peace);

  EXPECT_NO_THROW(wire_.check_read());
}

TEST_F(Misuse, AWriteInsideAWriteOfTheSameThreadIsReentrancy) {
  const checked::write_guard guard(wire_, operation::insert);

  const auto report = report_of([this] { checked::write_guard inner(wire_, operation::clear); });

  EXPECT_EQ(report.kind, misuse_kind::reentrancy);
  EXPECT_EQ(report.text, "fatal error: map used by its own callback");
  EXPECT_EQ(report.this_operation, operation::clear);
  EXPECT_EQ(report.other_operation, operation::insert);
  EXPECT_EQ(report.this_thread, report.other_thread);
}

TEST_F(Misuse, AReadInsideAWriteOfTheSameThreadIsReentrancy) {
  const checked::write_guard guard(wire_, operation::insert);

  EXPECT_EQ(report_of([this] { wire_.check_read(); }).kind, misuse_kind::reentrancy);
  EXPECT_EQ(report_of([this] { wire_.check_iterate(); }).kind, misuse_kind::reentrancy);
  EXPECT_EQ(report_of([this] { wire_.check_clone(); }).kind, misuse_kind::reentrancy);
}

TEST_F(Misuse, AReportThatLeavesAWriteLowersTheWire) {
  report_of([this] {
    const checked::write_guard outer(wire_, operation::insert);
    const checked::write_guard inner(wire_, operation::insert);
  });

  EXPECT_NO_THROW(wire_.check_read());
}

// Comparisons run while the word says nothing, so only the scope can tell.
TEST_F(Misuse, AWriteFromAComparisonOfTheSameMapIsReentrancy) {
  const int map = 0;
  const checked::read_scope scope(&map);

  const auto report = report_of([&] { checked::write_guard guard(wire_, operation::erase, &map); });

  EXPECT_EQ(report.kind, misuse_kind::reentrancy);
  EXPECT_EQ(report.this_operation, operation::erase);
  EXPECT_EQ(report.other_operation, operation::read);
  EXPECT_NO_THROW(wire_.check_read());
}

TEST_F(Misuse, AWriteToAMapThatIsNotBeingReadIsFine) {
  const int read_map = 0;
  const int written_map = 0;
  const checked::read_scope scope(&read_map);

  EXPECT_NO_THROW({ const checked::write_guard guard(wire_, operation::erase, &written_map); });
  EXPECT_NO_THROW({ const checked::write_guard guard(wire_, operation::erase); });
  std::thread([&] {
    EXPECT_NO_THROW({ const checked::write_guard guard(wire_, operation::erase, &read_map); });
  }).join();
}

TEST_F(Misuse, ReadScopesNestAndEnd) {
  const int outer_map = 0;
  const int inner_map = 0;
  const auto write_to = [this](const int& map) {
    checked::write_guard guard(wire_, operation::insert, &map);
  };

  {
    const checked::read_scope outer(&outer_map);
    {
      const checked::read_scope inner(&inner_map);
      report_of([&] { write_to(outer_map); });
      report_of([&] { write_to(inner_map); });
    }
    EXPECT_NO_THROW(write_to(inner_map));
    report_of([&] { write_to(outer_map); });
  }
  EXPECT_NO_THROW(write_to(outer_map));
}

// Two writers may both find the wire down; the loser of the word sees it at its end. A second wire
// built in the place of the first is what that looks like from inside.
TEST_F(Misuse, AWriterWhoseWordIsGoneReportsAtItsEnd) {
  const auto report = report_of([this] {
    const checked::write_guard guard(wire_, operation::insert);
    std::construct_at(&wire_);
  });

  EXPECT_EQ(report.kind, misuse_kind::concurrent_writes);
  EXPECT_EQ(report.this_operation, operation::insert);
  EXPECT_EQ(report.other_operation, operation::none);
  EXPECT_EQ(report.other_thread, 0u);
}

TEST_F(Misuse, WritersThatMissedEachOtherAtFirstBothReportAtTheEnd) {
  std::unique_ptr<writer_elsewhere> other;

  const auto report = report_of([&] {
    const checked::write_guard guard(wire_, operation::insert);
    std::construct_at(&wire_);
    other = std::make_unique<writer_elsewhere>(wire_, operation::erase);
  });
  other->end();

  EXPECT_EQ(report.kind, misuse_kind::concurrent_writes);
  EXPECT_EQ(report.other_operation, operation::erase);
  EXPECT_EQ(report.other_thread, other->number);
  EXPECT_FALSE(other->ended_in_peace);
}

// A second exception would end the process, so a handler that may throw is not called.
TEST_F(Misuse, AWriterThatIsUnwindingDoesNotThrowAgain) {
  EXPECT_THROW(
      {
        const checked::write_guard guard(wire_, operation::insert);
        std::construct_at(&wire_);
        throw std::runtime_error("the constructor of a value");
      },
      std::runtime_error);

  EXPECT_NO_THROW(wire_.check_read());
}

TEST_F(Misuse, ACopiedOrMovedWireStartsDownAndAnAssignedOneKeepsItsOwn) {
  const checked::write_guard guard(wire_, operation::insert);

  const checked copy(wire_);
  const checked moved(std::move(wire_));
  checked assigned;
  assigned = wire_;

  EXPECT_NO_THROW(copy.check_read());
  EXPECT_NO_THROW(moved.check_read());
  EXPECT_NO_THROW(assigned.check_read());
  wire_ = assigned;
  report_of([this] { wire_.check_read(); });
}

TEST_F(Misuse, EachThreadHasANumberOfItsOwnThatStays) {
  std::set<std::uint32_t> numbers{gomap::this_thread_number()};

  for (int i = 0; i < 3; ++i) {
    std::thread([&numbers] {
      numbers.insert(gomap::this_thread_number());
      EXPECT_EQ(*numbers.rbegin(), gomap::this_thread_number());
    }).join();
  }

  EXPECT_EQ(numbers.size(), 4u);
  EXPECT_FALSE(numbers.contains(0));
  EXPECT_TRUE(numbers.contains(gomap::this_thread_number()));
}

// A real race of the tripwire itself: whatever is noticed is called by its name, the word ends
// down, and ThreadSanitizer has nothing to say.
TEST_F(Misuse, RacingWritersAndReadersAreReportedAsRacesOnly) {
  std::atomic<int> wrongly_named{0};
  const auto expect_kind = [&](misuse_kind kind, auto&& call) {
    try {
      call();
    } catch (const reported& caught) {
      if (caught.report.kind != kind) ++wrongly_named;
    }
  };
  const auto hammer = [&] {
    for (int i = 0; i < 20000; ++i) {
      expect_kind(misuse_kind::concurrent_writes,
                  [&] { checked::write_guard guard(wire_, operation::insert); });
      expect_kind(misuse_kind::concurrent_read_and_write, [&] { wire_.check_read(); });
    }
  };

  std::thread first(hammer);
  std::thread second(hammer);
  first.join();
  second.join();

  EXPECT_EQ(wrongly_named, 0);
  EXPECT_NO_THROW(wire_.check_read());
}

TEST(MisuseNames, EveryOperationHasAName) {
  EXPECT_EQ(gomap::name(operation::none), "none");
  EXPECT_EQ(gomap::name(operation::insert), "insert");
  EXPECT_EQ(gomap::name(operation::iterate), "iterate");
  EXPECT_EQ(gomap::name(operation::update), "update");
  EXPECT_EQ(gomap::name(operation::unlock_shared), "unlock_shared");
  EXPECT_EQ(gomap::name(static_cast<operation>(200)), "unknown");
}

TEST(MisuseNames, EveryKindHasItsText) {
  EXPECT_EQ(gomap::text(misuse_kind::unlock), "fatal error: sync: Unlock of unlocked RWMutex");
  EXPECT_EQ(gomap::text(misuse_kind::unlock_shared),
            "fatal error: sync: RUnlock of unlocked RWMutex");
  EXPECT_EQ(gomap::text(misuse_kind::lock_order), "fatal error: maps locked in opposite orders");
}

TEST(MisuseHandler, SettingReturnsTheOneBeforeAndNullRestoresTheDefault) {
  const auto standard = gomap::set_fatal_handler(&throw_it);

  EXPECT_EQ(gomap::set_fatal_handler(nullptr), &throw_it);
  EXPECT_EQ(gomap::set_fatal_handler(standard), standard);
}

TEST(Unchecked, IsEmptyAndSeesNothing) {
  static_assert(std::is_empty_v<unchecked>);
  static_assert(sizeof(checked) == 4);
  static_assert(checked::enabled && !unchecked::enabled);
  const auto before = gomap::set_fatal_handler(&throw_it);
  unchecked wire;

  const unchecked::write_guard outer(wire, operation::insert);
  const unchecked::read_scope scope(&wire);
  EXPECT_NO_THROW({ const unchecked::write_guard guard(wire, operation::clear, &wire); });
  EXPECT_NO_THROW(wire.check_read());
  EXPECT_NO_THROW(wire.check_iterate());
  EXPECT_NO_THROW(wire.check_clone());

  gomap::set_fatal_handler(before);
}

class MisuseDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(MisuseDeathTest, TheDefaultPrintsBothSidesAndAborts) {
  EXPECT_EXIT(
      {
        checked wire;
        const writer_elsewhere other(wire, operation::insert);
        const checked::write_guard guard(wire, operation::erase);
      },
      testing::KilledBySignal(SIGABRT),
      "fatal error: concurrent map writes\n"
      "  found in: erase by thread [0-9]+\n"
      "  ran into: insert by thread [0-9]+\n"
      "  Two threads wrote to one map at once");
}

TEST_F(MisuseDeathTest, AnUnknownOtherSideIsSaidToBeGone) {
  EXPECT_EXIT(
      {
        checked wire;
        const checked::write_guard guard(wire, operation::insert);
        std::construct_at(&wire);
      },
      testing::KilledBySignal(SIGABRT), "ran into: a thread that was gone already");
}

TEST_F(MisuseDeathTest, AHandlerThatReturnsAborts) {
  EXPECT_EXIT(
      {
        gomap::set_fatal_handler([](const gomap::misuse_report& report) {
          std::fprintf(stderr, "seen: %s\n", std::string(report.text).c_str());
        });
        checked wire;
        const checked::write_guard outer(wire, operation::insert);
        wire.check_read();
      },
      testing::KilledBySignal(SIGABRT), "^seen: fatal error: map used by its own callback\n$");
}

// The default cannot throw, so nothing keeps it from speaking while an exception is under way.
TEST_F(MisuseDeathTest, TheDefaultReportsWhileUnwindingToo) {
  EXPECT_EXIT(
      try {
        checked wire;
        const checked::write_guard guard(wire, operation::insert);
        std::construct_at(&wire);
        throw 1;
      } catch (int){},
      testing::KilledBySignal(SIGABRT), "concurrent map writes");
}

// Where there are no exceptions, errors come this way; there is no other side to speak of.
TEST_F(MisuseDeathTest, AnErrorThatCannotBeThrownIsReportedInItsOwnWords) {
  EXPECT_EXIT(gomap::detail::raise(std::out_of_range("no such key")),
              testing::KilledBySignal(SIGABRT),
              "^fatal error: an error in a program without exceptions\n  no such key\n$");
}

}  // namespace misuse_test
