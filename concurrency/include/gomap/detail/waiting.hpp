// waiting.hpp -- how a thread waits for a word to change: it spins a moment, then sleeps in the
// kernel.
//
// One source file of src/ implements the kernel's part: waiting_linux.cpp, on futexes, or
// waiting_portable.cpp, on std::atomic's own waiting. Another implements pause(), by processor.
// The build picks the files; nothing here differs. All are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace gomap::detail {

// The kinds of sleepers, one bit each: a waker of a word may wake some kinds only.
enum class sleepers : std::uint32_t { readers = 1, writers = 2, next_writer = 4 };

// Sleeps until a waker of `word` wakes `who`. Returns at once if `word` does not hold `value`: for
// wakers, the test and falling asleep are one step. May return early for no reason.
void sleep_on(const std::atomic<std::uint32_t>& word, std::uint32_t value, sleepers who) noexcept;

// wake_one() wakes at least one of `who` on `word`, if there is one; wake_all() wakes all of them.
// They may wake others too. They use only the address of the word, which may not exist any more.
void wake_one(const std::atomic<std::uint32_t>& word, sleepers who) noexcept;
void wake_all(const std::atomic<std::uint32_t>& word, sleepers who) noexcept;

// Tells the processor that this thread is in a spin loop.
void pause() noexcept;

}  // namespace gomap::detail
