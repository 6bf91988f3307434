// guest.cpp -- the part of a process that is a shared library or a plug-in.
#include "guest.hpp"

namespace {

// Goes when the part goes, after all that it holds has been used.
gomap::map<std::string, int> with_static_lifetime;

constexpr copies::part here = copies::part_here("guest");

}  // namespace

extern "C" const copies::part* copies_guest() {
  copies::add(with_static_lifetime, 0, 100);
  return &here;
}
