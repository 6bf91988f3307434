// page_decay_test.cpp -- how long freed blocks wait in a page source, and who looks at the clock.
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

namespace page_decay_test {

using gomap::page_options;
using gomap::page_source;
using std::chrono::milliseconds;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

page_options waiting(milliseconds decay) {
  page_options options;
  options.decay = decay;
  return options;
}

// What a source is asked for. None of it could use a block that is idle.
struct call {
  std::string name;
  std::function<void(page_source&)> make;
};

constexpr std::size_t held_bytes = mebibyte;
struct held_blocks {
  char* first;
  char* second;
  void* small[64];
} held;

const call calls[] = {
    {"AllocateSmall",
     [](page_source& s) {
       for (void*& p : held.small) p = s.allocate(16, 16);
     }},
    {"SmallBlocksThatComeAndGo",
     [](page_source& s) {
       for (int i = 0; i < 32; ++i) s.deallocate(s.allocate(16, 16), 16, 16);
     }},
    {"AllocateLarge", [](page_source& s) { (void)s.allocate(99 * mebibyte, 16); }},
    {"AllocateZeroed", [](page_source& s) { (void)s.allocate_zeroed(99 * mebibyte, 16); }},
    {"DeallocateLarge",
     [](page_source& s) { s.deallocate(std::exchange(held.second, nullptr), held_bytes, 16); }},
    {"Extend", [](page_source& s) { (void)s.try_extend(held.first, held_bytes, held_bytes + 1); }},
    {"ExtendInVain",
     [](page_source& s) { (void)s.try_extend(held.first, held_bytes, 999 * mebibyte); }},
    {"Discard", [](page_source& s) { s.discard(held.first, held_bytes / 2); }},
    {"MovePages", [](page_source& s) { s.move_pages(held.first, held.second, held_bytes / 2); }},
    {"Configure", [](page_source& s) { s.configure(waiting(milliseconds(20))); }},
    {"Trim", [](page_source& s) { s.trim(); }},
};

class PageDecay : public testing::TestWithParam<call> {};

TEST_P(PageDecay, OfAnIdleBlockIsSeenBy) {
  page_source source(waiting(milliseconds(20)));
  gomap::page_allocator<char> a(source);
  held = {a.allocate(held_bytes), a.allocate(held_bytes), {}};
  a.deallocate(a.allocate(4 * mebibyte), 4 * mebibyte);
  std::this_thread::sleep_for(milliseconds(25));

  GetParam().make(source);

  EXPECT_GE(source.stats().blocks_released, 1u);
  for (void* p : held.small) {
    if (p != nullptr) source.deallocate(p, 16, 16);
  }
}

INSTANTIATE_TEST_SUITE_P(, PageDecay, testing::ValuesIn(calls),
                         [](const auto& of) { return of.param.name; });

TEST(PageDecayOfNothing, OrLessReleasesABlockAtOnce) {
  for (const milliseconds decay : {milliseconds(0), milliseconds(-1), milliseconds::min()}) {
    page_source source(waiting(decay));
    gomap::page_allocator<char> a(source);

    a.deallocate(a.allocate(mebibyte), mebibyte);

    EXPECT_EQ(source.stats().blocks_released, 1u) << decay.count();
    EXPECT_EQ(source.stats().bytes_cached, 0u) << decay.count();
  }
}

TEST(PageDecayForEver, ReleasesNothing) {
  const milliseconds longest =
      std::chrono::floor<milliseconds>(std::chrono::steady_clock::duration::max());
  for (const milliseconds decay :
       {milliseconds::max(), milliseconds::max() - milliseconds(1), longest + milliseconds(1),
        longest, longest - milliseconds(1), milliseconds(std::chrono::hours(24 * 365 * 100))}) {
    page_source source(waiting(decay));
    gomap::page_allocator<char> a(source);

    for (int i = 0; i < 3; ++i) a.deallocate(a.allocate(mebibyte), mebibyte);
    for (int i = 0; i < 200; ++i) source.deallocate(source.allocate(16, 16), 16, 16);

    EXPECT_EQ(source.stats().blocks_released, 0u) << decay.count();
    EXPECT_EQ(source.stats().bytes_cached, mebibyte) << decay.count();
    EXPECT_EQ(source.options().decay, decay);
    source.trim();
    EXPECT_EQ(source.stats().bytes_cached, 0u) << decay.count();
  }
}

TEST(PageCacheBounds, MayBeAsLargeAsNumbersAre) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  page_options options = waiting(milliseconds::max());
  options.cache_percent = std::numeric_limits<unsigned>::max();
  for (const std::size_t floor : {std::size_t{0}, most / 2, most - 1, most}) {
    options.cache_floor_bytes = floor;
    options.cache_max_bytes = most;
    page_source source(options);
    gomap::page_allocator<char> a(source);

    a.deallocate(a.allocate(8 * mebibyte), 8 * mebibyte);

    EXPECT_EQ(source.stats().bytes_cached, 8 * mebibyte) << floor;
  }
}

TEST(PageCacheBounds, OfNothingKeepNothing) {
  page_options options = waiting(milliseconds::max());
  options.cache_floor_bytes = 0;
  options.cache_percent = 0;
  page_source source(options);
  gomap::page_allocator<char> a(source);

  a.deallocate(a.allocate(8 * mebibyte), 8 * mebibyte);

  EXPECT_EQ(source.stats().bytes_cached, 0u);
}

TEST(PageCacheBounds, HoldFromTheCallThatSetsThem) {
  page_source source(waiting(milliseconds::max()));
  gomap::page_allocator<char> a(source);
  a.deallocate(a.allocate(2 * mebibyte), 2 * mebibyte);
  ASSERT_EQ(source.stats().bytes_cached, 2 * mebibyte);
  page_options options = source.options();
  options.cache_max_bytes = 0;

  source.configure(options);

  EXPECT_EQ(source.stats().bytes_cached, 0u);
}

}  // namespace page_decay_test
