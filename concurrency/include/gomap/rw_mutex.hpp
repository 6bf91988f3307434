// rw_mutex.hpp -- a lock that one writer holds alone, or any number of readers together.
//
// Go's sync.RWMutex in C++'s words: std::unique_lock, std::shared_lock and std::scoped_lock fit.
// Eight bytes; one atomic step to lock and one to unlock when nobody is in the way. Who has to wait
// looks a moment, then sleeps in the kernel.
//
// Promises
//   * A writer that waits keeps new readers out: readers cannot starve writers.
//   * unlock() lets all readers that wait by then in before the next writer: nor the reverse.
//   * Writers pass each other, but one that woke up sixteen times in vain is next.
//   * What is written before an unlock() is visible after every later lock() or lock_shared(); what
//     is read before an unlock_shared() is read before any later lock() returns.
//   * No thread owns a lock: another one may unlock what this one locked.
// A thread that takes a shared lock twice deadlocks when a writer comes in between, and so does one
// that wants a writer's lock on top of a reader's: there is no upgrade, and no downgrade.
// How it works: detail/rw_lock.hpp.
#pragma once

#include <atomic>
#include <cstdint>

#include <gomap/detail/rw_lock.hpp>
#include <gomap/detail/waiting.hpp>
#include <gomap/misuse.hpp>

namespace gomap {

namespace detail {

// What rw_lock stands on outside a model checker.
struct native_platform {
  template <class T>
  using atomic = std::atomic<T>;

  // How often a word is looked at, with a pause each time, before its thread goes to sleep: about a
  // microsecond. Between 10 and 1000 throughput is the same; more is lost to sleeping neighbours.
  static constexpr int looks = 40;
  // How often a writer is woken in vain before it is handed the lock. Handing over each time would
  // cost a context switch a lock; never, a writer that is passed for ever.
  static constexpr int patience = 16;

  static void sleep_on(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                       sleepers who) noexcept {
    detail::sleep_on(word, value, who);
  }
  static void wake_one(const std::atomic<std::uint32_t>& word, sleepers who) noexcept {
    detail::wake_one(word, who);
  }
  static void wake_all(const std::atomic<std::uint32_t>& word, sleepers who) noexcept {
    detail::wake_all(word, who);
  }
  static void pause() noexcept { detail::pause(); }
  [[noreturn]] static void misuse(misuse_kind);
};

extern template class rw_lock<native_platform>;

}  // namespace detail

// SharedLockable. Any thread may call any member at any time, but the destructor: no lock may be
// held or asked for by then. At most 2^27 - 1 shared locks at once.
class rw_mutex final {
 public:
  constexpr rw_mutex() noexcept = default;
  rw_mutex(const rw_mutex&) = delete;
  rw_mutex& operator=(const rw_mutex&) = delete;

  // Waits for the readers that are in, and keeps new ones out from now on. Requires: this thread
  // holds no lock here.
  void lock() { lock_.lock(); }

  // Takes the lock if nobody holds it, neither shared nor alone. Never waits.
  [[nodiscard]] bool try_lock() { return lock_.try_lock(); }

  // Lets the waiting readers in, or else the next writer. Misuse: no writer holds the lock.
  // Detected, named, fatal.
  void unlock() { lock_.unlock(); }

  // Waits for a writer that is in or waits to get in. Requires: this thread holds no lock here.
  void lock_shared() { lock_.lock_shared(); }

  // Takes a shared lock unless a writer is in or waits to get in. Never waits.
  [[nodiscard]] bool try_lock_shared() { return lock_.try_lock_shared(); }

  // Misuse: no reader holds the lock. Detected, named, fatal, unless readers wait for a writer.
  void unlock_shared() { lock_.unlock_shared(); }

 private:
  detail::rw_lock<detail::native_platform> lock_;
};

static_assert(sizeof(rw_mutex) == 8, "it stands beside a shard's words on one cache line");

}  // namespace gomap
