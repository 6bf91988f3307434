// single_key_calls.hpp -- asks a concurrent map for an operation on one key, in any of the ways in
// which it can be asked for.
//
//   single_key_calls<map_type> calls(map);
//   const answer told = calls.ask(key, {verb::erase}, random number);
//
// Keys and values are those of numbered_values.hpp. Every member of concurrent_map that works on
// one key is some verb's way; a member that combines two of them is the verb that tells the most.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <gomap/concurrent_map.hpp>

#include "history.hpp"
#include "numbered_values.hpp"

namespace stress {

template <class Map>
class single_key_calls {
 public:
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;

  explicit single_key_calls(Map& map) : map_(map) {}

  // Does the operation and returns what the map answered. `way`: any number, picks one of the ways.
  answer ask(const key_type& key, const operation& asked, std::uint64_t way);

 private:
  using value_type = typename Map::value_type;
  using coded = numbered<mapped_type>;

  [[nodiscard]] static mapped_type make(std::uint64_t number) { return coded::make(number); }
  [[nodiscard]] static value_type entry(const key_type& key, std::uint64_t number) {
    return value_type(key, coded::make(number));
  }
  // Notes what a function was shown.
  static void see(answer& given, const mapped_type& value) {
    given.saw = true;
    given.value = coded::number(value);
  }
  static answer seen(const std::optional<mapped_type>& found) {
    answer given;
    if (found) see(given, *found);
    return given;
  }
  // A function for the entry found, which it notes; with a difference, which it adds.
  static auto look(answer& given) {
    return [&given](const value_type& e) { see(given, e.second); };
  }
  static auto add_to(answer& given, std::uint64_t difference) {
    return [&given, difference](value_type& e) {
      see(given, e.second);
      e.second = make(given.value + difference);
    };
  }

  answer load(const key_type& key, std::uint64_t way);
  answer contains(const key_type& key, std::uint64_t way);
  answer insert(const key_type& key, std::uint64_t value, std::uint64_t way);
  answer insert_or_add(const key_type& key, const operation& asked, std::uint64_t way);
  answer load_or_store(const key_type& key, std::uint64_t value, std::uint64_t way);
  answer erase_if_odd(const key_type& key);
  answer add(const key_type& key, std::uint64_t difference, std::uint64_t way);
  answer update(const key_type& key, std::uint64_t difference);
  answer compute(const key_type& key, const operation& asked, std::uint64_t way);

  Map& map_;
};

// ---- bodies --------------------------------------------------------------------------------

template <class Map>
answer single_key_calls<Map>::ask(const key_type& key, const operation& asked, std::uint64_t way) {
  const auto [what, first, second] = asked;
  switch (what) {
    case verb::load:
      return load(key, way);
    case verb::contains:
      return contains(key, way);
    case verb::store:
      map_.store(key, make(first));
      return {};
    case verb::insert:
      return insert(key, first, way);
    case verb::insert_or_assign:
      return {.yes = map_.insert_or_assign(key, make(first))};
    case verb::insert_or_add:
      return insert_or_add(key, asked, way);
    case verb::load_or_store:
      return load_or_store(key, first, way);
    case verb::exchange:
      return seen(map_.exchange(key, make(first)));
    case verb::compare_exchange:
      return {.yes = map_.compare_exchange(key, make(first), make(second))};
    case verb::compare_and_erase:
      return {.yes = map_.compare_and_erase(key, make(first))};
    case verb::erase:
      return {.yes = map_.erase(key) == 1};
    case verb::load_and_erase:
      return seen(map_.load_and_erase(key));
    case verb::erase_if_odd:
      return erase_if_odd(key);
    case verb::add:
      return add(key, first, way);
    case verb::update:
      return update(key, first);
    case verb::compute:
      return compute(key, asked, way);
  }
  return {};
}

template <class Map>
answer single_key_calls<Map>::load(const key_type& key, std::uint64_t way) {
  answer given;
  switch (way % 4) {
    case 0:
      map_.cvisit(key, look(given));
      return given;
    case 1:
      std::as_const(map_).visit(key, look(given));
      return given;
    case 2:  // 0 stands for absent: no call stores it
      given.value = coded::number(map_.load_or(key, make(0)));
      given.saw = given.value != 0;
      return given;
    default:
      return seen(map_.load(key));
  }
}

template <class Map>
answer single_key_calls<Map>::contains(const key_type& key, std::uint64_t way) {
  return {.yes = way % 2 == 0 ? map_.contains(key) : map_.count(key) == 1};
}

template <class Map>
answer single_key_calls<Map>::insert(const key_type& key, std::uint64_t value, std::uint64_t way) {
  switch (way % 4) {
    case 0:
      return {.yes = map_.insert(entry(key, value))};
    case 1: {
      const value_type copied = entry(key, value);
      return {.yes = map_.insert(copied)};
    }
    case 2:
      return {.yes = map_.emplace(key, make(value))};
    default:
      return {.yes = map_.try_emplace(key, make(value))};
  }
}

template <class Map>
answer single_key_calls<Map>::insert_or_add(const key_type& key, const operation& asked,
                                            std::uint64_t way) {
  const auto [what, first, second] = asked;
  answer given;
  answer of_new;  // the forms that are shown a new entry start it lower, and add there, too
  const auto found = add_to(given, second);
  const auto inserted = add_to(of_new, second);
  const mapped_type lower = make(first - second);
  switch (way % 6) {
    case 0:
      given.yes = map_.insert_or_visit(entry(key, first), found);
      break;
    case 1:
      given.yes = map_.emplace_or_visit(key, make(first), found);
      break;
    case 2:
      given.yes = map_.try_emplace_or_visit(key, make(first), found);
      break;
    case 3:
      given.yes = map_.insert_and_visit(entry(key, first - second), inserted, found);
      break;
    case 4:
      given.yes = map_.emplace_and_visit(key, lower, inserted, found);
      break;
    default:
      given.yes = map_.try_emplace_and_visit(key, lower, inserted, found);
      break;
  }
  return given;
}

template <class Map>
answer single_key_calls<Map>::load_or_store(const key_type& key, std::uint64_t value,
                                            std::uint64_t way) {
  answer given;
  bool inserted = false;
  switch (way % 8) {
    case 0:
      inserted = map_.insert_or_cvisit(entry(key, value), look(given));
      break;
    case 1:
      inserted = map_.emplace_or_cvisit(key, make(value), look(given));
      break;
    case 2:
      inserted = map_.try_emplace_or_cvisit(key, make(value), look(given));
      break;
    case 3:
      inserted = map_.insert_and_cvisit(entry(key, value), look(given), look(given));
      break;
    case 4:
      inserted = map_.emplace_and_cvisit(key, make(value), look(given), look(given));
      break;
    case 5:
      inserted = map_.try_emplace_and_cvisit(key, make(value), look(given), look(given));
      break;
    default: {
      const auto [there, loaded] = map_.load_or_store(key, make(value));
      see(given, there);
      inserted = !loaded;
    }
  }
  if (!given.saw) given.value = value;  // what was inserted unseen
  return {!inserted, true, given.value};
}

template <class Map>
answer single_key_calls<Map>::erase_if_odd(const key_type& key) {
  answer given;
  const auto odd = [&](value_type& e) {
    see(given, e.second);
    if (given.value % 2 == 0) return false;
    e.second = make(torn_value - 1);  // nobody may see what goes at once
    return true;
  };
  given.yes = map_.erase_if(key, odd) == 1;
  return given;
}

template <class Map>
answer single_key_calls<Map>::add(const key_type& key, std::uint64_t difference,
                                  std::uint64_t way) {
  answer given;
  if (way % 2 == 0) {
    const auto result = map_.try_visit(key, add_to(given, difference));
    given.yes = result == gomap::visit_result::visited;
    if (result != gomap::visit_result::busy) return given;
  }
  given.yes = map_.visit(key, add_to(given, difference)) == 1;
  return given;
}

template <class Map>
answer single_key_calls<Map>::update(const key_type& key, std::uint64_t difference) {
  answer given;
  map_.update(key, [&](mapped_type& value) {
    value = make(coded::number(value) + difference);
    see(given, value);
  });
  return given;
}

template <class Map>
answer single_key_calls<Map>::compute(const key_type& key, const operation& asked,
                                      std::uint64_t way) {
  answer given;
  const auto change = [&](auto& e) {
    if (e) see(given, *e);
    if (!e) {
      e.emplace(make(asked.first));
    } else if (given.value % 2 == 1) {
      e.reset();
    } else {
      *e = make(given.value + asked.second);
    }
  };
  if (way % 2 == 0) {
    map_.compute(key, change);
  } else {
    map_.with_locked(key, change);
  }
  return given;
}

}  // namespace stress
