// oversubscribed.cpp -- does everybody get on when there are sixteen times more threads than asked?
//
// So many threads that most do not run, and that one which holds a lock is often stopped by the
// system. Each owns some keys and asks for every single-key operation on them; between these it
// moves amounts between pots that all share, inserts and erases batches, scans, walks, and takes
// snapshots. After some calls the map is thrown away and grows again; one time it holds words, the
// next time strings.
// Oracle: nobody else touches a thread's keys, so every answer about them is known beforehand, and
// a walk meets just these, once each; the pots of a snapshot always hold the same sum. When a
// hundred thousand calls a thread have been made, no thread has made none.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/hash.hpp>
#include <gomap/scan_cursor.hpp>

#include "../context.hpp"
#include "../entry_model.hpp"
#include "../figure_text.hpp"
#include "../history.hpp"
#include "../history_text.hpp"
#include "../numbered_values.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../single_key_calls.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

constexpr unsigned threads_for_one = 16;
constexpr unsigned most_threads = 2048;
constexpr std::size_t own_keys = 128;  // of a thread
constexpr std::size_t batch_keys = 32;
constexpr std::size_t pots = 32;
constexpr std::uint64_t in_each_pot = 1000;
constexpr std::uint64_t calls_a_map = 1 << 18;
constexpr std::uint64_t enough_calls = 100'000;  // of a thread, on average, for none to have none

// The numbers of keys: what sort they are of, whose, and which.
enum class sort : std::uint64_t { pot, own, batch };
constexpr std::uint64_t number_of(sort what, unsigned thread, std::size_t i) {
  return static_cast<std::uint64_t>(what) << 48 | std::uint64_t{thread} << 32 | i;
}
constexpr bool belongs_to(std::uint64_t number, sort what, unsigned thread) {
  return number >> 32 == number_of(what, thread, 0) >> 32;
}

template <class Map>
class crowd {
 public:
  // `calls`: of each thread so far, to be added to.
  crowd(context& here, std::uint64_t seed, std::vector<std::uint64_t>& calls)
      : here_(here), calls_(calls), map_({.shards = here.shards(), .seed = seed}), ask_(map_) {
    for (std::size_t i = 0; i < pots; ++i) {
      map_.store(key(sort::pot, 0, i), numbered<mapped_type>::make(in_each_pot));
    }
    for (unsigned i = 0; i < calls.size(); ++i) members_.push_back(std::make_unique<member>(i));
  }

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(static_cast<unsigned>(members_.size()), [&](worker& w) {
      while (here_.running() && more_wanted()) {
        for (int i = 0; i < 16; ++i) step(w, *members_[w.index()]);
        calls_[w.index()] += 16;
      }
    });
    if (here_.falsify()) spoil();
    verify();
    here_.show_layout(map_);
  }

 private:
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  using value_type = typename Map::value_type;

  // What belongs to one thread.
  struct alignas(64) member {
    explicit member(unsigned which) : index(which) {}
    unsigned index;
    std::array<entry_state, own_keys> model{};
  };

  static key_type key(sort what, unsigned thread, std::size_t i) {
    return numbered<key_type>::make(number_of(what, thread, i));
  }
  static std::uint64_t number(const key_type& k) { return numbered<key_type>::number(k); }

  bool more_wanted() {
    return made_.fetch_add(16, std::memory_order_relaxed) < calls_a_map;  // relaxed: a count
  }

  void step(worker& w, member& me) {
    const std::uint64_t choice = w.below(2048);
    if (choice < 2) {
      take_snapshot(w);
    } else if (choice < 6) {
      walk(w, me);
    } else if (choice < 10) {
      scan(w, me);
    } else if (choice < 42) {
      use_batches(w, me);
    } else if (choice < 256) {
      transfer(w);
    } else {
      ask(w, me);
    }
  }

  // ---- a thread's own keys

  void ask(worker& w, member& me) {
    const std::size_t i = w.below(own_keys);
    entry_state& state = me.model[i];
    const verb what = static_cast<verb>(w.below(verbs));
    const bool compares = what == verb::compare_exchange || what == verb::compare_and_erase;
    const std::uint64_t fresh = w.random()() >> 2 | 2;  // 0 would stand for absent
    const bool guess = compares && w.one_in(2);
    const operation asked{what, guess ? state.value : fresh, w.random()() >> 2 | 2};
    const entry_state before = state;
    const key_type k = key(sort::own, me.index, i);
    const std::uint64_t way = w.random()();
    const answer given = w.timed(call_of(what), [&] { return ask_.ask(k, asked, way); });
    const answer expected = perform(asked, state);
    if (given == expected) return;
    here_.wrong(fmt::format(
        "key {} of thread {}: {} answered {}; it {}", i, me.index, call_text(asked),
        answer_text({0, 0, asked, given}),
        before.present ? "held " + value_text(before.value) : std::string("was absent")));
  }

  static call call_of(verb what) {
    switch (what) {
      case verb::load:
      case verb::contains:
        return call::read;
      case verb::compare_and_erase:
      case verb::erase:
      case verb::load_and_erase:
      case verb::erase_if_odd:
        return call::erase;
      case verb::compare_exchange:
      case verb::add:
        return call::overwrite;
      case verb::compute:
        return call::transaction;
      default:
        return call::insert;
    }
  }

  // What a walk has met of a thread's own keys.
  struct meeting {
    std::array<int, own_keys> times{};
    std::array<std::uint64_t, own_keys> values{};
  };
  static auto meet(meeting& met, const member& me) {
    return [&met, &me](const value_type& e) {
      const std::uint64_t n = number(e.first);
      if (!belongs_to(n, sort::own, me.index)) return;
      const std::size_t i = n & 0xffffffff;
      ++met.times[i];
      met.values[i] = numbered<mapped_type>::number(e.second);
    };
  }
  void check(const meeting& met, const member& me, std::string_view by) {
    for (std::size_t i = 0; i < own_keys; ++i) {
      const entry_state& state = me.model[i];
      if (met.times[i] == (state.present ? 1 : 0) && met.values[i] == state.value) continue;
      here_.wrong(
          fmt::format("{} met key {} of thread {} {} times", by, i, me.index, met.times[i]));
    }
  }

  void walk(worker& w, member& me) {
    meeting met;
    w.timed(call::walk, [&] { return std::as_const(map_).visit_all(meet(met, me)); });
    check(met, me, "a walk");
  }

  void scan(worker& w, member& me) {
    meeting met;
    for (gomap::scan_cursor cursor; !cursor.done();) {
      cursor = w.timed(call::walk, [&] { return std::as_const(map_).scan(cursor, meet(met, me)); });
    }
    check(met, me, "a scan");
  }

  // Inserts, finds and erases keys that are there for no longer than that.
  void use_batches(worker& w, member& me) {
    std::vector<value_type> entries;
    std::vector<key_type> keys;
    for (std::size_t i = 0; i < batch_keys; ++i) {
      keys.push_back(key(sort::batch, me.index, w.below(1 << 20) * batch_keys + i));
      entries.emplace_back(keys.back(), numbered<mapped_type>::make(w.random()() | 1));
    }
    std::vector<std::optional<mapped_type>> found;
    const auto timed = [&](const auto& f) { return w.timed(call::batch, f, batch_keys); };
    const std::size_t inserted = timed([&] { return map_.insert_many(entries); });
    timed([&] { return map_.load_many(keys, std::back_inserter(found)); });
    const std::size_t erased =
        w.one_in(8) ? erase_batch(w, me) : timed([&] { return map_.erase_many(keys); });
    const bool right = std::equal(found.begin(), found.end(), entries.begin(), entries.end(),
                                  [](const auto& f, const auto& e) { return f == e.second; });
    if (inserted == batch_keys && erased == batch_keys && right) return;
    here_.wrong(fmt::format("a batch of {} keys: {} inserted, {} erased, {}", batch_keys, inserted,
                            erased, right ? "all found" : "not all found with their values"));
  }
  std::size_t erase_batch(worker& w, const member& me) {
    return w.timed(call::walk, [&] {
      return map_.erase_if(
          [&](const value_type& e) { return belongs_to(number(e.first), sort::batch, me.index); });
    });
  }

  // ---- what all share

  // An empty pot is absent.
  void transfer(worker& w) {
    const auto from = key(sort::pot, 0, w.below(pots));
    const auto to = key(sort::pot, 0, w.below(pots));
    const std::uint64_t most = 1 + w.below(in_each_pot);
    w.timed(call::transaction, [&] {
      map_.with_locked(from, to, [&](auto& a, auto& b) {
        const std::uint64_t amount = std::min(most, content(a));
        set(a, content(a) - amount);
        set(b, content(b) + amount);
      });
    });
  }
  template <class Entry>
  static std::uint64_t content(const Entry& pot) {
    return pot ? numbered<mapped_type>::number(*pot) : 0;
  }
  template <class Entry>
  static void set(Entry& pot, std::uint64_t amount) {
    if (amount == 0) {
      pot.reset();
    } else {
      pot.emplace(numbered<mapped_type>::make(amount));
    }
  }

  void take_snapshot(worker& w) {
    check_pots(w.timed(call::walk, [&] { return map_.snapshot(); }));
  }
  template <class Entries>
  void check_pots(const Entries& entries) {
    std::uint64_t sum = 0;
    for (const auto& e : entries) {
      if (belongs_to(number(e.first), sort::pot, 0)) sum += numbered<mapped_type>::number(e.second);
    }
    if (sum == pots * in_each_pot) return;
    here_.wrong(fmt::format("the pots hold {} instead of {}", sum, pots * in_each_pot));
  }

  void spoil() {
    const key_type pot = key(sort::pot, 0, 0);
    const auto held = map_.load(pot);
    const std::uint64_t amount = held ? numbered<mapped_type>::number(*held) : 0;
    map_.store(pot, numbered<mapped_type>::make(amount + 1));
  }

  void verify() {
    for (const auto& m : members_) {
      for (std::size_t i = 0; i < own_keys; ++i) {
        const entry_state& state = m->model[i];
        const auto found = map_.load(key(sort::own, m->index, i));
        if (found.has_value() == state.present &&
            (!found || numbered<mapped_type>::number(*found) == state.value)) {
          continue;
        }
        here_.wrong(fmt::format("key {} of thread {} is not what it was left as", i, m->index));
      }
    }
    const auto all = map_.snapshot();
    check_pots(all);
    for (const auto& e : all) {
      if (number(e.first) >> 48 == static_cast<std::uint64_t>(sort::batch)) {
        here_.wrong(fmt::format("key {} is there after it was erased", number(e.first)));
      }
    }
    map_.check_invariants();
  }

  context& here_;
  std::vector<std::uint64_t>& calls_;
  Map map_;
  single_key_calls<Map> ask_;
  std::vector<std::unique_ptr<member>> members_;
  std::atomic<std::uint64_t> made_{0};  // calls on this map
};

template <class Key, class T>
void run_map(context& here, std::uint64_t turn, std::vector<std::uint64_t>& calls) {
  crowd<stress_map<Key, T>>(here, here.seed(fmt::format("map {}", turn)), calls).run();
}

void oversubscribed(context& here) {
  const unsigned threads = std::min(threads_for_one * here.threads(), most_threads);
  std::vector<std::uint64_t> calls(threads);
  std::uint64_t maps = 0;
  do {
    if (maps % 2 == 0) {
      run_map<std::uint64_t, std::uint64_t>(here, maps, calls);
    } else {
      run_map<std::string, std::string>(here, maps, calls);
    }
    ++maps;
  } while (here.running());

  const auto [least, most] = std::minmax_element(calls.begin(), calls.end());
  const std::uint64_t all = std::accumulate(calls.begin(), calls.end(), std::uint64_t{0});
  if (*least == 0 && all >= enough_calls * threads) {
    here.wrong(fmt::format("a thread has made no call, while others made {}", grouped(all)));
  }
  here.note("threads", grouped(threads));
  here.note("maps", grouped(maps));
  here.note("calls of a thread, least and most", grouped(*least) + ", " + grouped(*most));
}

}  // namespace

extern const scenario oversubscribed_scenario = {
    "oversubscribed", "does everybody get on when sixteen times more threads work?",
    oversubscribed};

}  // namespace stress
