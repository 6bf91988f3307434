// portable_test.cpp -- the tests of page_source and pool in a program that has the files for
// systems other than Linux: they are linked in front of those that the system has.
#include <cstdint>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include <gomap/detail/at_fork.hpp>
#include <gomap/detail/pages.hpp>
#include <gomap/detail/process_key.hpp>
#include <gomap/map.hpp>

namespace {

TEST(PortablePages, AreWhatThisProgramUses) {
  EXPECT_EQ(gomap::detail::reserve_factor(), 1u);
  EXPECT_FALSE(gomap::detail::move_pages(nullptr, nullptr, 0));
}

TEST(PortablePages, AreZeroAlignedAndGivenBack) {
  for (const std::size_t alignment : {std::size_t{16}, std::size_t{4096}, std::size_t{1} << 16}) {
    const std::size_t bytes = std::size_t{1} << 18;
    const auto [p, committed] = gomap::detail::reserve_pages(bytes, alignment, {});
    ASSERT_NE(p, nullptr);
    EXPECT_TRUE(committed);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % alignment, 0u);
    for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(static_cast<const char*>(p)[i], 0);
    std::memset(p, 1, bytes);
    EXPECT_TRUE(gomap::detail::release_pages(p, bytes));
  }
}

TEST(PortablePages, ServeAMapThatGrows) {
  gomap::map<std::string, int> m;
  for (int i = 0; i < 100000; ++i) m[std::to_string(i)] = i;

  for (int i = 0; i < 100000; ++i) ASSERT_EQ(m.get(std::to_string(i)), i);
  m.check_invariants();
}

TEST(PortableProcessKey, IsDrawnByTheLibrary) {
  EXPECT_EQ(gomap::detail::process_key(), gomap::detail::drawn_key());
  EXPECT_EQ(gomap::detail::process_number(), 0u);
}

}  // namespace
