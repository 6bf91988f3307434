// rw_mutex.hpp -- a lock that one writer holds alone, or any number of readers together.
//
// Go's sync.RWMutex with the interface of std::shared_mutex: std::unique_lock, std::shared_lock and
// std::scoped_lock work with it. Eight bytes. Without contention, lock and unlock take one atomic
// operation each. A thread that has to wait spins for about a microsecond, then sleeps in the
// kernel.
//
// Promises
//   * A writer that waits keeps new readers out: readers cannot starve writers.
//   * unlock() admits all readers that wait by then before the next writer: writers cannot starve
//     readers.
//   * A writer may overtake one that waits. One that has been woken sixteen times in vain is next.
//   * What is written before an unlock() is visible after every later lock() or lock_shared(); what
//     is read before an unlock_shared() is read before any later lock() returns.
//   * No thread owns a lock: another thread may unlock it.
// A thread that takes a shared lock twice deadlocks if a writer comes in between. A thread that
// holds a shared lock and calls lock() deadlocks: there is no upgrade, and no downgrade.
// How it works: detail/rw_lock.hpp.
#pragma once

#include <atomic>
#include <cstdint>

#include <gomap/detail/rw_lock.hpp>
#include <gomap/detail/waiting.hpp>
#include <gomap/misuse.hpp>

namespace gomap {

namespace detail {

// The Platform of rw_lock outside a model checker.
struct native_platform {
  template <class T>
  using atomic = std::atomic<T>;

  // How often a thread looks at a word, with a pause each time, before it goes to sleep: about a
  // microsecond. Between 10 and 1000 throughput is the same; more takes time from other threads.
  static constexpr int looks = 40;
  // How often a writer is woken in vain before the lock is handed over to it. If that were done
  // each time, each lock would cost a context switch; if never, a writer could be overtaken for
  // ever.
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

// SharedLockable. Any thread may call any member at any time, but the destructor: then no lock may
// be held or waited for. At most 2^27 - 1 shared locks at once.
class rw_mutex final {
 public:
  constexpr rw_mutex() noexcept = default;
  rw_mutex(const rw_mutex&) = delete;
  rw_mutex& operator=(const rw_mutex&) = delete;

  // Takes the lock alone. Keeps new readers out from now on, and waits for those that hold it.
  // Requires: this thread holds no lock here.
  void lock() { lock_.lock(); }

  // Takes the lock if nobody holds it, neither shared nor alone. Never waits.
  [[nodiscard]] bool try_lock() { return lock_.try_lock(); }

  // Admits all waiting readers, or if there are none the next writer.
  // Misuse: no writer holds the lock. It is found, named and fatal.
  void unlock() { lock_.unlock(); }

  // Takes a shared lock. Waits while a writer holds the lock or waits for it.
  // Requires: this thread holds no lock here.
  void lock_shared() { lock_.lock_shared(); }

  // Takes a shared lock unless a writer holds the lock or waits for it. Never waits.
  [[nodiscard]] bool try_lock_shared() { return lock_.try_lock_shared(); }

  // Misuse: no reader holds the lock. It is found, named and fatal, unless readers wait for a
  // writer.
  void unlock_shared() { lock_.unlock_shared(); }

 private:
  detail::rw_lock<detail::native_platform> lock_;
};

static_assert(sizeof(rw_mutex) == 8, "it stands beside a shard's words on one cache line");

}  // namespace gomap
