// entry_numbers.hpp -- numbers for the entries that only a number tells apart.
//
// An entry of a head is known by its slot, which no evacuation changes, and by that slot's life. An
// entry that was put into an overflow bucket is known by its hash. It gets a number in two cases:
//   * another entry known by its hash has the same hash: NaNs, keys whose hashes collide;
//   * an erased one may have had the same hash: its key comes to an overflow bucket again.
// The former must have one, or a walk could not tell them apart. For the latter there is room for a
// few thousand; beyond that, an iterator may take a later entry with the same key for its own.
// Most tables never number anything.
//
//   block:  capacity | size | last number | -     then records {slot, number}, searched linearly
//
// Not thread-safe; any number of threads may ask at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <gomap/detail/seed.hpp>

namespace gomap::detail {

// A hash table from the addresses of slots to numbers. The allocator is an argument of the
// functions that need it; it must always be an equal one.
template <class Allocator>
class entry_numbers {
 public:
  entry_numbers() noexcept = default;
  entry_numbers(const entry_numbers&) = delete;
  entry_numbers& operator=(const entry_numbers&) = delete;

  // The number of the entry in `slot`; 0 if it has none. O(1).
  [[nodiscard]] std::uint64_t number_of(const void* slot) const noexcept {
    if (block_ == nullptr) [[likely]]
      return 0;
    return at(find(slot)).number;
  }
  // Whether there is room for one more entry of the second case above.
  [[nodiscard]] bool room() const noexcept { return size() < most_that_may_need; }

  // Numbers the entry that is, or is about to be, in `slot`. O(1) amortised.
  // Throws: what the allocator throws; nothing has changed then.
  void add(const Allocator& allocator, const void* slot) {
    if (block_ == nullptr || 4 * (block_->size + 1) > 3 * block_->capacity) grow(allocator);
    put(slot, ++block_->last);
  }
  // Notes that the entry of slot `from` is in `to` now. Does nothing if it has no number. O(1).
  void move(const void* from, const void* to) noexcept {
    if (const std::uint64_t number = number_of(from)) {
      remove(from);
      put(to, number);
    }
  }
  // Notes that the entry in `slot` has been erased. Does nothing if it has no number. O(1).
  void remove(const void* slot) noexcept {
    if (block_ == nullptr) [[likely]]
      return;
    std::size_t hole = find(slot);
    if (at(hole).slot == nullptr) return;
    // Records behind the hole that a search would not find beyond it move up.
    for (std::size_t i = next(hole); at(i).slot != nullptr; i = next(i)) {
      if (distance(home(at(i).slot), i) < distance(hole, i)) continue;
      at(hole) = at(i);
      hole = i;
    }
    at(hole) = {};
    --block_->size;
  }
  // Forgets all numbers, and gives their memory back.
  void forget(const Allocator& allocator) noexcept {
    if (block_ != nullptr) deallocate(allocator, std::exchange(block_, nullptr));
  }

  void swap(entry_numbers& other) noexcept { std::swap(block_, other.block_); }

  [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
  // The memory of the records.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return block_ == nullptr ? 0 : units_for(block_->capacity) * sizeof(record);
  }

 private:
  struct record {
    const void* slot = nullptr;  // null: free
    std::uint64_t number = 0;
  };
  struct header {
    std::size_t capacity;  // a power of two
    std::size_t size = 0;
    std::uint64_t last = 0;
  };
  using unit_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<record>;

  static constexpr std::size_t most_that_may_need = 8192;
  static constexpr std::size_t least_capacity = 16;
  static constexpr std::size_t header_units =
      (sizeof(header) + sizeof(record) - 1) / sizeof(record);

  static constexpr std::size_t units_for(std::size_t capacity) noexcept {
    return header_units + capacity;
  }
  [[nodiscard]] record& at(std::size_t i) const noexcept {
    return (reinterpret_cast<record*>(block_) + header_units)[i];
  }
  [[nodiscard]] std::size_t next(std::size_t i) const noexcept {
    return (i + 1) & (block_->capacity - 1);
  }
  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
    return (to - from) & (block_->capacity - 1);
  }
  [[nodiscard]] std::size_t home(const void* slot) const noexcept {
    const std::uint64_t hash =
        multiply_fold(reinterpret_cast<std::uintptr_t>(slot), mix_multiplier);
    return static_cast<std::size_t>(hash) & (block_->capacity - 1);
  }
  // Where the slot's record is, or the free one where it would be.
  [[nodiscard]] std::size_t find(const void* slot) const noexcept {
    std::size_t i = home(slot);
    while (at(i).slot != nullptr && at(i).slot != slot) i = next(i);
    return i;
  }
  // Requires: the slot has no record, and there is a free one besides.
  void put(const void* slot, std::uint64_t number) noexcept {
    at(find(slot)) = {slot, number};
    ++block_->size;
  }

  void grow(const Allocator& allocator) {
    const std::size_t capacity = block_ == nullptr ? least_capacity : 2 * block_->capacity;
    unit_allocator from(allocator);
    record* const raw =
        std::to_address(std::allocator_traits<unit_allocator>::allocate(from, units_for(capacity)));
    for (std::size_t i = 0; i < capacity; ++i) {
      ::new (static_cast<void*>(raw + header_units + i)) record{};
    }
    entry_numbers old;
    old.block_ = std::exchange(block_, ::new (static_cast<void*>(raw)) header{capacity});
    if (old.block_ == nullptr) return;
    block_->last = old.block_->last;
    for (std::size_t i = 0; i < old.block_->capacity; ++i) {
      if (old.at(i).slot != nullptr) put(old.at(i).slot, old.at(i).number);
    }
    old.forget(allocator);
  }
  static void deallocate(const Allocator& allocator, header* block) noexcept {
    unit_allocator to(allocator);
    const std::size_t units = units_for(block->capacity);
    std::allocator_traits<unit_allocator>::deallocate(to, reinterpret_cast<record*>(block), units);
  }

  header* block_ = nullptr;
};

// For tables whose entries need no numbers.
struct no_entry_numbers {};

}  // namespace gomap::detail
