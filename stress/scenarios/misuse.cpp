// misuse.cpp -- does whoever misuses a map die at once, with the right text?
//
// Child processes race on a gomap::map on purpose, call a map from its own callback, lock two maps
// in opposite orders, destroy a map in use, unlock what is not locked. Each must end by SIGABRT
// with the library's text on stderr.
// Oracle: what can be found always is found each time, and never hangs. A race is found when two
// calls meet in time; one that is not found in half a second may also ruin the map and crash the
// child, which is counted and no finding. A kind of race that is never found is one.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <gomap/misuse.hpp>

#include "../context.hpp"
#include "../misuse_child.hpp"
#include "../scenario.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

// So many children at a time: each has two threads.
constexpr unsigned most_at_once = 4;
// So many races that nobody noticed are no chance any more.
constexpr std::uint64_t enough_races = 8;

// How every text of the library begins.
constexpr std::string_view fatal_error = "fatal error: ";

// What became of the children of one case.
struct record {
  std::atomic<std::uint64_t> started{0};
  std::atomic<std::uint64_t> caught{0};
  std::atomic<std::uint64_t> escaped{0};  // went on, unharmed
};

class misuse_run {
 public:
  explicit misuse_run(context& here) : here_(here), records_(misuse_cases().size()) {}

  void run() {
    here_.run_threads(std::min(here_.threads(), most_at_once), [this](worker& w) {
      // Each case once, however short the time; then one after the other.
      for (;;) {
        const std::size_t ticket =
            tickets_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
        if (ticket >= records_.size() && !here_.running()) return;
        const std::size_t number = ticket % records_.size();
        do {
          commit(w, number);
          // A race that nobody has noticed yet is run again at once, until that is no chance any
          // more.
        } while (is_unseen(number));
      }
    });
    for (std::size_t i = 0; i < records_.size(); ++i) tell(misuse_cases()[i], records_[i]);
  }

 private:
  [[nodiscard]] bool is_unseen(std::size_t number) const {
    const record& r = records_[number];
    // relaxed, both: as in commit().
    return misuse_cases()[number].when == misuse_case::found::by_chance &&
           r.caught.load(std::memory_order_relaxed) == 0 &&
           r.started.load(std::memory_order_relaxed) < enough_races;
  }

  void commit(worker& w, std::size_t number) {
    const misuse_case& c = misuse_cases()[number];
    child_end end = run_misuse_child(c);
    if (here_.falsify()) end.said.clear();
    w.count();

    // relaxed, all: counts, read when the threads have ended.
    record& r = records_[number];
    r.started.fetch_add(1, std::memory_order_relaxed);
    if (is_caught(c, end)) {
      r.caught.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (end.not_caught) r.escaped.fetch_add(1, std::memory_order_relaxed);
    const bool misnamed = end.aborted && end.said.find(fatal_error) != std::string::npos;
    if (c.when == misuse_case::found::always || end.timed_out || misnamed)
      here_.wrong(fmt::format("{}: {} {}", c.name, end.how, last_words(end)));
  }

  static bool is_caught(const misuse_case& c, const child_end& end) {
    return end.aborted && (says(end, c.kind) || (c.in_turn && says(end, *c.in_turn)));
  }
  // The text is a line of its own, and what follows says who ran into whom.
  static bool says(const child_end& end, gomap::misuse_kind kind) {
    const std::string report = fmt::format("{}\n  found in: ", gomap::text(kind));
    const std::size_t at = end.said.find(report);
    return at != std::string::npos && (at == 0 || end.said[at - 1] == '\n');
  }
  // What it says was done wrong.
  static std::string last_words(const child_end& end) {
    const std::size_t at = end.said.find(fatal_error);
    if (at == std::string::npos) return "without the text";
    return "after \"" + end.said.substr(at, end.said.find('\n', at) - at) + '"';
  }

  void tell(const misuse_case& c, const record& r) {
    // relaxed, all: as in commit().
    const std::uint64_t started = r.started.load(std::memory_order_relaxed);
    const std::uint64_t caught = r.caught.load(std::memory_order_relaxed);
    const std::uint64_t escaped = r.escaped.load(std::memory_order_relaxed);
    std::string note = fmt::format("caught {} of {}", caught, started);
    if (escaped != 0) note += fmt::format(", {} got away", escaped);
    if (caught + escaped != started)
      note += fmt::format(", {} crashed", started - caught - escaped);
    here_.note(std::string(c.name), note);
    if (caught == 0 && started >= enough_races)
      here_.wrong(fmt::format("{}: none of {} was caught", c.name, started));
  }

  context& here_;
  std::deque<record> records_;
  std::atomic<std::size_t> tickets_{0};
};

void misuse(context& here) { misuse_run(here).run(); }

}  // namespace

extern const scenario misuse_scenario = {
    "misuse", "does whoever misuses a map die at once, with the right text?", misuse};

}  // namespace stress
