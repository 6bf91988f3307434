// cases.cpp -- a map of types that cannot be in one, for each macro that may be defined.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gomap/map.hpp>

struct plain {
  int number;
};
struct hashed {
  int number;
  friend std::size_t hash_value(const hashed& h) { return static_cast<std::size_t>(h.number); }
};
struct compared {
  int number;
  friend bool operator==(const compared&, const compared&) = default;
};
struct hash_not_const {
  std::size_t operator()(int key) { return static_cast<std::size_t>(key); }
};
struct equality_of_numbers {
  bool operator()(int a, int b) const { return a == b; }
};
struct pinned {
  explicit pinned(int) {}
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  ~pinned() {}
};

enum class number : int {};
template <>
struct std::hash<number> {
  std::size_t operator()(number n) { return static_cast<std::size_t>(n) % 10; }
};

struct gaps {
  char small;
  int large;
};
struct holds_gaps {
  gaps inside;
  friend bool operator==(const holds_gaps& a, const holds_gaps& b) {
    return a.inside.small == b.inside.small && a.inside.large == b.inside.large;
  }
  template <class Algorithm>
  friend void hash_append(Algorithm& h, const holds_gaps& g) {
    h(&g.inside, sizeof g.inside);
  }
};

template <class T>
struct fancy {
  using element_type = T;
  T* address = nullptr;
  static fancy pointer_to(T& t) { return {std::addressof(t)}; }
  T& operator*() const { return *address; }
  T* operator->() const { return address; }
  explicit operator bool() const { return address != nullptr; }
  friend bool operator==(const fancy&, const fancy&) = default;
};
template <class T>
struct fancy_allocator {
  using value_type = T;
  using pointer = fancy<T>;
  fancy_allocator() = default;
  template <class U>
  fancy_allocator(const fancy_allocator<U>&) {}
  pointer allocate(std::size_t n) { return {std::allocator<T>().allocate(n)}; }
  void deallocate(pointer p, std::size_t n) { std::allocator<T>().deallocate(p.address, n); }
  friend bool operator==(const fancy_allocator&, const fancy_allocator&) = default;
};

template <class Map, class K, class V>
void use(const K& key, const V& value) {
  Map m;
  m.try_emplace(key, value);
  (void)m.contains(key);
  m.erase(key);
  for (auto& entry : m) (void)entry;
}

int main() {
  use<gomap::map<int, std::string>>(1, "one");
#ifdef no_hash
  use<gomap::map<compared, int>>(compared{1}, 2);
#endif
#ifdef hash_that_is_not_const
  use<gomap::map<int, int, hash_not_const>>(1, 2);
#endif
#ifdef std_hash_that_is_not_const
  use<gomap::map<number, int>>(number{1}, 2);
#endif
#ifdef bytes_of_a_type_with_gaps
  use<gomap::map<holds_gaps, int>>(holds_gaps{{1, 2}}, 2);
#endif
#ifdef no_equality
  use<gomap::map<hashed, int>>(hashed{1}, 2);
#endif
#ifdef equality_of_other_types
  use<gomap::map<hashed, int, gomap::hash<hashed>, equality_of_numbers>>(hashed{1}, 2);
#endif
#ifdef reference_for_a_value
  int number = 2;
  use<gomap::map<int, int&>>(1, number);
#endif
#ifdef array_for_a_value
  use<gomap::map<int, int[2]>>(1, 2);
#endif
#ifdef const_key
  use<gomap::map<const int, int>>(1, 2);
#endif
#ifdef value_that_cannot_move
  use<gomap::map<int, pinned>>(1, 2);
#endif
#ifdef const_value_that_cannot_be_copied
  use<gomap::map<int, const std::unique_ptr<int>>>(1, nullptr);
#endif
#ifdef fancy_pointers
  use<gomap::map<int, int, gomap::hash<int>, std::equal_to<>,
                 fancy_allocator<std::pair<const int, int>>>>(1, 2);
#endif
}
