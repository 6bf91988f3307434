// go_hash_quality_test.cpp -- Go's selection from SMHasher, held against gomap::hash.
//
// Sets of related keys are hashed. Strings must be as random numbers are: no more collisions, in
// all 64 bits, in the lowest and in the topmost. Numbers are hashed by one multiplication, which
// lays related keys out in a regular way instead of a random one; what must hold is what the map
// needs: the low bits fill the buckets evenly, and within a bucket the top byte tells keys apart.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>

#include "support/counting_allocator.hpp"

namespace go_hash_quality_test {

constexpr std::uint64_t seed = 0x1234567;

template <class K>
std::uint64_t hash_of(const K& key, std::uint64_t with = seed) {
  return gomap::hash<K>{}(key, with);
}

// How many of `hashes` have a twin before them in their low `bits` bits, after `shift`.
std::size_t collisions(std::vector<std::uint64_t> hashes, unsigned bits, unsigned shift) {
  for (auto& h : hashes) {
    h >>= shift;
    if (bits < 64) h &= (std::uint64_t{1} << bits) - 1;
  }
  std::sort(hashes.begin(), hashes.end());
  const auto distinct = std::unique(hashes.begin(), hashes.end()) - hashes.begin();
  return hashes.size() - static_cast<std::size_t>(distinct);
}

// Expected collisions of random numbers of so many bits, and six standard deviations more.
double collision_allowance(std::size_t count, unsigned bits) {
  const double n = static_cast<double>(count);
  const double places = std::ldexp(1.0, static_cast<int>(bits));
  const double occupied = places * -std::expm1(n * std::log1p(-1.0 / places));
  const double expected = std::max(0.0, n - occupied);
  return expected + 6 * std::sqrt(expected) + 1;
}

// No more collisions than random numbers have.
void expect_random(const std::vector<std::uint64_t>& hashes) {
  ASSERT_GE(hashes.size(), 64u);
  // As many places as keys, or somewhat more.
  const auto bits = static_cast<unsigned>(std::bit_width(hashes.size()));
  const double allowance = collision_allowance(hashes.size(), bits);
  EXPECT_LE(static_cast<double>(collisions(hashes, 64, 0)), collision_allowance(hashes.size(), 64));
  EXPECT_LE(static_cast<double>(collisions(hashes, bits, 0)), allowance) << "low bits";
  EXPECT_LE(static_cast<double>(collisions(hashes, bits, 64 - bits)), allowance) << "top bits";
}

// Fills buckets at the loads that a table has. Random numbers put 1 key in 30 beyond its bucket's
// eight slots at these loads and find 1 false tophash in 100 keys; the bounds leave room for the
// regular layouts, and none for a bucket index or a tophash that means nothing.
void expect_fit_for_buckets(const std::vector<std::uint64_t>& hashes) {
  const std::size_t buckets = std::bit_floor(hashes.size()) / 4;
  std::vector<std::size_t> load(buckets);
  std::unordered_map<std::uint64_t, std::size_t> tophashes;
  std::size_t overflowing = 0;
  std::size_t false_matches = 0;
  for (const std::uint64_t h : hashes) {
    const std::uint64_t bucket = h % buckets;
    if (++load[bucket] > 8) ++overflowing;
    false_matches += tophashes[bucket << 8 | h >> 56]++;
  }
  EXPECT_EQ(collisions(hashes, 64, 0), 0u);
  EXPECT_LE(overflowing, hashes.size() / 6);
  EXPECT_LE(false_matches, hashes.size() / 6);
}

// Runs `body` with seeds such as maps draw.
template <class Body>
void with_seeds(const Body& body) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 3; ++i) body(random());
}

// Strings that differ in one bit, or only in what follows their end, hash differently.
TEST(HashQuality, EveryBitOfAStringCounts) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {1u, 3u, 8u, 16u, 31u, 64u, 200u}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const std::uint64_t original = hash_of(text);
    EXPECT_EQ(hash_of(std::string(text)), original);
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      std::string flipped = text;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      ASSERT_NE(hash_of(flipped), original) << "bit " << bit << " of " << size << " bytes";
    }
  }
}

TEST(HashQuality, AppendedZerosChangeTheHash) {
  std::vector<std::uint64_t> hashes;
  for (std::size_t zeros = 0; zeros < 256; ++zeros) {
    hashes.push_back(hash_of("hello" + std::string(zeros, '\0')));
  }
  expect_random(hashes);
}

TEST(HashQuality, RunsOfZerosDifferByTheirLength) {
  std::vector<std::uint64_t> hashes;
  for (std::size_t zeros = 0; zeros < 4096; ++zeros) {
    hashes.push_back(hash_of(std::string(zeros, '\0')));
  }
  expect_random(hashes);
}

TEST(HashQuality, AllStringsOfUpToTwoBytesDiffer) {
  std::vector<std::uint64_t> hashes{hash_of(std::string())};
  for (int a = 0; a < 256; ++a) {
    hashes.push_back(hash_of(std::string(1, static_cast<char>(a))));
    for (int b = 0; b < 256; ++b) {
      hashes.push_back(hash_of(std::string{static_cast<char>(a), static_cast<char>(b)}));
    }
  }
  expect_random(hashes);
}

TEST(HashQuality, StringsWithTwoNonzeroBytesDiffer) {
  std::vector<std::uint64_t> hashes;
  std::string text(12, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (std::size_t j = i + 1; j < text.size(); ++j) {
      for (int a = 1; a < 256; a += 9) {
        for (int b = 1; b < 256; b += 9) {
          text[i] = static_cast<char>(a);
          text[j] = static_cast<char>(b);
          hashes.push_back(hash_of(text));
        }
      }
      text[j] = '\0';
    }
    text[i] = '\0';
  }
  expect_random(hashes);
}

TEST(HashQuality, RepeatedPatternsDiffer) {
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t word = random();
    std::string pattern;
    for (int byte = 0; byte < 5; ++byte) pattern += static_cast<char>(word >> (8 * byte));
    hashes.push_back(hash_of(pattern + pattern + pattern + pattern));
  }
  expect_random(hashes);
}

// Numbers with few bits set, and numbers that a program is likely to count up in.
TEST(HashQuality, SparseNumbersAreSpread) {
  with_seeds([](std::uint64_t with) {
    std::vector<std::uint64_t> hashes{hash_of(std::uint64_t{0}, with)};
    for (int i = 0; i < 64; ++i) {
      const std::uint64_t a = std::uint64_t{1} << i;
      hashes.push_back(hash_of(a, with));
      for (int j = i + 1; j < 64; ++j) {
        const std::uint64_t b = a | std::uint64_t{1} << j;
        hashes.push_back(hash_of(b, with));
        for (int k = j + 1; k < 64; ++k) {
          hashes.push_back(hash_of(b | std::uint64_t{1} << k, with));
        }
      }
    }
    expect_fit_for_buckets(hashes);
  });
}

TEST(HashQuality, NumbersInStepsAreSpread) {
  with_seeds([](std::uint64_t with) {
    for (int shift = 0; shift < 48; shift += 4) {
      std::vector<std::uint64_t> hashes;
      for (std::uint64_t n = 0; n < 8192; ++n) hashes.push_back(hash_of(n << shift, with));
      expect_fit_for_buckets(hashes);
    }
  });
}

TEST(HashQuality, WindowsOfBitsAreSpread) {
  with_seeds([](std::uint64_t with) {
    for (int rotation = 0; rotation < 64; rotation += 5) {
      std::vector<std::uint64_t> hashes;
      for (std::uint64_t n = 0; n < 8192; ++n) {
        hashes.push_back(hash_of(std::rotl(n, rotation), with));
      }
      expect_fit_for_buckets(hashes);
    }
  });
}

// Arrays made of few different words, in every order.
TEST(HashQuality, PermutationsOfWordsAreSpread) {
  constexpr std::uint32_t words[] = {0, 1, 0x80000000u, 0xFFFFFFFFu};
  std::vector<std::uint64_t> hashes;
  for (std::uint32_t n = 0; n < 4096; ++n) {
    std::array<std::uint32_t, 6> key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = words[(n >> (2 * i)) % 4];
    hashes.push_back(hash_of(key));
  }
  expect_random(hashes);
}

// Text around one counter: what log lines and file names look like.
TEST(HashQuality, TextsAroundACounterAreSpread) {
  const std::pair<std::string, std::string> frames[] = {
      {"Foo", "Bar"}, {"FooBar", ""}, {"", "FooBar"}};
  for (const auto& [before, after] : frames) {
    std::vector<std::uint64_t> hashes;
    for (int n = 0; n < 20000; ++n) hashes.push_back(hash_of(before + std::to_string(n) + after));
    expect_random(hashes);
  }
}

TEST(HashQuality, SeedsMakeDifferentHashesOfOneKey) {
  std::vector<std::uint64_t> texts;
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t with = 1; with <= 8192; ++with) {
    texts.push_back(hash_of(std::string("hello"), with));
    numbers.push_back(hash_of(std::uint64_t{42}, with));
  }
  expect_fit_for_buckets(texts);
  expect_fit_for_buckets(numbers);
}

TEST(HashQuality, FlippingABitOfANumberMovesItToAnotherBucket) {
  with_seeds([](std::uint64_t with) {
    std::mt19937_64 random(with);
    for (int bit = 0; bit < 64; ++bit) {
      int moved = 0;
      for (int round = 0; round < 1000; ++round) {
        const std::uint64_t key = random();
        const std::uint64_t flipped = key ^ std::uint64_t{1} << bit;
        if (hash_of(key, with) % 1024 != hash_of(flipped, with) % 1024) ++moved;
      }
      ASSERT_GE(moved, 950) << "bit " << bit;
    }
  });
}

// Flipping any bit of the text flips each bit of the hash about half of the time.
TEST(HashQuality, EachBitOfAStringReachesEveryBit) {
  constexpr int rounds = 2000;
  constexpr unsigned bits = 64;
  const auto hash_of_bytes = [](std::uint64_t key) {
    std::string text(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) text[i] = static_cast<char>(key >> (8 * i));
    return hash_of(text);
  };
  std::mt19937_64 random(3);
  std::vector<std::array<unsigned, bits>> flips(bits);
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t key = random();
    const std::uint64_t before = hash_of_bytes(key);
    for (unsigned in = 0; in < bits; ++in) {
      const std::uint64_t changed = before ^ hash_of_bytes(key ^ std::uint64_t{1} << in);
      for (unsigned out = 0; out < bits; ++out) {
        flips[in][out] += static_cast<unsigned>(changed >> out & 1);
      }
    }
  }
  for (unsigned in = 0; in < bits; ++in) {
    for (unsigned out = 0; out < bits; ++out) {
      const double share = static_cast<double>(flips[in][out]) / rounds;
      ASSERT_GT(share, 0.42) << "text bit " << in << " and hash bit " << out;
      ASSERT_LT(share, 0.58) << "text bit " << in << " and hash bit " << out;
    }
  }
}

// The low bits pick the bucket, the topmost are the tophash, those between pick a shard.
TEST(HashQuality, SixteenBitsOfTheHashTellMostNumbersApart) {
  with_seeds([](std::uint64_t with) {
    std::set<std::uint16_t> low;
    std::set<std::uint16_t> top;
    std::array<int, 64> shards{};
    for (std::uint64_t n = 0; n < 65536; ++n) {
      const std::uint64_t h = hash_of(n, with);
      low.insert(static_cast<std::uint16_t>(h));
      top.insert(static_cast<std::uint16_t>(h >> 48));
      ++shards[h >> 32 & 63];
    }
    EXPECT_GT(low.size(), 32768u);
    EXPECT_GT(top.size(), 32768u);
    EXPECT_LT(*std::max_element(shards.begin(), shards.end()), 1024 + 256);
  });
}

// One value hashes alike however it is spelled, since lookups may use another spelling.
TEST(HashQuality, AStringAndItsViewHashAlike) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string text(size, 'x');
    EXPECT_EQ(gomap::hash<std::string>{}(std::string_view(text), seed), hash_of(text));
    EXPECT_EQ(hash_of(std::string_view(text)), hash_of(text));
  }
}

// Where four of eight places hold a word and four hold nothing: seventy keys with the same parts.
TEST(HashQuality, ArraysWithTheSamePartsInOtherPlacesAreToldApart) {
  using words = std::array<std::string, 8>;
  gomap::map<words, int, gomap::hash<words>, std::equal_to<>,
             support::counting_allocator<std::pair<const words, int>>>
      m(128);
  std::set<std::uint64_t> hashes;
  for (unsigned mask = 0; mask < 256; ++mask) {
    if (std::popcount(mask) != 4) continue;
    words key;
    for (std::size_t i = 0; i < 8; ++i) key[i] = (mask >> i) % 2 == 1 ? "foo" : "";
    m[key] = static_cast<int>(mask);
    hashes.insert(hash_of(key));
  }

  EXPECT_EQ(m.size(), 70u);
  EXPECT_EQ(hashes.size(), 70u);
  EXPECT_LE(m.stats().longest_chain, 3u);
}

// Each death test of this style runs in a process started anew, with a secret of its own.
TEST(HashQualityDeathTest, ProcessesHashStringsDifferently) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::set<std::string> outputs;
  const auto note = [&outputs](const std::string& output) {
    outputs.insert(output);
    return output.find("hash=") != std::string::npos;
  };

  for (int process = 0; process < 3; ++process) {
    EXPECT_EXIT(
        {
          std::cerr << "hash=" << hash_of(std::string("hello"));
          std::exit(0);
        },
        testing::ExitedWithCode(0), testing::Truly(note));
  }

  EXPECT_GT(outputs.size(), 1u);
}

}  // namespace go_hash_quality_test
