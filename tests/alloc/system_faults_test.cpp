// system_faults_test.cpp -- a page source whose system refuses: each call of each kind, once or
// from then on.
//
// The linker puts the calls of pages_linux.cpp through the functions here (--wrap). A refusal may
// cost memory or a move, and may be told as std::bad_alloc; nothing aborts, nothing is lost, and
// all is given back in the end.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

namespace {

// Which calls of one kind the system refuses: those of number [first, last).
struct refusal {
  std::size_t calls = 0;
  std::size_t first = 0;
  std::size_t last = 0;

  bool next() noexcept {
    const std::size_t number = calls++;
    return number >= first && number < last;
  }
};

struct {
  refusal map, unmap, remap, protect, advise;
} system_calls;

void* refused() noexcept {
  errno = ENOMEM;
  return MAP_FAILED;
}

}  // namespace

extern "C" {
void* __real_mmap(void*, std::size_t, int, int, int, off_t);
int __real_munmap(void*, std::size_t);
void* __real_mremap(void*, std::size_t, std::size_t, int, ...);
int __real_mprotect(void*, std::size_t, int);
int __real_madvise(void*, std::size_t, int);

void* __wrap_mmap(void* p, std::size_t bytes, int access, int flags, int file, off_t at) {
  return system_calls.map.next() ? refused() : __real_mmap(p, bytes, access, flags, file, at);
}
int __wrap_munmap(void* p, std::size_t bytes) {
  if (!system_calls.unmap.next()) return __real_munmap(p, bytes);
  errno = ENOMEM;
  return -1;
}
void* __wrap_mremap(void* p, std::size_t old_bytes, std::size_t bytes, int flags, void* to) {
  return system_calls.remap.next() ? refused() : __real_mremap(p, old_bytes, bytes, flags, to);
}
int __wrap_mprotect(void* p, std::size_t bytes, int access) {
  if (!system_calls.protect.next()) return __real_mprotect(p, bytes, access);
  errno = ENOMEM;
  return -1;
}
int __wrap_madvise(void* p, std::size_t bytes, int advice) {
  if (!system_calls.advise.next()) return __real_madvise(p, bytes, advice);
  errno = ENOMEM;
  return -1;
}
}

namespace {

using gomap::page_allocator;
using gomap::page_source;

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;

gomap::page_options patient() {
  gomap::page_options options;
  options.decay = std::chrono::hours(1);
  options.cache_floor_bytes = 2 * mebibyte;
  return options;
}

// Every kind of call, with blocks that are fresh, recycled, cut and moved. Each block holds what
// was written to it, up to what a call says that it may lose.
void use_everything() {
  page_source source(patient());
  page_allocator<unsigned char> a(source);
  struct held {
    unsigned char* p;
    std::size_t n;
    unsigned char mark;
  };
  std::vector<held> blocks;
  const auto intact = [](const held& b) {
    for (std::size_t i = 0; i < b.n; i += 256) {
      if (b.p[i] != b.mark) return false;
    }
    return b.p[b.n - 1] == b.mark;
  };
  const auto add = [&](std::size_t n, bool zeroed) {
    try {
      held b{zeroed ? a.allocate_zeroed(n) : a.allocate(n), n,
             static_cast<unsigned char>(1 + blocks.size())};
      if (zeroed) {
        for (std::size_t i = 0; i < n; i += 256) EXPECT_EQ(b.p[i], 0);
      }
      std::memset(b.p, b.mark, n);
      blocks.push_back(b);
    } catch (const std::bad_alloc&) {
    }
  };
  const auto drop = [&](std::size_t i) {
    if (i >= blocks.size()) return;
    EXPECT_TRUE(intact(blocks[i]));
    a.deallocate(blocks[i].p, blocks[i].n);
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(i));
  };

  for (const std::size_t n : {64 * kibibyte, 200 * kibibyte, mebibyte, 5 * mebibyte}) {
    add(n, false);
    add(n, true);
  }
  for (held& b : blocks) {
    if (a.try_extend(b.p, b.n, b.n + b.n / 2)) {
      std::memset(b.p + b.n, b.mark, b.n / 2);
      b.n += b.n / 2;
    }
  }
  for (std::size_t i = 0; i + 1 < blocks.size(); i += 2) {
    held& from = blocks[i];
    held to{nullptr, from.n, from.mark};
    try {
      to.p = a.allocate(to.n);
    } catch (const std::bad_alloc&) {
      continue;
    }
    a.move_pages(from.p, to.p, from.n / 2);
    a.discard(from.p, from.n / 2);
    std::memset(from.p, from.mark, from.n);  // still accessible, all of it
    std::memset(to.p, to.mark, to.n);
    blocks.push_back(to);
  }
  for (std::size_t i = 0; i < 4; ++i) drop(2 * i);
  source.trim();
  add(300 * kibibyte, true);
  add(3 * mebibyte, true);
  for (const held& b : blocks) EXPECT_TRUE(intact(b));
  while (!blocks.empty()) drop(0);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
  source.trim();
  EXPECT_EQ(source.stats().bytes_cached, 0u);
}

void grow_a_map() {
  page_source source(patient());
  using allocator = page_allocator<std::pair<const std::uint64_t, std::uint64_t>>;
  {
    gomap::map<std::uint64_t, std::uint64_t, gomap::hash<std::uint64_t>, std::equal_to<>, allocator>
        m{allocator(source)};
    std::uint64_t n = 0;
    try {
      for (; n < 60000; ++n) m[n] = ~n;
    } catch (const std::bad_alloc&) {
    }
    for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(m.get(i), ~i);
    m.check_invariants();
  }
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

// Runs `body` as often as it makes calls of one kind, and refuses one more of them each time.
template <class Body>
void refuse_each(refusal& kind, Body body) {
  constexpr auto never = static_cast<std::size_t>(-1);
  for (const bool for_good : {false, true}) {
    for (std::size_t n = 0;; ++n) {
      SCOPED_TRACE(testing::Message() << "call " << n << (for_good ? " and all later ones" : ""));
      kind = {.first = n, .last = for_good ? never : n + 1};
      body();
      const std::size_t calls = std::exchange(kind, {}).calls;
      if (testing::Test::HasFailure()) return;
      if (calls > n) continue;
      EXPECT_GT(n, 0u) << "the body makes no such call";
      break;
    }
  }
}

struct kind {
  const char* name;
  refusal& calls;
};

class SystemFaults : public testing::TestWithParam<kind> {};

TEST_P(SystemFaults, CostAPageSourceMemoryAtMost) { refuse_each(GetParam().calls, use_everything); }

TEST_P(SystemFaults, CostAGrowingMapNothingThatIsThere) {
  refuse_each(GetParam().calls, grow_a_map);
}

INSTANTIATE_TEST_SUITE_P(Of, SystemFaults,
                         testing::Values(kind{"Map", system_calls.map},
                                         kind{"Unmap", system_calls.unmap},
                                         kind{"Remap", system_calls.remap},
                                         kind{"Protect", system_calls.protect},
                                         kind{"Advise", system_calls.advise}),
                         [](const auto& of) { return of.param.name; });

// Where nothing can be mapped at all, blocks come from operator new and go back there.
TEST(SystemThatMapsNothing, LeavesOperatorNew) {
  system_calls.map = {.last = static_cast<std::size_t>(-1)};
  {
    page_source source(patient());
    page_allocator<unsigned char> a(source);
    unsigned char* const p = a.allocate_zeroed(mebibyte);
    unsigned char* const q = a.allocate(mebibyte);
    std::memset(p, 1, mebibyte);
    std::memset(q, 2, mebibyte);

    a.move_pages(p, q, mebibyte / 2);
    EXPECT_EQ(source.stats().bytes_moved, 0u);
    EXPECT_FALSE(a.try_extend(p, mebibyte, 2 * mebibyte));
    EXPECT_EQ(p[mebibyte - 1], 1);
    EXPECT_EQ(q[mebibyte - 1], 2);
    a.deallocate(p, mebibyte);
    a.deallocate(q, mebibyte);
    EXPECT_EQ(source.stats().blocks_mapped, 2u);

    constexpr std::size_t less = mebibyte - 100 * kibibyte;
    unsigned char* const again = a.allocate_zeroed(less);
    EXPECT_EQ(again[less - 1], 0);
    EXPECT_EQ(source.stats().blocks_recycled, 1u);
    EXPECT_TRUE(a.try_extend(again, less, mebibyte));
    a.deallocate(again, mebibyte);
  }
  system_calls.map = {};
}

}  // namespace
