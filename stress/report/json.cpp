// json.cpp -- turns plain data into JSON, member by member.
#include "json.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "../build_info.hpp"
#include "../latency_histogram.hpp"
#include "../results.hpp"

namespace stress {
namespace {

using json = nlohmann::ordered_json;

constexpr int schema = 1;
constexpr std::size_t most_bars = 512;
// Rows of the occupancy table where there are no buckets, nor are any to be expected.
constexpr double too_few_to_show = 0.05;

constexpr std::array<std::pair<const char*, double>, 6> shares = {{{"50", 0.5},
                                                                   {"90", 0.9},
                                                                   {"99", 0.99},
                                                                   {"99.9", 0.999},
                                                                   {"99.99", 0.9999},
                                                                   {"99.999", 0.99999}}};

// ---- how long calls took

json percentiles(const latency_histogram& calls) {
  json found = json::object();
  for (const auto& [name, share] : shares) found[name] = calls.percentile(share).count();
  return found;
}

json latency_of(const latency_histogram& calls) {
  return {{"count", calls.count()},
          {"percentiles_ns", percentiles(calls)},
          {"worst_ns", calls.worst().count()}};
}

json bins_of(const latency_histogram& calls) {
  json bins = json::array();
  for (const auto& b : calls.bins()) bins.push_back({b.from.count(), b.to.count(), b.calls});
  return bins;
}

json calls_of(const scenario_result& scenario) {
  json calls = json::array();
  for (std::size_t kind = 0; kind < call_kinds; ++kind) {
    const latency_histogram& histogram = scenario.calls[kind];
    if (histogram.count() == 0) continue;
    json of_kind = {{"call", call_names[kind]}};
    of_kind.update(latency_of(histogram));
    of_kind["bins"] = bins_of(histogram);
    calls.push_back(std::move(of_kind));
  }
  return calls;
}

// ---- how it went: a column for each figure, which is shorter than a row for each moment

template <class F>
json column(const std::vector<moment>& moments, F figure) {
  json values = json::array();
  for (const moment& m : moments) values.push_back(std::invoke(figure, m));
  return values;
}

json timeline_of(const std::vector<moment>& moments) {
  return {
      {"seconds", column(moments, &moment::seconds)},
      {"operations", column(moments, &moment::operations)},
      {"worst_pause_ns", column(moments, [](const moment& m) { return m.worst_pause.count(); })},
      {"growths_in_flight", column(moments, &moment::growths_in_flight)},
      {"growths_double", column(moments, &moment::growths_double)},
      {"growths_same_size", column(moments, &moment::growths_same_size)},
      {"entries", column(moments, &moment::entries)},
      {"payload_bytes", column(moments, &moment::payload_bytes)},
      {"reserved_bytes", column(moments, &moment::reserved_bytes)},
      {"resident_bytes", column(moments, &moment::resident_bytes)}};
}

// ---- where the entries lie

json occupancy_of(const layout& where) {
  json rows = json::array();
  for (std::size_t n = 0; n < where.occupancy.size(); ++n) {
    if (where.occupancy[n] == 0 && where.poisson[n] < too_few_to_show) continue;
    rows.push_back(
        {{"entries", n}, {"buckets", where.occupancy[n]}, {"poisson", where.poisson[n]}});
  }
  return rows;
}

// Neighbours share a bar where there are too many shards.
json shards_of(const layout& where) {
  const std::vector<std::size_t>& entries = where.shard_entries;
  const std::size_t to_a_bar = (entries.size() + most_bars - 1) / most_bars;
  json least = json::array();
  json most = json::array();
  json buckets = json::array();
  for (std::size_t i = 0; i < entries.size(); i += to_a_bar) {
    const auto from = static_cast<std::ptrdiff_t>(i);
    const auto to = static_cast<std::ptrdiff_t>(std::min(i + to_a_bar, entries.size()));
    const auto [fewest, fullest] =
        std::minmax_element(entries.begin() + from, entries.begin() + to);
    least.push_back(*fewest);
    most.push_back(*fullest);
    buckets.push_back(std::accumulate(where.shard_buckets.begin() + from,
                                      where.shard_buckets.begin() + to, std::size_t{0}));
  }
  const auto [fewest, fullest] = std::minmax_element(entries.begin(), entries.end());
  return {{"count", entries.size()},
          {"least_entries", *fewest},
          {"most_entries", *fullest},
          {"shards_a_bar", to_a_bar},
          {"least_entries_by_bar", std::move(least)},
          {"most_entries_by_bar", std::move(most)},
          {"buckets_by_bar", std::move(buckets)}};
}

json layout_json(const layout& where) {
  if (where.shard_entries.empty()) return nullptr;
  return {{"entries",
           std::accumulate(where.shard_entries.begin(), where.shard_entries.end(), std::size_t{0})},
          {"buckets",
           std::accumulate(where.occupancy.begin(), where.occupancy.end(), std::uint64_t{0})},
          {"occupancy", occupancy_of(where)},
          {"shards", shards_of(where)}};
}

// ---- the whole

json notes_json(const scenario_result& scenario) {
  json notes = json::array();
  for (const auto& [name, value] : scenario.notes) {
    notes.push_back({{"name", name}, {"value", value}});
  }
  return notes;
}

json scenario_json(const scenario_result& scenario) {
  return {{"name", scenario.name},
          {"question", scenario.question},
          {"verified", scenario.verified()},
          {"interrupted", scenario.interrupted},
          {"seconds", scenario.seconds},
          {"operations", scenario.operations},
          {"growths_double", scenario.growths_double},
          {"growths_same_size", scenario.growths_same_size},
          {"notes", notes_json(scenario)},
          {"findings", scenario.findings},
          {"findings_in_all", scenario.findings_in_all},
          {"all_calls", latency_of(scenario.all_calls())},
          {"calls", calls_of(scenario)},
          {"timeline", timeline_of(scenario.timeline)},
          {"layout", layout_json(scenario.map_layout)}};
}

json build_json(const build_info& build) {
  return {{"version", build.version},
          {"compiler", build.compiler},
          {"allocator", build.allocator},
          {"mutex", build.mutex},
          {"sanitizer", build.sanitizer}};
}

std::string utc(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

}  // namespace

nlohmann::ordered_json json_of(const run_result& run) {
  json scenarios = json::array();
  for (const scenario_result& s : run.scenarios) scenarios.push_back(scenario_json(s));
  return {{"schema", schema},
          {"started", utc(run.started)},
          {"verified", run.verified()},
          {"interrupted", run.interrupted},
          {"seed", std::to_string(run.seed)},
          {"threads", run.threads},
          {"shards", run.shards},
          {"seconds_each", run.seconds_each},
          {"command", run.command},
          {"build", build_json(run.build)},
          {"scenarios", std::move(scenarios)}};
}

}  // namespace stress
