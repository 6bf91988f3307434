// growth.cpp -- the bad moments of growing: the slowest insertions, and memory at its peak.
//
// Question: while a map grows to many entries, one insertion at a time, how long does the worst one
// take, how long one in 100,000, and how far above its final memory does the process climb?
// Each map grows in a process of its own, so no map inherits warm memory or a peak from another;
// rounds go through all of them in turn. "array" appends the same entries to plain fresh memory:
// what it shows is the machine's own noise. The rest is done by nobody but the map: keys are
// computed, and the samples kept fit a few pages.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../latency.hpp"
#include "keys.hpp"
#include "peers.hpp"

extern char** environ;  // POSIX leaves the declaration to the program

namespace {

using stress::nanoseconds;
using clock_type = std::chrono::steady_clock;

struct options {
  std::size_t entries = 20'000'000;
  std::size_t rounds = 3;
  std::string only;    // "": all of them
  bool child = false;  // grow here, once, and print the figures
};

// What one process found. Times in nanoseconds, memory in KiB.
struct figures {
  double mean = 0;
  double p99_99 = 0;
  double p99_999 = 0;
  double worst = 0;
  double peak = 0;
  double final_memory = 0;
};

// ---- in the child -------------------------------------------------------------------------------

struct plain_array {
  explicit plain_array(std::size_t entries)
      : words(std::make_unique_for_overwrite<std::uint64_t[]>(2 * entries)) {}
  void try_emplace(std::uint64_t key, std::uint64_t value) {
    words[used++] = key;
    words[used++] = value;
  }
  std::unique_ptr<std::uint64_t[]> words;
  std::size_t used = 0;
};

// A line "name:  1234 kB" of /proc/self/status; 0 where there is none.
double status_kib(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == name && status >> kib) return kib;
  }
  return 0;
}

template <class Map>
figures grow(Map& map, std::size_t entries) {
  stress::slowest_calls slowest(entries / 10'000 + 2);
  nanoseconds total{0};
  for (std::size_t i = 0; i < entries; ++i) {
    const auto key = bench::make_key<std::uint64_t>(i);
    const auto start = clock_type::now();
    map.try_emplace(key, i);
    const nanoseconds spent = clock_type::now() - start;
    slowest.add(spent);
    total += spent;
  }
  const auto ns = [](nanoseconds time) { return static_cast<double>(time.count()); };
  const double final_memory = status_kib("VmRSS:");
  return {.mean = ns(total) / static_cast<double>(entries),
          .p99_99 = ns(slowest.percentile(0.9999)),
          .p99_999 = ns(slowest.percentile(0.99999)),
          .worst = ns(slowest.worst()),
          .peak = std::max(final_memory, status_kib("VmHWM:")),
          .final_memory = final_memory};
}

template <class Peer>
figures grow_map(std::size_t entries) {
  typename Peer::map map;
  return grow(map, entries);
}

figures grow_array(std::size_t entries) {
  plain_array array(entries);
  return grow(array, entries);
}

struct grower {
  const char* name;
  figures (*grow)(std::size_t entries);
};

using key = std::uint64_t;
constexpr std::array<grower, 5> growers{{{"gomap", grow_map<bench::gomap_peer<key>>},
                                         {"boost", grow_map<bench::boost_peer<key>>},
                                         {"absl", grow_map<bench::absl_peer<key>>},
                                         {"std", grow_map<bench::std_peer<key>>},
                                         {"array", grow_array}}};

int run_child(const options& chosen) {
  for (const grower& who : growers) {
    if (who.name != chosen.only) continue;
    const figures f = who.grow(chosen.entries);
    std::printf("%.1f %.0f %.0f %.0f %.0f %.0f\n", f.mean, f.p99_99, f.p99_999, f.worst, f.peak,
                f.final_memory);
    return 0;
  }
  return 2;
}

// ---- in the parent ------------------------------------------------------------------------------

// The standard output of this very program, run with `arguments`.
std::string output_of_self(std::vector<std::string> arguments) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<char*> argv{const_cast<char*>(self.c_str())};  // posix_spawn() writes to none of them
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, self.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), "posix_spawn");

  std::string output;
  std::array<char, 512> block{};
  for (ssize_t got = 0; (got = ::read(ends[0], block.data(), block.size())) > 0;) {
    output.append(block.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(arguments.back() + ": the process that grew it failed");
  }
  return output;
}

figures grow_in_a_process(const std::string& name, std::size_t entries) {
  const std::string output =
      output_of_self({"--child", "--entries", std::to_string(entries), "--map", name});
  figures f;
  if (std::sscanf(output.c_str(), "%lf %lf %lf %lf %lf %lf", &f.mean, &f.p99_99, &f.p99_999,
                  &f.worst, &f.peak, &f.final_memory) != 6) {
    throw std::runtime_error(name + ": no figures came back");
  }
  return f;
}

void print_figures(const char* name, const figures& f) {
  std::printf("%-8s %9.1f %11.2f %11.2f %11.3f %9.0f %9.0f %7.2f\n", name, f.mean, f.p99_99 / 1e3,
              f.p99_999 / 1e3, f.worst / 1e6, f.peak / 1024, f.final_memory / 1024,
              f.final_memory > 0 ? f.peak / f.final_memory : 0);
  std::fflush(stdout);
}

figures median_of(std::vector<figures> rounds) {
  const auto median = [&](double figures::*which) {
    std::sort(rounds.begin(), rounds.end(),
              [&](const figures& a, const figures& b) { return a.*which < b.*which; });
    return rounds[(rounds.size() - 1) / 2].*which;
  };
  return {median(&figures::mean),  median(&figures::p99_99), median(&figures::p99_999),
          median(&figures::worst), median(&figures::peak),   median(&figures::final_memory)};
}

int run_parent(const options& chosen) {
  std::printf("%zu insertions, one by one, a process a map; %zu rounds, then their medians\n",
              chosen.entries, chosen.rounds);
  std::printf("%-8s %9s %11s %11s %11s %9s %9s %7s\n", "", "mean ns", "p99.99 us", "p99.999 us",
              "worst ms", "peak MiB", "final MiB", "ratio");
  std::map<std::string, std::vector<figures>> found;
  for (std::size_t round = 0; round < chosen.rounds; ++round) {
    for (const grower& who : growers) {
      if (!chosen.only.empty() && chosen.only != who.name) continue;
      found[who.name].push_back(grow_in_a_process(who.name, chosen.entries));
      print_figures(who.name, found[who.name].back());
    }
  }
  std::printf("medians\n");
  for (const grower& who : growers) {
    if (found.contains(who.name)) print_figures(who.name, median_of(found[who.name]));
  }
  return 0;
}

// ---- the program --------------------------------------------------------------------------------

[[noreturn]] void usage(int exit_code) {
  std::fprintf(exit_code == 0 ? stdout : stderr,
               "usage: bench_growth [--entries N] [--rounds N] [--map NAME] [--help]\n"
               "Grows each map to N entries (20000000) in a process of its own, 3 rounds.\n");
  std::exit(exit_code);
}

std::size_t positive(const char* text) {
  char* end = nullptr;
  const unsigned long long number = std::strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || number == 0) usage(2);
  return number;
}

options parse(const std::vector<std::string>& arguments) {
  options chosen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& flag = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == arguments.size()) usage(2);
      return arguments[++i];
    };
    if (flag == "--help") {
      usage(0);
    } else if (flag == "--child") {
      chosen.child = true;
    } else if (flag == "--entries") {
      chosen.entries = positive(value().c_str());
    } else if (flag == "--rounds") {
      chosen.rounds = positive(value().c_str());
    } else if (flag == "--map") {
      chosen.only = value();
      if (std::none_of(growers.begin(), growers.end(),
                       [&](const grower& who) { return who.name == chosen.only; })) {
        usage(2);
      }
    } else if (flag.starts_with("--benchmark_list_tests")) {  // as the other benchmarks do
      for (const grower& who : growers) std::printf("growth/uint64/%s\n", who.name);
      std::exit(0);
    } else {
      usage(2);
    }
  }
  return chosen;
}

}  // namespace

int main(int argc, char** argv) {
  const options chosen = parse({argv + 1, argv + argc});
  try {
    return chosen.child ? run_child(chosen) : run_parent(chosen);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_growth: %s\n", error.what());
    return 1;
  }
}
