// page_allocator_test.cpp -- page_allocator and page_source: blocks, discard, recycling, caps.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/allocator_concepts.hpp>
#include <gomap/detail/pages.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

namespace page_allocator_test {

using gomap::page_allocator;
using gomap::page_options;
using gomap::page_source;

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;

static_assert(gomap::discarding_allocator<page_allocator<int>>);
static_assert(gomap::type_stable_allocator<page_allocator<int>>);
static_assert(gomap::zeroing_allocator<page_allocator<int>>);
static_assert(gomap::page_moving_allocator<page_allocator<int>>);
static_assert(gomap::extendable_allocator<page_allocator<int>>);
static_assert(!gomap::discarding_allocator<std::allocator<int>>);
static_assert(!gomap::type_stable_allocator<std::allocator<int>>);
static_assert(!gomap::zeroing_allocator<std::allocator<int>>);
static_assert(!gomap::page_moving_allocator<std::allocator<int>>);
static_assert(!gomap::extendable_allocator<std::allocator<int>>);
static_assert(sizeof(page_allocator<int>) == sizeof(void*));

struct incomplete;
static_assert(std::is_nothrow_default_constructible_v<page_allocator<incomplete>>);
struct incomplete {
  int value;
};

bool is_zero(const unsigned char* p, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    if (p[i] != 0) return false;
  }
  return true;
}

// The cache's clock runs by itself; a long decay keeps a slow machine from changing what is tested.
page_options patient() {
  page_options options;
  options.decay = std::chrono::hours(1);
  return options;
}

TEST(PageAllocator, IsAStandardAllocator) {
  page_source source;
  std::vector<std::string, page_allocator<std::string>> words{page_allocator<std::string>(source)};

  for (int i = 0; i < 20000; ++i) words.push_back(std::to_string(i));

  for (int i = 0; i < 20000; ++i) ASSERT_EQ(words[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_GT(source.stats().blocks_mapped, 0u);
}

TEST(PageAllocator, EqualityIsThatOfTheSource) {
  page_source one;
  page_source two;

  EXPECT_EQ(page_allocator<int>(), page_allocator<int>(page_source::process()));
  EXPECT_EQ(page_allocator<int>(one), page_allocator<char>(page_allocator<int>(one)));
  EXPECT_NE(page_allocator<int>(one), page_allocator<int>(two));
  EXPECT_NE(page_allocator<int>(one), page_allocator<int>());
}

TEST(PageAllocator, CountThatOverflowsIsABadArrayLength) {
  page_allocator<std::uint64_t> a;

  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::size_t>::max() / 4),
               std::bad_array_new_length);
  EXPECT_THROW((void)a.allocate_zeroed(std::numeric_limits<std::size_t>::max()),
               std::bad_array_new_length);
}

TEST(PageAllocator, MoreThanTheSystemHasIsBadAlloc) {
  page_allocator<char> a;

  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::ptrdiff_t>::max()), std::bad_alloc);
  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::ptrdiff_t>::max() / 2), std::bad_alloc);
}

template <std::size_t Alignment>
void expect_aligned() {
  struct alignas(Alignment) wide {
    char bytes[Alignment];
  };
  page_source source(patient());
  page_allocator<wide> a(source);
  for (const std::size_t n : {std::size_t{1}, std::size_t{3}, mebibyte / Alignment + 1}) {
    for (int round = 0; round < 3; ++round) {
      wide* const p = a.allocate(n);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % Alignment, 0u) << Alignment << ' ' << n;
      std::memset(static_cast<void*>(p), round, n * sizeof(wide));
      a.deallocate(p, n);
    }
  }
}

TEST(PageAllocator, OverAlignedTypesAreAligned) {
  expect_aligned<64>();
  expect_aligned<4096>();
  expect_aligned<16384>();
}

TEST(PageAllocator, ZeroedMemoryIsZeroEvenWhenRecycled) {
  page_source source(patient());
  page_allocator<unsigned char> a(source);

  for (const std::size_t n : {100 * std::size_t{1}, 64 * kibibyte, 300 * kibibyte, 3 * mebibyte}) {
    for (int round = 0; round < 4; ++round) {
      unsigned char* const p = a.allocate_zeroed(n + static_cast<std::size_t>(round) * 5000);
      EXPECT_TRUE(is_zero(p, n + static_cast<std::size_t>(round) * 5000)) << n << ' ' << round;
      std::memset(p, 0xff, n + static_cast<std::size_t>(round) * 5000);
      a.deallocate(p, n + static_cast<std::size_t>(round) * 5000);
    }
  }
}

TEST(PageAllocator, DiscardKeepsWhatIsOutsideAndStaysWritable) {
  page_options options = patient();
  options.cache_floor_bytes = 0;  // so that discard gives pages back at once
  page_source source(options);
  page_allocator<unsigned char> a(source);
  const std::size_t n = 2 * mebibyte;
  unsigned char* const p = a.allocate(n);
  std::memset(p, 7, n);

  // An odd range: the pages at its ends hold bytes that are still needed.
  a.discard(p + mebibyte / 2 + 1, mebibyte);

  EXPECT_EQ(p[mebibyte / 2], 7);
  EXPECT_EQ(p[mebibyte / 2 + 1 + mebibyte], 7);
  EXPECT_GT(source.stats().bytes_discarded, mebibyte - 64 * kibibyte);
  volatile unsigned char read = p[mebibyte];  // accessible, whatever it holds
  (void)read;
  std::memset(p, 9, n);
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(p[i], 9);
  a.deallocate(p, n);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageAllocator, DiscardOfLessThanAPageOrOfASmallBlockDoesNothing) {
  page_source source;
  page_allocator<unsigned char> a(source);
  unsigned char* const small = a.allocate(32 * kibibyte);
  unsigned char* const large = a.allocate(mebibyte);
  std::memset(small, 1, 32 * kibibyte);
  std::memset(large, 2, mebibyte);

  a.discard(small, 32 * kibibyte);
  a.discard(large + 1, 4000);
  a.discard(large, 0);

  for (std::size_t i = 0; i < 32 * kibibyte; ++i) ASSERT_EQ(small[i], 1);
  for (std::size_t i = 0; i < mebibyte; ++i) ASSERT_EQ(large[i], 2);
  a.deallocate(small, 32 * kibibyte);
  a.deallocate(large, mebibyte);
}

// A doubling array as the map grows it: what is behind the mark becomes what is ahead of it.
TEST(PageSource, MovedPagesLeaveBothArraysUsable) {
  page_source source(patient());
  page_allocator<unsigned char> a(source);
  const std::size_t chunk = 256 * kibibyte;
  std::size_t n = mebibyte;
  unsigned char* array = a.allocate(n);
  std::memset(array, 1, n);

  for (unsigned char generation = 2; generation < 8; ++generation) {
    unsigned char* const old = std::exchange(array, a.allocate(2 * n));
    for (std::size_t at = 0; at < n; at += chunk) {
      ASSERT_EQ(old[at], generation - 1);
      ASSERT_EQ(old[at + chunk - 1], generation - 1);
      std::memset(array + at, generation, chunk);
      std::memset(array + n + at, generation, chunk);
      if (at + 2 * chunk <= n) a.move_pages(old + at, array + at + chunk, chunk);
      old[at] = 0;  // still accessible
    }
    a.deallocate(old, n);
    n *= 2;
    for (std::size_t at = 0; at < n; at += 1024) ASSERT_EQ(array[at], generation);
    ASSERT_EQ(source.stats().bytes_in_use, n);
  }

  a.deallocate(array, n);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageSource, MoveOfWhatCannotBeMovedIsADiscard) {
  page_source source(patient());
  page_allocator<unsigned char> a(source);
  unsigned char* const large = a.allocate(mebibyte);
  unsigned char* const other = a.allocate(mebibyte);
  unsigned char* const small = a.allocate(32 * kibibyte);
  std::memset(small, 5, 32 * kibibyte);
  std::memset(other, 6, mebibyte);

  a.move_pages(large, other + 1, mebibyte / 2);  // not at the same offset in a page
  a.move_pages(large + mebibyte / 2, small, 16 * kibibyte);
  a.move_pages(small, other, 32 * kibibyte);

  EXPECT_EQ(small[32 * kibibyte - 1], 5);
  EXPECT_EQ(other[mebibyte - 1], 6);
  std::memset(large, 1, mebibyte);
  std::memset(other, 1, mebibyte);
  a.deallocate(small, 32 * kibibyte);
  a.deallocate(other, mebibyte);
  a.deallocate(large, mebibyte);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageSource, AFreedBlockIsTheNextOne) {
  page_source source(patient());
  page_allocator<char> a(source);
  a.deallocate(a.allocate(mebibyte), mebibyte);

  char* const p = a.allocate(mebibyte);

  EXPECT_EQ(source.stats().blocks_mapped, 1u);
  EXPECT_EQ(source.stats().blocks_recycled, 1u);
  a.deallocate(p, mebibyte);
}

TEST(PageSource, TrimGivesBackAllThatIsIdle) {
  page_source source(patient());
  page_allocator<char> a(source);
  char* const held = a.allocate(mebibyte);
  a.deallocate(a.allocate(2 * mebibyte), 2 * mebibyte);
  ASSERT_EQ(source.stats().bytes_cached, 2 * mebibyte);

  source.trim();

  EXPECT_EQ(source.stats().bytes_cached, 0u);
  EXPECT_EQ(source.stats().blocks_released, 1u);
  held[mebibyte - 1] = 1;
  a.deallocate(held, mebibyte);
}

TEST(PageSource, TheCacheIsBoundedByWhatWasInUse) {
  page_options options = patient();
  options.cache_floor_bytes = mebibyte;
  options.cache_percent = 25;
  page_source source(options);
  page_allocator<char> a(source);
  std::vector<char*> blocks;
  for (int i = 0; i < 16; ++i) blocks.push_back(a.allocate(mebibyte));

  for (char* p : blocks) a.deallocate(p, mebibyte);

  EXPECT_LE(source.stats().bytes_cached, 5 * mebibyte);
  EXPECT_GE(source.stats().bytes_cached, 4 * mebibyte);
}

TEST(PageSource, ABlockTooLargeForTheCacheLosesItsEndOnly) {
  if (gomap::detail::reserve_factor() == 1) GTEST_SKIP() << "pages come and go with their block";
  page_options options = patient();
  options.cache_floor_bytes = 0;
  options.cache_percent = 75;
  page_source source(options);
  page_allocator<unsigned char> a(source);
  unsigned char* const p = a.allocate(8 * mebibyte);
  std::memset(p, 1, 8 * mebibyte);

  a.deallocate(p, 8 * mebibyte);

  EXPECT_GT(source.stats().bytes_cached, 5 * mebibyte);
  EXPECT_LT(source.stats().bytes_cached, 7 * mebibyte);
  unsigned char* const again = a.allocate(8 * mebibyte);
  EXPECT_EQ(again, p);
  std::memset(again, 1, 8 * mebibyte);
  a.deallocate(again, 8 * mebibyte);
}

TEST(PageSource, CapRefusesAndRecovers) {
  page_options options = patient();
  options.cap_bytes = 4 * mebibyte;
  page_source source(options);
  page_allocator<char> a(source);
  char* const large = a.allocate(3 * mebibyte);
  EXPECT_THROW((void)a.allocate(2 * mebibyte), std::bad_alloc);
  EXPECT_THROW((void)a.allocate_zeroed(2 * mebibyte), std::bad_alloc);
  char* const small = a.allocate(kibibyte);

  a.deallocate(large, 3 * mebibyte);
  char* const again = a.allocate(3 * mebibyte + 512 * kibibyte);

  EXPECT_LE(source.stats().bytes_in_use + source.stats().bytes_cached, 4 * mebibyte);
  EXPECT_LE(source.stats().bytes_peak, 4 * mebibyte);
  a.deallocate(again, 3 * mebibyte + 512 * kibibyte);
  a.deallocate(small, kibibyte);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageSource, ARequestThatTheSystemRefusesIsNoPeak) {
  page_source source;
  page_allocator<char> a(source);
  char* const p = a.allocate(kibibyte);

  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::ptrdiff_t>::max() / 2), std::bad_alloc);

  EXPECT_EQ(source.stats().bytes_peak, kibibyte);
  EXPECT_EQ(source.stats().bytes_in_use, kibibyte);
  a.deallocate(p, kibibyte);
}

TEST(PageSource, DiscardedBytesDoNotCountAgainstTheCap) {
  page_options options = patient();
  options.cap_bytes = 4 * mebibyte;
  page_source source(options);
  page_allocator<char> a(source);
  char* const old_array = a.allocate(3 * mebibyte);

  a.discard(old_array, 2 * mebibyte);
  char* const array = a.allocate(3 * mebibyte);

  a.deallocate(array, 3 * mebibyte);
  a.deallocate(old_array, 3 * mebibyte);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageSource, ExtendGrowsInPlace) {
  page_source source(patient());
  page_allocator<unsigned char> a(source);
  std::size_t n = mebibyte;
  unsigned char* const p = a.allocate(n);
  std::memset(p, 3, n);

  while (a.try_extend(p, n, 2 * n)) {
    std::memset(p + n, 3, n);
    n *= 2;
    ASSERT_LT(n, 1024 * mebibyte);
  }

  for (std::size_t i = 0; i < n; i += 512) ASSERT_EQ(p[i], 3);
  EXPECT_EQ(source.stats().bytes_in_use, n);
  a.deallocate(p, n);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageSource, ExtendRefusesSmallBlocksTheCapAndSenselessSizes) {
  page_options options = patient();
  options.cap_bytes = mebibyte;
  page_source source(options);
  page_allocator<char> a(source);
  char* const small = a.allocate(kibibyte);
  char* const large = a.allocate(512 * kibibyte);

  EXPECT_FALSE(a.try_extend(small, kibibyte, 2 * kibibyte));
  EXPECT_FALSE(a.try_extend(large, 512 * kibibyte, mebibyte));
  EXPECT_FALSE(a.try_extend(large, 512 * kibibyte, 256 * kibibyte));
  EXPECT_FALSE(a.try_extend(large, 512 * kibibyte, std::numeric_limits<std::size_t>::max()));

  a.deallocate(small, kibibyte);
  a.deallocate(large, 512 * kibibyte);
}

TEST(PageSource, HugePagesAndANodeAreWishesThatNeverFail) {
  page_options options;
  options.huge = gomap::huge_pages::advise;
  options.numa_node = 0;
  page_source source(options);
  page_allocator<char> a(source);

  char* const p = a.allocate(8 * mebibyte);

  std::memset(p, 1, 8 * mebibyte);
  a.deallocate(p, 8 * mebibyte);
}

// Each block carries its own address and size, so that two owners of one byte are seen.
TEST(PageSource, ThreadsShareOneSource) {
  page_options options;
  options.decay = std::chrono::milliseconds(1);
  options.cache_floor_bytes = mebibyte;
  page_source source(options);
  const auto work = [&source](unsigned seed) {
    struct held {
      std::size_t* p;
      std::size_t n;
    };
    page_allocator<std::size_t> a(source);
    std::minstd_rand random(seed);
    std::vector<held> blocks;
    for (int i = 0; i < 2000; ++i) {
      if (blocks.size() < 8) {
        const std::size_t n = std::size_t{1} << (7 + random() % 11);
        std::size_t* const p = a.allocate(n);
        p[0] = n;
        p[n - 1] = n;
        blocks.push_back({p, n});
        continue;
      }
      std::swap(blocks[random() % 8], blocks.back());
      auto [p, n] = blocks.back();
      blocks.pop_back();
      EXPECT_EQ(p[0], n);
      EXPECT_EQ(p[n - 1], n);
      if (i % 3 == 0) a.discard(p, n * sizeof(std::size_t) / 2);
      a.deallocate(p, n);
    }
    for (auto [p, n] : blocks) a.deallocate(p, n);
  };

  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) threads.emplace_back(work, t + 1);
  for (std::thread& t : threads) t.join();

  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(PageSource, RandomUseOverlapsNothing) {
  page_source source(patient());
  page_allocator<unsigned char> a(source);
  struct held {
    unsigned char* p;
    std::size_t n;
    unsigned char mark;
  };
  std::vector<held> blocks;
  std::minstd_rand random(7);

  for (int i = 0; i < 1500; ++i) {
    const bool grow = blocks.size() < 4 || (blocks.size() < 16 && random() % 2 == 0);
    if (grow) {
      const std::size_t n = kibibyte * (1 + random() % 700);
      const auto mark = static_cast<unsigned char>(1 + random() % 255);
      unsigned char* const p = random() % 2 == 0 ? a.allocate(n) : a.allocate_zeroed(n);
      std::memset(p, mark, n);
      blocks.push_back({p, n, mark});
    } else if (random() % 3 == 0) {
      held& b = blocks[random() % blocks.size()];
      if (a.try_extend(b.p, b.n, b.n + b.n / 2)) {
        std::memset(b.p + b.n, b.mark, b.n / 2);
        b.n += b.n / 2;
      }
    } else {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      const held b = blocks.back();
      blocks.pop_back();
      for (std::size_t at = 0; at < b.n; at += 97) ASSERT_EQ(b.p[at], b.mark);
      a.deallocate(b.p, b.n);
    }
  }

  for (const held& b : blocks) a.deallocate(b.p, b.n);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

}  // namespace page_allocator_test
