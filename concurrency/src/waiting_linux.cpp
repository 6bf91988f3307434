// waiting_linux.cpp -- sleeping and waking by futex.
//
// A futex keeps a set of bits for each sleeper, and wakes those that have a bit in common with the
// waker. So readers and writers sleep on one word and can be woken separately.
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gomap/detail/waiting.hpp>

namespace gomap::detail {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t) &&
                  std::atomic<std::uint32_t>::is_always_lock_free,
              "the kernel reads the word as it lies in memory");

// Errors are ignored: each means that a wait ended early or that there was no sleeper to wake. But
// errno is restored: no caller expects a lock to change it.
void futex(const std::atomic<std::uint32_t>& word, int command, std::uint32_t value,
           sleepers who) noexcept {
  const int callers_errno = errno;
  ::syscall(SYS_futex, &word, command | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr,
            static_cast<std::uint32_t>(who));
  errno = callers_errno;
}

}  // namespace

void sleep_on(const std::atomic<std::uint32_t>& word, std::uint32_t value, sleepers who) noexcept {
  futex(word, FUTEX_WAIT_BITSET, value, who);
}

void wake_one(const std::atomic<std::uint32_t>& word, sleepers who) noexcept {
  futex(word, FUTEX_WAKE_BITSET, 1, who);
}

void wake_all(const std::atomic<std::uint32_t>& word, sleepers who) noexcept {
  futex(word, FUTEX_WAKE_BITSET, INT_MAX, who);
}

}  // namespace gomap::detail
