// batch.hpp -- some keys of a range, hashed together and grouped by shard.
//
// A batch is so large that each shard's lock is taken for several keys at a time, and that the
// memory of the last keys arrives while the first are looked up. It is small enough for the stack:
// the more it keeps for each key, the fewer keys it takes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>

#include <gomap/detail/aside.hpp>

namespace gomap::detail {

// How many bytes a batch, and what its user keeps beside it, take on the stack.
inline constexpr std::size_t batch_bytes = std::size_t{8} << 10;

// Core is a concurrent_core. It iterates over keys, or over items that HashOf can hash.
// BytesBeside: how many bytes the user keeps for each of them.
template <class Core, class It, std::size_t BytesBeside = 0>
class batch {
  static constexpr bool can_return = std::forward_iterator<It>;
  // What is kept for each place: an iterator; or the item itself, if it can be read only once.
  using kept = std::conditional_t<can_return, It, std::iter_value_t<It>>;

 public:
  struct item {
    std::uint64_t hash;
    std::uint32_t shard;
    std::uint32_t place;  // in the batch
  };

  static constexpr std::size_t capacity = std::clamp<std::size_t>(
      batch_bytes / (sizeof(item) + sizeof(aside<kept>) + BytesBeside), 1, 128);

  // Takes the next items, from `first` up to `last` at most, and prefetches their memory.
  // hash_of(*place) hashes.  Throws: what it throws.
  template <class Sentinel, class HashOf>
  batch(const Core& core, It& first, const Sentinel& last, const HashOf& hash_of) {
    for (; size_ < capacity && first != last; (void)++first, ++size_) {
      if constexpr (can_return) {
        places_[size_].emplace(first);
      } else {
        places_[size_].emplace(*first);
      }
      const std::uint64_t hash = hash_of((*this)[size_]);
      items_[size_] = {hash, static_cast<std::uint32_t>(core.shard_index(hash)),
                       static_cast<std::uint32_t>(size_)};
      core.prefetch(hash);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // In the order of the range, unless for_each_group() has been called.
  [[nodiscard]] std::span<const item> items() const noexcept { return {items_.data(), size_}; }
  // The item at a place.
  [[nodiscard]] decltype(auto) operator[](std::size_t place) {
    if constexpr (can_return) {
      return **places_[place];
    } else {
      return (*places_[place]);
    }
  }

  // The same, as an rvalue if the range allows moving from it.
  [[nodiscard]] decltype(auto) take(std::size_t place) {
    if constexpr (can_return) {
      return **places_[place];
    } else {
      return std::move(*places_[place]);
    }
  }

  // Calls f(shard, items) for each shard that has items. Items of one shard are in the order of the
  // range.
  template <class F>
  void for_each_group(F&& f) {
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(size_);
    sort(items_.begin(), end, [](const item& a, const item& b) {
      return a.shard != b.shard ? a.shard < b.shard : a.place < b.place;
    });
    for (auto first = items_.begin(); first != end;) {
      const auto next =
          std::find_if(first, end, [&](const item& other) { return other.shard != first->shard; });
      f(first->shard, std::span<const item>(first, next));
      first = next;
    }
  }

 private:
  // Insertion sort, since there are few; and g++ warns that std::sort might go out of bounds.
  template <class Iterator, class Less>
  static void sort(Iterator first, Iterator last, const Less& less) {
    if constexpr (capacity > 16) {
      std::sort(first, last, less);
    } else {
      for (auto at = first; at != last; ++at) {
        std::rotate(std::upper_bound(first, at, *at, less), at, std::next(at));
      }
    }
  }

  std::size_t size_ = 0;
  std::array<item, capacity> items_;
  std::array<aside<kept>, capacity> places_;
};

}  // namespace gomap::detail
