// go_threads_test.cpp -- what threads may do to one map without a lock: read, walk, and nothing
// else.
//
// ThreadSanitizer is the judge: between two writes, any number of threads read and walk. Each
// write happens before the readers start and after they are joined. Threads that do race with a
// writer are the subject of go_misuse_test.cpp.
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/make_value.hpp"

namespace go_threads_test {

// Runs `body` on `count` threads at once and waits for them.
void on_threads(int count, const std::function<void()>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body);
  for (auto& thread : threads) thread.join();
}

template <class Key>
class GoMapThreads : public testing::Test {
 public:
  using map_type = gomap::map<Key, std::uint64_t>;

  static Key key(std::uint64_t n) { return support::make_value<Key>(n); }

  static void expect_all_found(const map_type& m) {
    for (std::uint64_t n = 0; n < m.size(); ++n) ASSERT_EQ(m.get(key(n)), n);
  }
  static void expect_all_walked(const map_type& m) {
    std::uint64_t sum = 0;
    for (const auto& entry : m) sum += entry.second;
    ASSERT_EQ(sum, m.size() * (m.size() - 1) / 2);
  }
  static void expect_all_visited(const map_type& m) {
    std::uint64_t visited = 0;
    m.for_each([&visited](const auto&) { ++visited; });
    ASSERT_EQ(visited, m.size());
  }
};

using key_types = testing::Types<std::uint64_t, std::string>;
TYPED_TEST_SUITE(GoMapThreads, key_types);

// At two hundred sizes, in growths and out of them: the reads that a growth makes possible in two
// places must find the same map.
TYPED_TEST(GoMapThreads, ReadersAndWalksAtEverySizeAgree) {
  typename TestFixture::map_type m;
  for (std::uint64_t size = 1; size <= 200; ++size) {
    m[TestFixture::key(size - 1)] = size - 1;
    if (size % 5 != 0 && !m.growing()) continue;
    std::atomic<int> turn{0};
    on_threads(4, [&] {
      // relaxed: the turn only deals out the parts.
      switch (turn.fetch_add(1, std::memory_order_relaxed) % 2) {
        case 0:
          TestFixture::expect_all_found(m);
          break;
        default:
          TestFixture::expect_all_walked(m);
      }
    });
  }
}

// Every member that is const, all at once.
TYPED_TEST(GoMapThreads, EveryConstMemberMayRunBesideEveryOther) {
  typename TestFixture::map_type filled;
  for (std::uint64_t n = 0; n < 209; ++n) filled[TestFixture::key(n)] = n;
  const auto& m = filled;

  on_threads(4, [&m] {
    TestFixture::expect_all_found(m);
    TestFixture::expect_all_walked(m);
    TestFixture::expect_all_visited(m);
    EXPECT_EQ(m.size(), 209u);
    EXPECT_FALSE(m.contains(TestFixture::key(1000)));
    EXPECT_EQ(m.find(TestFixture::key(5))->second, 5u);
    EXPECT_EQ(m.count(TestFixture::key(5)), 1u);
    EXPECT_EQ(m.at(TestFixture::key(5)), 5u);
    EXPECT_EQ(*m.lookup(TestFixture::key(5)), 5u);
    EXPECT_EQ(m.stats().size, 209u);
    EXPECT_EQ(m.clone().size(), 209u);
    EXPECT_NO_THROW(m.check_invariants());
  });
}

// A map that is built and destroyed by each thread shares nothing with the others', though all draw
// seeds, starts and memory from the same places.
TYPED_TEST(GoMapThreads, MapsOfTheirOwnDoNotMeet) {
  on_threads(4, [] {
    for (int round = 0; round < 10; ++round) {
      typename TestFixture::map_type m;
      for (std::uint64_t n = 0; n < 200; ++n) m[TestFixture::key(n)] = n;
      TestFixture::expect_all_walked(m);
      for (std::uint64_t n = 0; n < 200; n += 2) m.erase(TestFixture::key(n));
      ASSERT_EQ(m.size(), 100u);
      m.clear();
    }
  });
}

// Two in, one out, with readers and walks in between; then one out at a time, to the end.
TEST(GoMapThreadsStress, ReadersBetweenWritesSeeAWholeMapUpAndDown) {
  gomap::map<std::uint64_t, std::uint64_t> m;
  std::uint64_t next = 0;
  std::uint64_t oldest = 0;
  const auto read_in_parallel = [&] {
    on_threads(5, [&] {
      std::uint64_t walked = 0;
      for (const auto& [key, value] : m) {
        ASSERT_EQ(value, key * 3);
        ++walked;
      }
      ASSERT_EQ(walked, m.size());
      for (std::uint64_t n = oldest; n < next; ++n) ASSERT_EQ(m.get(n), n * 3);
    });
  };

  while (m.size() < 1000) {
    for (int i = 0; i < 50; ++i) {
      m[next] = next * 3;
      ++next;
      m[next] = next * 3;
      ++next;
      m.erase(oldest++);
    }
    read_in_parallel();
  }
  while (!m.empty()) {
    for (int i = 0; i < 100 && !m.empty(); ++i) m.erase(oldest++);
    read_in_parallel();
  }
  EXPECT_EQ(oldest, next);
}

// A lock around it makes any map safe for any threads: nothing in it is tied to the thread that
// made it.
TEST(GoMapThreadsStress, WritersUnderALockLoseNothing) {
  gomap::map<std::uint64_t, std::uint64_t> m;
  std::shared_mutex mutex;
  std::atomic<std::uint64_t> next_range{0};

  on_threads(4, [&] {
    // relaxed: the counter only deals out ranges of keys.
    const std::uint64_t base = next_range.fetch_add(1, std::memory_order_relaxed) * 10000;
    for (std::uint64_t n = base; n < base + 500; ++n) {
      {
        const std::unique_lock lock(mutex);
        m[n] = n;
        if (n % 5 == 4) m.erase(n - 2);
      }
      const std::shared_lock lock(mutex);
      ASSERT_EQ(m.get(n), n);
    }
  });

  EXPECT_EQ(m.size(), 4u * 400u);
  EXPECT_NO_THROW(m.check_invariants());
}

}  // namespace go_threads_test
