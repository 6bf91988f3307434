// typed_suite_std_test.cpp -- the typed suite over std::allocator.
#include <gtest/gtest.h>

#include "support/typed_suite.hpp"

namespace support {

using std_cases = typed_cases<std_memory>;
INSTANTIATE_TYPED_TEST_SUITE_P(Std, MapTyped, std_cases);

}  // namespace support
