// allocator_concepts.hpp -- what an allocator may offer beyond the standard's requirements.
//
// The map asks for nothing but a standard allocator. What else an allocator can do is found by
// these concepts, so that a type opts in by having a member, and no one by a macro or a list.
// Each concept names the member, its meaning, and what the map gains by it.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>

namespace gomap {

// `a.discard(p, bytes)`: what lies in [p, p + bytes) is not needed any more. The range is inside
// one block that `a` allocated and that is still allocated. The addresses stay readable and
// writable; what they hold is unspecified from here on. Pages that lie whole inside the range may
// go back to the system at once, later, or never. The map calls it on the part of an old bucket
// array that has been evacuated, in blocks, front to back, so that a growing map never holds two
// arrays' worth of memory.
template <class A>
concept discarding_allocator = requires(A& a, void* p, std::size_t bytes) {
  { a.discard(p, bytes) }
  noexcept;
};

// `a.move_pages(from, to, bytes)`: as a.discard(from, bytes), and what is in [to, to + bytes) is
// not needed either. That range is inside another block of `a`, about to be written for the first
// time; the pages of the first may become its pages, which spares it the faults. The map calls it
// instead of discard, with the part of the new array that is written next: half the pages of a
// doubled array then come from the old one. It pays from 64 KiB up, where both ranges start at the
// same offset in a page.
template <class A>
concept page_moving_allocator = requires(A& a, void* from, void* to, std::size_t bytes) {
  { a.move_pages(from, to, bytes) }
  noexcept;
};

// `A::type_stable` is true: memory may be read late. What was allocated stays readable until it is
// deallocated, whatever discard() did to it, and keeping a discarded block costs next to nothing
// but addresses. A container with readers that hold no lock can therefore keep all it retires until
// no reader can be left, and deallocate it then. Deallocated memory belongs to the next owner, who
// writes it without regard for late readers: type stability is no licence to read that.
template <class A>
concept type_stable_allocator = requires {
  requires bool(A::type_stable);
};

// `a.allocate_zeroed(n)`: as allocate(n), and every byte of it is zero. Worth offering where zero
// comes for free, as it does from pages that the system hands out.
template <class A>
concept zeroing_allocator = requires(A& a, std::size_t n) {
  { a.allocate_zeroed(n) } -> std::same_as<typename std::allocator_traits<A>::pointer>;
};

// `a.try_extend(p, old_n, new_n)`: makes the block of `old_n` objects at `p` one of `new_n` > old_n
// without moving it, or changes nothing and returns false. After true, what was there is there
// still, what is new holds anything, and the block is deallocated with `new_n`.
template <class A>
concept extendable_allocator = requires(A& a, typename std::allocator_traits<A>::pointer p,
                                        std::size_t n) {
  { a.try_extend(p, n, n) }
  noexcept->std::same_as<bool>;
};

}  // namespace gomap
