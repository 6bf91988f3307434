// history.hpp -- what threads asked of a map's entries, what they were told, and when.
//
//   recorder mine(keys, calls_a_key);                         one a thread
//   mine.record(key, {.what = verb::erase}, [&] { return answer{.yes = map.erase(k) == 1}; });
//
// A call is stamped before it begins and after it has returned, so the instant at which it took
// effect lies in between. The stamps are the steady clock's: a counter that threads share would
// make them wait for each other and hide what is looked for. Clocks of two processors may disagree
// by a little; who reads a history takes stamps nearer than his own allowance as simultaneous.
// Values are 64 bits: wider ones are written down by a number that stands for them, and what turns
// out to be made of several values as torn_value, which nobody ever writes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace stress {

// Nanoseconds of the steady clock.
using stamp = std::int64_t;

[[nodiscard]] inline stamp stamp_now() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_start).count();
}

inline constexpr std::uint64_t torn_value = ~std::uint64_t{0};

// The kinds of single-key operations; perform() in linearizability.hpp says what each one does.
enum class verb : std::uint8_t {
  load,               // () -> saw
  contains,           // () -> yes: there
  store,              // (value)
  insert,             // (value) -> yes: inserted
  insert_or_assign,   // (value) -> yes: inserted
  insert_or_add,      // (value, difference for one that is there) -> yes: inserted; saw: before
  load_or_store,      // (value) -> yes: loaded; saw: there now
  exchange,           // (value) -> saw: before
  compare_exchange,   // (expected, desired) -> yes: exchanged
  compare_and_erase,  // (expected) -> yes: erased
  erase,              // () -> yes: erased
  load_and_erase,     // () -> saw: before
  erase_if_odd,       // () -> yes: erased; saw: before
  add,                // (difference for one that is there) -> yes: there; saw: before
  update,             // (difference; absent counts as 0) -> saw: afterwards
  compute             // (value for absent, difference for even; odd is erased) -> saw: before
};
inline constexpr std::size_t verbs = 16;

struct operation {
  verb what = verb::load;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// What a call told its caller.
struct answer {
  bool yes = false;         // the bool or the count that it returned
  bool saw = false;         // whether it showed a value,
  std::uint64_t value = 0;  // and which; else 0

  friend bool operator==(const answer&, const answer&) = default;
};

struct event {
  stamp invoked = 0;
  stamp responded = 0;
  operation asked;
  answer given;
};

// What one thread did, for each key in the order in which it did it. Keys are numbers from 0 on.
// Used by one thread at a time; aligned so that neighbours share no cache line.
class alignas(64) recorder {
 public:
  // `calls_a_key`: how many are recorded without asking for memory.
  recorder(std::size_t keys, std::size_t calls_a_key) : events_(keys) {
    for (auto& of_key : events_) of_key.reserve(calls_a_key);
  }

  // Makes the call, which returns its answer, and writes it down. Returns the answer.
  // A call that throws is not written down: it must have had no effect.
  template <class Call>
  answer record(std::size_t key, const operation& asked, Call&& call) {
    const stamp invoked = stamp_now();
    const answer given = std::forward<Call>(call)();
    const stamp responded = stamp_now();
    events_[key].push_back({invoked, responded, asked, given});
    return given;
  }

  [[nodiscard]] std::size_t keys() const { return events_.size(); }
  [[nodiscard]] std::span<const event> of_key(std::size_t key) const { return events_[key]; }

  // Forgets all events and keeps the memory.
  void clear() {
    for (auto& of_key : events_) of_key.clear();
  }

 private:
  std::vector<std::vector<event>> events_;
};

}  // namespace stress
