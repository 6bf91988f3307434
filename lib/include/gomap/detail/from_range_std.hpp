// from_range_std.hpp -- std::from_range by gomap's name; std::ranges::to passes it.
#pragma once

#include <ranges>

namespace gomap {

using std::from_range;
using std::from_range_t;

}  // namespace gomap
