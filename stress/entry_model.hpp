// entry_model.hpp -- what each single-key operation of a concurrent_map does to one entry.
//
// One thread's view, and all of the promise: a history is right when some order of its calls, put
// through perform() one by one, gives the answers that were given.
#pragma once

#include <cstdint>
#include <optional>

#include "history.hpp"

namespace stress {

// What a map holds for one key.
struct entry_state {
  bool present = false;
  std::uint64_t value = 0;  // 0 when absent

  friend bool operator==(const entry_state&, const entry_state&) = default;
};

// What the operation does to the entry when nothing else happens, and what it answers.
[[nodiscard]] answer perform(const operation& asked, entry_state& entry);

// Whether a call with this answer leaves any entry that it fits as it is.
[[nodiscard]] bool changed_nothing(const event& call);

// The value that the call left in the entry, if it left one and its answer tells which.
[[nodiscard]] std::optional<std::uint64_t> value_written(const event& call);

// ---- bodies --------------------------------------------------------------------------------

inline answer perform(const operation& asked, entry_state& entry) {
  const auto [what, first, second] = asked;
  const entry_state before = entry;
  const bool there = before.present;
  const bool odd = before.value % 2 == 1;
  const bool equal = there && before.value == first;
  const answer seen{.saw = there, .value = before.value};

  switch (what) {
    case verb::load:
      return seen;
    case verb::contains:
      return {.yes = there};
    case verb::store:
      entry = {true, first};
      return {};
    case verb::insert:
      if (!there) entry = {true, first};
      return {.yes = !there};
    case verb::insert_or_assign:
      entry = {true, first};
      return {.yes = !there};
    case verb::insert_or_add:
      entry = {true, there ? before.value + second : first};
      return {!there, there, before.value};
    case verb::load_or_store:
      if (!there) entry = {true, first};
      return {there, true, entry.value};
    case verb::exchange:
      entry = {true, first};
      return seen;
    case verb::compare_exchange:
      if (equal) entry.value = second;
      return {.yes = equal};
    case verb::compare_and_erase:
      if (equal) entry = {};
      return {.yes = equal};
    case verb::erase:
      entry = {};
      return {.yes = there};
    case verb::load_and_erase:
      entry = {};
      return seen;
    case verb::erase_if_odd:
      if (odd) entry = {};
      return {odd, there, before.value};
    case verb::add:
      if (there) entry.value += first;
      return {there, there, before.value};
    case verb::update:
      entry = {true, before.value + first};
      return {.saw = true, .value = entry.value};
    case verb::compute:
      entry = there ? entry_state{true, before.value + second} : entry_state{true, first};
      if (odd) entry = {};
      return seen;
  }
  return {};
}

inline bool changed_nothing(const event& call) {
  switch (call.asked.what) {
    case verb::load:
    case verb::contains:
      return true;
    case verb::load_or_store:
      return call.given.yes;
    case verb::load_and_erase:
      return !call.given.saw;
    case verb::insert:
    case verb::compare_exchange:
    case verb::compare_and_erase:
    case verb::erase:
    case verb::erase_if_odd:
    case verb::add:
      return !call.given.yes;
    case verb::store:
    case verb::insert_or_assign:
    case verb::insert_or_add:
    case verb::exchange:
    case verb::update:
    case verb::compute:
      return false;
  }
  return false;
}

inline std::optional<std::uint64_t> value_written(const event& call) {
  if (changed_nothing(call)) return std::nullopt;
  if (call.asked.what == verb::update) return call.given.value;
  if (call.asked.what == verb::compare_exchange) return call.asked.second;
  entry_state entry{call.given.saw, call.given.value};  // the others tell what was there before
  static_cast<void>(perform(call.asked, entry));
  if (!entry.present) return std::nullopt;
  return entry.value;
}

}  // namespace stress
