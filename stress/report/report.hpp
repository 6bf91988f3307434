// report.hpp -- a run as a page to look at, and as JSON beside it.
#pragma once

#include <filesystem>
#include <string>

#include "../results.hpp"

namespace stress {

// Makes the folder, and sees that files can be made there.  Throws: bad_input.
void prepare_report(const std::filesystem::path& folder);

// Writes report.html and report.json into the folder. The page needs no network: all that it shows
// and all that draws it is in the one file. Returns a line that says where they are.
// Throws: bad_input when they cannot be written.
std::string write_report(const std::filesystem::path& folder, const run_result& run);

}  // namespace stress
