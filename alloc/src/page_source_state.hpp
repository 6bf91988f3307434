// page_source_state.hpp -- the register of large blocks, and the cache of those that are idle.
//
// All blocks are in a map ordered by address, so that a block is found by any address inside it.
// Idle blocks are in lists by capacity, the one freed last in front. A lock guards both. It is not
// held while pages are given back, which is slow: a block is taken out of the register first, and
// given back afterwards.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <new>

#include <gomap/detail/capped_bytes.hpp>
#include <gomap/detail/fork_mutex.hpp>
#include <gomap/page_source.hpp>

#include "idle_list.hpp"

namespace gomap {

struct page_source::state {
  using clock = std::chrono::steady_clock;
  using block = detail::block;
  using block_map = std::map<std::uintptr_t, block>;
  class claimed_bytes;

  // Bytes in use, of large and small blocks, less those discarded.
  detail::capped_bytes in_use;

  // When the next idle block will have waited long enough, in ticks of the clock.
  static constexpr clock::rep never = std::numeric_limits<clock::rep>::max();
  std::atomic<clock::rep> next_look{never};
  std::atomic<unsigned> small_calls{0};  // about how many, while anything was idle

  mutable detail::fork_mutex lock;  // guards all below
  page_options options;
  clock::duration decay{};  // of the options, from nothing to for ever
  block_map blocks;
  std::array<detail::idle_list, 64> idle;  // by capacity_class
  std::size_t idle_bytes = 0;              // resident in idle blocks
  std::size_t kept_bytes = 0;              // discarded but resident in blocks in use
  std::size_t pieced_blocks = 0;           // at most max_pieced_blocks
  double recent_peak = 0;                  // the most in use, decaying to what is in use now
  clock::time_point recent_at{};
  std::uint64_t mapped = 0, recycled = 0, released = 0;
  std::uint64_t discarded = 0, moved = 0;  // bytes

  [[nodiscard]] block* allocate_large(std::size_t bytes, std::size_t alignment);
  void deallocate_large(void* p) noexcept;
  [[nodiscard]] bool try_extend(void* p, std::size_t bytes) noexcept;
  [[nodiscard]] block* take_idle_locked(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] block* map_locked(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] block* carve_locked(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] block* borrow_locked(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] static block_map::node_type new_node();
  block& insert_locked(block_map::node_type node) noexcept;
  [[nodiscard]] bool over_cap_locked() const noexcept;
  [[nodiscard]] block* find_locked(const void* p) noexcept;
  [[nodiscard]] bool may_move_locked(const void* from, const std::byte* to,
                                     std::size_t bytes) noexcept;
  std::size_t discard_locked(block& b, std::size_t bytes, bool gone) noexcept;
  [[nodiscard]] block* oldest_idle_locked() noexcept;
  void update_recent_peak_locked(clock::time_point now) noexcept;
  [[nodiscard]] std::size_t cache_limit_locked() const noexcept;
  void link_idle_locked(block& b) noexcept;
  void unlink_idle_locked(block& b) noexcept;
  void schedule_look_locked() noexcept;
  void look_at_clock() noexcept;
  void look_now_and_then() noexcept;
  void release_excess() noexcept;
  bool cut_off_end(block& b, std::size_t cut, std::unique_lock<detail::fork_mutex>& hold) noexcept;
  void release_all_idle() noexcept;
  void release(block& b, std::unique_lock<detail::fork_mutex>& hold) noexcept;
  static bool give_back(const block& b) noexcept;
};

// Claims bytes as in use, and takes the claim back in its destructor unless it has been kept.
class page_source::state::claimed_bytes {
 public:
  // Throws: std::bad_alloc when the cap refuses.
  claimed_bytes(detail::capped_bytes& in_use, std::size_t bytes) : in_use_(&in_use), bytes_(bytes) {
    if (!in_use.claim(bytes)) throw std::bad_alloc();
  }
  claimed_bytes(const claimed_bytes&) = delete;
  claimed_bytes& operator=(const claimed_bytes&) = delete;
  ~claimed_bytes() {
    if (in_use_ != nullptr) in_use_->unclaim(bytes_);
  }
  void commit() noexcept {
    in_use_->note_peak();
    in_use_ = nullptr;
  }

 private:
  detail::capped_bytes* in_use_;
  std::size_t bytes_;
};

}  // namespace gomap
