// allocator_concepts.hpp -- what an allocator may offer beyond the standard's requirements.
//
// A map needs only a standard allocator. These concepts find out what else an allocator can do: a
// type opts in by having the member. Each concept tells the member, its meaning, and what the map
// gains by it.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>

namespace gomap {

// `a.discard(p, bytes)`: the contents of [p, p + bytes) are not needed any more. The range is
// inside one block that `a` allocated and that is still allocated. The addresses stay readable and
// writable; their contents are unspecified from here on. Pages that are wholly inside the range may
// go back to the system at once, later, or never. The map calls it for the evacuated part of an old
// bucket array, in blocks, front to back. So a growing map never holds the memory of two arrays.
template <class A>
concept discarding_allocator = requires(A& a, void* p, std::size_t bytes) {
  { a.discard(p, bytes) }
  noexcept;
};

// `a.move_pages(from, to, bytes)`: as a.discard(from, bytes); the contents of [to, to + bytes) are
// not needed either. That range is inside another block of `a`, and is about to be written for the
// first time. The pages of the first range may become its pages, which saves page faults. The map
// calls it instead of discard, with the part of the new array that is written next; half the pages
// of a doubled array then come from the old one. It pays from 64 KiB up, if both ranges start at
// the same offset in a page.
template <class A>
concept page_moving_allocator = requires(A& a, void* from, void* to, std::size_t bytes) {
  { a.move_pages(from, to, bytes) }
  noexcept;
};

// `A::type_stable` is true: allocated memory stays readable until it is deallocated, even after
// discard(), and a discarded block that is kept costs little but addresses. So a container whose
// readers hold no lock can keep all memory that it retires, and deallocate it when no reader can be
// left. Deallocated memory must not be read: its next owner writes it at any time.
template <class A>
concept type_stable_allocator = requires {
  requires bool(A::type_stable);
};

// `a.allocate_zeroed(n)`: as allocate(n), and every byte is zero. Worth offering where that costs
// nothing, as with fresh pages of the system. The map gains a large array without touching it.
template <class A>
concept zeroing_allocator = requires(A& a, std::size_t n) {
  { a.allocate_zeroed(n) } -> std::same_as<typename std::allocator_traits<A>::pointer>;
};

// `a.try_extend(p, old_n, new_n)`: extends the block of `old_n` objects at `p` to `new_n` > old_n
// in place; or changes nothing and returns false. After true, the old contents are unchanged, those
// of the added part are unspecified, and the block is deallocated with `new_n`. The map then grows
// in place: half the entries move, and there is no second array.
template <class A>
concept extendable_allocator = requires(A& a, typename std::allocator_traits<A>::pointer p,
                                        std::size_t n) {
  { a.try_extend(p, n, n) }
  noexcept->std::same_as<bool>;
};

}  // namespace gomap
