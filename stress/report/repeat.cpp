// repeat.cpp -- spells options as they are given.
#include "repeat.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "../build_info.hpp"
#include "../options.hpp"

namespace stress {
namespace {

// A word for the shell. Letters that mean nothing to it stand for themselves.
std::string quoted(std::string_view word) {
  constexpr std::string_view harmless =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(harmless) == std::string_view::npos) {
    return std::string(word);
  }
  std::string safe = "'";
  for (const char letter : word) {
    safe += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  return safe + '\'';
}

}  // namespace

std::string command_to_repeat(const options& chosen, const build_info& build) {
  std::string command = "stress/run";
  for (const std::string& scenario : chosen.scenarios) command += ' ' + scenario;
  command += fmt::format(" --seed {} --threads {} --seconds {}", chosen.seed, chosen.threads,
                         chosen.seconds);
  if (chosen.shards != 0) command += fmt::format(" --shards {}", chosen.shards);
  command += fmt::format(" --allocator {} --mutex {} --sanitizer {}", build.allocator, build.mutex,
                         build.sanitizer);
  for (const std::string& input : chosen.inputs) command += " --input " + quoted(input);
  if (chosen.falsify) command += " --falsify";
  return command;
}

}  // namespace stress
