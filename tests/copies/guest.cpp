// guest.cpp -- the part of a process that is a shared library or a plug-in.
#include "guest.hpp"

#include <string>

#include <gomap/map.hpp>

namespace {

// Goes when the part goes, and gives back a large block then.
gomap::map<std::string, int> with_static_lifetime;

constexpr copies::part here = copies::part_here("guest");

}  // namespace

extern "C" const copies::part* copies_guest() {
  copies::add(with_static_lifetime, 0, 2000);
  return &here;
}
