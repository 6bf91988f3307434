// waiting_linux.cpp -- sleeping and waking by futex.
//
// A futex keeps a set of bits a sleeper, and wakes those that share one with the waker: that is how
// readers and writers sleep on one word and are woken apart.
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

// Errors need no care, each of them is a wait that ended early or a wake that found nobody; but the
// caller's errno does: nobody expects a lock to change it.
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
