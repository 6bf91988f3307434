// map_stats_test.cpp -- what stats() counts, how it prints, and what check_invariants() notices.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <gomap/detail/check_invariants.hpp>
#include <gomap/map.hpp>
#include <gomap/map_stats.hpp>

#include "support/colliding_hash.hpp"
#include "support/growth.hpp"

namespace map_stats_test {

using map = gomap::map<std::uint64_t, std::uint64_t>;

TEST(MapStats, OfAnEmptyMap) {
  const gomap::map_stats s = map().stats();

  EXPECT_EQ(s.size, 0U);
  EXPECT_EQ(s.buckets, 1U);
  EXPECT_EQ(s.overflow_buckets, 0U);
  EXPECT_EQ(s.load, 0.0);
  EXPECT_FALSE(s.growing);
  EXPECT_EQ(s.old_buckets, 0U);
  EXPECT_EQ(s.growths_double + s.growths_same_size, 0U);
  EXPECT_EQ(s.bytes_in_use, 0U);
}

TEST(MapStats, CountsEntriesBucketsAndGrowths) {
  map m;
  for (std::uint64_t i = 0; i < 1000; ++i) m[i] = i;
  m.finish_growth();

  const gomap::map_stats s = m.stats();

  EXPECT_EQ(s.size, 1000U);
  EXPECT_EQ(s.buckets, 256U);  // 13/2 entries a bucket: 128 hold 832 only
  EXPECT_EQ(s.buckets, m.bucket_count());
  EXPECT_DOUBLE_EQ(s.load, 1000.0 / 256.0);
  EXPECT_EQ(s.growths_double, 8U);
  EXPECT_EQ(s.growths_same_size, 0U);
  EXPECT_FALSE(s.growing);
  EXPECT_GE(s.bytes_in_use, 1000 * sizeof(map::value_type));
  EXPECT_GE(s.bytes_reserved, s.bytes_in_use);
  EXPECT_GE(s.bytes_peak, s.bytes_in_use);
}

TEST(MapStats, CountsChains) {
  gomap::map<std::uint64_t, int, support::colliding_hash> m;
  for (std::uint64_t i = 0; i < 80; ++i) m[i] = 0;
  m.finish_growth();

  const gomap::map_stats s = m.stats();

  EXPECT_EQ(s.longest_chain, 10U);  // 80 entries of one bucket, eight in each of its chain
  EXPECT_EQ(s.overflow_buckets, 9U);
}

TEST(MapStats, ShowsHowFarAGrowthIs) {
  map m;
  const std::uint64_t next = support::insert_until_growing(m, 0, std::uint64_t{1});
  ASSERT_TRUE(m.growing());

  const gomap::map_stats begun = m.stats();
  m[next] = 1;
  const gomap::map_stats further = m.stats();
  m.finish_growth();
  const gomap::map_stats finished = m.stats();

  EXPECT_TRUE(begun.growing);
  EXPECT_EQ(begun.old_buckets * 2, begun.buckets);
  EXPECT_LT(begun.evacuated_buckets, begun.old_buckets);
  if (further.growing) {
    EXPECT_GT(further.evacuated_buckets, begun.evacuated_buckets);
  }
  EXPECT_FALSE(finished.growing);
  EXPECT_EQ(finished.old_buckets, 0U);
  EXPECT_EQ(finished.size, next + 1);
}

TEST(MapStats, PeakNeverFalls) {
  map m;
  for (std::uint64_t i = 0; i < 5000; ++i) m[i] = i;
  const std::size_t peak = m.stats().bytes_peak;

  for (std::uint64_t i = 0; i < 5000; ++i) m.erase(i);
  m.shrink_to_fit();

  EXPECT_GE(m.stats().bytes_peak, peak);
  EXPECT_LT(m.stats().bytes_in_use, peak);
}

TEST(MapStats, TextNamesEveryFigure) {
  map m;
  for (std::uint64_t i = 0; i < 1234; ++i) m[i] = i;
  std::ostringstream out;

  out << m.stats();

  const std::string text = out.str();
  EXPECT_NE(text.find("1234"), std::string::npos) << text;
  for (const char* word : {"bucket", "overflow", "chain", "load", "growth", "bytes"}) {
    EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "' in: " << text;
  }
}

void expect_json_matches(const gomap::map_stats& s) {
  const nlohmann::json json = nlohmann::json::parse(gomap::to_json(s));

  EXPECT_EQ(json.at("size").get<std::uint64_t>(), s.size);
  EXPECT_EQ(json.at("buckets").get<std::uint64_t>(), s.buckets);
  EXPECT_EQ(json.at("overflow_buckets").get<std::uint64_t>(), s.overflow_buckets);
  EXPECT_EQ(json.at("longest_chain").get<std::uint64_t>(), s.longest_chain);
  EXPECT_NEAR(json.at("load").get<double>(), s.load, 1e-3);
  EXPECT_EQ(json.at("growing").get<bool>(), s.growing);
  EXPECT_EQ(json.at("evacuated_buckets").get<std::uint64_t>(), s.evacuated_buckets);
  EXPECT_EQ(json.at("old_buckets").get<std::uint64_t>(), s.old_buckets);
  EXPECT_EQ(json.at("growths_double").get<std::uint64_t>(), s.growths_double);
  EXPECT_EQ(json.at("growths_same_size").get<std::uint64_t>(), s.growths_same_size);
  EXPECT_EQ(json.at("bytes_reserved").get<std::uint64_t>(), s.bytes_reserved);
  EXPECT_EQ(json.at("bytes_in_use").get<std::uint64_t>(), s.bytes_in_use);
  EXPECT_EQ(json.at("bytes_peak").get<std::uint64_t>(), s.bytes_peak);
}

TEST(MapStats, JsonSaysTheSame) {
  map m;
  expect_json_matches(m.stats());
  support::insert_until_growing(m, 0, std::uint64_t{1});
  expect_json_matches(m.stats());
  m.clear();
  expect_json_matches(m.stats());
}

// A hash that answers differently later breaks the map's first rule; the checker must say so.
struct fickle_hash {
  using is_avalanching = std::true_type;
  static inline std::uint64_t salt = 0;
  std::uint64_t operator()(std::uint64_t key) const noexcept {
    return (key + salt) * 0x9E3779B97F4A7C15U;
  }
};

// A key that can be changed where it lies, which no key should allow.
struct loose_key {
  mutable std::uint64_t n;
  [[nodiscard]] std::uint64_t number() const { return n; }
  friend bool operator==(const loose_key&, const loose_key&) = default;
};

class MapCheckInvariants : public ::testing::Test {
 protected:
  ~MapCheckInvariants() override { fickle_hash::salt = 0; }
};

TEST_F(MapCheckInvariants, NoticesAHashThatChangesItsMind) {
  gomap::map<std::uint64_t, int, fickle_hash> m;
  for (std::uint64_t i = 0; i < 100; ++i) m[i] = 0;
  ASSERT_NO_THROW(m.check_invariants());

  fickle_hash::salt = 1;

  EXPECT_THROW(m.check_invariants(), gomap::invariant_error);
}

TEST_F(MapCheckInvariants, SaysWhatIsWrong) {
  gomap::map<std::uint64_t, int, fickle_hash> m;
  for (std::uint64_t i = 0; i < 100; ++i) m[i] = 0;
  fickle_hash::salt = 1;

  try {
    m.check_invariants();
    FAIL() << "nothing was noticed";
  } catch (const std::logic_error& error) {
    EXPECT_GT(std::string(error.what()).size(), 10U);
  }
}

TEST_F(MapCheckInvariants, NoticesAKeyThatWasChangedInPlace) {
  gomap::map<loose_key, int, support::good_hash> m;
  for (std::uint64_t i = 0; i < 100; ++i) m[loose_key{i}] = 0;

  m.find(loose_key{50})->first.n = 1'000'000;

  EXPECT_THROW(m.check_invariants(), gomap::invariant_error);
}

TEST_F(MapCheckInvariants, NoticesAKeyThatIsThereTwice) {
  gomap::map<loose_key, int, support::colliding_hash> m;
  for (std::uint64_t i = 0; i < 20; ++i) m[loose_key{i}] = 0;

  m.find(loose_key{5})->first.n = 6;

  EXPECT_THROW(m.check_invariants(), gomap::invariant_error);
}

}  // namespace map_stats_test
