// report.cpp -- writes a run's page and JSON.
#include "report.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "../bad_input.hpp"
#include "../results.hpp"
#include "../text_input.hpp"
#include "json.hpp"
#include "page.hpp"

namespace stress {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& reason) {
  throw bad_input(fmt::format("--report: {}: {}", path.string(), reason));
}

// Written beside its place and then moved there, so that nobody sees half a file.
void write_file(const fs::path& path, std::initializer_list<std::string_view> parts) {
  const fs::path unfinished = path.string() + ".unfinished";
  errno = 0;
  std::ofstream file(unfinished, std::ios::binary);
  for (const std::string_view part : parts) {
    file.write(part.data(), static_cast<std::streamsize>(part.size()));
  }
  file.close();
  std::error_code error;
  if (file) {
    fs::rename(unfinished, path, error);
    if (!error) return;
  } else {
    // What the system said last; a stream itself does not tell.
    error = std::error_code(errno != 0 ? errno : EIO, std::generic_category());
  }
  std::error_code ignored;  // the first error is the one to tell
  fs::remove(unfinished, ignored);
  refuse(path, error.message());
}

// Inside a script element nothing may look like its end, or like a comment's beginning.
std::string for_script(std::string text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

}  // namespace

void prepare_report(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse(folder, error.message());
  const fs::path attempt = folder / "report.attempt";
  write_file(attempt, {"\n"});
  fs::remove(attempt, error);
}

std::string write_report(const fs::path& folder, const run_result& run) {
  // What a scenario says may hold bytes of its input that are no UTF-8.
  const std::string json =
      json_of(run).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  write_file(folder / "report.json", {json, "\n"});
  write_file(folder / "report.html", {page_before_run(), for_script(json), page_after_run()});
  return fmt::format("report: {} (and report.json beside it)\n", (folder / "report.html").string());
}

}  // namespace stress
