// mapping_limit_test.cpp -- maps where the system has no mapping left (vm.max_map_count).
//
// The process takes all mappings that it may have but for the last, without which malloc gets no
// memory either. What maps ask for then is joined to a mapping that there is, cut from one, or
// comes from operator new; pages stay where they are instead of moving, and nothing is lost.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>

#include "support/mappings.hpp"

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// All mappings that are left: one stretch of addresses, every other page of which is readable.
class no_mappings_left {
 public:
  no_mappings_left() : bytes_(2 * page * (support::mapping_limit() + 1)), start_(map(bytes_)) {
    if (start_ == nullptr) throw std::bad_alloc();
    std::size_t at = 0;
    while (::mprotect(start_ + at, page, PROT_READ) == 0) at += 2 * page;
  }
  no_mappings_left(const no_mappings_left&) = delete;
  no_mappings_left& operator=(const no_mappings_left&) = delete;
  ~no_mappings_left() {
    ::munmap(start_, bytes_);
    if (last_ != nullptr) ::munmap(last_, 2 * page);
  }

  // Takes the very last one too, without which malloc gets nothing more from the system.
  void take_last() {
    last_ = map(2 * page);
    while (map(page) != nullptr) {
    }
  }

 private:
  static constexpr std::size_t page = 4096;

  static std::byte* map(std::size_t bytes) {
    void* const p =
        ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? nullptr : static_cast<std::byte*>(p);
  }

  std::size_t bytes_;
  std::byte* start_;
  std::byte* last_ = nullptr;
};

TEST(MappingLimit, MapsGrowBeyondIt) {
  gomap::map<int, int> other;
  other.reserve(100000);
  const no_mappings_left all;
  ASSERT_GE(support::mapping_count() + 2, support::mapping_limit());
  gomap::map<std::uint64_t, std::uint64_t> m;

  for (std::uint64_t i = 0; i < 1000000; ++i) m[i] = ~i;

  for (std::uint64_t i = 0; i < 1000000; ++i) ASSERT_EQ(m.get(i), ~i);
  m.check_invariants();
}

TEST(MappingLimit, MapsThatWereThereGrowShrinkAndGo) {
  std::vector<gomap::map<std::uint64_t, std::uint64_t>> maps(8);
  for (auto& m : maps) {
    for (std::uint64_t i = 0; i < 60000; ++i) m[i] = ~i;
  }
  const no_mappings_left all;
  ASSERT_GE(support::mapping_count() + 2, support::mapping_limit());

  for (auto& m : maps) {
    for (std::uint64_t i = 60000; i < 300000; ++i) m[i] = ~i;
  }
  for (std::uint64_t i = 0; i < 300000; ++i) ASSERT_EQ(maps[i % 8].get(i), ~i);
  maps[1].clear();
  maps[1].shrink_to_fit();
  maps.erase(maps.begin() + 2, maps.begin() + 4);
  gomap::page_source::process().trim();

  for (std::uint64_t i = 0; i < 300000; ++i) ASSERT_EQ(maps[5].get(i), ~i);
}

TEST(MappingLimit, SharedMapsGrowBeyondIt) {
  gomap::map<int, int> other;
  other.reserve(100000);
  const no_mappings_left all;
  gomap::concurrent_map<std::uint64_t, std::uint64_t> m({.shards = 2});

  for (std::uint64_t i = 0; i < 500000; ++i) m.store(i, ~i);

  for (std::uint64_t i = 0; i < 500000; ++i) ASSERT_EQ(m.load(i), ~i);
}

// Not even malloc gets memory there: growth is put off, insertions may fail in the end, and all
// that was there is there.
TEST(MappingLimit, TheVeryLastMappingIsNoReasonToAbort) {
  gomap::map<std::uint64_t, std::uint64_t> m;
  std::uint64_t n = 0;
  for (; n < 100000; ++n) m[n] = ~n;
  {
    no_mappings_left all;
    all.take_last();
    try {
      for (; n < 3000000; ++n) m[n] = ~n;
    } catch (const std::bad_alloc&) {
    }
    for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(m.get(i), ~i);
  }
  const std::uint64_t end = n + 100000;
  for (; n < end; ++n) m[n] = ~n;
  for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(m.get(i), ~i);
  m.check_invariants();
}

TEST(MappingLimit, BlocksAreCutFromTheRoomOfOthers) {
  gomap::page_source source;
  gomap::page_allocator<unsigned char> a(source);
  unsigned char* const donor = a.allocate(mebibyte);
  std::memset(donor, 1, mebibyte);
  std::vector<unsigned char*> blocks;
  blocks.reserve(10);
  no_mappings_left all;
  all.take_last();  // which ten blocks could share

  for (unsigned char i = 2; i < 12; ++i) {
    blocks.push_back(a.allocate_zeroed(mebibyte));
    for (std::size_t at = 0; at < mebibyte; at += 512) ASSERT_EQ(blocks.back()[at], 0);
    std::memset(blocks.back(), i, mebibyte);
  }

  EXPECT_FALSE(a.try_extend(donor, mebibyte, 16 * mebibyte));
  for (unsigned char i = 2; i < 12; ++i) {
    for (std::size_t at = 0; at < mebibyte; at += 512) ASSERT_EQ(blocks[i - 2U][at], i);
    a.deallocate(blocks[i - 2U], mebibyte);
  }
  source.trim();
  for (std::size_t at = 0; at < mebibyte; at += 512) ASSERT_EQ(donor[at], 1);
  a.deallocate(donor, mebibyte);
  source.trim();
  EXPECT_EQ(source.stats().bytes_cached, 0u);
}

}  // namespace
