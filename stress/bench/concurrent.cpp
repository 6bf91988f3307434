// concurrent.cpp -- how much threads that share a map get done: gomap beside the concurrent peers.
//
// Question: million operations a second, all threads together, for reads alone, reads with 5 and
// with 50 % of writes, reads of many keys at once, and insertions into an empty map; with keys that
// are equally popular, that follow Zipf's law, or that are one; in tables that fit a cache or none.
// Rows are named load/popularity/key/size/threads; ratios above 1 mean that gomap is ahead of the
// best peer.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "concurrent_peer.hpp"
#include "probes.hpp"
#include "rate_contest.hpp"
#include "run_together.hpp"
#include "shared_arena.hpp"
#include "shared_table.hpp"

namespace {

using bench::concurrent_peer;
using bench::concurrent_peers;
using bench::load;
using bench::popularity;
using bench::rate_contest;
using bench::rate_contestant;
using bench::task;

constexpr double most_keys = 1e9;
constexpr std::size_t most_threads = 256;
constexpr std::size_t most_string_keys = 1'000'000;  // ten times as many would take gigabytes
constexpr std::size_t fewest_insertions = 500'000;   // fewer are done before all threads run

// One, two, four, ... up to what the hardware has; two in any case.
std::vector<std::size_t> usual_threads() {
  std::vector<std::size_t> counts{1, 2};
  while (2 * counts.back() <= std::thread::hardware_concurrency()) {
    counts.push_back(2 * counts.back());
  }
  return counts;
}

struct options {
  std::vector<std::size_t> threads = usual_threads();
  std::vector<double> keys{2e4, 1e6};
  std::size_t rounds = 5;
  double lap = 0.25;  // seconds
  std::string only;
  bool list = false;
};

// ---- rows ---------------------------------------------------------------------------------------

struct named_task {
  std::string name;
  task what;
};

const std::vector<named_task> integer_tasks{
    {"reads/uniform", {load::reads, 0, popularity::uniform}},
    {"reads/zipf", {load::reads, 0, popularity::zipf}},
    {"assign-5/uniform", {load::assign, 0.05, popularity::uniform}},
    {"assign-5/zipf", {load::assign, 0.05, popularity::zipf}},
    {"assign-50/uniform", {load::assign, 0.5, popularity::uniform}},
    {"assign-50/zipf", {load::assign, 0.5, popularity::zipf}},
    {"churn-5/uniform", {load::churn, 0.05, popularity::uniform}},
    {"churn-5/zipf", {load::churn, 0.05, popularity::zipf}},
    {"churn-50/uniform", {load::churn, 0.5, popularity::uniform}},
    {"churn-50/zipf", {load::churn, 0.5, popularity::zipf}},
    {"reads/hot", {load::reads, 0, popularity::hot}},
    {"assign-50/hot", {load::assign, 0.5, popularity::hot}},
    {"batch-reads/uniform", {load::batches, 0, popularity::uniform}},
};

const std::vector<named_task> string_tasks{
    {"reads/uniform", {load::reads, 0, popularity::uniform}},
    {"assign-5/uniform", {load::assign, 0.05, popularity::uniform}},
};

// "2e4" for 20000, "1234" for 1234.
std::string size_name(std::size_t size) {
  std::size_t zeros = 0;
  std::size_t digits = size;
  for (; digits % 10 == 0; digits /= 10) ++zeros;
  return zeros < 3 ? std::to_string(size) : fmt::format("{}e{}", digits, zeros);
}

class row_maker {
 public:
  explicit row_maker(const options& chosen) : chosen_(chosen) {}

  rate_contest make() && {
    for (const double keys : chosen_.keys) {
      const auto size = static_cast<std::size_t>(keys);
      add<std::uint64_t>(integer_tasks, "uint64", size);
      if (size >= fewest_insertions) add_insertions(size);
      if (size <= most_string_keys) add<std::string>(string_tasks, "string", size);
    }
    return std::move(rows_);
  }

 private:
  // A row for each task and number of threads. They share their arena, which goes with the last.
  template <class Key>
  void add(const std::vector<named_task>& tasks, const char* key, std::size_t size) {
    const auto arena = std::make_shared<bench::shared_arena<Key>>(size, lap());
    for (const auto& [name, asked] : tasks) {
      add_row_for_each_number_of_threads(
          fmt::format("{}/{}/{}", name, key, size_name(size)),
          [&, asked = asked](std::size_t threads) { return full_maps(arena, asked, threads); });
    }
  }

  void add_insertions(std::size_t size) {
    const auto arena = std::make_shared<bench::shared_arena<std::uint64_t>>(size, lap());
    add_row_for_each_number_of_threads(fmt::format("insert/from-empty/uint64/{}", size_name(size)),
                                       [&](std::size_t threads) {
                                         return all_peers([&](const concurrent_peer& peer) {
                                           return [=] { return arena->fill(peer, threads); };
                                         });
                                       });
  }

  template <class MakeContestants>
  void add_row_for_each_number_of_threads(const std::string& name, MakeContestants contestants) {
    for (const std::size_t threads : chosen_.threads) {
      rows_.add_row(fmt::format("{}/threads:{}", name, threads), contestants(threads));
    }
  }

  template <class Arena>
  [[nodiscard]] std::vector<rate_contestant> full_maps(const Arena& arena, const task& asked,
                                                       std::size_t threads) const {
    const auto make_lap = [&](const concurrent_peer& peer, const task& what) {
      return [=] { return arena->work(peer, what, threads); };
    };
    auto all = all_peers([&](const concurrent_peer& peer) { return make_lap(peer, asked); });
    if (asked.what == load::batches) {  // beside a gomap that reads the same keys one by one
      const task one_by_one{load::reads, 0, asked.how};
      all.push_back({"gomap-single", false, make_lap(peers_.front(), one_by_one)});
    }
    return all;
  }

  template <class MakeLap>
  [[nodiscard]] std::vector<rate_contestant> all_peers(MakeLap make_lap) const {
    std::vector<rate_contestant> all;
    for (const concurrent_peer& peer : peers_) {
      all.push_back({peer.name, !peer.is_gomap, make_lap(peer)});
    }
    return all;
  }

  [[nodiscard]] bench::seconds lap() const { return bench::seconds(chosen_.lap); }

  const options& chosen_;
  concurrent_peers peers_ = bench::all_concurrent_peers();
  rate_contest rows_;
};

// ---- the command line ---------------------------------------------------------------------------

std::string not_whole(const std::string& number) {
  return std::fmod(std::stod(number), 1) == 0 ? "" : number + " is no whole number";
}

void declare(CLI::App& app, options& chosen) {
  app.add_option("--threads", chosen.threads, "Numbers of threads, a row for each")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{1}, most_threads))
      ->capture_default_str();
  app.add_option("--keys", chosen.keys, "Sizes of the maps; 1e7 takes 3 GB")
      ->delimiter(',')
      ->check(CLI::Range(1.0, most_keys))
      ->check(not_whole)
      ->capture_default_str();
  app.add_option("--rounds", chosen.rounds, "How many laps the medians are taken of")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--lap", chosen.lap, "Seconds a lap; insertions are counted instead")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_option("--only", chosen.only,
                 "Only rows whose names this regular expression is found in");
  app.add_flag("--benchmark_list_tests", chosen.list, "List the rows, as other benchmarks do");
}

void run(const options& chosen) {
  rate_contest rows = row_maker(chosen).make();
  rows.choose(chosen.only);
  chosen.list ? rows.list() : std::move(rows).run(chosen.rounds);
}

}  // namespace

int main(int argc, char** argv) {
  enum exit_code : int { done = 0, failed = 1, bad_usage = 2 };
  options chosen;
  CLI::App app("Threads that share a map: how much gomap and its peers get done.",
               "bench_concurrent");
  declare(app, chosen);
  try {
    app.parse(argc, argv);
    run(chosen);
    return done;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : bad_usage;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "bench_concurrent: {}\n", error.what());
    return bad_usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_concurrent: {}\n", error.what());
    return failed;
  }
}
