// go_misuse_test.cpp -- two threads in one map at once: found, named in Go's words, fatal.
//
// Go's own tests let threads race and hope; here the writer stops inside a value's constructor, so
// that the two calls are sure to overlap. The second thread is turned away before it touches
// anything, so ThreadSanitizer has nothing to say.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/misuse.hpp>

namespace go_misuse_test {

// Where one thread waits inside a constructor until another has done its part.
class gate {
 public:
  void stop_inside() {
    std::unique_lock lock(mutex_);
    inside_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_until_inside() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool inside_ = false;
  bool open_ = false;
};

struct stopping_value {
  stopping_value() = default;
  explicit stopping_value(gate& g) { g.stop_inside(); }
};

using stopping_map = gomap::map<int, stopping_value>;

struct reported : std::runtime_error {
  explicit reported(const gomap::misuse_report& report)
      : std::runtime_error(std::string(report.text)), what_was_done(report) {}
  gomap::misuse_report what_was_done;
};

class GoMapMisuse : public testing::Test {
 protected:
  void SetUp() override {
    before_ = gomap::set_fatal_handler([](const gomap::misuse_report& r) { throw reported(r); });
  }
  void TearDown() override { gomap::set_fatal_handler(before_); }

  // What the report says when `act` runs on a map into which another thread is inserting.
  static std::string text_of(const std::function<void(stopping_map&)>& act) {
    stopping_map m;
    for (int i = 0; i < 100; ++i) m[i];
    gate g;
    std::thread writer([&] { m.try_emplace(1000, g); });
    g.wait_until_inside();

    std::string text = "nothing reported";
    try {
      act(m);
    } catch (const reported& r) {
      text = r.what();
      EXPECT_NE(r.what_was_done.this_thread, r.what_was_done.other_thread);
      EXPECT_NE(r.what_was_done.other_operation, gomap::operation::none);
    }
    g.open();
    writer.join();
    EXPECT_TRUE(m.contains(1000));
    EXPECT_NO_THROW(m.check_invariants());
    return text;
  }

 private:
  gomap::fatal_handler before_ = nullptr;
};

constexpr char writes[] = "fatal error: concurrent map writes";
constexpr char read_and_write[] = "fatal error: concurrent map read and map write";
constexpr char iteration_and_write[] = "fatal error: concurrent map iteration and map write";
constexpr char clone_and_write[] = "fatal error: concurrent map clone and map write";

TEST_F(GoMapMisuse, ASecondWriterIsNamed) {
  EXPECT_EQ(text_of([](auto& m) { m[7]; }), writes);
  EXPECT_EQ(text_of([](auto& m) { m[2000]; }), writes);
  EXPECT_EQ(text_of([](auto& m) { m.insert({2000, {}}); }), writes);
  EXPECT_EQ(text_of([](auto& m) { m.emplace(2000, stopping_value()); }), writes);
  EXPECT_EQ(text_of([](auto& m) { m.try_emplace(2000); }), writes);
  EXPECT_EQ(text_of([](auto& m) { m.insert_or_assign(7, stopping_value()); }), writes);
  EXPECT_EQ(text_of([](auto& m) { m.erase(7); }), writes);
}

TEST_F(GoMapMisuse, AReaderBesideAWriterIsNamed) {
  EXPECT_EQ(text_of([](auto& m) { (void)m.find(7); }), read_and_write);
  EXPECT_EQ(text_of([](auto& m) { (void)m.contains(7); }), read_and_write);
  EXPECT_EQ(text_of([](auto& m) { (void)m.count(2000); }), read_and_write);
  EXPECT_EQ(text_of([](auto& m) { (void)m.get(7); }), read_and_write);
  EXPECT_EQ(text_of([](auto& m) { (void)m.lookup(7); }), read_and_write);
  EXPECT_EQ(text_of([](auto& m) { (void)m.at(7); }), read_and_write);
}

TEST_F(GoMapMisuse, AWalkBesideAWriterIsNamed) {
  EXPECT_EQ(text_of([](auto& m) { m.scan(gomap::scan_cursor(), [](auto&) {}); }),
            iteration_and_write);
  EXPECT_EQ(text_of([](const auto& m) { m.for_each([](const auto&) {}); }), iteration_and_write);
}

TEST_F(GoMapMisuse, AStepOfAWalkBegunBeforeTheWriterIsNamed) {
  stopping_map m;
  for (int i = 0; i < 100; ++i) m[i];
  auto it = m.begin();
  gate g;
  std::thread writer([&] { m.try_emplace(1000, g); });
  g.wait_until_inside();

  try {
    ++it;
    ADD_FAILURE() << "nothing reported";
  } catch (const reported& r) {
    EXPECT_STREQ(r.what(), iteration_and_write);
  }
  g.open();
  writer.join();
}

TEST_F(GoMapMisuse, ACloneBesideAWriterIsNamed) {
  EXPECT_EQ(text_of([](auto& m) { (void)m.clone(); }), clone_and_write);
  EXPECT_EQ(text_of([](auto& m) { const stopping_map copy = m; }), clone_and_write);
}

// Go does not check len, and neither does gomap: it is one load.
TEST_F(GoMapMisuse, SizeIsNotChecked) {
  EXPECT_EQ(text_of([](auto& m) { (void)m.size(); }), "nothing reported");
}

// The same thread, from the constructor of the value that is being inserted: no race, and not
// called one.
TEST_F(GoMapMisuse, ACallFromTheMapsOwnCallbackIsNoRace) {
  struct nosy;
  using nosy_map = gomap::map<int, nosy>;
  struct nosy {
    nosy() = default;
    explicit nosy(const std::function<void()>& f) { f(); }
  };
  nosy_map m;
  m[1];

  try {
    m.try_emplace(2, std::function<void()>([&m] { m.erase(1); }));
    ADD_FAILURE() << "nothing reported";
  } catch (const reported& r) {
    EXPECT_EQ(r.what_was_done.kind, gomap::misuse_kind::reentrancy);
    EXPECT_EQ(r.what_was_done.this_thread, r.what_was_done.other_thread);
  }

  EXPECT_EQ(m.size(), 1u);
  EXPECT_NO_THROW(m.check_invariants());
}

// An enumeration may have a comparison of the user's, as a class may.
enum class nosy_number : int {};
std::function<void()> when_compared;
bool operator==(nosy_number a, nosy_number b) {
  if (when_compared) when_compared();
  return static_cast<int>(a) == static_cast<int>(b);
}

enum class nosy_code : int {};

}  // namespace go_misuse_test

template <>
struct std::equal_to<go_misuse_test::nosy_code> {
  bool operator()(go_misuse_test::nosy_code a, go_misuse_test::nosy_code b) const {
    if (go_misuse_test::when_compared) go_misuse_test::when_compared();
    return static_cast<int>(a) == static_cast<int>(b);
  }
};

namespace go_misuse_test {

template <class Enum>
void expect_write_from_comparison_reported() {
  gomap::map<Enum, int> m{{Enum{1}, 1}};
  when_compared = [&m] { m.erase(Enum{2}); };

  try {
    (void)m.contains(Enum{1});
    ADD_FAILURE() << "nothing reported";
  } catch (const reported& r) {
    EXPECT_EQ(r.what_was_done.kind, gomap::misuse_kind::reentrancy);
  }

  when_compared = nullptr;
}

TEST_F(GoMapMisuse, AWriteFromAnEnumerationsComparisonIsNoRace) {
  expect_write_from_comparison_reported<nosy_number>();
  expect_write_from_comparison_reported<nosy_code>();
}

// Two writers are inside by turns for one thread: legal, and so is a walk that writes.
TEST_F(GoMapMisuse, OneThreadByTurnsIsNoMisuse) {
  gomap::map<int, int> m;

  for (int i = 0; i < 100; ++i) m[i] = i;
  for (auto& [key, value] : m) {
    value = m.get(key) + 1;
    m.erase(1000 + key);
  }
  std::thread([&m] { m[100] = 1; }).join();

  EXPECT_EQ(m.size(), 101u);
}

void race_with_a_writer(void (*act)(stopping_map&)) {
  stopping_map m;
  m[0];
  gate g;
  std::thread writer([&] { m.try_emplace(1, g); });
  g.wait_until_inside();
  try {
    act(m);
  } catch (const reported&) {  // so that nothing but a call that is noexcept ends the process
  }
  g.open();
  writer.join();
}
void write(stopping_map& m) { m[2]; }
void clear(stopping_map& m) { m.clear(); }
void read(stopping_map& m) { (void)m.contains(0); }
void walk(stopping_map& m) {
  for (const auto& entry : m) (void)entry;
}

class GoMapMisuseDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(GoMapMisuseDeathTest, TwoWritersDie) {
  EXPECT_DEATH(race_with_a_writer(write), "fatal error: concurrent map writes");
  EXPECT_DEATH(race_with_a_writer(clear), "fatal error: concurrent map writes");
}

TEST_F(GoMapMisuseDeathTest, AReaderBesideAWriterDies) {
  EXPECT_DEATH(race_with_a_writer(read), "fatal error: concurrent map read and map write");
}

TEST_F(GoMapMisuseDeathTest, AWalkBesideAWriterDies) {
  EXPECT_DEATH(race_with_a_writer(walk), "fatal error: concurrent map iteration and map write");
}

// clear(), begin() and the other calls that are noexcept end the process where a handler throws.
TEST_F(GoMapMisuseDeathTest, AHandlerThatThrowsOutOfACallThatIsNoexceptDies) {
  const auto throwing = [](void (*act)(stopping_map&)) {
    gomap::set_fatal_handler([](const gomap::misuse_report& r) { throw reported(r); });
    race_with_a_writer(act);
  };
  EXPECT_DEATH(throwing(clear), "");
  EXPECT_DEATH(throwing(walk), "");
}

}  // namespace go_misuse_test
