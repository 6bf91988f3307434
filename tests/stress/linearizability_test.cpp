// linearizability_test.cpp -- the checker on histories that are right, and on ones that are wrong.
#include "stress/linearizability.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stress/entry_model.hpp"
#include "stress/history.hpp"
#include "stress/history_text.hpp"
#include "support/crew.hpp"

namespace {

using stress::answer;
using stress::entry_state;
using stress::event;
using stress::finding;
using stress::key_finding;
using stress::operation;
using stress::stamp;
using stress::verb;
using testing::HasSubstr;

// ---- writing histories down ------------------------------------------------------------------

struct told {
  operation asked;
  answer given;
};

told load(std::uint64_t seen) { return {{verb::load}, {.saw = true, .value = seen}}; }
told load_none() { return {{verb::load}, {}}; }
told contains(bool there) { return {{verb::contains}, {.yes = there}}; }
told store(std::uint64_t value) { return {{verb::store, value}, {}}; }
told insert(std::uint64_t value, bool inserted) {
  return {{verb::insert, value}, {.yes = inserted}};
}
told erase(bool erased) { return {{verb::erase}, {.yes = erased}}; }
told take(std::uint64_t seen) { return {{verb::load_and_erase}, {.saw = true, .value = seen}}; }
told exchange(std::uint64_t value, std::uint64_t before) {
  return {{verb::exchange, value}, {.saw = true, .value = before}};
}
told compare_exchange(std::uint64_t expected, std::uint64_t desired, bool done) {
  return {{verb::compare_exchange, expected, desired}, {.yes = done}};
}
told update(std::uint64_t difference, std::uint64_t afterwards) {
  return {{verb::update, difference}, {.saw = true, .value = afterwards}};
}

const entry_state absent{};
entry_state held(std::uint64_t value) { return {true, value}; }

class history {
 public:
  explicit history(std::vector<entry_state> before = {absent}) : before_(std::move(before)) {}

  // A thread's calls are added in its order.
  history& call(std::size_t thread, stamp invoked, stamp responded, const told& what) {
    if (threads_.size() <= thread) threads_.resize(thread + 1);
    threads_[thread].push_back({invoked, responded, what.asked, what.given});
    return *this;
  }
  [[nodiscard]] std::vector<std::vector<event>>& threads() { return threads_; }

  [[nodiscard]] key_finding check(stress::linearizability_checker& checker) const {
    const auto all = spans();
    return checker.check(all, before_);
  }
  [[nodiscard]] finding verdict(const stress::checking_limits& limits = {}) const {
    stress::linearizability_checker checker(limits);
    return check(checker).verdict;
  }
  [[nodiscard]] std::string text() const {
    stress::linearizability_checker checker;
    return stress::violation_text(check(checker), spans());
  }

 private:
  [[nodiscard]] std::vector<std::span<const event>> spans() const {
    return {threads_.begin(), threads_.end()};
  }
  std::vector<entry_state> before_;
  std::vector<std::vector<event>> threads_;
};

// ---- right -----------------------------------------------------------------------------------

TEST(Linearizability, AnEmptyHistoryIsRight) {
  EXPECT_EQ(history().verdict(), finding::linearizable);
}

TEST(Linearizability, CallsThatOverlapNothingApplyInTheirOrder) {
  history h;
  h.call(0, 0, 1, load_none()).call(0, 2, 3, insert(7, true)).call(1, 4, 5, load(7));
  h.call(0, 6, 7, erase(true)).call(1, 8, 9, contains(false));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

TEST(Linearizability, ALoadBesideAStoreMaySeeEither) {
  history h({held(1)});
  h.call(0, 0, 10, store(2)).call(1, 1, 3, load(1)).call(1, 5, 7, load(2));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

TEST(Linearizability, AReadMayTakeEffectBeforeAWriteThatWasCalledEarlier) {
  history h({held(1)});
  h.call(0, 0, 4, store(2)).call(1, 2, 9, load(1)).call(0, 5, 7, load(2));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

TEST(Linearizability, CallsTakeEffectInAnOrderThatOnlyTheirAnswersTell) {
  history h;
  h.call(0, 0, 10, exchange(3, 2)).call(1, 0, 10, exchange(2, 1)).call(2, 0, 10, insert(1, true));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

TEST(Linearizability, TwoUpdatesAtOnceBothCount) {
  history h;
  h.call(0, 0, 10, update(1, 2)).call(1, 0, 10, update(1, 1)).call(2, 11, 12, load(2));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

// ---- wrong -----------------------------------------------------------------------------------

TEST(LinearizabilityFinds, ALostUpdate) {
  history h;
  h.call(0, 0, 10, update(1, 1)).call(1, 5, 15, update(1, 1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AStaleReadAfterAResponse) {
  history h({held(1)});
  h.call(0, 0, 10, store(2)).call(1, 11, 12, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AValueOutOfThinAir) {
  history h({held(1)});
  h.call(0, 0, 10, store(2)).call(1, 5, 6, load(3));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, ATornValue) {
  history h({held(1)});
  h.call(0, 0, 10, store(2)).call(1, 5, 6, load(stress::torn_value));

  EXPECT_EQ(h.verdict(), finding::wrong);
  EXPECT_THAT(h.text(), HasSubstr("saw TORN"));
}

TEST(LinearizabilityFinds, TwoInsertionsWithoutAnErasureBetween) {
  history h;
  h.call(0, 0, 10, insert(1, true)).call(1, 5, 15, insert(2, true));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AnInsertionRefusedForNoEntry) {
  history h;
  h.call(0, 0, 10, insert(1, false)).call(1, 5, 15, contains(false));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, TwoErasuresOfOneEntry) {
  history h({held(1)});
  h.call(0, 0, 10, erase(true)).call(1, 5, 15, erase(true));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, OneValueTakenTwice) {
  history h({held(1)});
  h.call(0, 0, 10, take(1)).call(1, 5, 15, take(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AnErasedValueThatComesBack) {
  history h({held(1)});
  h.call(0, 0, 10, erase(true)).call(1, 5, 6, load_none()).call(1, 7, 8, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AValueSeenBeforeItsStoreWasCalled) {
  history h;
  h.call(0, 5, 10, store(2)).call(1, 0, 4, load(2));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, ReadsThatGoBackInTime) {
  history h({held(1)});
  h.call(0, 0, 20, store(2)).call(1, 1, 3, load(2)).call(2, 5, 7, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, ReadersThatSeeTwoWritesInOppositeOrders) {
  history h;
  h.call(0, 0, 20, store(1)).call(1, 0, 20, store(2));
  h.call(2, 1, 3, load(1)).call(2, 5, 9, load(2)).call(3, 1, 3, load(2)).call(3, 5, 9, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AnExchangeThatExpectedAnotherValue) {
  history h({held(1)});
  h.call(0, 0, 10, compare_exchange(3, 4, true)).call(1, 0, 10, store(2));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, AnExchangeRefusedThoughTheValueWasThere) {
  history h({held(1)});
  h.call(0, 0, 10, compare_exchange(1, 4, false)).call(1, 0, 10, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

// Each thread by itself sees a history in which all is well: only the clock tells.
TEST(LinearizabilityFinds, WhatIsSequentiallyConsistentAndTooLate) {
  history h;
  h.call(0, 0, 10, insert(1, true)).call(1, 11, 20, load_none()).call(1, 21, 30, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

TEST(LinearizabilityFinds, ACallThatIsWrongOnlyWithOneThatReturnsMuchLater) {
  history h({held(1)});
  h.call(0, 0, 100, exchange(9, 8));  // nobody stores 8
  for (stamp at = 1; at < 90; at += 2) h.call(1, at, at + 1, load(1));

  EXPECT_EQ(h.verdict(), finding::wrong);
}

// ---- what is carried from one call to the next -------------------------------------------------

TEST(Linearizability, BothOutcomesOfARaceAreCarriedOverTheMomentWhenNothingIsPending) {
  const auto race_then = [](const std::vector<told>& loads) {
    history h;
    h.call(0, 0, 10, store(1)).call(1, 0, 10, store(2));
    for (stamp at = 20; const told& what : loads) {
      h.call(2, at, at + 5, what);
      at += 10;
    }
    return h.verdict();
  };

  EXPECT_EQ(race_then({load(1), load(1)}), finding::linearizable);
  EXPECT_EQ(race_then({load(2), load(2)}), finding::linearizable);
  EXPECT_EQ(race_then({load(1), load(2)}), finding::wrong);
  EXPECT_EQ(race_then({load_none()}), finding::wrong);
}

TEST(Linearizability, ItStartsFromAnyOfSeveralStates) {
  const auto after = [](const told& what) {
    return history({absent, held(3)}).call(0, 0, 1, what).verdict();
  };

  EXPECT_EQ(after(load(3)), finding::linearizable);
  EXPECT_EQ(after(load_none()), finding::linearizable);
  EXPECT_EQ(after(load(4)), finding::wrong);
}

TEST(Linearizability, ItEndsInTheStatesThatAreStillPossible) {
  history h;
  h.call(0, 0, 10, store(1)).call(1, 0, 10, store(2)).call(2, 0, 10, store(3));
  h.call(2, 20, 30, compare_exchange(2, 5, false));
  stress::linearizability_checker checker;

  ASSERT_EQ(h.check(checker).verdict, finding::linearizable);
  EXPECT_THAT(checker.possible_states(), testing::UnorderedElementsAre(held(1), held(3)));
}

// ---- time ------------------------------------------------------------------------------------

TEST(LinearizabilityTime, EqualStampsAreNoOrder) {
  const auto load_at = [](stamp invoked) {
    return history({held(1)}).call(0, 0, 10, store(2)).call(1, invoked, 20, load(1)).verdict();
  };

  EXPECT_EQ(load_at(10), finding::linearizable);
  EXPECT_EQ(load_at(11), finding::wrong);
}

TEST(LinearizabilityTime, AResponseStampedBeforeItsOwnInvocationIsNoOrder) {
  history h({held(1)});
  h.call(0, 10, 8, store(2)).call(1, 10, 20, load(1));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

TEST(LinearizabilityTime, StampsNearerThanTheAllowanceAreNoOrder) {
  history h({held(1)});
  h.call(0, 0, 10, store(2)).call(1, 15, 20, load(1));

  EXPECT_EQ(h.verdict({.clock_allowance = 5}), finding::linearizable);
  EXPECT_EQ(h.verdict({.clock_allowance = 4}), finding::wrong);
}

TEST(LinearizabilityTime, AThreadsOwnOrderNeedsNoClock) {
  history h({held(1)});
  h.call(0, 5, 5, store(2)).call(0, 5, 5, load(1));

  EXPECT_EQ(h.verdict({.clock_allowance = 100}), finding::wrong);
}

// Two threads whose stamps are all equal: only their own orders can contradict each other.
TEST(LinearizabilityTime, OrdersOfTwoThreadsHoldTogether) {
  history h({held(1)});
  h.call(0, 5, 5, store(2)).call(0, 5, 5, load(2)).call(0, 5, 5, load(1));
  h.call(1, 5, 5, store(1)).call(1, 5, 5, load(2));

  EXPECT_EQ(h.verdict(), finding::wrong);
  h.threads()[1][1].given.value = 1;
  EXPECT_EQ(h.verdict(), finding::linearizable);
}

// ---- limits ----------------------------------------------------------------------------------

history stores_at_once(std::size_t threads) {
  history h;
  for (std::size_t t = 0; t < threads; ++t) h.call(t, 0, 100, store(t));
  return h;
}

TEST(LinearizabilityLimits, TooManyConfigurationsAreUndecidedAndNeverPassed) {
  stress::linearizability_checker checker({.configurations = 100});
  history h = stores_at_once(12);
  h.call(0, 200, 201, load(1000));  // wrong, and out of reach

  const key_finding found = h.check(checker);

  EXPECT_EQ(found.verdict, finding::undecided);
  EXPECT_EQ(found.decided + found.undecided, 13u);
  EXPECT_GT(found.undecided, 0u);
}

TEST(LinearizabilityLimits, MoreThan64CallsAtOnceAreUndecided) {
  history h;
  for (std::size_t t = 0; t < 64; ++t) h.call(t, 0, 100, load_none());
  EXPECT_EQ(h.verdict(), finding::linearizable);

  h.call(64, 0, 100, load(1));

  EXPECT_EQ(h.verdict(), finding::undecided);
}

TEST(LinearizabilityLimits, TenStoresAtOnceAreWithinThem) {
  history h = stores_at_once(10);
  h.call(3, 200, 201, load(7)).call(3, 210, 211, load(7));

  EXPECT_EQ(h.verdict(), finding::linearizable);
}

// Reads that fit are taken at once, so their number costs nothing.
TEST(LinearizabilityLimits, SixtyReadsBesideAStoreAreEasy) {
  history h({held(1)});
  h.call(0, 0, 100, store(2));
  for (std::size_t t = 1; t < 60; ++t) h.call(t, 0, 100, load(1 + t % 2));

  EXPECT_EQ(h.verdict({.configurations = 64}), finding::linearizable);
}

TEST(LinearizabilityLimits, OneCallThatStaysPendingForAHundredThousandOthersIsEasy) {
  history h;
  h.call(0, 0, 1'000'000, update(1, 50'001));
  for (std::uint64_t n = 1; n <= 100'000; ++n) {
    const auto at = static_cast<stamp>(10 * n);
    h.call(1, at, at + 5, update(1, n <= 50'000 ? n : n + 1));
  }

  EXPECT_EQ(h.verdict({.configurations = 64}), finding::linearizable);
  h.threads()[1][70'000].given.value += 1;
  EXPECT_EQ(h.verdict(), finding::wrong);
}

// ---- beside a checker that tries every order ---------------------------------------------------

struct placed_event {
  event what;
  std::size_t thread = 0;
  std::size_t nth = 0;  // of its thread
};

bool must_precede(const placed_event& a, const placed_event& b, stamp allowance) {
  if (a.thread == b.thread) return a.nth < b.nth;
  return a.what.responded + allowance < b.what.invoked;
}

bool explains(const std::vector<placed_event>& order, entry_state entry, stamp allowance) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      if (must_precede(order[j], order[i], allowance)) return false;
    }
    if (stress::perform(order[i].what.asked, entry) != order[i].what.given) return false;
  }
  return true;
}

finding verdict_by_permutation(const std::vector<placed_event>& calls, stamp allowance) {
  std::vector<std::size_t> indices(calls.size());
  std::iota(indices.begin(), indices.end(), 0u);
  do {
    std::vector<placed_event> order;
    for (const std::size_t i : indices) order.push_back(calls[i]);
    if (explains(order, absent, allowance)) return finding::linearizable;
  } while (std::next_permutation(indices.begin(), indices.end()));
  return finding::wrong;
}

operation random_operation(support::dice& dice) {
  return {static_cast<verb>(dice.below(stress::verbs)), 1 + dice.below(3), 1 + dice.below(3)};
}

// Calls of a few threads, at random times with many ties, without answers.
std::vector<placed_event> random_calls(support::dice& dice, std::size_t calls, std::size_t threads,
                                       stamp longest) {
  std::vector<placed_event> all;
  std::vector<stamp> free_at(threads, 0);
  std::vector<std::size_t> made(threads, 0);
  for (std::size_t i = 0; i < calls; ++i) {
    const std::size_t thread = dice.below(threads);
    const stamp invoked = free_at[thread] + static_cast<stamp>(dice.below(3));
    const stamp responded = invoked + static_cast<stamp>(dice.below(longest));
    all.push_back({{invoked, responded, random_operation(dice), {}}, thread, made[thread]++});
    free_at[thread] = responded;
  }
  return all;
}

// Lets each call take effect at a random instant of its own, and answer accordingly.
void answer_rightly(support::dice& dice, std::vector<placed_event>& calls) {
  struct effect {
    std::uint64_t at;
    std::size_t nth;
    placed_event* call;
  };
  std::vector<effect> order;
  for (placed_event& call : calls) {
    const auto span = static_cast<std::uint64_t>(call.what.responded - call.what.invoked);
    const std::uint64_t at = 2 * (call.what.invoked + dice.below(span + 1));
    order.push_back({at, call.nth, &call});
  }
  std::stable_sort(order.begin(), order.end(), [](const effect& a, const effect& b) {
    return a.at != b.at ? a.at < b.at : a.nth < b.nth;
  });
  entry_state entry;
  for (const effect& e : order) e.call->what.given = stress::perform(e.call->what.asked, entry);
}

void spoil_an_answer(support::dice& dice, std::vector<placed_event>& calls) {
  answer& given = calls[dice.below(calls.size())].what.given;
  if (given.saw && dice.below(2) == 0) {
    given.value = 1 + dice.below(6);
  } else if (dice.below(2) == 0) {
    given.yes = !given.yes;
  } else {
    given = {given.yes, !given.saw, given.saw ? 0 : 1 + dice.below(6)};
  }
}

history as_history(const std::vector<placed_event>& calls) {
  history h;
  for (const placed_event& c : calls) {
    h.call(c.thread, c.what.invoked, c.what.responded, {c.what.asked, c.what.given});
  }
  return h;
}

TEST(LinearizabilityModel, AgreesWithTryingEveryOrder) {
  support::dice dice(1);
  std::size_t wrong = 0;
  constexpr std::size_t rounds = 12'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    auto calls = random_calls(dice, 1 + dice.below(6), 1 + dice.below(4), 6);
    answer_rightly(dice, calls);
    if (round % 3 != 0) spoil_an_answer(dice, calls);
    const auto allowance = static_cast<stamp>(dice.below(3));

    const finding expected = verdict_by_permutation(calls, allowance);

    ASSERT_EQ(as_history(calls).verdict({.clock_allowance = allowance}), expected)
        << "round " << round;
    wrong += expected == finding::wrong ? 1 : 0;
  }
  EXPECT_GT(wrong, rounds / 5);
  EXPECT_GT(rounds - wrong, rounds / 5);
}

TEST(LinearizabilityModel, LongHistoriesOfManyThreadsAreRight) {
  support::dice dice(2);
  for (std::size_t round = 0; round < 10; ++round) {
    auto calls = random_calls(dice, 5'000, 6, 40);
    answer_rightly(dice, calls);

    EXPECT_EQ(as_history(calls).verdict(), finding::linearizable) << "round " << round;
  }
}

TEST(LinearizabilityModel, OneWrongAnswerInALongHistoryIsFoundWhereItIs) {
  support::dice dice(3);
  for (std::size_t round = 0; round < 20; ++round) {
    auto calls = random_calls(dice, 2'000, 4, 10);
    answer_rightly(dice, calls);
    placed_event& spoiled = calls[1'000 + dice.below(1'000)];
    spoiled.what.asked = {verb::load};
    spoiled.what.given = {.saw = true, .value = 1'000'000};
    stress::linearizability_checker checker;

    history h = as_history(calls);
    const key_finding found = h.check(checker);

    ASSERT_EQ(found.verdict, finding::wrong) << "round " << round;
    EXPECT_LE(found.window.front().call->invoked, spoiled.what.responded);
    EXPECT_GE(found.culprit.call->responded, spoiled.what.invoked);
  }
}

// ---- the model -------------------------------------------------------------------------------

// Calls f(event, before, after) for each operation on each of a few states.
template <class F>
void for_each_small_call(F&& f) {
  for (std::size_t what = 0; what < stress::verbs; ++what) {
    for (const entry_state& before : {absent, held(1), held(2), held(3)}) {
      for (std::uint64_t arguments = 0; arguments < 9; ++arguments) {
        event e{0, 1, {static_cast<verb>(what), 1 + arguments / 3, 1 + arguments % 3}, {}};
        entry_state after = before;
        e.given = stress::perform(e.asked, after);
        f(e, before, after);
      }
    }
  }
}

TEST(EntryModel, AnAnswerThatTellsOfNoChangeFitsNoStateThatChanges) {
  for_each_small_call([](const event& e, const entry_state& before, const entry_state& after) {
    if (!stress::changed_nothing(e)) return;
    EXPECT_EQ(before, after) << stress::call_text(e.asked);
  });
}

TEST(EntryModel, AChangeOfTheEntryIsNeverTakenForNone) {
  for_each_small_call([](const event& e, const entry_state& before, const entry_state& after) {
    if (before == after) return;
    EXPECT_FALSE(stress::changed_nothing(e)) << stress::call_text(e.asked);
  });
}

TEST(EntryModel, TheValueWrittenIsTheOneThatIsThereAfterwards) {
  for_each_small_call([](const event& e, const entry_state& before, const entry_state& after) {
    const auto written = stress::value_written(e);
    if (before != after && after.present) {
      EXPECT_EQ(written, after.value) << stress::call_text(e.asked);
    }
    if (written) {
      EXPECT_EQ(after, held(*written)) << stress::call_text(e.asked);
    }
  });
}

TEST(EntryModel, AbsentEntriesHoldAndShowZero) {
  for_each_small_call([](const event& e, const entry_state&, const entry_state& after) {
    EXPECT_TRUE(after.present || after.value == 0) << stress::call_text(e.asked);
    EXPECT_TRUE(e.given.saw || e.given.value == 0) << stress::call_text(e.asked);
  });
}

// ---- the explanation -------------------------------------------------------------------------

TEST(LinearizabilityText, NamesTheCallItsNeighboursAndWhereTheValueComesFrom) {
  history h;
  h.call(0, 0, 10, insert(0x11, true)).call(0, 20, 30, exchange(0x22, 0x11));
  h.call(1, 100, 200, store(0x33)).call(2, 120, 150, load(0x11)).call(0, 400, 500, erase(true));

  const std::string text = h.text();

  EXPECT_THAT(text, HasSubstr("thread 2 was given an answer that fits no order of calls"));
  EXPECT_THAT(text, HasSubstr("store(0x33)"));
  EXPECT_THAT(text, HasSubstr("the entry held 0x22"));
  EXPECT_THAT(text, HasSubstr("0x11 was written by"));
  EXPECT_THAT(text, HasSubstr("insert(0x11)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("erase")));
}

TEST(LinearizabilityText, SaysThatNobodyWroteAValue) {
  history h;
  h.call(0, 0, 1, load(5)).call(0, 2, 3, store(5));

  EXPECT_THAT(h.text(), HasSubstr("0x5 was never written before"));
}

TEST(LinearizabilityText, TheWindowBeginsWhereNothingWasPending) {
  history h;
  h.call(0, 0, 10, store(1)).call(1, 5, 15, store(2)).call(0, 20, 30, load(2));
  h.call(0, 40, 50, store(3)).call(1, 45, 55, load(4)).call(0, 60, 70, load(3));
  stress::linearizability_checker checker;

  const key_finding found = h.check(checker);

  ASSERT_EQ(found.window.size(), 2u);
  EXPECT_EQ(found.window[0].call->invoked, 40);
  EXPECT_THAT(found.before, testing::ElementsAre(held(2)));
}

TEST(LinearizabilityText, ALongWindowIsCutToWhatReturnedLast) {
  history h;
  h.call(0, 0, 5'000, store(2));
  for (stamp at = 1; at < 4'000; at += 10) h.call(1, at, at + 5, load_none());
  h.call(1, 4'000, 4'001, load(9));

  const std::string text = h.text();

  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 50);
  EXPECT_THAT(text, HasSubstr("saw 0x9   <--"));
  EXPECT_THAT(text, HasSubstr("calls that returned earlier"));
}

// ---- recording -------------------------------------------------------------------------------

TEST(History, StampsEncloseTheCall) {
  stress::recorder recorder(2, 4);
  const stamp before = stress::stamp_now();
  stamp during = 0;

  const answer told = recorder.record(1, {verb::erase}, [&] {
    during = stress::stamp_now();
    return answer{.yes = true};
  });

  ASSERT_EQ(recorder.of_key(1).size(), 1u);
  EXPECT_TRUE(recorder.of_key(0).empty());
  const event& e = recorder.of_key(1)[0];
  EXPECT_TRUE(told.yes);
  EXPECT_TRUE(before <= e.invoked && e.invoked <= during && during <= e.responded);
  EXPECT_EQ(e.asked.what, verb::erase);
  EXPECT_EQ(e.given, answer{.yes = true});
  recorder.clear();
  EXPECT_TRUE(recorder.of_key(1).empty());
}

TEST(History, CallsOnAnEntryBehindALockAreLinearizable) {
  constexpr std::size_t threads = 3;
  std::vector<stress::recorder> recorders(threads, stress::recorder(1, 2'000));
  std::mutex lock;
  entry_state entry;
  support::together(threads, [&](int which) {
    support::dice dice(static_cast<std::uint64_t>(which) + 1);
    for (int i = 0; i < 2'000; ++i) {
      const operation asked = random_operation(dice);
      recorders[static_cast<std::size_t>(which)].record(0, asked, [&] {
        const std::scoped_lock hold(lock);
        return stress::perform(asked, entry);
      });
    }
  });

  std::vector<std::span<const event>> all;
  for (const auto& recorder : recorders) all.push_back(recorder.of_key(0));
  stress::linearizability_checker checker;
  EXPECT_EQ(checker.check(all, std::vector{absent}).verdict, finding::linearizable);
  EXPECT_THAT(checker.possible_states(), testing::Contains(entry));
}

}  // namespace
