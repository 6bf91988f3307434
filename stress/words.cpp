// words.cpp -- counts the words of real text in a gomap::map and says how the map fared.
//
// Question: does a map of strings, grown from nothing by real text, lose or miscount a word, and
// how long does the slowest insertion hold the program up?
// Oracle: std::unordered_map counts the same words; every count, and a walk over the map, must
// agree. Exit code: 0 verified, 1 wrong, 2 the input or a flag is no good. Nothing goes to stdout
// before the count is verified.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "latency.hpp"
#include "live_line.hpp"
#include "text_input.hpp"
#include "word_count.hpp"
#include "word_splitter.hpp"

namespace {

using stress::nanoseconds;
using stress::word_counter;
using clock_type = std::chrono::steady_clock;

enum exit_code : int { verified = 0, wrong = 1, bad_usage = 2 };

struct options {
  std::vector<std::string> paths;
  std::uint64_t repeat = 1;
  std::size_t top = 10;
  bool falsify = false;
};

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = std::ssize(digits) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  }
  return digits;
}

std::string time_text(nanoseconds time) {
  const double ns = static_cast<double>(time.count());
  if (ns < 1e3) return fmt::format("{:.0f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.2f} us", ns / 1e3);
  return fmt::format("{:.2f} ms", ns / 1e6);
}

std::string bytes_text(std::size_t bytes) {
  return fmt::format("{:.2f} MiB", static_cast<double>(bytes) / (1 << 20));
}

// ---- counting -------------------------------------------------------------------------------

std::string progress_text(word_counter& counter, double done, nanoseconds spent) {
  const double rate = static_cast<double>(counter.words()) / seconds(spent) / 1e6;
  return fmt::format("{:5.1f} %  {} words  {:.1f} M/s  {} distinct  {} in flight  worst pause {}",
                     100 * done, grouped(counter.words()), rate, grouped(counter.counts().size()),
                     counter.counts().growing() ? "1 growth" : "no growth",
                     time_text(counter.inserts().worst()));
}

// How often the system has taken the processor away from this program: a pause like that falls on
// whatever insertion is under way.
long preemptions() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

struct spending {
  nanoseconds time{};
  long preemptions = 0;
};

spending count_words(word_counter& counter, const stress::text_input& input, std::uint64_t passes) {
  constexpr std::uint64_t words_between_looks = 4096;  // a look at the clock costs a word's time
  const long preempted_before = preemptions();
  const auto start = clock_type::now();
  const double total = static_cast<double>(input.bytes) * static_cast<double>(passes);
  double bytes_done = 0;
  stress::live_line line;
  for (std::uint64_t pass = 0; pass < passes; ++pass) {
    for (const std::string& text : input.texts) {
      stress::for_each_word(text, [&](std::string_view word) {
        counter.count(word);
        if (counter.words() % words_between_looks == 0 && line.due()) {
          const double here = bytes_done + static_cast<double>(word.data() - text.data());
          line.show(progress_text(counter, here / total, clock_type::now() - start));
        }
      });
      bytes_done += static_cast<double>(text.size());
    }
  }
  return {clock_type::now() - start, preemptions() - preempted_before};
}

// ---- the report -----------------------------------------------------------------------------

void print_row(std::string_view name, const std::string& value) {
  fmt::print("{:<18}{}\n", name, value);
}

std::string growths_text(const gomap::map_stats& stats) {
  return fmt::format(
      "{} ({} double, {} same size{})", stats.growths_double + stats.growths_same_size,
      stats.growths_double, stats.growths_same_size,
      stats.growing ? fmt::format("; the last at {} of {} buckets",
                                  grouped(stats.evacuated_buckets), grouped(stats.old_buckets))
                    : std::string());
}

std::string text_row(const stress::text_input& input) {
  std::string row = fmt::format("{} in {} file{}", bytes_text(input.bytes),
                                grouped(input.texts.size()), input.texts.size() == 1 ? "" : "s");
  if (input.binary_skipped > 0) row += fmt::format(", {} binary skipped", input.binary_skipped);
  if (input.empty_skipped > 0) row += fmt::format(", {} empty skipped", input.empty_skipped);
  return row;
}

void print_report(word_counter& counter, const stress::text_input& input, const options& chosen,
                  const spending& spent) {
  const gomap::map_stats stats = counter.counts().stats();
  stress::latency_samples& inserts = counter.inserts();
  const double rate = static_cast<double>(counter.words()) / seconds(spent.time) / 1e6;

  fmt::print("verified: every word and count agrees with std::unordered_map\n\n");
  print_row("text", text_row(input));
  if (chosen.repeat > 1) print_row("read", fmt::format("{} times", grouped(chosen.repeat)));
  print_row("words", fmt::format("{} in {:.2f} s, {:.1f} million a second",
                                 grouped(counter.words()), seconds(spent.time), rate));
  print_row("distinct words", grouped(stats.size));
  print_row("growths", growths_text(stats));
  print_row("buckets", fmt::format("{} and {} overflow, longest chain {}", grouped(stats.buckets),
                                   grouped(stats.overflow_buckets), stats.longest_chain));
  print_row("load", fmt::format("{:.2f} words a bucket", stats.load));
  print_row("memory", fmt::format("{} in use, {} reserved, {} at the peak (the table's own)",
                                  bytes_text(stats.bytes_in_use), bytes_text(stats.bytes_reserved),
                                  bytes_text(stats.bytes_peak)));
  fmt::print("\ninserting a new word, {} times\n", grouped(inserts.count()));
  print_row("  p50", time_text(inserts.percentile(0.50)));
  print_row("  p99", time_text(inserts.percentile(0.99)));
  print_row("  p99.9", time_text(inserts.percentile(0.999)));
  print_row("  p99.99", time_text(inserts.percentile(0.9999)));
  print_row("  worst", fmt::format("{} (the system took the processor away {} times meanwhile)",
                                   time_text(inserts.worst()), spent.preemptions));

  const auto words = stress::commonest(counter.counts(), chosen.top);
  fmt::print("\nthe {} commonest words\n", words.size());
  for (const auto& [word, count] : words) fmt::print("{:>14}  {}\n", grouped(count), word);
}

// ---- the program ----------------------------------------------------------------------------

exit_code run(const options& chosen) {
  stress::text_input input = stress::read_texts(chosen.paths);
  for (std::string& text : input.texts) text = stress::fold_text(std::move(text));

  word_counter counter;
  const spending spent = count_words(counter, input, chosen.repeat);
  if (counter.words() == 0) throw stress::bad_input("there is not a word in the text");
  if (chosen.falsify) ++counter.counts().begin()->second;

  const auto expected = stress::reference_count(input.texts);
  const auto findings = stress::disagreements(counter.counts(), expected, chosen.repeat);
  for (const std::string& finding : findings) fmt::print(stderr, "words: wrong: {}\n", finding);
  if (!findings.empty()) return wrong;

  print_report(counter, input, chosen, spent);
  return verified;
}

void declare(CLI::App& app, options& chosen) {
  app.add_option("PATH", chosen.paths,
                 "Files, and folders with all text files below them. None: the folder or file "
                 "that the environment variable GOMAP_WORDS_TEXT names");
  app.add_option("--repeat", chosen.repeat, "Read the text this many times")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--top", chosen.top, "How many of the commonest words to show")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str();
  app.add_flag("--falsify", chosen.falsify,
               "Spoil one count before it is verified, to see the verification fail");
  app.footer("Exit code: 0 verified, 1 wrong, 2 the input or a flag is no good.");
}

void default_paths(options& chosen) {
  if (!chosen.paths.empty()) return;
  const char* const text = std::getenv("GOMAP_WORDS_TEXT");
  if (text == nullptr || *text == '\0') {
    throw stress::bad_input("no text: name files or folders, or set GOMAP_WORDS_TEXT");
  }
  chosen.paths.emplace_back(text);
}

}  // namespace

int main(int argc, char** argv) {
  options chosen;
  CLI::App app("Counts the words of real text in a gomap::map and says how the map fared.",
               "words");
  declare(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? verified : bad_usage;
  }
  try {
    default_paths(chosen);
    return run(chosen);
  } catch (const stress::bad_input& error) {
    fmt::print(stderr, "words: {}\n", error.what());
    return bad_usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "words: failed: {}\n", error.what());
    return wrong;
  }
}
