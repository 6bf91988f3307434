// resident_memory.cpp -- reads what Linux tells in /proc/self/statm.
#include "resident_memory.hpp"

#include <cstddef>
#include <fstream>

#include <unistd.h>

namespace stress {

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t mapped_pages = 0;
  std::size_t resident_pages = 0;
  if (!(statm >> mapped_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace stress
