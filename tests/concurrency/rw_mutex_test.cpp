// rw_mutex_test.cpp -- what gomap::rw_mutex promises: Go's rules, in C++'s words.
//
// No test waits for time to pass. That a writer waits can be seen: try_lock_shared() fails, though
// nobody but readers is in. What cannot be seen from outside is the subject of rw_lock_test.cpp.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <latch>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/misuse.hpp>
#include <gomap/rw_mutex.hpp>

namespace rw_mutex_test {

using gomap::rw_mutex;

static_assert(sizeof(rw_mutex) == 8);
static_assert(!std::is_copy_constructible_v<rw_mutex> && !std::is_copy_assignable_v<rw_mutex>);
static_assert(std::is_trivially_destructible_v<rw_mutex>);

constinit rw_mutex global_mutex;  // usable before any constructor has run

// Runs body(0), body(1) ... on `count` threads at once and waits for them.
void on_threads(int count, const std::function<void(int)>& body) {
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (auto& thread : threads) thread.join();
}

// Returns once a writer waits for `m`. Requires: readers hold it, this thread among them.
void await_waiting_writer(rw_mutex& m) {
  while (m.try_lock_shared()) {
    m.unlock_shared();
    std::this_thread::yield();
  }
}

// Go's TestRWMutex, its first half: what each try finds, state by state.
TEST(RwMutex, TryFormsTellTheStateAndChangeNothingWhenTheyFail) {
  rw_mutex m;

  m.lock();
  EXPECT_FALSE(m.try_lock());
  EXPECT_FALSE(m.try_lock_shared());
  m.unlock();

  ASSERT_TRUE(m.try_lock());
  EXPECT_FALSE(m.try_lock());
  EXPECT_FALSE(m.try_lock_shared());
  m.unlock();

  m.lock_shared();
  EXPECT_FALSE(m.try_lock());
  ASSERT_TRUE(m.try_lock_shared());
  EXPECT_FALSE(m.try_lock());
  m.unlock_shared();
  EXPECT_FALSE(m.try_lock());
  m.unlock_shared();

  EXPECT_TRUE(m.try_lock());
  m.unlock();
}

TEST(RwMutex, AZeroInitialisedGlobalIsUnlocked) {
  ASSERT_TRUE(global_mutex.try_lock());
  global_mutex.unlock();
  ASSERT_TRUE(global_mutex.try_lock_shared());
  global_mutex.unlock_shared();
}

// Go's TestParallelReaders: the latch opens only when all are inside at once.
TEST(RwMutex, ReadersAreInsideTogether) {
  for (const int count : {1, 3, 4, 10}) {
    rw_mutex m;
    std::latch inside(count);

    on_threads(count, [&](int) {
      m.lock_shared();
      inside.arrive_and_wait();
      m.unlock_shared();
    });

    EXPECT_TRUE(m.try_lock());
    m.unlock();
  }
}

// Go's TestRLocker: two read locks, given back one by one.
TEST(RwMutex, AWriterWaitsForTheLastReader) {
  for (int round = 0; round < 10; ++round) {
    rw_mutex m;
    std::atomic<int> readers{2};
    m.lock_shared();
    m.lock_shared();
    std::thread writer([&] {
      m.lock();
      // relaxed: the lock orders it, and that is what is tested.
      EXPECT_EQ(readers.load(std::memory_order_relaxed), 0);
      m.unlock();
    });

    await_waiting_writer(m);
    readers.store(1, std::memory_order_relaxed);  // relaxed: as above
    m.unlock_shared();
    EXPECT_FALSE(m.try_lock());
    EXPECT_FALSE(m.try_lock_shared());
    readers.store(0, std::memory_order_relaxed);  // relaxed: as above
    m.unlock_shared();
    writer.join();
  }
}

TEST(RwMutex, AWaitingWriterKeepsNewReadersOut) {
  rw_mutex m;
  bool written = false;  // guarded by m
  m.lock_shared();
  std::thread writer([&] {
    const std::unique_lock lock(m);
    written = true;
  });
  await_waiting_writer(m);
  std::latch asking(3);

  std::vector<std::thread> late;
  for (int i = 0; i < 3; ++i) {
    late.emplace_back([&] {
      asking.count_down();
      const std::shared_lock lock(m);
      EXPECT_TRUE(written);
    });
  }
  asking.wait();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(m.try_lock_shared());
    std::this_thread::yield();  // a chance to do it wrong
  }
  EXPECT_FALSE(written);
  m.unlock_shared();

  writer.join();
  for (auto& reader : late) reader.join();
}

// Each reader asks again as soon as it is out, and goes on until the writer was in.
TEST(RwMutex, AWriterGetsInAmongReadersThatKeepComing) {
  rw_mutex m;
  std::atomic<bool> written{false};
  std::latch reading(3);

  on_threads(4, [&](int index) {
    if (index == 0) {
      reading.wait();
      const std::unique_lock lock(m);
      written = true;
      return;
    }
    m.lock_shared();
    reading.count_down();
    while (!written) {
      m.unlock_shared();
      m.lock_shared();
    }
    m.unlock_shared();
  });

  EXPECT_TRUE(written);
}

TEST(RwMutex, AnotherThreadMayUnlock) {
  rw_mutex m;

  m.lock();
  std::thread([&] { m.unlock(); }).join();
  m.lock_shared();
  std::thread([&] { m.unlock_shared(); }).join();

  EXPECT_TRUE(m.try_lock());
  m.unlock();
}

TEST(RwMutex, FitsTheStandardGuards) {
  rw_mutex a;
  rw_mutex b;

  {
    const std::scoped_lock both(a, b);
    EXPECT_FALSE(a.try_lock_shared());
    EXPECT_FALSE(b.try_lock_shared());
  }
  {
    const std::shared_lock first(a);
    const std::shared_lock second(a, std::try_to_lock);
    EXPECT_TRUE(second.owns_lock());
    const std::unique_lock third(a, std::try_to_lock);
    EXPECT_FALSE(third.owns_lock());
  }
  {
    std::unique_lock early(a, std::defer_lock);
    std::unique_lock late(b, std::defer_lock);
    std::lock(early, late);
    EXPECT_TRUE(early.owns_lock() && late.owns_lock());
  }
  EXPECT_TRUE(a.try_lock() && b.try_lock());
  a.unlock();
  b.unlock();
}

// std::scoped_lock backs off by try_lock(), so opposite orders meet and none hangs.
TEST(RwMutex, ScopedLocksInOppositeOrdersEnd) {
  rw_mutex a;
  rw_mutex b;
  int count = 0;  // guarded by both

  on_threads(4, [&](int index) {
    for (int i = 0; i < 1000; ++i) {
      if (index % 2 == 0) {
        const std::scoped_lock both(a, b);
        ++count;
      } else {
        const std::scoped_lock both(b, a);
        ++count;
      }
    }
  });

  EXPECT_EQ(count, 4000);
}

// Waiting in the kernel must not show in errno, which may hold the caller's error.
TEST(RwMutex, ALockThatWaitsKeepsErrno) {
  rw_mutex m;
  m.lock_shared();
  std::thread writer([&] {
    errno = ERANGE;
    m.lock();
    EXPECT_EQ(errno, ERANGE);
    m.unlock();
    EXPECT_EQ(errno, ERANGE);
  });
  await_waiting_writer(m);
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  m.unlock_shared();
  writer.join();
}

// ---- misuse --------------------------------------------------------------------------------

struct reported : std::runtime_error {
  explicit reported(const gomap::misuse_report& report)
      : std::runtime_error(std::string(report.text)), what_was_done(report) {}
  gomap::misuse_report what_was_done;
};

constexpr char unlock_text[] = "fatal error: sync: Unlock of unlocked RWMutex";
constexpr char unlock_shared_text[] = "fatal error: sync: RUnlock of unlocked RWMutex";

class RwMutexMisuse : public testing::Test {
 protected:
  void SetUp() override {
    before_ = gomap::set_fatal_handler([](const gomap::misuse_report& r) { throw reported(r); });
  }
  void TearDown() override { gomap::set_fatal_handler(before_); }

  static std::string text_of(const std::function<void()>& act) {
    try {
      act();
    } catch (const reported& r) {
      EXPECT_EQ(r.what_was_done.this_thread, gomap::this_thread_number());
      return r.what();
    }
    return "nothing reported";
  }

  rw_mutex m_;

 private:
  gomap::fatal_handler before_ = nullptr;
};

TEST_F(RwMutexMisuse, UnlockOfAnUnlockedOneIsNamed) {
  EXPECT_EQ(text_of([&] { m_.unlock(); }), unlock_text);
  EXPECT_EQ(text_of([&] { m_.unlock_shared(); }), unlock_shared_text);
}

TEST_F(RwMutexMisuse, ASecondUnlockIsNamed) {
  m_.lock();
  m_.unlock();
  EXPECT_EQ(text_of([&] { m_.unlock(); }), unlock_text);

  m_.lock_shared();
  m_.unlock_shared();
  EXPECT_EQ(text_of([&] { m_.unlock_shared(); }), unlock_shared_text);
}

TEST_F(RwMutexMisuse, TheWrongUnlockIsNamed) {
  m_.lock_shared();
  EXPECT_EQ(text_of([&] { m_.unlock(); }), unlock_text);
  m_.unlock_shared();

  m_.lock();
  EXPECT_EQ(text_of([&] { m_.unlock_shared(); }), unlock_shared_text);
  m_.unlock();
}

TEST_F(RwMutexMisuse, TheReportSaysWhoDidWhat) {
  try {
    m_.unlock();
    ADD_FAILURE() << "nothing reported";
  } catch (const reported& r) {
    EXPECT_EQ(r.what_was_done.kind, gomap::misuse_kind::unlock);
    EXPECT_EQ(r.what_was_done.this_operation, gomap::operation::unlock);
  }
  try {
    m_.unlock_shared();
    ADD_FAILURE() << "nothing reported";
  } catch (const reported& r) {
    EXPECT_EQ(r.what_was_done.kind, gomap::misuse_kind::unlock_shared);
    EXPECT_EQ(r.what_was_done.this_operation, gomap::operation::unlock_shared);
  }
}

// The handler may throw, in tests; the lock is then what it was.
TEST_F(RwMutexMisuse, AReportLeavesTheLockAsItWas) {
  (void)text_of([&] { m_.unlock(); });
  (void)text_of([&] { m_.unlock_shared(); });
  ASSERT_TRUE(m_.try_lock());
  (void)text_of([&] { m_.unlock_shared(); });
  EXPECT_FALSE(m_.try_lock_shared());
  m_.unlock();

  m_.lock_shared();
  (void)text_of([&] { m_.unlock(); });
  EXPECT_FALSE(m_.try_lock());
  m_.unlock_shared();
  EXPECT_TRUE(m_.try_lock());
  m_.unlock();
}

class RwMutexDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(RwMutexDeathTest, UnlockOfAnUnlockedOneDies) {
  rw_mutex m;
  EXPECT_DEATH(m.unlock(), unlock_text);
  EXPECT_DEATH(m.unlock_shared(), unlock_shared_text);
}

// ---- stress --------------------------------------------------------------------------------

// Go's TestRWMutex, its second half: a reader adds 1, a writer 10000, and none may see a mixture.
TEST(RwMutexStress, ReadersAndWritersNeverMix) {
  for (const int readers : {1, 3, 10}) {
    rw_mutex m;
    std::atomic<int> activity{0};  // relaxed throughout: a count, which orders nothing

    on_threads(readers + 2, [&](int index) {
      const bool writes = index < 2;
      const int mine = writes ? 10000 : 1;
      for (int i = 0; i < 5000; ++i) {
        writes ? m.lock() : m.lock_shared();
        const int seen = activity.fetch_add(mine, std::memory_order_relaxed) + mine;
        EXPECT_TRUE(writes ? seen == 10000 : seen >= 1 && seen < 10000) << seen;
        for (int spin = 0; spin < 100; ++spin) (void)activity.load(std::memory_order_relaxed);
        activity.fetch_sub(mine, std::memory_order_relaxed);
        writes ? m.unlock() : m.unlock_shared();
      }
    });

    EXPECT_EQ(activity.load(), 0);
  }
}

// Plain words that only the lock protects: a torn page is seen here, a race by ThreadSanitizer.
struct page {
  std::array<std::uint64_t, 8> words{};

  void write(std::uint64_t value) { words.fill(value); }
  [[nodiscard]] bool torn() const {
    for (const std::uint64_t word : words) {
      if (word != words[0]) return true;
    }
    return false;
  }
};

// Far more threads than processors, all six members, at four shares of writes. It ends, nothing is
// torn, and each write counts.
TEST(RwMutexStress, OversubscribedThreadsEndAndLoseNothing) {
  constexpr int threads = 16;
  constexpr int steps = 10000;
  for (const unsigned percent : {2u, 20u, 50u, 100u}) {
    rw_mutex m;
    page shared;  // guarded by m
    std::atomic<std::uint64_t> writes{0};

    on_threads(threads, [&](int index) {
      std::uint64_t random = static_cast<std::uint64_t>(index) * 0x9E3779B97F4A7C15u + 1;
      std::uint64_t mine = 0;
      for (int i = 0; i < steps; ++i) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        const bool tries = random % 4 == 0;
        if ((random >> 8) % 100 < percent) {
          if (!tries) {
            m.lock();
          } else if (!m.try_lock()) {
            continue;
          }
          EXPECT_FALSE(shared.torn());
          shared.write(shared.words[0] + 1);
          ++mine;
          m.unlock();
        } else {
          if (!tries) {
            m.lock_shared();
          } else if (!m.try_lock_shared()) {
            continue;
          }
          EXPECT_FALSE(shared.torn());
          m.unlock_shared();
        }
      }
      writes += mine;
    });

    EXPECT_EQ(shared.words[0], writes.load());
    EXPECT_TRUE(m.try_lock());
    m.unlock();
  }
}

// Long stays in the lock, so that the others fall asleep: each kind of wake is needed to end.
TEST(RwMutexStress, SleepersOfEveryKindWakeUp) {
  rw_mutex m;
  page shared;  // guarded by m

  on_threads(8, [&](int index) {
    for (int i = 0; i < 1000; ++i) {
      if ((index + i) % 3 == 0) {
        const std::unique_lock lock(m);
        shared.write(shared.words[0] + 1);
        std::this_thread::yield();
      } else {
        const std::shared_lock lock(m);
        std::this_thread::yield();
        EXPECT_FALSE(shared.torn());
      }
    }
  });

  EXPECT_TRUE(m.try_lock());
  m.unlock();
}

}  // namespace rw_mutex_test
