// address_portable.hpp -- how many low bits of an address may be set: all.
#pragma once

#include <cstdint>
#include <limits>

namespace gomap::detail {

struct address_portable {
  static constexpr unsigned bits = std::numeric_limits<std::uintptr_t>::digits;
};

}  // namespace gomap::detail
