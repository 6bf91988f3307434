// scenario.hpp -- one question to the library, with the oracle that answers it.
//
// Each scenario is a file of scenarios/ that defines one object of this type; scenarios.cpp lists
// them. A scenario runs for as long as context::running() says, then verifies, and says what is
// wrong by context::wrong(). It must be able to fail: with context::falsify() it spoils what it
// found before it verifies, and finds that.
#pragma once

#include <span>
#include <string_view>

namespace stress {

class context;

struct scenario {
  std::string_view name;
  std::string_view question;  // one line
  void (*run)(context&);
};

// In the order in which they run.
[[nodiscard]] std::span<const scenario* const> all_scenarios();

// One file of scenarios/ each.
extern const scenario words_scenario;
extern const scenario grow_scenario;
extern const scenario churn_scenario;
extern const scenario walk_scenario;
extern const scenario hot_scenario;
extern const scenario transfer_scenario;
extern const scenario linear_scenario;
extern const scenario misuse_scenario;
extern const scenario memory_scenario;
extern const scenario oversubscribed_scenario;
extern const scenario replay_scenario;

}  // namespace stress
