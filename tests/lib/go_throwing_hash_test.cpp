// go_throwing_hash_test.cpp -- a key that cannot be hashed: the call throws, the map stays usable.
//
// Go's case is an interface key that holds a slice. The map must not be left marked as written to,
// so every operation is tried again afterwards. Steps that throw in other places are the subject
// of exceptions_test.cpp.
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gomap/map.hpp>

namespace go_throwing_hash_test {

constexpr int unhashable = -1;

struct unhashable_error : std::runtime_error {
  unhashable_error() : std::runtime_error("hash of unhashable key") {}
};

struct refusing_hash {
  std::size_t operator()(int key) const {
    if (key == unhashable) throw unhashable_error();
    return static_cast<std::size_t>(key);
  }
};

using refusing_map = gomap::map<int, std::string, refusing_hash>;

// Does everything once that a map marked as written to, or broken, would refuse.
void expect_usable(refusing_map& m, std::size_t size) {
  ASSERT_EQ(m.size(), size);
  ASSERT_NO_THROW(m.check_invariants());
  m[77] = "new";
  ASSERT_EQ(m.get(77), "new");
  ASSERT_EQ(m.erase(77), 1u);
  std::size_t walked = 0;
  for (const auto& entry : m) walked += entry.first == unhashable ? 1000 : 1;
  ASSERT_EQ(walked, size);
}

void expect_every_call_refuses(refusing_map& m) {
  const std::size_t size = m.size();
  const std::function<void()> calls[] = {
      [&m] { m[unhashable] = "value"; },
      [&m] { m[unhashable] += "value"; },
      [&m] {
        m.insert({unhashable, "value"});
      },
      [&m] { m.emplace(unhashable, "value"); },
      [&m] { m.try_emplace(unhashable, "value"); },
      [&m] { m.insert_or_assign(unhashable, "value"); },
      [&m] { m.erase(unhashable); },
      [&m] { (void)m.get(unhashable); },
      [&m] { (void)m.lookup(unhashable); },
      [&m] { (void)m.find(unhashable); },
      [&m] { (void)m.contains(unhashable); },
  };

  for (const auto& call : calls) {
    EXPECT_THROW(call(), unhashable_error) << "call " << &call - calls;
    expect_usable(m, size);
  }
}

TEST(GoMapThrowingHash, AFullMapRefusesAndStaysUsable) {
  refusing_map m;
  for (int i = 0; i < 8; ++i) m[i] = std::to_string(i);

  expect_every_call_refuses(m);
}

TEST(GoMapThrowingHash, AGrowingMapRefusesAndStaysUsable) {
  refusing_map m;
  int next = 100;
  while (!m.growing() && next < 10000) {
    m[next] = std::to_string(next);
    ++next;
  }
  ASSERT_TRUE(m.growing());

  expect_every_call_refuses(m);
}

// Go hashes the key even where nothing can be found, so that the error does not depend on the size.
TEST(GoMapThrowingHash, AnEmptyMapRefusesToo) {
  refusing_map m;

  expect_every_call_refuses(m);
}

TEST(GoMapThrowingHash, AClearedMapRefusesToo) {
  refusing_map m;
  for (int i = 0; i < 100; ++i) m[i] = "value";
  m.clear();

  expect_every_call_refuses(m);
}

}  // namespace go_throwing_hash_test
