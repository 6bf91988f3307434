// mappings_test.cpp -- how many of the system's mappings blocks and maps take.
//
// A process may have 65,530 on most systems, so what takes one for each block is soon at the end.
#include "support/mappings.hpp"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>

namespace {

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;

// Sanitizers map memory of their own now and then.
constexpr std::size_t of_others = 64;

TEST(Mappings, MapsByTheTenThousandTakeFew) {
  const std::size_t before = support::mapping_count();
  std::vector<gomap::map<int, int>> maps(32770);

  for (auto& m : maps) m.reserve(100000);

  EXPECT_LT(support::mapping_count(), before + of_others);
  int n = 0;
  for (auto& m : maps) m[7] = n++;
  n = 0;
  for (const auto& m : maps) ASSERT_EQ(m.get(7), n++);
  EXPECT_LT(support::mapping_count(), before + of_others);
}

TEST(Mappings, BlocksOfEverySizeShareThem) {
  const std::size_t before = support::mapping_count();
  gomap::page_source source;
  std::vector<std::pair<void*, std::size_t>> blocks;

  for (int round = 0; round < 100; ++round) {
    for (const std::size_t bytes : {64 * kibibyte, 100 * kibibyte, mebibyte, 7 * mebibyte}) {
      blocks.emplace_back(source.allocate(bytes, 16), bytes);
    }
  }

  EXPECT_LT(support::mapping_count(), before + of_others);
  for (const auto& [p, bytes] : blocks) source.deallocate(p, bytes, 16);
}

// Each is aligned to its own size.
TEST(Mappings, SlabsOfAPoolShareThem) {
  const std::size_t before = support::mapping_count();
  gomap::page_source source;
  gomap::pool pool(source);
  std::vector<void*> blocks;

  for (int i = 0; i < 1000 * 16; ++i) blocks.push_back(pool.allocate(4096, 16));

  EXPECT_LT(support::mapping_count(), before + of_others);
  for (void* p : blocks) pool.deallocate(p, 4096, 16);
}

// A move cuts the block that it is made to into several mappings.
TEST(Mappings, MovedPagesTakeABoundedNumber) {
  const std::size_t before = support::mapping_count();
  constexpr std::size_t bytes = 512 * kibibyte;
  constexpr std::size_t moved = 64 * kibibyte;
  gomap::page_source source({.decay = std::chrono::hours(1)});
  gomap::page_allocator<char> a(source);
  std::vector<std::pair<char*, char*>> pairs;
  for (int i = 0; i < 6000; ++i) pairs.emplace_back(a.allocate(bytes), a.allocate(bytes));

  for (const auto& [from, to] : pairs) {
    from[moved] = 1;  // a page, so that the mapping has something to remember
    a.move_pages(from + moved, to + moved, moved);
  }

  EXPECT_GT(source.stats().bytes_moved, 1000 * moved);
  EXPECT_LT(support::mapping_count(), before + of_others + 5 * 2048);
  for (const auto& [from, to] : pairs) {
    a.deallocate(from, bytes);
    a.deallocate(to, bytes);
  }
  source.trim();
  gomap::page_allocator<char> b(source);
  char* const from = b.allocate(bytes);
  char* const to = b.allocate(bytes);
  const auto moved_before = source.stats().bytes_moved;
  b.move_pages(from, to, bytes);
  EXPECT_EQ(source.stats().bytes_moved, moved_before + bytes);  // blocks that are gone do not count
  b.deallocate(from, bytes);
  b.deallocate(to, bytes);
}

}  // namespace
