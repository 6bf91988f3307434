// map.hpp -- Go's map for one thread at a time: std::unordered_map's interface, no bad moments.
//
//   gomap::map<std::string, int> ages;
//   ages["ann"] = 31;
//   for (auto& [name, age] : ages) if (age > 30) ages.erase(name);      // legal
//
// Promises
//   * An insertion moves a few buckets at most: each new key continues the growth a little. Memory
//     is neither zeroed nor given back in one step.
//   * Insertion, growth and erasure keep iterators valid, and a walk meets each entry once.
//   * A growth that gets no memory is put off; the insertion succeeds.
//   * Two threads that use a map at once, one of them writing, are reported when they collide.
// References and pointers to entries are invalidated by the insertion of a *new* key, by rehash(),
// reserve(), shrink_to_fit(), finish_growth() and clear(), and by erasure of their entry.
// Overwriting, erasing other entries and const calls keep them valid.
// Iterators: each begin() starts at a random entry, so m.begin() == m.begin() is false more often
// than not, and m.erase(m.begin(), m.begin()) is not empty. clear(), shrink_to_fit(), rehash() to
// fewer buckets, assignment, move and swap end all walks: their iterators equal end() then.
// Threads: any number may make const calls at once. A call that is not const must be the only one.
// Single-element operations give the strong guarantee, whatever throws. Types whose move may throw
// and that cannot be copied get the basic guarantee, as in std::vector.
// Source: Go's runtime map (buckets, load factor, growth a little at a time, random and robust
// iteration, detection of concurrent writes). How it works here: lib/README.md.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <ranges>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gomap/detail/built_aside.hpp>
#include <gomap/detail/check_invariants.hpp>
#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/cursor.hpp>
#include <gomap/detail/entry_parts.hpp>
#include <gomap/detail/growth.hpp>
#include <gomap/detail/map_core.hpp>
#include <gomap/detail/map_iterator.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/seed.hpp>
#include <gomap/detail/transfer.hpp>
#include <gomap/from_range.hpp>
#include <gomap/hash.hpp>
#include <gomap/map_stats.hpp>
#include <gomap/misuse.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/scan_cursor.hpp>

namespace gomap {

namespace detail {

// An input iterator, by the concept or by the iterator_category of before C++20.
template <class It>
concept input_iterator = std::input_iterator<It> ||
    std::derived_from<typename std::iterator_traits<It>::iterator_category,
                      std::input_iterator_tag>;

template <class Range, class Value>
concept range_of = std::ranges::input_range<Range> &&
    std::convertible_to<std::ranges::range_reference_t<Range>, Value>;

}  // namespace detail

// Key and T: object types that can be destroyed, and moved, copied or both; T may be const if it
// can be copied. Both may be incomplete where the map is declared, and T where an iterator is.
// Hash: called with (key, seed) if it can be, else with (key). The result of the latter is mixed
// with the seed, unless the hash says is_avalanching.
// KeyEqual: called with two keys. The default calls a user's std::equal_to<Key> if there is one.
// Allocator: any allocator with plain pointers; it is rebound to the entry type. What else it
// offers (allocator_concepts.hpp) is used.
// Misuse: gomap::checked or gomap::unchecked.
// The map has all members of std::unordered_map but node handles (extract(), insert(node)) and the
// bucket interface (bucket(), bucket_size(), local iterators). With -fno-exceptions, what would be
// thrown is passed to the fatal handler (misuse.hpp).
template <class Key, class T, class Hash = gomap::hash<Key>, class KeyEqual = std::equal_to<>,
          class Allocator = gomap::page_allocator<std::pair<const Key, T>>,
          class Misuse = gomap::checked>
class map {
  // These hold for incomplete types as well. What needs complete ones is asserted where it is used:
  // detail::hash_with(), map_core, entry_traits.
  static_assert(
      std::is_object_v<Key> && std::is_object_v<T>,
      "gomap::map: Key and T must be types of objects, not references, functions or void.");
  static_assert(!std::is_array_v<Key> && !std::is_array_v<T>,
                "gomap::map: Key and T must not be arrays; use std::array.");
  static_assert(!std::is_const_v<Key> && !std::is_volatile_v<Key> && !std::is_volatile_v<T>,
                "gomap::map: Key must not be const, which keys are anyway, and nothing volatile.");

  using core_type = detail::map_core<Key, T, Hash, KeyEqual, Allocator, Misuse>;
  using entries = typename core_type::entries;
  using position_type = typename core_type::position;
  using cursor_type = detail::cursor<core_type>;
  using entry_allocator = typename core_type::allocator_type;
  using allocator_traits = std::allocator_traits<entry_allocator>;
  static_assert(std::is_same_v<typename allocator_traits::pointer, std::pair<const Key, T>*>,
                "gomap::map: the allocator must use plain pointers.");

  // Not deduced from: the deduction guides take a list of pairs with either kind of key.
  using list_type = std::initializer_list<std::type_identity_t<std::pair<const Key, T>>>;

  // Whether move assignment always takes over the other map's memory.
  static constexpr bool takes_memory =
      allocator_traits::propagate_on_container_move_assignment::value ||
      allocator_traits::is_always_equal::value;
  static constexpr bool nothrow_default = std::is_nothrow_default_constructible_v<Hash> &&
                                          std::is_nothrow_default_constructible_v<KeyEqual> &&
                                          std::is_nothrow_default_constructible_v<Allocator>;
  static constexpr bool nothrow_movable =
      std::is_nothrow_move_constructible_v<Hash> && std::is_nothrow_move_constructible_v<KeyEqual>;
  static constexpr bool nothrow_swappable =
      std::is_nothrow_swappable_v<Hash> && std::is_nothrow_swappable_v<KeyEqual>;

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using reference = value_type&;
  using const_reference = const value_type&;
  using pointer = typename allocator_traits::pointer;
  using const_pointer = typename allocator_traits::const_pointer;
  using iterator = detail::map_iterator<core_type, false>;
  using const_iterator = detail::map_iterator<core_type, true>;
  using misuse_policy = Misuse;

  // Fixes a map's seed and the start of its walks, so that a run can be repeated.
  struct seed_with {
    explicit constexpr seed_with(std::uint64_t value) noexcept : seed(value) {}
    std::uint64_t seed;
  };

  // ---- construction: no memory is allocated before it is needed
  // `hint`: makes room for that many entries. A hint too large for any map is ignored, as in Go.
  // O(1), plus the buckets that a hint asks for and the entries that are inserted.
  // Throws: what the allocator throws, and what hash, equality and copying entries throw.

  map() noexcept(nothrow_default) : core_(detail::random_seed(), entry_allocator(Allocator())) {}
  explicit map(size_type hint, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
               const Allocator& allocator = Allocator())
      : core_(detail::random_seed(), false, hash, equal, entry_allocator(allocator)) {
    make_room_for_hint(hint);
  }
  map(size_type hint, const Allocator& allocator) : map(hint, Hash(), KeyEqual(), allocator) {}
  map(size_type hint, const Hash& hash, const Allocator& allocator)
      : map(hint, hash, KeyEqual(), allocator) {}
  explicit map(const Allocator& allocator) : map(0, Hash(), KeyEqual(), allocator) {}
  // A map whose seed and walks repeat from run to run. Its hashes can be predicted: for tests.
  explicit map(seed_with seed, size_type hint = 0, const Hash& hash = Hash(),
               const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : core_(seed.seed, true, hash, equal, entry_allocator(allocator)) {
    make_room_for_hint(hint);
  }

  template <detail::input_iterator It>
  map(It first, It last, size_type hint = 0, const Hash& hash = Hash(),
      const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : map(hint, hash, equal, allocator) {
    insert(first, last);
  }
  template <detail::input_iterator It>
  map(It first, It last, const Allocator& allocator)
      : map(first, last, 0, Hash(), KeyEqual(), allocator) {}
  template <detail::input_iterator It>
  map(It first, It last, size_type hint, const Allocator& allocator)
      : map(first, last, hint, Hash(), KeyEqual(), allocator) {}
  template <detail::input_iterator It>
  map(It first, It last, size_type hint, const Hash& hash, const Allocator& allocator)
      : map(first, last, hint, hash, KeyEqual(), allocator) {}

  template <detail::range_of<value_type> Range>
  map(from_range_t, Range&& range, size_type hint = 0, const Hash& hash = Hash(),
      const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : map(hint, hash, equal, allocator) {
    insert_range(std::forward<Range>(range));
  }
  template <detail::range_of<value_type> Range>
  map(from_range_t, Range&& range, const Allocator& allocator)
      : map(from_range, std::forward<Range>(range), 0, Hash(), KeyEqual(), allocator) {}
  template <detail::range_of<value_type> Range>
  map(from_range_t, Range&& range, size_type hint, const Allocator& allocator)
      : map(from_range, std::forward<Range>(range), hint, Hash(), KeyEqual(), allocator) {}
  template <detail::range_of<value_type> Range>
  map(from_range_t, Range&& range, size_type hint, const Hash& hash, const Allocator& allocator)
      : map(from_range, std::forward<Range>(range), hint, hash, KeyEqual(), allocator) {}

  map(list_type list, size_type hint = 0, const Hash& hash = Hash(),
      const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : map(list.begin(), list.end(), std::max(hint, list.size()), hash, equal, allocator) {}
  map(list_type list, const Allocator& allocator) : map(list, 0, Hash(), KeyEqual(), allocator) {}
  map(list_type list, size_type hint, const Allocator& allocator)
      : map(list, hint, Hash(), KeyEqual(), allocator) {}
  map(list_type list, size_type hint, const Hash& hash, const Allocator& allocator)
      : map(list, hint, hash, KeyEqual(), allocator) {}

  // A copy has its own memory and the same seed. O(buckets).
  map(const map& other)
      : map(other, Allocator(allocator_traits::select_on_container_copy_construction(
                       other.core_.allocator()))) {}
  map(const map& other, const std::type_identity_t<Allocator>& allocator)
      : core_(other.core_.seed(), other.core_.repeatable(), other.core_.hash(), other.core_.equal(),
              entry_allocator(allocator)) {
    other.core_.wire().check_clone();
    core_.copy_from(other.core_, other.core_.hash_of());
  }
  // `other` is empty afterwards and can be used. O(1), but O(size) when the allocators differ. A
  // throw then leaves all entries in `other`, but for those whose move threw and that cannot be
  // copied.
  map(map&& other) noexcept(nothrow_movable) : core_(taken_from(other.core_)) {}
  map(map&& other, const std::type_identity_t<Allocator>& allocator)
      : core_(other.core_.seed(), other.core_.repeatable(), other.core_.hash(), other.core_.equal(),
              entry_allocator(allocator)) {
    take_or_move(other);
  }
  ~map() { const guard_type guard(core_.wire(), operation::destroy, opaque_address()); }

  // Assignments end all walks over this map. When one throws, this map is as before.
  map& operator=(const map& other);
  // O(1) and the destruction of what was here; O(size) when the allocators differ and do not
  // propagate.
  map& operator=(map&& other) noexcept(takes_memory&& nothrow_movable&& nothrow_swappable);
  map& operator=(list_type list) {
    map fresh(list, 0, core_.hash(), core_.equal(), get_allocator());
    swap_contents(fresh, operation::assign);
    return *this;
  }

  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return allocator_type(core_.allocator());
  }
  [[nodiscard]] hasher hash_function() const { return core_.hash(); }
  [[nodiscard]] key_equal key_eq() const { return core_.equal(); }
  // What the hash is seeded with; clear() draws a new one.
  [[nodiscard]] std::uint64_t seed() const noexcept { return core_.seed(); }

  // ---- iteration: the promises of iterators stand at detail::map_iterator
  // Each begin() starts a walk of its own at a random entry. So begin() == begin() is false more
  // often than not, and erase(begin(), begin()) is not empty: it erases entries. Call begin() once
  // and copy the iterator.
  // clear(), shrink_to_fit(), rehash() to fewer buckets, assignment, move and swap end all walks:
  // their iterators equal end() then.
  // Throw: what the hash throws, which is called where chains overflow.

  [[nodiscard]] iterator begin() noexcept(core_type::hash_throws_nothing()) {
    return iterator(first());
  }
  [[nodiscard]] const_iterator begin() const noexcept(core_type::hash_throws_nothing()) {
    return const_iterator(first());
  }
  [[nodiscard]] const_iterator cbegin() const noexcept(core_type::hash_throws_nothing()) {
    return begin();
  }
  [[nodiscard]] iterator end() noexcept { return iterator(); }
  [[nodiscard]] const_iterator end() const noexcept { return const_iterator(); }
  [[nodiscard]] const_iterator cend() const noexcept { return const_iterator(); }

  // Calls f(entry) for every entry, in the order of memory: the fastest walk. O(buckets).
  // Misuse: f uses the map. Throws: what f throws.
  template <class F>
  void for_each(F f) {
    const guard_type guard(core_.wire(), operation::visit, opaque_address());
    core_.for_each([&](value_type& entry) { f(entry); });
  }
  template <class F>
  void for_each(F f) const {
    core_.wire().check_iterate();
    core_.for_each([&](const value_type& entry) { f(entry); });
  }

  // Calls f(entry) for a few entries (one class) and returns where to continue: start with
  // scan_cursor{}, stop when done(). Between two calls the map may change in any way: an entry that
  // is there throughout is visited once, none is visited twice. f must not change the map.
  // Throws: what f and the hash throw.
  template <class F>
  scan_cursor scan(scan_cursor from, F f) {
    core_.wire().check_iterate();
    detail::scan_access::step(core_, core_.hash_of(), from,
                              [&](position_type at, auto*) { f(*at.entry()); });
    return from;
  }
  template <class F>
  scan_cursor scan(scan_cursor from, F f) const {
    core_.wire().check_iterate();
    detail::scan_access::step(core_, core_.hash_of(), from,
                              [&](position_type at, auto*) { f(std::as_const(*at.entry())); });
    return from;
  }

  // ---- capacity

  [[nodiscard]] bool empty() const noexcept { return core_.size() == 0; }
  [[nodiscard]] size_type size() const noexcept { return core_.size(); }
  [[nodiscard]] size_type max_size() const noexcept {
    return std::min<size_type>(allocator_traits::max_size(core_.allocator()),
                               detail::load_limit(detail::max_bits));
  }
  // The number of buckets, of eight slots each; overflow buckets are not counted.
  [[nodiscard]] size_type bucket_count() const noexcept { return core_.buckets(); }
  [[nodiscard]] size_type max_bucket_count() const noexcept {
    return size_type{1} << detail::max_bits;
  }
  // Entries per bucket. The table grows past 6.5, or 8 when there is one bucket.
  [[nodiscard]] float load_factor() const noexcept {
    return static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 6.5F; }
  // Accepted for std's sake, and ignored: the load limit is fixed.
  void max_load_factor(float) noexcept {}

  // Makes room for `n` entries at once: no insertion grows the map until it holds more.
  // O(buckets). Throws: std::length_error for more than a map can hold; what the allocator, the
  // hash and a copy throw; every entry is still there.
  void reserve(size_type n) {
    const guard_type guard(core_.wire(), operation::reserve, opaque_address());
    if (n > 0 || !empty()) core_.grow_to(detail::bits_for(n), core_.hash_of());
  }
  // Changes the number of buckets to at least `n`, with room for size() entries, at once. If the
  // number stays the same, it compacts the chains. If it becomes smaller, it ends all walks.
  // O(buckets).  Throws: as reserve().
  void rehash(size_type n);
  // Gives back the memory that size() entries do not need. If there is any, it ends all walks.
  // O(buckets).
  // Throws: as reserve(); the map is then as before.
  void shrink_to_fit();

  // Whether a growth is under way. Insertions of new keys continue it.
  [[nodiscard]] bool growing() const noexcept { return core_.growing(); }
  // Ends a growth under way. O(old buckets left).  Throws: as reserve().
  void finish_growth() {
    const guard_type guard(core_.wire(), operation::grow, opaque_address());
    core_.finish_growth(core_.hash_of());
  }
  // How many old buckets each new key evacuates while the map grows; 2 unless set. 0 means all at
  // once, for programs that want throughput and can wait. More than 65535 means 65535.
  void growth_step(unsigned buckets) noexcept { core_.growth_step(buckets); }
  [[nodiscard]] unsigned growth_step() const noexcept { return core_.growth_step(); }

  // Sizes, growths and memory of the map at this moment. O(buckets).
  [[nodiscard]] map_stats stats() const {
    core_.wire().check_read();
    return core_.stats();
  }
  // Checks the whole map. O(entries), times the length of the chains.
  // Throws: invariant_error, whose what() says what is wrong; what hash and equality throw.
  void check_invariants() const {
    core_.wire().check_read();
    detail::invariants<typename core_type::table_type>(core_).check(
        core_.hash_of(), [this](const Key& a, const Key& b) { return core_.equals(a, b); });
  }

  // ---- lookup: O(1); moves no entry
  // A K that is no Key is looked up as it is if Hash and KeyEqual are transparent and take it. Else
  // it is converted to Key.
  // Throw: what hash and equality throw; at() also std::out_of_range if the key is absent.

  [[nodiscard, gnu::always_inline]] inline iterator find(const Key& key) {
    return found<iterator>(key);
  }
  [[nodiscard, gnu::always_inline]] inline const_iterator find(const Key& key) const {
    return found<const_iterator>(key);
  }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard, gnu::always_inline]] inline iterator find(const K& key) {
    return found<iterator>(key);
  }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard, gnu::always_inline]] inline const_iterator find(const K& key) const {
    return found<const_iterator>(key);
  }

  [[nodiscard]] bool contains(const Key& key) const { return locate(key) != nullptr; }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] bool contains(const K& key) const { return locate(key) != nullptr; }

  [[nodiscard]] size_type count(const Key& key) const { return contains(key) ? 1 : 0; }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] size_type count(const K& key) const { return contains(key) ? 1 : 0; }

  [[nodiscard]] std::pair<iterator, iterator> equal_range(const Key& key) {
    return range_of_one(find(key));
  }
  [[nodiscard]] std::pair<const_iterator, const_iterator> equal_range(const Key& key) const {
    return range_of_one(find(key));
  }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] std::pair<iterator, iterator> equal_range(const K& key) {
    return range_of_one(find(key));
  }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] std::pair<const_iterator, const_iterator> equal_range(const K& key) const {
    return range_of_one(find(key));
  }

  [[nodiscard]] T& at(const Key& key) { return existing(locate(key)); }
  [[nodiscard]] const T& at(const Key& key) const { return existing(locate(key)); }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] T& at(const K& key) { return existing(locate(key)); }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] const T& at(const K& key) const { return existing(locate(key)); }

  // Go's `v, ok := m[key]`: a pointer to the value, or null.
  [[nodiscard]] T* lookup(const Key& key) { return value_or_null(locate(key)); }
  [[nodiscard]] const T* lookup(const Key& key) const { return value_or_null(locate(key)); }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] T* lookup(const K& key) { return value_or_null(locate(key)); }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] const T* lookup(const K& key) const { return value_or_null(locate(key)); }

  // Go's `m[key]` on the right-hand side: a copy of the value, or T{}. Inserts nothing.
  [[nodiscard]] T get(const Key& key) const { return copy_or_zero(locate(key)); }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  [[nodiscard]] T get(const K& key) const { return copy_or_zero(locate(key)); }

  // Looks up a range of keys. Writes a T* or null for each to `out`, in their order, and returns
  // the end of `out`. It prefetches, so in a large map the cache misses overlap; an input range
  // that is no forward range is looked up key by key.
  template <std::ranges::input_range Keys, std::weakly_incrementable Out>
  requires detail::lookup_key<std::ranges::range_reference_t<Keys>, Key, Hash, KeyEqual> Out
  find_many(Keys&& keys, Out out) {
    return find_each(keys, std::move(out), [](value_type* e) -> T* { return value_or_null(e); });
  }
  template <std::ranges::input_range Keys, std::weakly_incrementable Out>
  requires detail::lookup_key<std::ranges::range_reference_t<Keys>, Key, Hash, KeyEqual> Out
  find_many(Keys&& keys, Out out)
  const {
    return find_each(keys, std::move(out),
                     [](value_type* e) -> const T* { return value_or_null(e); });
  }
  // Prefetches the memory where `key` would be, for a lookup a little later.
  void prefetch(const Key& key) const { core_.prefetch(core_.hash_key(key)); }
  template <class K>
  requires detail::comparable_key<K, Key, Hash, KeyEqual>
  void prefetch(const K& key) const { core_.prefetch(core_.hash_key(key)); }

  // ---- insertion: amortised O(1); moves a bounded number of buckets
  // Arguments may refer to entries of this map. They are moved from only if the key is new, with
  // two exceptions, which are moved from before the key is known: an argument that can only be
  // moved into a Key, and one that converts to a whole entry, such as a class with an operator
  // std::pair.
  // Throw: what hash, equality, construction and the allocator throw; the map is then as before.

  T& operator[](const Key& key) { return value_or_new(key); }
  T& operator[](Key&& key) { return value_or_new(std::move(key)); }
  template <class K>
  requires detail::insertable_key<K&&, Key, Hash, KeyEqual> T& operator[](K&& key) {
    return value_or_new(std::forward<K>(key));
  }

  std::pair<iterator, bool> insert(const value_type& entry) {
    return emplace_key(entry.first, entry);
  }
  std::pair<iterator, bool> insert(value_type&& entry) {
    return emplace_key(entry.first, std::move(entry));
  }
  template <class P>
  requires std::constructible_from<value_type, P&&> std::pair<iterator, bool> insert(P&& entry) {
    return emplace(std::forward<P>(entry));
  }
  iterator insert(const_iterator, const value_type& entry) { return insert(entry).first; }
  iterator insert(const_iterator, value_type&& entry) { return insert(std::move(entry)).first; }
  template <class P>
  requires std::constructible_from<value_type, P&&> iterator insert(const_iterator, P&& entry) {
    return insert(std::forward<P>(entry)).first;
  }
  // Basic guarantee: entries inserted before a throw stay.
  template <detail::input_iterator It>
  void insert(It first, It last) {
    for (; first != last; ++first) emplace(*first);
  }
  void insert(list_type list) { insert(list.begin(), list.end()); }
  template <detail::range_of<value_type> Range>
  void insert_range(Range&& range) {
    for (auto&& entry : range) emplace(std::forward<decltype(entry)>(entry));
  }

  template <class M>
  std::pair<iterator, bool> insert_or_assign(const Key& key, M&& value) {
    return assign(key, std::forward<M>(value));
  }
  template <class M>
  std::pair<iterator, bool> insert_or_assign(Key&& key, M&& value) {
    return assign(std::move(key), std::forward<M>(value));
  }
  template <class K, class M>
  requires detail::insertable_key<K&&, Key, Hash, KeyEqual> std::pair<iterator, bool>
  insert_or_assign(K&& key, M&& value) {
    return assign(std::forward<K>(key), std::forward<M>(value));
  }
  template <class M>
  iterator insert_or_assign(const_iterator, const Key& key, M&& value) {
    return assign(key, std::forward<M>(value)).first;
  }
  template <class M>
  iterator insert_or_assign(const_iterator, Key&& key, M&& value) {
    return assign(std::move(key), std::forward<M>(value)).first;
  }
  template <class K, class M>
  requires detail::insertable_key<K&&, Key, Hash, KeyEqual> iterator
  insert_or_assign(const_iterator, K&& key, M&& value) {
    return assign(std::forward<K>(key), std::forward<M>(value)).first;
  }

  template <class... Args>
  std::pair<iterator, bool> emplace(Args&&... args);
  template <class... Args>
  iterator emplace_hint(const_iterator, Args&&... args) {
    return emplace(std::forward<Args>(args)...).first;
  }

  template <class... Args>
  std::pair<iterator, bool> try_emplace(const Key& key, Args&&... args) {
    return emplace_value(key, std::forward<Args>(args)...);
  }
  template <class... Args>
  std::pair<iterator, bool> try_emplace(Key&& key, Args&&... args) {
    return emplace_value(std::move(key), std::forward<Args>(args)...);
  }
  template <class K, class... Args>
  requires(!detail::iterator_of<K&&, map> && detail::insertable_key<K&&, Key, Hash, KeyEqual>)
      std::pair<iterator, bool> try_emplace(K&& key, Args&&... args) {
    return emplace_value(std::forward<K>(key), std::forward<Args>(args)...);
  }
  template <class... Args>
  iterator try_emplace(const_iterator, const Key& key, Args&&... args) {
    return emplace_value(key, std::forward<Args>(args)...).first;
  }
  template <class... Args>
  iterator try_emplace(const_iterator, Key&& key, Args&&... args) {
    return emplace_value(std::move(key), std::forward<Args>(args)...).first;
  }
  template <class K, class... Args>
  requires detail::insertable_key<K&&, Key, Hash, KeyEqual> iterator try_emplace(const_iterator,
                                                                                 K&& key,
                                                                                 Args&&... args) {
    return emplace_value(std::forward<K>(key), std::forward<Args>(args)...).first;
  }

  // Moves the entries of `source` whose keys are absent here; the others stay in `source`.
  // O(buckets of source). Basic guarantee: each entry is in one of the two maps.
  template <class H, class E, class M>
  void merge(map<Key, T, H, E, Allocator, M>& source);
  template <class H, class E, class M>
  void merge(map<Key, T, H, E, Allocator, M>&& source) {
    merge(source);
  }

  // ---- erasure: O(1); moves no entry

  // Erases the entry that `at` refers to, wherever it is by now, and returns the next iterator of
  // the walk.
  // Misuse: the entry has been erased before. It is found, named and fatal; nothing is erased.
  // Throws: what the hash throws; the map is then as before.
  iterator erase(const_iterator at);
  iterator erase(iterator at) { return erase(const_iterator(at)); }
  // Erases the entries that a walk from `first` meets before `last`.
  // Requires: the walk meets `last`. Two calls of begin() start two walks: see "iteration".
  iterator erase(const_iterator first, const_iterator last) {
    while (first != last) first = erase(first);
    return iterator(first.position());
  }
  // Erases the entry with this key. Returns how many were erased, 0 or 1.
  size_type erase(const Key& key) { return erase_key(key); }
  template <class K>
  requires(!detail::iterator_of<K&&, map> &&
           detail::comparable_key<K, Key, Hash, KeyEqual>) size_type erase(K&& key) {
    return erase_key(key);
  }
  // Erases all entries, NaN keys included, keeps the buckets, and draws a new seed. Ends all walks.
  // O(buckets).
  void clear() noexcept {
    const guard_type guard(core_.wire(), operation::clear, opaque_address());
    core_.clear();
    draw_new_seed();
  }
  // The same, with entries destroyed in parallel as `policy`, one of std::execution's, says: for
  // large maps whose entries own memory. The allocator's destroy(), if it has one, must allow that.
  // The destruction of the map afterwards is then short. libstdc++ needs oneTBB for policies.
  template <class ExecutionPolicy>
  void clear(ExecutionPolicy&& policy) {
    const guard_type guard(core_.wire(), operation::clear, opaque_address());
    core_.clear_by([&](auto* first, auto* last, const auto& empty) {
      std::for_each(policy, first, last, empty);
    });
    draw_new_seed();
  }

  // Exchanges the contents, and ends all walks over both maps. O(1).
  // Requires: the allocators are equal or propagate on swap.
  void swap(map& other) noexcept(nothrow_swappable);

  // Go's maps.Clone: a copy with the same seed.
  [[nodiscard]] map clone() const { return *this; }

  // Whether both hold the same entries. As in std, each key of `a` is looked up in `b`, and the two
  // entries are then compared by ==, keys included; keys without == are equal if they are found.
  // O(size).  Throws: what hash, equality and == throw.
  [[nodiscard]] friend bool operator==(const map& a, const map& b) {
    if (a.size() != b.size()) return false;
    for (const value_type& entry : a) {
      const value_type* const other = b.locate(entry.first);
      if (other == nullptr || !detail::same_keys<KeyEqual>(entry.first, other->first)) return false;
      if (!static_cast<bool>(entry.second == other->second)) return false;
    }
    return true;
  }
  friend void swap(map& a, map& b) noexcept(noexcept(a.swap(b))) { a.swap(b); }

  template <class K, class V, class H, class E, class A, class M, class Pred>
  friend std::size_t erase_if(map<K, V, H, E, A, M>& m, Pred pred);

 private:
  template <class, class, class, class, class, class>
  friend class map;

  using guard_type = typename Misuse::write_guard;
  static constexpr bool opaque = Misuse::enabled && !detail::known_comparison<Key, KeyEqual>;

  // Given to a write_guard, which by it finds a read of this map that this thread is in the middle
  // of. Null where no comparison can call back.
  [[nodiscard]] const void* opaque_address() const noexcept {
    if constexpr (opaque) return this;
    return nullptr;
  }

  // Calls probe(), which compares keys. A comparison that writes to this map is reported.
  template <class Probe>
  decltype(auto) reading(const Probe& probe) const {
    core_.wire().check_read();
    if constexpr (opaque) {
      const typename Misuse::read_scope scope(this);
      return probe();
    } else {
      return probe();
    }
  }

  // The entry with this key, or null. Hashes before it looks at the map: a hash may call back.
  template <class K>
  [[nodiscard]] value_type* locate(const K& key) const {
    const std::uint64_t hash = core_.hash_key(key);
    const position_type at = reading([&] { return core_.find_key(key, hash); });
    return at ? at.entry() : nullptr;
  }
  // always_inline: compilers judge before they see what is used of an iterator, mostly its entry.
  template <class It, class K>
  [[nodiscard, gnu::always_inline]] inline It found(const K& key) const {
    const std::uint64_t hash = core_.hash_key(key);
    const position_type at = reading([&] { return core_.find_key(key, hash); });
    return at ? It(core_, at, hash) : It();
  }
  [[nodiscard]] cursor_type first() const {
    core_.wire().check_iterate();
    const std::uint64_t start =
        core_.repeatable() ? mix(core_.seed(), detail::no_seed) : detail::random_start();
    return cursor_type::begin(core_, start);
  }
  template <class It>
  static std::pair<It, It> range_of_one(It at) {
    It next = at;
    if (at != It()) ++next;
    return {at, next};
  }

  static T* value_or_null(value_type* entry) noexcept {
    return entry == nullptr ? nullptr : std::addressof(entry->second);
  }
  static T& existing(value_type* entry) {
    if (entry == nullptr) GOMAP_THROW(std::out_of_range("gomap::map::at: no such key"));
    return entry->second;
  }
  static T copy_or_zero(const value_type* entry) { return entry == nullptr ? T() : entry->second; }

  template <class K>
  static decltype(auto) as_lookup_key(K&& key) {
    return detail::as_lookup_key<Key, Hash, KeyEqual>(std::forward<K>(key));
  }
  template <class Keys, class Out, class Result>
  Out find_each(Keys& keys, Out out, const Result& result) const;

  // The entry with `key`; if there is none, the one that `construct` builds.
  template <class K, class Construct>
  std::pair<iterator, bool> find_or_insert(const K& key, operation what,
                                           const Construct& construct) {
    const std::uint64_t hash = core_.hash_key(key);
    const guard_type guard(core_.wire(), what, opaque_address());
    if (const position_type at = core_.find_key(key, hash)) return result(at, hash, false);
    return result(core_.insert(hash, core_.hash_of(), construct), hash, true);
  }
  std::pair<iterator, bool> result(position_type at, std::uint64_t hash, bool inserted) {
    return std::pair<iterator, bool>(std::piecewise_construct,
                                     std::forward_as_tuple(core_, at, hash),
                                     std::forward_as_tuple(inserted));
  }
  // The value with `key`, value-initialised if there was none: what needs no iterator.
  template <class K>
  T& value_or_new(K&& key) {
    const std::uint64_t hash = core_.hash_key(key);
    const guard_type guard(core_.wire(), operation::insert, opaque_address());
    if (const position_type at = core_.find_key(key, hash)) return at.entry()->second;
    const auto construct = [&](entry_allocator& a, value_type* to) {
      entries::construct(a, to, std::piecewise_construct,
                         std::forward_as_tuple(std::forward<K>(key)), std::tuple<>());
    };
    return core_.insert(hash, core_.hash_of(), construct).entry()->second;
  }
  // With `key` for its key, and the rest of the arguments for the value.
  template <class K, class... Args>
  std::pair<iterator, bool> emplace_value(K&& key, Args&&... args) {
    return find_or_insert(key, operation::insert, [&](entry_allocator& a, value_type* to) {
      entries::construct(a, to, std::piecewise_construct,
                         std::forward_as_tuple(std::forward<K>(key)),
                         std::forward_as_tuple(std::forward<Args>(args)...));
    });
  }
  // From arguments for the pair, of which `key` is the part that makes the key.
  template <class K, class... Args>
  std::pair<iterator, bool> emplace_key(const K& key, Args&&... args) {
    return find_or_insert(key, operation::insert, [&](entry_allocator& a, value_type* to) {
      entries::construct(a, to, std::forward<Args>(args)...);
    });
  }
  // From `parts`, of which a Key must be made before it can be looked up.
  template <class Parts>
  std::pair<iterator, bool> emplace_made_key(Parts parts);
  template <class K, class M>
  std::pair<iterator, bool> assign(K&& key, M&& value) {
    const auto result =
        find_or_insert(key, operation::assign, [&](entry_allocator& a, value_type* to) {
          entries::construct(a, to, std::forward<K>(key), std::forward<M>(value));
        });
    if (!result.second) detail::assign_value(result.first->second, std::forward<M>(value));
    return result;
  }
  template <class K>
  size_type erase_key(const K& key) {
    const std::uint64_t hash = core_.hash_key(key);
    const guard_type guard(core_.wire(), operation::erase, opaque_address());
    const position_type at = core_.find_key(key, hash);
    if (!at) return 0;
    core_.erase(at, hash);
    return 1;
  }

  void draw_new_seed() {
    core_.set_seed(core_.repeatable() ? mix(core_.seed(), detail::no_seed) : detail::random_seed(),
                   core_.repeatable());
  }
  void make_room_for_hint(size_type hint) {
    const unsigned bits = detail::bits_for(hint);
    if (bits == 0 || bits > detail::max_bits) return;
    if (hint > max_size()) return;
    core_.grow_to(bits, core_.hash_of());
  }
  static core_type&& taken_from(core_type& core) {
    const guard_type guard(core.wire(), operation::move);
    return std::move(core);
  }
  void take_or_move(map& other);
  // Exchanges the contents with `fresh`, whose allocator equals or replaces this one's.
  void swap_contents(map& fresh, operation what);

  core_type core_;
};

// Erases the entries for which pred(entry) is true, and returns how many. pred must not use the
// map.
// O(buckets).  Throws: what pred throws; the entries erased before stay erased.
template <class K, class V, class H, class E, class A, class M, class Pred>
std::size_t erase_if(map<K, V, H, E, A, M>& m, Pred pred) {
  const typename M::write_guard guard(m.core_.wire(), operation::erase, m.opaque_address());
  const std::size_t before = m.size();
  m.core_.for_each_position([&](auto at, auto* head) {
    if (pred(*at.entry())) m.core_.erase_below(at, head);
  });
  return before - m.size();
}

// ---- bodies, in the order above ------------------------------------------------------------

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
auto map<Key, T, Hash, KeyEqual, Allocator, Misuse>::operator=(const map& other) -> map& {
  if (this == std::addressof(other)) return *this;
  constexpr bool propagates = allocator_traits::propagate_on_container_copy_assignment::value;
  map copy(other, propagates ? other.get_allocator() : get_allocator());
  swap_contents(copy, operation::assign);
  if constexpr (propagates) {
    using std::swap;
    swap(core_.allocator(), copy.core_.allocator());
  }
  return *this;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
auto map<Key, T, Hash, KeyEqual, Allocator, Misuse>::operator=(map&& other) noexcept(
    takes_memory&& nothrow_movable&& nothrow_swappable) -> map& {
  if (this == std::addressof(other)) return *this;
  if constexpr (takes_memory) {
    map taken(std::move(other));
    swap_contents(taken, operation::assign);
    if constexpr (allocator_traits::propagate_on_container_move_assignment::value) {
      using std::swap;
      swap(core_.allocator(), taken.core_.allocator());
    }
  } else {
    map taken(std::move(other), get_allocator());
    swap_contents(taken, operation::assign);
  }
  return *this;
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
void map<Key, T, Hash, KeyEqual, Allocator, Misuse>::take_or_move(map& other) {
  const guard_type guard(other.core_.wire(), operation::move, other.opaque_address());
  if (core_.allocator() == other.core_.allocator()) {
    core_.swap(other.core_);
    return;
  }
  detail::transfer<typename core_type::table_type>::run(other.core_, core_, other.core_.hash_of());
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
void map<Key, T, Hash, KeyEqual, Allocator, Misuse>::swap_contents(map& fresh, operation what) {
  const guard_type guard(core_.wire(), what, opaque_address());
  core_.swap(fresh.core_);
  core_.swap_parameters(fresh.core_);
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
void map<Key, T, Hash, KeyEqual, Allocator, Misuse>::swap(map& other) noexcept(nothrow_swappable) {
  if (this == std::addressof(other)) return;
  const guard_type guard(other.core_.wire(), operation::swap, other.opaque_address());
  swap_contents(other, operation::swap);
  if constexpr (allocator_traits::propagate_on_container_swap::value) {
    using std::swap;
    swap(core_.allocator(), other.core_.allocator());
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
void map<Key, T, Hash, KeyEqual, Allocator, Misuse>::rehash(size_type n) {
  const guard_type guard(core_.wire(), operation::reserve, opaque_address());
  if (n > max_bucket_count()) {
    GOMAP_THROW(std::length_error("gomap: more buckets than a map can hold"));
  }
  const unsigned for_buckets = n <= 1 ? 0 : static_cast<unsigned>(std::bit_width(n - 1));
  const unsigned bits = std::max(for_buckets, detail::bits_for(size()));
  if (bits > core_.bits()) {
    core_.grow_to(bits, core_.hash_of());
  } else if (bits < core_.bits()) {
    core_.shrink(bits, core_.hash_of());
  } else {
    core_.compact(core_.hash_of());
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
void map<Key, T, Hash, KeyEqual, Allocator, Misuse>::shrink_to_fit() {
  const guard_type guard(core_.wire(), operation::shrink, opaque_address());
  if (empty()) {
    core_.destroy();
  } else {
    core_.shrink(detail::bits_for(size()), core_.hash_of());
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
template <class... Args>
auto map<Key, T, Hash, KeyEqual, Allocator, Misuse>::emplace(Args&&... args)
    -> std::pair<iterator, bool> {
  if constexpr (requires { detail::parts_of(std::forward<Args>(args)...); }) {
    auto parts = detail::parts_of(std::forward<Args>(args)...);
    if constexpr (detail::is_lookup_key<decltype(parts.key), Key, Hash, KeyEqual>) {
      return emplace_key(std::get<0>(parts.key), std::forward<Args>(args)...);
    } else if constexpr (detail::is_number<decltype(parts.key)> && std::is_arithmetic_v<Key>) {
      // A number costs nothing to make, here and once more in its place.
      return emplace_key(static_cast<Key>(std::get<0>(parts.key)), std::forward<Args>(args)...);
    } else {
      return emplace_made_key(std::move(parts));
    }
  } else {
    // The key is known only once the entry is built, so that is done aside.
    detail::built_aside<value_type, entry_allocator> built(
        core_.allocator(), [&](entry_allocator& a, value_type* at) {
          entries::construct(a, at, std::forward<Args>(args)...);
        });
    return find_or_insert(
        (*built).first, operation::insert,
        [&](entry_allocator& a, value_type* to) { entries::construct_from(a, to, built.get()); });
  }
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
template <class Parts>
auto map<Key, T, Hash, KeyEqual, Allocator, Misuse>::emplace_made_key(Parts parts)
    -> std::pair<iterator, bool> {
  detail::built_aside<Key, entry_allocator> made(
      core_.allocator(), [&](entry_allocator& a, Key* at) {
        detail::build_key<Key>(
            [&](auto&&... part) {
              allocator_traits::construct(a, at, std::forward<decltype(part)>(part)...);
            },
            parts.key);
      });
  return find_or_insert(*made, operation::insert, [&](entry_allocator& a, value_type* to) {
    if constexpr (std::is_move_constructible_v<Key>) {
      entries::construct(a, to, std::piecewise_construct, std::forward_as_tuple(std::move(*made)),
                         std::move(parts.value));
    } else {  // made once more, where it stays
      entries::construct(a, to, std::piecewise_construct, std::move(parts.key),
                         std::move(parts.value));
    }
  });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
template <class H, class E, class M>
void map<Key, T, Hash, KeyEqual, Allocator, Misuse>::merge(
    map<Key, T, H, E, Allocator, M>& source) {
  if (static_cast<const void*>(this) == std::addressof(source)) return;
  const typename M::write_guard guard(source.core_.wire(), operation::merge,
                                      source.opaque_address());
  source.core_.for_each_position([&](auto at, auto* head) {
    value_type* const entry = at.entry();
    const bool moved =
        find_or_insert(entry->first, operation::merge, [&](entry_allocator& a, value_type* to) {
          entries::construct_from(a, to, entry);
        }).second;
    if (moved) source.core_.erase_below(at, head);
  });
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
auto map<Key, T, Hash, KeyEqual, Allocator, Misuse>::erase(const_iterator at) -> iterator {
  const guard_type guard(core_.wire(), operation::erase, opaque_address());
  const position_type entry = at.position().locate();
  if (!entry) detail::report_stale_iterator(operation::erase);
  cursor_type next = at.position();
  next.advance();
  core_.erase_hashing(entry, core_.hash_of());
  return iterator(next);
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Misuse>
template <class Keys, class Out, class Result>
auto map<Key, T, Hash, KeyEqual, Allocator, Misuse>::find_each(Keys& keys, Out out,
                                                               const Result& result) const -> Out {
  if constexpr (!std::ranges::forward_range<Keys>) {
    for (auto&& key : keys) *out++ = result(locate(as_lookup_key(key)));
    return out;
  } else {
    // A key goes through three stages, half a block apart: its header is prefetched, its slot is
    // prefetched, it is looked up. Half a block is more than the misses that a core can have open,
    // and less than a cache set.
    constexpr std::size_t half = 16;
    std::array<std::uint64_t, 2 * half> hashes;  // of a block, and of the block before
    auto next = std::ranges::begin(keys);
    const auto last = std::ranges::end(keys);
    auto ahead = next;
    std::size_t known = 0;  // keys hashed; key number i has its hash at i % size
    const auto hash_some = [&] {
      for (std::size_t n = 0; n < half && ahead != last; ++n, (void)++ahead, ++known) {
        const std::uint64_t hash = core_.hash_key(as_lookup_key(*ahead));
        hashes[known % hashes.size()] = hash;
        core_.prefetch(hash);
      }
    };
    hash_some();
    for (std::size_t done = 0; next != last;) {
      const std::size_t block_end = known;
      reading([&] {
        for (std::size_t i = done; i < block_end; ++i) {
          core_.prefetch_match(hashes[i % hashes.size()]);
        }
      });
      hash_some();
      reading([&] {
        for (; done < block_end; ++done, (void)++next) {
          const position_type at =
              core_.find_prefetched_key(as_lookup_key(*next), hashes[done % hashes.size()]);
          *out++ = result(at ? at.entry() : nullptr);
        }
      });
    }
    return out;
  }
}

namespace pmr {
// A map on any memory resource.
template <class Key, class T, class Hash = gomap::hash<Key>, class KeyEqual = std::equal_to<>,
          class Misuse = gomap::checked>
using map = gomap::map<Key, T, Hash, KeyEqual,
                       std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Misuse>;
}  // namespace pmr

}  // namespace gomap

#include <gomap/detail/map_guides.hpp>
#include <gomap/maps.hpp>
