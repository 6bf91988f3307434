// options.cpp -- the command line, by CLI11.
#include "options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bad_input.hpp"
#include "build_info.hpp"
#include "scenario.hpp"
#include "text_input.hpp"

namespace stress {
namespace {

constexpr unsigned most_threads = 1024;
constexpr double most_seconds = 30.0 * 24 * 3600;

std::string known_scenarios() {
  std::string names;
  for (const scenario* s : all_scenarios()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", s->name);
  }
  return names;
}

std::string help_on_scenarios() {
  std::string lines = "Scenarios:\n";
  for (const scenario* s : all_scenarios())
    lines += fmt::format("  {:<15}{}\n", s->name, s->question);
  return lines +
         "\nExit code: 0 nothing wrong was found, 1 something was, 2 the input or a flag is no "
         "good.";
}

// What was fixed when the program was built may be named, so that one command line serves the
// script and the program; naming something else is an error.
void add_built_in(CLI::App& app, const std::string& flag, std::string_view built,
                  const std::string& help) {
  app.add_option_function<std::string>(
         flag,
         [flag, built](const std::string& asked) {
           if (asked == built) return;
           throw CLI::ValidationError(
               flag, fmt::format("this program was built with {}; stress/run {} {} builds another",
                                 built, flag, asked));
         },
         help)
      ->default_str(std::string(built));
}

void declare(CLI::App& app, options& chosen) {
  app.add_option("SCENARIO", chosen.scenarios, "What to run, in this order; none: everything");
  app.add_option("--input", chosen.inputs,
                 "Files, and folders with all text files below them; a file that begins with "
                 "\"# gomap trace\" is one for replay. None: what the environment variable "
                 "GOMAP_STRESS_TEXT names");
  app.add_option("--threads", chosen.threads,
                 "Threads a scenario; default: the processors, at least 2")
      ->check(CLI::Range(1U, most_threads));
  app.add_option("--seconds", chosen.seconds,
                 "Seconds a scenario; linear takes three times as many")
      ->check(CLI::Range(0.01, most_seconds))
      ->capture_default_str();
  app.add_option("--seed", chosen.seed, "Repeats the choices of a run; default: a random one")
      ->check(CLI::Range(std::uint64_t{1}, ~std::uint64_t{0}));
  app.add_option("--shards", chosen.shards, "Shards a map; default: as the map thinks right")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 16));
  app.add_option("--report", chosen.report, "Write report.html and report.json into this folder");
  app.add_flag("--falsify", chosen.falsify,
               "Spoil what each scenario finds before it is verified, to see it fail");
  add_built_in(app, "--allocator", this_build().allocator, "page, std, mimalloc, tbb or pmr");
  add_built_in(app, "--mutex", this_build().mutex, "rw_mutex, std, tbb or tbb_spin");
  add_built_in(app, "--sanitizer", this_build().sanitizer, "none, address, undefined or thread");
  app.footer(help_on_scenarios());
}

void check_scenarios(const options& chosen) {
  for (const std::string& name : chosen.scenarios) {
    const auto known = [&](const scenario* s) { return s->name == name; };
    if (std::ranges::none_of(all_scenarios(), known)) {
      throw bad_input(
          fmt::format("no scenario is called {} (there are {}; a file goes after --input)", name,
                      known_scenarios()));
    }
  }
}

void fill_in(options& chosen) {
  if (chosen.threads == 0)
    chosen.threads = std::clamp(std::thread::hardware_concurrency(), 2U, most_threads);
  if (chosen.scenarios.empty()) {
    for (const scenario* s : all_scenarios()) chosen.scenarios.emplace_back(s->name);
  }
  // Short enough to be typed.
  if (chosen.seed == 0) chosen.seed = std::random_device{}() | 1;
}

}  // namespace

std::optional<options> parse_options(int argc, char** argv) {
  options chosen;
  CLI::App app("Runs gomap's maps hard, and checks all that they say.", "stress");
  declare(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw bad_input(error.what());
  }
  check_scenarios(chosen);
  fill_in(chosen);
  return chosen;
}

}  // namespace stress
