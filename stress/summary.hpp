// summary.hpp -- what a run found, for the terminal.
#pragma once

#include <string>

#include "results.hpp"

namespace stress {

// One scenario in a line, the head of such lines, and the scenario's own figures below it.
[[nodiscard]] std::string table_head();
[[nodiscard]] std::string table_row(const scenario_result& result);
[[nodiscard]] std::string notes_of(const scenario_result& result);

// The last word.
[[nodiscard]] std::string verdict(const run_result& run);

}  // namespace stress
