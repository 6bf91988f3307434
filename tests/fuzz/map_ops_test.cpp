// map_ops_test.cpp -- the fuzz body on random streams and on the stored ones in corpus/.
#include "fuzz/map_ops.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using bytes = std::vector<std::uint8_t>;

void expect_no_difference(const bytes& stream, const std::string& name) {
  try {
    fuzz::replay(stream);
  } catch (const std::exception& difference) {
    FAIL() << name << ": " << difference.what();
  }
}

// Streams with every number of operations up to some hundreds; `kind` is the first byte.
bytes random_stream(std::uint64_t seed, std::uint8_t kind, std::size_t length) {
  std::mt19937_64 random(seed);
  bytes stream(length);
  std::generate(stream.begin(), stream.end(), [&] { return static_cast<std::uint8_t>(random()); });
  stream.front() = kind;
  return stream;
}

// Operations that empty or replace a map are made rare, so that maps get large.
bytes growing_stream(std::uint64_t seed, std::uint8_t kind, std::size_t length) {
  bytes stream = random_stream(seed, kind, length);
  for (std::size_t i = 1; i < stream.size(); ++i) {
    const bool sweeping = stream[i] % fuzz::operation_count >= fuzz::first_sweeping_operation;
    if (sweeping && stream[i] % 8 != 0) {
      stream[i] = static_cast<std::uint8_t>(i % fuzz::first_sweeping_operation);
    }
  }
  return stream;
}

std::filesystem::path corpus() { return std::filesystem::path(__FILE__).parent_path() / "corpus"; }

TEST(MapOperations, RandomStreamsGiveWhatUnorderedMapGives) {
  for (std::uint64_t seed = 0; seed < 360; ++seed) {
    const auto kind = static_cast<std::uint8_t>(seed % 6);
    expect_no_difference(random_stream(seed, kind, 16 + 4 * seed), "seed " + std::to_string(seed));
    if (HasFatalFailure()) return;
  }
}

TEST(MapOperations, StreamsThatGrowGiveWhatUnorderedMapGives) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const auto kind = static_cast<std::uint8_t>(seed % 6);
    expect_no_difference(growing_stream(seed, kind, 3000), "seed " + std::to_string(seed));
    if (HasFatalFailure()) return;
  }
}

TEST(MapOperations, StoredStreamsGiveWhatUnorderedMapGives) {
  std::size_t replayed = 0;
  for (const auto& stored : std::filesystem::directory_iterator(corpus())) {
    std::ifstream file(stored.path(), std::ios::binary);
    const bytes stream(std::istreambuf_iterator<char>(file), {});
    expect_no_difference(stream, stored.path().filename().string());
    ++replayed;
  }
  EXPECT_GT(replayed, 0U);
}

}  // namespace
