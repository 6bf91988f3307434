// typed_suite_extending_test.cpp -- the typed suite over an allocator that extends blocks in place.
#include <gtest/gtest.h>

#include "support/typed_suite.hpp"

namespace support {

using extending_cases = typed_cases<extending_memory>;
INSTANTIATE_TYPED_TEST_SUITE_P(Extending, MapTyped, extending_cases);

}  // namespace support
