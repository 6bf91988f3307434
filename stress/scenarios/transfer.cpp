// transfer.cpp -- does money that is moved between accounts ever get lost, or seen on its way?
//
// Threads move amounts between two to four accounts by with_locked(), at times with the same
// account named twice, and at times giving up in the middle by an exception. An account that is
// empty is erased and comes back with its next deposit. Meanwhile fillers are inserted, inside of
// transfers as well, so that every shard grows. Then the map is thrown away and grows again; one
// time its keys are words, the next time strings.
// Oracle: the sum of all accounts is always the same, in every snapshot and copy; so is the sum of
// a group of four accounts, in which money only goes round, for whoever locks them all; at the end
// every account, filler and amount is accounted for.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <gomap/entry.hpp>
#include <gomap/hash.hpp>

#include "../context.hpp"
#include "../figure_text.hpp"
#include "../numbered_key.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

// Keys are numbered: the accounts of groups first, then free ones, then fillers, a band for each
// thread.
constexpr std::size_t group_size = 4;
constexpr std::size_t groups = 32;
constexpr std::size_t first_free = groups * group_size;
constexpr std::size_t accounts = first_free + 128;
constexpr std::size_t most_keys = 1 << 13;
constexpr std::int64_t opening_balance = 1000;
constexpr std::int64_t sum_of_group = opening_balance * static_cast<std::int64_t>(group_size);
constexpr std::int64_t sum_of_all = opening_balance * static_cast<std::int64_t>(accounts);

// Two words, so that a reader without a lock could see one of each; the filler's balance is 0.
struct account {
  std::int64_t balance = 0;
  std::uint64_t proof = 0;
};

std::uint64_t proof_of(std::size_t number, std::int64_t balance) {
  return gomap::mix(static_cast<std::uint64_t>(balance), number + 1);
}
account account_with(std::size_t number, std::int64_t balance) {
  return {balance, proof_of(number, balance)};
}

struct changed_mind {};

struct tally {
  std::atomic<std::uint64_t> transfers{0};
  std::atomic<std::uint64_t> given_up{0};
  std::atomic<std::uint64_t> snapshots{0};
  std::uint64_t rounds = 0;
};

template <class Key>
class transfer_round {
  using map_type = stress_map<Key, account>;
  using entry = gomap::entry<account>;

 public:
  transfer_round(context& here, tally& sum)
      : here_(here),
        sum_(sum),
        share_((most_keys - accounts) / here.threads()),
        fillers_(here.threads()) {
    for (std::size_t n = 0; n < accounts; ++n)
      map_.try_emplace(keys_[n], account_with(n, opening_balance));
  }

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(here_.threads(), [this](worker& w) { work(w); });
    if (here_.falsify())
      map_.update(keys_[0], [](account& a) { a = account_with(0, a.balance + 1); });
    verify();
    here_.show_layout(map_);
  }

 private:
  // ---- a thread's work

  void work(worker& w) {
    // relaxed: it ends loops.
    while (here_.running() && !over_.load(std::memory_order_relaxed)) {
      const std::uint64_t chance = w.below(256);
      if (chance == 0) {
        look_at_all(w);
      } else if (chance < 64) {
        insert_filler(w);
      } else if (chance < 128) {
        move_in_group(w);
      } else if (chance < 224) {
        move_freely(w);
      } else {
        look_at_one(w);
      }
    }
  }

  // The number of this thread's next filler; without one more, the round is over.
  std::size_t next_filler(worker& w) const { return filler(w.index(), fillers_[w.index()]); }
  std::size_t filler(std::size_t band, std::size_t i) const { return accounts + band * share_ + i; }
  void count_filler(worker& w) {
    if (++fillers_[w.index()] == share_)
      over_.store(true, std::memory_order_relaxed);  // relaxed: as above
  }
  void insert_filler(worker& w) {
    const std::size_t n = next_filler(w);
    if (!w.timed(call::insert, [&] { return map_.try_emplace(keys_[n], account_with(n, 0)); }))
      here_.wrong(fmt::format("filler {} was there before it was inserted", n));
    count_filler(w);
  }

  void move_in_group(worker& w) {
    const std::size_t first = w.below(groups) * group_size;
    std::array<std::size_t, 4> n = {first, first + 1, first + 2, first + 3};
    std::shuffle(n.begin(), n.end(), w.random());
    switch (w.below(4)) {
      case 0:
        transfer(w, n[0], n[1]);
        break;
      case 1:
        transfer(w, n[0], n[1], n[2]);
        break;
      default:
        if (const auto sum = transfer(w, n[0], n[1], n[2], n[3]); sum != sum_of_group)
          here_.wrong(fmt::format("a locked group holds {} instead of {}", sum, sum_of_group));
    }
  }

  void move_freely(worker& w) {
    std::array<std::size_t, 4> n;
    // Few accounts, or all of them.
    const std::size_t some = w.one_in(2) ? 8 : accounts - first_free;
    for (std::size_t& number : n) number = first_free + w.below(some);
    if (w.one_in(8)) n[1] = n[0];
    switch (w.below(4)) {
      case 0:
        transfer(w, n[0], n[1]);
        break;
      case 1:
        transfer(w, n[0], n[1], n[2]);
        break;
      case 2:
        transfer(w, n[0], n[1], n[2], n[3]);
        break;
      default:
        transfer_with_filler(w, n[0], n[1]);
    }
  }

  // Moves money from the first to the others. Returns what was in all of them before, or what it is
  // to be when it gives up.
  template <class... Numbers>
  std::int64_t transfer(worker& w, Numbers... n) {
    const std::array numbers = {std::size_t{n}...};
    std::int64_t sum = sum_of_group;
    const auto move = [&](auto&... e) { return move_between(w, numbers, std::array{&e...}); };
    if (!tried(w, [&] { sum = map_.with_locked(keys_[n]..., move); })) return sum_of_group;
    return sum;
  }
  void transfer_with_filler(worker& w, std::size_t from, std::size_t to) {
    const std::size_t n = next_filler(w);
    const auto move = [&](entry& a, entry& b, entry& filler) {
      if (filler) here_.wrong(fmt::format("filler {} was there before it was inserted", n));
      filler.emplace(account_with(n, 0));
      move_between(w, std::array{from, to}, std::array{&a, &b});
    };
    if (tried(w, [&] { map_.with_locked(keys_[from], keys_[to], keys_[n], move); }))
      count_filler(w);
  }
  // Returns whether it went through.
  template <class F>
  bool tried(worker& w, F f) {
    try {
      w.timed(call::transaction, f);
      sum_.transfers.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
      return true;
    } catch (const changed_mind&) {
      sum_.given_up.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
      return false;
    }
  }

  // Accounts may be the same, and then are the same entry.
  template <std::size_t N>
  std::int64_t move_between(worker& w, const std::array<std::size_t, N>& numbers,
                            const std::array<entry*, N>& entries) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < N; ++i) sum += checked_balance(numbers[i], *entries[i]);

    const bool gives_up = w.one_in(16);
    // Never less than nothing, unless something is wrong.
    const auto there = std::max<std::int64_t>(0, checked_balance(numbers[0], *entries[0]));
    std::int64_t left = w.one_in(4) ? there : below(w, there + 1);
    add(w, *entries[0], numbers[0], -left, gives_up);
    for (std::size_t i = 1; i < N; ++i) {
      if (gives_up && i == N - 1) throw changed_mind();
      const std::int64_t part = i == N - 1 ? left : below(w, left + 1);
      add(w, *entries[i], numbers[i], part, gives_up);
      left -= part;
    }
    return sum;
  }
  static std::int64_t below(worker& w, std::int64_t n) {
    return static_cast<std::int64_t>(w.below(static_cast<std::uint64_t>(n)));
  }

  // What is written in place may stay when the function throws, so `for_a_throw` emplaces.
  static void add(worker& w, entry& e, std::size_t number, std::int64_t amount, bool for_a_throw) {
    const std::int64_t balance = (e ? e->balance : 0) + amount;
    if (balance == 0) {
      e.reset();
    } else if (e && !for_a_throw && w.one_in(2)) {
      *e = account_with(number, balance);
    } else {
      e.emplace(account_with(number, balance));
    }
  }
  std::int64_t checked_balance(std::size_t number, const entry& e) {
    return e ? checked_balance(number, *e) : 0;
  }
  std::int64_t checked_balance(std::size_t number, const account& a) {
    if (a.proof != proof_of(number, a.balance))
      here_.wrong(fmt::format("account {} has a torn value: balance {}", number, a.balance));
    return a.balance;
  }

  // ---- looking on

  void look_at_one(worker& w) {
    const std::size_t n = w.below(accounts);
    const auto found = w.timed(call::read, [&] { return map_.load(keys_[n]); });
    if (found && checked_balance(n, *found) <= 0)
      here_.wrong(fmt::format("account {} is there with a balance of {}", n, found->balance));
  }

  void look_at_all(worker& w) {
    if (w.one_in(4)) {
      const map_type copy = w.timed(call::walk, [&] { return map_type(map_); });
      std::vector<std::int64_t> balances(accounts);
      for (std::size_t n = 0; n < accounts; ++n) {
        const auto found = copy.load(keys_[n]);
        balances[n] = found ? checked_balance(n, *found) : 0;
      }
      expect_balance(balances, "a copy");
    } else {
      const auto snapshot = w.timed(call::walk, [&] { return map_.snapshot(); });
      std::vector<std::int64_t> balances(accounts);
      for (std::size_t n = 0; n < accounts; ++n) {
        const account* const found = snapshot.lookup(keys_[n]);
        balances[n] = found != nullptr ? checked_balance(n, *found) : 0;
      }
      expect_balance(balances, "a snapshot");
    }
    sum_.snapshots.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
  }

  void expect_balance(const std::vector<std::int64_t>& balances, const char* where) {
    std::int64_t sum = 0;
    for (std::size_t n = 0; n < accounts; ++n) sum += balances[n];
    if (sum != sum_of_all)
      here_.wrong(fmt::format("{} holds {} in all instead of {}", where, sum, sum_of_all));
    for (std::size_t first = 0; first < first_free; first += group_size) {
      std::int64_t group = 0;
      for (std::size_t i = 0; i < group_size; ++i) group += balances[first + i];
      if (group != sum_of_group)
        here_.wrong(
            fmt::format("{} holds {} in a group instead of {}", where, group, sum_of_group));
    }
  }

  // ---- at rest

  void verify() {
    std::vector<std::int64_t> balances(accounts);
    std::size_t there = 0;
    for (std::size_t n = 0; n < accounts; ++n) {
      const auto found = map_.load(keys_[n]);
      balances[n] = found ? checked_balance(n, *found) : 0;
      there += found ? 1 : 0;
    }
    expect_balance(balances, "the map at the end");
    for (std::size_t band = 0; band < fillers_.size(); ++band) {
      for (std::size_t i = 0; i < fillers_[band]; ++i) {
        const std::size_t n = filler(band, i);
        if (const auto found = map_.load(keys_[n]); !found || checked_balance(n, *found) != 0)
          here_.wrong(fmt::format("filler {} was lost", n));
      }
      there += fillers_[band];
    }
    if (map_.size() != there)
      here_.wrong(fmt::format("{} entries are there instead of {}", map_.size(), there));
    map_.check_invariants();
    ++sum_.rounds;
  }

  context& here_;
  tally& sum_;
  const std::size_t share_;           // fillers of a thread
  std::vector<std::size_t> fillers_;  // inserted, of each thread; its own writes it
  map_type map_{{.shards = here_.shards(), .seed = here_.seed("map")}};
  std::vector<Key> keys_ = numbered_keys<Key>(most_keys);
  std::atomic<bool> over_{false};
};

void transfer(context& here) {
  tally sum;
  do {
    transfer_round<std::uint64_t>(here, sum).run();
    if (here.running()) transfer_round<std::string>(here, sum).run();
  } while (here.running());
  here.note("transfers", grouped(sum.transfers));
  here.note("given up in the middle", grouped(sum.given_up));
  here.note("snapshots", grouped(sum.snapshots));
  here.note("rounds", grouped(sum.rounds));
}

}  // namespace

extern const scenario transfer_scenario = {
    "transfer", "is money that moves between accounts ever lost, or seen on its way?", transfer};

}  // namespace stress
