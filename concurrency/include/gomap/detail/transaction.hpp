// transaction.hpp -- several keys of a concurrent map at one instant: locked, handed out, stored.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/detail/held_locks.hpp>
#include <gomap/detail/key_forms.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/entry.hpp>
#include <gomap/misuse.hpp>

namespace gomap::detail {

// Holds references to the keys, which must outlive it. All locks are held from construction to
// destruction. They are taken in the order of the shards, so transactions do not deadlock.
template <class Core, class... Keys>
class transaction {
  using position = typename Core::position;
  using locked_shard = typename Core::locked_shard;
  using key_type = std::remove_const_t<typename Core::value_type::first_type>;
  using mapped_type = typename Core::value_type::second_type;
  static constexpr std::size_t count = sizeof...(Keys);
  using indices = std::make_index_sequence<count>;

 public:
  // Throws: what hash, comparison and copies throw, and a fatal handler, see lock_scope.
  transaction(const Core& core, Keys&&... keys)
      : core_(core),
        keys_(std::forward<Keys>(keys)...),
        hashes_{core.hash_key(keys)...},
        scope_(core.identity(), operation::update) {
    lock_shards();
    gather(indices());
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  // Calls f(entry&...), with one entry for each key; equal keys have the same entry.
  template <class F>
  decltype(auto) call(F& f) {
    return call_with(f, indices());
  }

  // Makes the map hold what the entries hold.  Throws: what insertion and assignment throw; then
  // nothing is inserted or erased.
  void commit() { commit_with(indices()); }

 private:
  void lock_shards() {
    std::array<std::size_t, count> order;
    for (std::size_t i = 0; i < count; ++i) order[i] = core_.shard_index(hashes_[i]);
    std::sort(order.begin(), order.end());
    const auto end = std::unique(order.begin(), order.end());
    for (auto index = order.begin(); index != end; ++index) {
      const auto i = static_cast<std::size_t>(index - order.begin());
      shards_[i] = *index;
      locks_[i].emplace(core_, core_.shard_at(*index), operation::update);
    }
  }
  // The shard of key I.
  [[nodiscard]] const locked_shard& shard(std::size_t i) const {
    const std::size_t index = core_.shard_index(hashes_[i]);
    std::size_t at = 0;
    while (shards_[at] != index) ++at;
    return *locks_[at];
  }
  template <std::size_t I>
  [[nodiscard]] position find() const {
    return shard(I).find(std::get<I>(keys_), hashes_[I]);
  }

  // Whether two keys are one. The map's equality compares a Key with what is none; two that are none
  // it may not take, or take for something else: pointers to text for addresses.
  template <class A, class B>
  [[nodiscard]] bool same(const A& a, const B& b) const {
    if constexpr (std::is_same_v<A, key_type>) {
      return core_.are_equal(a, b);
    } else if constexpr (std::is_same_v<B, key_type>) {
      return core_.are_equal(b, a);
    } else {
      return core_.are_equal(make_key<key_type>(a), b);
    }
  }

  template <std::size_t... I>
  void gather(std::index_sequence<I...>) {
    (gather_one<I>(indices()), ...);
  }
  template <std::size_t I, std::size_t... J>
  void gather_one(std::index_sequence<J...>) {
    first_[I] = I;
    // The first key that equals this one.
    (void)((J < I && hashes_[J] == hashes_[I] && same(std::get<J>(keys_), std::get<I>(keys_)) &&
            (first_[I] = J, true)) ||
           ...);
    if (first_[I] != I) return;
    const position at = find<I>();
    present_[I] = static_cast<bool>(at);
    if (!at) return;
    if constexpr (Core::optimistic) {
      entry_access::copy(entries_[I], at.entry()->second);
    } else {
      entry_access::refer(entries_[I], at.entry()->second);
    }
  }

  template <class F, std::size_t... I>
  decltype(auto) call_with(F& f, std::index_sequence<I...>) {
    return f(static_cast<entry<mapped_type>&>(entries_[first_[I]])...);
  }

  template <std::size_t... I>
  void commit_with(std::index_sequence<I...>) {
    // Insertions come first, since they may fail and can be undone. Then all searches, since
    // insertions move entries. Then assignments.
    std::array<position, count> found;
    GOMAP_TRY {
      (insert_one<I>(), ...);
      ((found[I] = first_[I] == I && present_[I] ? find<I>() : position()), ...);
      (assign_one<I>(found[I]), ...);
    }
    GOMAP_CATCH_ALL {
      (take_back<I>(), ...);
      GOMAP_RETHROW;
    }
    (erase_one<I>(found[I]), ...);
  }
  template <std::size_t I>
  void insert_one() {
    if (first_[I] != I || present_[I] || !entries_[I].has_value()) return;
    if constexpr (count == 1) {  // nothing can fail after it, so the key is not needed again
      shard(I).insert(hashes_[I], std::get<I>(std::move(keys_)), std::move(*entries_[I]));
    } else {
      shard(I).insert(hashes_[I], std::as_const(std::get<I>(keys_)), std::move(*entries_[I]));
    }
    inserted_[I] = true;
  }
  template <std::size_t I>
  void take_back() noexcept {
    if (!inserted_[I]) return;
    GOMAP_TRY {
      if (const position at = find<I>()) shard(I).erase(at, hashes_[I]);
    }
    GOMAP_CATCH_ALL {
      // A comparison that worked before has failed, while another exception is under way. The entry
      // stays: a second exception cannot be reported.
    }
  }
  template <std::size_t I>
  void assign_one(position at) {
    if (!at) return;
    if (mapped_type* const value = entry_access::to_store(entries_[I])) {
      shard(I).assign(at, std::move(*value));
    }
  }
  template <std::size_t I>
  void erase_one(position at) noexcept {
    if (at && !entries_[I].has_value()) shard(I).erase(at, hashes_[I]);
  }

  const Core& core_;
  std::tuple<Keys&&...> keys_;
  std::array<std::uint64_t, count> hashes_;
  lock_scope scope_;
  std::array<std::optional<locked_shard>, count> locks_;  // in the order of the shards
  std::array<std::size_t, count> shards_{};
  std::array<new_entry<mapped_type>, count> entries_;
  std::array<std::size_t, count> first_{};  // the first key that equals this one
  std::array<bool, count> present_{};
  std::array<bool, count> inserted_{};
};

}  // namespace gomap::detail
