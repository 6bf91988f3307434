// counting_mutex.hpp -- a shared mutex that counts how often it is asked for, over all of its kind.
#pragma once

#include <atomic>
#include <cstdint>

#include <gomap/rw_mutex.hpp>

namespace support {

class counting_mutex {
 public:
  // Calls of any locking member, counted before it waits.
  [[nodiscard]] static std::uint64_t calls() noexcept {
    return calls_.load(std::memory_order_acquire);
  }

  void lock() {
    count();
    mutex_.lock();
  }
  bool try_lock() {
    count();
    return mutex_.try_lock();
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    count();
    mutex_.lock_shared();
  }
  bool try_lock_shared() {
    count();
    return mutex_.try_lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  static void count() noexcept {
    calls_.fetch_add(1, std::memory_order_release);
    calls_.notify_all();
  }

  static inline std::atomic<std::uint64_t> calls_{0};
  gomap::rw_mutex mutex_;

 public:
  // Waits until there have been `n` calls.
  static void await(std::uint64_t n) noexcept {
    for (auto seen = calls(); seen < n; seen = calls()) {
      calls_.wait(seen, std::memory_order_acquire);
    }
  }
};

}  // namespace support
