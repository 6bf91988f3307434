// page_source_state.cpp -- how a large block is found, cached and given back.
#include "page_source_state.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <new>
#include <utility>

#include <gomap/detail/fork_mutex.hpp>
#include <gomap/detail/leak_roots.hpp>
#include <gomap/detail/pages.hpp>
#include <gomap/page_source.hpp>

#include "idle_list.hpp"
#include "whole_pages.hpp"

namespace gomap {
namespace {

using detail::block;
using detail::idle_list;
using detail::round_up;

constexpr std::size_t mebibyte = std::size_t{1} << 20;
// A move cuts its target block into up to five mappings. A process may have only 65,530 in all.
constexpr std::size_t max_pieced_blocks = 2048;
constexpr std::size_t huge_page_bytes = 2 * mebibyte;  // on x86-64, and on aarch64 with 4 KiB pages

std::size_t capacity_class(std::size_t capacity) noexcept {
  return static_cast<std::size_t>(std::bit_width(capacity) - 1);
}

// How many addresses a fresh block of `bytes` gets: with room to grow, where addresses are plenty.
std::size_t roomy_capacity(std::size_t bytes) noexcept {
  const std::size_t factor =
      std::min<std::size_t>(detail::reserve_factor(), bytes < mebibyte ? 4 : 16);
  if (factor == 1 || bytes > SIZE_MAX / 64) return bytes;
  return std::bit_ceil(bytes) * factor;
}

// What is in use of a block is a root for leak checkers; those of operator new's are known to them.
void add_root(const block& b) noexcept {
  if (b.heap_alignment == 0) detail::add_leak_root(b.base, b.used);
}
void remove_root(const block& b) noexcept {
  if (b.heap_alignment == 0) detail::remove_leak_root(b.base, b.used);
}

}  // namespace

// ---- getting a large block -------------------------------------------------------------------

// A block with `bytes` in use.
block* page_source::state::allocate_large(std::size_t bytes, std::size_t alignment) {
  const std::size_t page = detail::page_bytes();
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - page) throw std::bad_alloc();
  const std::size_t whole = round_up(bytes, page);
  claimed_bytes claimed(in_use, whole);

  std::unique_lock hold(lock);
  block* b = take_idle_locked(whole, alignment);
  if (b == nullptr && !over_cap_locked()) b = map_locked(whole, alignment);
  if (b == nullptr || over_cap_locked()) {
    // Idle blocks may be what keeps the cap, or the system, from granting it.
    hold.unlock();
    release_all_idle();
    hold.lock();
    if (b == nullptr) b = map_locked(whole, alignment);
    if (b == nullptr) b = carve_locked(whole, alignment);
    if (b == nullptr) b = borrow_locked(whole, alignment);
    if (b == nullptr) throw std::bad_alloc();
  }
  b->used = whole;
  b->kept = b->gone = 0;
  add_root(*b);
  update_recent_peak_locked(clock::now());
  claimed.commit();
  return b;
}

// Extends the used part of the block at p to `bytes`, if it has that much room.
bool page_source::state::try_extend(void* p, std::size_t bytes) noexcept {
  std::unique_lock hold(lock);
  block* const b = find_locked(p);
  if (b == nullptr || bytes > b->capacity) return false;
  const std::size_t whole = round_up(bytes, detail::page_bytes());
  const std::size_t more = whole - b->used;
  if (!in_use.claim(more)) return false;
  if (over_cap_locked()) {
    hold.unlock();
    release_all_idle();
    hold.lock();
  }
  // The block is the caller's, but its room may have been cut off for another block meanwhile.
  bool fits = whole <= b->capacity;
  if (fits && whole > b->committed) {
    fits = detail::commit_pages(b->base + b->committed, whole - b->committed);
    if (fits) b->committed = whole;
  }
  if (!fits) {
    in_use.unclaim(more);
    return false;
  }
  remove_root(*b);
  b->used = whole;
  add_root(*b);
  in_use.note_peak();
  update_recent_peak_locked(clock::now());
  return true;
}

// Makes the block at p an idle one.
void page_source::state::deallocate_large(void* p) noexcept {
  {
    const std::scoped_lock hold(lock);
    block* const b = find_locked(p);
    remove_root(*b);
    in_use.unclaim(b->used - b->kept - b->gone);
    kept_bytes -= b->kept;
    b->resident = std::max(b->used, b->touched) - b->gone;
    b->touched = std::max(b->used, b->touched);
    b->used = 0;
    b->freed_at = clock::now();
    link_idle_locked(*b);
  }
  release_excess();
}

// Whether pages in use and idle pages together are more than the cap.
bool page_source::state::over_cap_locked() const noexcept {
  const std::size_t limit = in_use.cap();
  return idle_bytes + kept_bytes > limit - std::min(in_use.now(), limit);
}

// The idle block that saves the most page faults, taken from its list; null if none fits.
block* page_source::state::take_idle_locked(std::size_t bytes, std::size_t alignment) noexcept {
  constexpr int looked_at_per_list = 8;
  block* best = nullptr;
  const auto better = [bytes](const block& a, const block& b) {
    const std::size_t useful_a = std::min(a.resident, bytes);
    const std::size_t useful_b = std::min(b.resident, bytes);
    return useful_a != useful_b ? useful_a > useful_b : a.resident < b.resident;
  };
  // A block with many more pages than are wanted would waste the rest. From six classes up, its
  // addresses are of more use to a larger array than its pages to this one.
  const std::size_t first = capacity_class(bytes);
  const std::size_t last = std::min(first + 6, idle.size());
  for (std::size_t i = first; i < last; ++i) {
    int looked_at = 0;
    for (block* b = idle[i].newest(); b != nullptr && looked_at < looked_at_per_list;
         b = b->older, ++looked_at) {
      const bool fits = b->capacity >= bytes && b->resident <= bytes + bytes / 4 &&
                        reinterpret_cast<std::uintptr_t>(b->base) % alignment == 0;
      if (fits && (best == nullptr || better(*b, *best))) best = b;
    }
  }
  if (best == nullptr) return nullptr;
  if (best->committed < bytes) {
    if (!detail::commit_pages(best->base + best->committed, bytes - best->committed))
      return nullptr;
    best->committed = bytes;
  }
  unlink_idle_locked(*best);
  ++recycled;
  return best;
}

// A node for the register. It is allocated before its block, since nothing may throw afterwards.
auto page_source::state::new_node() -> block_map::node_type {
  block_map one;
  one.emplace(0, block());
  return one.extract(one.begin());
}

// A block of fresh addresses; null when the system refuses.
block* page_source::state::map_locked(std::size_t bytes, std::size_t alignment) {
  auto node = new_node();
  block& b = node.mapped();
  const bool huge = options.huge == huge_pages::advise && bytes >= huge_page_bytes;
  if (huge) alignment = std::max(alignment, huge_page_bytes);
  for (const std::size_t capacity : {roomy_capacity(bytes), bytes}) {
    const auto [base, committed] =
        detail::reserve_pages(capacity, alignment, {.huge = huge, .numa_node = options.numa_node});
    if (base == nullptr) continue;
    if (!committed && !detail::commit_pages(base, bytes)) {
      detail::release_pages(base, capacity);
      continue;
    }
    b.base = static_cast<std::byte*>(base);
    b.capacity = capacity;
    b.committed = committed ? capacity : bytes;
    ++mapped;
    return &insert_locked(std::move(node));
  }
  return nullptr;
}

// A block cut from the room behind a block in use, for when the system has no mapping left; null if
// none has enough room. O(blocks).
block* page_source::state::carve_locked(std::size_t bytes, std::size_t alignment) {
  auto node = new_node();
  alignment = std::max(alignment, detail::page_bytes());
  for (auto& [address, donor] : blocks) {
    const std::size_t taken = std::max(donor.used, donor.touched);
    if (donor.used == 0 || donor.committed - taken < bytes) continue;
    const std::uintptr_t base = (address + donor.committed - bytes) & ~(alignment - 1);
    if (base < address + taken) continue;
    block& b = node.mapped();
    b.base = donor.base + (base - address);
    b.capacity = donor.capacity - (base - address);
    b.committed = donor.committed - (base - address);
    donor.capacity = donor.committed = base - address;
    ++mapped;
    return &insert_locked(std::move(node));
  }
  return nullptr;
}

// A block from operator new, which may have memory when the system has no mapping left. Null if it
// has none; also for sizes so large that some libraries end the program instead of refusing.
block* page_source::state::borrow_locked(std::size_t bytes, std::size_t alignment) {
  if (bytes > 1024 * mebibyte) return nullptr;
  auto node = new_node();
  block& b = node.mapped();
  b.heap_alignment = std::max(alignment, detail::page_bytes());
  void* const p = ::operator new (bytes, std::align_val_t{b.heap_alignment}, std::nothrow);
  if (p == nullptr) return nullptr;
  b.base = static_cast<std::byte*>(p);
  b.capacity = b.committed = b.touched = bytes;
  ++mapped;
  return &insert_locked(std::move(node));
}

// Puts a block into the register.
block& page_source::state::insert_locked(block_map::node_type node) noexcept {
  node.key() = reinterpret_cast<std::uintptr_t>(node.mapped().base);
  return blocks.insert(std::move(node)).position->second;
}

// The block that p points into; null for memory that is not a large block of this source.
block* page_source::state::find_locked(const void* p) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) return nullptr;
  block& b = std::prev(after)->second;
  return address - reinterpret_cast<std::uintptr_t>(b.base) < b.capacity ? &b : nullptr;
}

// Whether pages of the block of `from` may become those of [to, to + bytes), in another block.
bool page_source::state::may_move_locked(const void* from, const std::byte* to,
                                         std::size_t bytes) noexcept {
  const block* const source = find_locked(from);
  block* const target = find_locked(to);
  // Pages of operator new's stay where they are. A target that has pages needs none.
  if (source == nullptr || source->heap_alignment != 0 || target == nullptr ||
      to + bytes <= target->base + target->touched) {
    return false;
  }
  if (!target->pieced && pieced_blocks == max_pieced_blocks) return false;
  if (!std::exchange(target->pieced, true)) ++pieced_blocks;
  return true;
}

// Counts `bytes` of b as not in use. Returns how many of them had not been counted before.
std::size_t page_source::state::discard_locked(block& b, std::size_t bytes, bool gone) noexcept {
  const std::size_t counted = std::min(bytes, b.used - b.kept - b.gone);
  (gone ? b.gone : b.kept) += counted;
  if (!gone) kept_bytes += counted;
  in_use.unclaim(counted);
  return counted;
}

// ---- the cache -------------------------------------------------------------------------------

void page_source::state::update_recent_peak_locked(clock::time_point now) noexcept {
  const auto current = static_cast<double>(in_use.now());
  const double elapsed = std::chrono::duration<double>(now - recent_at).count();
  const double half_life = std::chrono::duration<double>(decay).count();
  const double left = half_life > 0 ? std::exp2(-elapsed / half_life) : 0.0;
  recent_peak = std::max(current, current + (recent_peak - current) * left);
  recent_at = now;
}

// The bytes that may be idle.
std::size_t page_source::state::cache_limit_locked() const noexcept {
  const std::size_t most = options.cache_max_bytes;
  const std::size_t floor = std::min(options.cache_floor_bytes, most);
  // Compared before it is converted: it may be too large for a std::size_t.
  const double share = recent_peak * options.cache_percent / 100;
  const bool within = share < static_cast<double>(most - floor);
  return within ? floor + static_cast<std::size_t>(share) : most;
}

void page_source::state::link_idle_locked(block& b) noexcept {
  idle[capacity_class(b.capacity)].push(b);
  idle_bytes += b.resident;
}

void page_source::state::unlink_idle_locked(block& b) noexcept {
  idle[capacity_class(b.capacity)].remove(b);
  idle_bytes -= b.resident;
}

// The idle block that was freed first; null if there is none.
block* page_source::state::oldest_idle_locked() noexcept {
  block* oldest = nullptr;
  for (const idle_list& list : idle) {
    block* const b = list.oldest();
    if (b != nullptr && (oldest == nullptr || b->freed_at < oldest->freed_at)) oldest = b;
  }
  return oldest;
}

// Computes when the next idle block will have waited long enough.
void page_source::state::schedule_look_locked() noexcept {
  const block* const b = oldest_idle_locked();
  clock::rep when = never;
  if (b != nullptr && decay < clock::time_point::max() - b->freed_at) {
    when = (b->freed_at + decay).time_since_epoch().count();
  }
  // relaxed: a hint for look_at_clock(), which takes the lock to act on it.
  next_look.store(when, std::memory_order_relaxed);
}

// Gives back blocks that have waited long enough. Looks at the clock if anything is idle.
void page_source::state::look_at_clock() noexcept {
  // relaxed: see schedule_look_locked().
  const clock::rep when = next_look.load(std::memory_order_relaxed);
  if (when != never && clock::now().time_since_epoch().count() >= when) release_excess();
}

// As look_at_clock(), in one of 64 calls: calls for small blocks are faster than the clock.
void page_source::state::look_now_and_then() noexcept {
  // relaxed: see schedule_look_locked().
  if (next_look.load(std::memory_order_relaxed) == never) return;
  // relaxed: a count that may miss some; it says nothing about other memory.
  const unsigned calls = small_calls.load(std::memory_order_relaxed) + 1;
  // relaxed: as above.
  small_calls.store(calls, std::memory_order_relaxed);
  if (calls % 64 == 0) look_at_clock();
}

// Brings the cache within its bound. If a part of a block is too much, only its end is given back.
void page_source::state::release_excess() noexcept {
  const clock::time_point start = clock::now();
  std::unique_lock hold(lock);
  update_recent_peak_locked(start);
  for (;;) {
    block* const b = oldest_idle_locked();
    if (b == nullptr || b->freed_at > start) break;
    const std::size_t limit = cache_limit_locked();
    const std::size_t excess = idle_bytes > limit ? idle_bytes - limit : 0;
    const bool forgotten = start - b->freed_at >= decay;
    if (excess == 0 && !forgotten) break;
    unlink_idle_locked(*b);
    const std::size_t cut = round_up(excess, detail::page_bytes());
    const bool whole = forgotten || cut > b->resident / 2;
    if (whole || !cut_off_end(*b, cut, hold)) release(*b, hold);
  }
  schedule_look_locked();
}

// Gives back the last `cut` resident bytes of a block that is in no list, and lists it as the next
// to be given back. Unlocks meanwhile. False: the system cannot; nothing changed.
bool page_source::state::cut_off_end(block& b, std::size_t cut,
                                     std::unique_lock<detail::fork_mutex>& hold) noexcept {
  hold.unlock();
  const bool gone = detail::reset_pages(b.base + (b.touched - cut), cut);
  hold.lock();
  if (!gone) return false;
  b.touched -= cut;
  b.resident -= cut;
  idle[capacity_class(b.capacity)].push_oldest(b);
  idle_bytes += b.resident;
  return true;
}

void page_source::state::release_all_idle() noexcept {
  const clock::time_point start = clock::now();
  std::unique_lock hold(lock);
  for (;;) {
    block* const b = oldest_idle_locked();
    if (b == nullptr || b->freed_at > start) break;
    unlink_idle_locked(*b);
    release(*b, hold);
  }
  schedule_look_locked();
}

// Gives a block that is in no list back to the system. Unlocks meanwhile. If the system refuses it,
// only its pages have gone back; it is then idle again, as if it had just been freed.
void page_source::state::release(block& b, std::unique_lock<detail::fork_mutex>& hold) noexcept {
  auto node = blocks.extract(reinterpret_cast<std::uintptr_t>(b.base));
  hold.unlock();
  const bool gone = give_back(b);
  hold.lock();
  if (gone) {
    ++released;
    if (b.pieced) --pieced_blocks;
    return;
  }
  b.resident = 0;
  // Later than the `start` of the loop that gives blocks back, which would otherwise never end.
  b.freed_at = clock::now() + clock::duration(1);
  link_idle_locked(insert_locked(std::move(node)));
}

// False if the system refuses.
bool page_source::state::give_back(const block& b) noexcept {
  if (b.heap_alignment == 0) return detail::release_pages(b.base, b.capacity);
  ::operator delete (b.base, std::align_val_t{b.heap_alignment});
  return true;
}

}  // namespace gomap
