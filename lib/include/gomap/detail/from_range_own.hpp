// from_range_own.hpp -- the tag itself, for libraries that have none yet.
#pragma once

namespace gomap {

struct from_range_t {
  explicit from_range_t() = default;
};
inline constexpr from_range_t from_range{};

}  // namespace gomap
