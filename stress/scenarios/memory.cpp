// memory.cpp -- when memory runs out again and again, is anything lost, and does the map recover?
//
// All threads insert, change and erase, each keys of its own, one by one, in batches and in
// transactions, while the allocator refuses: nothing, a third of all requests, everything, or large
// blocks only, for a long stretch each; and while a cap stands that is too low for growth. Reads go
// without a lock where the allocator allows it. When memory is back the map must grow to its usual
// load; then it is destroyed, and another one begins.
// Oracle: std::bad_alloc comes only from calls that insert, and leaves the thread's keys as they
// were; no key is ever other than its thread left it; the cap holds; every byte comes back.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/map_stats.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/tracking_allocator.hpp>

#include "../context.hpp"
#include "../figure_text.hpp"
#include "../numbered_key.hpp"
#include "../rationed_allocator.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

constexpr std::size_t most_keys = 1 << 15;
constexpr std::size_t batch_size = 8;
// A phase and a round are so long for worker 0, who ends them.
constexpr std::uint64_t calls_a_phase = 2048;
constexpr std::uint64_t phases_a_round = 40;
constexpr std::size_t large_bytes = 4096;

struct tally {
  std::uint64_t refusals = 0;
  std::atomic<std::uint64_t> thrown{0};
  std::uint64_t rounds = 0;
  double fullest = 0;  // entries per bucket
};

template <class Key, template <class> class Backend>
class memory_round {
  using entry = std::pair<const Key, std::uint64_t>;
  using rationed = rationed_allocator<entry, Backend<entry>>;
  using allocator_type = gomap::tracking_allocator<entry, rationed>;
  using map_type = stress_map<Key, std::uint64_t, gomap::hash<Key>, allocator_type>;

 public:
  memory_round(context& here, tally& sum)
      : here_(here),
        sum_(sum),
        share_(most_keys / here.threads()),
        ration_(here.seed("refusals") + sum.rounds) {
    // Every other round has a cap: enough for the entries alone, and hence too little for their
    // buckets.
    if (sum.rounds % 2 == 0) ledger_.set_cap(most_keys / 2 * sizeof(entry));
    for (unsigned i = 0; i < here.threads(); ++i) bands_.emplace_back(share_);
  }

  void run() {
    {
      map_type map({.shards = here_.shards(), .seed = here_.seed("map")}, {}, {},
                   allocator_type(ledger_, rationed(ration_)));
      map_ = &map;
      const auto watched = here_.watch(map);
      here_.run_threads(here_.threads(), [this](worker& w) { work(w); });
      expect_cap();
      recover();
      if (here_.falsify()) map.store(numbered_key<Key>(~std::uint64_t{0}), 1U);
      verify();
      here_.show_layout(map);
    }
    expect_all_back();
    sum_.refusals += ledger_.failures();
    ++sum_.rounds;
  }

 private:
  static constexpr std::uint64_t absent = 0;

  // The keys of one thread, and what the map holds for them.
  struct alignas(64) band {
    explicit band(std::size_t keys) : values(keys, absent) {}
    std::vector<std::uint64_t> values;
  };

  // ---- a thread's work

  void work(worker& w) {
    // relaxed: it ends loops.
    for (std::uint64_t calls = 0; here_.running() && !over_.load(std::memory_order_relaxed);
         ++calls) {
      if (w.index() == 0 && calls % calls_a_phase == 0) next_phase(calls / calls_a_phase);
      const std::uint64_t chance = w.below(64);
      if (chance < 28) {
        write(w, w.below(share_));
      } else if (chance < 40) {
        erase(w, w.below(share_));
      } else if (chance < 44) {
        insert_batch(w);
      } else if (chance < 45) {
        erase_batch(w);
      } else if (chance < 49) {
        write_three(w);
      } else {
        read(w, w.below(share_));
      }
      if (w.one_in(1 << 12)) look_at_all(w);
    }
  }
  void next_phase(std::uint64_t phase) {
    // A round ends in need.
    if (phase == phases_a_round) return over_.store(true, std::memory_order_relaxed);  // as above
    switch (phase % 4) {
      case 0:
        return ration_.refuse(0);
      case 1:
        return ration_.refuse(300);
      case 2:
        return ration_.refuse(1000);
      default:
        ration_.refuse(1000, large_bytes);
    }
  }

  const Key& key(const worker& w, std::size_t i) const { return keys_[w.index() * share_ + i]; }
  std::uint64_t& value(const worker& w, std::size_t i) { return bands_[w.index()].values[i]; }

  // Calls f. Returns whether it went through; where it may not, that it did not is a finding.
  enum class may_throw : bool { no, yes };
  template <class F>
  bool tried(worker& w, call kind, may_throw allowed, F f) {
    try {
      w.timed(kind, f);
      return true;
    } catch (const std::bad_alloc&) {
      sum_.thrown.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
      if (allowed == may_throw::no) here_.wrong("std::bad_alloc from a call that needs no memory");
      return false;
    }
  }

  void write(worker& w, std::size_t i) {
    const Key& k = key(w, i);
    std::uint64_t& known = value(w, i);
    const std::uint64_t fresh = w.random()() | 1;
    const bool there = known != absent;
    bool as_expected = true;
    bool keeps = false;  // what is there
    const auto call_map = [&] {
      switch (w.below(6)) {
        case 0:
          return map_->store(k, fresh);
        case 1:
          as_expected = map_->insert_or_assign(k, fresh) != there;
          return;
        case 2:
          as_expected = map_->exchange(k, fresh) == as_optional(known);
          return;
        case 3:
          return map_->update(k, [&](std::uint64_t& v) { v = fresh; });
        case 4:
          keeps = there;
          as_expected = map_->try_emplace(k, fresh) != there;
          return;
        default:
          keeps = there;
          as_expected = map_->load_or_store(k, fresh) == std::pair(there ? known : fresh, there);
      }
    };
    const bool done = tried(w, there ? call::overwrite : call::insert,
                            there ? may_throw::no : may_throw::yes, call_map);
    if (done && !keeps) known = fresh;
    if (!as_expected) here_.wrong("a write did not find what its thread had left");
    if (!done) expect(w, i);
  }
  static std::optional<std::uint64_t> as_optional(std::uint64_t value) {
    return value == absent ? std::nullopt : std::optional(value);
  }

  void erase(worker& w, std::size_t i) {
    std::uint64_t& known = value(w, i);
    std::size_t erased = 0;
    if (!tried(w, call::erase, may_throw::no, [&] { erased = map_->erase(key(w, i)); })) return;
    if (erased != (known == absent ? 0U : 1U))
      here_.wrong("an erasure did not find what its thread had left");
    known = absent;
  }

  // Some of a batch may be done when it throws.
  void insert_batch(worker& w) {
    const std::size_t first = w.below(share_ - std::min(share_, batch_size) + 1);
    const std::size_t last = std::min(share_, first + batch_size);
    std::vector<std::pair<Key, std::uint64_t>> entries;
    std::size_t missing = 0;
    for (std::size_t i = first; i < last; ++i) {
      entries.emplace_back(key(w, i), w.random()() | 1);
      missing += value(w, i) == absent ? 1 : 0;
    }
    std::size_t inserted = 0;
    const bool done = tried(w, call::batch, missing == 0 ? may_throw::no : may_throw::yes,
                            [&] { inserted = map_->insert_many(entries); });
    if (done && inserted != missing)
      here_.wrong(fmt::format("a batch of {} new keys inserted {}", missing, inserted));
    for (std::size_t i = first; i < last; ++i) {
      const auto& [k, fresh] = entries[i - first];
      if (value(w, i) == absent && (done || map_->contains(k))) value(w, i) = fresh;
      expect(w, i);
    }
  }
  void erase_batch(worker& w) {
    std::vector<Key> keys;
    std::size_t there = 0;
    for (std::size_t n = 0; n < batch_size; ++n) {
      const std::size_t i = w.below(share_);
      keys.push_back(key(w, i));
      there += value(w, i) != absent ? 1 : 0;
      value(w, i) = absent;
    }
    std::size_t erased = 0;
    tried(w, call::batch, may_throw::no, [&] { erased = map_->erase_many(keys); });
    if (erased != there)
      here_.wrong(fmt::format("a batch with {} keys that are there erased {}", there, erased));
  }

  // All or nothing: two keys get a value and one goes.
  void write_three(worker& w) {
    const std::array i = {w.below(share_), w.below(share_), w.below(share_)};
    const std::uint64_t fresh = w.random()() | 1;
    const auto change = [&](auto& a, auto& b, auto& gone) {
      a.emplace(fresh);
      b.emplace(fresh);
      gone.reset();
    };
    const bool inserts = value(w, i[0]) == absent || value(w, i[1]) == absent;
    const bool done = tried(w, call::transaction, inserts ? may_throw::yes : may_throw::no, [&] {
      map_->with_locked(key(w, i[0]), key(w, i[1]), key(w, i[2]), change);
    });
    if (done) {
      value(w, i[0]) = fresh;
      value(w, i[1]) = fresh;
      value(w, i[2]) = absent;
    }
    for (const std::size_t one : i) expect(w, one);
  }

  // ---- looking

  void read(worker& w, std::size_t i) {
    std::optional<std::uint64_t> found;
    w.timed(call::read, [&] { found = map_->load(key(w, i)); });
    expect(w, i, found);
  }
  void expect(worker& w, std::size_t i) { expect(w, i, map_->load(key(w, i))); }
  void expect(worker& w, std::size_t i, std::optional<std::uint64_t> found) {
    if (found == as_optional(value(w, i))) return;
    here_.wrong(fmt::format("key {} of thread {} is {}", i, w.index(),
                            found ? "not as its thread left it" : "lost"));
  }
  void look_at_all(worker& w) {
    for (std::size_t i = 0; i < share_; ++i) expect(w, i);
    try {
      const auto snapshot = map_->snapshot();
      for (std::size_t i = 0; i < share_; ++i) {
        if (snapshot.get(key(w, i)) != value(w, i))
          here_.wrong(fmt::format("a snapshot has not key {} of thread {}", i, w.index()));
      }
    } catch (const std::bad_alloc&) {
      sum_.thrown.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
    }
  }

  // ---- afterwards

  void expect_cap() {
    const gomap::map_stats all = map_->stats().total;
    if (all.buckets != 0) {
      sum_.fullest =
          std::max(sum_.fullest, static_cast<double>(all.size) / static_cast<double>(all.buckets));
    }
    if (ration_.peak_bytes() > ledger_.cap()) {
      here_.wrong(fmt::format("{} bytes were allocated under a cap of {}", ration_.peak_bytes(),
                              ledger_.cap()));
    }
  }

  // Memory is back: some insertions later, every shard is as full as it should be.
  void recover() {
    ration_.refuse(0);
    ledger_.set_cap(gomap::memory_ledger::no_cap);
    const std::size_t patience = 8 * (map_->size() + 64 * map_->shard_count());
    while (!recovered()) {
      if (spare_ > patience) {
        here_.wrong(
            fmt::format("{} insertions after memory was back, a shard is still too full", spare_));
        return;
      }
      for (int i = 0; i < 1024; ++i) map_->store(numbered_key<Key>(most_keys + spare_++), 1U);
    }
  }
  [[nodiscard]] bool recovered() const {
    for (std::size_t i = 0; i < map_->shard_count(); ++i) {
      const gomap::map_stats shard = map_->stats(i);
      if (shard.load > (shard.buckets <= 1 ? 8.0 : 1.1 * 6.5)) return false;
    }
    return true;
  }

  void verify() {
    std::size_t there = spare_;
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      for (std::size_t i = 0; i < share_; ++i) {
        const std::uint64_t known = bands_[b].values[i];
        there += known != absent ? 1 : 0;
        if (map_->load(keys_[b * share_ + i]) != as_optional(known))
          here_.wrong(fmt::format("key {} of thread {} is not as its thread left it", i, b));
      }
    }
    if (map_->size() != there)
      here_.wrong(fmt::format("{} entries are there instead of {}", map_->size(), there));
    map_->check_invariants();
  }
  void expect_all_back() {
    if (ledger_.blocks() != 0 || ledger_.bytes() != 0 || ration_.bytes() != 0) {
      here_.wrong(fmt::format("{} blocks, {} bytes were not given back", ledger_.blocks(),
                              std::max(ledger_.bytes(), ration_.bytes())));
    }
  }

  context& here_;
  tally& sum_;
  const std::size_t share_;  // keys of a thread
  ration ration_;
  gomap::memory_ledger ledger_;
  map_type* map_ = nullptr;  // of run()
  std::vector<Key> keys_ = numbered_keys<Key>(most_keys);
  std::deque<band> bands_;
  std::size_t spare_ = 0;  // keys inserted afterwards
  std::atomic<bool> over_{false};
};

void memory(context& here) {
  tally sum;
  do {
    memory_round<std::uint64_t, gomap::page_allocator>(here, sum).run();
    if (here.running()) memory_round<std::string, chosen_allocator>(here, sum).run();
    if (here.running()) memory_round<std::uint64_t, chosen_allocator>(here, sum).run();
  } while (here.running());
  here.note("allocations refused", grouped(sum.refusals));
  here.note("std::bad_alloc caught", grouped(sum.thrown));
  here.note("fullest, for want of memory", fmt::format("{:.1f} entries a bucket", sum.fullest));
  here.note("maps that recovered", grouped(sum.rounds));
}

}  // namespace

extern const scenario memory_scenario = {
    "memory", "when memory runs out again and again, is anything lost, and does the map recover?",
    memory};

}  // namespace stress
