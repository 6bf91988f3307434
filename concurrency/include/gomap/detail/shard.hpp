// shard.hpp -- one part of a concurrent map: a table, its lock, and the number that tells readers
// without a lock whether the table has changed under them.
//
// The sequence is odd while a write is under way and higher by two afterwards. In C++'s terms:
//
//   writer   sequence + 1, relaxed    every word of the table, release    sequence + 2, release
//   reader   sequence, acquire        every word of the table, acquire    sequence, relaxed
//
// A reader that saw any word of a write thereby sees the odd number that went before it, and reads
// again. Writers keep each other out by the lock; the sequence is for readers alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <gomap/misuse.hpp>

namespace gomap::detail {

class sequence {
 public:
  // What a read starts with; odd if a write is under way.
  [[nodiscard]] std::uint64_t begin_read() const noexcept {
    // acquire: pairs with end_write(), so that all of the last write is visible.
    return number_.load(std::memory_order_acquire);
  }
  // Whether no write has begun since begin_read() returned `seen`.
  [[nodiscard]] bool unchanged(std::uint64_t seen) const noexcept {
    // relaxed: the acquire loads of what was read keep this one behind them.
    return number_.load(std::memory_order_relaxed) == seen;
  }

  // Marks a write, from construction to destruction.  Requires: the shard's lock.
  class [[nodiscard]] write_section {
   public:
    explicit write_section(sequence& s) noexcept : sequence_(s) {
      // relaxed, both: only the holder of the lock writes, and the release stores of the table keep
      // this one before them.
      const std::uint64_t now = s.number_.load(std::memory_order_relaxed);
      s.number_.store(now + 1, std::memory_order_relaxed);
    }
    write_section(const write_section&) = delete;
    write_section& operator=(const write_section&) = delete;
    ~write_section() {
      // relaxed: as above. release: pairs with begin_read().
      const std::uint64_t now = sequence_.number_.load(std::memory_order_relaxed);
      sequence_.number_.store(now + 1, std::memory_order_release);
    }

   private:
    sequence& sequence_;
  };

 private:
  std::atomic<std::uint64_t> number_{0};
};

// The sequence of a shard that nobody reads without a lock.
class no_sequence {
 public:
  class [[nodiscard]] write_section {
   public:
    explicit constexpr write_section(no_sequence&) noexcept {}
    write_section(const write_section&) = delete;
    write_section& operator=(const write_section&) = delete;
    constexpr ~write_section() {}  // not trivial, so that an unused section is no warning
  };
};

// Who holds a shard's lock alone, for reports: thread number and operation, as misuse.hpp packs
// them; 0 for nobody.
class lock_holder {
 public:
  void set(operation op) noexcept {
    // relaxed: for reports only; it orders nothing.
    word_.store(this_thread_number() << 8 | static_cast<std::uint32_t>(op),
                std::memory_order_relaxed);
  }
  void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: as above
  [[nodiscard]] std::uint32_t thread() const noexcept {
    return word_.load(std::memory_order_relaxed) >> 8;  // relaxed: as above
  }
  [[nodiscard]] operation doing() const noexcept {
    return static_cast<operation>(word_.load(std::memory_order_relaxed) &
                                  0xff);  // relaxed: as above
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

inline constexpr std::size_t cache_line_bytes = 64;

// Cache lines of its own: what a reader looks at is on the first of them, with the sequence.
template <class Table, class Sequence, class Mutex>
struct alignas(cache_line_bytes) shard {
  explicit shard(const typename Table::allocator_type& allocator) noexcept : table(allocator) {}

  [[no_unique_address]] Sequence seq;
  Table table;
  Mutex mutex;
  lock_holder holder;
};

}  // namespace gomap::detail
