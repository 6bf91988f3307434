// map_stats.cpp -- prints a map's figures, for people and as JSON.
#include <charconv>
#include <ostream>
#include <string>
#include <string_view>

#include <gomap/map_stats.hpp>

namespace gomap {
namespace {

// Calls f(name, value) for every figure, in the order of declaration.
template <class F>
void for_each_figure(const map_stats& s, F f) {
  f("size", s.size);
  f("buckets", s.buckets);
  f("overflow_buckets", s.overflow_buckets);
  f("longest_chain", s.longest_chain);
  f("load", s.load);
  f("growing", s.growing);
  f("evacuated_buckets", s.evacuated_buckets);
  f("old_buckets", s.old_buckets);
  f("growths_double", s.growths_double);
  f("growths_same_size", s.growths_same_size);
  f("bytes_reserved", s.bytes_reserved);
  f("bytes_in_use", s.bytes_in_use);
  f("bytes_peak", s.bytes_peak);
}

void append(std::string& to, bool value) { to += value ? "true" : "false"; }

// to_chars, so that no locale turns the decimal point into a comma.
template <class Number>
void append(std::string& to, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  to.append(digits, end);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const map_stats& stats) {
  std::string line;
  for_each_figure(stats, [&](std::string_view name, auto value) {
    if (!line.empty()) line += ", ";
    line.append(name) += ' ';
    append(line, value);
  });
  return out << line;
}

std::string to_json(const map_stats& stats) {
  std::string json = "{";
  for_each_figure(stats, [&](std::string_view name, auto value) {
    if (json.size() > 1) json += ", ";
    json.append("\"").append(name) += "\": ";
    append(json, value);
  });
  return json += '}';
}

}  // namespace gomap
