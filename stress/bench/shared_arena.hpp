// shared_arena.hpp -- where threads work on maps of one size and one key type, peer by peer.
//
// Maps are filled, and keys drawn, when they are first asked for, and live as long as the arena: so
// the laps of all peers can take turns. All rates are million operations a second of all threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "concurrent_peer.hpp"
#include "probes.hpp"
#include "run_together.hpp"
#include "shared_table.hpp"

namespace bench {

// What every thread does during a lap.
struct task {
  load what;
  double write_share;  // of the operations
  popularity how;
};

template <class Key>
class shared_arena {
 public:
  // Requires: size > 0.
  shared_arena(std::size_t size, seconds lap) : size_(size), lap_(lap) {}

  // A lap on the peer's full map, and its rate.
  // Throws: std::runtime_error when a key that is in the map was not found.
  double work(const concurrent_peer& peer, const task& asked, std::size_t threads);
  // The rate at which threads, each with keys of its own, fill an empty map.
  double fill(const concurrent_peer& peer, std::size_t threads) const;

 private:
  static std::unique_ptr<shared_table<Key>> empty_table(const concurrent_peer& peer) {
    if constexpr (std::is_same_v<Key, std::string>) {
      return peer.strings();
    } else {
      return peer.integers();
    }
  }
  shared_table<Key>& full_table(const concurrent_peer& peer) {
    auto& table = tables_[peer.name];
    if (table == nullptr) {
      table = empty_table(peer);
      table->insert(0, size_);
    }
    return *table;
  }
  // One vector for each thread.
  const std::vector<std::vector<Key>>& probes(popularity how, std::size_t threads) {
    auto& drawn = probes_[how];
    while (drawn.size() < threads) drawn.push_back(draw_probes<Key>(how, size_, drawn.size() + 1));
    return drawn;
  }

  std::size_t size_;
  seconds lap_;
  std::map<std::string, std::unique_ptr<shared_table<Key>>> tables_;  // by the peer's name
  std::map<popularity, std::vector<std::vector<Key>>> probes_;
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Key>
double shared_arena<Key>::work(const concurrent_peer& peer, const task& asked,
                               std::size_t threads) {
  shared_table<Key>& table = full_table(peer);
  const auto& keys = probes(asked.how, threads);
  std::atomic<bool> stop = false;
  std::vector<shift_report> reports(threads);
  const auto work_a_shift = [&](std::size_t thread) {
    reports[thread] = table.work({.what = asked.what,
                                  .write_share = asked.write_share,
                                  .probes = keys[thread],
                                  .seed = thread + 1,
                                  .stop = &stop});
  };
  const seconds time = run_together(threads, work_a_shift, [&] {
    std::this_thread::sleep_for(lap_);
    stop.store(true, std::memory_order_relaxed);  // relaxed: it says nothing but that time is up
  });

  std::size_t operations = 0;
  for (const shift_report& report : reports) {
    operations += report.operations;
    if (report.misses > 0 && asked.what != load::churn) {
      throw std::runtime_error(peer.name + ": a key that is in the map was not found");
    }
  }
  return static_cast<double>(operations) / time.count() / 1e6;
}

template <class Key>
double shared_arena<Key>::fill(const concurrent_peer& peer, std::size_t threads) const {
  const auto table = empty_table(peer);
  const seconds time = run_together(threads, [&](std::size_t thread) {
    table->insert(size_ * thread / threads, size_ * (thread + 1) / threads);
  });
  return static_cast<double>(size_) / time.count() / 1e6;
}

}  // namespace bench
