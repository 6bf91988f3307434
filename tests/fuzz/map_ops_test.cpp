// map_ops_test.cpp -- the fuzz body of gomap::map on random streams and on the stored ones.
#include "fuzz/map_ops.hpp"

#include <gtest/gtest.h>

#include "fuzz/replay_streams.hpp"

namespace {

constexpr fuzz::target map_target{fuzz::replay, 6, fuzz::operation_count,
                                  fuzz::first_sweeping_operation, "map"};

TEST(MapOperations, RandomStreamsGiveWhatUnorderedMapGives) { replay_random(map_target, 360); }

TEST(MapOperations, StreamsThatGrowGiveWhatUnorderedMapGives) {
  replay_growing(map_target, 120, 3000);
}

TEST(MapOperations, StoredStreamsGiveWhatUnorderedMapGives) { replay_stored(map_target); }

}  // namespace
