// address_x86_64.hpp -- how many bits of an address may differ from zero on x86-64.
//
// User space has the lower half of 48 bits. A system with five levels of page tables gives out
// higher addresses to those alone who ask for them; memory from there cannot hold a table.
#pragma once

namespace gomap::detail {

struct address_x86_64 {
  static constexpr unsigned bits = 48;
};

}  // namespace gomap::detail
