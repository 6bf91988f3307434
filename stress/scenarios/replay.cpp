// replay.cpp -- do the operations of a real trace give what they should, when threads share them?
//
// Each key of the trace belongs to one thread, which does what the trace says about its keys in the
// order of the lines; so other threads' keys come, go and grow the same shards meanwhile. The trace
// is replayed on a map that starts empty, a short one several times over; then the map is thrown
// away. Without a trace, one is made of the text: its words as a cache would be asked for them.
// Oracle: one thread's view of each key (entry_model.hpp) knows every answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "../bad_input.hpp"
#include "../context.hpp"
#include "../entry_model.hpp"
#include "../figure_text.hpp"
#include "../history.hpp"
#include "../history_text.hpp"
#include "../key_trace.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../single_key_calls.hpp"
#include "../stress_map.hpp"
#include "../word_splitter.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

using map_type = stress_map<std::string, std::uint64_t>;

constexpr std::size_t steps_a_map = 100'000;  // at least, of a short trace

// ---- a trace made of text ----------------------------------------------------------------------

// A cache is asked for each word, gets what it lacks, and drops what nobody asked for in the last
// `remembered` words.
constexpr std::size_t remembered = 3'000;
constexpr std::size_t most_words = 60'000;

class cache_trace {
 public:
  void ask(std::string_view word) {
    const auto [entry, missing] = asked_.try_emplace(std::string(word));
    add(verb::load, word);
    if (missing) add(verb::store, word);
    entry->second = ++words_;
    order_.push_back({words_, &entry->first});
    drop();
  }
  [[nodiscard]] std::size_t words() const { return words_; }
  [[nodiscard]] key_trace take() { return steps_.take(); }

 private:
  void add(verb what, std::string_view word) {
    ++lines_;
    steps_.add({.what = what, .first = lines_}, word, lines_);
  }
  void drop() {
    if (order_.size() <= remembered) return;
    const auto [when, word] = order_.front();
    order_.pop_front();
    const auto entry = asked_.find(*word);
    if (entry->second != when) return;  // it was asked for again
    add(verb::erase, *word);
    asked_.erase(entry);
  }

  trace_builder steps_{"the text's trace"};
  std::unordered_map<std::string, std::size_t> asked_;  // what is cached, and when asked for last
  std::deque<std::pair<std::size_t, const std::string*>> order_;  // words of the map's, and when
  std::size_t words_ = 0;
  std::size_t lines_ = 0;
};

key_trace trace_of(const std::vector<std::string>& texts) {
  cache_trace cache;
  for (const std::string& text : texts) {
    if (cache.words() >= most_words) break;
    for_each_word(fold_text(text.substr(0, 16 * most_words)), [&](std::string_view word) {
      if (cache.words() < most_words) cache.ask(word);
    });
  }
  return cache.take();
}

// ---- replaying ---------------------------------------------------------------------------------

class round {
 public:
  round(context& here, const key_trace& trace)
      : here_(here),
        trace_(trace),
        map_({.shards = here.shards(), .seed = here.seed("map")}),
        calls_(map_),
        model_(trace.keys.size()),
        shares_(here.threads()) {
    for (const key_trace::step& s : trace.steps) shares_[s.key % shares_.size()].push_back(s);
  }

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(here_.threads(), [&](worker& w) {
      const std::size_t times = std::max<std::size_t>(1, steps_a_map / trace_.steps.size());
      for (std::size_t i = 0; i < times && here_.running(); ++i) replay(w, shares_[w.index()]);
    });
    if (here_.falsify()) map_.update(trace_.keys.front(), [](std::uint64_t& n) { ++n; });
    verify();
    here_.show_layout(map_);
  }

 private:
  void replay(worker& w, const std::vector<key_trace::step>& share) {
    for (std::size_t i = 0; i < share.size(); ++i) {
      if (i % 64 == 0 && !here_.running()) return;
      do_step(w, share[i]);
    }
  }

  void do_step(worker& w, const key_trace::step& s) {
    // The one way of loading that cannot tell 0 from nothing is left out.
    const std::uint64_t way = s.asked.what == verb::load ? w.below(3) + 3 : w.random()();
    const answer given = w.timed(call_of(s.asked.what),
                                 [&] { return calls_.ask(trace_.keys[s.key], s.asked, way); });
    const answer expected = perform(s.asked, model_[s.key]);
    if (given == expected) return;
    here_.wrong(fmt::format("{}:{}: {} of {} answered {} instead of {}", trace_.name, s.line,
                            call_text(s.asked), trace_.keys[s.key],
                            answer_text({0, 0, s.asked, given}),
                            answer_text({0, 0, s.asked, expected})));
  }

  static call call_of(verb what) {
    switch (what) {
      case verb::load:
      case verb::contains:
        return call::read;
      case verb::erase:
      case verb::load_and_erase:
        return call::erase;
      default:
        return call::insert;
    }
  }

  void verify() {
    std::size_t there = 0;
    for (std::size_t i = 0; i < model_.size(); ++i) {
      if (model_[i].present) ++there;
      const auto found = map_.load(trace_.keys[i]);
      const entry_state state{found.has_value(), found.value_or(0)};
      if (state == model_[i]) continue;
      here_.wrong(fmt::format("{}: {} is not what the last line about it left", trace_.name,
                              trace_.keys[i]));
    }
    if (map_.size() != there) {
      here_.wrong(fmt::format("{} keys are there instead of {}", map_.size(), there));
    }
    map_.check_invariants();
  }

  context& here_;
  const key_trace& trace_;
  map_type map_;
  single_key_calls<map_type> calls_;
  std::vector<entry_state> model_;                    // of each key, changed by its thread alone
  std::vector<std::vector<key_trace::step>> shares_;  // of each thread
};

void replay(context& here) {
  std::vector<key_trace> made;
  if (here.input().traces.empty()) {
    made.push_back(trace_of(here.input().texts));
    if (made.front().steps.empty()) throw bad_input("there is not a word in the text");
  }
  const std::vector<key_trace>& traces = made.empty() ? here.input().traces : made;

  std::uint64_t rounds = 0;
  do {
    round(here, traces[rounds % traces.size()]).run();
    ++rounds;
  } while (here.running());
  for (const key_trace& trace : traces) {
    here.note(trace.name, fmt::format("{} operations on {} keys", grouped(trace.steps.size()),
                                      grouped(trace.keys.size())));
  }
  here.note("maps", grouped(rounds));
}

}  // namespace

extern const scenario replay_scenario = {"replay",
                                         "do the operations of a trace give what they should?",
                                         replay, input_need::text_or_trace};

}  // namespace stress
