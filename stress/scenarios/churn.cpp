// churn.cpp -- does a map of constant size, whose entries come and go for long, keep its memory?
//
// Each thread owns a share of the keys and takes turns with them: it erases a key and inserts the
// next generation of it. Every other tide brings keys whose hashes are crowded into a sixteenth of
// the buckets; so overflow buckets pile up, chains are compacted by same-size growths, and the ebb
// takes the overflow buckets away again. Threads look at each other's keys meanwhile.
// Oracle: the owner knows which generation is there; a value says which key it belongs to; a key
// that its owner did not touch while another thread looked was there. At the end of each tide the
// map's memory is within what its arrays explain, and later tides need no more than early ones. A
// tide of crowded keys brings a same-size growth.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include <gomap/map_stats.hpp>

#include "../context.hpp"
#include "../figure_text.hpp"
#include "../resident_memory.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

// A key is the number of a place, its generation, and whether its hash is crowded.
constexpr std::uint64_t key_of(std::uint64_t place, std::uint64_t generation) {
  return generation << 32 | place;
}
constexpr std::uint64_t crowded_bit = std::uint64_t{1} << 31;  // of a place
constexpr std::uint64_t value_of(std::uint64_t key) { return (key ^ 0x5bd1e995) * 3; }

// The default hash, but for crowded keys: theirs lack the bits that tell sixteen buckets apart.
struct crowding_hash {
  using is_avalanching = void;
  [[nodiscard]] std::uint64_t operator()(std::uint64_t key, std::uint64_t seed) const noexcept {
    const std::uint64_t hash = gomap::hash<std::uint64_t>{}(key, seed);
    return (key & crowded_bit) != 0 ? hash & ~std::uint64_t{15} : hash;
  }
};

using map_type = stress_map<std::uint64_t, std::uint64_t, crowding_hash>;

// Chosen so that a shard has just the buckets meant, and does not double: with 5.2 keys a bucket
// and 128 buckets the limit of 6.5 is more than six standard deviations away. Sixteen times 5.2
// keys in a sixteenth of the buckets make 0.6 overflow buckets a bucket; 0.5 start a same-size
// growth.
constexpr std::size_t buckets_in_all = 1 << 12;
constexpr std::size_t least_buckets_a_shard = 128;
constexpr double keys_a_bucket = 5.2;

// What a map's buckets explain: the array, the one before while a growth lasts, its overflow
// buckets, and what is kept for the next growth.
constexpr std::size_t bucket_bytes = 16 + 8 * sizeof(map_type::value_type);
std::size_t most_reserved(const gomap::map_stats& stats) {
  return 4 * stats.buckets * bucket_bytes + (std::size_t{1} << 20);
}

constexpr std::uint64_t warm_up_tides = 4;
constexpr std::uint64_t early_tides = 8;  // that the later ones are compared with
// What a process may need beside its maps: freed memory that its allocator, or a sanitizer, keeps.
constexpr std::size_t resident_slack = std::size_t{384} << 20;

// What a place holds, told by its owner: twice the key, or an odd number while it changes.
struct place {
  std::atomic<std::uint64_t> stamp{1};
};
constexpr std::uint64_t stamp_of(std::uint64_t key) { return key << 1; }
constexpr bool settled(std::uint64_t stamp) { return (stamp & 1) == 0; }

// The most memory seen in some tides.
struct high_water {
  std::size_t reserved = 0;
  std::size_t resident = 0;
};

class scene {
 public:
  explicit scene(context& here)
      : here_(here),
        map_({.shards = here.shards(), .seed = here.seed("map")}),
        buckets_(map_.shard_count() *
                 std::max(least_buckets_a_shard, buckets_in_all / map_.shard_count())),
        share_(static_cast<std::size_t>(keys_a_bucket * static_cast<double>(buckets_)) /
               here.threads()),
        places_(share_ * here.threads()) {}

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(here_.threads(), [&](worker& w) {
      fill(w);
      churn(w);
    });
    if (here_.falsify()) falsify();
    verify();
    tell();
    here_.show_layout(map_);
  }

 private:
  // A thread's own part of the scene.
  struct turn {
    std::size_t next = 0;        // place in its share whose turn is next
    std::uint64_t tide = 0;      //
    std::size_t taken_over = 0;  // places since the tide came in
  };
  static constexpr std::size_t turns_between_looks = 32;

  [[nodiscard]] std::size_t first_of(const worker& w) const { return w.index() * share_; }

  void fill(worker& w) {
    for (std::size_t i = 0; i < share_ && here_.running(); ++i) {
      const std::size_t at = first_of(w) + i;
      insert(w, at, key_of(at, 0));
    }
  }

  void churn(worker& w) {
    turn mine;
    while (here_.running()) {
      for (std::size_t i = 0; i < turns_between_looks; ++i) {
        replace(w, first_of(w) + mine.next, mine.tide % 2 == 1);
        mine.next = (mine.next + 1) % share_;
        look(w);
      }
      note_turns(mine);
    }
  }

  // ---- one key

  // relaxed: an owner reads what it wrote itself.
  [[nodiscard]] std::uint64_t own_stamp(std::size_t at) const {
    return places_[at].stamp.load(std::memory_order_relaxed);
  }

  void insert(worker& w, std::size_t at, std::uint64_t key) {
    const std::uint64_t value = value_of(key);
    const bool inserted = w.timed(call::insert, [&] {
      return w.one_in(2) ? map_.try_emplace(key, value) : !map_.load_or_store(key, value).second;
    });
    if (!inserted) here_.wrong(fmt::format("key {} was there before it was inserted", key));
    // release: who reads the stamp finds the key.
    places_[at].stamp.store(stamp_of(key), std::memory_order_release);
  }

  void erase(worker& w, std::size_t at) {
    const std::uint64_t stamp = own_stamp(at);
    const std::uint64_t key = stamp >> 1;
    const std::uint64_t way = w.below(3);
    // release: who misses the key sees that its place is being changed.
    places_[at].stamp.store(stamp | 1, std::memory_order_release);
    const bool erased = w.timed(call::erase, [&] {
      if (way == 0) return map_.erase(key) == 1;
      if (way == 1) return map_.compare_and_erase(key, value_of(key));
      return map_.load_and_erase(key) == value_of(key);
    });
    if (!erased) here_.wrong(fmt::format("key {} could not be erased with its value", key));
  }

  void replace(worker& w, std::size_t at, bool crowded) {
    if (!settled(own_stamp(at))) return;  // the time was over before it was filled
    const std::uint64_t before = own_stamp(at) >> 1;
    erase(w, at);
    if (w.one_in(16) && map_.contains(before)) {
      here_.wrong(fmt::format("key {} is there after it was erased", before));
    }
    insert(w, at, key_of(at, (before >> 32) + 1) | (crowded ? crowded_bit : 0));
  }

  // At a key of anybody.
  void look(worker& w) {
    const place& some = places_[w.below(places_.size())];
    // acquire, both: pair with insert() and erase().
    const std::uint64_t before = some.stamp.load(std::memory_order_acquire);
    const std::uint64_t key = before >> 1;
    if (!settled(before)) return;
    const auto found = w.timed(call::read, [&] { return map_.load(key); });
    const bool touched = some.stamp.load(std::memory_order_acquire) != before;
    if (found && *found != value_of(key)) {
      here_.wrong(fmt::format("key {} has the value {} of another", key, *found));
    } else if (!found && !touched) {
      here_.wrong(fmt::format("key {} is not there", key));
    }
  }

  // ---- tides

  // A tide turns when every thread has replaced its whole share in it.
  void note_turns(turn& mine) {
    mine.taken_over += turns_between_looks;
    if (mine.taken_over >= share_ && mine.taken_over < share_ + turns_between_looks) note_share();
    const std::uint64_t tide = tide_.load(std::memory_order_relaxed);  // relaxed: a number
    if (tide != mine.tide) mine = {.next = mine.next, .tide = tide};
  }

  // A thread has replaced its whole share, once a tide.
  void note_share() {
    const std::scoped_lock guard(mutex_);
    if (++shares_taken_ < here_.threads()) return;
    shares_taken_ = 0;
    end_tide();
    tide_.fetch_add(1, std::memory_order_relaxed);  // relaxed: as in note_turns()
  }

  void end_tide() {
    const std::size_t resident = resident_bytes();
    const gomap::map_stats stats = map_.stats().total;
    ++tides_;
    if (stats.bytes_reserved > most_reserved(stats)) {
      here_.wrong(fmt::format("the map has {} for {} buckets", bytes_text(stats.bytes_reserved),
                              grouped(stats.buckets)));
    }
    if (tides_ <= warm_up_tides) return;
    high_water& mark = tides_ <= warm_up_tides + early_tides ? early_ : late_;
    mark.reserved = std::max(mark.reserved, stats.bytes_reserved);
    mark.resident = std::max(mark.resident, resident);
  }

  // ---- in the end

  void falsify() {
    for (const place& some : places_) {
      const std::uint64_t stamp =
          some.stamp.load(std::memory_order_relaxed);  // relaxed: one thread
      if (settled(stamp)) {
        map_.erase(stamp >> 1);
        return;
      }
    }
  }

  void verify() {
    std::size_t keys = 0;
    for (const place& some : places_) {
      const std::uint64_t stamp =
          some.stamp.load(std::memory_order_relaxed);  // relaxed: one thread
      if (!settled(stamp)) continue;
      ++keys;
      const std::uint64_t key = stamp >> 1;
      if (map_.load(key) != value_of(key)) here_.wrong(fmt::format("key {} was lost", key));
    }
    if (map_.size() != keys) {
      here_.wrong(fmt::format("{} keys are there instead of {}", map_.size(), keys));
    }
    map_.check_invariants();
    verify_memory();
  }

  void verify_memory() {
    if (tides_ > 1 && map_.stats().total.growths_same_size == 0) {
      here_.wrong("chains piled up, and no same-size growth compacted them");
    }
    if (late_.reserved > 2 * early_.reserved) {
      here_.wrong(fmt::format("the map's memory crept from {} to {}", bytes_text(early_.reserved),
                              bytes_text(late_.reserved)));
    }
    if (late_.resident > early_.resident + std::max(early_.resident / 4, resident_slack)) {
      here_.wrong(fmt::format("the process's memory crept from {} to {}",
                              bytes_text(early_.resident), bytes_text(late_.resident)));
    }
  }

  void tell() {
    here_.note("keys", grouped(map_.size()));
    here_.note("tides", grouped(tides_));
    here_.note("same-size growths", grouped(map_.stats().total.growths_same_size));
    if (late_.reserved == 0) return;  // the time was too short for a comparison
    here_.note("the map's memory, early and late",
               bytes_text(early_.reserved) + ", " + bytes_text(late_.reserved));
    here_.note("the process's, early and late",
               bytes_text(early_.resident) + ", " + bytes_text(late_.resident));
  }

  context& here_;
  map_type map_;
  std::size_t buckets_;
  std::size_t share_;                   // places of a thread
  std::vector<place> places_;           // those of thread 0, of thread 1, ...
  std::atomic<std::uint64_t> tide_{0};  // crowded when odd

  std::mutex mutex_;           // guards what follows
  unsigned shares_taken_ = 0;  // so many threads have replaced their whole share in this tide
  std::uint64_t tides_ = 0;    // that have ended
  high_water early_;
  high_water late_;
};

void churn(context& here) { scene(here).run(); }

}  // namespace

extern const scenario churn_scenario = {
    "churn", "does a map of constant size, whose entries come and go for long, keep its memory?",
    churn};

}  // namespace stress
