// grow.cpp -- does a map that grows from nothing to millions lose, invent or hide a key?
//
// Writers insert disjoint keys in an order that a reader can compute, and publish how far they are
// after each one. Readers, and writers now and then, look up keys that were promised that way, one
// at a time and in batches, and keys that never come. Oracle: a promised key is there with its
// value, always; another never is; at the end the map holds every key once. Then it is thrown away
// and grows again.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "../context.hpp"
#include "../figure_text.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

using map_type = stress_map<std::uint64_t, std::uint64_t>;

constexpr std::uint64_t most_keys = 4'000'000;
constexpr std::size_t batch_keys = 64;

// The i-th key of a writer: an even number. Odd ones are never inserted.
constexpr std::uint64_t key_of(unsigned writer, std::uint64_t i) {
  return (i << 16 | std::uint64_t{writer} << 1) * 0x9E3779B97F4A7C15U;
}
constexpr std::uint64_t value_of(std::uint64_t key) { return key ^ 0x5bd1e995; }

// How far a writer is: keys before this one are in the map.
struct alignas(64) promise {
  std::atomic<std::uint64_t> keys{0};
};

class round {
 public:
  round(context& here, unsigned writers)
      : here_(here),
        map_({.shards = here.shards(), .seed = here.seed("map")}),
        promises_(writers) {}

  void run() {
    const auto watched = here_.watch(map_);
    const unsigned writers = static_cast<unsigned>(promises_.size());
    here_.run_threads(here_.threads(), [&](worker& w) {
      if (w.index() < writers) {
        insert(w);
      } else {
        look_up(w);
      }
    });
    if (here_.falsify()) map_.erase(key_of(0, 0));
    verify();
    here_.show_layout(map_);
  }

  [[nodiscard]] std::uint64_t keys() const { return map_.size(); }

 private:
  void insert(worker& w) {
    promise& mine = promises_[w.index()];
    const std::uint64_t share = most_keys / promises_.size();
    for (std::uint64_t i = 0; i < share && here_.running(); ++i) {
      const std::uint64_t key = key_of(w.index(), i);
      const bool inserted =
          w.timed(call::insert, [&] { return map_.try_emplace(key, value_of(key)); });
      if (!inserted) here_.wrong(fmt::format("key {} was there before it was inserted", key));
      // release: whoever reads the promise finds the key.
      mine.keys.store(i + 1, std::memory_order_release);
      if (w.one_in(8)) look(w);
    }
    over_.fetch_add(1, std::memory_order_relaxed);  // relaxed: it only ends loops
  }

  void look_up(worker& w) {
    // relaxed: as above.
    while (here_.running() && over_.load(std::memory_order_relaxed) < promises_.size()) look(w);
  }

  void look(worker& w) {
    const auto writer = static_cast<unsigned>(w.below(promises_.size()));
    // acquire: pairs with insert().
    const std::uint64_t promised = promises_[writer].keys.load(std::memory_order_acquire);
    if (promised == 0) return;
    if (w.one_in(64)) {
      expect_many(w, writer, promised);
    } else {
      expect(w, key_of(writer, w.below(promised)));
      expect_none(w, w.random()() | 1);
    }
  }

  void expect(worker& w, std::uint64_t key) {
    check(key, w.timed(call::read, [&] { return map_.load(key); }));
  }
  void expect_many(worker& w, unsigned writer, std::uint64_t promised) {
    std::array<std::uint64_t, batch_keys> keys;
    for (std::uint64_t& key : keys) key = key_of(writer, w.below(promised));
    std::array<std::optional<std::uint64_t>, batch_keys> found;
    w.timed(
        call::batch, [&] { map_.load_many(keys, found.begin()); }, batch_keys);
    for (std::size_t i = 0; i < batch_keys; ++i) check(keys[i], found[i]);
  }
  void check(std::uint64_t key, const std::optional<std::uint64_t>& found) {
    if (!found) {
      here_.wrong(fmt::format("key {} was promised and is not there", key));
    } else if (*found != value_of(key)) {
      here_.wrong(fmt::format("key {} has the value {} instead of {}", key, *found, value_of(key)));
    }
  }
  void expect_none(worker& w, std::uint64_t key) {
    if (w.timed(call::read, [&] { return map_.contains(key); })) {
      here_.wrong(fmt::format("key {} is there and was never inserted", key));
    }
  }

  void verify() {
    std::uint64_t promised = 0;
    for (unsigned writer = 0; writer < promises_.size(); ++writer) {
      const std::uint64_t keys = promises_[writer].keys.load(std::memory_order_relaxed);
      promised += keys;
      for (std::uint64_t i = 0; i < keys; ++i) {
        const std::uint64_t key = key_of(writer, i);
        if (map_.load(key) != value_of(key)) here_.wrong(fmt::format("key {} was lost", key));
      }
    }
    if (map_.size() != promised) {
      here_.wrong(fmt::format("{} keys are there, {} were inserted", map_.size(), promised));
    }
    map_.check_invariants();
  }

  context& here_;
  map_type map_;
  std::deque<promise> promises_;
  std::atomic<std::size_t> over_{0};  // writers that have ended
};

void grow(context& here) {
  const unsigned writers = std::max(1U, here.threads() / 2);
  std::uint64_t rounds = 0;
  std::uint64_t most = 0;
  do {
    round next(here, writers);
    next.run();
    most = std::max(most, next.keys());
    ++rounds;
  } while (here.running());
  here.note("times grown from nothing", grouped(rounds));
  here.note("most keys", grouped(most));
}

}  // namespace

extern const scenario grow_scenario = {
    "grow", "does a map that grows from nothing lose, invent or hide a key?", grow};

}  // namespace stress
