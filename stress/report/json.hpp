// json.hpp -- a run as JSON: the figures that the page shows. What each member means: README.md,
// "report.json".
#pragma once

#include <nlohmann/json.hpp>

#include "../results.hpp"

namespace stress {

// Its size is bounded, however long the run was: by the moments of a timeline, the bins of a
// histogram that are not empty, and 512 bars of shards.
[[nodiscard]] nlohmann::ordered_json json_of(const run_result& run);

}  // namespace stress
