// word_count.hpp -- counting words in a map, and the independent count that judges it.
//
// Only the insertion of a new word is timed: a known word inserts nothing and moves nothing, so
// every pause a growth could cause falls on a new one. Looking a word up takes the piece of the
// text as it stands; a std::string is built for new words alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gomap/map.hpp>

#include "latency.hpp"
#include "word_splitter.hpp"

namespace stress {

using word_map = gomap::map<std::string, std::uint64_t>;

class word_counter {
 public:
  void count(std::string_view word) {
    ++words_;
    const auto known = counts_.find(word);
    if (known != counts_.end()) {
      ++known->second;
    } else {
      insert(word);
    }
  }

  [[nodiscard]] word_map& counts() { return counts_; }
  [[nodiscard]] latency_samples& inserts() { return inserts_; }
  [[nodiscard]] std::uint64_t words() const { return words_; }

 private:
  void insert(std::string_view word) {
    const auto start = std::chrono::steady_clock::now();
    counts_.try_emplace(std::string(word), 1U);
    inserts_.add(std::chrono::steady_clock::now() - start);
  }

  word_map counts_;
  latency_samples inserts_;
  std::uint64_t words_ = 0;
};

// The words of one pass over the texts, counted by the standard library.
inline std::unordered_map<std::string, std::uint64_t> reference_count(
    const std::vector<std::string>& folded_texts) {
  std::unordered_map<std::string, std::uint64_t> counts;
  for (const std::string& text : folded_texts) {
    for_each_word(text, [&](std::string_view word) { ++counts[std::string(word)]; });
  }
  return counts;
}

// What is wrong with `counts`, a line for each finding (ten at most); empty when it holds exactly
// `passes` times the words of `expected`, and finds and walks over each of them.
inline std::vector<std::string> disagreements(
    const word_map& counts, const std::unordered_map<std::string, std::uint64_t>& expected,
    std::uint64_t passes);

// The `how_many` commonest words, commonest first, ties in the order of the alphabet.
inline std::vector<std::pair<std::string, std::uint64_t>> commonest(const word_map& counts,
                                                                    std::size_t how_many) {
  std::vector<std::pair<std::string, std::uint64_t>> words(counts.begin(), counts.end());
  const auto end = words.begin() + static_cast<std::ptrdiff_t>(std::min(how_many, words.size()));
  std::partial_sort(words.begin(), end, words.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  words.erase(end, words.end());
  return words;
}

// ---- bodies --------------------------------------------------------------------------------

inline std::vector<std::string> disagreements(
    const word_map& counts, const std::unordered_map<std::string, std::uint64_t>& expected,
    std::uint64_t passes) {
  std::vector<std::string> findings;
  const auto report = [&](const std::string& finding) {
    if (findings.size() < 10) findings.push_back(finding);
  };

  try {
    counts.check_invariants();
  } catch (const gomap::invariant_error& error) {
    report(std::string("the map is broken inside: ") + error.what());
  }
  if (counts.size() != expected.size()) {
    report("size() is " + std::to_string(counts.size()) + ", there are " +
           std::to_string(expected.size()) + " distinct words");
  }
  for (const auto& [word, count] : expected) {
    const std::uint64_t* const found = counts.lookup(word);
    const std::uint64_t wanted = count * passes;
    if (found == nullptr) {
      report("lost: " + word);
    } else if (*found != wanted) {
      report("miscounted: " + word + ", " + std::to_string(*found) + " instead of " +
             std::to_string(wanted));
    }
  }
  std::size_t walked = 0;
  for (const auto& [word, count] : counts) {
    ++walked;
    if (!expected.contains(word)) report("invented: " + word);
  }
  if (walked != expected.size()) {
    report("a walk met " + std::to_string(walked) + " words instead of " +
           std::to_string(expected.size()));
  }
  return findings;
}

}  // namespace stress
