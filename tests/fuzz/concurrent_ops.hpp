// concurrent_ops.hpp -- one differential body: bytes become calls on gomap::concurrent_map, on one
// thread, and on a model.
//
// Whatever the bytes, map and model must agree: results of calls, what functions are handed, sizes,
// contents, walks that go on while the map changes. The first byte picks types, hash and number of
// shards; then each byte names a verb and takes the bytes that it needs. concurrent_fuzz.cpp lets
// libFuzzer choose the bytes, concurrent_ops_test.cpp replays random and stored ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <gomap/page_allocator.hpp>

#include "fuzz/byte_stream.hpp"
#include "fuzz/concurrent_scene.hpp"
#include "fuzz/concurrent_verbs.hpp"
#include "support/counting_allocator.hpp"
#include "support/failing_allocator.hpp"
#include "support/faulty_allocator.hpp"
#include "support/trivial_values.hpp"

namespace fuzz {

template <class Scene>
struct verb {
  const char* name;
  void (*run)(Scene&);
};

// A byte modulo the size is a verb. Insertion and erasure of one key stand here more than once:
// most of a map's life is made of them.
template <class S>
inline constexpr std::array verb_table{
    verb<S>{"load", verbs::load},
    verb<S>{"load_or", verbs::load_or},
    verb<S>{"contains", verbs::contains},
    verb<S>{"store", verbs::store},
    verb<S>{"store", verbs::store},
    verb<S>{"load_or_store", verbs::load_or_store},
    verb<S>{"load_and_erase", verbs::load_and_erase},
    verb<S>{"exchange", verbs::exchange},
    verb<S>{"compare_exchange", verbs::compare_exchange},
    verb<S>{"compare_and_erase", verbs::compare_and_erase},
    verb<S>{"erase", verbs::erase},
    verb<S>{"erase", verbs::erase},
    verb<S>{"visit", verbs::visit},
    verb<S>{"visit const", verbs::visit_const},
    verb<S>{"cvisit", verbs::cvisit},
    verb<S>{"try_visit", verbs::try_visit},
    verb<S>{"visit and read", verbs::visit_and_read},
    verb<S>{"update", verbs::update},
    verb<S>{"erase_if(key)", verbs::erase_if_key},
    verb<S>{"compute", verbs::compute},
    verb<S>{"with_locked(1 key)", verbs::with_locked_one},
    verb<S>{"with_locked(2 keys)", verbs::with_locked_two},
    verb<S>{"with_locked(3 keys)", verbs::with_locked_three},
    verb<S>{"insert(const&)", verbs::insert_copy},
    verb<S>{"insert(&&)", verbs::insert_rvalue},
    verb<S>{"insert(pair)", verbs::insert_pair},
    verb<S>{"insert_or_assign", verbs::insert_or_assign},
    verb<S>{"insert_or_visit", verbs::insert_or_visit},
    verb<S>{"insert_or_cvisit", verbs::insert_or_cvisit},
    verb<S>{"insert_and_visit", verbs::insert_and_visit},
    verb<S>{"insert_and_cvisit", verbs::insert_and_cvisit},
    verb<S>{"emplace", verbs::emplace},
    verb<S>{"emplace(piecewise)", verbs::emplace_piecewise},
    verb<S>{"emplace_or_visit", verbs::emplace_or_visit},
    verb<S>{"emplace_or_cvisit", verbs::emplace_or_cvisit},
    verb<S>{"emplace_and_visit", verbs::emplace_and_visit},
    verb<S>{"emplace_and_cvisit", verbs::emplace_and_cvisit},
    verb<S>{"try_emplace", verbs::try_emplace},
    verb<S>{"try_emplace_or_visit", verbs::try_emplace_or_visit},
    verb<S>{"try_emplace_or_cvisit", verbs::try_emplace_or_cvisit},
    verb<S>{"try_emplace_and_visit", verbs::try_emplace_and_visit},
    verb<S>{"try_emplace_and_cvisit", verbs::try_emplace_and_cvisit},
    verb<S>{"insert(range)", verbs::insert_range},
    verb<S>{"insert(list)", verbs::insert_list},
    verb<S>{"insert_or_visit(range)", verbs::insert_range_or_visit},
    verb<S>{"insert_or_cvisit(range)", verbs::insert_range_or_cvisit},
    verb<S>{"insert_or_visit(list)", verbs::insert_list_or_visit},
    verb<S>{"insert_or_cvisit(list)", verbs::insert_list_or_cvisit},
    verb<S>{"insert_many", verbs::insert_many},
    verb<S>{"insert_many", verbs::insert_many},
    verb<S>{"load_many", verbs::load_many},
    verb<S>{"visit(keys)", verbs::visit_many},
    verb<S>{"visit(keys), index", verbs::visit_many_with_index},
    verb<S>{"visit(keys) const", verbs::visit_many_const},
    verb<S>{"cvisit(keys), index", verbs::cvisit_many_with_index},
    verb<S>{"visit_all", verbs::visit_all},
    verb<S>{"visit_all const", verbs::visit_all_const},
    verb<S>{"cvisit_all", verbs::cvisit_all},
    verb<S>{"visit_while", verbs::visit_while},
    verb<S>{"visit_while const", verbs::visit_while_const},
    verb<S>{"cvisit_while", verbs::cvisit_while},
    verb<S>{"scan", verbs::scan},
    verb<S>{"scan", verbs::scan},
    verb<S>{"stats", verbs::stats},
    verb<S>{"snapshot", verbs::snapshot},
    verb<S>{"merge", verbs::merge},
    verb<S>{"merge(&&)", verbs::merge_rvalue},
    verb<S>{"merge from another kind", verbs::merge_from_another_kind},
    verb<S>{"merge itself", verbs::merge_itself},
    verb<S>{"throw from a function", verbs::throw_from_a_function},
    verb<S>{"fail an allocation", verbs::fail_an_allocation},
    verb<S>{"allow allocations", verbs::allow_allocations},
    // Sweeping: these erase many keys, or replace or reshape whole maps, or hinder growth for long.
    verb<S>{"fail allocations", verbs::fail_allocations},
    verb<S>{"erase_many", verbs::erase_many},
    verb<S>{"erase_if", verbs::erase_if},
    verb<S>{"clear", verbs::clear},
    verb<S>{"reserve", verbs::reserve},
    verb<S>{"reserve too much", verbs::reserve_too_much},
    verb<S>{"merge away", verbs::merge_away},
    verb<S>{"to a map and back", verbs::move_to_map_and_back},
    verb<S>{"swap", verbs::swap_both},
    verb<S>{"copy constructor", verbs::copy_construct},
    verb<S>{"copy assignment", verbs::copy_assign},
    verb<S>{"assignment to itself", verbs::assign_itself},
    verb<S>{"move constructor", verbs::move_construct},
    verb<S>{"move assignment", verbs::move_assign},
    verb<S>{"constructor(range)", verbs::construct_from_range},
    verb<S>{"constructor(map)", verbs::construct_from_map},
    verb<S>{"constructor(list)", verbs::construct_from_list},
    verb<S>{"assignment of a list", verbs::assign_list},
};

template <class Key, class T>
using faulty_pages = support::faulty_allocator<std::pair<const Key, T>,
                                               gomap::page_allocator<std::pair<const Key, T>>>;
template <class Key, class T>
using faulty_heap = support::failing_allocator<std::pair<const Key, T>>;

using words_scene =
    concurrent_scene<std::uint64_t, std::uint64_t, faulty_pages<std::uint64_t, std::uint64_t>>;
using structs_scene = concurrent_scene<std::uint64_t, support::three_words,
                                       faulty_pages<std::uint64_t, support::three_words>>;
using strings_scene =
    concurrent_scene<std::string, std::string, faulty_heap<std::string, std::string>>;
static_assert(words_scene::map_type::reads_take_no_lock);
static_assert(structs_scene::map_type::reads_take_no_lock);
static_assert(!strings_scene::map_type::reads_take_no_lock);

// Kinds of scene: the first byte modulo this is one.
inline constexpr std::uint8_t scene_kinds = 27;
inline constexpr std::size_t verb_count = verb_table<words_scene>.size();
inline constexpr std::size_t first_sweeping_verb = verb_count - 18;

template <class Scene>
void replay_in(const scene_layout& layout, byte_stream stream) {
  support::allocation_ledger ledger;
  {
    Scene scene(layout, stream, ledger);
    while (!scene.bytes.empty()) {
      const verb<Scene>& next = verb_table<Scene>[scene.bytes.byte() % verb_count];
      scene.perform(next.name, next.run);
    }
    scene.compare_all();
  }
  require(ledger.balanced(), "memory that the maps gave back");
}

// Runs the verbs that `bytes` spell.  Throws: difference.
inline void replay_concurrent(std::span<const std::uint8_t> bytes) {
  static constexpr std::array<std::size_t, 3> shards{1, 2, 16};
  static constexpr std::array<std::uint64_t, 3> hash_values{0, 24, 1};
  byte_stream stream(bytes);
  const unsigned kind = stream.byte() % scene_kinds;
  const scene_layout layout{shards[kind / 3 % 3], hash_values[kind / 9]};
  switch (kind % 3) {
    case 0:
      return replay_in<words_scene>(layout, stream);
    case 1:
      return replay_in<structs_scene>(layout, stream);
    default:
      return replay_in<strings_scene>(layout, stream);
  }
}

}  // namespace fuzz
