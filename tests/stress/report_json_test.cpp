// report_json_test.cpp -- a run as JSON, the command that repeats it, and what is written of both.
// What the page shows of it: report_test.sh.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "stress/latency.hpp"
#include "stress/options.hpp"
#include "stress/report/json.hpp"
#include "stress/report/repeat.hpp"
#include "stress/report/report.hpp"
#include "stress/results.hpp"

namespace {

using nlohmann::ordered_json;
using stress::call;
using stress::json_of;
using stress::moment;
using stress::nanoseconds;
using stress::run_result;
using stress::scenario_result;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

scenario_result busy_scenario() {
  scenario_result made;
  made.name = "grow";
  made.question = "does it grow?";
  made.seconds = 0.5;
  made.operations = 6;
  made.growths_double = 2;
  for (const int ns : {5, 5, 5, 1000}) {
    made.calls[static_cast<std::size_t>(call::read)].add(nanoseconds(ns));
  }
  made.calls[static_cast<std::size_t>(call::erase)].add(nanoseconds(70));
  moment first;
  first.seconds = 0.25;
  first.operations = 4;
  first.worst_pause = nanoseconds(1000);
  moment last;
  last.seconds = 0.5;
  last.operations = 6;
  last.growths_double = 2;
  last.resident_bytes = 4096;
  made.timeline = {first, last};
  made.map_layout = {.occupancy = {1, 0, 3},
                     .poisson = {0.9, 1.1, 2.0},
                     .shard_entries = {2, 4},
                     .shard_buckets = {2, 2}};
  made.notes = {{"keys", "6"}};
  return made;
}

run_result small_run() {
  run_result run;
  run.seed = ~std::uint64_t{0};
  run.threads = 2;
  run.seconds_each = 0.5;
  run.build = {"0.1.0", "some compiler", "page", "rw_mutex", "none"};
  run.command = "stress/run grow";
  run.started = std::chrono::system_clock::time_point(std::chrono::seconds(86'400));
  run.scenarios = {busy_scenario()};
  return run;
}

ordered_json scenario_json_of(scenario_result scenario) {
  run_result run;
  run.scenarios.push_back(std::move(scenario));
  return json_of(run)["scenarios"][0];
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Json, ParsesAsItWasWritten) {
  const ordered_json json = json_of(small_run());

  EXPECT_EQ(ordered_json::parse(json.dump()), json);
}

TEST(Json, TellsTheRun) {
  const ordered_json json = json_of(small_run());

  EXPECT_EQ(json["seed"], "18446744073709551615");  // no JSON reader need have numbers so large
  EXPECT_EQ(json["started"], "1970-01-02T00:00:00Z");
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["command"], "stress/run grow");
  EXPECT_EQ(json["build"]["mutex"], "rw_mutex");
  EXPECT_EQ(json["verified"], true);
  EXPECT_EQ(json["interrupted"], false);
}

TEST(Json, TellsOnlyTheKindsOfCallsThatThereWere) {
  const ordered_json scenario = scenario_json_of(busy_scenario());

  ASSERT_EQ(scenario["calls"].size(), 2U);
  const ordered_json& reads = scenario["calls"][0];
  EXPECT_EQ(reads["call"], "read");
  EXPECT_EQ(reads["count"], 4);
  EXPECT_EQ(reads["worst_ns"], 1000);
  EXPECT_EQ(reads["percentiles_ns"]["50"], 5);
  EXPECT_EQ(reads["percentiles_ns"]["99.999"], 1000);
  EXPECT_THAT(reads["bins"][0], ElementsAre(5, 6, 3));
  EXPECT_EQ(scenario["calls"][1]["call"], "erase");
  EXPECT_EQ(scenario["all_calls"]["count"], 5);
}

TEST(Json, TellsTheTimelineInColumns) {
  const ordered_json line = scenario_json_of(busy_scenario())["timeline"];

  EXPECT_THAT(line["seconds"], ElementsAre(0.25, 0.5));
  EXPECT_THAT(line["operations"], ElementsAre(4, 6));
  EXPECT_THAT(line["worst_pause_ns"], ElementsAre(1000, 0));
  EXPECT_THAT(line["growths_double"], ElementsAre(0, 2));
  EXPECT_THAT(line["resident_bytes"], ElementsAre(0, 4096));
  for (const ordered_json& column : line) EXPECT_EQ(column.size(), 2U);
}

TEST(Json, TellsWhereEntriesLie) {
  const ordered_json layout = scenario_json_of(busy_scenario())["layout"];

  EXPECT_EQ(layout["entries"], 6);
  EXPECT_EQ(layout["buckets"], 4);
  ASSERT_EQ(layout["occupancy"].size(), 3U);
  EXPECT_EQ(layout["occupancy"][2],
            (ordered_json{{"entries", 2}, {"buckets", 3}, {"poisson", 2.0}}));
  EXPECT_EQ(layout["shards"]["count"], 2);
  EXPECT_EQ(layout["shards"]["shards_a_bar"], 1);
  EXPECT_THAT(layout["shards"]["most_entries_by_bar"], ElementsAre(2, 4));
}

TEST(Json, AScenarioThatHadNothingToShowSaysSo) {
  scenario_result wrong;
  wrong.findings = {"a key is lost"};
  wrong.findings_in_all = 12;

  const ordered_json scenario = scenario_json_of(wrong);

  EXPECT_EQ(scenario["verified"], false);
  EXPECT_EQ(scenario["findings_in_all"], 12);
  EXPECT_THAT(scenario["findings"], ElementsAre("a key is lost"));
  EXPECT_TRUE(scenario["calls"].empty());
  EXPECT_TRUE(scenario["layout"].is_null());
  EXPECT_EQ(scenario["all_calls"]["percentiles_ns"]["50"], 0);
}

TEST(Json, ManyShardsShareBarsAndNoneIsForgotten) {
  scenario_result scenario;
  stress::layout& where = scenario.map_layout;
  where.occupancy = {65'536};
  where.poisson = {65'536};
  for (std::size_t i = 0; i < 65'536; ++i) {
    where.shard_entries.push_back(i == 40'000 ? 9 : 1);
    where.shard_buckets.push_back(1);
  }

  const ordered_json shards = scenario_json_of(scenario)["layout"]["shards"];

  EXPECT_EQ(shards["count"], 65'536);
  EXPECT_EQ(shards["shards_a_bar"], 128);
  ASSERT_EQ(shards["most_entries_by_bar"].size(), 512U);
  EXPECT_EQ(shards["most_entries_by_bar"][40'000 / 128], 9);
  EXPECT_EQ(shards["least_entries_by_bar"][40'000 / 128], 1);
  EXPECT_EQ(shards["buckets_by_bar"][0], 128);
  EXPECT_EQ(shards["most_entries"], 9);
}

TEST(Json, ALongChainMakesNoLongTable) {
  scenario_result scenario;
  stress::layout& where = scenario.map_layout;
  where.occupancy.assign(1'000'001, 0);
  where.occupancy[0] = 100'000;
  where.occupancy.back() = 1;
  where.poisson.assign(1'000'001, 0);
  where.shard_entries = {1'000'000};
  where.shard_buckets = {100'001};

  const ordered_json rows = scenario_json_of(scenario)["layout"]["occupancy"];

  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1]["entries"], 1'000'000);
}

TEST(Report, HoldsWhatIsNoTextAndNoScript) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "report_json_test";
  run_result run = small_run();
  run.scenarios[0].findings = {"lost \xff\xfe", "</script><!-- <script>"};
  run.scenarios[0].findings_in_all = 2;

  stress::prepare_report(folder);
  const std::string said = stress::write_report(folder, run);

  EXPECT_THAT(said, HasSubstr((folder / "report.html").string()));
  const ordered_json json = ordered_json::parse(text_of(folder / "report.json"));
  EXPECT_EQ(json["scenarios"][0]["findings"][1], "</script><!-- <script>");
  const std::string page = text_of(folder / "report.html");
  EXPECT_THAT(page, HasSubstr(R"(\u003c/script>\u003c!-- \u003cscript>)"));
  EXPECT_THAT(page, Not(HasSubstr("{{run}}")));
  std::filesystem::remove_all(folder);
}

TEST(CommandToRepeat, NamesAllChoicesAndQuotesForTheShell) {
  stress::options chosen;
  chosen.scenarios = {"words", "grow"};
  chosen.inputs = {"plain.txt", "it's a file"};
  chosen.threads = 3;
  chosen.seconds = 0.25;
  chosen.seed = 17;
  chosen.shards = 64;
  chosen.falsify = true;

  EXPECT_EQ(stress::command_to_repeat(chosen, small_run().build),
            "stress/run words grow --seed 17 --threads 3 --seconds 0.25 --shards 64"
            " --allocator page --mutex rw_mutex --sanitizer none"
            " --input plain.txt --input 'it'\\''s a file' --falsify");
}

TEST(CommandToRepeat, LeavesOutWhatWasLeftToTheMap) {
  stress::options chosen;
  chosen.scenarios = {"grow"};
  chosen.threads = 2;
  chosen.seed = 1;

  const std::string command = stress::command_to_repeat(chosen, small_run().build);

  EXPECT_THAT(command, Not(HasSubstr("--shards")));
  EXPECT_THAT(command, Not(HasSubstr("--falsify")));
}

}  // namespace
