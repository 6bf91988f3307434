// concurrent_map.hpp -- a map that any number of threads use at once.
//
//   gomap::concurrent_map<std::string, int> hits;
//   hits.update("/index.html", [](int& n) { ++n; });
//   if (const auto n = hits.load("/index.html")) report(*n);
//
// Promises
//   * Each call on one key takes effect at one instant between its start and its end. A call that
//     finds the effect of another happens after that, and after all that came before that in its
//     thread.
//   * Growth moves a few buckets per new key, under the lock of one shard. So no call waits for a
//     rehash.
//   * Reads (load(), contains(), count(), cvisit() and their batches) take no lock, and write
//     nothing that threads share, if
//       - keys and values are trivially copyable, and an entry has no more than 1 KiB,
//       - comparing keys reads only the keys (self_contained.hpp), and
//       - the allocator is type-stable, as the default is.
//     Else they take a shared lock of one shard. reads_take_no_lock tells which.
//   * Values may be larger than a stack. A call puts no more than a few KiB on the stack; load(),
//     load_or(), load_or_store(), exchange() and load_and_erase() also the value that they return.
//   * A walk visits each entry that is there throughout once, whatever happens meanwhile. It holds
//     the lock of one shard for a few entries at a time.
//   * The map hands out no reference and no iterator. A function that is called with an entry runs
//     under its shard's lock and must not use the same map: that is found, named and fatal. Reads
//     are allowed if they take no lock. Maps that call one another from such functions must always
//     do so in one order; the opposite order is found as well.
//   * When a function throws, the lock is released and the exception goes to the caller.
// Any thread may call any member at any time, but for construction, destruction, assignment and
// swap. Several threads use the hash, the equality and the allocator of one map at once.
// Names follow std::atomic where a value goes in or out, and boost::concurrent_flat_map where an
// entry is visited. How it works, and what may run beside what: concurrency/README.md.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/concurrent_map_stats.hpp>
#include <gomap/detail/aside.hpp>
#include <gomap/detail/batch.hpp>
#include <gomap/detail/check_invariants.hpp>
#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/concurrent_core.hpp>
#include <gomap/detail/copyable.hpp>
#include <gomap/detail/growth.hpp>
#include <gomap/detail/key_and_value.hpp>
#include <gomap/detail/key_forms.hpp>
#include <gomap/detail/map_contents.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/seed.hpp>
#include <gomap/detail/transaction.hpp>
#include <gomap/entry.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/map_stats.hpp>
#include <gomap/misuse.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/rw_mutex.hpp>
#include <gomap/scan_cursor.hpp>
#include <gomap/self_contained.hpp>

namespace gomap {

// The layout of a concurrent_map. Plain data: name what you need.
struct concurrent_options {
  std::size_t shards = 0;    // rounded up to a power of two; 0: chosen from the hardware
  std::size_t capacity = 0;  // room for so many entries
  std::uint64_t seed = 0;    // of the hash; 0: a random one
};

// What try_visit() found.
enum class visit_result { visited, absent, busy };

// Key, T, Hash, KeyEqual, Allocator: as for gomap::map, but Key and T must be complete where the map
// is declared. Several threads must be able to use the allocator at once. Mutex: a shared mutex, such as rw_mutex, std::shared_mutex and those of
// oneTBB.
template <class Key, class T, class Hash = gomap::hash<Key>, class KeyEqual = std::equal_to<>,
          class Allocator = gomap::page_allocator<std::pair<const Key, T>>,
          class Mutex = gomap::rw_mutex>
class concurrent_map {
  using core_type = detail::concurrent_core<Key, T, Hash, KeyEqual, Allocator, Mutex>;
  using entries = typename core_type::entries;
  using position = typename core_type::position;
  using shard_type = typename core_type::shard_type;
  using exclusive_shard = typename core_type::exclusive_shard;
  using shared_shard = typename core_type::shared_shard;
  using entry_allocator = typename core_type::allocator_type;
  using parts = detail::key_and_value<Key, T, Hash, KeyEqual>;
  using contents = detail::map_contents<concurrent_map>;
  using allocator_traits = std::allocator_traits<entry_allocator>;

  // Not deduced from: the deduction guides take a list of pairs with either kind of key.
  using list_type = std::initializer_list<std::type_identity_t<std::pair<const Key, T>>>;

  // Whether move assignment always takes over the other map's shards.
  static constexpr bool moves_in_one_go =
      allocator_traits::propagate_on_container_move_assignment::value ||
      allocator_traits::is_always_equal::value;
  static constexpr bool nothrow_exchange =
      std::is_nothrow_swappable_v<Hash> && std::is_nothrow_swappable_v<KeyEqual>;

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using init_type = std::pair<Key, T>;  // the type of `{key, value}` in a call of insert()
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = value_type&;
  using const_reference = const value_type&;
  using pointer = typename std::allocator_traits<Allocator>::pointer;
  using const_pointer = typename std::allocator_traits<Allocator>::const_pointer;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using mutex_type = Mutex;
  using map_type = map<Key, T, Hash, KeyEqual, Allocator>;

  // Whether reads take no lock when they are called with a Key, or with a number where Key is one.
  // With any other type, whose comparison may look elsewhere, they take the lock, unless
  // is_self_contained<Key> was specialised.
  static constexpr bool reads_take_no_lock = core_type::optimistic;

  // ---- construction, by one thread
  // O(shards), plus the buckets that `capacity` asks for and the entries that are inserted.
  // Throws: std::length_error for more shards or entries than there can be; what the allocator,
  // hash, equality and copying entries throw.

  concurrent_map() : concurrent_map(concurrent_options{}) {}
  explicit concurrent_map(const concurrent_options& options, const Hash& hash = Hash(),
                          const KeyEqual& equal = KeyEqual(),
                          const Allocator& allocator = Allocator())
      : core_(options.shards, options.seed != 0 ? options.seed : detail::random_seed(), hash, equal,
              entry_allocator(allocator)) {
    const auto alone = core_.used_alone();
    if (options.capacity != 0) reserve(options.capacity);
  }
  concurrent_map(const concurrent_options& options, const Allocator& allocator)
      : concurrent_map(options, Hash(), KeyEqual(), allocator) {}
  concurrent_map(const concurrent_options& options, const Hash& hash, const Allocator& allocator)
      : concurrent_map(options, hash, KeyEqual(), allocator) {}
  explicit concurrent_map(const Allocator& allocator)
      : concurrent_map(concurrent_options{}, Hash(), KeyEqual(), allocator) {}

  template <detail::input_iterator It>
  concurrent_map(It first, It last, const concurrent_options& options = {},
                 const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                 const Allocator& allocator = Allocator())
      : concurrent_map(options, hash, equal, allocator) {
    const auto alone = core_.used_alone();
    insert(first, last);
  }
  template <detail::input_iterator It>
  concurrent_map(It first, It last, const Allocator& allocator)
      : concurrent_map(first, last, concurrent_options{}, Hash(), KeyEqual(), allocator) {}
  template <detail::input_iterator It>
  concurrent_map(It first, It last, const concurrent_options& options, const Allocator& allocator)
      : concurrent_map(first, last, options, Hash(), KeyEqual(), allocator) {}
  template <detail::input_iterator It>
  concurrent_map(It first, It last, const concurrent_options& options, const Hash& hash,
                 const Allocator& allocator)
      : concurrent_map(first, last, options, hash, KeyEqual(), allocator) {}

  concurrent_map(list_type list, const concurrent_options& options = {}, const Hash& hash = Hash(),
                 const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : concurrent_map(list.begin(), list.end(), options, hash, equal, allocator) {}
  concurrent_map(list_type list, const Allocator& allocator)
      : concurrent_map(list, concurrent_options{}, Hash(), KeyEqual(), allocator) {}
  concurrent_map(list_type list, const concurrent_options& options, const Allocator& allocator)
      : concurrent_map(list, options, Hash(), KeyEqual(), allocator) {}
  concurrent_map(list_type list, const concurrent_options& options, const Hash& hash,
                 const Allocator& allocator)
      : concurrent_map(list, options, hash, KeyEqual(), allocator) {}

  // As in std and Boost: a number of entries to make room for instead of the options, and the rest
  // as above. For a number alone write `{.capacity = n}`.
  template <std::integral N, class Next, class... Rest>
  requires std::constructible_from<concurrent_map, concurrent_options, const Next&, const Rest&...>
  concurrent_map(N n, const Next& next, const Rest&... rest)
      : concurrent_map(room_for(n), next, rest...) {}
  template <detail::input_iterator It, std::integral N, class... Rest>
  requires std::constructible_from<concurrent_map, It, It, concurrent_options, const Rest&...>
  concurrent_map(It first, It last, N n, const Rest&... rest)
      : concurrent_map(first, last, room_for(n), rest...) {}
  template <std::integral N, class... Rest>
  requires std::constructible_from<concurrent_map, concurrent_options, const Rest&...>
  concurrent_map(list_type list, N n, const Rest&... rest)
      : concurrent_map(list, room_for(n), rest...) {}

  // A copy of `other` at one instant. Other threads may use `other` meanwhile; writers wait until
  // the copy is made. O(size).
  concurrent_map(const concurrent_map& other)
      : concurrent_map(other, Allocator(allocator_traits::select_on_container_copy_construction(
                                  other.core_.allocator()))) {}
  concurrent_map(const concurrent_map& other, const std::type_identity_t<Allocator>& allocator);
  // O(1), and allocates nothing. `other` is then empty and can be used: it keeps its number of
  // shards, which it makes when they are needed. It keeps its hash and equality, unless copying
  // them can throw and moving them cannot.
  concurrent_map(concurrent_map&& other) noexcept(std::is_nothrow_move_constructible_v<core_type>)
      : core_(std::move(other.core_)) {}
  // The same if the allocators are equal. Else entries are moved one by one; when that fails, they
  // are all moved back to `other`.
  concurrent_map(concurrent_map&& other, const std::type_identity_t<Allocator>& allocator);
  // Moves the entries of `entries_of`, which is empty afterwards. When that fails, they are all
  // moved back.  O(entries).
  template <std::same_as<map_type> Map>
  explicit concurrent_map(Map&& entries_of, const concurrent_options& options = {})
      : concurrent_map(options, entries_of.hash_function(), entries_of.key_eq(),
                       entries_of.get_allocator()) {
    const auto alone = core_.used_alone();
    reserve(entries_of.size());
    contents::move_all(entries_of, *this);
  }
  // Misuse: a thread is in one of the map's calls. It is found if the thread holds a lock; fatal.
  ~concurrent_map() { core_.check_unused(operation::destroy); }

  // By one thread. Allocators propagate as their traits say, as in std's containers. If an
  // allocator does not propagate on move and is not equal, entries are moved one by one.
  concurrent_map& operator=(const concurrent_map& other) {
    if (this != std::addressof(other)) {
      constexpr bool goes = allocator_traits::propagate_on_container_copy_assignment::value;
      concurrent_map copy(other, goes ? other.get_allocator() : get_allocator());
      exchange_contents<goes>(copy);
    }
    return *this;
  }
  concurrent_map& operator=(concurrent_map&& other) noexcept(
      moves_in_one_go&& nothrow_exchange&& std::is_nothrow_move_constructible_v<core_type>) {
    if (this != std::addressof(other)) {
      if constexpr (moves_in_one_go) {
        concurrent_map taken(std::move(other));
        exchange_contents<allocator_traits::propagate_on_container_move_assignment::value>(taken);
      } else {
        concurrent_map taken(std::move(other), get_allocator());
        exchange_contents<false>(taken);
      }
    }
    return *this;
  }
  concurrent_map& operator=(std::initializer_list<value_type> list) {
    concurrent_map fresh(list, {.shards = shard_count()}, hash_function(), key_eq(),
                         get_allocator());
    exchange_contents<false>(fresh);
    return *this;
  }
  // By one thread. O(1).  Requires: the allocators are equal or propagate on swap.
  void swap(concurrent_map& other) noexcept(nothrow_exchange) {
    exchange_contents<allocator_traits::propagate_on_container_swap::value>(other);
  }
  friend void swap(concurrent_map& a, concurrent_map& b) noexcept(noexcept(a.swap(b))) {
    a.swap(b);
  }

  // Moves all entries to a map for one thread; this map is empty afterwards. When that fails, they
  // are all moved back. By one thread. O(size).
  [[nodiscard]] explicit operator map_type() && {
    map_type all(size(), hash_function(), key_eq(), get_allocator());
    const auto alone = core_.used_alone();
    contents::move_all(*this, all);
    return all;
  }

  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return allocator_type(core_.allocator());
  }
  [[nodiscard]] hasher hash_function() const { return core_.hash(); }
  [[nodiscard]] key_equal key_eq() const { return core_.equal(); }
  [[nodiscard]] size_type shard_count() const noexcept { return core_.shard_count(); }

  // ---- size: O(shards), without a lock; exact if no other thread writes

  [[nodiscard]] size_type size() const noexcept { return core_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  // The sum over the shards, and the fullest shard. O(buckets); takes one shard's shared lock at a
  // time, for a few dozen buckets.
  [[nodiscard]] concurrent_map_stats stats() const;
  // The figures of one shard; all but longest_chain are of one instant. O(its buckets).
  // Throws: std::out_of_range for an index past shard_count() - 1.
  [[nodiscard]] map_stats stats(size_type shard) const;
  // Checks the whole map, under the shared lock of one shard at a time. O(size).
  // Throws: invariant_error, whose what() says what is wrong; what hash and equality throw.
  void check_invariants() const;
  [[nodiscard]] size_type max_size() const noexcept {
    return std::min<size_type>(allocator_traits::max_size(core_.allocator()),
                               detail::load_limit(detail::max_bits));
  }
  // The number of buckets, of eight slots each; overflow buckets are not counted. O(shards); takes
  // one shared lock at a time.
  [[nodiscard]] size_type bucket_count() const;
  // Entries per bucket. A shard grows past 6.5, or 8 when it has one bucket.
  [[nodiscard]] float load_factor() const {
    return static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 6.5F; }
  // Accepted for std's sake, and ignored: the load limit is fixed.
  void max_load_factor(float) noexcept {}
  // How many entries the map holds before a shard grows, if they are spread evenly. O(shards), as
  // bucket_count().
  [[nodiscard]] size_type max_load() const;

  // Whether both hold the same keys, by ==, with equal values. Exact if no thread writes to either.
  // O(size); takes a lock of each map for a few entries at a time.
  // Throws: what hash, equality and == throw.
  [[nodiscard]] friend bool operator==(const concurrent_map& a, const concurrent_map& b) {
    return a.holds_the_same(b);
  }

  // ---- by value: O(1) on average, each at one instant
  // Throw: what hash, equality, copies and the allocator throw; the map is then as before.

  // The value, or nullopt if the key is absent.
  template <class K = Key>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
  [[nodiscard]] std::optional<T> load(const K& key) const {
    const auto& k = as_lookup_key(key);
    return load_hashed(k, core_.hash_key(k));
  }
  // The value, or `otherwise` if the key is absent.
  template <class K = Key, class U = T>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
  [[nodiscard]] T load_or(const K& key, U&& otherwise) const;
  template <class K = Key>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
  [[nodiscard]] bool contains(const K& key) const {
    return read(
        key, [](const auto*) {}, [](const value_type&) {});
  }
  template <class K = Key>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
  [[nodiscard]] size_type count(const K& key) const { return contains(key) ? 1 : 0; }

  // Sets the value, whether the key is there or not.
  template <class K = Key, class M = T>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  void store(K&& key, M&& value) { insert_or_assign(std::forward<K>(key), std::forward<M>(value)); }
  // If the key is there: its value, and true. Else stores `value`, and returns it and false.
  template <class K = Key, class M = T>
  requires detail::storable_key<K, Key, Hash, KeyEqual> std::pair<T, bool> load_or_store(K&& key,
                                                                                         M&& value);
  // Erases the entry and returns its value; nullopt if the key is absent.
  template <class K = Key>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> std::optional<T> load_and_erase(
      const K& key);
  // Sets the value and returns the previous one; nullopt if the key was absent.
  template <class K = Key, class M = T>
  requires detail::storable_key<K, Key, Hash, KeyEqual> std::optional<T> exchange(K&& key,
                                                                                  M&& value);
  // If the key is there and its value equals `expected`, sets the value. Returns whether it did.
  template <class K = Key, class E = T, class D = T>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
  bool compare_exchange(const K& key, const E& expected, D&& desired);
  // Erases the entry if its value equals `expected`. Returns whether it did.
  template <class K = Key, class E = T>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
  bool compare_and_erase(const K& key, const E& expected) {
    bool equal = false;
    modify(key, operation::erase, [&](const auto& in, position at, std::uint64_t hash) {
      equal = static_cast<bool>(std::as_const(at.entry()->second) == expected);
      if (equal) in.erase(at, hash);
    });
    return equal;
  }
  // Erases the entry. Returns how many entries were erased: 0 or 1.
  template <class K = Key>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> size_type erase(const K& key) {
    return modify(key, operation::erase,
                  [](const auto& in, position at, std::uint64_t hash) { in.erase(at, hash); });
  }

  // ---- by visitation: f is called with the entry, under its shard's lock
  // If reads take no lock, f is called with a copy of the entry: a read calls it without a lock; a
  // write stores the copy when f returns.
  // Throw: also what f throws. Then the call has inserted and erased nothing. If f threw after it
  // had changed the value: a change of a copy is lost, a change of the entry itself stays.

  // Calls f(entry) if the key is there. Returns how many entries were visited: 0 or 1.
  template <class K = Key, class F>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> size_type visit(const K& key, F f) {
    return modify(key, operation::visit,
                  [&](const auto& in, position at, std::uint64_t) { in.visit(at, f); });
  }
  template <class K = Key, class F>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> size_type visit(const K& key, F f)
  const { return cvisit(key, std::ref(f)); }
  template <class K = Key, class F>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> size_type cvisit(const K& key, F f)
  const;
  // As visit(), but never waits for a lock: returns `busy` instead.
  template <class K = Key, class F>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> visit_result try_visit(const K& key,
                                                                                    F f);

  // Calls f(value). If the key is absent, f is called with a T{}, which is then inserted.
  template <class K = Key, class F>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  void update(K&& key, F f);
  // Calls f(entry<T>&), which may set, change or reset the value. What the entry holds afterwards
  // is what the map holds for the key. Returns what f returns.
  template <class K = Key, class F>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  decltype(auto) compute(K&& key, F f) { return with_locked(std::forward<K>(key), std::move(f)); }

  // Erases the entry if f(entry) is true. Returns how many were erased: 0 or 1.
  template <class K = Key, class F>
  requires detail::lookup_key<const K&, Key, Hash, KeyEqual> size_type erase_if(const K& key, F f);

  // ---- insertion: amortised O(1)
  // Each call returns whether it inserted; calls with a range or a list, how many they inserted.
  // If the key is there already, arguments are not moved from; except one of which a Key must be
  // made before hash and equality can be called.
  // or_visit: f is called if the key is there, with the entry found. and_visit: the first function
  // is called with the entry inserted, or else the second with the entry found. The forms with a c
  // pass a found entry as const.
  // An entry is inserted as the first function leaves it. If that function throws, the entry is
  // inserted as it was made, or not at all if its value cannot be copied.

  template <class P>
  requires std::constructible_from<value_type, P&&>
  bool insert(P&& e) { return emplace(std::forward<P>(e)); }
  bool insert(init_type&& e) { return emplace(std::move(e)); }
  template <detail::input_iterator It>
  size_type insert(It first, It last) {
    size_type inserted = 0;
    for (; first != last; ++first) {
      if (emplace(*first)) ++inserted;
    }
    return inserted;
  }
  size_type insert(std::initializer_list<value_type> list) {
    return insert(list.begin(), list.end());
  }

  template <class K = Key, class M = T>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  bool insert_or_assign(K&& key, M&& value);

  template <class P, class F>
  requires std::constructible_from<value_type, P&&>
  bool insert_or_visit(P&& e, F f) {
    return emplace_visiting<access::as_is>(leave_it, f, std::forward<P>(e));
  }
  template <class F>
  bool insert_or_visit(init_type&& e, F f) {
    return emplace_visiting<access::as_is>(leave_it, f, std::move(e));
  }
  template <detail::input_iterator It, class F>
  size_type insert_or_visit(It first, It last, F f) {
    return emplace_each<access::as_is>(leave_it, f, std::move(first), std::move(last));
  }
  template <class F>
  size_type insert_or_visit(std::initializer_list<value_type> list, F f) {
    return emplace_each<access::as_is>(leave_it, f, list.begin(), list.end());
  }
  template <class P, class F>
  requires std::constructible_from<value_type, P&&>
  bool insert_or_cvisit(P&& e, F f) {
    return emplace_visiting<access::as_const>(leave_it, f, std::forward<P>(e));
  }
  template <class F>
  bool insert_or_cvisit(init_type&& e, F f) {
    return emplace_visiting<access::as_const>(leave_it, f, std::move(e));
  }
  template <detail::input_iterator It, class F>
  size_type insert_or_cvisit(It first, It last, F f) {
    return emplace_each<access::as_const>(leave_it, f, std::move(first), std::move(last));
  }
  template <class F>
  size_type insert_or_cvisit(std::initializer_list<value_type> list, F f) {
    return emplace_each<access::as_const>(leave_it, f, list.begin(), list.end());
  }
  template <class P, class F1, class F2>
  requires std::constructible_from<value_type, P&&>
  bool insert_and_visit(P&& e, F1 inserted, F2 found) {
    return emplace_visiting<access::as_is>(inserted, found, std::forward<P>(e));
  }
  template <class F1, class F2>
  bool insert_and_visit(init_type&& e, F1 inserted, F2 found) {
    return emplace_visiting<access::as_is>(inserted, found, std::move(e));
  }
  template <detail::input_iterator It, class F1, class F2>
  size_type insert_and_visit(It first, It last, F1 inserted, F2 found) {
    return emplace_each<access::as_is>(inserted, found, std::move(first), std::move(last));
  }
  template <class F1, class F2>
  size_type insert_and_visit(std::initializer_list<value_type> list, F1 inserted, F2 found) {
    return emplace_each<access::as_is>(inserted, found, list.begin(), list.end());
  }
  template <class P, class F1, class F2>
  requires std::constructible_from<value_type, P&&>
  bool insert_and_cvisit(P&& e, F1 inserted, F2 found) {
    return emplace_visiting<access::as_const>(inserted, found, std::forward<P>(e));
  }
  template <class F1, class F2>
  bool insert_and_cvisit(init_type&& e, F1 inserted, F2 found) {
    return emplace_visiting<access::as_const>(inserted, found, std::move(e));
  }
  template <detail::input_iterator It, class F1, class F2>
  size_type insert_and_cvisit(It first, It last, F1 inserted, F2 found) {
    return emplace_each<access::as_const>(inserted, found, std::move(first), std::move(last));
  }
  template <class F1, class F2>
  size_type insert_and_cvisit(std::initializer_list<value_type> list, F1 inserted, F2 found) {
    return emplace_each<access::as_const>(inserted, found, list.begin(), list.end());
  }

  template <class... Args>
  bool emplace(Args&&... args) {
    return upsert_entry(leave_it, do_nothing, std::forward<Args>(args)...);
  }
  // args: for the entry, then f.
  template <class... Args>
  bool emplace_or_visit(Args&&... args) {
    return emplace_with_functions<1, access::as_is>(std::forward<Args>(args)...);
  }
  template <class... Args>
  bool emplace_or_cvisit(Args&&... args) {
    return emplace_with_functions<1, access::as_const>(std::forward<Args>(args)...);
  }
  // args: for the entry, then two functions.
  template <class... Args>
  bool emplace_and_visit(Args&&... args) {
    return emplace_with_functions<2, access::as_is>(std::forward<Args>(args)...);
  }
  template <class... Args>
  bool emplace_and_cvisit(Args&&... args) {
    return emplace_with_functions<2, access::as_const>(std::forward<Args>(args)...);
  }

  // Inserts a value made of `args` if the key is absent.
  template <class K = Key, class... Args>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  bool try_emplace(K&& key, Args&&... args) {
    return upsert(operation::insert, std::forward<K>(key), leave_it, do_nothing,
                  std::forward<Args>(args)...);
  }
  // args: for the value, then the functions.
  template <class K = Key, class... Args>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  bool try_emplace_or_visit(K&& key, Args&&... args) {
    return try_emplace_with_functions<1, access::as_is>(std::forward<K>(key),
                                                        std::forward<Args>(args)...);
  }
  template <class K = Key, class... Args>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  bool try_emplace_or_cvisit(K&& key, Args&&... args) {
    return try_emplace_with_functions<1, access::as_const>(std::forward<K>(key),
                                                           std::forward<Args>(args)...);
  }
  template <class K = Key, class... Args>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  bool try_emplace_and_visit(K&& key, Args&&... args) {
    return try_emplace_with_functions<2, access::as_is>(std::forward<K>(key),
                                                        std::forward<Args>(args)...);
  }
  template <class K = Key, class... Args>
  requires detail::storable_key<K, Key, Hash, KeyEqual>
  bool try_emplace_and_cvisit(K&& key, Args&&... args) {
    return try_emplace_with_functions<2, access::as_const>(std::forward<K>(key),
                                                           std::forward<Args>(args)...);
  }

  // ---- batches: the keys of one shard under one lock, with memory prefetched
  // Each key has an instant of its own, between start and end of the call.

  // Writes a std::optional<T> for each key, in their order, and returns the end of `out`.
  template <std::ranges::input_range Keys, std::weakly_incrementable Out>
  Out load_many(Keys&& keys, Out out) const;
  // Calls f(entry), or f(entry, index of the key), for each key that is there, in any order.
  // Returns how many. A call may have any number of keys; it takes bulk_visit_size at a time.
  static constexpr size_type bulk_visit_size = detail::batch<core_type, const Key*>::capacity;
  template <detail::input_iterator It, class F>
  requires detail::lookup_key<std::iter_reference_t<It>, Key, Hash, KeyEqual> size_type
  visit(It first, It last, F f);
  template <detail::input_iterator It, class F>
  requires detail::lookup_key<std::iter_reference_t<It>, Key, Hash, KeyEqual> size_type
  visit(It first, It last, F f)
  const { return cvisit(first, last, std::ref(f)); }
  template <detail::input_iterator It, class F>
  requires detail::lookup_key<std::iter_reference_t<It>, Key, Hash, KeyEqual> size_type
  cvisit(It first, It last, F f)
  const;
  // Inserts the entries whose keys are absent; returns how many. Basic guarantee.
  template <std::ranges::input_range Entries>
  size_type insert_many(Entries&& range);
  // Erases the entries of these keys; returns how many were there.
  template <std::ranges::input_range Keys>
  size_type erase_many(Keys&& keys);

  // ---- walks: one shard's lock at a time, for a few entries (one class)
  // An entry that is there throughout is visited once, however the map grows meanwhile. One that is
  // inserted or erased meanwhile is visited once or not at all. O(buckets).

  // Call f(entry) for all entries. Return how many were visited.
  template <class F>
  size_type visit_all(F f);
  template <class F>
  size_type visit_all(F f) const {
    return cvisit_all(std::ref(f));
  }
  template <class F>
  size_type cvisit_all(F f) const;
  // Call f(entry) until it is false. Return whether it never was.
  template <class F>
  bool visit_while(F f);
  template <class F>
  bool visit_while(F f) const {
    return cvisit_while(std::ref(f));
  }
  template <class F>
  bool cvisit_while(F f) const;
  // The same, with shards in parallel as `policy`, one of std::execution's, says. If f throws, the
  // program ends, as in std::for_each. libstdc++ needs oneTBB for policies.
  template <class ExecutionPolicy, class F>
  void for_each(ExecutionPolicy&& policy, F f);
  template <class ExecutionPolicy, class F>
  void for_each(ExecutionPolicy&& policy, F f) const;
  template <class ExecutionPolicy, class F>
  void visit_all(ExecutionPolicy&& policy, F f) {
    for_each(std::forward<ExecutionPolicy>(policy), std::ref(f));
  }
  template <class ExecutionPolicy, class F>
  void visit_all(ExecutionPolicy&& policy, F f) const {
    for_each(std::forward<ExecutionPolicy>(policy), std::ref(f));
  }
  template <class ExecutionPolicy, class F>
  void cvisit_all(ExecutionPolicy&& policy, F f) const {
    for_each(std::forward<ExecutionPolicy>(policy), std::ref(f));
  }
  // Call f(entry) until it is false, and perhaps for a few entries more. Return whether it never
  // was.
  template <class ExecutionPolicy, class F>
  bool visit_while(ExecutionPolicy&& policy, F f);
  template <class ExecutionPolicy, class F>
  bool visit_while(ExecutionPolicy&& policy, F f) const {
    return cvisit_while(std::forward<ExecutionPolicy>(policy), std::ref(f));
  }
  template <class ExecutionPolicy, class F>
  bool cvisit_while(ExecutionPolicy&& policy, F f) const;
  // Calls f(entry) for a few entries (one class) and returns where to continue: start with
  // scan_cursor{}, stop when done(). No lock is held between two calls.
  template <class F>
  scan_cursor scan(scan_cursor from, F f);
  template <class F>
  scan_cursor scan(scan_cursor from, F f) const;
  // Erases the entries for which f(entry) is true. Returns how many.
  template <class F>
  size_type erase_if(F f);
  // The same, in parallel.
  template <class ExecutionPolicy, class F>
  requires(!detail::lookup_key<ExecutionPolicy, Key, Hash, KeyEqual>) void erase_if(
      ExecutionPolicy&& policy, F f);

  // Erases all entries, a few dozen under one lock. Entries inserted meanwhile may stay. The
  // buckets stay, and a growth under way is continued by new keys. O(buckets).
  void clear();
  // Makes room for `n` entries, a few buckets at a time, so that no other call waits long.
  // Throws: std::length_error for more than a map can hold; what the allocator throws.
  void reserve(size_type n);
  // As reserve(), but `n` is the number of buckets in all shards together. It never makes them
  // fewer.
  void rehash(size_type n);
  // Moves the entries of `other` whose keys are absent here; the others stay in `other`. Returns
  // how many. Other threads may use both maps meanwhile, and may merge them the other way round.
  template <class H, class E, class M>
  size_type merge(concurrent_map<Key, T, H, E, Allocator, M>& other);
  template <class H, class E, class M>
  size_type merge(concurrent_map<Key, T, H, E, Allocator, M>&& other) {
    return merge(other);
  }

  // A copy of all entries at one instant. Writers wait until it is made. O(size).
  [[nodiscard]] map_type snapshot() const;

  // with_locked(key..., f): calls f(entry<T>&...) with what the map holds for these keys, and then
  // stores what the entries hold. The locks of all their shards are held meanwhile, so all that is
  // one instant; but a reader that takes no lock may see one key's change before another's. Shards
  // are always locked in one order, so calls do not deadlock. A key given twice is one entry.
  // Returns what f returns.
  // Throws: what f, copies and the allocator throw; then nothing was inserted or erased.
  template <class... KeysAndFunction>
  decltype(auto) with_locked(KeysAndFunction&&... args);

 private:
  template <class, class, class, class, class, class>
  friend class concurrent_map;
  friend contents;

  static constexpr auto do_nothing = [](const auto&, position) {};
  static constexpr auto leave_it = [](value_type&) noexcept {};

  template <class K>
  static decltype(auto) as_lookup_key(K&& key) {
    return detail::as_lookup_key<Key, Hash, KeyEqual>(std::forward<K>(key));
  }
  template <class K>
  static decltype(auto) as_key(K&& key) {
    return detail::as_key<Key, Hash, KeyEqual>(std::forward<K>(key));
  }
  template <class K>
  [[nodiscard]] std::optional<T> load_hashed(const K& key, std::uint64_t hash) const {
    std::optional<T> found;
    const bool there = core_.read(
        key, hash, operation::read, [&](const auto* e) { found.emplace(entries::load_value(e)); },
        [&](const value_type& e) { found.emplace(e.second); });
    if (!there) found.reset();  // a try that did not count may have set it
    return found;
  }
  template <class K, class TakeCopy, class InPlace>
  bool read(const K& key, TakeCopy&& take_copy, InPlace&& in_place) const {
    const auto& k = as_lookup_key(key);
    return core_.read(k, core_.hash_key(k), operation::read, take_copy, in_place);
  }
  // Calls change(shard, position, hash) under the lock if the key is there. Returns 0 or 1.
  template <class K, class Change>
  size_type modify(const K& key, operation op, Change&& change) {
    const auto& k = as_lookup_key(key);
    const std::uint64_t hash = core_.hash_key(k);
    const exclusive_shard in(core_, core_.shard_of(hash), op);
    const position at = in.find(k, hash);
    if (!at) return 0;
    change(in, at, hash);
    return 1;
  }
  // If the key is absent, inserts an entry with a value made of `args`, as inserted(entry) leaves
  // it, or as it was made if that throws. Else calls found(shard, position). Returns whether it
  // inserted.
  template <class K, class Inserted, class Found, class... Args>
  bool upsert(operation op, K&& key, const Inserted& inserted, const Found& found, Args&&... args);
  // As upsert(), of an entry made of `args`.
  template <class Inserted, class Found, class... Args>
  bool upsert_entry(const Inserted& inserted, const Found& found, Args&&... args) {
    return parts::take_apart(
        [&](auto&& key, auto&&... value) {
          return upsert(operation::insert, std::forward<decltype(key)>(key), inserted, found,
                        std::forward<decltype(value)>(value)...);
        },
        std::forward<Args>(args)...);
  }

  // How a found entry is passed to a function.
  enum class access { as_is, as_const };

  // Makes what upsert() takes from a function that takes an entry.
  template <class F>
  static auto showing(F& f) {
    return [&f](value_type& e) noexcept(noexcept(f(e))) { f(e); };
  }
  template <access How, class F>
  static auto visiting(F& f) {
    return [&f](const auto& in, position at) {
      if constexpr (How == access::as_const) {
        f(std::as_const(*at.entry()));
      } else {
        in.visit(at, f);
      }
    };
  }
  template <access How, class F1, class F2, class... Args>
  bool emplace_visiting(F1& inserted, F2& found, Args&&... args) {
    return upsert_entry(showing(inserted), visiting<How>(found), std::forward<Args>(args)...);
  }
  template <access How, class F1, class F2, class It>
  size_type emplace_each(F1& inserted, F2& found, It first, It last) {
    size_type count = 0;
    for (; first != last; ++first) {
      if (emplace_visiting<How>(inserted, found, *first)) ++count;
    }
    return count;
  }
  // The last of `args` are functions: one for an entry found; or one for an entry inserted, and one
  // for an entry found. Calls run(inserted, found, the other arguments...), as upsert() takes them.
  template <std::size_t Functions, access How, class Run, class... Args>
  static bool with_functions(const Run& run, Args&&... args) {
    return detail::split_functions<Functions>(
        [&](auto functions, auto rest) {
          const auto found = visiting<How>(std::get<Functions - 1>(functions));
          return std::apply(
              [&](auto&&... part) {
                if constexpr (Functions == 1) {
                  return run(leave_it, found, std::forward<decltype(part)>(part)...);
                } else {
                  return run(showing(std::get<0>(functions)), found,
                             std::forward<decltype(part)>(part)...);
                }
              },
              std::move(rest));
        },
        std::forward<Args>(args)...);
  }
  template <std::size_t Functions, access How, class... Args>
  bool emplace_with_functions(Args&&... args) {
    return with_functions<Functions, How>(
        [&](const auto& inserted, const auto& found, auto&&... part) {
          return upsert_entry(inserted, found, std::forward<decltype(part)>(part)...);
        },
        std::forward<Args>(args)...);
  }
  template <std::size_t Functions, access How, class K, class... Args>
  bool try_emplace_with_functions(K&& key, Args&&... args) {
    return with_functions<Functions, How>(
        [&](const auto& inserted, const auto& found, auto&&... value) {
          return upsert(operation::insert, std::forward<K>(key), inserted, found,
                        std::forward<decltype(value)>(value)...);
        },
        std::forward<Args>(args)...);
  }

  // Hashes keys in any form.
  [[nodiscard]] auto hasher_of_forms() const {
    return [this](const auto& key) { return core_.hash_key(as_lookup_key(key)); };
  }
  // Calls f(shard, item) for every item of a batch; for the items of one shard under one lock of
  // Hold's kind.
  template <class Hold, class Batch, class F>
  void under_locks(operation op, Batch& some, const F& f) const {
    some.for_each_group([&](std::size_t shard, const auto& items) {
      const Hold in(core_, core_.shard_at(shard), op);
      for (const auto& item : items) in.table().prefetch(item.hash);
      for (const auto& item : items) f(in, item);
    });
  }

  // Calls f(entry, index) if f takes both, else f(entry).
  template <class F, class Entry>
  static void call_with_index(F& f, Entry& e, size_type index) {
    if constexpr (std::is_invocable_v<F&, Entry&, size_type>) {
      f(e, index);
    } else {
      f(e);
    }
  }

  template <class F, class... Keys>
  decltype(auto) run_locked(F& f, Keys&&... keys);

  // Calls visit(shard, position, head) for every entry until it is false, with shards in parallel
  // as `policy` says. Returns whether it never was.
  template <class Hold, class ExecutionPolicy, class Visit>
  bool walk_in_parallel(ExecutionPolicy&& policy, operation op, const Visit& visit) const;

  void grow_shards_to(unsigned bits);

  // The sum of f(table) over the shards, under one shared lock at a time. `fresh` stands for a
  // table that is not made yet.
  template <class F>
  [[nodiscard]] size_type sum_of_shards(size_type fresh, const F& f) const {
    const auto shards = core_.shards();
    size_type sum = shards.empty() ? fresh * shard_count() : 0;
    for (shard_type& shard : shards) sum += f(shared_shard(core_, shard, operation::read).table());
    return sum;
  }

  enum class comparison { same, different, busy };
  [[nodiscard]] bool holds_the_same(const concurrent_map& other) const;
  // Compares the entries of one class with those of `other`. Busy: a lock was busy, and the class
  // has to be compared again.
  [[nodiscard]] comparison compare_class(shard_type& shard, scan_cursor& cursor,
                                         const concurrent_map& other) const;

  // Moves to `to` the entries of one class whose keys are absent there. False: a lock was busy, and
  // the class has to be tried again.
  template <class To>
  bool move_class(shard_type& shard, scan_cursor& cursor, To& to, size_type& moved);

  // ---- contents as a whole. By one thread.

  template <std::integral N>
  [[nodiscard]] static concurrent_options room_for(N n) noexcept {
    return {.capacity = static_cast<size_type>(n)};
  }

  // Exchanges everything, and also the allocators if AllocatorsToo.
  template <bool AllocatorsToo>
  void exchange_contents(concurrent_map& other) noexcept(nothrow_exchange) {
    core_.swap(other.core_);
    if constexpr (AllocatorsToo) core_.swap_allocators(other.core_);
  }

  core_type core_;
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::concurrent_map(
    const concurrent_map& other, const std::type_identity_t<Allocator>& allocator)
    : core_(other.core_, entry_allocator(allocator)) {
  const auto alone = core_.used_alone();
  reserve(other.size());  // before the locks are taken
  const typename core_type::all_shared hold(other.core_, operation::copy);
  hold.for_each([&](const value_type& e) { try_emplace(e.first, e.second); });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::concurrent_map(
    concurrent_map&& other, const std::type_identity_t<Allocator>& allocator)
    : core_(other.core_, entry_allocator(allocator)) {
  if (core_.allocator() == other.core_.allocator()) {
    core_.swap(other.core_);
  } else if (!other.empty()) {
    const auto alone = core_.used_alone();
    const auto other_alone = other.core_.used_alone();
    reserve(other.size());
    contents::move_all(other, *this);
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
concurrent_map_stats concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::stats() const {
  concurrent_map_stats sum;
  for (std::size_t i = 0; i < shard_count(); ++i) detail::add_shard(sum, stats(i), i);
  return sum;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
map_stats concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::stats(size_type shard) const {
  constexpr int classes_at_a_time = 64;
  if (shard >= shard_count()) GOMAP_THROW(std::out_of_range("gomap: no such shard"));
  shard_type& looked_at = core_.shard_at(shard);
  map_stats s = shared_shard(core_, looked_at, operation::read).table().counts();
  s.longest_chain = s.bytes_reserved == 0 ? 0 : 1;  // an empty chain is one bucket
  for (scan_cursor cursor; !cursor.done();) {
    const shared_shard in(core_, looked_at, operation::read);
    const void* last = nullptr;
    for (int n = 0; n < classes_at_a_time; ++n) {
      detail::scan_access::step(in.table(), core_.hash_of(), cursor, [&](position, auto* head) {
        if (std::exchange(last, head) == head) return;
        s.longest_chain = std::max(s.longest_chain, head->chain_length());
      });
    }
  }
  return s;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::check_invariants() const {
  std::size_t i = 0;
  for (auto& shard : core_.shards()) {
    const shared_shard in(core_, shard, operation::read);
    detail::invariants<typename core_type::table_type>(in.table())
        .check(core_.hash_of(),
               [this](const Key& a, const Key& b) { return core_.are_equal(a, b); });
    in.table().for_each([&](const value_type& e) {
      if (core_.shard_index(core_.hash_key(e.first)) != i) {
        GOMAP_THROW(invariant_error("gomap: an entry is in a shard that is not its own"));
      }
    });
    ++i;
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::bucket_count() const -> size_type {
  return sum_of_shards(1, [](const auto& table) { return table.buckets(); });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::max_load() const -> size_type {
  return sum_of_shards(detail::load_limit(0),
                       [](const auto& table) { return detail::load_limit(table.bits()); });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::holds_the_same(
    const concurrent_map& other) const {
  if (size() != other.size()) return false;
  for (shard_type& shard : core_.shards()) {
    for (scan_cursor cursor; !cursor.done();) {
      // As in merge(), the second lock is only tried while the first is held.
      scan_cursor next = cursor;
      const comparison found = compare_class(shard, next, other);
      if (found == comparison::different) return false;
      if (found == comparison::busy) {
        std::this_thread::yield();
      } else {
        cursor = next;
      }
    }
  }
  return true;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::compare_class(
    shard_type& shard, scan_cursor& cursor, const concurrent_map& other) const -> comparison {
  const shared_shard in(core_, shard, operation::read);
  comparison result = comparison::same;
  const auto compare = [&](const value_type& e, const shared_shard& there, std::uint64_t hash) {
    const value_type* const found = there.find(e.first, hash);
    const bool same = found != nullptr && detail::same_keys<KeyEqual>(e.first, found->first) &&
                      static_cast<bool>(e.second == found->second);
    return same ? comparison::same : comparison::different;
  };
  detail::scan_access::step(in.table(), core_.hash_of(), cursor, [&](position at, auto*) {
    if (result != comparison::same) return;
    const value_type& e = *at.entry();
    const std::uint64_t hash = other.core_.hash_key(e.first);
    if (std::addressof(other) == this) {
      result = compare(e, in, hash);
      return;
    }
    const shared_shard there(other.core_, other.core_.shard_of(hash), operation::read,
                             std::try_to_lock);
    result = there.owns() ? compare(e, there, hash) : comparison::busy;
  });
  return result;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class U>
requires detail::lookup_key<const K&, Key, Hash, KeyEqual> T
concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::load_or(const K& key, U&& otherwise)
const {
  if constexpr (reads_take_no_lock) {
    if (std::optional<T> found = load(key)) return *std::move(found);
  } else {  // straight to the caller: a large value must not be on the stack twice
    const auto& k = as_lookup_key(key);
    const std::uint64_t hash = core_.hash_key(k);
    const shared_shard in(core_, core_.shard_of(hash), operation::read);
    if (const value_type* const e = in.find(k, hash)) return e->second;
  }
  return static_cast<T>(std::forward<U>(otherwise));
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class M>
requires detail::storable_key<K, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::load_or_store(K&& key, M&& value)
    -> std::pair<T, bool> {
  auto&& k = as_key(std::forward<K>(key));
  const std::uint64_t hash = core_.hash_key(k);
  const exclusive_shard in(core_, core_.shard_of(hash), operation::insert);
  if (const position at = in.find(k, hash)) return {at.entry()->second, true};
  const position at = in.insert(hash, std::forward<decltype(k)>(k), std::forward<M>(value));
  GOMAP_TRY { return {at.entry()->second, false}; }
  GOMAP_CATCH_ALL {
    in.erase(at, hash);
    GOMAP_RETHROW;
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K>
requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::load_and_erase(const K& key)
    -> std::optional<T> {
  std::optional<T> taken;
  modify(key, operation::erase, [&](const auto& in, position at, std::uint64_t hash) {
    taken.emplace(std::move(at.entry()->second));
    in.erase(at, hash);
  });
  return taken;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class M>
requires detail::storable_key<K, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::exchange(K&& key, M&& value)
    -> std::optional<T> {
  std::optional<T> before;
  upsert(
      operation::assign, std::forward<K>(key), leave_it,
      [&](const auto& in, position at) {
        detail::aside<T> fresh;
        fresh.emplace(std::forward<M>(value));
        // A copy, if what comes next could fail and would leave a moved-from value in the map.
        if constexpr ((std::is_nothrow_move_constructible_v<T> &&
                       std::is_nothrow_move_assignable_v<T>) ||
                      !detail::copyable<T>) {
          before.emplace(std::move(at.entry()->second));
        } else {
          before.emplace(std::as_const(at.entry()->second));
        }
        in.assign(at, std::move(*fresh));
      },
      std::forward<M>(value));
  return before;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class E, class D>
requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::compare_exchange(const K& key,
                                                                                const E& expected,
                                                                                D&& desired) {
  bool equal = false;
  modify(key, operation::assign, [&](const auto& in, position at, std::uint64_t) {
    equal = static_cast<bool>(std::as_const(at.entry()->second) == expected);
    if (equal) in.assign(at, std::forward<D>(desired));
  });
  return equal;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class F>
requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::cvisit(const K& key, F f) const
    -> size_type {
  if constexpr (reads_take_no_lock) {
    std::optional<value_type> copy;
    const bool found = read(
        key, [&](const auto* e) { copy.emplace(entries::load_key(e), entries::load_value(e)); },
        [&](const value_type& e) { copy.emplace(e); });
    if (found) f(std::as_const(*copy));
    return found ? 1 : 0;
  } else {
    return read(
               key, [](const auto*) {}, [&](const value_type& e) { f(e); })
               ? 1
               : 0;
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class F>
requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::try_visit(const K& key, F f)
    -> visit_result {
  const auto& k = as_lookup_key(key);
  const std::uint64_t hash = core_.hash_key(k);
  const exclusive_shard in(core_, core_.shard_of(hash), operation::visit, std::try_to_lock);
  if (!in.owns()) return visit_result::busy;
  const position at = in.find(k, hash);
  if (!at) return visit_result::absent;
  in.visit(at, f);
  return visit_result::visited;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class F>
requires detail::storable_key<K, Key, Hash, KeyEqual>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::update(K&& key, F f) {
  auto&& k = as_key(std::forward<K>(key));
  const std::uint64_t hash = core_.hash_key(k);
  const exclusive_shard in(core_, core_.shard_of(hash), operation::update);
  if (const position at = in.find(k, hash)) {
    in.visit(at, [&](value_type& e) { f(e.second); });
    return;
  }
  detail::aside<T> fresh;
  f(fresh.emplace());
  in.insert(hash, std::forward<decltype(k)>(k), std::move(*fresh));
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class F>
requires detail::lookup_key<const K&, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::erase_if(const K& key, F f)
    -> size_type {
  bool erased = false;
  modify(key, operation::erase, [&](const auto& in, position at, std::uint64_t hash) {
    erased = in.visit_to_erase(at, f);
    if (erased) in.erase(at, hash);
  });
  return erased ? 1 : 0;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class M>
requires detail::storable_key<K, Key, Hash, KeyEqual>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::insert_or_assign(K&& key,
                                                                                M&& value) {
  return upsert(
      operation::assign, std::forward<K>(key), leave_it,
      [&](const auto& in, position at) { in.assign(at, std::forward<M>(value)); },
      std::forward<M>(value));
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <std::ranges::input_range Keys, std::weakly_incrementable Out>
Out concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::load_many(Keys&& keys,
                                                                        Out out) const {
  auto first = std::ranges::begin(keys);
  const auto last = std::ranges::end(keys);
  while (first != last) {
    if constexpr (reads_take_no_lock) {
      detail::batch<core_type, decltype(first)> some(core_, first, last, hasher_of_forms());
      for (const auto& item : some.items()) core_.prefetch_match(item.hash);
      for (const auto& item : some.items()) {
        *out++ = load_hashed(as_lookup_key(some[item.place]), item.hash);
      }
    } else {
      using answer = std::optional<T>;
      detail::batch<core_type, decltype(first), sizeof(answer)> some(core_, first, last,
                                                                     hasher_of_forms());
      struct answers {
        answers() noexcept {}  // leaves its elements uninitialised
        std::array<answer, decltype(some)::capacity> of;
      };
      detail::aside<answers, detail::batch_bytes> found;
      found.emplace();
      under_locks<shared_shard>(operation::read, some, [&](const auto& in, const auto& item) {
        const value_type* const e = in.find(as_lookup_key(some[item.place]), item.hash);
        if (e != nullptr) found->of[item.place].emplace(e->second);
      });
      for (std::size_t i = 0; i < some.size(); ++i) *out++ = std::move(found->of[i]);
    }
  }
  return out;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <detail::input_iterator It, class F>
requires detail::lookup_key<std::iter_reference_t<It>, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::visit(It first, It last, F f)
    -> size_type {
  size_type visited = 0;
  size_type done = 0;  // keys of earlier batches
  while (first != last) {
    detail::batch<core_type, It> some(core_, first, last, hasher_of_forms());
    under_locks<exclusive_shard>(operation::visit, some, [&](const auto& in, const auto& item) {
      const position at = in.find(as_lookup_key(some[item.place]), item.hash);
      if (!at) return;
      in.visit(at, [&](value_type& e) { call_with_index(f, e, done + item.place); });
      ++visited;
    });
    done += some.size();
  }
  return visited;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <detail::input_iterator It, class F>
requires detail::lookup_key<std::iter_reference_t<It>, Key, Hash, KeyEqual>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::cvisit(It first, It last, F f) const
    -> size_type {
  size_type visited = 0;
  size_type done = 0;  // keys of earlier batches
  while (first != last) {
    detail::batch<core_type, It> some(core_, first, last, hasher_of_forms());
    const auto visit_one = [&](const value_type& e, const auto& item) {
      call_with_index(f, e, done + item.place);
      ++visited;
    };
    if constexpr (reads_take_no_lock) {
      for (const auto& item : some.items()) core_.prefetch_match(item.hash);
      for (const auto& item : some.items()) {
        std::optional<value_type> copy;
        const bool found = core_.read(
            as_lookup_key(some[item.place]), item.hash, operation::read,
            [&](const auto* e) { copy.emplace(entries::load_key(e), entries::load_value(e)); },
            [&](const value_type& e) { copy.emplace(e); });
        if (found) visit_one(*copy, item);
      }
    } else {
      under_locks<shared_shard>(operation::read, some, [&](const auto& in, const auto& item) {
        const value_type* const e = in.find(as_lookup_key(some[item.place]), item.hash);
        if (e != nullptr) visit_one(*e, item);
      });
    }
    done += some.size();
  }
  return visited;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <std::ranges::input_range Entries>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::insert_many(Entries&& range)
    -> size_type {
  size_type inserted = 0;
  auto first = std::ranges::begin(range);
  const auto last = std::ranges::end(range);
  while (first != last) {
    detail::batch<core_type, decltype(first)> some(
        core_, first, last, [&](const auto& e) { return core_.hash_key(as_lookup_key(e.first)); });
    under_locks<exclusive_shard>(operation::insert, some, [&](const auto& in, const auto& item) {
      auto&& e = some.take(item.place);
      auto&& k = as_key(std::forward<decltype(e)>(e).first);
      if (in.find(k, item.hash)) return;
      in.insert(item.hash, std::forward<decltype(k)>(k), std::forward<decltype(e)>(e).second);
      ++inserted;
    });
  }
  return inserted;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <std::ranges::input_range Keys>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::erase_many(Keys&& keys)
    -> size_type {
  size_type erased = 0;
  auto first = std::ranges::begin(keys);
  const auto last = std::ranges::end(keys);
  while (first != last) {
    detail::batch<core_type, decltype(first)> some(core_, first, last, hasher_of_forms());
    under_locks<exclusive_shard>(operation::erase, some, [&](const auto& in, const auto& item) {
      const position at = in.find(as_lookup_key(some[item.place]), item.hash);
      if (!at) return;
      in.erase(at, item.hash);
      ++erased;
    });
  }
  return erased;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::visit_all(F f) -> size_type {
  size_type visited = 0;
  visit_while([&](value_type& e) {
    ++visited;
    f(e);
    return true;
  });
  return visited;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::cvisit_all(F f) const -> size_type {
  size_type visited = 0;
  cvisit_while([&](const value_type& e) {
    ++visited;
    f(e);
    return true;
  });
  return visited;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::visit_while(F f) {
  bool go_on = true;
  return core_.template walk<exclusive_shard>(
      operation::visit, [&](const auto& in, const auto& step) {
        step([&](position at, auto*) {
          if (go_on) in.visit(at, [&](value_type& e) { go_on = static_cast<bool>(f(e)); });
        });
        return go_on;
      });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::cvisit_while(F f) const {
  bool go_on = true;
  return core_.template walk<shared_shard>(operation::visit, [&](const auto&, const auto& step) {
    step([&](position at, auto*) {
      if (go_on) go_on = static_cast<bool>(f(std::as_const(*at.entry())));
    });
    return go_on;
  });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class Hold, class ExecutionPolicy, class Visit>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::walk_in_parallel(
    ExecutionPolicy&& policy, operation op, const Visit& visit) const {
  const auto shards = core_.shards();
  return std::all_of(
      std::forward<ExecutionPolicy>(policy), shards.begin(), shards.end(), [&](shard_type& shard) {
        bool go_on = true;
        return core_.template walk_shard<Hold>(shard, op, [&](const auto& in, const auto& step) {
          step([&](position at, auto* head) {
            if (go_on) go_on = visit(in, at, head);
          });
          return go_on;
        });
      });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class ExecutionPolicy, class F>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::for_each(ExecutionPolicy&& policy,
                                                                        F f) {
  walk_in_parallel<exclusive_shard>(std::forward<ExecutionPolicy>(policy), operation::visit,
                                    [&](const auto& in, position at, auto*) {
                                      in.visit(at, f);
                                      return true;
                                    });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class ExecutionPolicy, class F>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::for_each(ExecutionPolicy&& policy,
                                                                        F f) const {
  walk_in_parallel<shared_shard>(std::forward<ExecutionPolicy>(policy), operation::visit,
                                 [&](const auto&, position at, auto*) {
                                   f(std::as_const(*at.entry()));
                                   return true;
                                 });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class ExecutionPolicy, class F>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::visit_while(ExecutionPolicy&& policy,
                                                                           F f) {
  return walk_in_parallel<exclusive_shard>(
      std::forward<ExecutionPolicy>(policy), operation::visit,
      [&](const auto& in, position at, auto*) {
        bool go_on = true;
        in.visit(at, [&](value_type& e) { go_on = static_cast<bool>(f(e)); });
        return go_on;
      });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class ExecutionPolicy, class F>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::cvisit_while(
    ExecutionPolicy&& policy, F f) const {
  return walk_in_parallel<shared_shard>(std::forward<ExecutionPolicy>(policy), operation::visit,
                                        [&](const auto&, position at, auto*) {
                                          return static_cast<bool>(f(std::as_const(*at.entry())));
                                        });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
scan_cursor concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::scan(scan_cursor from, F f) {
  core_.template scan_class<exclusive_shard>(from, operation::visit,
                                             [&](const auto& in, position at) { in.visit(at, f); });
  return from;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
scan_cursor concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::scan(scan_cursor from,
                                                                           F f) const {
  core_.template scan_class<shared_shard>(
      from, operation::visit, [&](const auto&, position at) { f(std::as_const(*at.entry())); });
  return from;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::erase_if(F f) -> size_type {
  size_type erased = 0;
  core_.template walk<exclusive_shard>(operation::erase, [&](const auto& in, const auto& step) {
    step([&](position at, auto* head) {
      if (!in.visit_to_erase(at, f)) return;
      in.erase_below(at, head);
      ++erased;
    });
    return true;
  });
  return erased;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class ExecutionPolicy, class F>
requires(!detail::lookup_key<ExecutionPolicy, Key, Hash, KeyEqual>) void concurrent_map<
    Key, T, Hash, KeyEqual, Allocator, Mutex>::erase_if(ExecutionPolicy&& policy, F f) {
  walk_in_parallel<exclusive_shard>(std::forward<ExecutionPolicy>(policy), operation::erase,
                                    [&](const auto& in, position at, auto* head) {
                                      if (in.visit_to_erase(at, f)) in.erase_below(at, head);
                                      return true;
                                    });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::clear() {
  // Enough that the lock is the smaller part of the cost, and few enough that others do not notice.
  constexpr size_type entries_at_a_time = 64;
  constexpr int classes_at_a_time = 64;
  for (shard_type& shard : core_.shards()) {
    for (scan_cursor cursor; !cursor.done();) {
      const exclusive_shard in(core_, shard, operation::clear);
      size_type erased = 0;
      for (int n = 0; n < classes_at_a_time && erased < entries_at_a_time; ++n) {
        erased += in.clear_class(cursor);
      }
    }
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::reserve(size_type n) {
  if (n > allocator_traits::max_size(core_.allocator())) {
    GOMAP_THROW(std::length_error("gomap: more entries than a map can hold"));
  }
  // Each shard gets its share and a few standard deviations more, since keys are spread at random.
  const double share = static_cast<double>(n) / static_cast<double>(shard_count());
  grow_shards_to(detail::bits_for(static_cast<size_type>(share + 4 * std::sqrt(share))));
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::rehash(size_type n) {
  const size_type share = n / shard_count() + (n % shard_count() == 0 ? 0 : 1);
  grow_shards_to(share <= 1 ? 0 : static_cast<unsigned>(std::bit_width(share - 1)));
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
void concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::grow_shards_to(unsigned bits) {
  constexpr size_type chains_at_a_time = 64;
  for (std::size_t i = 0; i < shard_count(); ++i) {
    for (bool done = false; !done;) {
      const exclusive_shard in(core_, core_.shard_at(i), operation::reserve);
      done = in.grow_to(bits, chains_at_a_time);
    }
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class H, class E, class M>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::merge(
    concurrent_map<Key, T, H, E, Allocator, M>& other) -> size_type {
  if (static_cast<const void*>(this) == static_cast<const void*>(std::addressof(other))) return 0;
  size_type moved = 0;
  for (auto& shard : other.core_.shards()) {
    for (scan_cursor cursor; !cursor.done();) {
      // Both locks are held, so that an entry is never in neither map. But the second is only tried
      // while the first is held: another thread may be merging the other way round.
      scan_cursor next = cursor;
      if (other.template move_class<concurrent_map>(shard, next, *this, moved)) {
        cursor = next;
      } else {
        std::this_thread::yield();
      }
    }
  }
  return moved;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
auto concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::snapshot() const -> map_type {
  map_type copy(size(), hash_function(), key_eq(), get_allocator());
  const typename core_type::all_shared hold(core_, operation::copy);
  copy.reserve(size());
  hold.for_each([&](const value_type& e) { copy.insert(e); });
  return copy;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class... KeysAndFunction>
decltype(auto) concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::with_locked(
    KeysAndFunction&&... args) {
  return detail::split_functions<1>(
      [&](auto function, auto keys) -> decltype(auto) {
        return std::apply(
            [&](auto&&... key) -> decltype(auto) {
              return run_locked(std::get<0>(function), as_key(std::forward<decltype(key)>(key))...);
            },
            std::move(keys));
      },
      std::forward<KeysAndFunction>(args)...);
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class F, class... Keys>
decltype(auto) concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::run_locked(
    F& f, Keys&&... keys) {
  detail::transaction<core_type, Keys...> all(core_, std::forward<Keys>(keys)...);
  using result = decltype(all.call(f));
  if constexpr (std::is_void_v<result>) {
    all.call(f);
    all.commit();
  } else {
    result returned = all.call(f);
    all.commit();
    if constexpr (std::is_reference_v<result>) {
      return static_cast<result>(returned);
    } else {
      return returned;
    }
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class K, class Inserted, class Found, class... Args>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::upsert(operation op, K&& key,
                                                                      const Inserted& inserted,
                                                                      const Found& found,
                                                                      Args&&... args) {
  auto&& k = as_key(std::forward<K>(key));
  const std::uint64_t hash = core_.hash_key(k);
  const exclusive_shard in(core_, core_.shard_of(hash), op);
  if (const position at = in.find(k, hash)) {
    found(in, at);
    return false;
  }
  in.insert_seen(inserted, hash, std::piecewise_construct,
                 std::forward_as_tuple(std::forward<decltype(k)>(k)),
                 std::forward_as_tuple(std::forward<Args>(args)...));
  return true;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
template <class To>
bool concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>::move_class(shard_type& shard,
                                                                          scan_cursor& cursor,
                                                                          To& to,
                                                                          size_type& moved) {
  const exclusive_shard in(core_, shard, operation::merge);
  bool all = true;
  detail::scan_access::step(in.table(), core_.hash_of(), cursor, [&](position at, auto* head) {
    if (!all) return;
    value_type& e = *at.entry();
    const std::uint64_t hash = to.core_.hash_key(e.first);
    const typename To::exclusive_shard there(to.core_, to.core_.shard_of(hash), operation::merge,
                                             std::try_to_lock);
    all = there.owns();
    if (!all || there.find(e.first, hash)) return;
    there.insert(hash, parts::given_key(e), parts::given_value(e));
    in.erase_below(at, head);
    ++moved;
  });
  return all;
}

// Erases the entries for which pred(entry) is true, and returns how many: m.erase_if(pred).
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex, class Pred>
auto erase_if(concurrent_map<Key, T, Hash, KeyEqual, Allocator, Mutex>& m, Pred pred) {
  return m.erase_if(std::ref(pred));
}

namespace pmr {
// A concurrent map on a memory resource. Several threads must be able to use the resource at once,
// as they can use a std::pmr::synchronized_pool_resource.
template <class Key, class T, class Hash = gomap::hash<Key>, class KeyEqual = std::equal_to<>,
          class Mutex = gomap::rw_mutex>
using concurrent_map =
    gomap::concurrent_map<Key, T, Hash, KeyEqual,
                          std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Mutex>;
}  // namespace pmr

}  // namespace gomap

#include <gomap/detail/concurrent_map_guides.hpp>
