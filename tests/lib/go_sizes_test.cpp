// go_sizes_test.cpp -- keys and values from no bytes to thousands, and the size of the map itself.
//
// Go stores what is over 128 bytes outside the bucket; gomap stores everything inside. So sizes on
// both sides of Go's limit must behave alike here too.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

#include "support/counting_value.hpp"

namespace go_sizes_test {

// `Bytes` bytes that are all derived from one number, so that a torn or shifted copy shows.
template <std::size_t Bytes>
class block {
 public:
  block() = default;
  explicit block(std::uint32_t n) {
    for (std::size_t i = 0; i < Bytes; ++i) bytes_[i] = byte_of(n, i);
  }

  [[nodiscard]] bool holds(std::uint32_t n) const {
    for (std::size_t i = 0; i < Bytes; ++i) {
      if (bytes_[i] != byte_of(n, i)) return false;
    }
    return true;
  }

  friend bool operator==(const block&, const block&) = default;

  struct hash {
    std::size_t operator()(const block& b) const noexcept {
      std::size_t h = 0;
      for (const std::uint8_t byte : b.bytes_) h = h * 31 + byte;
      return h;
    }
  };

 private:
  static std::uint8_t byte_of(std::uint32_t n, std::size_t i) {
    return static_cast<std::uint8_t>((n + i * 37) >> ((i % 2) * 8));
  }

  std::array<std::uint8_t, Bytes> bytes_{};
};

template <std::size_t KeyBytes, std::size_t ValueBytes>
void store_and_read_back(std::uint32_t count) {
  gomap::map<block<KeyBytes>, block<ValueBytes>, typename block<KeyBytes>::hash> m;

  for (std::uint32_t n = 0; n < count; ++n) m[block<KeyBytes>(n)] = block<ValueBytes>(n + 5);

  ASSERT_EQ(m.size(), count);
  for (std::uint32_t n = 0; n < count; ++n) {
    const auto* value = m.lookup(block<KeyBytes>(n));
    ASSERT_NE(value, nullptr);
    ASSERT_TRUE(value->holds(n + 5));
  }
  for (std::uint32_t n = 0; n < count; n += 2) ASSERT_EQ(m.erase(block<KeyBytes>(n)), 1u);
  ASSERT_EQ(m.size(), count / 2);
  ASSERT_NO_THROW(m.check_invariants());
}

TEST(GoMapSizes, AnEmptyMapIsSmall) {
  static_assert(sizeof(gomap::map<std::uint64_t, std::uint64_t>) <= 128);
  static_assert(sizeof(gomap::map<std::string, support::wide_value>) <= 128);
}

TEST(GoMapSizes, SmallAndLargeKeysMeetSmallAndLargeValues) {
  store_and_read_back<1, 1>(200);
  store_and_read_back<1, 1000>(200);
  store_and_read_back<100, 200>(200);
  store_and_read_back<1000, 1>(200);
  store_and_read_back<1000, 1000>(200);
}

TEST(GoMapSizes, BothSidesOfGosInlineLimitBehaveAlike) {
  store_and_read_back<128, 129>(200);
  store_and_read_back<129, 128>(200);
}

TEST(GoMapSizes, LargeKeysSurviveAThousandInsertions) { store_and_read_back<512, 1>(1000); }

TEST(GoMapSizes, LargeValuesSurviveAThousandInsertions) { store_and_read_back<4, 512>(1000); }

TEST(GoMapSizes, KeysAndValuesOf256StringsKeepThemAll) {
  using strings = std::array<std::string, 256>;
  struct hash_of_first {
    std::size_t operator()(const strings& s) const noexcept {
      return std::hash<std::string>{}(s[0]);
    }
  };
  const auto make = [](int n) {
    strings s;
    for (std::size_t i = 0; i < s.size(); ++i)
      s[i] = "string" + std::to_string(n) + "." + std::to_string(i);
    return std::make_unique<strings>(s);
  };
  gomap::map<strings, strings, hash_of_first> m;

  for (int n = 0; n < 40; ++n) m.try_emplace(*make(n), *make(n + 1000));

  ASSERT_EQ(m.size(), 40u);
  for (int n = 0; n < 40; ++n) {
    const strings* value = m.lookup(*make(n));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, *make(n + 1000));
  }
}

TEST(GoMapSizes, AMissingHugeValueReadsAsZero) {
  using huge = std::array<std::uint64_t, 500>;
  gomap::map<int, huge> m;

  EXPECT_EQ(m.get(1), huge{});
  EXPECT_EQ(m.lookup(1), nullptr);
  m[0][499] = 7;

  EXPECT_EQ(m.get(1), huge{});
  EXPECT_EQ(m.get(0)[499], 7u);
}

struct empty_key {
  friend bool operator==(empty_key, empty_key) { return true; }
};
struct empty_key_hash {
  std::size_t operator()(empty_key) const noexcept { return 0; }
};

// A slot of no bytes of payload still has an address of its own within the bucket.
TEST(GoMapSizes, AnEmptyKeyTypeHoldsOneEntry) {
  gomap::map<empty_key, int, empty_key_hash> m;

  m[empty_key{}] = 1;
  m[empty_key{}] = 2;

  EXPECT_EQ(m.size(), 1u);
  EXPECT_EQ(m.get(empty_key{}), 2);
  EXPECT_EQ(m.erase(empty_key{}), 1u);
  EXPECT_TRUE(m.empty());
}

TEST(GoMapSizes, AnEmptyValueTypeMakesASet) {
  gomap::map<int, support::empty_value> m;

  for (int i = 0; i < 100; ++i) m[i] = {};

  EXPECT_EQ(m.size(), 100u);
  EXPECT_TRUE(m.contains(99));
  EXPECT_FALSE(m.contains(100));
}

TEST(GoMapSizes, EmptyKeyAndEmptyValueTogether) {
  gomap::map<empty_key, support::empty_value, empty_key_hash> m;
  EXPECT_FALSE(m.contains(empty_key{}));

  m[empty_key{}] = {};

  int walked = 0;
  for (const auto& entry : m) {
    EXPECT_EQ(&entry, &*m.find(empty_key{}));
    ++walked;
  }
  EXPECT_EQ(walked, 1);
}

// Large objects with something to free on both sides, replaced over and over: nothing may be lost
// or freed twice, which the address sanitizer and the count of live objects see.
TEST(GoMapSizes, LargeTrackedEntriesSurviveChurn) {
  struct large {
    std::array<char, 2048> payload{};
    support::tracked value;
  };
  const long live_before = support::object_counts::live;
  {
    gomap::map<std::uint64_t, large> m;
    for (std::uint64_t n = 0; n < 2000; ++n) {
      m[n].value = support::tracked(n);
      if (n >= 60) m.erase(n - 60);
    }
    ASSERT_EQ(m.size(), 60u);
    EXPECT_EQ(support::object_counts::live - live_before, 60);
    for (const auto& [key, stored] : m) EXPECT_EQ(stored.value.number(), key);
  }
  EXPECT_EQ(support::object_counts::live, live_before);
}

}  // namespace go_sizes_test
