// page.hpp -- the page without its run, which goes between the two halves. The build makes it of
// page.html, page.css, page.js and Chart.js (embed_page.cmake).
#pragma once

#include <string_view>

namespace stress {

[[nodiscard]] std::string_view page_before_run();
[[nodiscard]] std::string_view page_after_run();

}  // namespace stress
