// typed_suite_failing_test.cpp -- the typed suite over an allocator that may fail (and does not,
// here).
#include <gtest/gtest.h>

#include "support/typed_suite.hpp"

namespace support {

using failing_cases = typed_cases<failing_memory>;
INSTANTIATE_TYPED_TEST_SUITE_P(Failing, MapTyped, failing_cases);

}  // namespace support
