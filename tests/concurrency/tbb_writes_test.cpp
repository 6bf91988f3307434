// tbb_writes_test.cpp -- several writers at once, under oneTBB's mutexes.
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <oneapi/tbb/rw_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>

#include "concurrency/concurrent_writes_suite.hpp"
#include "support/trivial_values.hpp"

namespace {

using waiting = testing::Types<written<std::uint64_t, support::three_words, tbb::rw_mutex>,
                               written<std::string, std::string, tbb::rw_mutex>>;
INSTANTIATE_TYPED_TEST_SUITE_P(TbbRwMutex, ConcurrentWrites, waiting);

using spinning = testing::Types<written<std::uint64_t, support::three_words, tbb::spin_rw_mutex>,
                                written<std::string, std::string, tbb::spin_rw_mutex>>;
INSTANTIATE_TYPED_TEST_SUITE_P(TbbSpinRwMutex, ConcurrentWrites, spinning);

}  // namespace
