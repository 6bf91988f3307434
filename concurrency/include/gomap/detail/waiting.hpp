// waiting.hpp -- how a thread waits for a word to change: a moment awake, or in the kernel.
//
// One source file of src/ implements the kernel's part: waiting_linux.cpp, on futexes, or
// waiting_portable.cpp, on std::atomic's own waiting. Another implements pause(), by processor.
// The build picks the files; nothing here differs. All are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace gomap::detail {

// Who sleeps: wakers of one word may call a part of its sleepers. A bit each.
enum class sleepers : std::uint32_t { readers = 1, writers = 2, next_writer = 4 };

// Sleeps until a waker calls `who` on `word`. Returns at once when `word` does not hold `value`:
// the test and falling asleep are one step to every waker. May return early, for no reason.
void sleep_on(const std::atomic<std::uint32_t>& word, std::uint32_t value, sleepers who) noexcept;

// Wakes at least one of `who` on `word`, when there is one, or all of them. May wake others too.
// Touches the word's address only: the word may be gone.
void wake_one(const std::atomic<std::uint32_t>& word, sleepers who) noexcept;
void wake_all(const std::atomic<std::uint32_t>& word, sleepers who) noexcept;

// Tells the processor that this thread does nothing but look at a word again and again.
void pause() noexcept;

}  // namespace gomap::detail
