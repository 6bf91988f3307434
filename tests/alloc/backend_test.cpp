// backend_test.cpp -- the suite of backend_suite.hpp over what needs no library beside ours.
#include <gtest/gtest.h>

#include "backend_suite.hpp"
#include "backends.hpp"
#include "map_backend_suite.hpp"

namespace gomap_test {
using backends =
    testing::Types<std_backend, pmr_backend, process_pages_backend, tracked_pages_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Own, BackendSuite, backends);
using with_maps = testing::Types<tracked_pages_backend>;
INSTANTIATE_TYPED_TEST_SUITE_P(Own, BackendMaps, with_maps);
}  // namespace gomap_test
