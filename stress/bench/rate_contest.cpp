// rate_contest.cpp -- the rounds of a rate contest, and its lines.
#include "rate_contest.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "median.hpp"

namespace bench {
namespace {

using rates = std::vector<double>;

// The median rate of each contestant.
rates medians_of(const std::vector<rate_contestant>& contestants, std::size_t rounds) {
  std::vector<rates> laps(contestants.size());
  std::vector<std::size_t> order(contestants.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 random(1);
  for (std::size_t round = 0; round <= rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t who : order) {
      const double rate = contestants[who].lap();
      if (round > 0) laps[who].push_back(rate);
    }
  }
  rates medians;
  for (const rates& found : laps) medians.push_back(median(found));
  return medians;
}

constexpr int name_width = 42;

void print_row(const std::string& name, const std::vector<rate_contestant>& contestants,
               const rates& medians) {
  double best_peer = 0;
  std::string all;
  for (std::size_t i = 0; i < medians.size(); ++i) {
    if (contestants[i].is_peer) best_peer = std::max(best_peer, medians[i]);
    all += fmt::format("  {} {:.2f}", contestants[i].name, medians[i]);
  }
  fmt::print("{:<{}} {:6.2f}  {}\n", name, name_width,
             best_peer > 0 ? medians.front() / best_peer : 0, all);
  std::fflush(stdout);
}

}  // namespace

void rate_contest::choose(const std::string& expression) {
  try {
    const std::regex wanted(expression);
    std::erase_if(rows_, [&](const row& each) { return !std::regex_search(each.name, wanted); });
  } catch (const std::regex_error&) {
    throw std::invalid_argument(fmt::format("\"{}\" is no regular expression", expression));
  }
  if (rows_.empty()) {
    throw std::invalid_argument(fmt::format("no row has \"{}\" in its name", expression));
  }
}

void rate_contest::list() const {
  for (const row& each : rows_) fmt::print("{}\n", each.name);
}

void rate_contest::run(std::size_t rounds) && {
  fmt::print("{:<{}} {:>6}  median million operations a second\n", "row", name_width, "ratio");
  for (row& each : rows_) {
    print_row(each.name, each.contestants, medians_of(each.contestants, rounds));
    each.contestants.clear();
  }
}

}  // namespace bench
