// rw_lock_model_test.cpp -- rw_lock under the schedules of a few threads, in C++'s memory model.
//
// What a lock is for is asked of Relacy itself: what readers and writers touch is plain data, on
// which it reports races. A lost wake is a deadlock, a lock that is not free in the end an
// assertion.
#include <gtest/gtest.h>
#include <model/platform.hpp>
#include <model/relacy.hpp>

#include <gomap/detail/rw_lock.hpp>

namespace {

using model::every_schedule;
using model::every_schedule_with;
using model::random_schedules;

// Writers that write `Rounds` times each and readers that read as often, on a lock that hands over
// to a writer woken in vain `Patience` times.
template <int Writers, int Readers, int Rounds, int Patience>
struct waiting : rl::test_suite<waiting<Writers, Readers, Rounds, Patience>, Writers + Readers> {
  gomap::detail::rw_lock<model::platform<Patience>> lock;
  rl::var<int> data;

  void before() { data(RL_INFO) = 0; }
  void thread(unsigned index) {
    for (int i = 0; i < Rounds; ++i) {
      if (index < Writers) {
        lock.lock();
        data(RL_INFO) = data(RL_INFO).load() + 1;
        lock.unlock();
      } else {
        lock.lock_shared();
        (void)data(RL_INFO).load();
        lock.unlock_shared();
      }
    }
  }
  void after() {
    RL_ASSERT(data(RL_INFO).load() == Writers * Rounds);
    RL_ASSERT(lock.try_lock());
    lock.unlock();
    RL_ASSERT(lock.try_lock_shared());
    lock.unlock_shared();
  }
};

// One writer that waits, and others that would rather not.
template <int Writers, int Readers>
struct trying : rl::test_suite<trying<Writers, Readers>, 1 + Writers + Readers> {
  gomap::detail::rw_lock<model::platform<1>> lock;
  rl::var<int> data;
  int writes = 0;

  void before() { data(RL_INFO) = 0; }
  void thread(unsigned index) {
    if (index == 0) {
      lock.lock();
      write();
    } else if (index <= Writers) {
      if (lock.try_lock()) write();
    } else if (lock.try_lock_shared()) {
      (void)data(RL_INFO).load();
      lock.unlock_shared();
    }
  }
  void after() {
    RL_ASSERT(data(RL_INFO).load() == writes);
    RL_ASSERT(lock.try_lock());
    lock.unlock();
  }

 private:
  void write() {
    data(RL_INFO) = data(RL_INFO).load() + 1;
    ++writes;
    lock.unlock();
  }
};

TEST(RwLockModel, AWriterAndAReader) {
  EXPECT_TRUE((model::holds<waiting<1, 1, 1, 1>>(every_schedule)));
}
TEST(RwLockModel, TwoWriters) { EXPECT_TRUE((model::holds<waiting<2, 0, 1, 1>>(every_schedule))); }
TEST(RwLockModel, TwoWritersHandedOver) {
  EXPECT_TRUE((model::holds<waiting<2, 0, 1, 0>>(every_schedule)));
}
TEST(RwLockModel, AWriterAndTwoReaders) {
  EXPECT_TRUE((model::holds<waiting<1, 2, 1, 1>>(every_schedule_with(2))));
}
TEST(RwLockModel, TwoWritersAndAReader) {
  EXPECT_TRUE((model::holds<waiting<2, 1, 1, 1>>(every_schedule_with(2))));
}
TEST(RwLockModel, TwoWritersHandedOverAndAReader) {
  EXPECT_TRUE((model::holds<waiting<2, 1, 1, 0>>(every_schedule_with(2))));
}
TEST(RwLockModel, ThreeWriters) {
  EXPECT_TRUE((model::holds<waiting<3, 0, 1, 2>>(every_schedule_with(2))));
}
TEST(RwLockModel, ThreeWritersHandedOver) {
  EXPECT_TRUE((model::holds<waiting<3, 0, 1, 0>>(every_schedule_with(2))));
}
TEST(RwLockModel, WhoTriesBesideAWriter) {
  EXPECT_TRUE((model::holds<trying<1, 0>>(every_schedule)));
  EXPECT_TRUE((model::holds<trying<0, 1>>(every_schedule)));
  EXPECT_TRUE((model::holds<trying<1, 1>>(every_schedule_with(2))));
}
// Spurious wakes come only here.
TEST(RwLockModel, TwoWritersAndTwoReadersAgainAndAgain) {
  EXPECT_TRUE((model::holds<waiting<2, 2, 2, 1>>(random_schedules(60'000))));
}
TEST(RwLockModel, ThreeWritersHandedOverAndAReaderAgainAndAgain) {
  EXPECT_TRUE((model::holds<waiting<3, 1, 2, 0>>(random_schedules(60'000))));
}

}  // namespace
