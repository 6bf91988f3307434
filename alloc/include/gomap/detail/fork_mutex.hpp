// fork_mutex.hpp -- a mutex that a child of fork() finds free, and what it guards whole.
//
// fork() copies the thread that calls it and no other. A mutex that another thread holds at that
// moment would stay locked in the child, and what it guards half changed. So fork() waits until it
// has locked every fork_mutex, and lets go of them when it is done, in the parent and in the child.
// Meanwhile the thread in fork() passes all of them: handlers that others have given to
// pthread_atfork() may use maps, too.
//
//   this copy's list:   newest -> ... -> oldest      locked in this order
//
// What may be held while another is locked is made after that and goes before it. So it comes first
// in the list of that one, be it another copy's, and the order is that in which threads lock.
#pragma once

#include <atomic>
#include <cerrno>
#include <mutex>

namespace gomap::detail {

// A mutex that lets through the thread that holds it for fork().
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
  // Does nothing to one that is not held.
  void let_go() noexcept;

 private:
  // The address of errno is a thread's own. It is the same for every copy of the library, and in
  // the child that the thread becomes.
  [[nodiscard]] bool pass() noexcept {
    // relaxed: only the thread that stored its own address finds it.
    if (holder_.load(std::memory_order_relaxed) != &errno) return false;
    ++passes_;
    return true;
  }

  std::mutex mutex_;
  std::atomic<const int*> holder_{nullptr};  // the thread that holds it for fork()
  int passes_ = 0;                           // how often that has locked it since
};

struct fork_list;

// All members may be called from any thread. Lockable, as the standard has it.
class fork_mutex {
 public:
  fork_mutex() noexcept : fork_mutex(nullptr) {}
  // One that may be held while `inner`, which outlives it, is locked.
  explicit fork_mutex(fork_mutex& inner) noexcept : fork_mutex(&inner) {}
  // Requires: it is not locked, but by fork().
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
