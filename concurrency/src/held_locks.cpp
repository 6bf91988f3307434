// held_locks.cpp -- the graph of all maps of the process, and caches of its edges.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>

#include <gomap/detail/held_locks.hpp>
#include <gomap/detail/seed.hpp>
#include <gomap/hash.hpp>
#include <gomap/misuse.hpp>

#include "fork.hpp"
#include "lock_graph.hpp"

namespace gomap::detail {
namespace {

using map_number = lock_graph::map_number;

// The graph. It exists only while it has an edge, so that a library that is unloaded leaves nothing
// behind. This object is never destroyed, so maps of static lifetime may use it to their end.
class shared_graph {
 public:
  constexpr shared_graph() noexcept = default;

  std::optional<lock_graph::nesting> add(map_number outer, map_number inner,
                                         lock_graph::nesting how) {
    const std::scoped_lock hold(mutex());
    if (graph_ == nullptr) graph_ = new lock_graph;
    return graph_->add(outer, inner, how);
  }
  void forget(map_number map) noexcept {
    const std::scoped_lock hold(mutex());
    if (graph_ == nullptr) return;
    graph_->forget(map);
    if (!graph_->empty()) return;
    delete graph_;
    graph_ = nullptr;
  }

  void lock() { mutex().lock(); }
  void unlock() { mutex().unlock(); }

 private:
  [[nodiscard]] std::mutex& mutex() noexcept { return hold_.mutex; }

  union never_destroyed {
    std::mutex mutex;
    constexpr never_destroyed() noexcept : mutex() {}
    constexpr ~never_destroyed() {}
  } hold_;
  lock_graph* graph_ = nullptr;
};

constinit shared_graph the_graph;

// Holds the graph's lock during fork(): in the child, no other thread is left to unlock it.
void survive_forks() {
  static const bool once = [] {
    around_fork([] { the_graph.lock(); }, [] { the_graph.unlock(); });
    return true;
  }();
  static_cast<void>(once);
}

// Edges that this thread knows to be in the graph. So threads that nest the same locks again and
// again do not take the graph's lock. A number is never given twice, so the edges of a map that has
// been destroyed are harmless.
class remembered_edges {
 public:
  [[nodiscard]] bool contain(map_number outer, map_number inner) const noexcept {
    const edge& at = edges_[place(outer, inner)];
    return at.outer == outer && at.inner == inner;
  }
  void add(map_number outer, map_number inner) noexcept {
    edges_[place(outer, inner)] = {outer, inner};
  }

 private:
  struct edge {
    map_number outer;
    map_number inner;
  };
  static constexpr std::size_t size = 16;
  static std::size_t place(map_number outer, map_number inner) noexcept {
    return mix(outer, inner) % size;
  }

  std::array<edge, size> edges_{};
};
constinit thread_local remembered_edges remembered;

// A random start plus a counter, so that two copies of the library do not give the same numbers.
map_number next_number() noexcept {
  static const map_number start = random_seed();
  static constinit std::atomic<map_number> count{0};
  for (;;) {
    // relaxed: only the number matters.
    const map_number number = start + count.fetch_add(1, std::memory_order_relaxed);
    if (number != 0) return number;  // 0 means none
  }
}

}  // namespace

map_identity::map_identity() noexcept : number_(next_number()) {}

void map_identity::forget_edges() noexcept { the_graph.forget(number_); }

void map_identity::add_edge_from(const map_identity& outer, operation op) const {
  // relaxed: only the number matters.
  if (known_outer_.load(std::memory_order_relaxed) == outer.number_) return;
  if (remembered.contain(outer.number_, number_)) return;
  survive_forks();
  // relaxed, both: whoever destroys a map comes after all its calls.
  has_edges_.store(true, std::memory_order_relaxed);
  outer.has_edges_.store(true, std::memory_order_relaxed);
  const std::uint32_t thread = this_thread_number();
  std::optional<lock_graph::nesting> back;
  try {
    back = the_graph.add(outer.number_, number_, {op, thread});
  } catch (const std::bad_alloc&) {
    return;  // no memory: the order is noted another time
  }
  if (back) fatal(make_report(misuse_kind::lock_order, op, back->inner, thread, back->thread));
  // relaxed: as above.
  known_outer_.store(outer.number_, std::memory_order_relaxed);
  remembered.add(outer.number_, number_);
}

void lock_scope::check_nested(may_wait wait) const {
  if (const operation outer = held(map_); outer != operation::none) {
    const std::uint32_t thread = this_thread_number();
    fatal(make_report(misuse_kind::reentrancy, op_, outer, thread, thread));
  }
  if (wait == may_wait::no || map_.alone_) return;
  for (const lock_scope* scope = outer_; scope != nullptr; scope = scope->outer_) {
    if (!scope->map_.alone_) map_.add_edge_from(scope->map_, op_);
  }
}

}  // namespace gomap::detail
