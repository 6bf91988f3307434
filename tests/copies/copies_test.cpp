// copies_test.cpp -- maps that one part of a process makes and others use: a program, a library and
// a plug-in, each with a copy of gomap.
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "guest.hpp"
#include "parts.hpp"

namespace {

using copies::deeds;
using copies::part;

constexpr part program = copies::part_here("program");

// The program, the library, the plug-in. They stay loaded to the end.
const std::vector<const part*>& parts() {
  static const auto& library = *new copies::loaded(copies::library);
  static const auto& plugged_in = *new copies::loaded(copies::plug_in);
  static const std::vector<const part*> all = {&program, &library.guest(), &plugged_in.guest()};
  return all;
}

// For each part that makes maps, each that uses them, and each size: none, in one bucket, in small
// arrays, in large blocks.
class Copies : public testing::TestWithParam<std::tuple<int, int, int>> {
 protected:
  // Calls f(size, what the maker does, what the user does) for each kind of map.
  template <class F>
  void for_each_kind(F f) {
    const auto [maker, user, size] = GetParam();
    const part& m = *parts()[static_cast<std::size_t>(maker)];
    const part& u = *parts()[static_cast<std::size_t>(user)];
    f(size, m.numbers, u.numbers);
    f(size, m.texts, u.texts);
    f(size, m.shared_numbers, u.shared_numbers);
    f(size, m.shared_texts, u.shared_texts);
  }
  static std::size_t count(int n) { return static_cast<std::size_t>(n); }
};

TEST_P(Copies, AreUsedGrownAndDestroyedByAnotherPart) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const m = maker.make();
    maker.add(*m, 0, n);
    EXPECT_TRUE(user.has(*m, 0, n, count(n)));
    EXPECT_TRUE(user.lacks(*m, n, n + 50));
    user.add(*m, 0, n);  // all of them are there
    EXPECT_TRUE(maker.has(*m, 0, n, count(n)));

    user.add(*m, n, 5 * n + 10);

    EXPECT_TRUE(user.has(*m, 0, 5 * n + 10, count(5 * n + 10)));
    EXPECT_TRUE(maker.has(*m, 0, 5 * n + 10, count(5 * n + 10)));
    user.destroy(m);
  });
}

TEST_P(Copies, AreErasedFromAndClearedByAnotherPart) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const m = maker.make();
    maker.add(*m, 0, 2 * n);

    user.erase(*m, 0, n);
    EXPECT_TRUE(maker.lacks(*m, 0, n));
    EXPECT_TRUE(maker.has(*m, n, 2 * n, count(n)));
    user.clear(*m);
    EXPECT_TRUE(maker.has(*m, 0, 0, 0));
    maker.add(*m, 0, n);
    EXPECT_TRUE(user.has(*m, 0, n, count(n)));
    maker.destroy(m);
  });
}

TEST_P(Copies, KeepTheirMemoryWhenTheyMoveToAnotherPart) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const m = maker.make();
    auto* const to = user.make();
    maker.add(*m, 0, n);
    user.add(*to, 0, 20);

    user.move(*to, *m);
    maker.destroy(m);

    EXPECT_TRUE(user.has(*to, 0, n, count(n)));
    user.add(*to, n, 3 * n + 10);
    EXPECT_TRUE(maker.has(*to, 0, 3 * n + 10, count(3 * n + 10)));

    auto* const moved = maker.made_by_move(*to);
    user.add(*to, 0, 30);  // what is moved from is a map still
    EXPECT_TRUE(user.has(*to, 0, 30, 30));
    EXPECT_TRUE(user.has(*moved, 0, 3 * n + 10, count(3 * n + 10)));
    maker.destroy(to);
    user.destroy(moved);
  });
}

TEST_P(Copies, SwapBetweenParts) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const a = maker.make();
    auto* const b = user.make();
    maker.add(*a, 0, n);
    user.add(*b, n, n + 40);

    user.swap(*a, *b);

    EXPECT_TRUE(maker.has(*a, n, n + 40, 40));
    EXPECT_TRUE(user.has(*b, 0, n, count(n)));
    maker.add(*a, n + 40, 3 * n + 80);
    user.add(*b, n, 2 * n);
    maker.swap(*a, *b);
    EXPECT_TRUE(user.has(*a, 0, 2 * n, count(2 * n)));
    EXPECT_TRUE(maker.has(*b, n, 3 * n + 80, count(2 * n + 80)));
    maker.destroy(b);
    user.destroy(a);
  });
}

TEST_P(Copies, AreCopiedAndMergedByAnotherPart) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const m = maker.make();
    maker.add(*m, 0, n);

    auto* const copy = user.made_by_copy(*m);
    maker.erase(*m, 0, n / 2);
    EXPECT_TRUE(user.has(*copy, 0, n, count(n)));
    auto* const rest = maker.make();
    maker.add(*rest, n, 2 * n);
    user.merge(*copy, *rest);
    EXPECT_TRUE(maker.has(*copy, 0, 2 * n, count(2 * n)));
    EXPECT_TRUE(user.has(*rest, 0, 0, 0));
    maker.destroy(copy);
    user.destroy(rest);
    user.destroy(m);
  });
}

TEST_P(Copies, ReserveForEachOther) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const m = maker.make();
    user.reserve(*m, count(n));
    maker.add(*m, 0, n);
    user.reserve(*m, count(4 * n));
    EXPECT_TRUE(maker.has(*m, 0, n, count(n)));
    user.destroy(m);
  });
}

// An empty map has no memory: whoever fills one touches no other.
TEST_P(Copies, EmptyOnesShareNothingThatIsWritten) {
  for_each_kind([](int n, const auto& maker, const auto& user) {
    auto* const a = maker.make();
    auto* const b = maker.make();
    auto* const c = user.make();

    user.add(*a, 0, n);

    EXPECT_TRUE(user.has(*a, 0, n, count(n)));
    EXPECT_TRUE(user.has(*b, 0, 0, 0));
    EXPECT_TRUE(maker.has(*c, 0, 0, 0));
    maker.add(*c, 0, n);
    EXPECT_TRUE(user.has(*b, 0, 0, 0));
    EXPECT_TRUE(user.has(*c, 0, n, count(n)));
    user.clear(*b);
    maker.clear(*c);
    EXPECT_TRUE(user.has(*c, 0, 0, 0));
    for (auto* m : {a, b, c}) user.destroy(m);
  });
}

std::string name_of(const testing::TestParamInfo<std::tuple<int, int, int>>& of) {
  constexpr const char* names[] = {"Program", "Library", "PlugIn"};
  const auto [maker, user, size] = of.param;
  return std::string("Of") + names[maker] + "By" + names[user] + "Size" + std::to_string(size);
}

INSTANTIATE_TEST_SUITE_P(, Copies,
                         testing::Combine(testing::Range(0, 3), testing::Range(0, 3),
                                          testing::Values(0, 1, 100, 8000)),
                         name_of);

}  // namespace
