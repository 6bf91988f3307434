// map_ops.hpp -- one differential body: bytes become calls on gomap::map and std::unordered_map.
//
// Whatever the bytes, both maps must answer alike: results of calls, sizes, contents, a walk. The
// first byte picks key type and hash; then each byte names an operation and takes the bytes it
// needs for keys and amounts; bytes that are missing read as zero. The allocator extends arrays in
// place or refuses to, as the bytes say. map_fuzz.cpp lets libFuzzer choose the bytes,
// map_ops_test.cpp replays random and stored ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gomap/map.hpp>
#include <gomap/scan_cursor.hpp>

#include "fuzz/byte_stream.hpp"
#include "support/chosen_hash.hpp"
#include "support/colliding_hash.hpp"
#include "support/extending_allocator.hpp"
#include "support/make_value.hpp"

namespace fuzz {

// An operation is a byte modulo operation_count; from first_sweeping_operation on they erase many
// keys, or replace or reshape whole maps.
inline constexpr std::size_t operation_count = 54;
inline constexpr std::size_t first_sweeping_operation = 33;

// Runs the operations that `bytes` spell. Throws: difference, gomap::invariant_error.
inline void replay(std::span<const std::uint8_t> bytes);

// ---- bodies
// --------------------------------------------------------------------------------------

template <class Key>
class map_pair {
 public:
  using hash = support::chosen_hash<Key>;
  using allocator = support::extending_allocator<std::pair<const Key, std::uint64_t>>;
  using map_type = gomap::map<Key, std::uint64_t, hash, std::equal_to<>, allocator>;
  using model_type = std::unordered_map<Key, std::uint64_t, support::good_hash>;
  using entry = std::pair<Key, std::uint64_t>;

  map_pair(support::hash_kind kind, byte_stream bytes, support::extension_ledger& ledger)
      : bytes_(bytes),
        universe_(keys_for(kind)),
        ledger_(ledger),
        map_(0, hash{kind}, {}, allocator(ledger)),
        other_(0, hash{kind}, {}, allocator(ledger)) {
    const std::uint8_t first = bytes_.byte();
    map_.growth_step(first % 4);
    ledger_.refuse_extends(first % 8 < 4);
    other_.growth_step(1);
  }

  void run() {
    for (std::size_t i = 0; !bytes_.empty(); ++i) {
      one_operation();
      require(map_.size() == model_.size() && map_.empty() == model_.empty(), "size");
      if (i % 64 == 0) compare_all();
    }
    compare_all();
  }

 private:
  using operation = void (map_pair::*)();

  // Few keys where a hash puts many into one chain, or each operation would take as long as a map.
  static std::uint64_t keys_for(support::hash_kind kind) {
    switch (kind) {
      case support::hash_kind::colliding:
      case support::hash_kind::high_bits:
        return 150;
      case support::hash_kind::low_bits:
        return 600;
      default:
        return 20'000;
    }
  }
  Key key() { return key_of(bytes_.number()); }
  Key key_of(std::uint64_t number) const { return support::make_value<Key>(number % universe_); }
  std::uint64_t value() { return ++last_value_; }  // each write is told from any other
  std::size_t amount() { return bytes_.byte(); }

  std::vector<entry> some_entries() {
    std::vector<entry> entries;
    const std::uint64_t first = bytes_.number();
    for (std::size_t i = amount() % 32; i > 0; --i) {
      entries.emplace_back(key_of(first + 3 * i), value());
    }
    return entries;
  }

  // ---- insertion

  template <class Result, class ModelResult>
  void require_same_insert(const Result& got, const ModelResult& wanted, const char* name) {
    require(got.second == wanted.second && got.first->first == wanted.first->first &&
                got.first->second == wanted.first->second,
            name);
  }

  void insert_lvalue() {
    const typename map_type::value_type e(key(), value());
    require_same_insert(map_.insert(e), model_.insert(e), "insert(const&)");
  }
  void insert_rvalue() {
    entry e(key(), value());
    entry copy = e;
    require_same_insert(map_.insert(std::move(e)), model_.insert(std::move(copy)), "insert(&&)");
  }
  void insert_hint() {
    const typename map_type::value_type e(key(), value());
    const auto got = map_.insert(map_.begin(), e);
    require(got->second == model_.insert(model_.begin(), e)->second, "insert(hint)");
  }
  void insert_iterators() {
    const auto entries = some_entries();
    map_.insert(entries.begin(), entries.end());
    model_.insert(entries.begin(), entries.end());
  }
  void insert_list() {
    const Key first = key();
    const Key second = key();
    const std::uint64_t a = value();
    const std::uint64_t b = value();
    map_.insert({{first, a}, {second, b}});
    model_.insert({{first, a}, {second, b}});
  }
  void insert_range() {
    const auto entries = some_entries();
    map_.insert_range(entries);
    model_.insert(entries.begin(), entries.end());
  }
  void insert_or_assign() {
    const Key k = key();
    const std::uint64_t v = value();
    require_same_insert(map_.insert_or_assign(k, v), model_.insert_or_assign(k, v),
                        "insert_or_assign");
  }
  void emplace() {
    const Key k = key();
    const std::uint64_t v = value();
    require_same_insert(map_.emplace(k, v), model_.emplace(k, v), "emplace");
  }
  void emplace_hint() {
    const Key k = key();
    const std::uint64_t v = value();
    const auto got = map_.emplace_hint(map_.end(), k, v);
    require(got->second == model_.emplace_hint(model_.end(), k, v)->second, "emplace_hint");
  }
  void try_emplace() {
    const Key k = key();
    const std::uint64_t v = value();
    require_same_insert(map_.try_emplace(k, v), model_.try_emplace(k, v), "try_emplace");
  }
  void subscript() {
    const Key k = key();
    const std::uint64_t v = value();
    require(map_[k] == model_[k], "operator[]");
    map_[k] = v;
    model_[k] = v;
  }
  void insert_many() {
    const std::uint64_t first = bytes_.number();
    const std::uint64_t stride = amount() + 1;
    for (std::size_t i = amount(); i > 0; --i) {
      const entry e(key_of(first + i * stride), value());
      map_.insert(e);
      model_.insert(e);
    }
  }

  // ---- change

  void at() {
    const Key k = key();
    const auto found = model_.find(k);
    try {
      map_.at(k) += 1;
      require(found != model_.end(), "at: no exception");
      found->second += 1;
    } catch (const std::out_of_range&) {
      require(found == model_.end(), "at: out_of_range");
    }
  }
  void change_by_lookup() {
    const Key k = key();
    const auto found = model_.find(k);
    std::uint64_t* const got = map_.lookup(k);
    require((got != nullptr) == (found != model_.end()), "lookup");
    if (got == nullptr) return;
    *got = value();
    found->second = *got;
  }
  void change_all() {
    map_.for_each([](auto& e) { e.second += 2; });
    for (auto& e : model_) e.second += 2;
  }
  void change_by_scan() {
    std::size_t met = 0;
    gomap::scan_cursor cursor{};
    do {
      cursor = map_.scan(cursor, [&](auto& e) {
        e.second += 3;
        ++met;
      });
    } while (!cursor.done());
    for (auto& e : model_) e.second += 3;
    require(met == model_.size(), "scan");
  }

  // ---- erasure

  void erase_key() {
    const Key k = key();
    require(map_.erase(k) == model_.erase(k), "erase(key)");
  }
  void erase_found() {
    const Key k = key();
    const auto found = map_.find(k);
    require((found != map_.end()) == (model_.erase(k) == 1), "find before erase(iterator)");
    if (found != map_.end()) map_.erase(found);
  }
  void erase_const_found() {
    const Key k = key();
    const auto found = std::as_const(map_).find(k);
    require((found != map_.cend()) == (model_.erase(k) == 1), "find before erase(const_iterator)");
    if (found != map_.cend()) map_.erase(found);
  }
  // A walk that erases every n-th entry it meets.
  void erase_while_walking() {
    const std::size_t every = amount() % 7 + 1;
    std::size_t met = 0;
    const std::size_t before = map_.size();
    for (auto it = map_.begin(); it != map_.end();) {
      if (++met % every == 0) {
        require(model_.erase(it->first) == 1, "a walk met an unknown or erased key");
        it = map_.erase(it);
      } else {
        ++it;
      }
    }
    require(met == before, "a walk that erases");
  }
  void erase_range() {
    auto first = map_.begin();
    for (std::size_t skip = amount() % 8; skip > 0 && first != map_.end(); --skip) ++first;
    auto last = first;
    for (std::size_t n = amount() % 32; n > 0 && last != map_.end(); --n) {
      require(model_.erase(last->first) == 1, "erase(range): a walk met an unknown key");
      ++last;
    }
    require(map_.erase(first, last) == last, "erase(range): the end");
  }
  void erase_matching() {
    const std::uint64_t rest = amount() % 5;
    const auto doomed = [&](const auto& e) { return e.second % 5 == rest; };
    require(erase_if(map_, doomed) == std::erase_if(model_, doomed), "erase_if");
  }
  void delete_func() {
    const std::uint64_t rest = amount() % 3;
    gomap::delete_func(map_, [&](const Key&, std::uint64_t v) { return v % 3 == rest; });
    std::erase_if(model_, [&](const auto& e) { return e.second % 3 == rest; });
  }
  void clear() {
    map_.clear();
    model_.clear();
  }

  // ---- whole maps

  void reserve() { map_.reserve(bytes_.number()); }
  void rehash() { map_.rehash(amount()); }
  void shrink_to_fit() { map_.shrink_to_fit(); }
  void finish_growth() { map_.finish_growth(); }
  void growth_step() {
    const std::size_t how = amount();
    map_.growth_step(static_cast<unsigned>(how % 6));
    ledger_.refuse_extends(how / 6 % 2 == 0);
  }
  void merge() {
    map_.merge(other_);
    model_.merge(other_model_);
    require(other_.size() == other_model_.size(), "merge: what stays behind");
  }
  void swap_both() {
    map_.swap(other_);
    model_.swap(other_model_);
  }
  void copy_assign() {
    other_ = map_;
    other_model_ = model_;
  }
  void copy_construct() {
    map_type copy(map_);
    require(copy == map_, "copy constructor");
    map_ = std::move(copy);
  }
  void move_assign() {
    map_ = std::move(other_);
    model_ = std::move(other_model_);
    other_.clear();
    other_model_.clear();
  }
  void move_construct() {
    map_type moved(std::move(map_));
    map_ = std::move(moved);
  }
  void self_assign() {
    const map_type& same = map_;
    map_ = same;
  }
  void clone() {
    other_ = map_.clone();
    other_model_ = model_;
    require(gomap::equal(other_, map_), "clone");
  }
  void copy_function() {
    gomap::copy(map_, other_);
    for (const auto& [k, v] : other_model_) model_.insert_or_assign(k, v);
  }
  void assign_list() {
    const Key k = key();
    const std::uint64_t v = value();
    map_ = {{k, v}};
    model_ = {{k, v}};
  }

  // ---- reads

  void read_key() {
    const Key k = key();
    const auto found = model_.find(k);
    const bool there = found != model_.end();
    const map_type& map = map_;
    require(map.contains(k) == there, "contains");
    require(map.count(k) == (there ? 1U : 0U), "count");
    require(map.get(k) == (there ? found->second : 0), "get");
    require((map.lookup(k) != nullptr) == there, "const lookup");
    require((map.find(k) != map.end()) == there, "const find");
    const auto [first, last] = map.equal_range(k);
    require(std::distance(first, last) == (there ? 1 : 0), "equal_range");
  }
  void read_many() {
    std::vector<Key> keys;
    const std::uint64_t first = bytes_.number();
    for (std::size_t i = amount(); i > 0; --i) keys.push_back(key_of(first + i));
    std::vector<std::uint64_t*> found;
    map_.find_many(keys, std::back_inserter(found));
    require(found.size() == keys.size(), "find_many: one answer a key");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto wanted = model_.find(keys[i]);
      require((found[i] != nullptr) == (wanted != model_.end()), "find_many");
      require(found[i] == nullptr || *found[i] == wanted->second, "find_many: value");
    }
  }
  void compare_all() {
    map_.check_invariants();
    other_.check_invariants();
    std::size_t walked = 0;
    for (const auto& [k, v] : std::as_const(map_)) {
      const auto wanted = model_.find(k);
      require(wanted != model_.end() && wanted->second == v, "a walk");
      ++walked;
    }
    require(walked == model_.size(), "a walk's length");
    for (const auto& [k, v] : model_) {
      const auto found = map_.find(k);
      require(found != map_.end() && found->second == v, "find");
    }
  }

  void one_operation() {
    // Insertion and erasure of single keys stand here twice: most of a map's life is made of them.
    static constexpr std::array<operation, operation_count> operations{
        &map_pair::insert_lvalue,
        &map_pair::insert_rvalue,
        &map_pair::insert_hint,
        &map_pair::insert_iterators,
        &map_pair::insert_list,
        &map_pair::insert_range,
        &map_pair::insert_or_assign,
        &map_pair::emplace,
        &map_pair::emplace_hint,
        &map_pair::try_emplace,
        &map_pair::subscript,
        &map_pair::insert_many,
        &map_pair::insert_lvalue,
        &map_pair::insert_rvalue,
        &map_pair::insert_or_assign,
        &map_pair::emplace,
        &map_pair::try_emplace,
        &map_pair::subscript,
        &map_pair::insert_many,
        &map_pair::insert_iterators,
        &map_pair::at,
        &map_pair::change_by_lookup,
        &map_pair::change_all,
        &map_pair::change_by_scan,
        &map_pair::erase_key,
        &map_pair::erase_found,
        &map_pair::erase_const_found,
        &map_pair::erase_key,
        &map_pair::erase_key,
        &map_pair::erase_found,
        &map_pair::erase_const_found,
        &map_pair::erase_while_walking,
        &map_pair::erase_range,
        &map_pair::erase_matching,
        &map_pair::delete_func,
        &map_pair::clear,
        &map_pair::reserve,
        &map_pair::rehash,
        &map_pair::shrink_to_fit,
        &map_pair::finish_growth,
        &map_pair::growth_step,
        &map_pair::merge,
        &map_pair::swap_both,
        &map_pair::copy_assign,
        &map_pair::copy_construct,
        &map_pair::move_assign,
        &map_pair::move_construct,
        &map_pair::self_assign,
        &map_pair::clone,
        &map_pair::copy_function,
        &map_pair::assign_list,
        &map_pair::read_key,
        &map_pair::read_many,
        &map_pair::compare_all};
    (this->*operations[bytes_.byte() % operation_count])();
  }

  byte_stream bytes_;
  std::uint64_t universe_;
  support::extension_ledger& ledger_;  // borrowed: outlives the maps
  map_type map_;
  model_type model_;
  map_type other_;  // the partner of swap, merge and assignment
  model_type other_model_;
  std::uint64_t last_value_ = 0;
};

template <class Key>
void replay_as(support::hash_kind kind, byte_stream bytes) {
  support::extension_ledger ledger;
  map_pair<Key>(kind, bytes, ledger).run();
  if (!ledger.balanced()) throw difference("memory that the maps gave back");
}

inline void replay(std::span<const std::uint8_t> bytes) {
  using support::hash_kind;
  byte_stream stream(bytes);
  switch (stream.byte() % 6) {
    case 0:
      return replay_as<std::uint64_t>(hash_kind::seeded, stream);
    case 1:
      return replay_as<std::uint64_t>(hash_kind::identity, stream);
    case 2:
      return replay_as<std::uint64_t>(hash_kind::low_bits, stream);
    case 3:
      return replay_as<std::string>(hash_kind::seeded, stream);
    case 4:
      return replay_as<std::string>(hash_kind::high_bits, stream);
    default:
      return replay_as<std::uint64_t>(hash_kind::colliding, stream);
  }
}

}  // namespace fuzz
