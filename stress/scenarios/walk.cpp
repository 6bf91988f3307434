// walk.cpp -- does a walk meet everything once, while the map grows from small to large under it?
//
// Every thread inserts keys of its own, erases some of them, and walks: scan, visit_all, the while
// forms, for_each, erase_if. Between two steps of a scan it does other things. Then the map is
// thrown away and grows again; one time its keys are words, the next time strings.
// Oracle: no walk meets a key twice. What was there before it began and is there when it has ended
// it has met; what was gone before, it has not. erase_if counts what it erases and leaves nothing
// that it was to erase; each entry is erased once; at the end the map holds what is left.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <execution>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/scan_cursor.hpp>

#include "../context.hpp"
#include "../figure_text.hpp"
#include "../numbered_key.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

// Keys are numbered: residents first, which nobody erases, then a band for each thread. The value
// of a key is its number.
constexpr std::size_t residents = 512;
constexpr std::size_t most_keys = 1 << 15;
constexpr std::size_t burst_size = 64;
constexpr std::size_t sweep_classes = 8;

// A thread's own keys, from 0 up: it inserts one after the other, and erases them in the same order
// further back. Every fourth is left to erase_if, which any thread may call.
struct alignas(64) band {
  std::atomic<std::uint64_t> inserted{0};  // keys below have been inserted
  std::atomic<std::uint64_t> leaving{0};   // from here on, none is being erased, or was
  std::atomic<std::uint64_t> gone{0};      // keys below are erased, but those for erase_if
};

constexpr bool is_swept(std::uint64_t i) { return i % 4 == 0; }
constexpr std::uint64_t sweep_class(std::uint64_t i) { return i / 4 % sweep_classes; }

struct tally {
  std::atomic<std::uint64_t> walks{0};
  std::atomic<std::uint64_t> swept{0};
  std::uint64_t rounds = 0;
};

template <class Key>
class walk_round {
  using map_type = stress_map<Key, std::uint64_t>;
  using entry = typename map_type::value_type;

 public:
  walk_round(context& here, tally& sum)
      : here_(here), sum_(sum), share_((most_keys - residents) / here.threads()) {
    for (std::size_t n = 0; n < residents; ++n) map_.try_emplace(keys_[n], n);
  }

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(here_.threads(), [this](worker& w) { work(w); });
    if (here_.falsify()) map_.erase(keys_[0]);
    verify();
    here_.show_layout(map_);
  }

 private:
  // What one walk meets.
  class witness {
   public:
    explicit witness(walk_round& of) : of_(of), met_(most_keys) {
      for (const band& b : of.bands_) {
        // acquire, both: pair with burst(), so what had happened by now is seen by the walk.
        inserted_.push_back(b.inserted.load(std::memory_order_acquire));
        gone_.push_back(b.gone.load(std::memory_order_acquire));
      }
    }

    // Returns the number of the entry; most_keys for one that cannot be.
    std::uint64_t meet(const entry& e) {
      const std::uint64_t number = e.second;
      if (number >= most_keys || of_.keys_[number] != e.first) {
        of_.here_.wrong(fmt::format("a walk met a key with the value {} of another", number));
        return most_keys;
      }
      if (met_[number]) of_.here_.wrong(fmt::format("a walk met key {} twice", number));
      met_[number] = true;
      if (!of_.is_resident(number)) expect_not_gone(of_.band_of(number), of_.place_of(number));
      return number;
    }

    // The walk is over, and was not broken off.
    void expect_all() const {
      for (std::uint64_t n = 0; n < residents; ++n) expect_met(n);
      for (std::size_t b = 0; b < inserted_.size(); ++b) {
        // acquire: pairs with burst(); an erasure that the walk has seen has been announced.
        const std::uint64_t leaving = of_.bands_[b].leaving.load(std::memory_order_acquire);
        for (std::uint64_t i = leaving; i < inserted_[b]; ++i) {
          if (!is_swept(i)) expect_met(of_.number_of(b, i));
        }
      }
    }

   private:
    void expect_met(std::uint64_t number) const {
      if (!met_[number])
        of_.here_.wrong(fmt::format("a walk passed over key {}, which was there", number));
    }
    void expect_not_gone(std::size_t band, std::uint64_t i) const {
      if (!is_swept(i) && i < gone_[band])
        of_.here_.wrong(fmt::format("a walk met key {} of thread {}, long erased", i, band));
    }

    walk_round& of_;
    std::vector<bool> met_;
    std::vector<std::uint64_t> inserted_;
    std::vector<std::uint64_t> gone_;
  };

  bool is_resident(std::uint64_t number) const { return number < residents; }
  std::size_t band_of(std::uint64_t number) const {
    return std::min<std::size_t>((number - residents) / share_, bands_.size() - 1);
  }
  std::uint64_t place_of(std::uint64_t number) const {
    return number - number_of(band_of(number), 0);
  }
  std::uint64_t number_of(std::size_t band, std::uint64_t i) const {
    return residents + band * share_ + i;
  }

  [[nodiscard]] bool going_on() const {
    return here_.running() && !over_.load(std::memory_order_relaxed);  // relaxed: it ends loops
  }

  // ---- a thread's work

  void work(worker& w) {
    // Half of the threads mostly write, the others mostly walk.
    const std::uint64_t bursts = here_.threads() == 1 ? 2 : (w.index() % 2 == 0 ? 7 : 1);
    while (going_on()) {
      if (w.below(8) < bursts) {
        for (int i = 0; i < 8; ++i) burst(w);
      } else {
        walk_somehow(w);
      }
    }
  }

  void burst(worker& w) {
    band& mine = bands_[w.index()];
    for (std::size_t n = 0; n < burst_size; ++n) {
      // relaxed: nobody else writes it.
      const std::uint64_t i = mine.inserted.load(std::memory_order_relaxed);
      if (i == share_) {
        over_.store(true, std::memory_order_relaxed);  // relaxed: see going_on()
        return;
      }
      insert(w, number_of(w.index(), i));
      mine.inserted.store(i + 1, std::memory_order_release);  // release: see witness
      if (i % 4 == 3) erase_oldest(w, mine);
    }
  }
  void insert(worker& w, std::uint64_t number) {
    if (!w.timed(call::insert, [&] { return map_.try_emplace(keys_[number], number); }))
      here_.wrong(fmt::format("key {} was there before it was inserted", number));
  }
  void erase_oldest(worker& w, band& mine) {
    const std::uint64_t i = mine.gone.load(std::memory_order_relaxed);  // relaxed: as in burst()
    if (!is_swept(i)) {
      // Before the erasure, under whose lock it is published; release: see witness.
      mine.leaving.store(i + 1, std::memory_order_release);
      const Key& key = keys_[number_of(w.index(), i)];
      if (w.timed(call::erase, [&] { return map_.erase(key); }) != 1)
        here_.wrong(fmt::format("key {} of thread {} was not there to be erased", i, w.index()));
    }
    mine.gone.store(i + 1, std::memory_order_release);  // release: see witness
  }

  // ---- walks

  void walk_somehow(worker& w) {
    witness met(*this);
    const auto meet = [&](const entry& e) { met.meet(e); };
    switch (w.below(8)) {
      case 0:
        if (!scan(w, map_, met)) return;
        break;
      case 1:
        if (!scan(w, std::as_const(map_), met)) return;
        break;
      case 2:
        w.timed(call::walk, [&] { map_.visit_all(meet); });
        break;
      case 3:
        w.timed(call::walk, [&] { map_.cvisit_all(meet); });
        break;
      case 4:
        if (!walk_while(w, met)) return;
        break;
      case 5:
        w.timed(call::walk, [&] { map_.for_each(std::execution::seq, meet); });
        break;
      case 6:
        w.timed(call::walk, [&] { std::as_const(map_).for_each(std::execution::seq, meet); });
        break;
      default:
        sweep(w, met);
    }
    met.expect_all();
    sum_.walks.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
  }

  // Keeps the cursor while it inserts and erases. Returns whether it came to the end.
  template <class Map>
  bool scan(worker& w, Map& map, witness& met) {
    gomap::scan_cursor cursor;
    while (!cursor.done()) {
      if (!here_.running()) return false;
      cursor = map.scan(cursor, [&](const entry& e) { met.meet(e); });
      w.count();
      if (w.one_in(16)) burst(w);
    }
    return true;
  }

  // Returns whether it came to the end.
  bool walk_while(worker& w, witness& met) {
    std::uint64_t left = w.one_in(2) ? w.below(residents) : most_keys;
    bool stopped = false;
    const auto meet = [&](const entry& e) {
      if (stopped) here_.wrong("a walk went on after it was told to stop");
      met.meet(e);
      stopped = left == 0;
      left -= stopped ? 0 : 1;
      return !stopped;
    };
    const bool to_the_end = w.timed(
        call::walk, [&] { return w.one_in(2) ? map_.visit_while(meet) : map_.cvisit_while(meet); });
    if (to_the_end == stopped) here_.wrong("a walk does not say whether it was stopped");
    return to_the_end;
  }

  // Erases one class of the keys that are left to erase_if.
  void sweep(worker& w, witness& met) {
    const std::uint64_t chosen = w.below(sweep_classes);
    const band& mine = bands_[w.index()];
    const std::uint64_t inserted = mine.inserted.load(std::memory_order_relaxed);  // relaxed: mine
    std::size_t erased = 0;
    const std::size_t told = w.timed(call::walk, [&] {
      return map_.erase_if([&](const entry& e) {
        const std::uint64_t number = met.meet(e);
        if (number == most_keys || is_resident(number)) return false;
        const std::uint64_t i = place_of(number);
        if (!is_swept(i) || sweep_class(i) != chosen) return false;
        // relaxed: a flag, looked at when all threads have ended or by its own band's thread, that
        // has seen the erasure by then.
        if (erased_[number].exchange(true, std::memory_order_relaxed))
          here_.wrong(fmt::format("key {} was erased twice", number));
        ++erased;
        return true;
      });
    });
    if (told != erased)
      here_.wrong(fmt::format("erase_if erased {} entries and says {}", erased, told));
    for (std::uint64_t i = 4 * chosen; i < inserted; i += 4 * sweep_classes) {
      // relaxed: as above.
      if (!erased_[number_of(w.index(), i)].load(std::memory_order_relaxed))
        here_.wrong(fmt::format("erase_if passed over key {} of thread {}", i, w.index()));
    }
    sum_.swept.fetch_add(erased, std::memory_order_relaxed);  // relaxed: a count
  }

  // ---- at rest

  void verify() {
    std::size_t left = 0;
    for (std::uint64_t n = 0; n < residents; ++n) left += expect(n, true);
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      // relaxed, all three: the threads have ended.
      const std::uint64_t inserted = bands_[b].inserted.load(std::memory_order_relaxed);
      const std::uint64_t gone = bands_[b].gone.load(std::memory_order_relaxed);
      for (std::uint64_t i = 0; i < inserted; ++i) {
        const std::uint64_t n = number_of(b, i);
        left += expect(n, is_swept(i) ? !erased_[n].load(std::memory_order_relaxed) : i >= gone);
      }
    }
    if (map_.size() != left)
      here_.wrong(fmt::format("{} entries are there, {} should be left", map_.size(), left));
    witness met(*this);
    map_.cvisit_all([&](const entry& e) { met.meet(e); });
    met.expect_all();
    map_.check_invariants();
    ++sum_.rounds;
  }
  std::size_t expect(std::uint64_t number, bool there) {
    if ((map_.load(keys_[number]) == number) != there)
      here_.wrong(fmt::format("key {} {}", number, there ? "was lost" : "was not erased"));
    return there ? 1 : 0;
  }

  context& here_;
  tally& sum_;
  const std::uint64_t share_;  // keys of a band
  map_type map_{{.shards = here_.shards(), .seed = here_.seed("map")}};
  std::vector<Key> keys_ = numbered_keys<Key>(most_keys);
  std::deque<band> bands_ = std::deque<band>(here_.threads());
  std::vector<std::atomic<bool>> erased_ =
      std::vector<std::atomic<bool>>(most_keys);  // by erase_if
  std::atomic<bool> over_{false};
};

void walk(context& here) {
  tally sum;
  do {
    walk_round<std::uint64_t>(here, sum).run();
    if (here.running()) walk_round<std::string>(here, sum).run();
  } while (here.running());
  here.note("walks to the end", grouped(sum.walks));
  here.note("erased by walks", grouped(sum.swept));
  here.note("times grown from small", grouped(sum.rounds));
}

}  // namespace

extern const scenario walk_scenario = {
    "walk", "does a walk meet everything once while the map grows under it?", walk};

}  // namespace stress
