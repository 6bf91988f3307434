// main.cpp -- runs the scenarios asked for, one after the other, and says what they found.
//
// Exit code: 0 nothing wrong was found, 1 something was, 2 the input or a flag is no good.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <chosen_allocator.hpp>
#include <fmt/format.h>

#include "bad_input.hpp"
#include "build_info.hpp"
#include "context.hpp"
#include "interruption.hpp"
#include "misuse_child.hpp"
#include "options.hpp"
#include "report/repeat.hpp"
#include "report/report.hpp"
#include "results.hpp"
#include "scenario.hpp"
#include "summary.hpp"
#include "text_input.hpp"

namespace {

using stress::bad_input;
using stress::options;
using stress::run_result;
using stress::scenario;
using stress::scenario_result;
using stress::text_input;

enum exit_code : int { verified = 0, wrong = 1, bad_usage = 2 };

// A pipe should show each line when it is there.
void print(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

void print_choices(const options& chosen) {
  print(fmt::format("seed {} (--seed {} repeats this run's choices)\n", chosen.seed, chosen.seed));
  const stress::build_info& built = stress::this_build();
  print(fmt::format("gomap {}, {}, allocator {}, mutex {}, sanitizer {}, {} threads, {} shards\n\n",
                    built.version, built.compiler, built.allocator, built.mutex, built.sanitizer,
                    chosen.threads,
                    chosen.shards == 0 ? "the map's choice of" : std::to_string(chosen.shards)));
}

const scenario& scenario_called(const std::string& name) {
  const auto all = stress::all_scenarios();
  return **std::find_if(all.begin(), all.end(), [&](const scenario* s) { return s->name == name; });
}

scenario_result run_scenario(const scenario& s, const options& chosen, const text_input& input) {
  stress::context here(chosen, input, s);
  try {
    s.run(here);
  } catch (const bad_input&) {
    throw;
  } catch (const std::exception& error) {
    here.wrong(std::string("ended with an exception: ") + error.what());
  }
  return here.finish();
}

run_result run_all(const options& chosen, const text_input& input) {
  run_result run{.seed = chosen.seed,
                 .threads = chosen.threads,
                 .shards = chosen.shards,
                 .seconds_each = chosen.seconds,
                 .build = stress::this_build(),
                 .command = stress::command_to_repeat(chosen, stress::this_build()),
                 .started = std::chrono::system_clock::now(),
                 .interrupted = false,
                 .scenarios = {}};
  print(stress::table_head());
  for (const std::string& name : chosen.scenarios) {
    run.scenarios.push_back(run_scenario(scenario_called(name), chosen, input));
    print(stress::table_row(run.scenarios.back()) + stress::notes_of(run.scenarios.back()));
    run.interrupted = stress::interrupted();
    if (run.interrupted) break;
  }
  return run;
}

void check_need(const scenario& s, const text_input& input) {
  const bool replays = s.needs == stress::input_need::text_or_trace;
  if (s.needs == stress::input_need::none || !input.texts.empty()) return;
  if (replays && !input.traces.empty()) return;
  throw bad_input(fmt::format("no text: {} reads {} that --input or GOMAP_STRESS_TEXT names",
                              s.name, replays ? "a trace or a text" : "a text"));
}

// Everything that can be wrong with the input is found before anything runs.
text_input read_input(options& chosen) {
  if (chosen.inputs.empty()) {
    const char* const text = std::getenv("GOMAP_STRESS_TEXT");
    if (text != nullptr && *text != '\0') chosen.inputs.emplace_back(text);
  }
  text_input input = stress::read_texts(chosen.inputs);
  for (const std::string& name : chosen.scenarios) check_need(scenario_called(name), input);
  return input;
}

int run(options chosen) {
  const text_input input = read_input(chosen);
  if (!chosen.report.empty()) stress::prepare_report(chosen.report);
  stress::heed_interruption();
  print_choices(chosen);
  const run_result result = run_all(chosen, input);
  print('\n' + stress::verdict(result));
  if (!chosen.report.empty()) print(stress::write_report(chosen.report, result));
  return result.verified() ? verified : wrong;
}

}  // namespace

int main(int argc, char** argv) {
  stress::commit_misuse_if_asked();
  try {
    stress::prepare_allocator();
    const auto chosen = stress::parse_options(argc, argv);
    return chosen ? run(*chosen) : verified;
  } catch (const bad_input& error) {
    fmt::print(stderr, "stress: {}\n", error.what());
    return bad_usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stress: failed: {}\n", error.what());
    return wrong;
  }
}
