// history_text.hpp -- histories in words, for whoever has to find out what went wrong.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <ios>
#include <optional>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "entry_model.hpp"
#include "history.hpp"
#include "linearizability.hpp"

namespace stress {

[[nodiscard]] std::string value_text(std::uint64_t value);

// "compare_exchange(0x1a, 0x2b)"
[[nodiscard]] std::string call_text(const operation& asked);

// "yes, saw 0x1a"
[[nodiscard]] std::string answer_text(const event& call);

// Why a history is wrong: the calls that contradict each other, as a table, and where the values
// that they speak of come from.  Requires: found.verdict is wrong, and the threads' events live.
[[nodiscard]] std::string violation_text(const key_finding& found,
                                         std::span<const std::span<const event>> threads);

// ---- bodies --------------------------------------------------------------------------------

namespace detail {

struct verb_words {
  const char* name;
  int arguments;
  bool tells_yes;
  bool shows_value;
};

inline const verb_words& words_of(verb what) {
  static constexpr verb_words words[verbs] = {
      {"load", 0, false, true},
      {"contains", 0, true, false},
      {"store", 1, false, false},
      {"insert", 1, true, false},
      {"insert_or_assign", 1, true, false},
      {"insert_or_add", 2, true, true},
      {"load_or_store", 1, true, true},
      {"exchange", 1, false, true},
      {"compare_exchange", 2, true, false},
      {"compare_and_erase", 1, true, false},
      {"erase", 0, true, false},
      {"load_and_erase", 0, false, true},
      {"erase_if_odd", 0, true, true},
      {"add", 1, true, true},
      {"update", 1, false, true},
      {"compute", 2, false, true},
  };
  return words[static_cast<std::size_t>(what)];
}

inline void write_row(std::ostream& out, const call_of_thread& row, stamp zero) {
  const event& call = *row.call;
  out << std::setw(10) << call.invoked - zero << std::setw(11) << call.responded - zero
      << std::setw(8) << row.thread << "  " << std::left << std::setw(52) << call_text(call.asked)
      << answer_text(call) << std::right;
}

// The last calls of the window that are worth a look, the culprit among them.
inline std::vector<call_of_thread> rows_of(const key_finding& found) {
  constexpr std::size_t most_rows = 40;
  std::vector<call_of_thread> rows = found.window;
  if (rows.size() <= most_rows) return rows;
  // Those that return last: they overlap the culprit, or came just before.
  const auto earlier = [](const auto& a, const auto& b) {
    return a.call->responded > b.call->responded;
  };
  std::stable_sort(rows.begin(), rows.end(), earlier);
  rows.resize(most_rows);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.call->invoked < b.call->invoked; });
  return rows;
}

inline void write_states(std::ostream& out, std::span<const entry_state> states) {
  const char* before = "  before the first of these calls the entry ";
  for (const entry_state& state : states) {
    out << before << (state.present ? "held " + value_text(state.value) : "was absent");
    before = " or ";
  }
  out << '\n';
}

// Who wrote the value: three calls at most, before the culprit returned.
inline void write_origin(std::ostream& out, std::uint64_t value, const key_finding& found,
                         std::span<const std::span<const event>> threads, stamp zero) {
  int writers = 0;
  for (std::size_t thread = 0; thread < threads.size(); ++thread) {
    for (const event& call : threads[thread]) {
      if (call.invoked > found.culprit.call->responded || value_written(call) != value) continue;
      if (++writers > 3) return;
      out << "  " << value_text(value) << " was written by\n";
      write_row(out, {&call, thread}, zero);
      out << '\n';
    }
  }
  if (writers == 0) out << "  " << value_text(value) << " was never written before\n";
}

}  // namespace detail

inline std::string value_text(std::uint64_t value) {
  if (value == torn_value) return "TORN";
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return std::move(out).str();
}

inline std::string call_text(const operation& asked) {
  const detail::verb_words& words = detail::words_of(asked.what);
  std::string text = std::string(words.name) + '(';
  if (words.arguments > 0) text += value_text(asked.first);
  if (words.arguments > 1) text += ", " + value_text(asked.second);
  return text + ')';
}

inline std::string answer_text(const event& call) {
  const detail::verb_words& words = detail::words_of(call.asked.what);
  std::string text = words.tells_yes ? (call.given.yes ? "yes" : "no") : "";
  if (words.shows_value) {
    if (!text.empty()) text += ", ";
    text += call.given.saw ? "saw " + value_text(call.given.value) : "saw none";
  }
  return text;
}

inline std::string violation_text(const key_finding& found,
                                  std::span<const std::span<const event>> threads) {
  const std::vector<call_of_thread> rows = detail::rows_of(found);
  const stamp zero = rows.front().call->invoked;
  std::ostringstream out;
  out << "thread " << found.culprit.thread << " was given an answer that fits no order of calls: "
      << call_text(found.culprit.call->asked) << ' ' << answer_text(*found.culprit.call) << '\n';
  out << "  called ns  returned  thread  call" << std::string(48, ' ') << "answer\n";
  for (const call_of_thread& row : rows) {
    detail::write_row(out, row, zero);
    out << (row.call == found.culprit.call ? "   <--\n" : "\n");
  }
  if (rows.size() < found.window.size()) {
    out << "  (and " << found.window.size() - rows.size() << " calls that returned earlier)\n";
  }
  detail::write_states(out, found.before);
  if (found.culprit.call->given.saw) {
    detail::write_origin(out, found.culprit.call->given.value, found, threads, zero);
  }
  return std::move(out).str();
}

}  // namespace stress
