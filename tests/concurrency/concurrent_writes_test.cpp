// concurrent_writes_test.cpp -- several writers at once: words, structs and strings, under gomap's
// own mutex and the standard's.
#include <cstdint>
#include <shared_mutex>
#include <string>

#include <gtest/gtest.h>

#include <gomap/rw_mutex.hpp>

#include "concurrency/concurrent_writes_suite.hpp"
#include "support/trivial_values.hpp"
#include "support/types.hpp"

namespace concurrent_writes_test {

using own = support::types<2, written<std::uint64_t, std::uint64_t, gomap::rw_mutex>,
                           written<std::string, std::string, gomap::rw_mutex>,
                           written<std::uint64_t, support::three_words, gomap::rw_mutex>>;
INSTANTIATE_TYPED_TEST_SUITE_P(RwMutex, ConcurrentWrites, own);

using standard = support::types<1, written<std::uint64_t, support::three_words, std::shared_mutex>,
                                written<std::string, std::string, std::shared_mutex>>;
INSTANTIATE_TYPED_TEST_SUITE_P(SharedMutex, ConcurrentWrites, standard);

}  // namespace concurrent_writes_test
