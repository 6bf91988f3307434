// address_x86_64.hpp -- how many low bits of an address may be set on x86-64.
//
// User space is the lower half of 48 bits. A system with five levels of page tables gives higher
// addresses only to programs that ask for them; a table cannot be there.
#pragma once

namespace gomap::detail {

struct address_x86_64 {
  static constexpr unsigned bits = 48;
};

}  // namespace gomap::detail
