// typed_suite_stateful_test.cpp -- the typed suite over a stateful allocator that travels with the
// map.
#include <gtest/gtest.h>

#include "support/typed_suite.hpp"

namespace support {

using stateful_cases = typed_cases<stateful_memory>;
INSTANTIATE_TYPED_TEST_SUITE_P(Stateful, MapTyped, stateful_cases);

}  // namespace support
