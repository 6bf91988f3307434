// concurrent_batches_test.cpp -- concurrent_map's calls on many keys at a time, on one thread.
//
// Ranges are empty, shorter and longer than a batch (128 keys), can be walked again or only once,
// and name keys twice.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>

#include "support/concurrent_suite.hpp"
#include "support/single_pass.hpp"

namespace concurrent_batches_test {

using support::number_of;
using support::numbers;
using support::single_pass;

struct stop {};

template <class Map>
class ConcurrentBatches : public support::concurrent_test<Map> {
 protected:
  using test = support::concurrent_test<Map>;
  using keys = std::vector<typename Map::key_type>;
  using values = std::vector<std::optional<typename Map::mapped_type>>;
  using entry_list = std::vector<std::pair<typename Map::key_type, typename Map::mapped_type>>;

  // n keys in no order, of which some come twice and half are below `limit`.
  static keys some_keys(std::uint64_t n, std::uint64_t limit) {
    keys result;
    for (std::uint64_t i = 0; i < n; ++i) result.push_back(test::key(number(i, limit)));
    return result;
  }
  static std::uint64_t number(std::uint64_t i, std::uint64_t limit) { return i * 37 % (2 * limit); }
};
TYPED_TEST_SUITE(ConcurrentBatches, support::concurrent_kinds);

TYPED_TEST(ConcurrentBatches, LoadManyAnswersInTheOrderOfTheKeys) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    this->fill(m, n);
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127},
                                       std::uint64_t{128}, std::uint64_t{129}, 3 * n}) {
      const auto keys = this->some_keys(length, n);
      typename TestFixture::values found;

      m.load_many(keys, std::back_inserter(found));

      ASSERT_EQ(found.size(), length);
      for (std::uint64_t i = 0; i < length; ++i) {
        ASSERT_EQ(found[i], m.load(keys[i])) << i;
        ASSERT_EQ(found[i].has_value(), this->number(i, n) < n) << i;
      }
    }
  });
}

TYPED_TEST(ConcurrentBatches, LoadManyReturnsTheEndOfItsOutput) {
  TypeParam m;
  this->fill(m, 5);
  const std::list<typename TypeParam::key_type> keys{this->key(1), this->key(9), this->key(2)};
  typename TestFixture::values found(4, this->value(77));

  const auto end = m.load_many(keys, found.begin());

  EXPECT_EQ(end, found.begin() + 3);
  EXPECT_EQ(found, (typename TestFixture::values{this->value(1001), std::nullopt, this->value(1002),
                                                 this->value(77)}));
}

TYPED_TEST(ConcurrentBatches, LoadManyTakesRangesThatCanBeWalkedOnce) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    this->fill(m, n);
    typename TestFixture::values found;

    m.load_many(single_pass(300, [&](int i) { return this->key(static_cast<unsigned>(i)); }),
                std::back_inserter(found));

    ASSERT_EQ(found.size(), 300U);
    for (std::uint64_t i = 0; i < 300; ++i) ASSERT_EQ(found[i], m.load(this->key(i)));
  });
}

TYPED_TEST(ConcurrentBatches, VisitChangesWhatIsThere) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    const auto keys = this->some_keys(n, n);
    std::uint64_t expected = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t k = this->number(i, n);
      if (k >= n) continue;
      ++expected;
      ++model[k];
    }

    const auto visited = m.visit(keys.begin(), keys.end(),
                                 [&](auto& e) { e.second = this->value(number_of(e.second) + 1); });

    ASSERT_EQ(visited, expected);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentBatches, AVisitorMayTakeTheIndexOfTheKey) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    const auto keys = this->some_keys(n, n);
    std::vector<int> seen(keys.size());
    const auto look = [&](const auto& e, std::size_t index) {
      ASSERT_EQ(e.first, keys.at(index));
      ++seen[index];
    };

    m.cvisit(keys.begin(), keys.end(), look);
    std::as_const(m).visit(keys.begin(), keys.end(), look);
    m.visit(keys.begin(), keys.end(), [&](auto& e, std::size_t index) {
      look(e, index);
      e.second = this->value(index);
    });

    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t k = this->number(i, n);
      ASSERT_EQ(seen[i], k < n ? 3 : 0);
      if (k < n) model[k] = i;  // the last of equal keys, for those of a shard come in order
    }
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentBatches, CvisitSeesWhatIsThere) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);
    const auto keys = this->some_keys(n, n);
    std::uint64_t calls = 0;
    const auto look = [&](const auto& e) {
      static_assert(std::is_const_v<std::remove_reference_t<decltype(e)>>);
      ASSERT_EQ(number_of(e.first) + 1000, number_of(e.second));
      ++calls;
    };

    const auto visited = m.cvisit(keys.begin(), keys.end(), look);
    ASSERT_EQ(visited, calls);
    ASSERT_EQ(std::as_const(m).visit(keys.begin(), keys.end(), look), visited);
    ASSERT_EQ(m.cvisit(keys.begin(), keys.begin(), look), 0U);
    ASSERT_EQ(m.visit(keys.begin(), keys.begin(), look), 0U);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentBatches, AVisitorThatThrowsGivesTheLockBack) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    const numbers model = this->fill(m, n);
    const auto keys = this->some_keys(n, n);
    int calls = 0;
    const auto fail = [&](const auto&) {
      if (++calls % 5 == 0) throw stop();
    };

    ASSERT_THROW(m.visit(keys.begin(), keys.end(), fail), stop);
    ASSERT_THROW(m.cvisit(keys.begin(), keys.end(), fail), stop);

    for (const auto& k : keys) {
      ASSERT_NE(m.try_visit(k, [](const auto&) {}), gomap::visit_result::busy);
    }
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentBatches, InsertManyAddsWhatIsMissing) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n / 2);
    typename TestFixture::entry_list list;
    for (std::uint64_t i = 0; i < 2 * n; ++i) {
      list.emplace_back(this->key(i / 2), this->value(i));
      model.try_emplace(i / 2, i);  // of equal keys the first
    }

    ASSERT_EQ(m.insert_many(list), n - n / 2);
    ASSERT_EQ(m.insert_many(list), 0U);
    ASSERT_EQ(m.insert_many(typename TestFixture::entry_list()), 0U);
    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentBatches, InsertManyTakesRangesThatCanBeWalkedOnce) {
  this->in_each_layout([&](auto& m, std::uint64_t) {
    numbers model;
    for (std::uint64_t i = 0; i < 300; ++i) model[i] = i + 1;

    ASSERT_EQ(m.insert_many(single_pass(300,
                                        [&](int i) {
                                          const auto k = static_cast<unsigned>(i);
                                          return std::pair(this->key(k), this->value(k + 1));
                                        })),
              300U);

    support::expect_holds(m, model);
  });
}

TYPED_TEST(ConcurrentBatches, InsertManyTakesAnotherMap) {
  TypeParam m;
  std::map<typename TypeParam::key_type, typename TypeParam::mapped_type, std::less<>> none;
  typename TypeParam::map_type other(0, m.hash_function());
  for (std::uint64_t i = 0; i < 500; ++i) other.try_emplace(this->key(i), this->value(i));

  if constexpr (requires { this->key(1) < this->key(2); }) {
    EXPECT_EQ(m.insert_many(none), 0U);
  }
  EXPECT_EQ(m.insert_many(other), 500U);

  EXPECT_EQ(m.size(), 500U);
  EXPECT_EQ(m.load(this->key(123)), this->value(123));
}

TYPED_TEST(ConcurrentBatches, EraseManyCountsWhatWasThere) {
  this->in_each_layout([&](auto& m, std::uint64_t n) {
    numbers model = this->fill(m, n);
    const auto keys = this->some_keys(n, n);
    for (std::uint64_t i = 0; i < n; ++i) model.erase(this->number(i, n));

    ASSERT_EQ(m.erase_many(keys), n - model.size());
    ASSERT_EQ(m.erase_many(keys), 0U);
    ASSERT_EQ(m.erase_many(typename TestFixture::keys()), 0U);
    support::expect_holds(m, model);

    const std::size_t left = m.size();
    const auto erased =
        m.erase_many(single_pass(300, [&](int i) { return this->key(static_cast<unsigned>(i)); }));
    ASSERT_EQ(m.size(), left - erased);
    for (std::uint64_t i = 0; i < 300; ++i) model.erase(i);
    support::expect_holds(m, model);
  });
}

// ---- other keys

TEST(ConcurrentBatchesOfText, TakeViewsAndLiterals) {
  gomap::concurrent_map<std::string, std::string> m;
  const std::vector<std::pair<std::string_view, const char*>> list{{"a", "1"}, {"b", "2"}};
  const std::string_view views[] = {"b", "x", "a"};

  EXPECT_EQ(m.insert_many(list), 2U);
  std::vector<std::optional<std::string>> found;
  m.load_many(views, std::back_inserter(found));
  EXPECT_EQ(found, (std::vector<std::optional<std::string>>{"2", std::nullopt, "1"}));
  EXPECT_EQ(m.visit(std::begin(views), std::end(views), [](auto& e) { e.second += "!"; }), 2U);
  EXPECT_EQ(m.cvisit(std::begin(views), std::end(views), [](const auto&) {}), 2U);
  EXPECT_EQ(m.erase_many(std::vector<const char*>{"a", "c"}), 1U);
  EXPECT_EQ(m.load("b"), "2!");
}

TEST(ConcurrentBatchesOfNumbers, ConvertKeysAndTakeStreams) {
  gomap::concurrent_map<std::uint64_t, std::uint64_t> m({.shards = 4});
  const auto number = [](int i) { return i; };

  EXPECT_EQ(m.insert_many(single_pass(1000, [](int i) { return std::pair(i, 2 * i); })), 1000U);
  std::vector<std::optional<std::uint64_t>> found;
  m.load_many(single_pass(1010, number), std::back_inserter(found));
  EXPECT_EQ(found.size(), 1010U);
  EXPECT_EQ(found[990], 1980U);
  EXPECT_EQ(found[1009], std::nullopt);
  EXPECT_EQ(m.erase_many(single_pass(500, number)), 500U);

  std::istringstream text("499 500 501 2000");
  std::uint64_t sum = 0;
  EXPECT_EQ(
      m.visit(std::istream_iterator<std::uint64_t>(text), std::istream_iterator<std::uint64_t>(),
              [&](auto& e, std::size_t index) { sum += e.second * index; }),
      2U);
  EXPECT_EQ(sum, 1000U * 1 + 1002U * 2);
}

TEST(ConcurrentBatchesOfMoveOnlyTypes, AreMovedIn) {
  gomap::concurrent_map<int, std::unique_ptr<int>> m({.shards = 2});
  const auto entry = [](int i) { return std::pair(i, std::make_unique<int>(i)); };

  EXPECT_EQ(m.insert_many(single_pass(300, entry)), 300U);
  EXPECT_EQ(m.insert_many(single_pass(301, entry)), 1U);

  for (int i = 0; i <= 300; ++i) {
    EXPECT_EQ(m.cvisit(i, [i](const auto& e) { EXPECT_EQ(*e.second, i); }), 1U);
  }
}

}  // namespace concurrent_batches_test
