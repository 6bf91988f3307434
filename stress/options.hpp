// options.hpp -- what the user asks of a run, from the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stress {

struct options {
  std::vector<std::string> scenarios;  // by name; empty: all of them
  std::vector<std::string> inputs;     // files and folders
  unsigned threads = 0;                // at least 1 after parsing
  double seconds = 5;                  // for each scenario
  std::uint64_t seed = 0;              // never 0 after parsing
  std::size_t shards = 0;              // 0: as many as the map thinks right
  std::string report;                  // a folder; empty: no report
  bool falsify = false;  // spoil what each scenario finds, to see its verification fail
};

// The options of a command line, or nothing when it asked for help, which has then been printed.
// Throws: bad_input, with a line for the user.
std::optional<options> parse_options(int argc, char** argv);

}  // namespace stress
