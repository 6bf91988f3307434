// seed_fork_test.cpp -- what children of one process draw is neither alike nor their parent's.
#include <array>
#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gomap/detail/seed.hpp>
#include <gomap/hash.hpp>

namespace {

using draws = std::array<std::uint64_t, 4>;

draws draw() {
  using namespace gomap::detail;
  return {random_seed(), random_seed(), random_start(), random_start()};
}

// What `body` returns in a child.
template <class Body>
auto in_child(Body body) {
  decltype(body()) result{};
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto made = body();
    const bool told = ::write(ends[1], &made, sizeof made) == sizeof made;
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  EXPECT_EQ(::read(ends[0], &result, sizeof result), static_cast<ssize_t>(sizeof result));
  ::close(ends[0]);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return result;
}

TEST(SeedFork, SiblingsAndTheirParentDrawSeedsAndStartsOfTheirOwn) {
  std::set<std::uint64_t> drawn;
  const draws before = draw();
  drawn.insert(before.begin(), before.end());

  for (int i = 0; i < 16; ++i) {
    const draws child = in_child(draw);
    drawn.insert(child.begin(), child.end());
  }
  const draws after = draw();
  drawn.insert(after.begin(), after.end());

  EXPECT_EQ(drawn.size(), 18 * before.size());
}

TEST(SeedFork, GrandchildrenDrawTheirOwn) {
  std::set<std::uint64_t> drawn;
  const auto draw_in_grandchild = [] { return in_child(draw); };

  for (int i = 0; i < 8; ++i) {
    const draws grandchild = in_child(draw_in_grandchild);
    drawn.insert(grandchild.begin(), grandchild.end());
  }

  EXPECT_EQ(drawn.size(), 8 * draws().size());
}

// A child goes on with the maps of its parent.
TEST(SeedFork, TextHashesAsInTheParent) {
  const auto hash = [] { return gomap::hash<std::string>()(std::string("text"), 7); };

  EXPECT_EQ(in_child(hash), hash());
}

}  // namespace
