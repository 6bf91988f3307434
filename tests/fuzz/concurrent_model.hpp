// concurrent_model.hpp -- what a concurrent map should hold, and what a scan of it has to find.
//
// Everything is in numbers, of which make_value.hpp makes keys and values. Each entry knows when it
// came, so that the end of a scan can tell which entries were there throughout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include <gomap/scan_cursor.hpp>

#include "fuzz/byte_stream.hpp"

namespace fuzz {

class concurrent_model {
 public:
  struct held {
    std::uint64_t value;
    std::uint64_t since;  // a moment of now()
  };

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  // Counts insertions.
  [[nodiscard]] std::uint64_t now() const { return now_; }

  [[nodiscard]] bool contains(std::uint64_t key) const { return entries_.contains(key); }
  // The value, or null.
  [[nodiscard]] const std::uint64_t* find(std::uint64_t key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.value;
  }

  // If the key is absent. Returns whether it was.
  bool insert(std::uint64_t key, std::uint64_t value) {
    const bool inserted = entries_.try_emplace(key, held{value, now_ + 1}).second;
    if (inserted) ++now_;
    return inserted;
  }
  // If the key is there.
  void assign(std::uint64_t key, std::uint64_t value) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) found->second.value = value;
  }
  void set(std::uint64_t key, std::uint64_t value) {
    if (!insert(key, value)) assign(key, value);
  }
  bool erase(std::uint64_t key) { return entries_.erase(key) == 1; }
  void clear() { entries_.clear(); }

 private:
  std::unordered_map<std::uint64_t, held> entries_;
  std::uint64_t now_ = 0;
};

// A scan whose cursor is kept while other operations go on. It must come by each key that is there
// from its start to its end exactly once, and by no key twice.
class kept_scan {
 public:
  // Once the map is another one.
  void forget() { under_way_ = false; }

  // scan(cursor, meet) scans one class of the map that `model` stands for, calls meet(key) for each
  // entry, and returns the next cursor.  Throws: what scan throws; the class is then scanned again.
  template <class Scan>
  void step(const concurrent_model& model, Scan scan) {
    if (!under_way_) start(model);
    std::unordered_set<std::uint64_t> met;
    cursor_ = scan(cursor_, [&](std::uint64_t key) {
      require(!met_.contains(key) && met.insert(key).second, "came by a key twice");
    });
    met_.merge(met);
    if (cursor_.done()) finish(model);
  }

 private:
  void start(const concurrent_model& model) {
    under_way_ = true;
    cursor_ = gomap::scan_cursor{};
    start_ = model.now();
    met_.clear();
  }
  void finish(const concurrent_model& model) {
    under_way_ = false;
    for (const auto& [key, held] : model) {
      require(held.since > start_ || met_.contains(key), "missed a key that was there throughout");
    }
  }

  bool under_way_ = false;
  gomap::scan_cursor cursor_;
  std::uint64_t start_ = 0;
  std::unordered_set<std::uint64_t> met_;
};

}  // namespace fuzz
