// page_source.cpp -- the register of large blocks, and the cache of those that are idle.
//
//   base        used          touched        committed           capacity
//    |  in use   |  dirty       |  zero        |  not accessible    |
//
// Every block stands in a map ordered by address, so that any address inside leads to it. Idle
// blocks hang in lists by capacity, the one freed last in front. The lock guards all that, and is
// never held while pages are given back, which is the slow part: a block is taken out of the
// register first, and released after.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#include <gomap/detail/pages.hpp>
#include <gomap/page_source.hpp>

namespace gomap {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// Invariants:
//   S1  used <= committed <= capacity; used == 0 <=> the block is idle, in the list of its
//   capacity. S2  what lies from touched on reads as zero, unless the block is in use (then from
//   the larger
//       of used and touched on).
//   S3  kept + gone <= used: what discard() got, kept resident or given back.
struct block {
  std::byte* base = nullptr;
  std::size_t capacity = 0;
  std::size_t committed = 0;
  std::size_t used = 0;
  std::size_t touched = 0;
  std::size_t kept = 0;
  std::size_t gone = 0;
  std::size_t resident = 0;  // while idle: the pages it holds, an estimate from above
  clock::time_point freed_at{};
  block* newer = nullptr;
  block* older = nullptr;
};

// A list of idle blocks through the blocks themselves, since freeing must not allocate.
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

  void remove(block& b) noexcept {
    (b.newer != nullptr ? b.newer->older : newest_) = b.older;
    (b.older != nullptr ? b.older->newer : oldest_) = b.newer;
  }

 private:
  block* newest_ = nullptr;
  block* oldest_ = nullptr;
};

std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) & ~(unit - 1);
}

std::size_t capacity_class(std::size_t capacity) noexcept {
  return static_cast<std::size_t>(std::bit_width(capacity) - 1);
}

// The addresses that a fresh block of `bytes` gets: room to grow, as far as addresses are free.
// Blocks under a mebibyte get less, and all of it accessible, so that neighbours are one mapping to
// the system, which has a limit on mappings.
std::size_t roomy_capacity(std::size_t bytes) noexcept {
  const std::size_t factor =
      std::min<std::size_t>(detail::reserve_factor(), bytes < mebibyte ? 4 : 16);
  if (factor == 1 || bytes > SIZE_MAX / 64) return bytes;
  return std::bit_ceil(bytes) * factor;
}

void* new_small(std::size_t bytes, std::size_t alignment) {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator new(bytes);
  return ::operator new (bytes, std::align_val_t{alignment});
}

void delete_small(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator delete(p, bytes);
  ::operator delete (p, bytes, std::align_val_t{alignment});
}

}  // namespace

struct page_source::state {
  using block_map = std::map<std::uintptr_t, block>;
  class claimed_bytes;

  // What is in use, large and small, less what was discarded; under the cap by claim().
  std::atomic<std::size_t> in_use{0};
  std::atomic<std::size_t> peak{0};
  std::atomic<std::size_t> cap{page_options::no_cap};

  mutable std::mutex lock;  // guards all below
  page_options options;
  block_map blocks;
  std::array<idle_list, 64> idle;  // by capacity_class
  std::size_t idle_bytes = 0;      // resident in idle blocks
  std::size_t kept_bytes = 0;      // discarded but resident in blocks in use
  double recent_peak = 0;          // the most in use, decaying to what is in use now
  clock::time_point recent_at{};
  std::uint64_t mapped = 0, recycled = 0, released = 0, discarded = 0;

  [[nodiscard]] bool claim(std::size_t bytes) noexcept;
  void unclaim(std::size_t bytes) noexcept;
  [[nodiscard]] block* allocate_large(std::size_t bytes, std::size_t alignment,
                                      std::size_t dirty_limit);
  [[nodiscard]] block* take_idle_locked(std::size_t bytes, std::size_t alignment,
                                        std::size_t dirty_limit) noexcept;
  [[nodiscard]] block* map_locked(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] bool over_cap_locked() const noexcept;
  [[nodiscard]] block* find_locked(const void* p) noexcept;
  [[nodiscard]] block_map::node_type excess_locked(clock::time_point now,
                                                   std::size_t limit) noexcept;
  [[nodiscard]] std::size_t cache_limit_locked(clock::time_point now) noexcept;
  void unlink_idle_locked(block& b) noexcept;
  void release_excess(bool everything) noexcept;
};

// ---- what is in use --------------------------------------------------------------------------

bool page_source::state::claim(std::size_t bytes) noexcept {
  // relaxed: a number that is compared with a number; it orders no other memory.
  const std::size_t limit = cap.load(std::memory_order_relaxed);
  // relaxed: as above.
  const std::size_t now = in_use.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (now > limit || now < bytes) [[unlikely]] {
    unclaim(bytes);
    return false;
  }
  // relaxed: as above; a lost race means that another thread stored a higher peak.
  std::size_t seen = peak.load(std::memory_order_relaxed);
  // relaxed: as above.
  while (seen < now && !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
  return true;
}

void page_source::state::unclaim(std::size_t bytes) noexcept {
  // relaxed: see claim().
  in_use.fetch_sub(bytes, std::memory_order_relaxed);
}

// Whether the pages in use and the idle ones are together more than the cap.
bool page_source::state::over_cap_locked() const noexcept {
  // relaxed: see claim().
  const std::size_t used = in_use.load(std::memory_order_relaxed);
  // relaxed: see claim().
  const std::size_t limit = cap.load(std::memory_order_relaxed);
  return idle_bytes + kept_bytes > limit - std::min(used, limit);
}

// Bytes counted as in use, for as long as nothing goes wrong with handing them out.
class page_source::state::claimed_bytes {
 public:
  // Throws: std::bad_alloc when the cap refuses.
  claimed_bytes(state& owner, std::size_t bytes) : owner_(&owner), bytes_(bytes) {
    if (!owner.claim(bytes)) throw std::bad_alloc();
  }
  claimed_bytes(const claimed_bytes&) = delete;
  claimed_bytes& operator=(const claimed_bytes&) = delete;
  ~claimed_bytes() {
    if (owner_ != nullptr) owner_->unclaim(bytes_);
  }
  void commit() noexcept { owner_ = nullptr; }

 private:
  state* owner_;
  std::size_t bytes_;
};

// ---- getting a large block -------------------------------------------------------------------

// A block with `bytes` in use. One that is recycled has touched <= dirty_limit.
block* page_source::state::allocate_large(std::size_t bytes, std::size_t alignment,
                                          std::size_t dirty_limit) {
  const std::size_t page = detail::page_bytes();
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - page) throw std::bad_alloc();
  const std::size_t whole = round_up(bytes, page);
  claimed_bytes claimed(*this, whole);

  std::unique_lock hold(lock);
  block* b = take_idle_locked(whole, alignment, dirty_limit);
  for (bool retry = true; b == nullptr; retry = false) {
    if (!over_cap_locked()) b = map_locked(whole, alignment);
    if (b != nullptr) break;
    if (!retry) throw std::bad_alloc();
    // What is idle may be all that is in the way.
    hold.unlock();
    release_excess(true);
    hold.lock();
  }
  b->used = whole;
  b->kept = b->gone = 0;
  claimed.commit();
  return b;
}

// The idle block that spares the most page faults, taken from its list; null if there is none.
block* page_source::state::take_idle_locked(std::size_t bytes, std::size_t alignment,
                                            std::size_t dirty_limit) noexcept {
  constexpr int looked_at_per_list = 8;
  block* best = nullptr;
  const auto better = [bytes](const block& a, const block& b) {
    const std::size_t useful_a = std::min(a.resident, bytes);
    const std::size_t useful_b = std::min(b.resident, bytes);
    return useful_a != useful_b ? useful_a > useful_b : a.resident < b.resident;
  };
  // From six classes up the addresses are worth more to a larger array than the pages to this one.
  const std::size_t first = capacity_class(bytes);
  const std::size_t last = std::min(first + 6, idle.size());
  for (std::size_t i = first; i < last; ++i) {
    int looked_at = 0;
    for (block* b = idle[i].newest(); b != nullptr && looked_at < looked_at_per_list;
         b = b->older, ++looked_at) {
      const bool fits = b->capacity >= bytes && b->touched <= dirty_limit &&
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

// A block of fresh addresses; null when the system refuses.
block* page_source::state::map_locked(std::size_t bytes, std::size_t alignment) {
  auto node = block_map::node_type();
  {
    block_map one;  // the node first: once there are pages, nothing may throw
    one.emplace(0, block());
    node = one.extract(one.begin());
  }
  block& b = node.mapped();
  for (const std::size_t capacity : {roomy_capacity(bytes), bytes}) {
    void* const p = detail::reserve_pages(capacity, alignment);
    if (p == nullptr) continue;
    const std::size_t committed = bytes < mebibyte ? capacity : bytes;
    if (!detail::commit_pages(p, committed)) {
      detail::release_pages(p, capacity);
      continue;
    }
    b.base = static_cast<std::byte*>(p);
    b.capacity = capacity;
    b.committed = committed;
    detail::prefer_huge_pages(p, capacity, options.huge == huge_pages::advise);
    if (options.numa_node >= 0) detail::prefer_numa_node(p, capacity, options.numa_node);
    node.key() = reinterpret_cast<std::uintptr_t>(p);
    ++mapped;
    return &blocks.insert(std::move(node)).position->second;
  }
  return nullptr;
}

// The block that p points into; null for memory that is not a large block of this source.
block* page_source::state::find_locked(const void* p) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) return nullptr;
  block& b = std::prev(after)->second;
  return address - reinterpret_cast<std::uintptr_t>(b.base) < b.capacity ? &b : nullptr;
}

// ---- the cache -------------------------------------------------------------------------------

std::size_t page_source::state::cache_limit_locked(clock::time_point now) noexcept {
  // relaxed: see claim().
  const auto current = static_cast<double>(in_use.load(std::memory_order_relaxed));
  const double elapsed = std::chrono::duration<double>(now - recent_at).count();
  const double half_life = std::chrono::duration<double>(options.decay).count();
  const double left = half_life > 0 ? std::exp2(-elapsed / half_life) : 0.0;
  recent_peak = std::max(current, current + (recent_peak - current) * left);
  recent_at = now;
  return options.cache_floor_bytes +
         static_cast<std::size_t>(recent_peak * options.cache_percent / 100);
}

void page_source::state::unlink_idle_locked(block& b) noexcept {
  idle[capacity_class(b.capacity)].remove(b);
  idle_bytes -= b.resident;
}

// Takes the idle block that was freed first out of the register, if it has waited too long or more
// than `limit` bytes are idle.
page_source::state::block_map::node_type page_source::state::excess_locked(
    clock::time_point now, std::size_t limit) noexcept {
  block* oldest = nullptr;
  for (const idle_list& list : idle) {
    block* const b = list.oldest();
    if (b != nullptr && (oldest == nullptr || b->freed_at < oldest->freed_at)) oldest = b;
  }
  if (oldest == nullptr) return {};
  if (idle_bytes <= limit && now - oldest->freed_at < options.decay) return {};
  unlink_idle_locked(*oldest);
  ++released;
  return blocks.extract(reinterpret_cast<std::uintptr_t>(oldest->base));
}

// Gives back the idle blocks that the cache may not hold; all of them if `everything`.
void page_source::state::release_excess(bool everything) noexcept {
  const clock::time_point now = everything ? clock::time_point::max() : clock::now();
  for (;;) {
    block_map::node_type node;
    {
      const std::scoped_lock hold(lock);
      node = excess_locked(now, everything ? 0 : cache_limit_locked(now));
    }
    if (node.empty()) return;
    detail::release_pages(node.mapped().base, node.mapped().capacity);
  }
}

// ---- the interface ---------------------------------------------------------------------------

page_source::page_source(const page_options& options) : state_(std::make_unique<state>()) {
  configure(options);
}

page_source::~page_source() {
  for (const auto& [address, b] : state_->blocks) detail::release_pages(b.base, b.capacity);
}

page_source& page_source::process() noexcept {
  static page_source* const source = new page_source;  // never destroyed: see the declaration
  return *source;
}

void page_source::configure(const page_options& options) noexcept {
  const std::scoped_lock hold(state_->lock);
  state_->options = options;
  // relaxed: see claim().
  state_->cap.store(options.cap_bytes, std::memory_order_relaxed);
}

page_options page_source::options() const noexcept {
  const std::scoped_lock hold(state_->lock);
  return state_->options;
}

void* page_source::allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes >= large_bytes) return state_->allocate_large(bytes, alignment, SIZE_MAX)->base;
  state::claimed_bytes claimed(*state_, bytes);
  void* const p = new_small(bytes, alignment);
  claimed.commit();
  return p;
}

void* page_source::allocate_zeroed(std::size_t bytes, std::size_t alignment) {
  if (bytes < large_bytes) return std::memset(allocate(bytes, alignment), 0, bytes);
  // A dirty block is zeroed by hand, which is quicker than a fault a page; but never so much that
  // the caller waits for it.
  block* const b = state_->allocate_large(bytes, alignment, mebibyte);
  std::memset(b->base, 0, std::min(b->touched, bytes));
  return b->base;
}

void page_source::deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes < large_bytes) {
    delete_small(p, bytes, alignment);
    state_->unclaim(bytes);
    return;
  }
  {
    const std::scoped_lock hold(state_->lock);
    block* const b = state_->find_locked(p);
    state_->unclaim(b->used - b->kept - b->gone);
    state_->kept_bytes -= b->kept;
    b->resident = std::max(b->used, b->touched) - b->gone;
    b->touched = std::max(b->used, b->touched);
    b->used = 0;
    b->freed_at = clock::now();
    state_->idle[capacity_class(b->capacity)].push(*b);
    state_->idle_bytes += b->resident;
  }
  state_->release_excess(false);
}

void page_source::discard(void* p, std::size_t bytes) noexcept {
  const std::size_t page = detail::page_bytes();
  const auto from = reinterpret_cast<std::uintptr_t>(p);
  const std::uintptr_t first = round_up(from, page);
  const std::uintptr_t last = (from + bytes) & ~(page - 1);
  if (last <= first) return;
  bool give_back = false;
  {
    const std::scoped_lock hold(state_->lock);
    block* const b = state_->find_locked(p);
    if (b == nullptr) return;
    const std::size_t length = std::min<std::size_t>(last - first, b->used - b->kept - b->gone);
    // relaxed: see claim().
    const std::size_t current = state_->in_use.load(std::memory_order_relaxed);
    const std::size_t room = state_->options.cache_floor_bytes + current / 128;
    // What is kept cannot be taken back later, so under a cap nothing is.
    give_back = state_->options.cap_bytes != page_options::no_cap ||
                state_->idle_bytes + state_->kept_bytes + length > room;
    (give_back ? b->gone : b->kept) += length;
    if (give_back)
      state_->discarded += length;
    else
      state_->kept_bytes += length;
    state_->unclaim(length);
  }
  // The caller owns the range, so no lock is needed to let its pages go.
  if (give_back) detail::reset_pages(reinterpret_cast<void*>(first), last - first);
}

bool page_source::try_extend(void* p, std::size_t old_bytes, std::size_t new_bytes) noexcept {
  if (old_bytes < large_bytes || new_bytes <= old_bytes) return false;
  const std::scoped_lock hold(state_->lock);
  block* const b = state_->find_locked(p);
  if (b == nullptr || new_bytes > b->capacity) return false;
  const std::size_t whole = round_up(new_bytes, detail::page_bytes());
  const std::size_t more = whole - b->used;
  if (!state_->claim(more)) return false;
  if (whole > b->committed) {
    if (!detail::commit_pages(b->base + b->committed, whole - b->committed)) {
      state_->unclaim(more);
      return false;
    }
    b->committed = whole;
  }
  b->used = whole;
  return true;
}

void page_source::trim() noexcept { state_->release_excess(true); }

page_stats page_source::stats() const noexcept {
  const std::scoped_lock hold(state_->lock);
  page_stats result;
  // relaxed: two numbers read beside changing ones; each is right, together they are a guess.
  result.bytes_in_use = state_->in_use.load(std::memory_order_relaxed);
  result.bytes_peak = state_->peak.load(std::memory_order_relaxed);
  result.bytes_cached = state_->idle_bytes + state_->kept_bytes;
  result.blocks_mapped = state_->mapped;
  result.blocks_recycled = state_->recycled;
  result.blocks_released = state_->released;
  result.bytes_discarded = state_->discarded;
  return result;
}

}  // namespace gomap
