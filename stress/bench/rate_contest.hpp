// rate_contest.hpp -- contestants side by side on one task of many threads, judged by how much they
// get done.
//
// A row is a task that several contestants do; the first is ours. Each round is a lap of each of
// them, in a new order, so that a noisy minute or a warming processor hits all alike; the first
// round warms up and does not count. A line a row is printed: how many times the best peer's median
// rate ours is, and all of the medians.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct rate_contestant {
  std::string name;
  bool is_peer;                 // whether ours is compared with it
  std::function<double()> lap;  // returns million operations a second
};

class rate_contest {
 public:
  void add_row(std::string name, std::vector<rate_contestant> contestants) {
    rows_.push_back({std::move(name), std::move(contestants)});
  }

  // Drops the rows in whose names `expression`, a regular one, is not found.
  // Throws: std::invalid_argument for one that is no good or leaves no row.
  void choose(const std::string& expression);
  void list() const;
  // Destroys each row's laps when the row is done, and with them what no later row holds.
  // Throws: what a lap throws.
  void run(std::size_t rounds) &&;

 private:
  struct row {
    std::string name;
    std::vector<rate_contestant> contestants;
  };

  std::vector<row> rows_;
};

}  // namespace bench
