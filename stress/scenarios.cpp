// scenarios.cpp -- the list of them.
#include <array>

#include "scenario.hpp"

namespace stress {

std::span<const scenario* const> all_scenarios() {
  static constexpr std::array<const scenario*, 1> all = {&grow_scenario};
  return all;
}

}  // namespace stress
