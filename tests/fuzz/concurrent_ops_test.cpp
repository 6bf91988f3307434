// concurrent_ops_test.cpp -- the fuzz body of gomap::concurrent_map on random streams and on the
// stored ones.
#include "fuzz/concurrent_ops.hpp"

#include <gtest/gtest.h>

#include "fuzz/replay_streams.hpp"

namespace {

constexpr fuzz::target concurrent_target{fuzz::replay_concurrent, fuzz::scene_kinds,
                                         fuzz::verb_count, fuzz::first_sweeping_verb, "concurrent"};

TEST(ConcurrentOperations, RandomStreamsGiveWhatTheModelGives) {
  replay_random(concurrent_target, 189);
}

TEST(ConcurrentOperations, StreamsThatGrowGiveWhatTheModelGives) {
  replay_growing(concurrent_target, 54, 1500);
}

TEST(ConcurrentOperations, StoredStreamsGiveWhatTheModelGives) { replay_stored(concurrent_target); }

}  // namespace
