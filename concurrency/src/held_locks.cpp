// held_locks.cpp -- the graph of maps that were locked inside one another.
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <gomap/detail/held_locks.hpp>

namespace gomap::detail {
namespace {

using map_number = std::uint64_t;

// Who was the first to lock one map inside another.
struct nesting {
  operation inner;
  std::uint32_t thread;
};

// Edges outer -> inner. Cold: a thread comes here only when it takes a lock inside another.
class lock_graph {
 public:
  // Adds an edge, unless that would close a cycle: then it is left out, and the first edge of the
  // path from `inner` back to `outer` is returned.
  std::optional<nesting> add(map_number outer, map_number inner, nesting how) {
    const std::scoped_lock hold(lock_);
    if (edges_.contains({outer, inner})) return std::nullopt;
    std::set<map_number> seen;
    if (const auto back = path(inner, outer, seen)) return back;
    edges_.emplace(std::pair(outer, inner), how);
    return std::nullopt;
  }

  void forget(map_number map) noexcept {
    const std::scoped_lock hold(lock_);
    std::erase_if(edges_, [map](const auto& edge) {
      return edge.first.first == map || edge.first.second == map;
    });
  }

 private:
  std::optional<nesting> path(map_number from, map_number to, std::set<map_number>& seen) const {
    if (!seen.insert(from).second) return std::nullopt;
    for (auto edge = edges_.lower_bound({from, 0}); edge != edges_.end(); ++edge) {
      const auto [outer, inner] = edge->first;
      if (outer != from) break;
      if (inner == to || path(inner, to, seen)) return edge->second;
    }
    return std::nullopt;
  }

  std::mutex lock_;
  std::map<std::pair<map_number, map_number>, nesting> edges_;
};

// Never destroyed, so that maps with static lifetime may use it to their end.
lock_graph& graph() {
  static lock_graph* const the_graph = new lock_graph;
  return *the_graph;
}

// Whether any lock was ever taken inside another.
constinit std::atomic<bool> any_nesting{false};

}  // namespace

map_number next_map_number() noexcept {
  static constinit std::atomic<map_number> last{0};
  // relaxed: only the number matters.
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

void forget_map(map_number map) noexcept {
  // relaxed: the edges of a map that is being destroyed were added by calls that are over.
  if (any_nesting.load(std::memory_order_relaxed)) graph().forget(map);
}

void lock_scope::check_nested(may_wait wait) const {
  const std::uint32_t thread = this_thread_number();
  if (const operation outer = held(map_); outer != operation::none) {
    fatal(make_report(misuse_kind::reentrancy, op_, outer, thread, thread));
  }
  if (wait == may_wait::no) return;
  // relaxed: see forget_map().
  any_nesting.store(true, std::memory_order_relaxed);
  for (const lock_scope* scope = outer_; scope != nullptr; scope = scope->outer_) {
    // The edge that this thread added last needs no lock: programs nest the same maps again and
    // again.
    thread_local std::pair<map_number, map_number> last{0, 0};
    const std::pair edge(scope->map_, map_);
    if (edge == last) continue;
    if (const auto back = graph().add(scope->map_, map_, {op_, thread})) {
      fatal(make_report(misuse_kind::lock_order, op_, back->inner, thread, back->thread));
    }
    last = edge;
  }
}

}  // namespace gomap::detail
