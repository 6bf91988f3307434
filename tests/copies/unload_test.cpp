// unload_test.cpp -- a plug-in that comes and goes: what its copy of gomap held goes with it, and
// what it has made for others stays.
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>

#include "guest.hpp"
#include "parts.hpp"
#include "support/mappings.hpp"

// AddressSanitizer keeps what is freed, by this much, and the tests count what stays.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=2"; }

namespace {

constexpr copies::part program = copies::part_here("program");

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Has a plug-in make maps with arrays in pages, and takes it down again.
void visit() {
  const copies::loaded guest(copies::plug_in);
  const auto& numbers = guest.guest().numbers;
  auto* const m = numbers.make();
  numbers.add(*m, 0, 50000);
  EXPECT_TRUE(numbers.has(*m, 0, 50000, 50000));
  numbers.destroy(m);
}

TEST(Unload, TakesAWholePlugInDown) {
  visit();
  EXPECT_FALSE(copies::loaded::is_loaded(copies::plug_in));
}

TEST(Unload, LeavesNothingIdle) {
  for (int i = 0; i < 10; ++i) visit();
  const std::size_t resident = resident_bytes();
  const std::size_t mappings = support::mapping_count();

  for (int i = 0; i < 200; ++i) visit();

  EXPECT_LT(resident_bytes(), resident + (std::size_t{8} << 20));
  EXPECT_LT(support::mapping_count(), mappings + 50);
}

// What `deeds` makes of n entries.
template <class Map>
std::unique_ptr<Map> made(const copies::deeds<Map>& deeds, int n) {
  std::unique_ptr<Map> m(deeds.make());
  deeds.add(*m, 0, n);
  return m;
}

// Text hashes alike, and memory goes back to where it came from, though its maker is gone.
TEST(Unload, LeavesMapsThatThePlugInHasMade) {
  auto loaded = std::make_unique<copies::loaded>(copies::plug_in);
  const copies::part& guest = loaded->guest();
  const auto numbers = made(guest.numbers, 50000);
  const auto texts = made(guest.texts, 20000);
  const auto shared = made(guest.shared_numbers, 50000);
  const auto shared_texts = made(guest.shared_texts, 20000);

  loaded.reset();

  ASSERT_FALSE(copies::loaded::is_loaded(copies::plug_in));
  const auto use = [](auto& m, int n) {
    EXPECT_TRUE(copies::has(m, 0, n, static_cast<std::size_t>(n)));
    copies::add(m, n, 4 * n);
    EXPECT_TRUE(copies::has(m, 0, 4 * n, static_cast<std::size_t>(4 * n)));
  };
  use(*numbers, 50000);
  use(*texts, 20000);
  use(*shared, 50000);
  use(*shared_texts, 20000);
}

// An empty one, too, and those that have moved away.
TEST(Unload, LeavesMapsThatHaveMovedToTheProgram) {
  gomap::map<int, int> numbers;
  gomap::map<std::string, std::string> texts;
  gomap::map<int, int> empty;
  gomap::concurrent_map<int, int> shared;
  {
    const copies::loaded loaded(copies::plug_in);
    const copies::part& guest = loaded.guest();
    const auto take = [](const auto& deeds, auto& to, int n) {
      auto* const m = deeds.make();
      deeds.add(*m, 0, n);
      to = std::move(*m);
      deeds.destroy(m);
    };
    take(guest.numbers, numbers, 50000);
    take(guest.texts, texts, 20000);
    take(guest.numbers, empty, 0);
    take(guest.shared_numbers, shared, 50000);
  }
  ASSERT_FALSE(copies::loaded::is_loaded(copies::plug_in));

  EXPECT_TRUE(copies::has(numbers, 0, 50000, 50000));
  copies::add(numbers, 50000, 400000);
  EXPECT_TRUE(copies::has(numbers, 0, 400000, 400000));
  EXPECT_TRUE(copies::has(texts, 0, 20000, 20000));
  copies::add(texts, 20000, 40000);
  EXPECT_TRUE(copies::has(texts, 0, 40000, 40000));
  copies::add(empty, 0, 50000);
  EXPECT_TRUE(copies::has(empty, 0, 50000, 50000));
  copies::add(shared, 50000, 100000);
  EXPECT_TRUE(copies::has(shared, 0, 100000, 100000));
}

// What it has moved away from is left without memory, and not with its own.
TEST(Unload, LeavesMapsThatThePlugInHasEmptied) {
  gomap::map<int, int> numbers;
  gomap::map<std::string, std::string> texts;
  gomap::concurrent_map<int, int> shared;
  gomap::concurrent_map<std::string, std::string> shared_texts;
  {
    const copies::loaded loaded(copies::plug_in);
    const copies::part& guest = loaded.guest();
    const auto empty = [](const auto& deeds, auto& m) {
      copies::add(m, 0, 1000);
      deeds.destroy(deeds.made_by_move(m));
    };
    empty(guest.numbers, numbers);
    empty(guest.texts, texts);
    empty(guest.shared_numbers, shared);
    empty(guest.shared_texts, shared_texts);
  }
  ASSERT_FALSE(copies::loaded::is_loaded(copies::plug_in));

  const auto use = [](auto& m) {
    EXPECT_TRUE(copies::lacks(m, 0, 1000));
    EXPECT_TRUE(copies::has(m, 0, 0, 0));
    copies::add(m, 0, 5000);
    EXPECT_TRUE(copies::has(m, 0, 5000, 5000));
  };
  use(numbers);
  use(texts);
  use(shared);
  use(shared_texts);
}

// Handlers of fork() go with the copy that has registered them.
TEST(Unload, LeavesAProcessThatForks) {
  const auto child_works = [] {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(10);
      visit();
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
  };

  visit();
  EXPECT_TRUE(child_works());
  {
    const copies::loaded guest(copies::plug_in);
    EXPECT_TRUE(child_works());
  }
  EXPECT_TRUE(child_works());
}

TEST(Unload, MayHappenInAnotherThread) {
  for (int i = 0; i < 5; ++i) std::thread(visit).join();
  EXPECT_FALSE(copies::loaded::is_loaded(copies::plug_in));
}

}  // namespace
