// held_locks.hpp -- which maps the calling thread has locked, so that it never waits for itself.
//
// User code runs under a map's locks: visitors, comparisons, destructors. If it calls its own map,
// it would wait for a lock that its own thread holds. If two threads lock two maps in opposite
// orders, they may wait for each other. Both are found before any thread waits. The locks of a
// thread form a chain. A lock that is waited for inside another adds an edge to a graph of maps,
// which must have no cycle; so opposite orders are found even if they never happen at the same
// time.
//
// Only waiting adds an edge. A lock that is tried adds none; nor does a lock of a map that only one
// thread uses, because it is being made, moved or destroyed.
// A lock taken inside no other costs two thread-local stores. The destruction of a map without
// edges costs nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <gomap/misuse.hpp>

namespace gomap::detail {

// The identity of a concurrent_map in the order of locks. It stays with the map object when
// contents are moved or swapped, since the order is one of the program's calls.
// Thread-safe, but for construction, destruction and used_alone.
class map_identity {
 public:
  map_identity() noexcept;
  map_identity(const map_identity&) = delete;
  map_identity& operator=(const map_identity&) = delete;
  ~map_identity() {
    // relaxed: an edge is added in a call of the map, and all calls have ended by now.
    if (has_edges_.load(std::memory_order_relaxed)) [[unlikely]]
      forget_edges();
  }

  // While it exists, only one thread uses the map. They do not nest.
  class [[nodiscard]] used_alone {
   public:
    explicit used_alone(map_identity& map) noexcept : map_(map) { map_.alone_ = true; }
    used_alone(const used_alone&) = delete;
    used_alone& operator=(const used_alone&) = delete;
    ~used_alone() { map_.alone_ = false; }

   private:
    map_identity& map_;
  };

 private:
  friend class lock_scope;

  // Notes that this map is waited for inside a lock of `outer`, for `op`.
  // Throws: what a fatal handler throws, when the opposite order is known.
  void add_edge_from(const map_identity& outer, operation op) const;
  void forget_edges() noexcept;

  // Never given twice, also not by two copies of the library in one process.
  const std::uint64_t number_;
  bool alone_ = false;
  mutable std::atomic<bool> has_edges_{false};
  // A map from which an edge to this one is known: most maps are locked inside one other at most.
  mutable std::atomic<std::uint64_t> known_outer_{0};
};

// A lock that this thread holds or is about to take. They nest like scopes.
class lock_scope {
 public:
  // Requires: the lock is taken after this, and released before the destructor runs; `map` outlives
  // it.
  // Throws: what a fatal handler throws, when this thread holds a lock of this map already, or when
  // some thread has locked this map first and then one of those that this thread holds.
  lock_scope(const map_identity& map, operation op) : lock_scope(map, op, may_wait::yes) {}
  // The same for a lock that is only tried: the thread does not wait, so the order does not matter.
  lock_scope(const map_identity& map, operation op, std::try_to_lock_t)
      : lock_scope(map, op, may_wait::no) {}
  lock_scope(const lock_scope&) = delete;
  lock_scope& operator=(const lock_scope&) = delete;
  ~lock_scope() { innermost = outer_; }

  // Whether this thread holds a lock of any map.
  [[nodiscard]] static bool any_held() noexcept { return innermost != nullptr; }
  // The operation for which this thread holds a lock of `map`; operation::none if it holds none.
  [[nodiscard]] static operation held(const map_identity& map) noexcept {
    for (const lock_scope* scope = innermost; scope != nullptr; scope = scope->outer_) {
      if (&scope->map_ == &map) return scope->op_;
    }
    return operation::none;
  }

 private:
  enum class may_wait : bool { no, yes };

  lock_scope(const map_identity& map, operation op, may_wait wait)
      : map_(map), op_(op), outer_(innermost) {
    if (outer_ != nullptr) [[unlikely]]
      check_nested(wait);
    innermost = this;
  }
  void check_nested(may_wait) const;

  static inline constinit thread_local const lock_scope* innermost = nullptr;

  const map_identity& map_;
  operation op_;
  const lock_scope* outer_;  // borrowed: an enclosing scope of this thread
};

}  // namespace gomap::detail
