// caps_under_threads_test.cpp -- a cap refuses nobody whose request fits, whatever others ask for.
//
// Three threads ask for more than is left, again and again, and are refused. Another takes and
// gives back what is left; a cap that counted a request before testing it would refuse this one now
// and then.
#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <thread>

#include <gtest/gtest.h>

#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>
#include <gomap/tracking_allocator.hpp>

namespace caps_under_threads_test {

constexpr std::size_t kibibyte = 1024;

// Takes a block and gives it back. Whether it was granted.
template <class Memory>
bool use(Memory& memory, std::size_t bytes) {
  try {
    memory.deallocate(memory.allocate(bytes, 8), bytes, 8);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}
bool use(gomap::memory_ledger& ledger, std::size_t bytes) {
  const bool granted = ledger.charge(bytes);
  if (granted) ledger.cancel(bytes);
  return granted;
}

// One thread uses `fitting` bytes, so many times, while three others ask for `excessive` ones.
template <class Memory>
void contend(Memory& memory, std::size_t rounds, std::size_t fitting, std::size_t excessive) {
  std::atomic<std::size_t> wrongly_granted{0};
  std::atomic<int> running{0};
  std::atomic<bool> over{false};
  const auto ask_for_too_much = [&] {
    running.fetch_add(1, std::memory_order_relaxed);
    while (!over.load(std::memory_order_relaxed)) {
      if (use(memory, excessive)) wrongly_granted.fetch_add(1, std::memory_order_relaxed);
    }
  };
  std::array<std::thread, 3> others;
  for (std::thread& other : others) other = std::thread(ask_for_too_much);
  while (running.load(std::memory_order_relaxed) != 3) std::this_thread::yield();
  std::size_t wrongly_refused = 0;
  for (std::size_t i = 0; i < rounds; ++i) wrongly_refused += use(memory, fitting) ? 0 : 1;
  over.store(true, std::memory_order_relaxed);
  for (std::thread& other : others) other.join();

  EXPECT_EQ(wrongly_refused, 0u);
  EXPECT_EQ(wrongly_granted, 0u);
}

TEST(CapUnderThreads, OfALedgerRefusesNothingThatFits) {
  gomap::memory_ledger ledger(100);
  ASSERT_TRUE(ledger.charge(50));

  contend(ledger, 5000000, 50, 60);

  EXPECT_EQ(ledger.bytes(), 50u);
}

TEST(CapUnderThreads, OfAPageSourceRefusesNoSmallBlockThatFits) {
  gomap::page_source source({.cap_bytes = 10 * kibibyte});
  void* const held = source.allocate(5 * kibibyte, 8);

  contend(source, 300000, 5 * kibibyte, 6 * kibibyte);

  source.deallocate(held, 5 * kibibyte, 8);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(CapUnderThreads, OfAPageSourceRefusesNoLargeBlockThatFits) {
  gomap::page_source source({.cap_bytes = 256 * kibibyte});
  void* const held = source.allocate(128 * kibibyte, 8);

  contend(source, 30000, 128 * kibibyte, 192 * kibibyte);

  source.deallocate(held, 128 * kibibyte, 8);
  EXPECT_EQ(source.stats().bytes_in_use, 0u);
}

TEST(CapUnderThreads, OfAPoolRefusesNothingThatFits) {
  gomap::pool pool({.users = gomap::pool_users::many, .cap_bytes = 512 * kibibyte});
  void* const held = pool.allocate(256 * kibibyte, 8);

  contend(pool, 30000, 256 * kibibyte, 300 * kibibyte);

  pool.deallocate(held, 256 * kibibyte, 8);
}

}  // namespace caps_under_threads_test
