// contest.hpp -- contestants side by side on one task, in interleaved rounds, judged by medians.
//
// A row is a task ("hit / uint64 / 1e5") that several contestants do; the first is ours. Google
// Benchmark runs them, one row after the other: within a row the laps of all contestants are
// shuffled, so that a noisy minute or a warming processor hits all alike. A line a row is printed:
// the median time of an operation, and how far the best peer's median is above ours.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "median.hpp"

namespace bench {

using clock_type = std::chrono::steady_clock;
using nanoseconds = std::chrono::nanoseconds;

// What one call of a body did: only `time` is charged, so a body may set up before and after it.
struct lap {
  nanoseconds time{};
  std::size_t operations = 0;
};

// Times f(), which does `operations` operations.
template <class F>
lap timed(std::size_t operations, F f) {
  const auto start = clock_type::now();
  f();
  return {clock_type::now() - start, operations};
}

struct contestant {
  std::string name;
  std::function<lap()> body;
};

class contest {
 public:
  // `clean_up` runs when the row is done, whether it was chosen or not.
  void add_row(
      std::string name, std::vector<contestant> contestants,
      std::function<void()> clean_up = [] {}) {
    rows_.push_back({std::move(name), std::move(contestants), std::move(clean_up)});
  }

  // Takes Google Benchmark's flags; --benchmark_filter chooses rows. `defaults` stand before them.
  int run(int argc, char** argv, std::vector<std::string> defaults);

 private:
  struct row {
    std::string name;
    std::vector<contestant> contestants;
    std::function<void()> clean_up;
  };
  // All laps of one row, in nanoseconds an operation.
  class lap_collector;

  static void enter(const row& entered);
  static void print_row(const row& shown, const lap_collector& laps);

  std::vector<row> rows_;
};

// ---- bodies --------------------------------------------------------------------------------

class contest::lap_collector final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const auto rate = run.counters.find("items_per_second");
      if (rate == run.counters.end()) continue;
      times_[run.run_name.function_name].push_back(1e9 / rate->second.value);
    }
  }

  // 0: it did not run.
  [[nodiscard]] double median(const std::string& name) const {
    const auto found = times_.find(name);
    return found == times_.end() ? 0 : bench::median(found->second);
  }

 private:
  std::map<std::string, std::vector<double>> times_;
};

inline void contest::enter(const row& entered) {
  for (const contestant& who : entered.contestants) {
    const auto body = who.body;
    benchmark::RegisterBenchmark((entered.name + "/" + who.name).c_str(), [body](benchmark::State&
                                                                                     state) {
      std::size_t operations = 0;
      for (auto _ : state) {
        const lap done = body();
        state.SetIterationTime(std::chrono::duration<double>(done.time).count());
        operations += done.operations;
      }
      state.SetItemsProcessed(static_cast<std::int64_t>(operations));
    })->UseManualTime();
  }
}

inline void contest::print_row(const row& shown, const lap_collector& laps) {
  double ours = 0;
  double best_peer = 0;
  std::string times;
  for (const contestant& who : shown.contestants) {
    const double time = laps.median(shown.name + "/" + who.name);
    char text[64];
    std::snprintf(text, sizeof text, "  %s %.2f", who.name.c_str(), time);
    times += text;
    if (&who == &shown.contestants.front()) {
      ours = time;
    } else if (time > 0 && (best_peer == 0 || time < best_peer)) {
      best_peer = time;
    }
  }
  std::printf("%-32s %6.2f  %s\n", shown.name.c_str(), ours > 0 ? best_peer / ours : 0,
              times.c_str());
  std::fflush(stdout);
}

inline int contest::run(int argc, char** argv, std::vector<std::string> defaults) {
  std::vector<char*> arguments{argv[0]};
  for (std::string& argument : defaults) arguments.push_back(argument.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  bool listing = false;
  for (const char* argument : arguments) {
    listing = listing || std::string(argument).starts_with("--benchmark_list_tests");
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  const std::string filter = benchmark::GetBenchmarkFilter();
  const std::regex chosen(filter.empty() || filter == "all" ? "." : filter);
  if (!listing) {
    std::printf("%-32s %6s  median ns an operation\n", "row", "ratio");
  }
  for (const row& next : rows_) {
    if (std::regex_search(next.name, chosen)) {
      lap_collector laps;
      enter(next);
      benchmark::RunSpecifiedBenchmarks(&laps, nullptr, "^" + next.name + "/");
      benchmark::ClearRegisteredBenchmarks();
      if (!listing) print_row(next, laps);
    }
    next.clean_up();
  }
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
