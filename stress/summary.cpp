// summary.cpp -- rows of text.
#include "summary.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "figure_text.hpp"
#include "latency.hpp"
#include "latency_histogram.hpp"
#include "results.hpp"

namespace stress {
namespace {

constexpr const char* columns = "{:<15}{:>9}{:>16}{:>12}{:>18}{:>11}{:>11}{:>11}{:>12}  {}\n";

std::string peak_memory(const scenario_result& result) {
  std::size_t peak = 0;
  for (const moment& m : result.timeline) peak = std::max(peak, m.resident_bytes);
  return bytes_text(peak);
}

std::string_view outcome(const scenario_result& result) {
  if (!result.verified()) return "WRONG";
  return result.interrupted ? "interrupted" : "verified";
}

}  // namespace

std::string table_head() {
  return fmt::format(fmt::runtime(columns), "scenario", "seconds", "operations", "a second",
                     "growths (same)", "p50", "p99.9", "worst", "memory", "");
}

std::string table_row(const scenario_result& result) {
  const latency_histogram calls = result.all_calls();
  const auto timed = [&](nanoseconds t) {
    return calls.count() == 0 ? std::string("-") : time_text(t);
  };
  return fmt::format(
      fmt::runtime(columns), result.name, fmt::format("{:.1f}", result.seconds),
      grouped(result.operations),
      count_text(static_cast<double>(result.operations) / std::max(result.seconds, 1e-9)),
      fmt::format("{} ({})", grouped(result.growths_double + result.growths_same_size),
                  grouped(result.growths_same_size)),
      timed(calls.percentile(0.5)), timed(calls.percentile(0.999)), timed(calls.worst()),
      peak_memory(result), outcome(result));
}

std::string notes_of(const scenario_result& result) {
  std::string lines;
  for (const auto& [name, value] : result.notes) lines += fmt::format("  {:<34}{}\n", name, value);
  for (const std::string& finding : result.findings) lines += fmt::format("  wrong: {}\n", finding);
  const std::uint64_t more = result.findings_in_all - result.findings.size();
  if (more > 0) lines += fmt::format("  wrong: {} more\n", grouped(more));
  return lines;
}

std::string verdict(const run_result& run) {
  const auto wrong = std::count_if(run.scenarios.begin(), run.scenarios.end(),
                                   [](const scenario_result& s) { return !s.verified(); });
  if (wrong > 0) {
    return fmt::format("WRONG: {} of {} scenarios; --seed {} repeats their choices\n", wrong,
                       run.scenarios.size(), run.seed);
  }
  return fmt::format("{}: nothing wrong in {} scenario{}\n",
                     run.interrupted ? "interrupted" : "verified", run.scenarios.size(),
                     run.scenarios.size() == 1 ? "" : "s");
}

}  // namespace stress
