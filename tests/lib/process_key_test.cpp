// process_key_test.cpp -- the key of the process, what is made of it, and seeds in children.
#include <array>
#include <cstdint>
#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include <gomap/detail/process_key.hpp>
#include <gomap/hash.hpp>

namespace {

using gomap::detail::fill_from_key;
using gomap::detail::key128;

template <std::size_t N>
std::array<unsigned char, N> bytes_of(const key128& key, std::uint64_t stream) {
  std::array<unsigned char, N> bytes{};
  fill_from_key(key, stream, bytes.data(), N);
  return bytes;
}

// The published stream of twenty rounds for a key and a number of zeros.
TEST(ProcessKey, MakesTheStreamsOfChaCha) {
  constexpr std::array<unsigned char, 16> first = {0x89, 0x67, 0x09, 0x52, 0x60, 0x83, 0x64, 0xfd,
                                                   0x00, 0xb2, 0xf9, 0x09, 0x36, 0xf0, 0x31, 0xc8};
  constexpr std::array<unsigned char, 16> second = {0x6c, 0xd1, 0x35, 0xc2, 0x87, 0x8c, 0x83, 0x2b,
                                                    0x58, 0x96, 0xb1, 0x34, 0xf6, 0x14, 0x2a, 0x9d};
  const auto stream = bytes_of<80>({}, 0);

  EXPECT_EQ(std::memcmp(stream.data(), first.data(), first.size()), 0);
  EXPECT_EQ(std::memcmp(stream.data() + 64, second.data(), second.size()), 0);
}

TEST(ProcessKey, FillsAsMuchAsItIsAskedFor) {
  const auto whole = bytes_of<200>({1, 2, 3, 4}, 5);
  const auto part = bytes_of<67>({1, 2, 3, 4}, 5);

  EXPECT_EQ(std::memcmp(whole.data(), part.data(), part.size()), 0);
}

TEST(ProcessKey, EachBitOfKeyAndNumberMakesAnotherStream) {
  std::set<std::array<unsigned char, 16>> streams{bytes_of<16>({}, 0)};
  for (unsigned bit = 0; bit < 128; ++bit) {
    key128 key{};
    key[bit / 32] = 1U << bit % 32;
    streams.insert(bytes_of<16>(key, 0));
  }
  for (unsigned bit = 0; bit < 64; ++bit) streams.insert(bytes_of<16>({}, std::uint64_t{1} << bit));

  EXPECT_EQ(streams.size(), 1u + 128 + 64);
}

TEST(ProcessKey, IsTheSameAtEveryCall) {
  EXPECT_EQ(gomap::detail::process_key(), gomap::detail::process_key());
  EXPECT_EQ(gomap::detail::drawn_key(), gomap::detail::drawn_key());
}

}  // namespace
