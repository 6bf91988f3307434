// mappings.hpp -- what Linux tells of a process's mappings.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace support {

// How many mappings the process has now.
inline std::size_t mapping_count() {
  std::ifstream file("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

// How many it may have.
inline std::size_t mapping_limit() {
  std::ifstream file("/proc/sys/vm/max_map_count");
  std::size_t limit = 0;
  file >> limit;
  return limit;
}

}  // namespace support
