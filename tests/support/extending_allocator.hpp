// extending_allocator.hpp -- an allocator whose blocks grow in place, small ones too.
//
//   | bytes asked for                | room: canaries                       |
//   p                                p + bytes                              p + bytes * room_factor
//
// Each block is allocated with room behind it, into which try_extend() lets it grow. What is fresh,
// extended into, discarded or given back holds garbage, so reading what nobody wrote shows; a write
// into the room, a wrong size and a leak are noted in the ledger, which all copies share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <new>
#include <type_traits>

namespace support {

class extension_ledger {
 public:
  static constexpr unsigned char fresh = 0xA5;
  static constexpr unsigned char canary = 0xC3;
  static constexpr unsigned char gone = 0x5A;

  // Each block gets room to grow to `room_factor` times its size; one means no room.
  explicit extension_ledger(std::size_t room_factor = 4) noexcept : room_factor_(room_factor) {}
  extension_ledger(const extension_ledger&) = delete;
  extension_ledger& operator=(const extension_ledger&) = delete;

  // Holds for the blocks allocated from now on.
  void set_room_factor(std::size_t factor) noexcept { room_factor_ = factor; }
  // Until lifted, no block is extended.
  void refuse_extends(bool refuse) noexcept { refuse_extends_ = refuse; }

  [[nodiscard]] std::size_t allocations() const noexcept { return allocations_; }
  // Calls of try_extend() that returned true, and those that returned false.
  [[nodiscard]] std::size_t extends() const noexcept { return extends_; }
  [[nodiscard]] std::size_t refused_extends() const noexcept { return refused_extends_; }
  [[nodiscard]] std::size_t discards() const noexcept { return discards_; }
  [[nodiscard]] std::size_t live_blocks() const noexcept { return live_.size(); }
  [[nodiscard]] std::size_t bytes_in_use() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t bytes_peak() const noexcept { return peak_; }
  // Calls with a block or a size that the ledger does not know, and blocks written past their end.
  [[nodiscard]] std::size_t mistakes() const noexcept { return mistakes_; }
  [[nodiscard]] bool balanced() const noexcept { return live_.empty() && mistakes_ == 0; }

  void* allocate(std::size_t bytes, std::size_t alignment) {
    if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) / room_factor_) {
      throw std::bad_array_new_length();
    }
    const std::size_t room = bytes * room_factor_;
    auto* const p = static_cast<unsigned char*>(::operator new(room, std::align_val_t(alignment)));
    std::memset(p, fresh, bytes);
    std::memset(p + bytes, canary, room - bytes);
    live_[p] = {bytes, room};
    ++allocations_;
    count(bytes);
    return p;
  }

  void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
    const auto found = find(p, bytes);
    if (found == live_.end()) return;
    bytes_ -= bytes;
    std::memset(p, gone, found->second.room);
    live_.erase(found);
    ::operator delete(p, std::align_val_t(alignment));
  }

  bool try_extend(void* p, std::size_t old_bytes, std::size_t new_bytes) noexcept {
    const auto found = find(p, old_bytes);
    if (found == live_.end()) return false;
    if (new_bytes < old_bytes) ++mistakes_;
    if (refuse_extends_ || new_bytes < old_bytes || new_bytes > found->second.room) {
      ++refused_extends_;
      return false;
    }
    std::memset(static_cast<unsigned char*>(p) + old_bytes, fresh, new_bytes - old_bytes);
    found->second.bytes = new_bytes;
    ++extends_;
    count(new_bytes - old_bytes);
    return true;
  }

  void discard(void* p, std::size_t bytes) noexcept {
    ++discards_;
    auto found = live_.upper_bound(p);
    if (found == live_.begin() || !(--found, ends_within(p, bytes, found->first, found->second))) {
      ++mistakes_;
      return;
    }
    std::memset(p, gone, bytes);
  }

 private:
  struct block {
    std::size_t bytes;
    std::size_t room;
  };
  using blocks = std::map<void*, block, std::less<>>;

  static bool ends_within(const void* p, std::size_t bytes, const void* start, const block& b) {
    const auto at =
        static_cast<std::size_t>(static_cast<const char*>(p) - static_cast<const char*>(start));
    return at <= b.bytes && bytes <= b.bytes - at;
  }

  // The block, if it has this size; looks at its canaries.
  blocks::iterator find(void* p, std::size_t bytes) noexcept {
    const auto found = live_.find(p);
    if (found == live_.end() || found->second.bytes != bytes) {
      ++mistakes_;
      return live_.end();
    }
    const auto* const start = static_cast<const unsigned char*>(p);
    const bool whole = std::all_of(start + bytes, start + found->second.room,
                                   [](unsigned char byte) { return byte == canary; });
    if (!whole) ++mistakes_;
    return found;
  }

  void count(std::size_t more) noexcept {
    bytes_ += more;
    peak_ = std::max(peak_, bytes_);
  }

  blocks live_;
  std::size_t room_factor_;
  bool refuse_extends_ = false;
  std::size_t allocations_ = 0;
  std::size_t extends_ = 0;
  std::size_t refused_extends_ = 0;
  std::size_t discards_ = 0;
  std::size_t mistakes_ = 0;
  std::size_t bytes_ = 0;
  std::size_t peak_ = 0;
};

template <class T>
class extending_allocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using is_always_equal = std::false_type;

  explicit extending_allocator(extension_ledger& ledger) noexcept : ledger_(&ledger) {}
  template <class U>
  extending_allocator(const extending_allocator<U>& other) noexcept : ledger_(&other.ledger()) {}

  [[nodiscard]] T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(ledger_->allocate(n * sizeof(T), alignof(T)));
  }
  void deallocate(T* p, std::size_t n) noexcept {
    ledger_->deallocate(p, n * sizeof(T), alignof(T));
  }
  [[nodiscard]] bool try_extend(T* p, std::size_t old_n, std::size_t new_n) noexcept {
    if (new_n > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T)) return false;
    return ledger_->try_extend(p, old_n * sizeof(T), new_n * sizeof(T));
  }
  void discard(void* p, std::size_t bytes) noexcept { ledger_->discard(p, bytes); }

  [[nodiscard]] extension_ledger& ledger() const noexcept { return *ledger_; }

  template <class U>
  friend bool operator==(const extending_allocator& a, const extending_allocator<U>& b) noexcept {
    return &a.ledger() == &b.ledger();
  }

 private:
  extension_ledger* ledger_;  // borrowed: outlives every container that uses it
};

}  // namespace support
