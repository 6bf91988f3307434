// context.hpp -- what a scenario is given: its options, its threads, its time, and where to say
// what it found.
//
//   void count_words(context& here) {
//     stress_map<key, value> map({.shards = here.shards(), .seed = here.seed("map")});
//     const auto watched = here.watch(map);
//     here.run_threads(here.threads(), [&](worker& w) {
//       while (here.running()) w.timed(call::insert, [&] { map.store(w.below(1000), 1); });
//     });
//     if (map.size() > 1000) here.wrong("more keys than there are");
//     here.show_layout(map);
//   }
//
// One thread runs the scenario. Beside it and its workers a monitor looks on five times a second,
// keeps the timeline and rewrites the live line.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "latency.hpp"
#include "live_line.hpp"
#include "map_probe.hpp"
#include "options.hpp"
#include "results.hpp"
#include "scenario.hpp"
#include "text_input.hpp"
#include "timeline.hpp"
#include "worker.hpp"

namespace stress {

class context {
 public:
  // Starts the clock.
  context(const options& chosen, const text_input& input, const scenario& scene);
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context();

  // ---- what was asked

  [[nodiscard]] unsigned threads() const { return chosen_.threads; }
  [[nodiscard]] std::size_t shards() const { return chosen_.shards; }
  [[nodiscard]] const text_input& input() const { return input_; }
  // A number for one purpose: the same in every run with the same seed, another one for another
  // scenario or purpose. Never 0.
  [[nodiscard]] std::uint64_t seed(std::string_view purpose) const;
  // Whether to spoil what was found, so that a scenario that can only be content is seen.
  [[nodiscard]] bool falsify() const { return chosen_.falsify; }

  // ---- time. Thread-safe.

  // Whether to go on: the time is not over, nobody pressed Ctrl-C, nothing wrong was found.
  [[nodiscard]] bool running() const;
  // From 0 at the start to 1 when the time is over.
  [[nodiscard]] double elapsed_share() const;

  // ---- threads

  // Runs f(worker&) on `count` threads at once and waits for them. None begins before all are
  // there. What one throws is a finding, and ends running(). May be called again and again; the
  // random numbers of a call differ from those of the one before.
  template <class F>
  void run_threads(unsigned count, F f);

  // ---- what was found. Thread-safe.

  // Something that must not be. The first ten are kept, all are counted.
  void wrong(std::string finding);
  // A figure of the scenario's own, for the table and the report. A second one of that name takes
  // the place of the first.
  void note(std::string name, std::string value);

  // ---- the map to look at

  class watched;
  // Shows a map in the live line and the timeline, for as long as what is returned lives.
  // `entry_bytes`: see moment_of().
  template <class Map>
  [[nodiscard]] watched watch(const Map& map,
                              std::size_t entry_bytes = sizeof(typename Map::value_type));
  // Keeps where the entries of a map lie, for the report.  Requires: nobody writes meanwhile.
  template <class Map>
  void show_layout(const Map& map) {
    result_.map_layout = layout_of(map);
  }

  // Ends the monitor and tells all.  Requires: no worker runs. Called once.
  [[nodiscard]] scenario_result finish();

 private:
  using clock = std::chrono::steady_clock;

  void monitor(const std::stop_token& stop);
  void look(bool last);
  [[nodiscard]] moment look_at_workers();
  void run_worker(worker& w, const std::function<void(worker&)>& f);
  void run_crew(unsigned count, const std::function<void(worker&)>& f);
  void unwatch();

  const options& chosen_;
  const text_input& input_;
  scenario_result result_;
  std::chrono::duration<double> wanted_;  // seconds to run
  clock::time_point start_ = clock::now();
  clock::time_point end_;
  std::atomic<bool> failed_{false};
  std::uint64_t crews_ = 0;  // so many times run_threads() was called

  std::mutex findings_mutex_;                     // guards the findings and notes of result_
  std::mutex watch_mutex_;                        // guards what follows
  std::vector<std::unique_ptr<worker>> workers_;  // that run now
  std::function<moment()> probe_;                 // of the watched map
  std::uint64_t operations_before_ = 0;           // of workers that have ended
  nanoseconds pause_before_{0};                   // likewise, since the last look
  moment growths_before_;                         // of maps that are watched no more
  moment last_;
  timeline timeline_;
  live_line line_;
  nanoseconds worst_pause_{0};

  std::mutex monitor_mutex_;
  std::condition_variable_any monitor_wakes_;
  std::jthread monitor_;  // last: it uses the rest
};

// While it lives, its map is watched.
class [[nodiscard]] context::watched {
 public:
  explicit watched(context& where) : where_(where) {}
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() { where_.unwatch(); }

 private:
  context& where_;
};

// ---- bodies --------------------------------------------------------------------------------

template <class F>
void context::run_threads(unsigned count, F f) {
  run_crew(count, std::function<void(worker&)>(std::ref(f)));
}

template <class Map>
context::watched context::watch(const Map& map, std::size_t entry_bytes) {
  const std::scoped_lock guard(watch_mutex_);
  probe_ = [&map, entry_bytes] { return moment_of(map, entry_bytes); };
  return watched(*this);
}

}  // namespace stress
