// page.hpp -- the page without its run, which goes between the two halves. The build puts it
// together from the files beside this one and Chart.js (embed_page.cmake).
#pragma once

#include <string_view>

namespace stress {

[[nodiscard]] std::string_view page_before_run();
[[nodiscard]] std::string_view page_after_run();

}  // namespace stress
