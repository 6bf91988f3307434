// rw_lock_test.cpp -- the protocol of rw_mutex, step by step, on a platform that the tests direct.
//
// Most tests run in one thread. The call under test is interrupted before a chosen atomic step, and
// what other threads do meanwhile happens there; every place is tried. Sleep is a matter of record:
// a call that sleeps goes on when another's wake reaches it, and if none is left to come, the
// protocol has lost a wake. The rest sleeps for real, and is watched.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/detail/rw_lock.hpp>
#include <gomap/detail/waiting.hpp>
#include <gomap/misuse.hpp>

namespace rw_lock_test {

using gomap::detail::rw_lock;
using gomap::detail::sleepers;

// ---- one thread, directed --------------------------------------------------------------------

// What happens while the call under test runs.
class scene {
 public:
  struct sleep_record {
    const void* word;
    sleepers who;
  };

  // Runs `call`, with others[i] before its step places[i] (counted from 0), in this order. What is
  // left of `others` when it falls asleep happens then, until a wake reaches it. Throws
  // std::logic_error when none does. Returns how many steps `call` took.
  int run(const std::function<void()>& call, std::vector<std::function<void()>> others,
          std::vector<int> places) {
    others_ = std::move(others);
    places_ = std::move(places);
    next_ = 0;
    step_ = 0;
    outer_ = acting_;
    current_ = this;
    acting_ = nullptr;
    call();
    current_ = nullptr;
    acting_ = outer_;
    const int steps = step_;
    while (next_ < others_.size()) others_[next_++]();
    return steps;
  }

  static void before_step() {
    ++steps_taken;
    if (current_ == nullptr) return;
    scene& here = *current_;
    while (here.next_ < here.others_.size() && here.places_[here.next_] <= here.step_) {
      here.let_other_act();
    }
    ++here.step_;
  }

  static void sleep(const void* word, sleepers who) {
    if (current_ == nullptr) throw std::logic_error("another thread's call has to sleep");
    scene& here = *current_;
    here.woken_ = false;
    here.asleep_ = {word, who};
    ++here.sleeps;
    while (!here.woken_) {
      if (here.next_ == here.others_.size()) {
        current_ = nullptr;
        throw std::logic_error("sleeps for ever");
      }
      here.let_other_act();
    }
    here.asleep_ = {};
  }

  static void wake(const void* word, sleepers who) {
    ++wakes;
    // A call under test wakes nobody that the tests would have to follow; others wake the sleeper
    // they act for.
    for (scene* waiting = acting_; waiting != nullptr; waiting = waiting->outer_) {
      if (waiting->asleep_.word == word && waiting->asleep_.who == who) waiting->woken_ = true;
    }
  }

  // For an action: wakes the sleeper for no reason, as a system may.
  static void wake_early() { acting_->woken_ = true; }

  inline static int steps_taken = 0;  // loads excepted
  inline static int wakes = 0;
  int sleeps = 0;

 private:
  void let_other_act() {
    current_ = nullptr;
    acting_ = this;
    others_[next_++]();
    acting_ = nullptr;
    current_ = this;
  }

  inline static scene* current_ = nullptr;  // whose call is on its way
  inline static scene* acting_ = nullptr;   // for whom another acts; in a scene of its own, perhaps
  scene* outer_ = nullptr;
  std::vector<std::function<void()>> others_;
  std::vector<int> places_;
  std::size_t next_ = 0;
  int step_ = 0;
  bool woken_ = false;
  sleep_record asleep_{};
};

struct directed_platform {
  // std::atomic, with a place for others to act before each step.
  template <class T>
  class atomic {
   public:
    constexpr explicit atomic(T value) noexcept : value_(value) {}
    T load(std::memory_order order) const {
      scene::before_step();
      --scene::steps_taken;
      return value_.load(order);
    }
    void store(T value, std::memory_order order) {
      scene::before_step();
      value_.store(value, order);
    }
    T fetch_add(T n, std::memory_order order) {
      scene::before_step();
      return value_.fetch_add(n, order);
    }
    T fetch_sub(T n, std::memory_order order) {
      scene::before_step();
      return value_.fetch_sub(n, order);
    }
    T fetch_or(T n, std::memory_order order) {
      scene::before_step();
      return value_.fetch_or(n, order);
    }
    bool compare_exchange_strong(T& seen, T next, std::memory_order success,
                                 std::memory_order failure) {
      scene::before_step();
      return value_.compare_exchange_strong(seen, next, success, failure);
    }
    bool compare_exchange_weak(T& seen, T next, std::memory_order success,
                               std::memory_order failure) {
      return compare_exchange_strong(seen, next, success, failure);
    }

   private:
    std::atomic<T> value_;
  };
  using word = atomic<std::uint32_t>;

  static constexpr int looks = 1;
  static constexpr int patience = 16;

  static void sleep_on(const word& w, std::uint32_t value, sleepers who) {
    // relaxed: one thread.
    if (w.load(std::memory_order_relaxed) == value) scene::sleep(&w, who);
  }
  static void wake_one(const word& w, sleepers who) { scene::wake(&w, who); }
  static void wake_all(const word& w, sleepers who) { scene::wake(&w, who); }
  static void pause() {}
  [[noreturn]] static void misuse(gomap::misuse_kind kind) {
    throw std::logic_error(std::string(gomap::text(kind)));
  }
};

using directed_lock = rw_lock<directed_platform>;

void expect_free(directed_lock& m) {
  ASSERT_TRUE(m.try_lock());
  m.unlock();
  ASSERT_TRUE(m.try_lock_shared());
  m.unlock_shared();
}

// One call among others that act, at every choice of places for them.
struct drama {
  std::function<void(directed_lock&)> before;
  std::function<void(directed_lock&)> call;
  std::vector<std::function<void(directed_lock&)>> others;
  std::function<void(directed_lock&)> after;
};

// Returns how many performances slept, so that a test can tell that it was about sleeping at all.
int perform(const drama& d) {
  int slept = 0;
  const int last = 24;  // no call takes more steps than this when others act as late as they can
  std::vector<int> places(d.others.size(), 0);
  for (bool more = true; more;) {
    directed_lock m;
    d.before(m);
    scene stage;
    std::vector<std::function<void()>> others;
    for (const auto& other : d.others) others.emplace_back([&] { other(m); });
    try {
      const int steps = stage.run([&] { d.call(m); }, others, places);
      EXPECT_LT(steps, last);
      d.after(m);
      expect_free(m);
    } catch (const std::logic_error& e) {
      ADD_FAILURE() << e.what() << ", others before steps " << testing::PrintToString(places);
      return slept;
    }
    slept += stage.sleeps > 0 ? 1 : 0;

    // The next ascending choice of places.
    more = false;
    for (std::size_t i = places.size(); i-- > 0;) {
      if (places[i] < last) {
        ++places[i];
        for (std::size_t j = i + 1; j < places.size(); ++j) places[j] = places[i];
        more = true;
        break;
      }
    }
  }
  return slept;
}

void take(directed_lock& m) { ASSERT_TRUE(m.try_lock()); }
void give_back(directed_lock& m) { m.unlock(); }
void leave(directed_lock& m) { m.unlock_shared(); }
void enter_twice(directed_lock& m) {
  ASSERT_TRUE(m.try_lock_shared());
  ASSERT_TRUE(m.try_lock_shared());
}
// A writer that is quick enough comes and goes.
void write_if_free(directed_lock& m) {
  if (m.try_lock()) m.unlock();
}
void read_if_open(directed_lock& m) {
  if (m.try_lock_shared()) m.unlock_shared();
}

TEST(RwLockProtocol, AnUncontendedLockTakesOneStepEachWayAndWakesNobody) {
  directed_lock m;
  scene::wakes = 0;

  scene::steps_taken = 0;
  m.lock();
  EXPECT_EQ(scene::steps_taken, 1);
  m.unlock();
  EXPECT_EQ(scene::steps_taken, 2);
  m.lock_shared();
  EXPECT_EQ(scene::steps_taken, 3);
  m.unlock_shared();
  EXPECT_EQ(scene::steps_taken, 4);
  EXPECT_EQ(scene::wakes, 0);
}

TEST(RwLockProtocol, AWriterGetsInWhereverTheLastReadersLeave) {
  const int slept = perform({enter_twice, &directed_lock::lock, {leave, leave}, give_back});
  EXPECT_GT(slept, 0);
}

// Wakes are calls into the kernel: a reader that leaves makes none for a writer that looks, also
// after one that slept.
TEST(RwLockProtocol, AWriterThatIsAwakeIsNotWoken) {
  directed_lock m;
  ASSERT_TRUE(m.try_lock_shared());
  scene sleeping;
  sleeping.run([&] { m.lock(); }, {[&] { m.unlock_shared(); }}, {1000});
  EXPECT_EQ(sleeping.sleeps, 1);
  m.unlock();

  for (int place = 0; place < 5; ++place) {
    ASSERT_TRUE(m.try_lock_shared());
    scene::wakes = 0;
    scene looking;
    looking.run([&] { m.lock(); }, {[&] { m.unlock_shared(); }}, {place});
    EXPECT_EQ(looking.sleeps, 0);
    EXPECT_EQ(scene::wakes, 0);
    m.unlock();
  }
}

TEST(RwLockProtocol, AReaderGetsInWhereverTheWriterGivesBack) {
  const int slept = perform({take, &directed_lock::lock_shared, {give_back}, leave});
  EXPECT_GT(slept, 0);
}

TEST(RwLockProtocol, AReaderGetsInThoughWritersAndReadersComeAndGo) {
  const int slept =
      perform({take, &directed_lock::lock_shared, {give_back, write_if_free, read_if_open}, leave});
  EXPECT_GT(slept, 0);
}

TEST(RwLockProtocol, AWriterGetsInWhereverAnotherOneGivesBack) {
  const int slept = perform({take, &directed_lock::lock, {give_back}, give_back});
  EXPECT_GT(slept, 0);
}

TEST(RwLockProtocol, AWriterGetsInThoughWritersAndReadersComeAndGo) {
  const int slept =
      perform({take, &directed_lock::lock, {give_back, write_if_free, read_if_open}, give_back});
  EXPECT_GT(slept, 0);
}

// The second writer takes the lock anew before the first one, just woken, has looked.
TEST(RwLockProtocol, AWriterWokenInVainIsWokenAgain) {
  bool again = false;
  const int slept = perform({take,
                             &directed_lock::lock,
                             {[&](directed_lock& m) {
                                m.unlock();
                                again = m.try_lock();
                              },
                              [&](directed_lock& m) {
                                if (again) m.unlock();
                              }},
                             give_back});
  EXPECT_GT(slept, 0);
}

TEST(RwLockProtocol, NobodyGetsInByWakingEarly) {
  for (const auto call : {&directed_lock::lock, &directed_lock::lock_shared}) {
    directed_lock m;
    ASSERT_TRUE(m.try_lock());
    bool given_back = false;
    scene stage;
    stage.run(
        [&] {
          (m.*call)();
          EXPECT_TRUE(given_back);
        },
        {scene::wake_early, scene::wake_early,
         [&] {
           given_back = true;
           m.unlock();
         }},
        {1000, 1000, 1000});
    EXPECT_EQ(stage.sleeps, 3);
  }

  directed_lock m;
  ASSERT_TRUE(m.try_lock_shared());
  bool left = false;
  scene stage;
  stage.run(
      [&] {
        m.lock();
        EXPECT_TRUE(left);
      },
      {scene::wake_early, scene::wake_early,
       [&] {
         left = true;
         m.unlock_shared();
       }},
      {1000, 1000, 1000});
  EXPECT_EQ(stage.sleeps, 3);
}

// unlock() lets the readers of the queue in: the lock is theirs before they have looked.
TEST(RwLockProtocol, TheLockIsTheQueuedReadersAtTheUnlock) {
  bool barged = false;
  perform({take,
           &directed_lock::lock_shared,
           {[&](directed_lock& m) {
             m.unlock();
             // Only when the reader has not asked yet may a writer be next.
             barged = m.try_lock();
             if (barged) m.unlock();
           }},
           leave});

  directed_lock m;
  ASSERT_TRUE(m.try_lock());
  scene stage;
  barged = true;
  stage.run([&] { m.lock_shared(); }, {[&] {
              m.unlock();
              barged = m.try_lock();
            }},
            {1000});
  EXPECT_EQ(stage.sleeps, 1);
  EXPECT_FALSE(barged);
  m.unlock_shared();
  expect_free(m);
}

// Another writer is always quicker. Sixteen times; then the lock is handed over.
TEST(RwLockProtocol, AWriterPassedTooOftenIsHandedTheLock) {
  directed_lock m;
  ASSERT_TRUE(m.try_lock());
  int passed = 0;
  bool handed_over = false;
  scene stage;
  const auto pass = [&] {
    if (handed_over) return;
    m.unlock();
    if (m.try_lock()) {
      ++passed;
    } else {
      handed_over = true;
    }
  };

  stage.run([&] { m.lock(); }, std::vector<std::function<void()>>(100, pass),
            std::vector<int>(100, 100'000));

  EXPECT_TRUE(handed_over);
  EXPECT_EQ(passed, 16);
  EXPECT_FALSE(m.try_lock_shared());
  m.unlock();
  expect_free(m);
}

// A reader that comes after the writer asked for the handover goes first all the same.
TEST(RwLockProtocol, AHandoverLetsTheQueuedReadersGoFirst) {
  directed_lock m;
  ASSERT_TRUE(m.try_lock());
  std::vector<std::function<void()>> others(16, [&] {
    m.unlock();
    ASSERT_TRUE(m.try_lock());
  });
  others.emplace_back([&] {
    scene reader;
    reader.run([&] { m.lock_shared(); }, {[&] { m.unlock(); }}, {1000});
    EXPECT_EQ(reader.sleeps, 1);
  });
  bool reader_left = false;
  others.emplace_back([&] {
    EXPECT_FALSE(m.try_lock());
    EXPECT_FALSE(m.try_lock_shared());
    reader_left = true;
    m.unlock_shared();
  });
  const std::vector<int> as_late_as_can_be(others.size(), 100'000);

  scene stage;
  stage.run(
      [&] {
        m.lock();
        EXPECT_TRUE(reader_left);
      },
      others, as_late_as_can_be);

  EXPECT_FALSE(m.try_lock_shared());
  m.unlock();
  expect_free(m);
}

// ---- threads, watched ------------------------------------------------------------------------

struct watched_platform {
  template <class T>
  using atomic = std::atomic<T>;
  using word = atomic<std::uint32_t>;

  static constexpr int looks = 1;
  static constexpr int patience = 16;
  inline static std::array<std::atomic<int>, 5> asleep{};  // by the value of `sleepers`

  static std::atomic<int>& asleep_as(sleepers who) { return asleep[static_cast<std::size_t>(who)]; }

  static void sleep_on(const word& w, std::uint32_t value, sleepers who) {
    ++asleep_as(who);
    gomap::detail::sleep_on(w, value, who);
    --asleep_as(who);
  }
  static void wake_one(const word& w, sleepers who) { gomap::detail::wake_one(w, who); }
  static void wake_all(const word& w, sleepers who) { gomap::detail::wake_all(w, who); }
  static void pause() {}
  [[noreturn]] static void misuse(gomap::misuse_kind kind) {
    throw std::logic_error(std::string(gomap::text(kind)));
  }

  static void await_asleep(int count, sleepers who) {
    while (asleep_as(who) != count) std::this_thread::yield();
  }
};

using watched_lock = rw_lock<watched_platform>;

// The readers stay in until the test has looked around, so what it finds is no matter of luck.
TEST(RwLockThreads, UnlockLetsAllQueuedReadersGoBeforeTheQueuedWriters) {
  watched_lock m;
  for (int round = 0; round < 4; ++round) {
    m.lock();
    std::atomic<int> readers_in{0};
    std::atomic<int> writers_in{0};
    std::latch look_around(1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        m.lock();
        ++writers_in;
        EXPECT_EQ(readers_in, 3);
        m.unlock();
      });
    }
    watched_platform::await_asleep(2, sleepers::writers);
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        m.lock_shared();
        ++readers_in;
        look_around.wait();
        EXPECT_EQ(writers_in, 0);
        m.unlock_shared();
      });
    }
    watched_platform::await_asleep(3, sleepers::readers);

    m.unlock();
    EXPECT_FALSE(m.try_lock());
    while (readers_in != 3) std::this_thread::yield();
    // One of the writers was woken as well, and keeps newcomers out from now on.
    while (m.try_lock_shared()) {
      m.unlock_shared();
      std::this_thread::yield();
    }
    EXPECT_EQ(writers_in, 0);
    look_around.count_down();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(writers_in, 2);
  }
}

}  // namespace rw_lock_test
