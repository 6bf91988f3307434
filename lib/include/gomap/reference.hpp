// reference.hpp -- Go's map variable: a handle that may be nil, and whose copies share one map.
//
//   gomap::ref<std::string, int> a = gomap::make<std::string, int>();
//   auto b = a;                 // the same map
//   b["x"] = 1;                 // a.get("x") == 1
//   gomap::ref<std::string, int> nil;
//   nil.get("x");               // 0
//   nil["x"] = 1;               // throws nil_map_error
//
// Handles are counted as std::shared_ptr counts: any thread may copy and destroy handles of its
// own. The thread safety of the map that they share is that of gomap::map.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <utility>

#include <gomap/detail/comparable_key.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/misuse.hpp>
#include <gomap/page_allocator.hpp>

namespace gomap {

// Thrown by a write to a nil map. Nothing has changed.
class nil_map_error : public std::logic_error {
 public:
  nil_map_error() : std::logic_error("assignment to entry in nil map") {}
};

template <class Key, class T, class Hash = gomap::hash<Key>, class KeyEqual = std::equal_to<>,
          class Allocator = gomap::page_allocator<std::pair<const Key, T>>,
          class Misuse = gomap::checked>
class ref {
  template <class K>
  static constexpr bool key_form = detail::lookup_key<K&&, Key, Hash, KeyEqual>;

 public:
  using map_type = map<Key, T, Hash, KeyEqual, Allocator, Misuse>;
  using key_type = Key;
  using mapped_type = T;
  using value_type = typename map_type::value_type;
  using size_type = typename map_type::size_type;
  using iterator = typename map_type::iterator;
  using const_iterator = typename map_type::const_iterator;

  // Nil: no map.
  ref() noexcept = default;
  ref(std::nullptr_t) noexcept {}
  // Shares `shared`, which may be null.
  explicit ref(std::shared_ptr<map_type> shared) noexcept : map_(std::move(shared)) {}
  // A map of its own, with these entries.
  ref(std::initializer_list<value_type> list) : map_(std::make_shared<map_type>(list)) {}

  // Whether there is a map. Two handles are equal when they share one, or are both nil.
  [[nodiscard]] explicit operator bool() const noexcept { return map_ != nullptr; }
  [[nodiscard]] friend bool operator==(const ref& a, const ref& b) noexcept {
    return a.map_ == b.map_;
  }
  // The map itself, or null.
  [[nodiscard]] map_type* operator->() const noexcept { return map_.get(); }
  // Requires: not nil.
  [[nodiscard]] map_type& operator*() const noexcept { return *map_; }

  // ---- reads: on nil, as on an empty map

  [[nodiscard]] size_type size() const noexcept { return map_ ? map_->size() : 0; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] iterator begin() const { return map_ ? map_->begin() : iterator(); }
  [[nodiscard]] iterator end() const noexcept { return iterator(); }
  // A K is what the map's own calls take: a Key, what is looked up as it is, what converts to Key.
  template <class K = Key>
  requires key_form<K>
  [[nodiscard]] iterator find(K&& key) const {
    return map_ ? map_->find(std::forward<K>(key)) : iterator();
  }
  template <class K = Key>
  requires key_form<K>
  [[nodiscard]] bool contains(K&& key) const {
    return map_ && map_->contains(std::forward<K>(key));
  }
  template <class K = Key>
  requires key_form<K>
  [[nodiscard]] size_type count(K&& key) const {
    return map_ ? map_->count(std::forward<K>(key)) : 0;
  }
  // get(): the value, or T{} if the key is absent. lookup(): a pointer to the value, or null.
  template <class K = Key>
  requires key_form<K>
  [[nodiscard]] T get(K&& key) const { return map_ ? map_->get(std::forward<K>(key)) : T(); }
  template <class K = Key>
  requires key_form<K>
  [[nodiscard]] T* lookup(K&& key) const {
    return map_ ? map_->lookup(std::forward<K>(key)) : nullptr;
  }
  // Throws: std::out_of_range if the key is absent.
  template <class K = Key>
  requires key_form<K>
  [[nodiscard]] T& at(K&& key) const {
    T* const value = lookup(std::forward<K>(key));
    if (value == nullptr) GOMAP_THROW(std::out_of_range("gomap::ref::at: no such key"));
    return *value;
  }

  // ---- erasure: on nil, nothing

  template <class K = Key>
  requires(!detail::iterator_of<K&&, map_type> && key_form<K>) size_type erase(K&& key)
  const { return map_ ? map_->erase(std::forward<K>(key)) : 0; }
  // Requires: the iterators are into the map, which is then not nil.
  iterator erase(const_iterator at) const { return map_->erase(at); }
  iterator erase(iterator at) const { return map_->erase(at); }
  iterator erase(const_iterator first, const_iterator last) const {
    return map_ ? map_->erase(first, last) : iterator();
  }
  void clear() const {
    if (map_) map_->clear();
  }

  // ---- writes: on nil, they throw nil_map_error

  template <class K = Key>
  requires key_form<K> T& operator[](K&& key) const { return existing()[std::forward<K>(key)]; }
  std::pair<iterator, bool> insert(const value_type& entry) const {
    return existing().insert(entry);
  }
  std::pair<iterator, bool> insert(value_type&& entry) const {
    return existing().insert(std::move(entry));
  }
  template <class P>
  requires std::constructible_from<value_type, P&&> std::pair<iterator, bool> insert(P&& entry)
  const { return existing().insert(std::forward<P>(entry)); }
  template <class K = Key, class M = T>
  requires key_form<K> std::pair<iterator, bool> insert_or_assign(K&& key, M&& value)
  const { return existing().insert_or_assign(std::forward<K>(key), std::forward<M>(value)); }
  template <class... Args>
  std::pair<iterator, bool> emplace(Args&&... args) const {
    return existing().emplace(std::forward<Args>(args)...);
  }
  template <class K = Key, class... Args>
  requires key_form<K> std::pair<iterator, bool> try_emplace(K&& key, Args&&... args)
  const { return existing().try_emplace(std::forward<K>(key), std::forward<Args>(args)...); }

  // A handle to a copy of the map; nil for nil.
  [[nodiscard]] ref clone() const {
    return map_ ? ref(std::make_shared<map_type>(map_->clone())) : ref();
  }

 private:
  [[nodiscard]] map_type& existing() const {
    if (!map_) GOMAP_THROW(nil_map_error());
    return *map_;
  }

  std::shared_ptr<map_type> map_;
};

// Go's make(map[K]V, hint): a new, empty map with room for `hint` entries.
// Throws: what the allocator throws.
template <class Key, class T, class Hash = gomap::hash<Key>, class KeyEqual = std::equal_to<>,
          class Allocator = gomap::page_allocator<std::pair<const Key, T>>,
          class Misuse = gomap::checked>
[[nodiscard]] ref<Key, T, Hash, KeyEqual, Allocator, Misuse> make(std::size_t hint = 0) {
  using ref_type = ref<Key, T, Hash, KeyEqual, Allocator, Misuse>;
  return ref_type(std::make_shared<typename ref_type::map_type>(hint));
}

}  // namespace gomap
