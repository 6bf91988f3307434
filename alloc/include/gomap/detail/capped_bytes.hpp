// capped_bytes.hpp -- a number of bytes that threads raise and lower, never above a cap, and its
// peak.
//
// Bytes are claimed before memory is allocated. A claim that does not fit changes nothing, so it
// never makes another thread's claim fail that does fit.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace gomap::detail {

class capped_bytes {
 public:
  static constexpr std::size_t no_cap = std::numeric_limits<std::size_t>::max();

  explicit constexpr capped_bytes(std::size_t cap = no_cap) noexcept : cap_(cap) {}

  // relaxed, in all: numbers that are compared with each other; they order no other memory.

  [[nodiscard]] std::size_t now() const noexcept { return now_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t peak() const noexcept { return peak_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t cap() const noexcept { return cap_.load(std::memory_order_relaxed); }
  // If more is claimed already, every claim of more than 0 bytes fails.
  void set_cap(std::size_t bytes) noexcept { cap_.store(bytes, std::memory_order_relaxed); }

  // Adds `bytes`. False: they do not fit; nothing changed.
  [[nodiscard]] bool claim(std::size_t bytes) noexcept {
    const std::size_t limit = cap();
    std::size_t seen = now();
    do {
      if (bytes > limit || seen > limit - bytes) [[unlikely]]
        return bytes == 0;
    } while (!now_.compare_exchange_weak(seen, seen + bytes, std::memory_order_relaxed));
    return true;
  }

  // Call it when the memory for a claim has been allocated: only then the claim counts for the
  // peak.
  void note_peak() noexcept {
    const std::size_t reached = now();
    std::size_t seen = peak();
    // A lost race means that another thread stored a higher peak.
    while (seen < reached &&
           !peak_.compare_exchange_weak(seen, reached, std::memory_order_relaxed)) {
    }
  }

  void unclaim(std::size_t bytes) noexcept { now_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> now_{0};
  std::atomic<std::size_t> peak_{0};
  std::atomic<std::size_t> cap_;
};

}  // namespace gomap::detail
