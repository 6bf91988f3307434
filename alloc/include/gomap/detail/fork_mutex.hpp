// fork_mutex.hpp -- a mutex that is free in a child of fork(), and whose data is whole there.
//
// fork() copies only the thread that calls it. A mutex that another thread holds at that moment
// would stay locked in the child, and its data half changed. So fork() first locks every
// fork_mutex, and unlocks them afterwards, in the parent and in the child. Meanwhile lock() in the
// thread that forks returns at once: handlers that others have given to pthread_atfork() may use
// maps, too.
//
//   this copy's list:   newest -> ... -> oldest      locked in this order
//
// A mutex that may be held while an inner one is locked is made after the inner one and destroyed
// before it. It is put into the inner one's list, which may be another copy's, and so comes before
// it. So fork() locks them in the order in which threads do.
#pragma once

#include <atomic>
#include <cerrno>
#include <mutex>

namespace gomap::detail {

// A mutex whose lock() returns at once in the thread that holds it for fork().
class passable_mutex {
 public:
  constexpr passable_mutex() noexcept = default;

  void lock() {
    if (!try_lock()) mutex_.lock();
  }
  [[nodiscard]] bool try_lock() noexcept { return mutex_.try_lock() || pass(); }
  void unlock() {
    if (passes_ == 0) [[likely]] {
      mutex_.unlock();
    } else {
      --passes_;
    }
  }

  void hold_for_fork();
  // Unlocks it after fork(). Does nothing if it is not held for fork().
  void let_go() noexcept;

 private:
  // The address of errno identifies a thread. It is the same for every copy of the library, and in
  // the child that the thread becomes.
  [[nodiscard]] bool pass() noexcept {
    // relaxed: only the thread that stored its own address finds it.
    if (holder_.load(std::memory_order_relaxed) != &errno) return false;
    ++passes_;
    return true;
  }

  std::mutex mutex_;
  std::atomic<const int*> holder_{nullptr};  // the thread that holds it for fork()
  int passes_ = 0;                           // how often that thread has locked it since
};

struct fork_list;

// Any thread may call any member. Lockable, as the standard defines it.
class fork_mutex {
 public:
  fork_mutex() noexcept : fork_mutex(nullptr) {}
  // One that may be held while `inner`, which outlives it, is locked.
  explicit fork_mutex(fork_mutex& inner) noexcept : fork_mutex(&inner) {}
  // Requires: it is not locked, except by fork().
  ~fork_mutex();
  fork_mutex(const fork_mutex&) = delete;
  fork_mutex& operator=(const fork_mutex&) = delete;

  void lock() { mutex_.lock(); }
  [[nodiscard]] bool try_lock() noexcept { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  friend struct fork_list;
  explicit fork_mutex(fork_mutex* inner) noexcept;

  passable_mutex mutex_;
  std::atomic<fork_list*> list_{nullptr};  // null: its copy of the library is gone
  fork_mutex* newer_ = nullptr;
  fork_mutex* older_ = nullptr;
};

}  // namespace gomap::detail
