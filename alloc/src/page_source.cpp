// page_source.cpp -- the interface of page_source, over the register of its blocks.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>

#include <gomap/detail/pages.hpp>
#include <gomap/page_source.hpp>

#include "idle_list.hpp"
#include "page_source_state.hpp"
#include "whole_pages.hpp"

namespace gomap {
namespace {

using detail::block;
using detail::page_range;
using detail::round_up;

void* new_small(std::size_t bytes, std::size_t alignment) {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator new(bytes);
  return ::operator new (bytes, std::align_val_t{alignment});
}

void delete_small(void* p, std::size_t alignment) noexcept {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator delete(p);
  ::operator delete (p, std::align_val_t{alignment});
}

}  // namespace

page_source::page_source(const page_options& options) : state_(new state) { configure(options); }

page_source::page_source(state& contents) noexcept : state_(&contents) { configure({}); }

page_source::~page_source() {
  for (const auto& [address, b] : state_->blocks) state::give_back(b);
  delete state_;
}

void page_source::configure(const page_options& options) noexcept {
  using duration = state::clock::duration;
  const bool for_ever =
      options.decay >= std::chrono::floor<std::chrono::milliseconds>(duration::max());
  const auto decay = std::max(options.decay, std::chrono::milliseconds::zero());
  {
    const std::scoped_lock hold(state_->lock);
    state_->options = options;
    state_->decay = for_ever ? duration::max() : duration(decay);
    state_->in_use.set_cap(options.cap_bytes);
  }
  state_->release_excess();
}

page_options page_source::options() const noexcept {
  const std::scoped_lock hold(state_->lock);
  return state_->options;
}

void* page_source::allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes >= large_bytes) {
    block* const b = state_->allocate_large(bytes, alignment);
    state_->look_at_clock();
    return b->base;
  }
  state::claimed_bytes claimed(state_->in_use, bytes);
  void* const p = new_small(bytes, alignment);
  claimed.commit();
  state_->look_now_and_then();
  return p;
}

void* page_source::allocate_zeroed(std::size_t bytes, std::size_t alignment) {
  if (bytes < large_bytes) return std::memset(allocate(bytes, alignment), 0, bytes);
  // A dirty block is overwritten with zero, which is many times faster than a fault for each page.
  block* const b = state_->allocate_large(bytes, alignment);
  std::memset(b->base, 0, std::min(b->touched, bytes));
  state_->look_at_clock();
  return b->base;
}

void page_source::deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes >= large_bytes) return state_->deallocate_large(p);
  delete_small(p, alignment);
  state_->in_use.unclaim(bytes);
  state_->look_now_and_then();
}

void page_source::discard(void* p, std::size_t bytes) noexcept {
  const page_range pages(p, bytes);
  if (pages.bytes == 0) return;
  bool give_back = false;
  {
    const std::scoped_lock hold(state_->lock);
    block* const b = state_->find_locked(p);
    if (b == nullptr) return;
    // The pages of a small array are kept: many such arrays grow at a time, and the next one can
    // use them. Those of a large array go back; else it would hold the memory of two. Pages that
    // are kept cannot be given back later, so under a cap none are.
    const page_options& o = state_->options;
    give_back = o.cap_bytes != page_options::no_cap || b->used > o.cache_floor_bytes / 2 ||
                state_->kept_bytes + pages.bytes > o.cache_floor_bytes;
    const std::size_t counted = state_->discard_locked(*b, pages.bytes, give_back);
    if (give_back) state_->discarded += counted;
  }
  // The caller owns the range, so no lock is needed to give its pages back.
  if (give_back) detail::reset_pages(pages.first, pages.bytes);
  state_->look_at_clock();
}

void page_source::move_pages(void* from, void* to, std::size_t bytes) noexcept {
  const page_range pages(from, bytes);
  std::byte* const target =
      static_cast<std::byte*>(to) + (pages.first - static_cast<std::byte*>(from));
  const bool congruent = reinterpret_cast<std::uintptr_t>(target) % detail::page_bytes() == 0;
  // Below this a move costs as much as it saves.
  constexpr std::size_t worth_moving = std::size_t{64} << 10;
  if (pages.bytes < worth_moving || !congruent) return discard(from, bytes);
  bool movable = false;
  {
    const std::scoped_lock hold(state_->lock);
    movable = state_->may_move_locked(from, target, pages.bytes);
  }
  if (!movable || !detail::move_pages(pages.first, target, pages.bytes)) {
    return discard(from, bytes);
  }
  {
    const std::scoped_lock hold(state_->lock);
    state_->moved += state_->discard_locked(*state_->find_locked(from), pages.bytes, true);
  }
  state_->look_at_clock();
}

bool page_source::try_extend(void* p, std::size_t old_bytes, std::size_t new_bytes) noexcept {
  if (old_bytes < large_bytes || new_bytes <= old_bytes) return false;
  const bool extended = state_->try_extend(p, new_bytes);
  state_->look_at_clock();
  return extended;
}

void page_source::trim() noexcept { state_->release_all_idle(); }

page_stats page_source::stats() const noexcept {
  const std::scoped_lock hold(state_->lock);
  page_stats result;
  // Read while other threads change them: each number is right, but they may not belong together.
  result.bytes_in_use = state_->in_use.now();
  result.bytes_peak = state_->in_use.peak();
  result.bytes_cached = state_->idle_bytes + state_->kept_bytes;
  result.blocks_mapped = state_->mapped;
  result.blocks_recycled = state_->recycled;
  result.blocks_released = state_->released;
  result.bytes_discarded = state_->discarded;
  result.bytes_moved = state_->moved;
  return result;
}

}  // namespace gomap
