// leak_check_test.cpp -- LeakSanitizer and what maps hold in pages: no leak, unless it is one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sanitizer/lsan_interface.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>

namespace {

bool finds_leaks() { return __lsan_do_recoverable_leak_check() != 0; }

std::unique_ptr<std::string> text(int n) {
  return std::make_unique<std::string>("a text that is too long to be kept inside, number " +
                                       std::to_string(n));
}

// Addresses that no leak checker recognises.
class hidden_pointers {
 public:
  explicit hidden_pointers(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) hidden_.push_back(mask(new std::string("lost")));
  }
  hidden_pointers(const hidden_pointers&) = delete;
  hidden_pointers& operator=(const hidden_pointers&) = delete;
  ~hidden_pointers() {
    for (const std::uintptr_t h : hidden_) delete unmask(h);
  }
  [[nodiscard]] std::string* at(std::size_t i) const { return unmask(hidden_[i]); }

 private:
  static std::uintptr_t mask(std::string* p) { return ~reinterpret_cast<std::uintptr_t>(p); }
  static std::string* unmask(std::uintptr_t h) { return reinterpret_cast<std::string*>(~h); }

  std::vector<std::uintptr_t> hidden_;
};

TEST(LeakCheck, TakesNothingForALeakThatAMapHolds) {
  gomap::map<int, std::unique_ptr<std::string>> m;

  for (int size = 1000; size < 200000; size *= 3) {
    while (m.size() < static_cast<std::size_t>(size)) {
      const int n = static_cast<int>(m.size());
      m[n] = text(n);
    }
    ASSERT_FALSE(finds_leaks()) << size;
  }
  const auto moved = std::move(m);
  EXPECT_FALSE(finds_leaks());
}

TEST(LeakCheck, TakesNothingForALeakThatASharedMapHolds) {
  gomap::concurrent_map<int, std::string> m({.shards = 2});
  for (int n = 0; n < 50000; ++n) m.store(n, *text(n));

  EXPECT_FALSE(finds_leaks());
}

TEST(LeakCheck, TakesNothingForALeakThatAMapOnAPoolHolds) {
  using allocator = gomap::pool_allocator<std::pair<const int, std::unique_ptr<std::string>>>;
  gomap::pool pool;
  gomap::map<int, std::unique_ptr<std::string>, gomap::hash<int>, std::equal_to<>, allocator> m{
      allocator(pool)};
  for (int n = 0; n < 50000; ++n) m[n] = text(n);

  EXPECT_FALSE(finds_leaks());
}

// Neither the stack of main() nor what is made for ever is taken down by exit().
TEST(LeakCheckDeathTest, AtExitLeavesLivingMapsAlone) {
  const auto exit_with_maps = [] {
    gomap::map<int, std::unique_ptr<std::string>> local;
    static auto& for_ever = *new gomap::map<int, std::unique_ptr<std::string>>;
    static gomap::map<int, std::unique_ptr<std::string>> global;
    for (int n = 0; n < 50000; ++n) {
      local[n] = text(n);
      for_ever[n] = text(n);
      global[n] = text(n);
    }
    std::exit(0);
  };

  EXPECT_EXIT(exit_with_maps(), testing::ExitedWithCode(0), "");
}

TEST(LeakCheckDeathTest, AtExitFindsALeak) {
  const auto exit_with_leak = [] {
    const hidden_pointers* const lost = new hidden_pointers(1000);
    gomap::map<int, std::unique_ptr<std::string>> local;
    for (int n = 0; n < 50000; ++n) local[n] = text(n);
    std::exit(lost->at(0) == nullptr ? 1 : 0);
  };

  EXPECT_DEATH(exit_with_leak(), "detected memory leaks");
}

TEST(LeakCheck, FindsWhatWasTakenOutOfAMapAndLost) {
  const hidden_pointers lost(1000);
  gomap::map<int, std::unique_ptr<std::string>> m;
  for (int n = 0; n < 20000; ++n) m[n] = text(n);

  EXPECT_TRUE(finds_leaks());
}

// What a block held before it was freed is no pointer any more.
TEST(LeakCheck, FindsWhatOnlyAnIdleBlockPointsTo) {
  const hidden_pointers lost(1000);
  gomap::page_source source;
  gomap::page_allocator<std::string*> a(source);
  const std::size_t n = std::size_t{1} << 17;
  std::string** const block = a.allocate(n);
  for (std::size_t i = 0; i < 1000; ++i) block[100 * i] = lost.at(i);
  ASSERT_FALSE(finds_leaks());

  a.deallocate(block, n);

  ASSERT_GT(source.stats().bytes_cached, 0u);
  EXPECT_TRUE(finds_leaks());
}

TEST(LeakCheck, FollowsABlockThatGrows) {
  const hidden_pointers lost(1000);
  gomap::page_source source;
  gomap::page_allocator<std::string*> a(source);
  const std::size_t n = std::size_t{1} << 17;
  std::string** const block = a.allocate(n);
  ASSERT_TRUE(a.try_extend(block, n, 2 * n));

  for (std::size_t i = 0; i < 1000; ++i) block[n + 100 * i] = lost.at(i);

  EXPECT_FALSE(finds_leaks());
  a.deallocate(block, 2 * n);
  EXPECT_TRUE(finds_leaks());
}

}  // namespace
