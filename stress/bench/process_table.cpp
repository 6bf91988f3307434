// process_table.cpp -- the command line, the rounds and the printing of process tables.
#include "process_table.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "median.hpp"
#include "own_process.hpp"

namespace bench {
namespace {

enum exit_code : int { done = 0, failed = 1, bad_usage = 2 };

constexpr std::size_t most = 1'000'000'000'000;  // of any number that a flag takes

struct run_options {
  std::size_t entries = 0;
  std::size_t rounds = 3;
  std::string only;   // a part of a row's name; "": all rows
  std::string child;  // measure this row here, once, and print the bare figures
};

struct bad_flag : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// All rounds of each row.
using findings = std::map<std::string, std::vector<figures>>;

// ---- in the child -------------------------------------------------------------------------------

void measure_here(const process_table& table, const run_options& chosen) {
  for (const table_row& row : table.rows) {
    if (row.name != chosen.child) continue;
    for (const double figure : row.measure(chosen.entries)) fmt::print("{} ", figure);
    return;
  }
  throw bad_flag("no row is called " + chosen.child);
}

// ---- in the parent ------------------------------------------------------------------------------

figures measure_in_a_process(const std::vector<std::string>& table_arguments,
                             const process_table& table, const table_row& row,
                             std::size_t entries) {
  std::vector<std::string> arguments = table_arguments;
  arguments.insert(arguments.end(), {"--child", row.name, "--entries", std::to_string(entries)});
  figures found;
  try {
    std::istringstream output(output_of_self(arguments));
    for (double figure = 0; output >> figure;) found.push_back(figure);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(row.name + ": " + error.what());
  }
  if (found.size() != table.columns.size()) {
    throw std::runtime_error(row.name + ": not all figures came back");
  }
  return found;
}

figures medians_of(const std::vector<figures>& rounds) {
  figures medians;
  for (std::size_t i = 0; i < rounds.front().size(); ++i) {
    std::vector<double> values;
    for (const figures& round : rounds) values.push_back(round[i]);
    medians.push_back(median(values));
  }
  return medians;
}

// ---- printing -----------------------------------------------------------------------------------

constexpr std::size_t least_width = 8;

std::size_t width_of(const std::string& heading) { return std::max(least_width, heading.size()); }

std::size_t widest_name(const process_table& table) {
  std::size_t widest = 0;
  for (const table_row& row : table.rows) widest = std::max(widest, row.name.size());
  return widest;
}

void print_headings(const process_table& table) {
  fmt::print("{:<{}}", "", widest_name(table));
  for (const column& c : table.columns) fmt::print("  {:>{}}", c.heading, width_of(c.heading));
  fmt::print("\n");
}

void print_row(const process_table& table, const std::string& name, const figures& found) {
  fmt::print("{:<{}}", name, widest_name(table));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const column& c = table.columns[i];
    fmt::print("  {:>{}.{}f}", found[i], width_of(c.heading), c.decimals);
  }
  fmt::print("\n");
  std::fflush(stdout);
}

void print_medians(const process_table& table, const findings& found) {
  fmt::print("medians\n");
  for (const table_row& row : table.rows) {
    const auto rounds = found.find(row.name);
    if (rounds != found.end()) print_row(table, row.name, medians_of(rounds->second));
  }
}

void print_medians_by_column(const process_table& table, const findings& found) {
  std::size_t widest = 0;
  for (const column& c : table.columns) widest = std::max(widest, c.heading.size());
  std::vector<std::string> names;
  std::vector<figures> medians;
  for (const table_row& row : table.rows) {
    const auto rounds = found.find(row.name);
    if (rounds == found.end()) continue;
    names.push_back(row.name);
    medians.push_back(medians_of(rounds->second));
  }

  fmt::print("{:<{}}", "", widest);
  for (const std::string& name : names) fmt::print("  {:>{}}", name, width_of(name));
  fmt::print("\n");
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const column& c = table.columns[i];
    if (std::all_of(medians.begin(), medians.end(), [&](const figures& f) { return f[i] == 0; })) {
      continue;
    }
    fmt::print("{:>{}}", c.heading, widest);
    for (std::size_t j = 0; j < names.size(); ++j) {
      fmt::print("  {:>{}.{}f}", medians[j][i], width_of(names[j]), c.decimals);
    }
    fmt::print("\n");
  }
}

void run_rounds(const std::vector<std::string>& table_arguments, const process_table& table,
                const run_options& chosen) {
  const auto is_chosen = [&](const table_row& row) {
    return row.name.find(chosen.only) != std::string::npos;
  };
  if (std::none_of(table.rows.begin(), table.rows.end(), is_chosen)) {
    throw bad_flag("no row has \"" + chosen.only + "\" in its name");
  }
  const bool show_rounds = table.layout == table_layout::line_a_row;
  fmt::print("{}\nentries: {}, a process a row; rounds: {}, then their medians\n", table.question,
             chosen.entries, chosen.rounds);
  if (show_rounds) print_headings(table);
  findings found;
  for (std::size_t round = 0; round < chosen.rounds; ++round) {
    for (const table_row& row : table.rows) {
      if (!is_chosen(row)) continue;
      auto& rounds = found[row.name];
      rounds.push_back(measure_in_a_process(table_arguments, table, row, chosen.entries));
      if (show_rounds) print_row(table, row.name, rounds.back());
    }
  }
  if (!show_rounds) return print_medians_by_column(table, found);
  if (chosen.rounds > 1) print_medians(table, found);
}

// ---- the command line ---------------------------------------------------------------------------

void declare(CLI::App& app, const process_table& table, run_options& chosen) {
  const auto positive = CLI::Range(std::size_t{1}, most);
  chosen.entries = table.entries;
  app.add_option("--entries", chosen.entries, "How many entries")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--rounds", chosen.rounds, "How many rounds the medians are taken of")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--only", chosen.only, "Only rows that have this in their name");
  app.add_option("--child", chosen.child)->group("");  // hidden: what this program runs itself with
}

void list_rows(const std::vector<process_table>& tables) {
  for (const process_table& table : tables) {
    for (const table_row& row : table.rows) fmt::print("{}/{}\n", table.name, row.name);
  }
}

void run_table(const std::vector<std::string>& table_arguments, const process_table& table,
               const run_options& chosen) {
  chosen.child.empty() ? run_rounds(table_arguments, table, chosen) : measure_here(table, chosen);
}

// Runs what the parsed command line chose. `several`: the tables are subcommands of `app`.
void run_chosen(const CLI::App& app, const std::vector<process_table>& tables,
                const std::vector<run_options>& chosen, bool several) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!several) return run_table({}, tables[i], chosen[i]);
    if (app.got_subcommand(tables[i].name)) {
      return run_table({tables[i].name}, tables[i], chosen[i]);
    }
  }
  throw bad_flag("name one of the tables that --help lists");
}

}  // namespace

int run_tables(const std::string& program, const std::string& description,
               const std::vector<process_table>& tables, int argc, char** argv) {
  const bool several = tables.size() > 1;
  CLI::App app(description, program);
  bool list = false;
  app.add_flag("--benchmark_list_tests", list)->group("");  // as the other benchmarks understand it
  std::vector<run_options> chosen(tables.size());
  for (std::size_t i = 0; i < tables.size(); ++i) {
    declare(several ? *app.add_subcommand(tables[i].name, tables[i].question) : app, tables[i],
            chosen[i]);
  }
  if (several) app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : bad_usage;
  }
  try {
    list ? list_rows(tables) : run_chosen(app, tables, chosen, several);
    return done;
  } catch (const bad_flag& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return bad_usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return failed;
  }
}

}  // namespace bench
