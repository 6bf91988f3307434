// held_locks.hpp -- which maps the calling thread has locked, so that it never waits for itself.
//
// User code runs under a map's locks: visitors, comparisons, destructors. Code that calls its own
// map back would wait for a lock that its own thread holds; two maps locked in both orders make two
// threads wait for each other. Both are found before anybody waits: each lock is a link in a chain
// of its thread, and a lock that is waited for inside another leaves an edge in a graph of maps,
// which must have no cycle. The second is found even when the two orders never meet in time.
//
// Only waiting makes an edge. A lock that is tried makes none, nor does one of a map that a single
// thread uses: one that is being made, moved or destroyed.
// A lock taken inside no other costs two thread-local stores, and a map that takes no part in any
// edge costs nothing when it goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <gomap/misuse.hpp>

namespace gomap::detail {

// What a concurrent_map is known by to the order of locks. It stays with its map; contents that are
// moved or swapped leave it behind, since the order is one of the program's calls.
// Thread-safe, but for construction, destruction and used_alone.
class map_identity {
 public:
  map_identity() noexcept;
  map_identity(const map_identity&) = delete;
  map_identity& operator=(const map_identity&) = delete;
  ~map_identity() {
    // relaxed: who added an edge of this map was in a call of it, and is done with that by now.
    if (has_edges_.load(std::memory_order_relaxed)) [[unlikely]]
      forget_edges();
  }

  // As long as it lives, one thread alone uses the map. They do not nest.
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

  // Never given twice; two copies of the library in one process give different ones.
  const std::uint64_t number_;
  bool alone_ = false;
  mutable std::atomic<bool> has_edges_{false};
  // The map that an edge is known to come from: most maps are locked inside one other, if any.
  mutable std::atomic<std::uint64_t> known_outer_{0};
};

// One lock, held or about to be, on the thread that made it; they nest like scopes.
class lock_scope {
 public:
  // Requires: the lock is taken after this, and given back before the destructor runs; `map`
  // outlives it.
  // Throws: what a fatal handler throws, when this thread holds a lock of this map already, or when
  // some thread has locked this map first and then one of those that this thread holds.
  lock_scope(const map_identity& map, operation op) : lock_scope(map, op, may_wait::yes) {}
  // The same for a lock that is only tried: nobody waits for it, so its order does not matter.
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
