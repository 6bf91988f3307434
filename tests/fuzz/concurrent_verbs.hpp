// concurrent_verbs.hpp -- each verb of concurrent_map, called beside the model.
//
// A verb takes what it needs from the scene's bytes, calls the map, compares the result with what
// the model says, and does the same to the model. When the call throws, a verb on one key leaves
// the model as the functions left it; one that may have done a part of its work finds out which.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/concurrent_map_stats.hpp>
#include <gomap/entry.hpp>
#include <gomap/scan_cursor.hpp>

#include "fuzz/concurrent_model.hpp"
#include "fuzz/concurrent_scene.hpp"
#include "support/colliding_hash.hpp"
#include "support/fault.hpp"

namespace fuzz::verbs {

// ---- by value

template <class T>
void require_value(const std::optional<T>& got, const std::uint64_t* wanted, const char* what) {
  require(got.has_value() == (wanted != nullptr), what);
  require(!got || support::number_of(*got) == *wanted, what);
}

template <class Scene>
void load(Scene& s) {
  const std::uint64_t k = s.key_number();
  require_value(std::as_const(s.map).load(s.key(k)), s.model.find(k), "result");
}
template <class Scene>
void load_or(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t otherwise = s.fresh();
  const auto got = std::as_const(s.map).load_or(s.key(k), s.value(otherwise));
  const std::uint64_t* const wanted = s.model.find(k);
  require(support::number_of(got) == (wanted != nullptr ? *wanted : otherwise), "result");
}
template <class Scene>
void contains(Scene& s) {
  const std::uint64_t k = s.key_number();
  require(std::as_const(s.map).contains(s.key(k)) == s.model.contains(k), "result");
  require(s.map.count(s.key(k)) == (s.model.contains(k) ? 1U : 0U), "count");
}
template <class Scene>
void store(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t v = s.fresh();
  s.map.store(s.key(k), s.value(v));
  s.model.set(k, v);
}
template <class Scene>
void load_or_store(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t v = s.fresh();
  const auto [got, loaded] = s.map.load_or_store(s.key(k), s.value(v));
  require(loaded == s.model.contains(k), "whether it was there");
  s.model.insert(k, v);
  require(support::number_of(got) == *s.model.find(k), "result");
}
template <class Scene>
void load_and_erase(Scene& s) {
  const std::uint64_t k = s.key_number();
  require_value(s.map.load_and_erase(s.key(k)), s.model.find(k), "result");
  s.model.erase(k);
}
template <class Scene>
void exchange(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t v = s.fresh();
  require_value(s.map.exchange(s.key(k), s.value(v)), s.model.find(k), "result");
  s.model.set(k, v);
}
// What the map is to compare with: the value that is there, or another.
template <class Scene>
std::uint64_t expected_value(Scene& s, std::uint64_t k) {
  const std::uint64_t* const there = s.model.find(k);
  return there != nullptr && s.amount() % 4 != 0 ? *there : s.fresh();
}
template <class Scene>
void compare_exchange(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t expected = expected_value(s, k);
  const std::uint64_t v = s.fresh();
  const std::uint64_t* const there = s.model.find(k);
  const bool equal = there != nullptr && *there == expected;
  require(s.map.compare_exchange(s.key(k), s.value(expected), s.value(v)) == equal, "result");
  if (equal) s.model.assign(k, v);
}
template <class Scene>
void compare_and_erase(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t expected = expected_value(s, k);
  const std::uint64_t* const there = s.model.find(k);
  const bool equal = there != nullptr && *there == expected;
  require(s.map.compare_and_erase(s.key(k), s.value(expected)) == equal, "result");
  if (equal) s.model.erase(k);
}
template <class Scene>
void erase(Scene& s) {
  const std::uint64_t k = s.key_number();
  const bool there = s.model.erase(k);
  require(s.map.erase(s.key(k)) == (there ? 1U : 0U), "result");
}

// ---- visits of one key

// visit(key) returns how many entries were visited.
template <class Scene, class Visit>
void visit_one(Scene& s, Visit visit) {
  const std::uint64_t k = s.key_number();
  const std::size_t wanted = s.model.contains(k) ? 1 : 0;
  require(visit(s.key(k)) == wanted && s.met() == wanted, "result");
}
template <class Scene>
void visit(Scene& s) {
  visit_one(s, [&](const auto& k) { return s.map.visit(k, s.changes()); });
}
template <class Scene>
void visit_const(Scene& s) {
  visit_one(s, [&](const auto& k) { return std::as_const(s.map).visit(k, s.looks()); });
}
template <class Scene>
void cvisit(Scene& s) {
  visit_one(s, [&](const auto& k) { return s.map.cvisit(k, s.looks()); });
}
template <class Scene>
void try_visit(Scene& s) {
  visit_one(s, [&](const auto& k) {
    const gomap::visit_result result = s.map.try_visit(k, s.changes());
    require(result != gomap::visit_result::busy, "nobody else is there");
    return result == gomap::visit_result::visited ? 1U : 0U;
  });
}
// Reads that take no lock may go on inside a function of the same map, which they see as it was.
template <class Scene>
void visit_and_read(Scene& s) {
  if constexpr (Scene::map_type::reads_take_no_lock) {
    const std::uint64_t read = s.key_number();
    visit_one(s, [&](const auto& k) {
      return s.map.visit(k, [&](auto& e) {
        e.second = s.value(s.fresh());
        require_value(s.map.load(s.key(read)), s.model.find(read), "a read inside a visit");
        s.map.cvisit(k, [&](const auto& same) { e.second = same.second; });
        s.changes()(e);
      });
    });
  }
}
template <class Scene>
void update(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t* const there = s.model.find(k);
  s.map.update(s.key(k), [&](auto& value) {
    require(support::number_of(value) == (there != nullptr ? *there : 0), "the value handed out");
    s.change(k, value);
  });
  s.model.insert(k, s.latest());
}
template <class Scene>
void erase_if_key(Scene& s) {
  const std::uint64_t k = s.key_number();
  const bool erase = s.amount() % 3 != 0;
  const std::size_t wanted = erase && s.model.contains(k) ? 1 : 0;
  const std::size_t erased = s.map.erase_if(s.key(k), [&](auto& e) {
    s.changes()(e);
    return erase;
  });
  require(erased == wanted, "result");
  if (erase) s.model.erase(k);
}

// ---- transactions

// What an entry holds while a function works on it, and what the map holds should that throw.
struct entry_state {
  std::optional<std::uint64_t> held;
  std::optional<std::uint64_t> in_map;
  bool refers = false;  // a change of what it holds is one of what is in the map
};

template <class Scene>
entry_state state_of(const Scene& s, std::uint64_t k) {
  const std::uint64_t* const there = s.model.find(k);
  if (there == nullptr) return {};
  return {*there, *there, !Scene::functions_get_copies};
}

// One step that the bytes choose.
template <class Scene>
void work_on(Scene& s, gomap::entry<typename Scene::mapped_type>& e, entry_state& state) {
  require(e.has_value() == state.held.has_value(), "whether an entry holds something");
  require(!e || support::number_of(*e) == *state.held, "what an entry holds");
  const std::size_t step = s.amount() % 5;
  if (step == 0) return;
  if (step == 1) {
    e.reset();
    state.held.reset();
    state.refers = false;
  } else if (step == 2 || !e) {
    state.held = s.fresh();
    e.emplace(s.value(*state.held));
    state.refers = false;
  } else {
    state.held = s.fresh();
    *e = s.value(*state.held);
    if (state.refers) state.in_map = state.held;
  }
}

// call(keys, f) calls one of the map's verbs that hand out entries.
template <std::size_t Count, class Scene, class Call>
void transact(Scene& s, Call call) {
  std::array<std::uint64_t, Count> numbers;
  for (std::uint64_t& k : numbers) k = s.key_number();
  if (s.amount() % 4 == 0) numbers.back() = numbers.front();
  std::array<typename Scene::key_type, Count> keys;
  std::map<std::uint64_t, entry_state> states;
  for (std::size_t i = 0; i < Count; ++i) {
    keys[i] = s.key(numbers[i]);
    states.try_emplace(numbers[i], state_of(s, numbers[i]));
  }
  const std::uint64_t result = s.fresh();
  try {
    const std::uint64_t returned = call(keys, [&](auto&... handed_out) {
      const std::array entries{&handed_out...};
      for (std::size_t i = 0; i < Count; ++i) work_on(s, *entries[i], states.at(numbers[i]));
      require(numbers.front() != numbers.back() || entries.front() == entries.back(),
              "a key named twice is one entry");
      s.may_throw();
      return result;
    });
    require(returned == result, "result");
  } catch (...) {
    for (const auto& [k, state] : states) {
      if (state.in_map) s.model.assign(k, *state.in_map);
    }
    throw;
  }
  for (const auto& [k, state] : states) {
    if (state.held) {
      s.model.set(k, *state.held);
    } else {
      s.model.erase(k);
    }
  }
}
template <class Scene>
void compute(Scene& s) {
  transact<1>(s, [&](auto& keys, auto f) { return s.map.compute(std::move(keys[0]), f); });
}
template <class Scene>
void with_locked_one(Scene& s) {
  transact<1>(s, [&](auto& keys, auto f) { return s.map.with_locked(keys[0], f); });
}
template <class Scene>
void with_locked_two(Scene& s) {
  transact<2>(s, [&](auto& keys, auto f) { return s.map.with_locked(keys[0], keys[1], f); });
}
template <class Scene>
void with_locked_three(Scene& s) {
  transact<3>(s,
              [&](auto& keys, auto f) { return s.map.with_locked(keys[0], keys[1], keys[2], f); });
}

// ---- insertion of one entry

// For which entries a verb calls a function.
enum class calls { none, if_found, always };

// insert(key, value) returns whether it has inserted them.
template <class Scene, class Insert>
void insert_one(Scene& s, calls when, Insert insert) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t v = s.fresh();
  const bool absent = !s.model.contains(k);
  auto key = s.key(k);
  auto value = s.value(v);
  bool inserted = false;
  try {
    inserted = insert(key, value);
  } catch (const support::injected_bad_alloc&) {
    if (absent) s.model.erase(k);  // a function may have seen what then could not be inserted
    throw;
  }
  require(inserted == absent, "whether it inserted");
  require(absent || (key == s.key(k) && value == s.value(v)), "what was not inserted has moved");
  require(s.met() == (when == calls::always || (when == calls::if_found && !absent) ? 1U : 0U),
          "calls of functions");
  s.model.insert(k, v);  // unless a function has said so
}

template <class Scene>
void insert_copy(Scene& s) {
  insert_one(s, calls::none, [&](auto& k, auto& v) {
    const typename Scene::value_type e(k, v);
    return s.map.insert(e);
  });
}
template <class Scene>
void insert_rvalue(Scene& s) {
  insert_one(s, calls::none,
             [&](auto& k, auto& v) { return s.map.insert(typename Scene::value_type(k, v)); });
}
template <class Scene>
void insert_pair(Scene& s) {
  insert_one(s, calls::none, [&](auto& k, auto& v) { return s.map.insert(std::pair(k, v)); });
}
template <class Scene>
void insert_or_assign(Scene& s) {
  const std::uint64_t k = s.key_number();
  const std::uint64_t v = s.fresh();
  require(s.map.insert_or_assign(s.key(k), s.value(v)) == !s.model.contains(k), "result");
  s.model.set(k, v);
}
template <class Scene>
void insert_or_visit(Scene& s) {
  insert_one(s, calls::if_found, [&](auto& k, auto& v) {
    return s.map.insert_or_visit(typename Scene::value_type(k, v), s.changes());
  });
}
template <class Scene>
void insert_or_cvisit(Scene& s) {
  insert_one(s, calls::if_found,
             [&](auto& k, auto& v) { return s.map.insert_or_cvisit(std::pair(k, v), s.looks()); });
}
template <class Scene>
void insert_and_visit(Scene& s) {
  insert_one(s, calls::always, [&](auto& k, auto& v) {
    return s.map.insert_and_visit(std::pair(k, v), s.changes_new(), s.changes());
  });
}
template <class Scene>
void insert_and_cvisit(Scene& s) {
  insert_one(s, calls::always, [&](auto& k, auto& v) {
    return s.map.insert_and_cvisit(typename Scene::value_type(k, v), s.changes_new(), s.looks());
  });
}
template <class Scene>
void emplace(Scene& s) {
  insert_one(s, calls::none,
             [&](auto& k, auto& v) { return s.map.emplace(std::move(k), std::move(v)); });
}
template <class Scene>
void emplace_piecewise(Scene& s) {
  insert_one(s, calls::none, [&](auto& k, auto& v) {
    return s.map.emplace(std::piecewise_construct, std::forward_as_tuple(k),
                         std::forward_as_tuple(v));
  });
}
template <class Scene>
void emplace_or_visit(Scene& s) {
  insert_one(s, calls::if_found, [&](auto& k, auto& v) {
    return s.map.emplace_or_visit(std::move(k), std::move(v), s.changes());
  });
}
template <class Scene>
void emplace_or_cvisit(Scene& s) {
  insert_one(s, calls::if_found, [&](auto& k, auto& v) {
    return s.map.emplace_or_cvisit(std::move(k), std::move(v), s.looks());
  });
}
template <class Scene>
void emplace_and_visit(Scene& s) {
  insert_one(s, calls::always, [&](auto& k, auto& v) {
    return s.map.emplace_and_visit(std::move(k), std::move(v), s.changes_new(), s.changes());
  });
}
template <class Scene>
void emplace_and_cvisit(Scene& s) {
  insert_one(s, calls::always, [&](auto& k, auto& v) {
    return s.map.emplace_and_cvisit(std::move(k), std::move(v), s.changes_new(), s.looks());
  });
}
template <class Scene>
void try_emplace(Scene& s) {
  insert_one(s, calls::none,
             [&](auto& k, auto& v) { return s.map.try_emplace(std::move(k), std::move(v)); });
}
template <class Scene>
void try_emplace_or_visit(Scene& s) {
  insert_one(s, calls::if_found, [&](auto& k, auto& v) {
    return s.map.try_emplace_or_visit(std::move(k), std::move(v), s.changes());
  });
}
template <class Scene>
void try_emplace_or_cvisit(Scene& s) {
  insert_one(s, calls::if_found, [&](auto& k, auto& v) {
    return s.map.try_emplace_or_cvisit(std::move(k), std::move(v), s.looks());
  });
}
template <class Scene>
void try_emplace_and_visit(Scene& s) {
  insert_one(s, calls::always, [&](auto& k, auto& v) {
    return s.map.try_emplace_and_visit(std::move(k), std::move(v), s.changes_new(), s.changes());
  });
}
template <class Scene>
void try_emplace_and_cvisit(Scene& s) {
  insert_one(s, calls::always, [&](auto& k, auto& v) {
    return s.map.try_emplace_and_cvisit(std::move(k), std::move(v), s.changes_new(), s.looks());
  });
}

// ---- insertion of several

using number_pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// insert() inserts these and returns how many.
template <class Scene, class Insert>
void insert_numbers(Scene& s, const number_pairs& numbers, Insert insert) {
  std::size_t inserted = 0;
  try {
    inserted = insert();
  } catch (...) {
    s.learn_some(numbers);
    throw;
  }
  std::size_t wanted = 0;
  for (const auto& [k, v] : numbers) wanted += s.model.insert(k, v) ? 1 : 0;
  require(inserted == wanted, "how many it inserted");
}
// Functions are called for what the model knows, so no key may come twice.
inline number_pairs distinct(number_pairs numbers) {
  std::sort(numbers.begin(), numbers.end());
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  numbers.erase(std::unique(numbers.begin(), numbers.end(), same_key), numbers.end());
  return numbers;
}
// insert(list of two)
template <class Scene, class Insert>
void insert_two(Scene& s, bool different, Insert insert) {
  const std::uint64_t a = s.key_number();
  const std::uint64_t b = different ? a + 1 : s.key_number();
  const number_pairs numbers{{a, s.fresh()}, {b, s.fresh()}};
  const std::initializer_list<typename Scene::value_type> list{
      {s.key(a), s.value(numbers[0].second)}, {s.key(b), s.value(numbers[1].second)}};
  insert_numbers(s, numbers, [&] { return insert(list); });
}

template <class Scene>
void insert_range(Scene& s) {
  const auto numbers = s.number_pairs();
  const auto entries = s.entries(numbers);
  insert_numbers(s, numbers, [&] { return s.map.insert(entries.begin(), entries.end()); });
}
template <class Scene>
void insert_list(Scene& s) {
  insert_two(s, false, [&](const auto& list) { return s.map.insert(list); });
}
template <class Scene>
void insert_range_or_visit(Scene& s) {
  const auto numbers = distinct(s.number_pairs());
  const auto entries = s.entries(numbers);
  insert_numbers(s, numbers, [&] {
    return s.map.insert_or_visit(entries.begin(), entries.end(), s.changes());
  });
}
template <class Scene>
void insert_range_or_cvisit(Scene& s) {
  const auto numbers = distinct(s.number_pairs());
  const auto entries = s.entries(numbers);
  insert_numbers(s, numbers,
                 [&] { return s.map.insert_or_cvisit(entries.begin(), entries.end(), s.looks()); });
}
template <class Scene>
void insert_list_or_visit(Scene& s) {
  insert_two(s, true, [&](const auto& list) { return s.map.insert_or_visit(list, s.changes()); });
}
template <class Scene>
void insert_list_or_cvisit(Scene& s) {
  insert_two(s, true, [&](const auto& list) { return s.map.insert_or_cvisit(list, s.looks()); });
}
template <class Scene>
void insert_many(Scene& s) {
  const auto numbers = s.number_pairs();
  const auto entries = s.entries(numbers);
  insert_numbers(s, numbers, [&] { return s.map.insert_many(entries); });
}

// ---- other batches

template <class Scene>
void load_many(Scene& s) {
  const auto numbers = s.key_numbers();
  std::vector<std::optional<typename Scene::mapped_type>> found;
  std::as_const(s.map).load_many(s.keys(numbers), std::back_inserter(found));
  require(found.size() == numbers.size(), "one answer a key");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    require_value(found[i], s.model.find(numbers[i]), "an answer");
  }
}
// visit(keys, numbers of the keys) returns how many entries were visited.
template <class Scene, class Visit>
void visit_several(Scene& s, Visit visit) {
  const auto numbers = s.key_numbers();
  const auto there = std::count_if(numbers.begin(), numbers.end(),
                                   [&](std::uint64_t k) { return s.model.contains(k); });
  const auto wanted = static_cast<std::size_t>(there);
  require(visit(s.keys(numbers), numbers) == wanted && s.met() == wanted, "result");
}
template <class Scene>
void visit_many(Scene& s) {
  visit_several(s, [&](const auto& keys, const auto&) {
    return s.map.visit(keys.begin(), keys.end(), s.changes());
  });
}
template <class Scene>
void visit_many_with_index(Scene& s) {
  visit_several(s, [&](const auto& keys, const auto& numbers) {
    return s.map.visit(keys.begin(), keys.end(), [&](auto& e, std::size_t i) {
      require(support::number_of(e.first) == numbers.at(i), "index of the key");
      s.changes()(e);
    });
  });
}
template <class Scene>
void visit_many_const(Scene& s) {
  visit_several(s, [&](const auto& keys, const auto&) {
    return std::as_const(s.map).visit(keys.begin(), keys.end(), s.looks());
  });
}
template <class Scene>
void cvisit_many_with_index(Scene& s) {
  visit_several(s, [&](const auto& keys, const auto& numbers) {
    return s.map.cvisit(keys.begin(), keys.end(), [&](auto& e, std::size_t i) {
      require(support::number_of(e.first) == numbers.at(i), "index of the key");
      s.looks()(e);
    });
  });
}
template <class Scene>
void erase_many(Scene& s) {
  const auto numbers = s.key_numbers();
  std::size_t wanted = 0;
  for (const std::uint64_t k : numbers) wanted += s.model.erase(k) ? 1 : 0;
  require(s.map.erase_many(s.keys(numbers)) == wanted, "result");
}

// ---- walks

template <class Scene>
void visit_all(Scene& s) {
  require(s.map.visit_all(s.changes()) == s.model.size() && s.met() == s.model.size(), "result");
}
template <class Scene>
void visit_all_const(Scene& s) {
  require(std::as_const(s.map).visit_all(s.looks()) == s.model.size(), "result");
  require(s.met() == s.model.size(), "calls of the function");
}
template <class Scene>
void cvisit_all(Scene& s) {
  require(s.map.cvisit_all(s.looks()) == s.model.size(), "result");
  require(s.met() == s.model.size(), "calls of the function");
}
// walk(go_on) walks until go_on() is false and returns whether it never was.
template <class Scene, class Walk>
void visit_some(Scene& s, Walk walk) {
  const std::size_t most = s.amount() + 1;
  const bool to_the_end = walk([&] { return s.met() < most; });
  require(to_the_end == (s.model.size() < most), "result");
  require(s.met() == std::min(s.model.size(), most), "calls of the function");
}
template <class Scene>
void visit_while(Scene& s) {
  visit_some(s, [&](auto go_on) {
    return s.map.visit_while([&](auto& e) {
      s.changes()(e);
      return go_on();
    });
  });
}
template <class Scene>
void visit_while_const(Scene& s) {
  visit_some(s, [&](auto go_on) {
    return std::as_const(s.map).visit_while([&](auto& e) {
      s.looks()(e);
      return go_on();
    });
  });
}
template <class Scene>
void cvisit_while(Scene& s) {
  visit_some(s, [&](auto go_on) {
    return s.map.cvisit_while([&](auto& e) {
      s.looks()(e);
      return go_on();
    });
  });
}
// Some steps of a scan that may have begun many verbs ago.
template <class Scene>
void scan(Scene& s) {
  const std::size_t which = s.amount() % s.scans.size();
  for (std::size_t steps = s.amount() % 64 + 1; steps > 0; --steps) {
    s.scans[which].step(s.model, [&](gomap::scan_cursor from, auto meet) {
      if (which == 0) {
        return std::as_const(s.map).scan(from, [&](auto& e) {
          meet(support::number_of(e.first));
          s.looks()(e);
        });
      }
      return s.map.scan(from, [&](auto& e) {
        meet(support::number_of(e.first));
        s.changes()(e);
      });
    });
  }
}
template <class Scene>
void erase_if(Scene& s) {
  const std::size_t rest = s.amount() % 5;
  const std::size_t before = s.model.size();
  const std::size_t erased = s.map.erase_if([&](auto& e) {
    const bool doomed = support::number_of(e.second) % 5 == rest;
    s.changes()(e);
    if (doomed) s.model.erase(support::number_of(e.first));
    return doomed;
  });
  require(erased == before - s.model.size() && s.met() == before, "result");
}
template <class Scene>
void clear(Scene& s) {
  s.map.clear();
  s.model.clear();
}

// ---- whole maps

template <class Scene>
void reserve(Scene& s) {
  s.map.reserve(s.bytes.number());
}
template <class Scene>
void reserve_too_much(Scene& s) {
  try {
    s.map.reserve(std::numeric_limits<std::size_t>::max());
  } catch (const std::length_error&) {
    return;
  }
  require(false, "no length_error");
}
template <class Scene>
void stats(Scene& s) {
  const gomap::concurrent_map_stats all = s.map.stats();
  require(all.shards == s.map.shard_count() && all.total.size == s.model.size(), "shards or size");
  std::size_t size = 0;
  std::size_t growing = 0;
  for (std::size_t i = 0; i < all.shards; ++i) {
    const gomap::map_stats one = s.map.stats(i);
    size += one.size;
    growing += one.growing ? 1 : 0;
    require(one.size <= all.worst.size, "the worst shard");
    require(one.bytes_in_use <= one.bytes_reserved && one.bytes_reserved <= one.bytes_peak,
            "bytes of a shard");
    require((one.longest_chain != 0) == (one.bytes_reserved != 0), "memory of a shard");
  }
  require(size == s.model.size() && growing == all.growing_shards, "sums");
  require(s.map.stats(all.worst_shard) == all.worst, "the worst shard's figures");
}

// merge() moves entries from one map to the other and returns how many.
template <class Scene, class Merge>
void merge_models(concurrent_model& to, concurrent_model& from,
                  const typename Scene::map_type& from_map, Merge merge) {
  number_pairs moving;
  for (const auto& [k, held] : from) {
    if (!to.contains(k)) moving.emplace_back(k, held.value);
  }
  const auto move = [&](const auto& e) {
    from.erase(e.first);
    to.insert(e.first, e.second);
  };
  std::size_t moved = 0;
  try {
    moved = merge();
  } catch (...) {
    for (const auto& e : moving) {
      if (!from_map.contains(Scene::key(e.first))) move(e);
    }
    throw;
  }
  require(moved == moving.size(), "result");
  for (const auto& e : moving) move(e);
}
template <class Scene>
void merge(Scene& s) {
  merge_models<Scene>(s.model, s.other_model, s.other, [&] { return s.map.merge(s.other); });
}
template <class Scene>
void merge_rvalue(Scene& s) {
  merge_models<Scene>(s.model, s.other_model, s.other,
                      [&] { return s.map.merge(std::move(s.other)); });
}
template <class Scene>
void merge_away(Scene& s) {
  merge_models<Scene>(s.other_model, s.model, s.map, [&] { return s.other.merge(s.map); });
}
// From a map of another hash and another mutex.
template <class Scene>
void merge_from_another_kind(Scene& s) {
  using another_kind = gomap::concurrent_map<typename Scene::key_type, typename Scene::mapped_type,
                                             support::good_hash, std::equal_to<>,
                                             typename Scene::allocator_type, std::shared_mutex>;
  another_kind source({.shards = 2}, {}, {}, s.map.get_allocator());
  const number_pairs numbers = distinct(s.number_pairs());
  source.insert_many(s.entries(numbers));
  insert_numbers(s, numbers, [&] { return s.map.merge(source); });
  require(s.map.size() == s.model.size(), "size");
}
template <class Scene>
void merge_itself(Scene& s) {
  require(s.map.merge(s.map) == 0, "result");
}

template <class Scene>
void require_equal(const typename Scene::plain_map& got, const concurrent_model& wanted) {
  got.check_invariants();
  require(got.size() == wanted.size(), "size");
  for (const auto& [k, held] : wanted) {
    const auto* const value = got.lookup(Scene::key(k));
    require(value != nullptr && support::number_of(*value) == held.value, "an entry");
  }
}
template <class Scene>
void snapshot(Scene& s) {
  require_equal<Scene>(s.map.snapshot(), s.model);
}
// To a map for one thread, and from there to one of other shards. A failure on the way there leaves
// all entries here, one on the way back leaves them there.
template <class Scene>
void move_to_map_and_back(Scene& s) {
  using map_type = typename Scene::map_type;
  auto plain = static_cast<typename Scene::plain_map>(std::move(s.map));
  s.forget_scans();
  require(s.map.empty(), "what is left");
  const gomap::concurrent_options options = s.options();
  const auto move_back = [&] {
    map_type back(std::move(plain), options);
    require(plain.empty(), "what is left");
    s.map.swap(back);
  };
  try {
    move_back();
  } catch (const support::injected_bad_alloc&) {
    s.allow_allocation();
    require_equal<Scene>(plain, s.model);
    move_back();
    throw;
  }
}

template <class Scene>
void swap_both(Scene& s) {
  if (s.amount() % 2 == 0) {
    s.map.swap(s.other);
  } else {
    swap(s.map, s.other);
  }
  std::swap(s.model, s.other_model);
  s.forget_scans();
}
template <class Scene>
void copy_construct(Scene& s) {
  typename Scene::map_type copy(std::as_const(s.map));
  s.compare_all();
  s.map.swap(copy);
  s.forget_scans();
}
template <class Scene>
void copy_assign(Scene& s) {
  s.other = std::as_const(s.map);
  s.other_model = s.model;
}
template <class Scene>
void assign_itself(Scene& s) {
  const auto& same = s.map;
  s.map = same;
}
template <class Scene>
void move_construct(Scene& s) {
  typename Scene::map_type moved(std::move(s.map));
  s.map.swap(moved);
  require(moved.empty() && s.map.size() == s.model.size(), "what is left");
  moved.store(s.key(1), s.value(1));
  require(moved.size() == 1, "a map that was moved from");
}
template <class Scene>
void move_assign(Scene& s) {
  s.map = std::move(s.other);
  s.model = std::move(s.other_model);
  s.other_model.clear();
  s.forget_scans();
}
// Replaces the map by one made of some entries. make(numbers, entries) makes it.
template <class Scene, class Make>
void replace(Scene& s, const number_pairs& numbers, Make make) {
  auto made = make(s.entries(numbers));
  s.map.swap(made);
  s.forget_scans();
  s.model.clear();
  for (const auto& [k, v] : numbers) s.model.insert(k, v);
}
template <class Scene>
void construct_from_range(Scene& s) {
  replace(s, s.number_pairs(), [&](const auto& entries) {
    return typename Scene::map_type(entries.begin(), entries.end(), s.options(),
                                    s.map.hash_function(), s.map.key_eq(), s.map.get_allocator());
  });
}
template <class Scene>
void construct_from_map(Scene& s) {
  replace(s, s.number_pairs(), [&](const auto& entries) {
    typename Scene::plain_map plain(entries.begin(), entries.end(), 0, s.map.hash_function(),
                                    s.map.key_eq(), s.map.get_allocator());
    return typename Scene::map_type(std::move(plain), s.options());
  });
}
template <class Scene>
void construct_from_list(Scene& s) {
  const number_pairs numbers{{s.key_number(), s.fresh()}, {s.key_number(), s.fresh()}};
  replace(s, numbers, [&](const auto& entries) {
    return typename Scene::map_type({entries[0], entries[1]}, s.options(), s.map.hash_function(),
                                    s.map.key_eq(), s.map.get_allocator());
  });
}
template <class Scene>
void assign_list(Scene& s) {
  const number_pairs numbers{{s.key_number(), s.fresh()}, {s.key_number(), s.fresh()}};
  const auto entries = s.entries(numbers);
  s.map = {entries[0], entries[1]};
  s.forget_scans();
  s.model.clear();
  for (const auto& [k, v] : numbers) s.model.insert(k, v);
}

// ---- what goes wrong in verbs to come

template <class Scene>
void throw_from_a_function(Scene& s) {
  const std::size_t n = s.amount();
  s.throw_in_call(n % 8 == 0 ? 1 + n : 1, n % 2 == 0);
}
template <class Scene>
void fail_an_allocation(Scene& s) {
  const std::size_t n = s.amount();
  s.fail_allocation(1 + n % 4, false, n % 8 >= 4);
}
template <class Scene>
void fail_allocations(Scene& s) {
  s.fail_allocation(1 + s.amount() % 3, true, true);
}
template <class Scene>
void allow_allocations(Scene& s) {
  s.allow_allocation();
}

}  // namespace fuzz::verbs
