// build_info.hpp -- what this program was built with.
#pragma once

#include <string_view>

namespace stress {

struct build_info {
  std::string_view version;  // of gomap
  std::string_view compiler;
  std::string_view allocator;
  std::string_view mutex;
  std::string_view sanitizer;
};

// Written by the build.
[[nodiscard]] const build_info& this_build();

}  // namespace stress
