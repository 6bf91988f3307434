// held_locks.hpp -- which maps the calling thread has locked, so that it never waits for itself.
//
// User code runs under a map's locks: visitors, comparisons, destructors. Code that calls its own
// map back would wait for a lock that its own thread holds; two maps locked in both orders make two
// threads wait for each other. Both are found before anybody waits: each lock is a link in a chain
// of its thread, and a lock taken inside another leaves an edge in a graph of maps, which must have
// no cycle. The second is found even when the two orders never meet in time.
// A lock taken inside no other costs two thread-local stores.
#pragma once

#include <cstdint>
#include <mutex>

#include <gomap/misuse.hpp>

namespace gomap::detail {

// A number for each concurrent_map that is never given twice; any thread.
[[nodiscard]] std::uint64_t next_map_number() noexcept;

// Drops what the graph knows about a map; any thread.
void forget_map(std::uint64_t map) noexcept;

// One lock, held or about to be, on the thread that made it; they nest like scopes.
class lock_scope {
 public:
  // Requires: the lock is taken after this, and given back before the destructor runs.
  // Throws: what a fatal handler throws, when this thread holds a lock of this map already, or when
  // some thread has locked this map first and then one of those that this thread holds.
  lock_scope(std::uint64_t map, operation op) : lock_scope(map, op, may_wait::yes) {}
  // The same for a lock that is only tried: nobody waits for it, so its order does not matter.
  lock_scope(std::uint64_t map, operation op, std::try_to_lock_t)
      : lock_scope(map, op, may_wait::no) {}
  lock_scope(const lock_scope&) = delete;
  lock_scope& operator=(const lock_scope&) = delete;
  ~lock_scope() { innermost = outer_; }

  // The operation for which this thread holds a lock of `map`; operation::none if it holds none.
  [[nodiscard]] static operation held(std::uint64_t map) noexcept {
    for (const lock_scope* scope = innermost; scope != nullptr; scope = scope->outer_) {
      if (scope->map_ == map) return scope->op_;
    }
    return operation::none;
  }

 private:
  enum class may_wait : bool { no, yes };

  lock_scope(std::uint64_t map, operation op, may_wait wait)
      : map_(map), op_(op), outer_(innermost) {
    if (outer_ != nullptr) [[unlikely]]
      check_nested(wait);
    innermost = this;
  }
  void check_nested(may_wait) const;

  static inline constinit thread_local const lock_scope* innermost = nullptr;

  std::uint64_t map_;
  operation op_;
  const lock_scope* outer_;  // borrowed: an enclosing scope of this thread
};

}  // namespace gomap::detail
