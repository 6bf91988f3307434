// shard_array.hpp -- the shards of one concurrent map: 2^n of them, at a fixed place in memory.
//
// A map that was moved from has none. The first thread that needs them makes them. So moving a map
// allocates nothing and cannot fail, and the map that was moved from can be used like any other.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace gomap::detail {

template <class Shard, class Allocator>
class shard_array {
 public:
  // For `count` shards, a power of two. None is made yet.
  shard_array(std::size_t count, const Allocator& allocator) noexcept
      : allocator_(allocator), mask_(count - 1) {}
  // Takes what `other` has. It keeps its size.
  shard_array(shard_array&& other) noexcept : shard_array(other.size(), other.allocator_) {
    swap(other);
  }
  shard_array& operator=(shard_array&&) = delete;
  ~shard_array() { give_back(made()); }

  // Exchanges everything but the allocators.  Requires: they are equal, or exchanged as well.
  void swap(shard_array& other) noexcept {
    // relaxed, all: no other thread uses either.
    shards_.store(
        other.shards_.exchange(shards_.load(std::memory_order_relaxed), std::memory_order_relaxed),
        std::memory_order_relaxed);
    std::swap(mask_, other.mask_);
  }
  void swap_allocators(shard_array& other) noexcept {
    using std::swap;
    swap(allocator_, other.allocator_);
  }

  [[nodiscard]] const Allocator& allocator() const noexcept { return allocator_; }
  [[nodiscard]] std::size_t size() const noexcept { return mask_ + 1; }
  [[nodiscard]] std::size_t mask() const noexcept { return mask_; }

  // All shards; makes them if need be. Any thread.  Throws: what the allocator throws.
  [[nodiscard]] Shard* all() const {
    Shard* const there = if_made();
    return there != nullptr ? there : make();
  }
  [[nodiscard]] Shard& operator[](std::size_t index) const { return all()[index]; }
  // All shards; null if they have not been made, and so hold nothing. Any thread.
  [[nodiscard]] Shard* if_made() const noexcept {
    // acquire: pairs with the release in make(), so that they are there once their address is.
    return shards_.load(std::memory_order_acquire);
  }
  // The shards that have been made: all or none.
  [[nodiscard]] std::span<Shard> made() const noexcept {
    Shard* const there = if_made();
    return {there, there == nullptr ? 0 : size()};
  }

 private:
  using shard_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<Shard>;
  using traits = std::allocator_traits<shard_allocator>;

  [[gnu::noinline]] Shard* make() const {
    shard_allocator from(allocator_);
    Shard* const fresh = std::to_address(traits::allocate(from, size()));
    for (std::size_t i = 0; i < size(); ++i) std::construct_at(fresh + i, allocator_);
    Shard* first = nullptr;
    // release: pairs with the acquire in if_made(). acquire: so does another thread's, if it was
    // first.
    if (shards_.compare_exchange_strong(first, fresh, std::memory_order_release,
                                        std::memory_order_acquire)) {
      return fresh;
    }
    give_back({fresh, size()});
    return first;
  }
  void give_back(std::span<Shard> shards) const noexcept {
    if (shards.empty()) return;
    std::destroy(shards.begin(), shards.end());
    shard_allocator to(allocator_);
    traits::deallocate(to, shards.data(), shards.size());
  }

  [[no_unique_address]] Allocator allocator_;
  mutable std::atomic<Shard*> shards_{nullptr};
  std::size_t mask_;
};

}  // namespace gomap::detail
