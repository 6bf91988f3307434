// failing_allocator.hpp -- a counting allocator whose n-th allocation throws.
//
// Arm point::allocate (fault.hpp) to choose n; the counter is shared by all rebound copies. The
// ledger of counting_allocator.hpp says afterwards whether every block came back.
#pragma once

#include "support/counting_allocator.hpp"
#include "support/fault.hpp"

namespace support {

template <class T>
using failing_allocator = ledger_allocator<T, stays, may_fail::yes>;

}  // namespace support
