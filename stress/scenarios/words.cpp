// words.cpp -- does a map of strings lose or miscount a word of real text, when all threads count?
//
// The text is cut into chunks, and threads take them in order. Each word is counted by update(), by
// the piece of text it is. Between chunks a thread looks at the map in another way: batches, scans,
// walks, snapshots. When the text has been counted (a short one several times) the map is verified,
// thrown away, and grows again.
// Oracle: std::unordered_map counts the same chunks. While threads count: a word that was counted
// is there and its count never falls; all counts of a walk or a snapshot together are at least what
// was counted before it began, and at most what was begun before it ended.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/scan_cursor.hpp>

#include "../bad_input.hpp"
#include "../context.hpp"
#include "../figure_text.hpp"
#include "../results.hpp"
#include "../scenario.hpp"
#include "../stress_map.hpp"
#include "../text_input.hpp"
#include "../word_splitter.hpp"
#include "../worker.hpp"

namespace stress {
namespace {

using map_type = stress_map<std::string, std::uint64_t>;
using word_counts = std::unordered_map<std::string, std::uint64_t>;

constexpr std::size_t chunk_bytes = 16 << 10;
constexpr std::size_t least_bytes_a_round = 1 << 20;

// Pieces of all texts, each of about chunk_bytes, cut behind white space.
std::vector<std::string_view> chunks_of(const std::vector<std::string>& texts) {
  std::vector<std::string_view> chunks;
  for (std::string_view rest : texts) {
    while (!rest.empty()) {
      const std::size_t space = rest.find_first_of(" \t\r\n", std::min(chunk_bytes, rest.size()));
      const std::size_t size = space == std::string_view::npos ? rest.size() : space + 1;
      chunks.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  return chunks;
}

template <class F>
void for_each_word_of(std::string_view chunk, F f) {
  const std::string folded = fold_text(std::string(chunk));
  for_each_word(folded, f);
}

// The independent count of the first chunks: each thread counts its share on its own.
word_counts count_apart(context& here, const std::vector<std::string_view>& chunks,
                        std::size_t how_many) {
  std::vector<word_counts> shares(here.threads());
  here.run_threads(here.threads(), [&](worker& w) {
    for (std::size_t i = w.index(); i < how_many; i += shares.size()) {
      for_each_word_of(chunks[i],
                       [&](std::string_view word) { ++shares[w.index()][std::string(word)]; });
    }
  });
  word_counts sum = std::move(shares.front());
  for (std::size_t i = 1; i < shares.size(); ++i) {
    for (const auto& [word, count] : shares[i]) sum[word] += count;
  }
  return sum;
}

std::uint64_t words_in(const word_counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& e) { return sum + e.second; });
}

// A few of them, commonest first.
std::string commonest(const word_counts& counts) {
  std::vector<std::pair<std::string_view, std::uint64_t>> words(counts.begin(), counts.end());
  const auto end = words.begin() + std::min<std::ptrdiff_t>(6, std::ssize(words));
  std::partial_sort(words.begin(), end, words.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::string text;
  for (auto word = words.begin(); word != end; ++word) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", word->first, grouped(word->second));
  }
  return text;
}

// How many words a thread has begun to count, and has counted.
struct alignas(64) progress {
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> counted{0};
};

class round {
 public:
  round(context& here, const std::vector<std::string_view>& chunks, std::uint64_t passes)
      : here_(here),
        chunks_(chunks),
        tickets_(passes * chunks.size()),
        map_({.shards = here.shards(), .seed = here.seed("map")}),
        threads_(here.threads()) {}

  void run() {
    const auto watched = here_.watch(map_);
    here_.run_threads(here_.threads(), [&](worker& w) {
      while (here_.running()) {
        // relaxed: a ticket only says which chunk is next.
        const std::uint64_t ticket = taken_.fetch_add(1, std::memory_order_relaxed);
        if (ticket >= tickets_) break;
        count(w, chunks_[ticket % chunks_.size()]);
      }
    });
  }

  // Chunks that were counted: a ticket that is taken is always used.
  [[nodiscard]] std::uint64_t chunks_counted() const {
    return std::min(taken_.load(std::memory_order_relaxed), tickets_);  // relaxed: nobody writes
  }

  // Whether the map holds just `passes` times the words of `whole` and once those of `part`.
  void verify(const word_counts& whole, std::uint64_t passes, const word_counts& part) {
    word_counts expected = part;
    if (passes > 0) {
      for (const auto& [word, count] : whole) expected[word] += passes * count;
    }
    for (const auto& [word, count] : expected) {
      const std::optional<std::uint64_t> found = map_.load(word);
      if (!found) {
        here_.wrong(fmt::format("lost: {}", word));
      } else if (*found != count) {
        here_.wrong(fmt::format("miscounted: {}, {} instead of {}", word, *found, count));
      }
    }
    map_.cvisit_all([&](const auto& e) {
      if (!expected.contains(e.first)) here_.wrong(fmt::format("invented: {}", e.first));
    });
    if (map_.size() != expected.size()) {
      here_.wrong(fmt::format("{} words are there instead of {}", map_.size(), expected.size()));
    }
    map_.check_invariants();
    here_.show_layout(map_);
  }

  // Spoils one count.
  void spoil() {
    map_.visit_while([](auto& e) {
      ++e.second;
      return false;
    });
  }

 private:
  using words_of_chunk = std::vector<std::string_view>;

  void count(worker& w, std::string_view chunk) {
    progress& mine = threads_[w.index()];
    std::uint64_t begun = mine.begun.load(std::memory_order_relaxed);  // relaxed: its own
    const std::string folded = fold_text(std::string(chunk));
    words_of_chunk words;
    for_each_word(folded, [&](std::string_view word) {
      // release, both: as check_sum() needs them.
      mine.begun.store(++begun, std::memory_order_release);
      w.timed(call::overwrite, [&] { map_.update(word, [](std::uint64_t& n) { ++n; }); });
      mine.counted.store(begun, std::memory_order_release);
      words.push_back(word);
    });
    if (!words.empty()) look(w, words);
  }

  // Looks at the map in one of several ways; the dear ones come seldom.
  void look(worker& w, const words_of_chunk& words) {
    const std::uint64_t choice = w.below(256);
    if (choice == 0) {
      take_snapshot(w);
    } else if (choice < 4) {
      walk(w);
    } else if (choice < 8) {
      scan(w);
    } else if (choice < 64) {
      read_batch(w, words);
    } else {
      read_one(w, words[w.below(words.size())]);
    }
  }

  // Of a word that was counted.
  void read_one(worker& w, std::string_view word) {
    const auto first = w.timed(call::read, [&] { return map_.load_or(word, 0U); });
    const auto second = w.timed(call::read, [&] { return map_.load_or(word, 0U); });
    expect_no_fall(word, 1, first);
    expect_no_fall(word, first, second);
  }

  void read_batch(worker& w, const words_of_chunk& words) {
    const std::size_t from = w.below(words.size());
    const std::size_t size = std::min<std::size_t>(128, words.size() - from);
    const auto some = std::span(words).subspan(from, size);
    std::vector<std::optional<std::uint64_t>> found;
    w.timed(
        call::batch, [&] { map_.load_many(some, std::back_inserter(found)); }, size);
    for (std::size_t i = 0; i < size; ++i) expect_no_fall(some[i], 1, found[i].value_or(0));
  }

  // What a scan meets must be there, with a count no lower, when it is looked up.
  void scan(worker& w) {
    std::vector<std::pair<std::string, std::uint64_t>> met;
    for (gomap::scan_cursor cursor; !cursor.done() && here_.running();) {
      met.clear();
      cursor = w.timed(call::walk, [&] {
        return std::as_const(map_).scan(cursor, [&](const auto& e) { met.push_back(e); });
      });
      for (const auto& [word, count] : met) expect_no_fall(word, count, map_.load_or(word, 0U));
    }
  }

  void walk(worker& w) {
    const std::uint64_t counted = sum(&progress::counted);
    const std::size_t words = map_.size();
    std::uint64_t found = 0;
    const std::size_t visited = w.timed(
        call::walk, [&] { return map_.cvisit_all([&](const auto& e) { found += e.second; }); });
    check_sum("a walk", counted, found);
    check_size("a walk", words, visited);
  }

  void take_snapshot(worker& w) {
    const std::uint64_t counted = sum(&progress::counted);
    const std::size_t words = map_.size();
    const auto copy = w.timed(call::walk, [&] { return map_.snapshot(); });
    std::uint64_t found = 0;
    for (const auto& e : copy) found += e.second;
    check_sum("a snapshot", counted, found);
    check_size("a snapshot", words, copy.size());
  }

  void expect_no_fall(std::string_view word, std::uint64_t before, std::uint64_t now) {
    if (now >= before) return;
    here_.wrong(fmt::format("the count of {} fell from {} to {}", word, before, now));
  }
  // Words that were counted before the look are in the sum of its counts, and no others than were
  // begun by now.
  void check_sum(std::string_view look, std::uint64_t counted, std::uint64_t found) {
    const std::uint64_t begun = sum(&progress::begun);
    if (found >= counted && found <= begun) return;
    here_.wrong(fmt::format("the counts of {} add up to {}; {} were counted before, {} begun since",
                            look, found, counted, begun));
  }
  void check_size(std::string_view look, std::size_t before, std::size_t found) {
    const std::size_t now = map_.size();
    if (found >= before && found <= now) return;
    here_.wrong(
        fmt::format("{} met {} words; {} were there before, {} are now", look, found, before, now));
  }

  [[nodiscard]] std::uint64_t sum(std::atomic<std::uint64_t> progress::*of) const {
    std::uint64_t words = 0;
    // acquire: pairs with count(); what was counted is in the map for whoever looks afterwards.
    for (const progress& one : threads_) words += (one.*of).load(std::memory_order_acquire);
    return words;
  }

  context& here_;
  const std::vector<std::string_view>& chunks_;
  std::uint64_t tickets_;
  map_type map_;
  std::deque<progress> threads_;
  std::atomic<std::uint64_t> taken_{0};
};

void note_text(context& here) {
  const text_input& input = here.input();
  here.note("text", fmt::format("{} in {} file{}", bytes_text(input.bytes),
                                grouped(input.texts.size()), input.texts.size() == 1 ? "" : "s"));
}

void note_words(context& here, const word_counts& counts) {
  here.note("words", grouped(words_in(counts)));
  here.note("distinct words", grouped(counts.size()));
  here.note("commonest", commonest(counts));
}

void words(context& here) {
  note_text(here);
  const auto chunks = chunks_of(here.input().texts);
  const std::uint64_t passes_a_round =
      std::max<std::uint64_t>(1, least_bytes_a_round / here.input().bytes);

  word_counts whole;  // empty until the whole text has been counted once
  std::uint64_t chunks_counted = 0;
  do {
    round next(here, chunks, passes_a_round);
    next.run();
    const std::uint64_t counted = next.chunks_counted();
    const std::uint64_t passes = counted / chunks.size();
    const word_counts part = count_apart(here, chunks, counted % chunks.size());
    if (passes > 0 && whole.empty()) {
      whole = count_apart(here, chunks, chunks.size());
      if (whole.empty()) throw bad_input("there is not a word in the text");
    }
    if (here.falsify()) next.spoil();
    next.verify(whole, passes, part);
    note_words(here, whole.empty() ? part : whole);
    chunks_counted += counted;
  } while (here.running());
  here.note("text counted", fmt::format("{:.1f} times", static_cast<double>(chunks_counted) /
                                                            static_cast<double>(chunks.size())));
}

}  // namespace

extern const scenario words_scenario = {
    "words", "does a map of strings lose or miscount a word of real text?", words,
    input_need::text};

}  // namespace stress
