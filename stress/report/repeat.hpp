// repeat.hpp -- the command line that repeats a run.
#pragma once

#include <string>

#include "../build_info.hpp"
#include "../options.hpp"

namespace stress {

// For a shell, from the top folder: with all choices, also those that were left to the program.
[[nodiscard]] std::string command_to_repeat(const options& chosen, const build_info& build);

}  // namespace stress
