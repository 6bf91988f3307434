// own_allocator.cpp -- an allocator of your own in thirty lines: it counts, and offers discard().
//
// A map needs nothing but a standard allocator. What else yours can do is found by concept: with a
// `discard` the map hands back an old bucket array piece by piece while it grows.
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <new>
#include <utility>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

struct tally {
  std::size_t allocated = 0, freed = 0, discarded = 0;  // bytes
};

template <class T>
struct my_allocator {
  using value_type = T;
  tally* counts;  // borrowed

  explicit my_allocator(tally& to) noexcept : counts(&to) {}
  template <class U>
  my_allocator(const my_allocator<U>& other) noexcept : counts(other.counts) {}

  T* allocate(std::size_t n) {
    counts->allocated += n * sizeof(T);
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(alignof(T))));
  }
  void deallocate(T* p, std::size_t n) noexcept {
    counts->freed += n * sizeof(T);
    ::operator delete(p, std::align_val_t(alignof(T)));
  }
  void discard(void*, std::size_t bytes) noexcept { counts->discarded += bytes; }

  friend bool operator==(const my_allocator&, const my_allocator&) = default;
};

int main() {
  tally counts;
  using entry = std::pair<const int, int>;
  {
    gomap::map<int, int, gomap::hash<int>, std::equal_to<>, my_allocator<entry>> squares{
        my_allocator<entry>(counts)};
    for (int i = 0; i < 100000; ++i) squares[i] = i;
    std::cout << squares.stats() << '\n';
  }
  std::cout << counts.allocated << " bytes allocated, " << counts.discarded
            << " of them not needed to the end, " << counts.freed << " freed\n";
  return counts.allocated == counts.freed && counts.discarded > 0 ? 0 : 1;
}
