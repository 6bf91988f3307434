// limited_process_test.cpp -- blocks in a process whose addresses, data or locked memory are
// limited: the room that they reserve is not taken from what others need.
//
// Each runs in a child of its own, since limits stay.
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// A line of /proc/self/status in bytes, "VmSize:" for instance.
std::size_t status(const std::string& line) {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word && word != line) {
  }
  std::size_t kibibytes = 0;
  file >> kibibytes;
  return kibibytes * 1024;
}

// Limits a resource of which so much is used to 512 MiB more, uses a fifth of these in blocks, and
// sees whether others get half.
template <class Resource>
[[noreturn]] void leave_others_half(Resource resource, std::size_t used) {
  const rlimit limit{used + 512 * mebibyte, RLIM_INFINITY};
  if (::setrlimit(resource, &limit) != 0) std::exit(2);
  gomap::page_source source;
  for (int i = 0; i < 12; ++i) (void)source.allocate(8 * mebibyte, 16);
  void* const theirs = std::malloc(256 * mebibyte);
  std::exit(theirs != nullptr ? 0 : 1);
}

TEST(LimitedProcessDeathTest, OfAddressesLeavesThemToOthers) {
  EXPECT_EXIT(leave_others_half(RLIMIT_AS, status("VmSize:")), testing::ExitedWithCode(0), "");
}

TEST(LimitedProcessDeathTest, OfDataLeavesItToOthers) {
  EXPECT_EXIT(leave_others_half(RLIMIT_DATA, status("VmData:")), testing::ExitedWithCode(0), "");
}

// With mlockall(), what is accessible is memory at once.
TEST(LimitedProcessDeathTest, OfLockedMemoryTakesThePagesInUseAlone) {
  const auto lock_all_and_allocate = [] {
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
      std::cerr << "may not lock memory";
      std::exit(0);
    }
    gomap::page_source source;
    gomap::page_allocator<char> a(source);
    const std::size_t before = status("VmRSS:");
    char* p[8];
    for (char*& block : p) std::memset(block = a.allocate(4 * mebibyte), 1, 4 * mebibyte);
    for (char* block : p) {
      if (a.try_extend(block, 4 * mebibyte, 8 * mebibyte)) std::memset(block, 2, 8 * mebibyte);
    }
    const std::size_t taken = status("VmRSS:") - before;
    std::cerr << taken / mebibyte << " MiB";
    std::exit(taken < 80 * mebibyte ? 0 : 1);
  };

  EXPECT_EXIT(lock_all_and_allocate(), testing::ExitedWithCode(0), "");
}

}  // namespace
