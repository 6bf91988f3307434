// concurrent_large_values_test.cpp -- values of up to 16 MiB, on a thread that has a stack of
// 256 KiB: a call that put one on it would end the program.
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include <gomap/concurrent_map.hpp>

#include "support/types.hpp"

namespace concurrent_large_values_test {

// So many bytes; the first and the last of them tell it from others.
template <std::size_t Bytes>
struct block {
  std::array<std::byte, Bytes> bytes{};

  block() = default;
  explicit block(unsigned char n) { set(n); }
  void set(unsigned char n) { bytes.front() = bytes.back() = std::byte{n}; }
  [[nodiscard]] unsigned number() const {
    EXPECT_EQ(bytes.front(), bytes.back());
    return std::to_integer<unsigned>(bytes.front());
  }
  friend bool operator==(const block& a, const block& b) { return a.number() == b.number(); }
};

// A range of entries that can be walked once only: a map has to keep what it takes of them.
template <class Entry>
struct walked_once {
  struct iterator {
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    const Entry* at;

    const Entry& operator*() const { return *at; }
    iterator& operator++() {
      ++at;
      return *this;
    }
    void operator++(int) { ++at; }
    friend bool operator==(const iterator& a, const Entry* end) { return a.at == end; }
  };
  const std::vector<Entry>& all;

  [[nodiscard]] iterator begin() const { return {all.data()}; }
  [[nodiscard]] const Entry* end() const { return all.data() + all.size(); }
};

// Runs f on a thread with a small stack.
void on_a_small_stack(std::function<void()> f) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::size_t{256} << 10), 0);
  pthread_t thread;
  const auto run = [](void* given) -> void* {
    (*static_cast<std::function<void()>*>(given))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &f), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  ASSERT_EQ(pthread_attr_destroy(&attributes), 0);
}

template <class T>
class ConcurrentLargeValues : public testing::Test {
 protected:
  using map_type = gomap::concurrent_map<int, T>;

  ConcurrentLargeValues() {
    for (unsigned char n = 0; n < 5; ++n) map_.try_emplace(n, n);
  }
  ~ConcurrentLargeValues() noexcept override = default;

  // What the map holds for a key; -1 for none.
  [[nodiscard]] int number(int key) const {
    int found = -1;
    map_.cvisit(key, [&](const auto& e) { found = static_cast<int>(e.second.number()); });
    return found;
  }
  void expect_holds(const std::vector<int>& numbers) const {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_EQ(number(static_cast<int>(i)), numbers[i]) << "key " << i;
    }
    map_.check_invariants();
  }

  map_type map_{{.shards = 1}};
  const std::unique_ptr<T> nine_ = std::make_unique<T>(static_cast<unsigned char>(9));
};

using sizes = support::types<2, block<2048>, block<std::size_t{3} << 20>,
                             block<std::size_t{64} << 10>, block<std::size_t{16} << 20>>;
TYPED_TEST_SUITE(ConcurrentLargeValues, sizes);

TYPED_TEST(ConcurrentLargeValues, AreReadUnderTheLock) {
  EXPECT_FALSE(TestFixture::map_type::reads_take_no_lock);
  EXPECT_TRUE((gomap::concurrent_map<int, block<512>>::reads_take_no_lock));
}

TYPED_TEST(ConcurrentLargeValues, AreVisitedWhereTheyAre) {
  auto& m = this->map_;
  on_a_small_stack([&] {
    const auto add_ten = [](auto& e) {
      e.second.set(static_cast<unsigned char>(e.second.number() + 10));
    };
    m.visit(0, add_ten);
    m.try_visit(1, add_ten);
    const std::array<int, 2> keys{2, 3};
    m.visit(keys.begin(), keys.end(), add_ten);
    m.cvisit(keys.begin(), keys.end(), [](const auto& e) { EXPECT_GE(e.second.number(), 10U); });
    this->expect_holds({10, 11, 12, 13, 4});
    m.visit_all(add_ten);
    m.scan({}, [](auto&) {});
    EXPECT_EQ(m.cvisit_all([](const auto&) {}), 5U);
  });
  this->expect_holds({20, 21, 22, 23, 14});
}

TYPED_TEST(ConcurrentLargeValues, AreInsertedWhereTheyStay) {
  using value_type = typename TestFixture::map_type::value_type;
  auto& m = this->map_;
  const auto entry = std::make_unique<value_type>(8, *this->nine_);
  on_a_small_stack([&] {
    const auto ignore = [](const auto&) {};
    const auto set = [](auto& e) { e.second.set(50); };
    EXPECT_TRUE(m.try_emplace(5, *this->nine_));
    EXPECT_TRUE(m.try_emplace(6, static_cast<unsigned char>(7)));
    EXPECT_TRUE(m.emplace(7, *this->nine_));
    EXPECT_TRUE(m.insert(*entry));
    EXPECT_FALSE(m.insert_or_visit(*entry, set));
    EXPECT_TRUE(m.try_emplace_and_visit(9, *this->nine_, set, ignore));
    EXPECT_TRUE(m.try_emplace_or_visit(10, *this->nine_, ignore));
    EXPECT_TRUE(m.insert_or_assign(11, *this->nine_));
    EXPECT_FALSE(m.insert_or_assign(11, *this->nine_));
    m.store(12, *this->nine_);
  });
  this->expect_holds({0, 1, 2, 3, 4, 9, 7, 9, 50, 50, 9, 9, 9});
}

TYPED_TEST(ConcurrentLargeValues, AreUpdatedAndComputedOnTheHeap) {
  auto& m = this->map_;
  on_a_small_stack([&] {
    m.update(1, [](auto& v) { v.set(11); });
    m.update(5, [](auto& v) { v.set(15); });
    m.compute(2, [](auto& e) { e->set(12); });
    m.compute(6, [](auto& e) { e.emplace(static_cast<unsigned char>(16)); });
    m.compute(3, [](auto& e) { e.reset(); });
    m.with_locked(0, 4, 7, [](auto& a, auto& b, auto& c) {
      a->set(20);
      b.emplace(static_cast<unsigned char>(24));
      c.emplace(static_cast<unsigned char>(27));
    });
    EXPECT_THROW(m.update(9, [](auto&) { throw std::runtime_error("no"); }), std::runtime_error);
  });
  this->expect_holds({20, 11, 12, -1, 24, 15, 16, 27, -1, -1});
}

TYPED_TEST(ConcurrentLargeValues, AreComparedAndErasedWhereTheyAre) {
  auto& m = this->map_;
  const auto three = std::make_unique<TypeParam>(static_cast<unsigned char>(3));
  on_a_small_stack([&] {
    EXPECT_FALSE(m.compare_exchange(2, *three, *this->nine_));
    EXPECT_TRUE(m.compare_exchange(3, *three, *this->nine_));
    EXPECT_FALSE(m.compare_and_erase(3, *three));
    EXPECT_TRUE(m.compare_and_erase(3, *this->nine_));
    EXPECT_EQ(m.erase(0), 1U);
    EXPECT_EQ(m.erase_if(1, [](const auto& e) { return e.second.number() == 1; }), 1U);
    EXPECT_EQ(m.erase_if([](const auto& e) { return e.second.number() == 2; }), 1U);
  });
  this->expect_holds({-1, -1, -1, -1, 4});
}

// Calls that hand out a value by value need room for it: the caller's, and no more.
TYPED_TEST(ConcurrentLargeValues, InBatchesGoOutOneByOne) {
  auto& m = this->map_;
  std::vector<std::optional<TypeParam>> found(3);
  on_a_small_stack([&] {
    const std::array<int, 3> keys{1, 77, 4};
    m.load_many(keys, found.begin());
    EXPECT_EQ(m.erase_many(keys), 2U);
  });
  EXPECT_EQ(found[0]->number(), 1U);
  EXPECT_FALSE(found[1].has_value());
  EXPECT_EQ(found[2]->number(), 4U);
  this->expect_holds({0, -1, 2, 3, -1});
}

TYPED_TEST(ConcurrentLargeValues, AreInsertedInBatches) {
  using entry = std::pair<int, TypeParam>;
  auto& m = this->map_;
  std::vector<entry> some;
  for (const int k : {4, 5, 6}) some.emplace_back(k, *this->nine_);
  on_a_small_stack([&] {
    EXPECT_EQ(m.insert_many(some), 2U);
    for (entry& e : some) e.first += 2;
    EXPECT_EQ(m.insert_many(walked_once<entry>{some}), 2U);
    EXPECT_EQ(m.insert(some.begin(), some.end()), 0U);
  });
  this->expect_holds({0, 1, 2, 3, 4, 9, 9, 9, 9});
}

TYPED_TEST(ConcurrentLargeValues, AreMovedCopiedAndMergedOneByOne) {
  auto& m = this->map_;
  on_a_small_stack([&] {
    typename TestFixture::map_type other({.shards = 1});
    other.try_emplace(4, *this->nine_);
    other.try_emplace(5, *this->nine_);
    EXPECT_EQ(m.merge(other), 1U);
    const auto copy = m;
    EXPECT_EQ(copy.size(), 6U);
    EXPECT_EQ(m.snapshot().size(), 6U);
    m.clear();
    m = copy;
  });
  this->expect_holds({0, 1, 2, 3, 4, 9});
}

// Two copies of a value of 16 MiB are more than a stack of 8 MiB, one of 3 MiB is not.
TEST(ConcurrentLargeValuesHandedOut, NeedRoomForOneOfThem) {
  using value = block<std::size_t{100} << 10>;
  gomap::concurrent_map<int, value> m({.shards = 1});
  const auto nine = std::make_unique<value>(static_cast<unsigned char>(9));
  on_a_small_stack([&] { m.exchange(1, *nine); });
  on_a_small_stack([&] { EXPECT_EQ(m.load(1)->number(), 9U); });
  on_a_small_stack([&] { EXPECT_EQ(m.load_or(1, *nine).number(), 9U); });
  on_a_small_stack([&] { EXPECT_TRUE(m.load_or_store(1, *nine).second); });
  on_a_small_stack([&] { EXPECT_EQ(m.exchange(1, static_cast<unsigned char>(8))->number(), 9U); });
  on_a_small_stack([&] { EXPECT_EQ(m.load_and_erase(1)->number(), 8U); });
}

}  // namespace concurrent_large_values_test
