// seed.hpp -- random numbers for seeds and starts of iteration: cheap, and different in every
// process, children of fork() included.
//
// Any number of threads may call all of it at once, before and after main() as well.
// Not for secrets that must withstand an attacker who sees other output.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gomap/config.hpp>
#include GOMAP_MULTIPLY_HEADER

namespace gomap::detail {

// Found by search: of a million random odd numbers the one that leaves the fewest keys beyond their
// bucket's eight slots, and the fewest false tophashes, in the worst of 800 sets of related keys
// (steps, grids, rotations, bit masks; 2^7 to 2^13 buckets at full load). That worst is 0.19 of
// the keys; for the golden ratio's bits it is 0.88. hash_test's multiplier tests go red for those.
inline constexpr std::uint64_t mix_multiplier = 0x85d63b69931b54d9;

// The low half of a * b, xor its high half.
[[nodiscard]] constexpr std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
  return GOMAP_MULTIPLY::fold(a, b);
}

// Fills `size` bytes from the system's random device. Without one: from the clock and from
// addresses that differ from run to run. Slow.
void random_bytes(void* to, std::size_t size) noexcept;

// A seed for a map, made from a random number of the process and a counter. A few nanoseconds.
[[nodiscard]] std::uint64_t random_seed() noexcept;

// Where an iteration starts: the next number of a sequence of this thread. About a nanosecond.
[[nodiscard]] std::uint64_t random_start() noexcept;

// The state of random_start(); 0 before the first use.
inline constinit thread_local std::uint64_t start_state = 0;

// ---- bodies, in the order above ------------------------------------------------------------

inline std::uint64_t random_start() noexcept {
  if (start_state == 0) [[unlikely]]
    start_state = random_seed();
  start_state += mix_multiplier;  // odd, so every value is passed before one comes again
  return multiply_fold(start_state ^ (start_state >> 32), mix_multiplier);
}

}  // namespace gomap::detail
