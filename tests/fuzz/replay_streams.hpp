// replay_streams.hpp -- streams of bytes for a fuzz body: random ones, and those stored in corpus/.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace fuzz {

using bytes = std::vector<std::uint8_t>;
using body = void(std::span<const std::uint8_t>);

// A body, and what a stream has to know about it.
struct target {
  body* replay;
  std::uint8_t kinds;      // the first byte picks one of so many
  std::size_t operations;  // an operation is a byte modulo this;
  std::size_t sweeping;    //   from here on they erase many keys, or replace or reshape maps
  const char* corpus;      // folder in corpus/
};

inline void expect_no_difference(const target& t, const bytes& stream, const std::string& name) {
  try {
    t.replay(stream);
  } catch (const std::exception& difference) {
    FAIL() << name << ": " << difference.what();
  }
}

inline bytes random_stream(const target& t, std::uint64_t seed, std::size_t length) {
  std::mt19937_64 random(seed);
  bytes stream(length);
  std::generate(stream.begin(), stream.end(), [&] { return static_cast<std::uint8_t>(random()); });
  stream.front() = static_cast<std::uint8_t>(seed % t.kinds);
  return stream;
}

// Operations that empty or replace a map are made rare, so that maps get large.
inline bytes growing_stream(const target& t, std::uint64_t seed, std::size_t length) {
  bytes stream = random_stream(t, seed, length);
  for (std::size_t i = 1; i < stream.size(); ++i) {
    const bool sweeping = stream[i] % t.operations >= t.sweeping;
    if (sweeping && stream[i] % 8 != 0) stream[i] = static_cast<std::uint8_t>(i % t.sweeping);
  }
  return stream;
}

// Streams of every length up to a few hundred operations.
inline void replay_random(const target& t, std::uint64_t streams) {
  for (std::uint64_t seed = 0; seed < streams; ++seed) {
    expect_no_difference(t, random_stream(t, seed, 16 + 4 * seed), "seed " + std::to_string(seed));
    if (::testing::Test::HasFatalFailure()) return;
  }
}

inline void replay_growing(const target& t, std::uint64_t streams, std::size_t length) {
  for (std::uint64_t seed = 0; seed < streams; ++seed) {
    expect_no_difference(t, growing_stream(t, seed, length), "seed " + std::to_string(seed));
    if (::testing::Test::HasFatalFailure()) return;
  }
}

inline void replay_stored(const target& t) {
  const auto corpus = std::filesystem::path(__FILE__).parent_path() / "corpus" / t.corpus;
  std::size_t replayed = 0;
  for (const auto& stored : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(stored.path(), std::ios::binary);
    const bytes stream(std::istreambuf_iterator<char>(file), {});
    expect_no_difference(t, stream, stored.path().filename().string());
    ++replayed;
  }
  EXPECT_GT(replayed, 0U);
}

}  // namespace fuzz
