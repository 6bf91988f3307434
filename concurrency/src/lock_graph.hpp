// lock_graph.hpp -- which maps were waited for inside a lock of which others, in any thread.
//
// Cold: it is used only for an edge that neither the thread nor the map remembers. Adding an edge
// searches all maps that can be reached from its end. Forgetting a map goes through its own edges.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gomap/misuse.hpp>

namespace gomap::detail {

class lock_graph {
 public:
  using map_number = std::uint64_t;

  // The first wait for one map inside another: its operation and thread.
  struct nesting {
    operation inner;
    std::uint32_t thread;
  };

  // Adds an edge, unless it would close a cycle. Then it is not added, and the first edge of the
  // path from `inner` back to `outer` is returned.  Throws: std::bad_alloc; nothing has changed.
  std::optional<nesting> add(map_number outer, map_number inner, nesting how);
  void forget(map_number map) noexcept;
  [[nodiscard]] bool empty() const noexcept { return maps_.empty(); }

 private:
  struct edges {
    std::unordered_map<map_number, nesting> to;  // the maps that were waited for inside this one
    std::unordered_set<map_number> from;
  };

  std::optional<nesting> path(map_number from, map_number to) const;
  void drop_if_bare(map_number map) noexcept;

  std::unordered_map<map_number, edges> maps_;
};

// ---- bodies, in the order above ------------------------------------------------------------

inline auto lock_graph::add(map_number outer, map_number inner, nesting how)
    -> std::optional<nesting> {
  const auto known = maps_.find(outer);
  if (known != maps_.end() && known->second.to.contains(inner)) return std::nullopt;
  if (const auto back = path(inner, outer)) return back;
  try {
    maps_[outer].to.emplace(inner, how);
    maps_[inner].from.insert(outer);
  } catch (...) {
    if (const auto half = maps_.find(outer); half != maps_.end()) half->second.to.erase(inner);
    drop_if_bare(outer);
    drop_if_bare(inner);
    throw;
  }
  return std::nullopt;
}

inline void lock_graph::forget(map_number map) noexcept {
  const auto gone = maps_.extract(map);
  if (gone.empty()) return;
  for (const auto& [inner, how] : gone.mapped().to) {
    maps_.find(inner)->second.from.erase(map);
    drop_if_bare(inner);
  }
  for (const map_number outer : gone.mapped().from) {
    maps_.find(outer)->second.to.erase(map);
    drop_if_bare(outer);
  }
}

inline auto lock_graph::path(map_number from, map_number to) const -> std::optional<nesting> {
  struct step {
    map_number at;
    const nesting* first;  // the first edge of the path
  };
  std::vector<step> open{{from, nullptr}};
  std::unordered_set<map_number> seen{from};
  while (!open.empty()) {
    const step now = open.back();
    open.pop_back();
    const auto known = maps_.find(now.at);
    if (known == maps_.end()) continue;
    for (const auto& [inner, how] : known->second.to) {
      const nesting* const first = now.first != nullptr ? now.first : &how;
      if (inner == to) return *first;
      if (seen.insert(inner).second) open.push_back({inner, first});
    }
  }
  return std::nullopt;
}

inline void lock_graph::drop_if_bare(map_number map) noexcept {
  const auto at = maps_.find(map);
  if (at != maps_.end() && at->second.to.empty() && at->second.from.empty()) maps_.erase(at);
}

}  // namespace gomap::detail
