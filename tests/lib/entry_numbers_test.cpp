// entry_numbers_test.cpp -- numbers of entries go where their entries go, and none comes twice.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/detail/entry_numbers.hpp>

#include "support/counting_allocator.hpp"

namespace entry_numbers_test {

using allocator = support::counting_allocator<int>;

// Numbers that give their memory back, and addresses to number.
class EntryNumbers : public testing::Test {
 protected:
  ~EntryNumbers() override {
    numbers_.forget(allocator_);
    EXPECT_TRUE(ledger_.balanced());
  }
  const void* slot(std::size_t i) const { return &slots_[i]; }
  void add(std::size_t i) { numbers_.add(allocator_, slot(i)); }
  std::uint64_t number_of(std::size_t i) const { return numbers_.number_of(slot(i)); }

  support::allocation_ledger ledger_;
  allocator allocator_{ledger_};
  gomap::detail::entry_numbers<allocator> numbers_;
  std::vector<std::array<char, 48>> slots_{20'000};
};

TEST_F(EntryNumbers, AreNoneUntilOneIsAdded) {
  EXPECT_EQ(number_of(0), 0U);
  numbers_.remove(slot(0));
  EXPECT_EQ(numbers_.size(), 0U);
  EXPECT_EQ(numbers_.bytes(), 0U);

  add(0);

  EXPECT_NE(number_of(0), 0U);
  EXPECT_EQ(number_of(1), 0U);
  EXPECT_EQ(numbers_.bytes(), ledger_.live_bytes());
}

TEST_F(EntryNumbers, AgreeWithAModel) {
  std::unordered_map<std::size_t, std::uint64_t> model;
  std::set<std::uint64_t> given;
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    // Waves, so that the block is full at times and all but empty at others.
    const std::size_t range = round / 2'000 % 2 == 0 ? 500 : 50;
    const std::size_t a = random() % range;
    const std::size_t b = random() % range;
    if (random() % 3 == 0) {
      numbers_.remove(slot(a));
      model.erase(a);
    } else if (!model.contains(a)) {
      add(a);
      model[a] = number_of(a);
      ASSERT_TRUE(given.insert(number_of(a)).second) << "a number for the second time";
    } else if (!model.contains(b)) {
      numbers_.move(slot(a), slot(b));
      model[b] = model.at(a);
      model.erase(a);
    }
    ASSERT_EQ(numbers_.size(), model.size());
    if (round % 16 != 0) continue;
    for (std::size_t i = 0; i < 500; ++i) {
      const auto found = model.find(i);
      ASSERT_EQ(number_of(i), found == model.end() ? 0 : found->second) << "round " << round;
    }
  }
}

TEST_F(EntryNumbers, OfNobodyMoveNowhere) {
  add(0);

  numbers_.move(slot(1), slot(2));

  EXPECT_EQ(number_of(2), 0U);
  EXPECT_EQ(numbers_.size(), 1U);
}

TEST_F(EntryNumbers, AreForgottenWithTheirMemory) {
  for (std::size_t i = 0; i < 100; ++i) add(i);

  numbers_.forget(allocator_);

  EXPECT_EQ(number_of(7), 0U);
  EXPECT_EQ(numbers_.size(), 0U);
  EXPECT_EQ(ledger_.live_bytes(), 0U);
}

// Those that must have a number get one beyond that, too.
TEST_F(EntryNumbers, HaveRoomForAFewThousandThatMayNeedOne) {
  std::size_t n = 0;
  for (; n < slots_.size() && numbers_.room(); ++n) add(n);
  EXPECT_GT(n, 1'000U);
  EXPECT_LT(n, 10'000U);

  add(n);
  EXPECT_NE(number_of(n), 0U);
  EXPECT_FALSE(numbers_.room());
  numbers_.remove(slot(0));
  numbers_.remove(slot(1));
  EXPECT_TRUE(numbers_.room());
}

}  // namespace entry_numbers_test
