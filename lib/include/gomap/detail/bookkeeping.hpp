// bookkeeping.hpp -- what a table notes for its iterators and its statistics.
//
// Each comes as a class that notes and an empty one. Tables that threads share have no iterators,
// and a table that keeps all memory to its end is always at its peak. There the empty classes save
// a cache line in each shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace gomap::detail {

// Counters by which an iterator notices that its entry may be gone or elsewhere, or that its walk
// is over. While a stamp is equal, nothing of its kind has happened. Stamps belong to the table,
// not to its contents: a swap changes those of both sides.
class walk_stamps {
 public:
  constexpr walk_stamps() noexcept = default;

  // Changes whenever an entry may have left its slot: erased or moved.
  [[nodiscard]] std::uint32_t changes() const noexcept { return changes_; }
  // Changes whenever entries may have moved to other slots.
  [[nodiscard]] std::uint32_t moves() const noexcept { return moves_; }
  // Changes whenever the table has been emptied, shrunk or swapped: every walk is over.
  [[nodiscard]] std::uint32_t resets() const noexcept { return resets_; }

  void note_erasure() noexcept { ++changes_; }
  void note_move() noexcept {
    ++changes_;
    ++moves_;
  }
  void note_reset() noexcept {
    note_move();
    ++resets_;
  }

 private:
  std::uint32_t changes_ = 0;
  std::uint32_t moves_ = 0;
  std::uint32_t resets_ = 0;
};

class no_walk_stamps {
 public:
  static void note_erasure() noexcept {}
  static void note_move() noexcept {}
  static void note_reset() noexcept {}
};

// The most bytes that a table had reserved at any time.
class memory_peak {
 public:
  void note(std::size_t bytes) noexcept { bytes_ = std::max(bytes_, bytes); }
  // The peak, `now` being what is reserved now.
  [[nodiscard]] std::size_t with(std::size_t now) const noexcept { return std::max(bytes_, now); }

 private:
  std::size_t bytes_ = 0;
};

class no_memory_peak {
 public:
  static void note(std::size_t) noexcept {}
  [[nodiscard]] static std::size_t with(std::size_t now) noexcept { return now; }
};

}  // namespace gomap::detail
