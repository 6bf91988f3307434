// linear.cpp -- does each call on one key happen at one instant, while the map grows under it?
//
// All threads ask for every single-key operation, in every way, on sixteen hot keys in one to four
// shards, and record what they are told and when. Between these calls they insert and erase other
// keys in the same shards, so that these double, compact and empty all the time: a bit of churn
// keeps a growth under way, a lot of it starts the next one. Maps of words, which are read and
// written whole; of values of eight words with a checksum, which tearing would spoil; and of
// strings, which are read under a lock.
// Oracle: for each hot key, some order of the calls explains all answers (linearizability.hpp).
// What the key may hold at the end of a round is what the next one starts from.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/hash.hpp>

#include "../context.hpp"
#include "../entry_model.hpp"
#include "../figure_text.hpp"
#include "../history.hpp"
#include "../history_text.hpp"
#include "../linearizability.hpp"
#include "../numbered_values.hpp"
#include "../scenario.hpp"
#include "../single_key_calls.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

constexpr std::size_t hot_keys = 16;
constexpr std::size_t calls_a_round = 20'000;     // of one thread; its events fit into a cache
constexpr std::size_t calls_between_looks = 256;  // for a growth that has ended
constexpr std::size_t lowest_tide = 1000;         // other keys of a thread, when there are most
constexpr std::uint64_t tide_doublings = 4;

// What two processors' clocks may disagree by, and what may happen around reading one.
constexpr stamp clock_allowance = 50;

// Half of the calls read; the others are of all kinds. So most calls find their key, and new keys,
// each of which takes the growth that is under way two buckets further, are the smaller part.
constexpr verb verb_drawn(std::uint64_t choice) {
  if (choice % 2 == 0) return choice % 3 == 0 ? verb::contains : verb::load;
  constexpr auto first_write = static_cast<std::uint64_t>(verb::store);
  return static_cast<verb>(first_write + choice / 2 % (verbs - first_write));
}

// Every other call goes to one of two keys, so that threads meet.
constexpr std::size_t key_drawn(std::uint64_t choice) {
  return choice % 2 == 0 ? choice / 2 % 2 : choice / 2 % hot_keys;
}

// ---- the other keys ----------------------------------------------------------------------------

// The number of a key that is not hot; its lump is the top three bits.
constexpr std::uint64_t filler_number(std::uint64_t lump, unsigned thread, std::uint64_t i) {
  return lump << 61 | std::uint64_t{1} << 60 | std::uint64_t{thread} << 40 | i;
}

// A good hash, but that keys with a lump fall into every eighth bucket. Their chains are long, and
// when most of a lump is erased, the next growth is one that compacts.
template <class Key>
struct lumpy_hash {
  std::uint64_t operator()(const Key& key, std::uint64_t seed) const noexcept {
    const std::uint64_t hash = gomap::hash<Key>{}(key, seed);
    const std::uint64_t lump = lump_of(key);
    return lump == 0 ? hash : (hash & ~std::uint64_t{7}) | lump;
  }

 private:
  static std::uint64_t lump_of(std::uint64_t key) { return key >> 61; }
  static std::uint64_t lump_of(const wide_key& key) { return key.words[0] >> 61; }
  static std::uint64_t lump_of(const std::string&) { return 0; }
};

// What one thread inserts and erases beside its recorded calls: a tide that rises until a growth
// begins, drifts while it is under way, rises again, and at its highest falls, some times over.
template <class Map>
class tide {
 public:
  // `high`: so many keys are there when it turns.
  tide(Map& map, std::size_t high) : map_(map), high_(high) {}

  // A little, so that a growth that is under way stays so for long.
  void drift(worker& w) {
    if (w.one_in(64)) insert(w);
    if (w.one_in(32)) erase(w);
  }
  // As much as makes the table grow soon, and not so much that a growth begins and ends meanwhile.
  void surge(worker& w) {
    const std::size_t keys = 8 + there_.size() / 64;
    for (std::size_t i = 0; i < keys; ++i) rising_ ? insert(w) : erase(w);
    if (rising_ ? there_.size() >= high_ : there_.size() <= high_ / 16) turn(w);
  }
  // Whether it has fallen for the last time.
  [[nodiscard]] bool spent() const { return tides_left_ == 0; }

 private:
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;

  void turn(worker& w) {
    rising_ = !rising_;
    if (!rising_) return;
    --tides_left_;
    lump_ = w.below(8);
    if (w.one_in(8)) map_.reserve(2 * map_.size());  // moves many chains at a time
  }
  void insert(worker& w) {
    const std::uint64_t number = filler_number(lump_, w.index(), inserted_++);
    map_.try_emplace(numbered<key_type>::make(number), numbered<mapped_type>::make(number));
    there_.push_back(number);
  }
  void erase(worker& w) {
    if (there_.empty()) return;
    std::swap(there_[w.below(there_.size())], there_.back());
    map_.erase(numbered<key_type>::make(there_.back()));
    there_.pop_back();
  }

  Map& map_;
  std::size_t high_;
  std::vector<std::uint64_t> there_;  // the numbers of the keys
  std::uint64_t inserted_ = 0;
  std::uint64_t lump_ = 0;
  int tides_left_ = 2;
  bool rising_ = true;
};

// ---- one map -----------------------------------------------------------------------------------

struct totals {
  std::atomic<std::uint64_t> decided{0};
  std::atomic<std::uint64_t> undecided{0};
  std::atomic<std::uint64_t> during_growth{0};
  std::uint64_t maps = 0;
};

template <class Map>
class watched_keys {
 public:
  watched_keys(context& here, totals& sums, std::uint64_t seed)
      : here_(here),
        sums_(sums),
        map_({.shards =
                  here.shards() != 0 ? here.shards() : std::size_t{1} << gomap::mix(seed, 1) % 3,
              .seed = seed}),
        calls_(map_),
        states_(hot_keys, {entry_state{}}) {
    for (std::size_t i = 0; i < hot_keys; ++i) {
      keys_[i] = numbered<key_type>::make(gomap::mix(seed, 3 + i) >> 5);
    }
    const std::size_t high = lowest_tide << gomap::mix(seed, 2) % tide_doublings;
    for (unsigned i = 0; i < here.threads(); ++i) members_.emplace_back(map_, high);
  }

  // Until the tides are spent.
  void run() {
    const auto watched = here_.watch(map_);
    while (here_.running() && !spent()) {
      for (member& m : members_) m.history.clear();
      here_.run_threads(here_.threads(), [&](worker& w) { work(w, members_[w.index()]); });
      next_to_check_ = 0;
      here_.run_threads(here_.threads(), [&](worker& w) { check(members_[w.index()].checker); });
    }
    map_.check_invariants();
  }

 private:
  using key_type = typename Map::key_type;

  // What belongs to one thread.
  struct alignas(64) member {
    member(Map& map, std::size_t high) : churn(map, high), history(hot_keys, calls_a_round / 3) {}

    tide<Map> churn;
    recorder history;
    std::array<std::uint64_t, hot_keys> last_seen{};
    linearizability_checker checker{{.clock_allowance = clock_allowance}};
  };

  // Whether nothing will grow any more.
  [[nodiscard]] bool spent() const {
    // relaxed, both: only the pace depends on it.
    return rising_.load(std::memory_order_relaxed) == 0 &&
           !growing_.load(std::memory_order_relaxed);
  }

  void work(worker& w, member& me) {
    std::uint64_t during_growth = 0;
    for (std::size_t i = 0; i < calls_a_round && !spent(); ++i) {
      if (i % 64 == 0 && !here_.running()) break;
      const bool growing = growing_.load(std::memory_order_relaxed);  // relaxed: as in spent()
      churn(w, me.churn, growing);
      if (w.index() == 0 && i % calls_between_looks == 0) look_for_growths();
      if (growing) ++during_growth;
      call(w, me);
    }
    sums_.during_growth += during_growth;
  }

  void churn(worker& w, tide<Map>& tide, bool growing) {
    if (growing || tide.spent()) {
      tide.drift(w);
      return;
    }
    for (int surges = 0; surges < 8 && !tide.spent() && !growing; ++surges) {
      tide.surge(w);
      growing = look_for_growths();
    }
    if (tide.spent()) rising_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: as in spent()
  }

  // O(buckets), and a surge takes as long.
  bool look_for_growths() {
    const bool growing = map_.stats().growing_shards > 0;
    growing_.store(growing, std::memory_order_relaxed);  // relaxed: as in spent()
    return growing;
  }

  void call(worker& w, member& me) {
    const std::uint64_t choice = w.random()();
    const std::size_t key = key_drawn(choice);
    const operation asked = draw(w, verb_drawn(choice >> 8), me.last_seen[key]);
    const answer given = me.history.record(key, asked, [&] {
      const answer told = calls_.ask(keys_[key], asked, choice >> 32);
      // When asked to falsify: a value that nobody wrote.
      return here_.falsify() && told.saw && w.one_in(1000) ? answer{told.yes, true, 1} : told;
    });
    if (given.saw) me.last_seen[key] = given.value;
    if (const auto written = value_written({0, 0, asked, given})) me.last_seen[key] = *written;
    w.count();
  }

  // Values are random, so that no two writers write the same one; never 0.
  static operation draw(worker& w, verb what, std::uint64_t last_seen) {
    const std::uint64_t fresh = w.random()() >> 2 | 2;
    const bool compares = what == verb::compare_exchange || what == verb::compare_and_erase;
    return {what, compares ? last_seen : fresh, gomap::mix(fresh, 1) >> 2};
  }

  // Checks keys until there is none left.
  void check(linearizability_checker& checker) {
    for (std::size_t key = next_to_check_++; key < hot_keys; key = next_to_check_++) {
      std::vector<std::span<const event>> histories;
      for (const member& m : members_) histories.push_back(m.history.of_key(key));
      const key_finding found = checker.check(histories, states_[key]);
      sums_.decided += found.decided;
      sums_.undecided += found.undecided;
      if (found.verdict == finding::wrong) {
        here_.wrong(fmt::format("hot key {}: {}", key, violation_text(found, histories)));
      } else if (found.verdict == finding::undecided) {
        map_.erase(keys_[key]);
        states_[key] = {entry_state{}};
      } else {
        states_[key] = checker.possible_states();
      }
    }
  }

  context& here_;
  totals& sums_;
  Map map_;
  single_key_calls<Map> calls_;
  std::array<key_type, hot_keys> keys_;
  std::vector<std::vector<entry_state>> states_;  // what each hot key may hold between rounds
  std::deque<member> members_;
  std::atomic<bool> growing_{false};
  std::atomic<unsigned> rising_{here_.threads()};  // tides that are not spent
  std::atomic<std::size_t> next_to_check_{0};
};

// ---- the scenario ------------------------------------------------------------------------------

template <class Key, class T>
void run_map(context& here, totals& sums) {
  using map_type = stress_map<Key, T, lumpy_hash<Key>>;
  watched_keys<map_type>(here, sums, here.seed(fmt::format("map {}", sums.maps))).run();
  ++sums.maps;
}

void note(context& here, const totals& sums) {
  here.note("calls checked", grouped(sums.decided));
  here.note("calls not decided", grouped(sums.undecided));
  here.note("calls during a growth", grouped(sums.during_growth));
  here.note("maps", grouped(sums.maps));
}

void linear(context& here) {
  totals sums;
  for (std::uint64_t turn = 0; here.running(); ++turn) {
    run_map<std::uint64_t, std::uint64_t>(here, sums);
    run_map<wide_key, wide_value>(here, sums);
    if (turn % 6 == 0) run_map<std::string, std::string>(here, sums);
  }
  note(here, sums);
}

}  // namespace

extern const scenario linear_scenario = {
    .name = "linear",
    .question = "does each call happen at one instant while the map grows?",
    .run = linear,
    .patience = 3,
};

}  // namespace stress
