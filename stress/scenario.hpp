// scenario.hpp -- one question to the library, with the oracle that answers it.
//
// Each scenario is a file scenarios/<name>.cpp that defines one object of this type,
// <name>_scenario; stress_program.cmake lists them. A scenario runs for as long as
// context::running() says, then verifies, and says what is wrong by context::wrong(). It must be
// able to fail: with context::falsify() it spoils what it found before it verifies, and finds that.
#pragma once

#include <span>
#include <string_view>

namespace stress {

class context;

// What a scenario cannot run without.
enum class input_need { none, text, text_or_trace };

struct scenario {
  std::string_view name;
  std::string_view question;  // one line
  void (*run)(context&);
  input_need needs = input_need::none;
  double patience = 1;  // runs so many times as long as the user said
};

// Defining one: extern const scenario grow_scenario = {"grow", "...", grow};

// In the order in which they run.
[[nodiscard]] std::span<const scenario* const> all_scenarios();

}  // namespace stress
