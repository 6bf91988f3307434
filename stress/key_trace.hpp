// key_trace.hpp -- operations on keys, one a line of a file, to be replayed on a map.
//
//   # gomap trace 1
//   put /index.html 200
//   get "a key with \"spaces\""
//
// The format: README.md, "Traces". Each key is kept once, and a step names it by its number.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bad_input.hpp"
#include "history.hpp"

namespace stress {

struct key_trace {
  struct step {
    operation asked;
    std::uint32_t key = 0;  // its number
    std::uint32_t line = 0;
  };

  std::string name;  // of the file
  std::vector<std::string> keys;
  std::vector<step> steps;
};

// What a file begins with that is a trace, of any version.
inline constexpr std::string_view trace_mark = "# gomap trace";

// Puts steps together, and counts lines.
class trace_builder {
 public:
  explicit trace_builder(std::string name) { trace_.name = std::move(name); }

  // Throws: bad_input when there are more keys or lines than a step can name.
  void add(const operation& asked, std::string_view key, std::size_t line);
  [[nodiscard]] key_trace take() { return std::move(trace_); }

 private:
  key_trace trace_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

// Reads a trace.  Throws: bad_input, "NAME:LINE: what is wrong there".
inline key_trace parse_trace(std::string name, std::string_view text);

// ---- bodies --------------------------------------------------------------------------------

inline void trace_builder::add(const operation& asked, std::string_view key, std::size_t line) {
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
  if (line > most || trace_.keys.size() >= most) throw bad_input("the trace is too long");
  const auto [known, added] =
      numbers_.try_emplace(std::string(key), static_cast<std::uint32_t>(trace_.keys.size()));
  if (added) trace_.keys.emplace_back(key);
  trace_.steps.push_back({asked, known->second, static_cast<std::uint32_t>(line)});
}

namespace detail {

// One line of a trace, taken to pieces from the left. Throws: bad_input, what is wrong.
class trace_line {
 public:
  explicit trace_line(std::string_view line) : rest_(line) { skip_blanks(); }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::string_view word() {
    const std::string_view found = rest_.substr(0, rest_.find_first_of(blanks));
    rest_.remove_prefix(found.size());
    skip_blanks();
    return found;
  }

  std::string key() {
    if (at_end()) throw bad_input("a key is missing");
    return rest_.front() == '"' ? quoted() : std::string(word());
  }

  // The number that is next, if anything is.
  std::optional<std::uint64_t> number() {
    if (at_end()) return std::nullopt;
    const std::string_view digits = word();
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || stop != end) {
      throw bad_input('"' + std::string(digits) + "\" is no number from 0 to 18446744073709551615");
    }
    return value;
  }

 private:
  static constexpr std::string_view blanks = " \t\r";

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
  }

  std::string quoted() {
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        if (!at_end() && blanks.find(rest_.front()) == blanks.npos) {
          throw bad_input("a blank is missing behind the key");
        }
        skip_blanks();
        return text;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      text += rest_[i];
    }
    throw bad_input("a quote is not closed");
  }

  std::string_view rest_;
};

struct trace_word {
  std::string_view name;
  verb what;
  bool takes_value;
};

inline const trace_word& trace_word_called(std::string_view name) {
  static constexpr trace_word words[] = {
      {"get", verb::load, false},
      {"has", verb::contains, false},
      {"put", verb::store, true},
      {"new", verb::insert, true},
      {"swap", verb::exchange, true},
      {"add", verb::update, true},
      {"take", verb::load_and_erase, false},
      {"del", verb::erase, false},
  };
  for (const trace_word& word : words) {
    if (word.name == name) return word;
  }
  throw bad_input('"' + std::string(name) +
                  "\" is no operation (there are get, has, put, new, swap, add, take, del)");
}

inline void parse_trace_line(trace_builder& trace, std::string_view text, std::size_t number) {
  trace_line line(text);
  if (line.at_end() || text.front() == '#') return;
  const trace_word& word = trace_word_called(line.word());
  const std::string key = line.key();
  const std::uint64_t usual = word.what == verb::update ? 1 : number;
  operation asked{.what = word.what};
  if (word.takes_value) asked.first = line.number().value_or(usual);
  if (!line.at_end()) throw bad_input('"' + std::string(line.word()) + "\" is too much");
  trace.add(asked, key, number);
}

}  // namespace detail

inline key_trace parse_trace(std::string name, std::string_view text) {
  trace_builder trace(name);
  std::size_t number = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    try {
      if (number == 1 && line != "# gomap trace 1") {
        throw bad_input("only \"# gomap trace 1\" is understood");
      }
      detail::parse_trace_line(trace, line, number);
    } catch (const bad_input& wrong) {
      throw bad_input(name + ':' + std::to_string(number) + ": " + wrong.what());
    }
  }
  key_trace parsed = trace.take();
  if (parsed.steps.empty()) throw bad_input(name + ": holds no operation");
  return parsed;
}

}  // namespace stress
