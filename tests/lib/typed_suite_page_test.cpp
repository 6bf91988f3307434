// typed_suite_page_test.cpp -- the typed suite over page_allocator on a source of its own.
#include <gtest/gtest.h>

#include "support/typed_suite.hpp"

namespace support {

using page_cases = typed_cases<page_memory>;
INSTANTIATE_TYPED_TEST_SUITE_P(Page, MapTyped, page_cases);

}  // namespace support
