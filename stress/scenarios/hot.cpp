// hot.cpp -- on keys that everybody wants, is a value ever torn, or older than one seen before?
//
// A few thousand keys by Zipf's law, and phases in which all threads want the same key. A value is
// sixteen words with a checksum and a version that each write raises. Half of the keys are written
// by all threads, from what is there (update, visit, compute, compare_exchange); each of the others
// by one thread alone, blindly (store, exchange and so on); keys of both kinds are erased and come
// back.
// Oracle: the checksum holds; nobody ever sees the version of a key go back; a thread finds its own
// keys as it left them; and the version that a shared key ends with is the number of its writes.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>

#include "../bench/zipf.hpp"
#include "../context.hpp"
#include "../figure_text.hpp"
#include "../numbered_key.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

constexpr std::size_t key_count = 4096;
constexpr std::size_t batch_size = 16;
// A phase and a round are so long for worker 0, who ends them; a round starts with an empty map.
constexpr std::uint64_t calls_a_phase = 8192;
constexpr std::uint64_t phases_a_round = 24;

struct stamped {
  std::uint64_t version = 0;
  std::uint64_t key = 0;
  std::uint64_t writer = 0;
  std::uint64_t checksum = 0;
  std::array<std::uint64_t, 12> filler{};  // what takes long to copy is torn more easily

  friend bool operator==(const stamped&, const stamped&) = default;
};

std::uint64_t checksum_of(const stamped& v) {
  std::uint64_t sum = gomap::mix(v.version, v.key + 1) ^ v.writer;
  for (const std::uint64_t word : v.filler) sum = sum * 0x9E3779B97F4A7C15U + word;
  return sum;
}

stamped stamp(std::size_t key, std::uint64_t version, const worker& by) {
  stamped v{version, key, by.index(), 0, {}};
  v.filler.fill(~version * (key + 3));
  v.checksum = checksum_of(v);
  return v;
}

// What the scenario tells in the end.
struct tally {
  std::uint64_t writes = 0;  // to shared keys
  std::uint64_t rounds = 0;
};

template <class Key>
class hot_round {
 public:
  hot_round(context& here, const bench::zipf_ranks& popularity, tally& sum)
      : here_(here), popularity_(popularity), sum_(sum) {
    for (unsigned i = 0; i < here.threads(); ++i) states_.emplace_back();
  }

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(here_.threads(), [this](worker& w) { work(w); });
    if (here_.falsify()) map_.store(keys_[0], stamped{1, 0, 0, 0, {}});
    verify();
    here_.show_layout(map_);
  }

 private:
  // What one thread knows. Others read it when it has ended.
  struct alignas(64) state {
    std::vector<std::uint64_t> seen = std::vector<std::uint64_t>(key_count);    // last version
    std::vector<std::uint64_t> writes = std::vector<std::uint64_t>(key_count);  // to shared keys
  };
  // A key that one thread writes alone.
  struct owned {
    std::optional<stamped> now;  // what the map holds
    std::uint64_t version = 0;
  };

  static bool is_shared(std::size_t key) { return key % 2 == 0; }
  [[nodiscard]] bool is_mine(std::size_t key, const worker& w) const {
    return key / 2 % here_.threads() == w.index();
  }

  // ---- a thread's work

  void work(worker& w) {
    for (std::uint64_t calls = 0; here_.running() && !over_.load(std::memory_order_relaxed);
         ++calls) {
      if (w.index() == 0 && calls % calls_a_phase == 0) next_phase(w, calls / calls_a_phase);
      const std::size_t key = pick(w);
      if (w.below(100) < 60) {
        read(w, key);
      } else if (is_shared(key)) {
        write_shared(w, key);
      } else if (is_mine(key, w)) {
        write_mine(w, key);
      } else {
        read(w, key);
      }
    }
  }

  // relaxed, both: others may hear of it late.
  void next_phase(worker& w, std::uint64_t phase) {
    const std::size_t hot = phase % 2 == 1 ? w.below(key_count) : key_count;
    hot_.store(hot, std::memory_order_relaxed);
    if (phase == phases_a_round) over_.store(true, std::memory_order_relaxed);
  }
  std::size_t pick(worker& w) {
    const std::size_t hot = hot_.load(std::memory_order_relaxed);  // relaxed: see next_phase()
    return hot != key_count && !w.one_in(16) ? hot : popularity_(w.random());
  }

  // ---- reading

  void read(worker& w, std::size_t key) {
    switch (w.below(4)) {
      case 0:
        return check(w, key, w.timed(call::read, [&] { return map_.load(keys_[key]); }));
      case 1: {
        std::optional<stamped> found;
        w.timed(call::read,
                [&] { return map_.cvisit(keys_[key], [&](const auto& e) { found = e.second; }); });
        return check(w, key, found);
      }
      case 2:
        return read_again_and_again(w, key);
      default:
        return read_batch(w, key);
    }
  }

  // With nothing in between that would give a writer time to be done.
  void read_again_and_again(worker& w, std::size_t key) {
    std::array<std::optional<stamped>, batch_size> found;
    w.timed(
        call::batch,
        [&] {
          for (auto& one : found) one = map_.load(keys_[key]);
        },
        batch_size);
    for (const auto& one : found) check(w, key, one);
  }

  void read_batch(worker& w, std::size_t first) {
    std::array<std::size_t, batch_size> numbers;
    std::vector<Key> wanted;
    for (std::size_t i = 0; i < batch_size; ++i) {
      numbers[i] = i == 0 ? first : pick(w);
      wanted.push_back(keys_[numbers[i]]);
    }
    std::array<std::optional<stamped>, batch_size> found;
    w.timed(
        call::batch, [&] { map_.load_many(wanted, found.begin()); }, batch_size);
    // Keys of one batch are read in any order, so of one that comes twice only one is looked at.
    for (std::size_t i = 0; i < batch_size; ++i) {
      if (std::find(numbers.begin(), numbers.begin() + i, numbers[i]) == numbers.begin() + i)
        check(w, numbers[i], found[i]);
    }
  }

  void check(worker& w, std::size_t key, const std::optional<stamped>& found) {
    if (!is_shared(key) && is_mine(key, w) && found != owned_[key].now)
      here_.wrong(fmt::format("key {} is not as its only writer left it", key));
    if (!found) return;
    check_sum(key, *found);
    std::uint64_t& seen = states_[w.index()].seen[key];
    if (found->version < seen) {
      here_.wrong(fmt::format("key {} went back from version {} to {}", key, seen, found->version));
    }
    seen = found->version;
  }
  void check_sum(std::size_t key, const stamped& v) {
    if (v.key == key && v.checksum == checksum_of(v)) return;
    here_.wrong(fmt::format("key {} has a torn value: key {}, version {}, writer {}", key, v.key,
                            v.version, v.writer));
  }

  // ---- keys that all threads write: each write raises the version by one, under the lock

  // What a write finds is as good as what a read finds.
  stamped next(worker& w, std::size_t key, const stamped& now) {
    if (now.version != 0) check(w, key, now);
    // relaxed: raised under the same lock, or of a value that is older than what is there.
    const std::uint64_t floor = floors_[key].load(std::memory_order_relaxed);
    return stamp(key, std::max(now.version, floor) + 1, w);
  }
  // Remembers the version of a value that goes away.
  void raise_floor(std::size_t key, std::uint64_t version) {
    std::uint64_t floor = floors_[key].load(std::memory_order_relaxed);  // relaxed: see next()
    while (floor < version &&
           !floors_[key].compare_exchange_weak(floor, version,
                                               std::memory_order_relaxed)) {  // relaxed: as above
    }
  }

  void write_shared(worker& w, std::size_t key) {
    std::uint64_t& writes = states_[w.index()].writes[key];
    const Key& k = keys_[key];
    switch (w.below(8)) {
      case 0:
      case 1:
        w.timed(call::overwrite, [&] { map_.update(k, [&](auto& v) { v = next(w, key, v); }); });
        ++writes;
        break;
      case 2:
        writes += w.timed(call::overwrite, [&] {
          return map_.visit(k, [&](auto& e) { e.second = next(w, key, e.second); });
        });
        break;
      case 3:
        w.timed(call::overwrite, [&] {
          map_.compute(k, [&](auto& e) { e.emplace(next(w, key, e.value_or(stamped{}))); });
        });
        ++writes;
        break;
      case 4: {
        const auto visit = [&](auto& e) { e.second = next(w, key, e.second); };
        const auto result = w.timed(call::overwrite, [&] { return map_.try_visit(k, visit); });
        writes += result == gomap::visit_result::visited ? 1 : 0;
        break;
      }
      case 5:
      case 6:
        writes += swap_shared(w, key) ? 1 : 0;
        break;
      default:
        if (w.one_in(4)) erase_shared(w, key);
    }
  }
  bool swap_shared(worker& w, std::size_t key) {
    const auto found = map_.load(keys_[key]);
    check(w, key, found);
    if (!found) return false;
    const stamped desired = stamp(key, found->version + 1, w);
    return w.timed(call::overwrite,
                   [&] { return map_.compare_exchange(keys_[key], *found, desired); });
  }
  void erase_shared(worker& w, std::size_t key) {
    const Key& k = keys_[key];
    switch (w.below(3)) {
      case 0:
        w.timed(call::erase, [&] {
          return map_.erase_if(k, [&](const auto& e) {
            raise_floor(key, e.second.version);
            return true;
          });
        });
        break;
      case 1:
        w.timed(call::erase, [&] {
          map_.compute(k, [&](auto& e) {
            if (e) raise_floor(key, e->version);
            e.reset();
          });
        });
        break;
      default:
        if (const auto found = map_.load(k)) {
          raise_floor(key, found->version);
          w.timed(call::erase, [&] { return map_.compare_and_erase(k, *found); });
        }
    }
  }

  // ---- keys that one thread writes: it knows what it will find

  void write_mine(worker& w, std::size_t key) {
    owned& mine = owned_[key];
    const auto before = mine.now;
    const stamped fresh = stamp(key, mine.version + 1, w);
    bool as_expected = true;
    switch (w.below(10)) {
      case 0:
      case 1:
        w.timed(call::overwrite, [&] { map_.store(keys_[key], fresh); });
        mine.now = fresh;
        break;
      case 2:
        as_expected = w.timed(call::overwrite,
                              [&] { return map_.insert_or_assign(keys_[key], fresh); }) == !before;
        mine.now = fresh;
        break;
      case 3:
      case 4:
        as_expected =
            w.timed(call::overwrite, [&] { return map_.exchange(keys_[key], fresh); }) == before;
        mine.now = fresh;
        break;
      case 5:
        as_expected = w.timed(call::insert, [&] {
          return map_.load_or_store(keys_[key], fresh);
        }) == std::pair(before.value_or(fresh), before.has_value());
        mine.now = before.value_or(fresh);
        break;
      case 6:
        as_expected =
            w.timed(call::insert, [&] { return map_.try_emplace(keys_[key], fresh); }) == !before;
        mine.now = before.value_or(fresh);
        break;
      case 7:
        if (before) {
          as_expected = w.timed(call::overwrite,
                                [&] { return map_.compare_exchange(keys_[key], *before, fresh); });
          mine.now = fresh;
        }
        break;
      case 8:
        as_expected =
            w.timed(call::erase, [&] { return map_.load_and_erase(keys_[key]); }) == before;
        mine.now.reset();
        break;
      default:
        as_expected =
            w.timed(call::erase, [&] { return map_.erase(keys_[key]); }) == (before ? 1U : 0U);
        mine.now.reset();
    }
    mine.version = fresh.version;
    if (!as_expected)
      here_.wrong(fmt::format("a call on key {} did not find what its only writer left", key));
  }

  // ---- at rest

  void verify() {
    for (std::size_t key = 0; key < key_count; ++key) {
      const auto found = map_.load(keys_[key]);
      if (found) check_sum(key, *found);
      if (is_shared(key)) {
        verify_shared(key, found);
      } else if (found != owned_[key].now) {
        here_.wrong(fmt::format("key {} is not as its only writer left it", key));
      }
    }
    map_.check_invariants();
    ++sum_.rounds;
  }
  void verify_shared(std::size_t key, const std::optional<stamped>& found) {
    std::uint64_t writes = 0;
    for (const state& s : states_) writes += s.writes[key];
    const std::uint64_t version =
        found ? found->version : floors_[key].load(std::memory_order_relaxed);
    if (version != writes) {
      here_.wrong(
          fmt::format("key {} was written {} times and is at version {}", key, writes, version));
    }
    sum_.writes += writes;
  }

  context& here_;
  const bench::zipf_ranks& popularity_;
  tally& sum_;
  stress_map<Key, stamped> map_{{.shards = here_.shards(), .seed = here_.seed("map")}};
  std::vector<Key> keys_ = numbered_keys<Key>(key_count);
  std::vector<owned> owned_ = std::vector<owned>(key_count);
  // Of a shared key that is absent: the version that it had.
  std::vector<std::atomic<std::uint64_t>> floors_ =
      std::vector<std::atomic<std::uint64_t>>(key_count);
  std::vector<state> states_;
  std::atomic<std::size_t> hot_{key_count};  // the key of a phase; key_count: none
  std::atomic<bool> over_{false};
};

void hot(context& here) {
  const bench::zipf_ranks popularity(key_count, 0.99);
  tally sum;
  do {
    hot_round<std::uint64_t>(here, popularity, sum).run();
    if (here.running()) hot_round<std::string>(here, popularity, sum).run();
  } while (here.running());
  here.note("writes found again in versions", grouped(sum.writes));
  here.note("rounds from an empty map", grouped(sum.rounds));
}

}  // namespace

extern const scenario hot_scenario = {
    "hot", "on the keys that all want, is a value ever torn or older than one seen before?", hot};

}  // namespace stress
