// concurrent_scene.hpp -- a concurrent map, a second one for it to meet, and what both should hold.
//
// Verbs (concurrent_verbs.hpp) call the maps with keys and values that the bytes name, and with the
// functions made here. Such a function compares the entry with the model, gives it a new value, and
// tells the model; when the bytes have asked for it, one of the next calls throws instead, or does
// so once it has changed the entry. Allocations fail when the bytes have asked for that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>

#include "fuzz/byte_stream.hpp"
#include "fuzz/concurrent_model.hpp"
#include "support/colliding_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/fault.hpp"
#include "support/make_value.hpp"

namespace fuzz {

// What a function that the map calls throws.
struct interruption {};

// A good hash that depends on `salt`, or one with few values, which give long chains in all shards.
// Integers hash without throwing and strings may throw, so both ways of growing are met.
template <class Key>
struct few_values_hash {
  using is_avalanching = std::true_type;

  std::uint64_t values = 0;  // how many there are; 0: no limit
  std::uint64_t salt = 0;

  std::uint64_t operator()(const Key& key) const noexcept(std::is_arithmetic_v<Key>) {
    const std::uint64_t n = support::number_of(key);
    return support::good_hash{}(salt + (values == 0 ? n : n % values));
  }
};

// How the maps of a scene are made.
struct scene_layout {
  std::size_t shards;
  std::uint64_t hash_values;
};

template <class Key, class T, class Allocator>
class concurrent_scene {
 public:
  using key_type = Key;
  using mapped_type = T;
  using allocator_type = Allocator;
  using hash = few_values_hash<Key>;
  using map_type = gomap::concurrent_map<Key, T, hash, std::equal_to<>, Allocator>;
  using plain_map = typename map_type::map_type;
  using value_type = typename map_type::value_type;
  using number_pair = std::pair<std::uint64_t, std::uint64_t>;  // key, value

  // Whether functions that may change an entry work on a copy, which is lost when they throw.
  static constexpr bool functions_get_copies = map_type::reads_take_no_lock;

  concurrent_scene(const scene_layout& layout, byte_stream stream,
                   support::allocation_ledger& ledger)
      : bytes(stream),
        map({.shards = layout.shards, .seed = 7}, {layout.hash_values, 0}, {}, allocator(ledger)),
        other({.shards = 4, .seed = 8}, {layout.hash_values, 1}, {}, allocator(ledger)),
        universe_(keys_for(layout.hash_values)) {}
  concurrent_scene(const concurrent_scene&) = delete;
  concurrent_scene& operator=(const concurrent_scene&) = delete;
  ~concurrent_scene() { support::fault::disarm(); }

  byte_stream bytes;
  map_type map;
  concurrent_model model;
  std::array<kept_scan, 3> scans;
  map_type other;  // the partner of merge, swap and assignment
  concurrent_model other_model;

  // ---- what the bytes name

  std::size_t amount() { return bytes.byte(); }
  std::uint64_t key_number() { return bytes.number() % universe_; }
  std::uint64_t fresh() { return ++last_value_; }  // each value is told from any other
  [[nodiscard]] std::uint64_t latest() const { return last_value_; }
  std::vector<std::uint64_t> key_numbers();  // some of them equal, at times
  std::vector<number_pair> number_pairs();
  // How a map is to be made.
  gomap::concurrent_options options() {
    const std::size_t shards = std::size_t{1} << amount() % 6;
    return {.shards = shards, .capacity = amount() % 2 * 40, .seed = amount() + 1};
  }

  static Key key(std::uint64_t n) { return support::make_value<Key>(n); }
  static T value(std::uint64_t n) { return support::make_value<T>(n); }
  static std::vector<Key> keys(const std::vector<std::uint64_t>& numbers) {
    std::vector<Key> made;
    for (const std::uint64_t n : numbers) made.push_back(key(n));
    return made;
  }
  static std::vector<value_type> entries(const std::vector<number_pair>& numbers) {
    std::vector<value_type> made;
    for (const auto& [k, v] : numbers) made.emplace_back(key(k), value(v));
    return made;
  }

  // ---- functions for the map to call

  // How many entries they were called for in this verb.
  [[nodiscard]] std::size_t met() const { return met_; }

  // For an entry that the model knows.
  auto changes() {
    return [this](value_type& e) {
      meet(e);
      change(support::number_of(e.first), e.second);
    };
  }
  auto looks() {
    return [this](auto& e) {
      static_assert(std::is_const_v<std::remove_reference_t<decltype(e)>>);
      meet(e);
      may_throw();
    };
  }
  // For one that was inserted in this verb, with the value made last, which it has again when this
  // throws.
  auto changes_new() {
    return [this](value_type& e) {
      learn(e);
      meet(e);
      change(support::number_of(e.first), e.second, comes_back::yes);
    };
  }

  void meet(const value_type& e) {
    ++met_;
    const std::uint64_t* const wanted = model.find(support::number_of(e.first));
    require(wanted != nullptr && support::number_of(e.second) == *wanted,
            "a function was called for an entry that is not there");
  }
  // Whether what a function did to a value before it threw is lost.
  enum class comes_back : bool { no, yes };
  static constexpr comes_back with_a_copy = functions_get_copies ? comes_back::yes : comes_back::no;

  // Changes the value that the map holds for a key.
  void change(std::uint64_t key, T& in_map, comes_back when_thrown = with_a_copy);
  void may_throw() {
    if (next_mood() != mood::calm) throw interruption();
  }

  // ---- what goes wrong, and when

  // The n-th call of a function from now on throws.
  void throw_in_call(std::size_t n, bool once_changed) {
    calls_left_ = n;
    throws_late_ = once_changed;
  }
  // In the next verb, or in all verbs from now on, the n-th allocation fails; or all behind it,
  // too.
  void fail_allocation(std::size_t n, bool in_all_verbs, bool for_good) {
    failing_ = plan{n, in_all_verbs, {.lasting = for_good}};
  }
  void allow_allocation() {
    failing_.reset();
    support::fault::disarm();
  }

  // Calls run(*this) as these say.  Throws: difference.
  void perform(const char* name, void (*run)(concurrent_scene&));
  void compare_all() const {
    compare(map, model);
    compare(other, other_model);
  }

  // When a call has inserted some of these, each with the first of its values, and has thrown.
  void learn_some(const std::vector<number_pair>& numbers);
  // When the map is another one.
  void forget_scans() {
    for (kept_scan& s : scans) s.forget();
  }

 private:
  enum class mood { calm, throws_first, throws_last };
  struct plan {
    std::size_t n;
    bool in_all_verbs;
    support::failure how;
  };

  static Allocator allocator(support::allocation_ledger& ledger) {
    if constexpr (std::is_constructible_v<Allocator, support::allocation_ledger&>) {
      return Allocator(ledger);
    } else {
      return Allocator(ledger, typename Allocator::inner_allocator());
    }
  }
  // Few keys where many are in one chain, or each operation would take as long as a map.
  static std::uint64_t keys_for(std::uint64_t hash_values) {
    return hash_values == 0 ? 20'000 : 100 + 20 * hash_values;
  }

  mood next_mood() {
    if (calls_left_ == 0 || --calls_left_ != 0) return mood::calm;
    interrupted_ = true;
    return throws_late_ ? mood::throws_last : mood::throws_first;
  }
  void learn(const value_type& e) {
    require(support::number_of(e.second) == last_value_,
            "an entry was inserted with another value");
    require(model.insert(support::number_of(e.first), last_value_), "an entry was inserted twice");
  }
  void attempt(void (*run)(concurrent_scene&));
  void check(bool threw);
  static void compare(const map_type& map, const concurrent_model& model);

  std::uint64_t universe_;
  std::uint64_t last_value_ = 0;
  std::uint64_t verbs_ = 0;
  std::size_t met_ = 0;
  std::size_t calls_left_ = 0;  // until one throws; 0: none does
  bool throws_late_ = false;
  bool interrupted_ = false;  // a function has thrown in this verb
  std::optional<plan> failing_;
  std::optional<plan> armed_;  // for this verb
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Key, class T, class Allocator>
std::vector<std::uint64_t> concurrent_scene<Key, T, Allocator>::key_numbers() {
  std::vector<std::uint64_t> numbers;
  const std::uint64_t first = bytes.number();
  const std::uint64_t stride = amount() % 5;
  for (std::size_t i = amount(); i > 0; --i) numbers.push_back((first + i * stride) % universe_);
  return numbers;
}

template <class Key, class T, class Allocator>
auto concurrent_scene<Key, T, Allocator>::number_pairs() -> std::vector<number_pair> {
  std::vector<number_pair> numbers;
  for (const std::uint64_t k : key_numbers()) numbers.emplace_back(k, fresh());
  return numbers;
}

template <class Key, class T, class Allocator>
void concurrent_scene<Key, T, Allocator>::change(std::uint64_t key, T& in_map,
                                                 comes_back when_thrown) {
  const mood now = next_mood();
  if (now == mood::throws_first) throw interruption();
  const std::uint64_t v = fresh();
  in_map = value(v);
  if (now == mood::calm || when_thrown == comes_back::no) model.assign(key, v);
  if (now == mood::throws_last) throw interruption();
}

template <class Key, class T, class Allocator>
void concurrent_scene<Key, T, Allocator>::perform(const char* name,
                                                  void (*run)(concurrent_scene&)) {
  try {
    attempt(run);
  } catch (const std::exception& e) {
    throw difference(std::string(name) + ": " + e.what());
  }
}

template <class Key, class T, class Allocator>
void concurrent_scene<Key, T, Allocator>::attempt(void (*run)(concurrent_scene&)) {
  armed_ = failing_;
  if (failing_ && !failing_->in_all_verbs) failing_.reset();
  if (armed_) support::fault::arm(support::point::allocate, armed_->n, armed_->how);
  met_ = 0;
  interrupted_ = false;
  bool threw = true;
  try {
    run(*this);
    threw = false;
  } catch (const interruption&) {
    require(interrupted_, "threw what no function has thrown");
  } catch (const support::injected_bad_alloc&) {
    require(armed_.has_value(), "threw though no allocation has failed");
  }
  support::fault::disarm();
  require(threw || !interrupted_, "kept to itself what a function threw");
  check(threw);
}

// Looks at everything now and then, or always where that costs little.
template <class Key, class T, class Allocator>
void concurrent_scene<Key, T, Allocator>::check(bool threw) {
  require(map.size() == model.size() && map.empty() == (model.size() == 0), "size");
  require(other.size() == other_model.size(), "size of the other map");
  const bool due = ++verbs_ % 64 == 0;
  const std::size_t little = threw ? 256 : 32;
  if (due || model.size() <= little) compare(map, model);
  if (due || other_model.size() <= little) compare(other, other_model);
}

template <class Key, class T, class Allocator>
void concurrent_scene<Key, T, Allocator>::compare(const map_type& map,
                                                  const concurrent_model& model) {
  map.check_invariants();
  const std::size_t walked = map.cvisit_all([&](const value_type& e) {
    const std::uint64_t* const wanted = model.find(support::number_of(e.first));
    require(wanted != nullptr && support::number_of(e.second) == *wanted, "a walk's entry");
  });
  require(walked == model.size(), "a walk's length");
  for (const auto& [k, held] : model) {
    const std::optional<T> found = map.load(key(k));
    require(found && support::number_of(*found) == held.value, "an entry is lost");
  }
}

template <class Key, class T, class Allocator>
void concurrent_scene<Key, T, Allocator>::learn_some(const std::vector<number_pair>& numbers) {
  for (const auto& [k, v] : numbers) {
    if (model.contains(k)) continue;
    const std::optional<T> found = map.load(key(k));
    if (found && support::number_of(*found) == v) model.insert(k, v);
  }
}

}  // namespace fuzz
