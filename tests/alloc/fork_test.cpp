// fork_test.cpp -- children of a process whose threads are in the middle of something.
//
// A child that waited for a lock would wait for ever: an alarm ends it instead, and the test is
// red.
#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/detail/fork_mutex.hpp>
#include <gomap/map.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>

namespace {

constexpr std::size_t kibibyte = 1024;

// Made before the library's handlers are, and so called while these hold all locks.
struct handlers_of_others {
  handlers_of_others() { ::pthread_atfork(&use, &use, &use_in_child); }
  static void use() {
    if (!enabled) return;
    ++calls;
    gomap::map<int, int> m;
    for (int i = 0; i < 8000; ++i) m[i] = i;
    gomap::pool many({.users = gomap::pool_users::many});
    many.deallocate(many.allocate(100, 8), 100, 8);
    const gomap::page_source another;
  }
  static void use_in_child() {
    ::alarm(10);
    use();
  }
  static inline bool enabled = false;
  static inline int calls = 0;
} const others;

// Forks, runs `body` in the child, and returns how that ended: 0 when all is well.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

bool grow_maps() {
  gomap::map<int, int> m;
  gomap::concurrent_map<int, int> c({.shards = 2});
  for (int i = 0; i < 5000; ++i) {
    m[i] = i;
    c.store(i, i);
  }
  return m.size() == 5000 && c.size() == 5000;
}

// Calls `use` in two threads until it goes.
class busy_threads {
 public:
  template <class Use>
  explicit busy_threads(Use use) {
    for (int t = 0; t < 2; ++t) {
      threads_.emplace_back([this, use] {
        while (!over_.load(std::memory_order_relaxed)) use();
      });
    }
  }
  busy_threads(const busy_threads&) = delete;
  busy_threads& operator=(const busy_threads&) = delete;
  ~busy_threads() {
    over_.store(true, std::memory_order_relaxed);
    for (std::thread& t : threads_) t.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

template <class Memory>
void take_and_give(Memory& memory, std::size_t bytes) {
  memory.deallocate(memory.allocate(bytes, 8), bytes, 8);
}

constexpr int children = 80;

TEST(Fork, WhileThreadsUseMapsLeavesChildrenWithWorkingMaps) {
  const busy_threads threads([] {
    gomap::map<int, int> m;
    for (int i = 0; i < 10000; ++i) m[i] = i;
  });

  for (int i = 0; i < children; ++i) ASSERT_EQ(in_child(grow_maps), 0);
}

TEST(Fork, LeavesTheSourceOfTheProcessWhole) {
  gomap::page_source& source = gomap::page_source::process();
  const busy_threads threads([&] { take_and_give(source, 64 * kibibyte); });

  for (int i = 0; i < children; ++i) {
    ASSERT_EQ(in_child([&] {
                take_and_give(source, 64 * kibibyte);
                source.trim();
                return source.stats().bytes_cached == 0;
              }),
              0);
  }
}

TEST(Fork, LeavesASourceOfOnesOwnWhole) {
  gomap::page_source source;
  const busy_threads threads([&] { take_and_give(source, 64 * kibibyte); });

  for (int i = 0; i < children; ++i) {
    ASSERT_EQ(in_child([&] {
                take_and_give(source, 64 * kibibyte);
                return true;
              }),
              0);
  }
}

TEST(Fork, LeavesAPoolOfManyUsersWhole) {
  gomap::page_source source;
  gomap::pool pool(source, {.users = gomap::pool_users::many});
  const busy_threads threads([&] {
    void* blocks[100];  // more than a slab of them, so that the pool calls the source as well
    for (void*& p : blocks) p = pool.allocate(2000, 8);
    for (void* p : blocks) pool.deallocate(p, 2000, 8);
    pool.trim();
  });

  for (int i = 0; i < children; ++i) {
    ASSERT_EQ(in_child([&] {
                void* blocks[100];
                for (void*& p : blocks) p = pool.allocate(2000, 8);
                for (void* p : blocks) pool.deallocate(p, 2000, 8);
                return true;
              }),
              0);
  }
}

TEST(Fork, MayMeetSourcesAndPoolsThatComeAndGo) {
  const busy_threads threads([] {
    gomap::page_source source;
    gomap::pool pool(source, {.users = gomap::pool_users::many});
    take_and_give(pool, 100 * kibibyte);
  });

  for (int i = 0; i < children; ++i) ASSERT_EQ(in_child(grow_maps), 0);
}

TEST(Fork, LetsHandlersOfOthersUseMaps) {
  handlers_of_others::enabled = true;
  ASSERT_EQ(in_child([] { return handlers_of_others::calls == 2 && grow_maps(); }), 0);
  handlers_of_others::enabled = false;

  EXPECT_EQ(handlers_of_others::calls, 2);
  EXPECT_TRUE(grow_maps());
}

TEST(Fork, GivesBackWhatItHolds) {
  ASSERT_EQ(in_child([] { return true; }), 0);

  std::thread(grow_maps).join();
  EXPECT_TRUE(grow_maps());
}

TEST(Fork, GrandchildrenWorkToo) {
  const busy_threads threads([] { grow_maps(); });

  ASSERT_EQ(in_child([] {
              std::thread other(grow_maps);
              const int status = in_child(grow_maps);
              other.join();
              return status == 0;
            }),
            0);
}

TEST(ForkMutex, IsAMutex) {
  gomap::detail::fork_mutex inner;
  gomap::detail::fork_mutex outer(inner);
  int count = 0;
  const auto add = [&] {
    for (int i = 0; i < 20000; ++i) {
      const std::scoped_lock hold(outer, inner);
      ++count;
    }
  };
  std::thread other(add);
  add();
  other.join();

  EXPECT_EQ(count, 40000);
  EXPECT_TRUE(outer.try_lock());
  std::thread([&] { EXPECT_FALSE(outer.try_lock()); }).join();
  outer.unlock();
}

}  // namespace
