// typed_suite_pmr_test.cpp -- the typed suite over a std::pmr pool.
#include <gtest/gtest.h>

#include "support/typed_suite.hpp"

namespace support {

using pmr_cases = typed_cases<pmr_memory>;
INSTANTIATE_TYPED_TEST_SUITE_P(Pmr, MapTyped, pmr_cases);

}  // namespace support
