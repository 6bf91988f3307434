// portable_pages_test.cpp -- the tests of page_source and pool, where pages come from the C library
// alone: pages_portable.cpp is linked in front of the file that the system has.
#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

#include <gomap/detail/pages.hpp>
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
  gomap::map<int, int> m;
  for (int i = 0; i < 300000; ++i) m[i] = -i;

  for (int i = 0; i < 300000; ++i) ASSERT_EQ(m.get(i), -i);
  m.check_invariants();
}

}  // namespace
