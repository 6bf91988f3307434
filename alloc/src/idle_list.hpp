// idle_list.hpp -- what page_source knows of a large block, and the list that idle blocks are in.
//
//   base        used          touched        committed           capacity
//    |  in use   |  dirty       |  zero        |  not accessible    |
#pragma once

#include <chrono>
#include <cstddef>

namespace gomap::detail {

// Invariants:
//   S1  used <= committed <= capacity.
//   S2  used == 0 <=> the block is idle: in the list of its capacity, or being given back.
//   S3  everything behind the larger of used and touched reads as zero.
//   S4  kept + gone <= used: the bytes that were discarded, and either kept or given back.
struct block {
  std::byte* base = nullptr;
  std::size_t heap_alignment = 0;  // of a block of operator new's; 0: it is mapped
  std::size_t capacity = 0;
  std::size_t committed = 0;
  std::size_t used = 0;
  std::size_t touched = 0;
  std::size_t kept = 0;
  std::size_t gone = 0;
  std::size_t resident = 0;  // while idle: the pages it holds, an estimate from above
  bool pieced = false;       // pages that moved in have made several mappings of it
  std::chrono::steady_clock::time_point freed_at{};
  block* newer = nullptr;
  block* older = nullptr;
};

// A list of idle blocks. The links are in the blocks themselves, since freeing must not allocate.
class idle_list {
 public:
  [[nodiscard]] block* newest() const noexcept { return newest_; }
  [[nodiscard]] block* oldest() const noexcept { return oldest_; }

  void push(block& b) noexcept {
    b.newer = nullptr;
    b.older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = &b;
    newest_ = &b;
  }

  void push_oldest(block& b) noexcept {
    b.newer = oldest_;
    b.older = nullptr;
    (oldest_ != nullptr ? oldest_->older : newest_) = &b;
    oldest_ = &b;
  }

  void remove(block& b) noexcept {
    (b.newer != nullptr ? b.newer->older : newest_) = b.older;
    (b.older != nullptr ? b.older->newer : oldest_) = b.newer;
  }

 private:
  block* newest_ = nullptr;
  block* oldest_ = nullptr;
};

}  // namespace gomap::detail
