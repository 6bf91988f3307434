// bucket_memory.hpp -- what a table asks of an allocator: bucket arrays and overflow buckets.
//
// Arrays are allocated one by one. Overflow buckets come from slabs. A slab is one allocation; the
// buckets that erasures give back are kept in a free list.
//
//   slab:  next* | free list* | capacity | used | bucket[capacity]
//
// A growth empties every old chain, so that no bucket of the old slabs is in use after it. The
// slabs are retired when the growth starts. When it is over they are given back one at a time, so
// that no call frees them all.
//
// Where readers without a lock may look at memory late (Words::shared), nothing is deallocated
// before release_all(). Slabs are never retired, so an overflow bucket stays one for ever. The
// buckets of a small old array become overflow buckets when the array is retired.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <gomap/allocator_concepts.hpp>
#include <gomap/detail/kept_arrays.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/words.hpp>

namespace gomap::detail {

// Slabs are allocated in units of a bucket's alignment: the header, then the buckets.
// A template of its own, so that naming it does not ask how large a bucket is.
template <class Bucket>
struct alignas(alignof(Bucket)) slab_unit {
  std::byte bytes[alignof(Bucket)];
};

template <class Bucket, class Allocator, class Words = plain_words>
class bucket_memory {
  using unit = slab_unit<Bucket>;
  struct slab {
    slab* next;
    Bucket* free;  // of the newest slab: what has been given back, unless Words::shared
    std::uint32_t capacity;
    std::uint32_t used;  // buckets [used, capacity) were never handed out
  };

 public:
  using array_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<Bucket>;
  using slab_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<unit>;

  // ---- arrays

  // `n` buckets, none of them initialised.  Throws: what the allocator throws.
  static Bucket* allocate_array(const Allocator& allocator, std::size_t n) {
    array_allocator from(allocator);
    return std::to_address(std::allocator_traits<array_allocator>::allocate(from, n));
  }

  // `n` buckets, all of them empty.  Throws: what the allocator throws.
  // O(1) page faults if the allocator offers zeroed memory, else O(n).
  static Bucket* allocate_empty_array(const Allocator& allocator, std::size_t n) {
    array_allocator from(allocator);
    if constexpr (zeroing_allocator<array_allocator>) {
      return from.allocate_zeroed(n);
    } else {
      Bucket* const array = allocate_array(allocator, n);
      for (std::size_t i = 0; i < n; ++i) array[i].reset();
      return array;
    }
  }

  static void deallocate_array(const Allocator& allocator, Bucket* array, std::size_t n) noexcept {
    array_allocator to(allocator);
    std::allocator_traits<array_allocator>::deallocate(to, array, n);
  }

  // Ends the use of an array whose entries have all moved.
  void retire_array(const Allocator& allocator, Bucket* array, std::size_t n) noexcept {
    if constexpr (Words::shared) {
      kept_.keep(array, n);
      if (serves_as_overflow(n)) {
        for (std::size_t i = 1; i < n; ++i) give_back(array + i);
      } else {
        discard(allocator, array + 1, array + n, nullptr);
      }
    } else {
      deallocate_array(allocator, array, n);
    }
  }

  // Extends an array of `n` buckets in place to `more`; those added are not initialised.
  // False: nothing changed.
  static bool try_extend(const Allocator& allocator, Bucket* array, std::size_t n,
                         std::size_t more) noexcept {
    if constexpr (extendable_allocator<array_allocator>) {
      array_allocator from(allocator);
      return from.try_extend(array, n, more);
    } else {
      return false;
    }
  }

  // Tells the allocator that buckets [first, last) are not needed any more. If `ahead` is not null,
  // their pages may become those of as many buckets at `ahead`, which are not initialised yet.
  static void discard(const Allocator& allocator, Bucket* first, Bucket* last,
                      Bucket* ahead) noexcept {
    [[maybe_unused]] const std::size_t bytes =
        static_cast<std::size_t>(last - first) * sizeof(Bucket);
    [[maybe_unused]] array_allocator to(allocator);
    if constexpr (page_moving_allocator<array_allocator>) {
      if (ahead != nullptr) return to.move_pages(first, ahead, bytes);
    }
    if constexpr (discarding_allocator<array_allocator>) to.discard(first, bytes);
  }

  // ---- overflow buckets

  // Makes sure that the next `n` calls of take() need no memory.  Throws: what the allocator
  // throws.  `hint` is how many overflow buckets the table may come to need; slabs grow with it.
  void reserve(const Allocator& allocator, std::size_t n, std::size_t hint) {
    const std::size_t ready = ready_count(n);
    if (ready < n) add_slab(allocator, std::max(n - ready, slab_capacity(hint)));
  }

  // An empty overflow bucket.  Throws: what the allocator throws.
  Bucket* take(const Allocator& allocator, std::size_t hint) {
    if (first_free() == nullptr && (slabs_ == nullptr || slabs_->used == slabs_->capacity)) {
      add_slab(allocator, slab_capacity(hint));
    }
    if (Bucket* const freed = first_free()) {
      free_list() = freed->next();
      freed->reset(freed->past());  // who stood in it must not take the next one for his own
      return freed;
    }
    Bucket* const fresh = buckets_of(slabs_) + slabs_->used++;
    fresh->reset();
    return fresh;
  }

  // Requires: `bucket` came from take() after the last retire(), and holds no entry.
  void give_back(Bucket* bucket) noexcept {
    bucket->set_tops(0);
    bucket->set_next(free_list());
    free_list() = bucket;
  }

  // Retires all slabs. From here on no bucket of them may be given back, unless Words::shared;
  // release_retired() deallocates them. O(1), unless slabs of an earlier growth are still there.
  void retire() noexcept {
    if constexpr (!Words::shared) {
      retired_.first = join(std::exchange(slabs_, nullptr), retired_.first);
    }
  }

  // Deallocates one retired slab. Returns whether more are left.
  bool release_retired(const Allocator& allocator) noexcept {
    if (!has_retired()) return false;
    if constexpr (!Words::shared) {
      slab* const first = std::exchange(retired_.first, retired_.first->next);
      deallocate_slab(allocator, first);
    }
    return has_retired();
  }
  void release_all_retired(const Allocator& allocator) noexcept {
    while (release_retired(allocator)) {
    }
  }
  [[nodiscard]] bool has_retired() const noexcept { return retired_.first != nullptr; }

  // Takes every overflow bucket back.  Requires: no chain leads to one.
  void reclaim_all(const Allocator& allocator) noexcept {
    if constexpr (Words::shared) {
      free_list() = nullptr;
      for_each_bucket(false, [this](Bucket* b) { give_back(b); });
    } else {
      release_all(allocator);
    }
  }

  // Deallocates all memory but the arrays in use.  Requires: no chain leads to an overflow bucket,
  // and no reader is left.
  void release_all(const Allocator& allocator) noexcept {
    if constexpr (Words::shared) free_list() = nullptr;
    release_all_retired(allocator);
    while (slabs_ != nullptr) deallocate_slab(allocator, std::exchange(slabs_, slabs_->next));
    if constexpr (Words::shared) {
      kept_.drain([&](Bucket* array, std::size_t n) { deallocate_array(allocator, array, n); });
    }
  }

  // Calls f(bucket) for every overflow bucket that has been taken and not deallocated. Those given
  // back since are included; they are empty. `retired`: with those of retired slabs. f must not
  // call take().
  template <class F>
  void for_each_bucket(bool retired, F&& f) const {
    for (slab* list : {slabs_, retired ? retired_.first : nullptr}) {
      for (slab* s = list; s != nullptr; s = s->next) {
        for (Bucket* b = buckets_of(s); b != buckets_of(s) + s->used; ++b) f(b);
      }
    }
    if constexpr (Words::shared) {
      kept_.for_each([&](Bucket* array, std::size_t n) {
        for (std::size_t i = 1; i < n && serves_as_overflow(n); ++i) f(array + i);
      });
    }
  }
  // Calls f(first, last) for the overflow buckets of each slab, retired ones included.
  template <class F>
  void for_each_slab(F&& f) const {
    for (slab* list : {slabs_, retired_.first}) {
      for (slab* s = list; s != nullptr; s = s->next) f(buckets_of(s), buckets_of(s) + s->used);
    }
  }

  // Bytes of old arrays that are kept. O(arrays).
  [[nodiscard]] std::size_t kept_bytes() const noexcept {
    if constexpr (Words::shared) {
      return kept_.buckets() * sizeof(Bucket);
    } else {
      return 0;
    }
  }
  // Bytes of all slabs. O(slabs).
  [[nodiscard]] std::size_t slab_bytes() const noexcept {
    std::size_t units = 0;
    for (const slab* list : {slabs_, retired_.first}) {
      for (const slab* s = list; s != nullptr; s = s->next) units += units_for(s->capacity);
    }
    return units * sizeof(unit);
  }

  void swap(bucket_memory& other) noexcept {
    std::swap(slabs_, other.slabs_);
    std::swap(retired_, other.retired_);
    if constexpr (Words::shared) {
      std::swap(kept_free_.list, other.kept_free_.list);
      kept_.swap(other.kept_);
    }
  }

 private:
  // Appends one list to the other.
  static slab* join(slab* first, slab* second) noexcept {
    if (second == nullptr) return first;
    slab** tail = &first;
    while (*tail != nullptr) tail = &(*tail)->next;
    *tail = second;
    return first;
  }

  // Whether an old array of `n` buckets becomes overflow buckets: if it is too small to discard.
  static constexpr bool serves_as_overflow(std::size_t n) noexcept {
    return n <= (std::size_t{64} << 10) / sizeof(Bucket);
  }

  // Large enough that slabs are few, small enough that deallocating one is no pause.
  static constexpr std::size_t max_slab_bytes = std::size_t{256} << 10;
  static std::size_t slab_capacity(std::size_t hint) noexcept {
    return std::clamp<std::size_t>(hint / 32, 1,
                                   std::max<std::size_t>(1, max_slab_bytes / sizeof(Bucket)));
  }
  static constexpr std::size_t header_units() noexcept {
    return (sizeof(slab) + sizeof(unit) - 1) / sizeof(unit);
  }
  static constexpr std::size_t units_for(std::size_t capacity) noexcept {
    return header_units() + capacity * (sizeof(Bucket) / sizeof(unit));
  }
  static Bucket* buckets_of(slab* s) noexcept {
    return reinterpret_cast<Bucket*>(reinterpret_cast<unit*>(s) + header_units());
  }

  // The list of what has been given back; it hangs in the newest slab.  Requires, unless
  // Words::shared: there is a slab that is not retired.
  [[nodiscard]] Bucket*& free_list() noexcept {
    if constexpr (Words::shared) {
      return kept_free_.list;
    } else {
      return slabs_->free;
    }
  }
  [[nodiscard]] Bucket* first_free() const noexcept {
    if constexpr (Words::shared) {
      return kept_free_.list;
    } else {
      return slabs_ == nullptr ? nullptr : slabs_->free;
    }
  }

  // How many buckets are at hand, counting no further than `enough`.
  [[nodiscard]] std::size_t ready_count(std::size_t enough) const noexcept {
    std::size_t count = slabs_ == nullptr ? 0 : slabs_->capacity - slabs_->used;
    for (const Bucket* b = first_free(); b != nullptr && count < enough; b = b->next()) ++count;
    return count;
  }

  void add_slab(const Allocator& allocator, std::size_t capacity) {
    static_assert(alignof(unit) >= alignof(slab));
    slab_allocator from(allocator);
    const std::size_t units = units_for(capacity);
    unit* const raw = std::to_address(std::allocator_traits<slab_allocator>::allocate(from, units));
    if (!Bucket::can_link(raw) || !Bucket::can_link(raw + units)) {
      std::allocator_traits<slab_allocator>::deallocate(from, raw, units);
      GOMAP_THROW(std::bad_alloc());
    }
    // What the newest slab has not handed out yet would be forgotten behind the new one.
    while (slabs_ != nullptr && slabs_->used < slabs_->capacity) {
      Bucket* const unused = buckets_of(slabs_) + slabs_->used++;
      unused->reset();
      give_back(unused);
    }
    Bucket* const freed = Words::shared ? nullptr : first_free();
    slabs_ = ::new (static_cast<void*>(raw))
        slab{slabs_, freed, static_cast<std::uint32_t>(capacity), 0};
  }
  static void deallocate_slab(const Allocator& allocator, slab* s) noexcept {
    const std::size_t units = units_for(s->capacity);
    slab_allocator to(allocator);
    std::allocator_traits<slab_allocator>::deallocate(to, reinterpret_cast<unit*>(s), units);
  }

  slab* slabs_ = nullptr;  // newest first; only the newest has buckets that were never used
  struct slab_list {
    slab* first = nullptr;
  };
  struct no_slabs {
    static constexpr slab* first = nullptr;
  };
  // Of old chains.
  [[no_unique_address]] std::conditional_t<Words::shared, no_slabs, slab_list> retired_;
  [[no_unique_address]] std::conditional_t<Words::shared, kept_arrays<Bucket>, no_kept_arrays>
      kept_;
  // Buckets of kept arrays may be free where there is no slab.
  struct bucket_list {
    Bucket* list = nullptr;
  };
  struct no_buckets {};
  [[no_unique_address]] std::conditional_t<Words::shared, bucket_list, no_buckets> kept_free_;
};

}  // namespace gomap::detail
