// matcher_test.cpp -- every way of matching eight tophash bytes gives the same answer; and what else a
// bucket's header holds and a table's arithmetic says.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <iterator>
#include <random>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/detail/growth.hpp>
#include <gomap/detail/match_swar.hpp>
#include <gomap/detail/past.hpp>
#include <gomap/detail/slot_set.hpp>
#include <gomap/detail/tophash.hpp>

namespace matcher_test {

using gomap::detail::match_swar;
using gomap::detail::matcher;
using gomap::detail::slots_per_bucket;

// What a match must say, byte by byte.
template <class Wanted>
std::uint32_t slots_where(std::uint64_t tops, Wanted wanted) {
  std::uint32_t slots = 0;
  for (unsigned i = 0; i < slots_per_bucket; ++i) {
    if (wanted(gomap::detail::tophash_at(tops, i))) slots |= 1u << i;
  }
  return slots;
}

template <class Set>
std::vector<unsigned> walk(Set set) {
  std::vector<unsigned> slots;
  for (; set; set.drop_first()) slots.push_back(set.first());
  return slots;
}

// Words whose bytes are near one another: borrows between neighbours are what a wrong trick trips
// on.
std::vector<std::uint64_t> words() {
  std::vector<std::uint64_t> all = {0,
                                    ~std::uint64_t{0},
                                    0x0101010101010101u,
                                    0x8080808080808080u,
                                    0x7f7f7f7f7f7f7f7fu,
                                    0x0100010001000100u,
                                    0x00ff00ff00ff00ffu};
  std::mt19937_64 random(1);
  for (int n = 0; n < 20000; ++n) {
    std::uint64_t word = 0;
    const std::uint64_t base = random();
    for (unsigned i = 0; i < slots_per_bucket; ++i) {
      word |= ((base + random() % 3) & 0xff) << (8 * i);
    }
    all.push_back(word);
    all.push_back(random());
  }
  return all;
}

template <class Matcher>
class MatcherTest : public testing::Test {};
using Matchers = testing::Types<match_swar, matcher>;
TYPED_TEST_SUITE(MatcherTest, Matchers);

TYPED_TEST(MatcherTest, FindsExactlyTheEqualBytes) {
  for (const std::uint64_t word : words()) {
    for (const unsigned top : {1u, 2u, 127u, 128u, 255u, static_cast<unsigned>(word & 0xff)}) {
      const auto wanted = slots_where(word, [&](unsigned byte) { return byte == top; });
      ASSERT_EQ(TypeParam::match(word, static_cast<std::uint8_t>(top)).dense(), wanted)
          << std::hex << word << " " << top;
    }
  }
}

TYPED_TEST(MatcherTest, TellsEmptyFromLive) {
  for (const std::uint64_t word : words()) {
    const auto empty = slots_where(word, [](unsigned byte) { return byte == 0; });
    ASSERT_EQ(TypeParam::empty(word).dense(), empty) << std::hex << word;
    ASSERT_EQ(TypeParam::live(word).dense(), empty ^ 0xff) << std::hex << word;
  }
}

TYPED_TEST(MatcherTest, WalksFromTheLowestSlotUp) {
  EXPECT_EQ(walk(TypeParam::match(0x0500050000000005u, 5)), (std::vector<unsigned>{0, 5, 7}));
  EXPECT_EQ(TypeParam::match(0x0500050000000005u, 5).count(), 3u);
  EXPECT_TRUE(walk(TypeParam::match(0x0500050000000005u, 6)).empty());
}

TYPED_TEST(MatcherTest, NamesTheLeastByteAbove) {
  for (const std::uint64_t word : words()) {
    for (const unsigned bound :
         {0u, 1u, 127u, 128u, 254u, 255u, static_cast<unsigned>(word & 0xff)}) {
      unsigned least = 256;
      slots_where(word, [&](unsigned byte) {
        if (byte > bound) least = std::min(least, byte);
        return false;
      });
      ASSERT_EQ(TypeParam::least_above(word, bound), least) << std::hex << word << " " << bound;
    }
  }
}

TYPED_TEST(MatcherTest, CountsTheBytesOfTwoWordsBelow) {
  std::uint64_t before = 0;
  for (const std::uint64_t word : words()) {
    for (const unsigned bound : {0u, 1u, 128u, 255u, static_cast<unsigned>(word & 0xff)}) {
      const auto below = [&](unsigned byte) { return byte < bound; };
      const int count =
          std::popcount(slots_where(word, below)) + std::popcount(slots_where(before, below));
      ASSERT_EQ(TypeParam::count_below(before, word, static_cast<std::uint8_t>(bound)), count)
          << std::hex << word << " " << before << " " << bound;
    }
    before = word;
  }
}

// ---- what slots remember

template <class Past>
class PastTest : public testing::Test {};
using Pasts = testing::Types<gomap::detail::brief_past, gomap::detail::full_past>;
TYPED_TEST_SUITE(PastTest, Pasts);

TYPED_TEST(PastTest, GivesASlotAnotherLifeWheneverAnEntryEnds) {
  for (unsigned slot = 0; slot < slots_per_bucket; ++slot) {
    TypeParam past;
    for (unsigned other = 0; other < slots_per_bucket; ++other) {
      for (unsigned n = 0; n < other % 3; ++n) past = past.ended(other);
    }
    const TypeParam before = past;
    unsigned different = 0;
    do {
      const unsigned life = past.life(slot);
      past = past.ended(slot);
      ASSERT_NE(past.life(slot), life);
      ++different;
      for (unsigned other = 0; other < slots_per_bucket; ++other) {
        if (other != slot) {
          ASSERT_EQ(past.life(other), before.life(other));
        }
      }
    } while (past.life(slot) != before.life(slot));
    EXPECT_EQ(different, (std::is_same_v<TypeParam, gomap::detail::full_past>) ? 8192u : 4u);
  }
}

TYPED_TEST(PastTest, OfBothHalvesOfASplitHasTheLives) {
  TypeParam past;
  for (unsigned slot = 0; slot < slots_per_bucket; ++slot) {
    for (unsigned n = 0; n < slot % 4; ++n) past = past.ended(slot);
  }
  for (unsigned slot = 0; slot < slots_per_bucket; ++slot) {
    EXPECT_EQ(past.of_lower(0xa5).life(slot), past.life(slot));
    EXPECT_EQ(past.of_upper(0xa5).life(slot), past.life(slot));
  }
}

TEST(FullPast, SaysWhoRoseIntoTheUpperHalfAndWhoIsAGuest) {
  using gomap::detail::full_past;
  const full_past past = full_past().with_guest(1).with_guest(2).with_riser(7).with_bereavement();
  const std::uint32_t up = 1u << 2 | 1u << 5;
  for (unsigned slot = 0; slot < slots_per_bucket; ++slot) {
    EXPECT_EQ(past.of_upper(up).risen(slot), slot == 2 || slot == 5) << slot;
    EXPECT_EQ(past.of_lower(up).risen(slot), slot == 7) << "the lower half keeps its own";
    EXPECT_EQ(past.of_upper(up).guest(slot), slot == 2);
    EXPECT_EQ(past.of_lower(up).guest(slot), slot == 1);
    EXPECT_FALSE(past.ended(slot).guest(slot));
    EXPECT_FALSE(past.vacant().risen(slot) || past.vacant().guest(slot));
    EXPECT_EQ(past.without_guests().risen(slot), slot == 7);
  }
  EXPECT_TRUE(past.of_upper(up).bereaved() && past.of_lower(up).bereaved());
  EXPECT_TRUE(past.vacant().bereaved());
  EXPECT_FALSE(full_past().bereaved());
}

// ---- tophashes and limits

TEST(Tophash, IsNeverTheMarkOfAnEmptySlot) {
  for (std::uint64_t top = 0; top < 256; ++top) {
    EXPECT_NE(gomap::detail::tophash_of(top << 56), gomap::detail::empty_slot);
  }
  EXPECT_EQ(gomap::detail::tophash_of(std::uint64_t{200} << 56), 200);
}

// The bits that pick the bucket must not tell anything of the tophash, and the other way round.
TEST(Tophash, IsTheTopByteAlone) {
  EXPECT_EQ(gomap::detail::tophash_of(0x05ffffffffffffffu),
            gomap::detail::tophash_of(std::uint64_t{5} << 56));
}

TEST(Tophash, ReplacesOneByteOfTheWord) {
  EXPECT_EQ(gomap::detail::with_tophash(0x1122334455667788u, 2, 0xab), 0x1122334455ab7788u);
  EXPECT_EQ(gomap::detail::tophash_at(0x1122334455667788u, 7), 0x11);
}

// Go's limits, which users may rely on: 6.5 entries a bucket, 8 in a single one.
TEST(LoadLimit, IsThirteenHalvesABucketAndEightForOne) {
  const std::size_t limits[] = {8, 13, 26, 52, 104, 208, 416, 832, 1664, 3328, 6656};
  for (unsigned bits = 0; bits < std::size(limits); ++bits) {
    EXPECT_EQ(gomap::detail::load_limit(bits), limits[bits]);
    EXPECT_EQ(gomap::detail::bits_for(limits[bits]), bits);
    EXPECT_EQ(gomap::detail::bits_for(limits[bits] + 1), bits + 1);
  }
}

TEST(LoadLimit, SaysSoWhenNoTableIsLargeEnough) {
  EXPECT_GT(gomap::detail::bits_for(~std::size_t{0}), gomap::detail::max_bits);
  EXPECT_GT(gomap::detail::bits_for(~std::size_t{0} / 2), gomap::detail::max_bits);
}

TEST(OverflowLimit, IsHalfABucketABucket) {
  EXPECT_EQ(gomap::detail::overflow_limit(5, 0), 17u);
  EXPECT_EQ(gomap::detail::overflow_limit(15, 0), 16385u);
}

// Otherwise chains that no compaction can shorten would be compacted for ever.
TEST(OverflowLimit, AtLeastDoublesWhatWasLeft) {
  for (std::size_t left : {1u, 5u, 17u, 31u, 32u, 33u, 1000u}) {
    const std::size_t limit = gomap::detail::overflow_limit(5, gomap::detail::patience_for(left));
    EXPECT_GE(limit, 2 * left);
    EXPECT_LE(limit, std::max<std::size_t>(17, 4 * left));
  }
}

}  // namespace matcher_test
