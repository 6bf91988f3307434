// linearizability.hpp -- whether one entry's history fits some order of its calls, each taking
// effect at one instant between its invocation and its response.
//
// The search is Wing's and Gong's (Testing and verifying concurrent objects, J. Parallel Distrib.
// Comput. 17, 1993): try the calls that may come next, in turn. It remembers configurations, that
// is, which calls have been taken and what the entry holds, and goes on from each only once; and it
// takes a call no sooner than one that returns needs it. Both are Lowe's (Testing for
// linearizability, Concurrency Computat.: Pract. Exper. 29, 2017). Each key is checked by itself,
// which decides the same: P-compositionality (Horn and Kroening, Faster linearizability checking
// via P-compositionality, FORTE 2015).
//
// So the history is read once, in the order of its stamps, with the set of configurations that
// explain it so far. Between calls that overlap nothing a configuration is just what the entry may
// hold: such a call costs one look, and memory depends on how many calls overlap, not on how many
// there are. A set that grows past its limit is given up, and reported as such.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "entry_model.hpp"
#include "history.hpp"

namespace stress {

struct checking_limits {
  // Nearer stamps than this count as simultaneous, in nanoseconds: what two processors' clocks may
  // disagree by, and what a processor may do out of order around reading its own.
  stamp clock_allowance = 0;
  // So many configurations at a time; more are not followed.
  std::size_t configurations = std::size_t{1} << 16;
};

enum class finding { linearizable, wrong, undecided };

// A call, and the thread that made it.
struct call_of_thread {
  const event* call = nullptr;
  std::size_t thread = 0;
};

// What was found out about one key.
struct key_finding {
  finding verdict = finding::linearizable;
  std::uint64_t decided = 0;    // calls that fit
  std::uint64_t undecided = 0;  // calls that were not judged
  // Where it does not fit:
  call_of_thread culprit;              // the first call to return that cannot be explained
  std::vector<call_of_thread> window;  // the calls since none was pending, up to its response
  std::vector<entry_state> before;     // what the entry may have held when the window began
};

// Distinct configurations, in the order in which they came.
class configuration_set {
 public:
  struct configuration {
    std::uint64_t taken = 0;  // of the calls that have not returned, a bit each
    entry_state entry;

    friend bool operator==(const configuration&, const configuration&) = default;
  };

  // Returns whether it is new.
  bool add(const configuration& c);
  void clear() {
    items_.clear();
    if (!index_.empty()) index_.clear();
  }

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] const configuration& operator[](std::size_t i) const { return items_[i]; }
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

 private:
  struct hasher {
    std::size_t operator()(const configuration& c) const {
      const std::uint64_t mixed = (c.taken + 1) * 0x9E3779B97F4A7C15u ^ c.entry.value;
      return static_cast<std::size_t>((mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9u);
    }
  };
  static constexpr std::size_t searched = 16;  // as many are found by looking at each

  std::vector<configuration> items_;
  std::unordered_set<configuration, hasher> index_;  // of all items, once there are more
};

// Keeps its memory from one key to the next. One thread.
class linearizability_checker {
 public:
  explicit linearizability_checker(const checking_limits& limits = {}) : limits_(limits) {}

  // Judges one key's calls, a span a thread, each in the order in which its thread made them;
  // `before`: what the entry may hold at first.
  key_finding check(std::span<const std::span<const event>> threads,
                    std::span<const entry_state> before);

  // What the entry may hold in the end.  Requires: the last verdict was linearizable.
  [[nodiscard]] std::vector<entry_state> possible_states() const;

 private:
  using configuration = configuration_set::configuration;

  // A call that has been invoked and has not returned. Its bit is 1 << its place in calls_.
  struct pending_call {
    const event* call = nullptr;
    std::size_t thread = 0;
    std::uint64_t after = 0;  // the bit of a call of the same thread that comes first, if pending
    bool changed_nothing = false;
  };
  static constexpr std::size_t most_pending = 64;
  static constexpr stamp never = std::numeric_limits<stamp>::max();

  void begin(std::span<const std::span<const event>> threads, std::span<const entry_state> before);
  // The next call to be invoked; none at the end.
  [[nodiscard]] std::optional<call_of_thread> next_call();
  // Each returns what can be said afterwards; `linearizable` lets the search go on.
  [[nodiscard]] finding return_before(stamp time);
  [[nodiscard]] finding return_call(std::size_t place);
  [[nodiscard]] finding return_alone(std::size_t place);  // when no other call is pending
  [[nodiscard]] finding invoke(const call_of_thread& next);

  // The pending call that returns first.  Requires: there is one.
  [[nodiscard]] std::size_t first_to_return() const;
  [[nodiscard]] stamp returned(const pending_call& p) const {
    return std::max(p.call->responded, p.call->invoked) + limits_.clock_allowance;
  }
  // Calls f(place) for the pending calls that may be taken next.
  template <class F>
  void for_each_open(const configuration& c, F&& f) const;
  // c with that call taken, if its answer fits.
  [[nodiscard]] std::optional<configuration> taking(const configuration& c,
                                                    std::size_t place) const;
  // c with all calls taken that fit and changed nothing. No order that explains the history is
  // lost: one that takes such a call later explains it without that call there, too.
  [[nodiscard]] configuration with_idle_calls(configuration c) const;
  void forget(std::size_t place);
  void begin_window();
  [[nodiscard]] key_finding conclude(finding verdict) const;

  checking_limits limits_;
  std::span<const std::span<const event>> threads_;
  std::vector<std::size_t> position_;  // of each thread: its next call
  std::vector<std::uint64_t> latest_;  // of each thread: the bit of its last call, if pending
  std::array<pending_call, most_pending> calls_;
  std::uint64_t pending_ = 0;      // the bits of calls_ in use
  stamp earliest_return_ = never;  // of the pending calls
  configuration_set reached_;      // what explains the history so far
  configuration_set explored_;     // and what is tried to explain the next response
  std::uint64_t decided_ = 0;
  call_of_thread culprit_;
  std::vector<call_of_thread> window_;
  std::vector<entry_state> window_before_;
};

// ---- bodies --------------------------------------------------------------------------------

inline bool configuration_set::add(const configuration& c) {
  if (items_.size() < searched) {
    if (std::find(items_.begin(), items_.end(), c) != items_.end()) return false;
  } else {
    if (index_.empty()) index_.insert(items_.begin(), items_.end());
    if (!index_.insert(c).second) return false;
  }
  items_.push_back(c);
  return true;
}

inline key_finding linearizability_checker::check(std::span<const std::span<const event>> threads,
                                                  std::span<const entry_state> before) {
  begin(threads, before);
  finding so_far = finding::linearizable;
  while (const auto next = next_call()) {
    so_far = return_before(next->call->invoked);
    if (so_far == finding::linearizable) so_far = invoke(*next);
    if (so_far != finding::linearizable) return conclude(so_far);
  }
  return conclude(return_before(never));
}

inline std::vector<entry_state> linearizability_checker::possible_states() const {
  std::vector<entry_state> states;
  for (const configuration& c : reached_) states.push_back(c.entry);
  return states;
}

inline void linearizability_checker::begin(std::span<const std::span<const event>> threads,
                                           std::span<const entry_state> before) {
  threads_ = threads;
  position_.assign(threads.size(), 0);
  latest_.assign(threads.size(), 0);
  pending_ = 0;
  earliest_return_ = never;
  decided_ = 0;
  reached_.clear();
  for (const entry_state& state : before) reached_.add({0, state});
}

inline std::optional<call_of_thread> linearizability_checker::next_call() {
  call_of_thread next;
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    if (position_[thread] == threads_[thread].size()) continue;
    const event& candidate = threads_[thread][position_[thread]];
    if (next.call == nullptr || candidate.invoked < next.call->invoked) next = {&candidate, thread};
  }
  if (next.call == nullptr) return std::nullopt;
  ++position_[next.thread];
  return next;
}

inline finding linearizability_checker::invoke(const call_of_thread& next) {
  if (pending_ == 0) begin_window();
  window_.push_back(next);
  if (~pending_ == 0) return finding::undecided;
  const auto place = static_cast<std::size_t>(std::countr_one(pending_));
  const std::uint64_t bit = std::uint64_t{1} << place;
  calls_[place] = {next.call, next.thread, latest_[next.thread], changed_nothing(*next.call)};
  latest_[next.thread] = bit;
  pending_ |= bit;
  earliest_return_ = std::min(earliest_return_, returned(calls_[place]));
  return finding::linearizable;
}

inline finding linearizability_checker::return_before(stamp time) {
  while (pending_ != 0 && earliest_return_ < time) {
    const std::size_t place = first_to_return();
    const finding so_far = return_call(place);
    if (so_far != finding::linearizable) {
      culprit_ = {calls_[place].call, calls_[place].thread};
      return so_far;
    }
    forget(place);
    ++decided_;
  }
  return finding::linearizable;
}

inline std::size_t linearizability_checker::first_to_return() const {
  for (std::uint64_t left = pending_;; left &= left - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(left));
    if (returned(calls_[place]) == earliest_return_) return place;
  }
}

// Replaces the configurations by those in which the call has been taken. Ends where it is: what
// might be taken after it can as well be taken when the next call returns.
inline finding linearizability_checker::return_call(std::size_t place) {
  const std::uint64_t bit = std::uint64_t{1} << place;
  if (pending_ == bit) return return_alone(place);
  explored_.clear();
  for (const configuration& c : reached_) explored_.add(with_idle_calls(c));
  reached_.clear();
  for (std::size_t i = 0; i < explored_.size(); ++i) {
    const configuration c = explored_[i];
    if ((c.taken & bit) != 0) {
      reached_.add({c.taken & ~bit, c.entry});
      continue;
    }
    for_each_open(c, [&](std::size_t open) {
      if (const auto next = taking(c, open)) explored_.add(with_idle_calls(*next));
    });
    if (explored_.size() > limits_.configurations) return finding::undecided;
  }
  return reached_.size() == 0 ? finding::wrong : finding::linearizable;
}

inline finding linearizability_checker::return_alone(std::size_t place) {
  explored_.clear();
  for (const configuration& c : reached_) {
    if (c.taken != 0) {
      explored_.add({0, c.entry});
    } else if (const auto next = taking(c, place)) {
      explored_.add({0, next->entry});
    }
  }
  std::swap(reached_, explored_);
  return reached_.size() == 0 ? finding::wrong : finding::linearizable;
}

template <class F>
void linearizability_checker::for_each_open(const configuration& c, F&& f) const {
  for (std::uint64_t left = pending_ & ~c.taken; left != 0; left &= left - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(left));
    if ((calls_[place].after & ~c.taken) == 0) f(place);
  }
}

inline std::optional<configuration_set::configuration> linearizability_checker::taking(
    const configuration& c, std::size_t place) const {
  configuration next{c.taken | std::uint64_t{1} << place, c.entry};
  const event& call = *calls_[place].call;
  if (perform(call.asked, next.entry) != call.given) return std::nullopt;
  return next;
}

inline configuration_set::configuration linearizability_checker::with_idle_calls(
    configuration c) const {
  for (std::uint64_t before = ~c.taken; before != c.taken;) {
    before = c.taken;
    for_each_open(configuration(c), [&](std::size_t open) {
      if (!calls_[open].changed_nothing) return;
      if (const auto next = taking(c, open)) c = *next;
    });
  }
  return c;
}

inline void linearizability_checker::forget(std::size_t place) {
  const std::uint64_t bit = std::uint64_t{1} << place;
  pending_ &= ~bit;
  if (latest_[calls_[place].thread] == bit) latest_[calls_[place].thread] = 0;
  earliest_return_ = never;
  for (std::uint64_t left = pending_; left != 0; left &= left - 1) {
    pending_call& p = calls_[static_cast<std::size_t>(std::countr_zero(left))];
    p.after &= ~bit;
    earliest_return_ = std::min(earliest_return_, returned(p));
  }
}

inline void linearizability_checker::begin_window() {
  window_.clear();
  window_before_.clear();
  for (const configuration& c : reached_) window_before_.push_back(c.entry);
}

inline key_finding linearizability_checker::conclude(finding verdict) const {
  std::uint64_t all = 0;
  for (const auto& thread : threads_) all += thread.size();
  key_finding found;
  found.verdict = verdict;
  found.decided = decided_;
  if (verdict != finding::linearizable) found.undecided = all - decided_;
  if (verdict == finding::wrong) {
    found.culprit = culprit_;
    found.window = window_;
    found.before = window_before_;
  }
  return found;
}

}  // namespace stress
