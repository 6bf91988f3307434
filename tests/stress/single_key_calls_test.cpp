// single_key_calls_test.cpp -- the model of an entry and the map itself answer alike, whichever way
// they are asked; and values stand for numbers.
#include "stress/single_key_calls.hpp"

#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>

#include "stress/entry_model.hpp"
#include "stress/history.hpp"
#include "stress/history_text.hpp"
#include "stress/numbered_values.hpp"
#include "support/crew.hpp"

namespace {

using stress::entry_state;
using stress::numbered;
using stress::operation;
using stress::torn_value;
using stress::verb;
using stress::wide_value;

template <class Key, class T>
void ask_map_and_model() {
  gomap::concurrent_map<Key, T> map({.shards = 2, .seed = 7});
  stress::single_key_calls calls(map);
  std::map<std::uint64_t, entry_state> model;
  support::dice dice(5);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t key = 1 + dice.below(5);
    const operation asked{static_cast<verb>(dice.below(stress::verbs)), 1 + dice.below(4),
                          1 + dice.below(4)};
    const auto told = calls.ask(numbered<Key>::make(key), asked, dice.below(24));

    ASSERT_EQ(told, stress::perform(asked, model[key])) << stress::call_text(asked) << ", " << i;
  }
}

TEST(SingleKeyCalls, WordsAreAnsweredAsTheModelSays) {
  ask_map_and_model<std::uint64_t, std::uint64_t>();
}

TEST(SingleKeyCalls, WideValuesAreAnsweredAsTheModelSays) {
  ask_map_and_model<stress::wide_key, wide_value>();
}

TEST(SingleKeyCalls, StringsAreAnsweredAsTheModelSays) {
  ask_map_and_model<std::string, std::string>();
}

TEST(NumberedValues, StandForTheirNumbers) {
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{0xfedcba9876543210}}) {
    EXPECT_EQ(numbered<wide_value>::number(numbered<wide_value>::make(number)), number);
    EXPECT_EQ(numbered<stress::wide_key>::number(numbered<stress::wide_key>::make(number)), number);
    EXPECT_EQ(numbered<std::string>::number(numbered<std::string>::make(number)), number);
  }
}

TEST(NumberedValues, NewOnesStandForZero) {
  EXPECT_EQ(numbered<wide_value>::number({}), 0u);
  EXPECT_EQ(numbered<std::string>::number({}), 0u);
}

TEST(NumberedValues, OnesMadeOfHalvesAreTorn) {
  wide_value half = numbered<wide_value>::make(1);
  half.words[7] = numbered<wide_value>::make(2).words[7];
  std::string text = numbered<std::string>::make(1);
  text.replace(40, 8, numbered<std::string>::make(0xf00000000), 40, 8);

  EXPECT_EQ(numbered<wide_value>::number(half), torn_value);
  EXPECT_EQ(numbered<std::string>::number(text + '0'), torn_value);
  EXPECT_EQ(numbered<std::string>::number("0"), torn_value);
  EXPECT_EQ(numbered<std::string>::number(text), torn_value);
}

}  // namespace
