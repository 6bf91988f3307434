// waiting_portable.cpp -- sleeping and waking by std::atomic, for systems without futexes.
//
// std::atomic cannot tell sleepers apart, so every wake wakes all. That is correct, since sleepers
// look again, but slower with many of them.
#include <atomic>
#include <cstdint>

#include <gomap/detail/waiting.hpp>

namespace gomap::detail {

void sleep_on(const std::atomic<std::uint32_t>& word, std::uint32_t value, sleepers) noexcept {
  // relaxed: the caller looks again, with a load of its own that has the order it needs.
  word.wait(value, std::memory_order_relaxed);
}

void wake_one(const std::atomic<std::uint32_t>& word, sleepers who) noexcept {
  wake_all(word, who);
}

void wake_all(const std::atomic<std::uint32_t>& word, sleepers) noexcept {
  // The cast is sound: no word that threads sleep on is a const object.
  const_cast<std::atomic<std::uint32_t>&>(word).notify_all();
}

}  // namespace gomap::detail
