// pool.cpp -- slabs, idle arrays, and the bounds on what a pool keeps.
//
//   slab:  | header, 64 bytes | block | block | ... | block | rest |
//
// A slab has 64 KiB and is aligned to 64 KiB, so the slab of a block is found from the block's
// address. Blocks that were never allocated are in no free list: a fresh slab touches only the
// pages that it needs.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>

#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>

#include "page_source_state.hpp"

namespace gomap {
namespace {

constexpr std::size_t slab_bytes = std::size_t{64} << 10;
constexpr std::size_t slab_header_bytes = 64;  // also the largest alignment of blocks in slabs
constexpr std::size_t array_alignment = 64;
static_assert(slab_bytes >= page_source::large_bytes);

// How many bytes a pool may keep idle in any case. It may always keep as many as it has in use.
constexpr std::size_t idle_floor_bytes = std::size_t{256} << 10;

std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) & ~(unit - 1);
}

// Eight size classes from each power of two to the next, so rounding wastes an eighth at most.
// Requires: largest_small < bytes < large_bytes.
std::size_t array_class_bytes(std::size_t bytes) noexcept {
  return round_up(bytes, std::bit_floor(bytes) / 8);
}

std::size_t array_class(std::size_t class_bytes) noexcept {
  const auto power = static_cast<std::size_t>(std::bit_width(class_bytes) - 1);
  const std::size_t eighth = (class_bytes - std::bit_floor(class_bytes)) >> (power - 3);
  return (power - 12) * 8 + eighth;
}

}  // namespace

// Invariants:
//   P1  blocks before `fresh` have been allocated: each is in use or in the list `freed`.
//   P2  used == 0 <=> the slab is in the pool's idle list; 0 < used < capacity <=> it is in the
//       list of its block size; a full slab is in no list.
struct pool::slab {
  slab* next;
  slab* previous;
  void* freed;  // the first free block; each holds the address of the next
  std::uint32_t block_bytes;
  std::uint32_t used;
  std::uint32_t fresh;  // offset of the first block that was never allocated

  [[nodiscard]] bool full() const noexcept {
    return freed == nullptr && fresh + block_bytes > slab_bytes;
  }
  static slab& of(void* block) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    return *reinterpret_cast<slab*>(address & ~(std::uintptr_t{slab_bytes} - 1));
  }
  void push_to(slab*& list) noexcept {
    previous = nullptr;
    next = list;
    if (list != nullptr) list->previous = this;
    list = this;
  }
  void remove_from(slab*& list) noexcept {
    (previous != nullptr ? previous->next : list) = next;
    if (next != nullptr) next->previous = previous;
  }
};

struct pool::idle_array {
  idle_array* next;
  std::size_t bytes;
};

class pool::optional_lock {
 public:
  explicit optional_lock(const pool& p) : mutex_(p.mutex_ ? &*p.mutex_ : nullptr) {
    if (mutex_ != nullptr) mutex_->lock();
  }
  optional_lock(const optional_lock&) = delete;
  optional_lock& operator=(const optional_lock&) = delete;
  ~optional_lock() {
    if (mutex_ != nullptr) mutex_->unlock();
  }

 private:
  detail::fork_mutex* mutex_;
};

// ---- the interface ---------------------------------------------------------------------------

pool::pool(page_source& source, const pool_options& options) noexcept
    : source_(source), cap_(options.cap_bytes) {
  static_assert(sizeof(slab) <= slab_header_bytes);
  if (options.users == pool_users::many) mutex_.emplace(source.state_->lock);
}

pool::~pool() { release_idle(); }

void* pool::do_allocate(std::size_t bytes, std::size_t alignment) {
  const optional_lock hold(*this);
  if (alignment <= slab_header_bytes && bytes <= largest_small) {
    return allocate_small(round_up(std::max(bytes, granule), std::max(alignment, granule)));
  }
  if (alignment <= array_alignment && bytes < page_source::large_bytes) {
    return allocate_array(array_class_bytes(bytes));
  }
  return allocate_large(bytes, alignment, false);
}

void pool::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) {
  const optional_lock hold(*this);
  if (alignment <= slab_header_bytes && bytes <= largest_small) {
    return deallocate_small(p, round_up(std::max(bytes, granule), std::max(alignment, granule)));
  }
  if (alignment <= array_alignment && bytes < page_source::large_bytes) {
    return deallocate_array(p, array_class_bytes(bytes));
  }
  deallocate_large(p, bytes, alignment);
}

bool pool::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  return this == &other;
}

void* pool::allocate_zeroed(std::size_t bytes, std::size_t alignment) {
  if (bytes < page_source::large_bytes) return std::memset(allocate(bytes, alignment), 0, bytes);
  const optional_lock hold(*this);
  return allocate_large(bytes, alignment, true);
}

bool pool::try_extend(void* p, std::size_t old_bytes, std::size_t new_bytes) noexcept {
  if (old_bytes < page_source::large_bytes || new_bytes <= old_bytes) return false;
  const optional_lock hold(*this);
  const std::size_t more = new_bytes - old_bytes;
  if (!make_room(more) || !source_.try_extend(p, old_bytes, new_bytes)) return false;
  stats_.bytes_reserved += more;
  count_in_use(more);
  return true;
}

void pool::trim() noexcept {
  {
    const optional_lock hold(*this);
    release_idle();
  }
  source_.trim();
}

void pool::set_cap(std::size_t cap_bytes) noexcept {
  const optional_lock hold(*this);
  cap_ = cap_bytes;
}

pool_stats pool::stats() const noexcept {
  const optional_lock hold(*this);
  return stats_;
}

// ---- small blocks ----------------------------------------------------------------------------

void* pool::allocate_small(std::size_t bytes) {
  slab*& list = slabs_[bytes / granule];
  slab* s = list;
  if (s == nullptr) {
    s = new_slab(bytes);
    s->push_to(list);
  }
  void* block = s->freed;
  if (block != nullptr) {
    s->freed = *static_cast<void**>(block);
    ++stats_.small_recycled;
  } else {
    block = reinterpret_cast<std::byte*>(s) + s->fresh;
    s->fresh += s->block_bytes;
  }
  ++s->used;
  if (s->full()) s->remove_from(list);
  ++stats_.small_allocated;
  count_in_use(bytes);
  return block;
}

void pool::deallocate_small(void* p, std::size_t bytes) noexcept {
  slab& s = slab::of(p);
  slab*& list = slabs_[bytes / granule];
  const bool was_full = s.full();
  *static_cast<void**>(p) = s.freed;
  s.freed = p;
  --s.used;
  stats_.bytes_in_use -= bytes;
  if (was_full) s.push_to(list);
  if (s.used != 0) return;
  s.remove_from(list);
  retire(s);
}

// An empty slab for blocks of this size, in no list.
pool::slab* pool::new_slab(std::size_t block_bytes) {
  slab* s = idle_slabs_;
  if (s != nullptr) {
    s->remove_from(idle_slabs_);
    --idle_slab_count_;
  } else {
    s = static_cast<slab*>(reserve(slab_bytes, slab_bytes, false));
    ++slab_count_;
  }
  return new (s) slab{nullptr, nullptr,
                      nullptr, static_cast<std::uint32_t>(block_bytes),
                      0,       static_cast<std::uint32_t>(slab_header_bytes)};
}

// Keeps an empty slab for later. Gives slabs back while more are idle than in use. O(1) amortised:
// each slab is retired once before it is given back.
void pool::retire(slab& s) noexcept {
  s.push_to(idle_slabs_);
  ++idle_slab_count_;
  while (idle_slab_count_ >
         std::max(slab_count_ - idle_slab_count_, idle_floor_bytes / slab_bytes)) {
    release_slab();
  }
}

void pool::release_slab() noexcept {
  slab* const s = idle_slabs_;
  s->remove_from(idle_slabs_);
  --idle_slab_count_;
  --slab_count_;
  unreserve(s, slab_bytes, slab_bytes);
}

// ---- arrays ----------------------------------------------------------------------------------

void* pool::allocate_array(std::size_t bytes) {
  idle_array*& list = idle_arrays_[array_class(bytes)];
  void* p = list;
  if (p != nullptr) {
    list = list->next;
    idle_array_bytes_ -= bytes;
    ++stats_.arrays_recycled;
  } else {
    p = reserve(bytes, array_alignment, false);
  }
  ++stats_.arrays_allocated;
  count_in_use(bytes);
  return p;
}

void pool::deallocate_array(void* p, std::size_t bytes) noexcept {
  stats_.bytes_in_use -= bytes;
  if (idle_array_bytes_ + bytes > std::max(stats_.bytes_in_use, idle_floor_bytes)) {
    return unreserve(p, bytes, array_alignment);
  }
  idle_array*& list = idle_arrays_[array_class(bytes)];
  list = new (p) idle_array{list, bytes};
  idle_array_bytes_ += bytes;
}

void* pool::allocate_large(std::size_t bytes, std::size_t alignment, bool zeroed) {
  void* const p = reserve(bytes, alignment, zeroed);
  ++stats_.arrays_allocated;
  count_in_use(bytes);
  return p;
}

void pool::deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  stats_.bytes_in_use -= bytes;
  unreserve(p, bytes, alignment);
}

// ---- what the pool holds ---------------------------------------------------------------------

void pool::count_in_use(std::size_t bytes) noexcept {
  stats_.bytes_in_use += bytes;
  stats_.bytes_peak = std::max(stats_.bytes_peak, stats_.bytes_in_use);
}

// Whether `bytes` more are within the cap. If need be, gives back idle memory first.
bool pool::make_room(std::size_t bytes) noexcept {
  const auto fits = [&] { return bytes <= cap_ && stats_.bytes_reserved <= cap_ - bytes; };
  return fits() || (release_idle() && fits());
}

void* pool::reserve(std::size_t bytes, std::size_t alignment, bool zeroed) {
  if (!make_room(bytes)) throw std::bad_alloc();
  const auto take = [&] {
    return zeroed ? source_.allocate_zeroed(bytes, alignment) : source_.allocate(bytes, alignment);
  };
  void* p = nullptr;
  try {
    p = take();
  } catch (const std::bad_alloc&) {  // the memory may be idle here
    if (!release_idle()) throw;
    p = take();
  }
  stats_.bytes_reserved += bytes;
  return p;
}

void pool::unreserve(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  source_.deallocate(p, bytes, alignment);
  stats_.bytes_reserved -= bytes;
  ++stats_.blocks_returned;
}

// Gives all idle memory back. Returns whether there was any.
bool pool::release_idle() noexcept {
  const std::uint64_t before = stats_.blocks_returned;
  while (idle_slabs_ != nullptr) release_slab();
  for (idle_array*& list : idle_arrays_) {
    while (list != nullptr) {
      idle_array* const a = list;
      list = a->next;
      idle_array_bytes_ -= a->bytes;
      unreserve(a, a->bytes, array_alignment);
    }
  }
  return stats_.blocks_returned != before;
}

}  // namespace gomap
