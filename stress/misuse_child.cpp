// misuse_child.cpp -- the cases of misuse, and how a child that commits one is started and heard.
#include "misuse_child.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>
#include <gomap/misuse.hpp>
#include <gomap/rw_mutex.hpp>

namespace stress {
namespace {

constexpr const char* variable = "GOMAP_STRESS_MISUSE";
constexpr int not_caught_code = 3;
constexpr int unknown_case_code = 4;
// How long two threads race, and after how long a child that hangs is ended by its alarm.
constexpr auto racing_time = std::chrono::milliseconds(500);
constexpr unsigned alarm_seconds = 10;
// Of what a child says the end is kept: its last words are what counts.
constexpr std::size_t most_said = 1 << 16;

// ---- the cases: what a child does

[[noreturn]] void not_caught() { ::_exit(not_caught_code); }
[[noreturn]] void wait_for_the_end() {
  for (;;) ::pause();
}

using large_value = std::array<std::uint64_t, 64>;  // long to write, so calls meet more often
using table = gomap::map<std::uint64_t, large_value>;
constexpr std::uint64_t usual_keys = 64;

// Mostly overwrites; now and then a key comes and goes, so that the table has to move.
struct writer {
  explicit writer(std::uint64_t first) : next(first) {}
  void operator()(table& map) {
    map.insert_or_assign(next % usual_keys, large_value{next});
    if (next % 64 == 0) map.insert_or_assign(next, large_value{next});
    if (next % 64 == 32) map.erase(next - 32);
    ++next;
  }
  std::uint64_t next;
};
struct reader {
  void operator()(const table& map) { sum += map.get(sum % usual_keys)[0] + 1; }
  std::uint64_t sum = 0;
};
struct walker {
  void operator()(const table& map) {
    for (const auto& e : map) sum += e.second[0];
  }
  std::uint64_t sum = 0;
};
struct copier {
  void operator()(const table& map) { sum += table(map).size(); }
  std::uint64_t sum = 0;
};

// Both again and again on one map, without a lock. Nobody waits for them: one may never come back
// from a table that the other has ruined.
template <class Other>
[[noreturn]] void race(Other other) {
  static table map;
  for (std::uint64_t key = 0; key < usual_keys; ++key) map.insert_or_assign(key, large_value{key});
  std::thread([write = writer(1000)]() mutable {
    for (;;) write(map);
  }).detach();
  std::thread([other]() mutable {
    for (;;) other(map);
  }).detach();
  std::this_thread::sleep_for(racing_time);
  not_caught();
}

using shared_table = gomap::concurrent_map<std::uint64_t, std::uint64_t>;

void call_back() {
  shared_table map;
  map.store(1U, 1U);
  map.visit(1U, [&](auto&) { map.store(2U, 2U); });
  not_caught();
}

// Both orders at once, so that a library that does not see it hangs.
void lock_in_opposite_orders() {
  static shared_table a;
  static shared_table b;
  const auto nest = [](shared_table& outer, shared_table& inner) {
    for (;;) outer.update(1U, [&](auto&) { inner.store(1U, 1U); });
  };
  std::thread([&] { nest(a, b); }).detach();
  std::thread([&] { nest(b, a); }).detach();
  wait_for_the_end();
}

void destroy_under_a_visitor() {
  static std::atomic<bool> inside{false};
  {
    shared_table map;
    map.store(1U, 1U);
    std::thread([&map] {
      map.visit(1U, [](auto&) {
        inside.store(true, std::memory_order_release);  // release: pairs with the wait below
        inside.notify_one();
        wait_for_the_end();
      });
    }).detach();
    inside.wait(false, std::memory_order_acquire);  // acquire: pairs with the store above
  }
  not_caught();
}

void unlock() {
  gomap::rw_mutex mutex;
  mutex.unlock();
  not_caught();
}
void unlock_shared() {
  gomap::rw_mutex mutex;
  mutex.unlock_shared();
  not_caught();
}

constexpr std::array cases = {
    misuse_case{"two writers", gomap::misuse_kind::concurrent_writes, misuse_case::found::by_chance,
                [] { race(writer(1'000'000)); }},
    misuse_case{"reader and writer", gomap::misuse_kind::concurrent_read_and_write,
                misuse_case::found::by_chance, [] { race(reader()); }},
    misuse_case{"iteration and writer", gomap::misuse_kind::concurrent_iteration_and_write,
                misuse_case::found::by_chance, [] { race(walker()); },
                gomap::misuse_kind::stale_iterator},
    misuse_case{"copy and writer", gomap::misuse_kind::concurrent_clone_and_write,
                misuse_case::found::by_chance, [] { race(copier()); }},
    misuse_case{"callback into its own map", gomap::misuse_kind::reentrancy,
                misuse_case::found::always, call_back},
    misuse_case{"opposite lock orders", gomap::misuse_kind::lock_order, misuse_case::found::always,
                lock_in_opposite_orders},
    misuse_case{"destruction in use", gomap::misuse_kind::destroyed_in_use,
                misuse_case::found::always, destroy_under_a_visitor},
    misuse_case{"unlock of what is not locked", gomap::misuse_kind::unlock,
                misuse_case::found::always, unlock},
    misuse_case{"the same, shared", gomap::misuse_kind::unlock_shared, misuse_case::found::always,
                unlock_shared},
};

// ---- the parent's side

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

// Its two ends are closed at the latest when it goes.
class pipe_to_child {
 public:
  pipe_to_child() { check(::pipe2(ends_.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe"); }
  pipe_to_child(const pipe_to_child&) = delete;
  pipe_to_child& operator=(const pipe_to_child&) = delete;
  ~pipe_to_child() {
    close_writer();
    ::close(ends_[0]);
  }

  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  // Until nobody holds the writing end any more.
  [[nodiscard]] std::string read_the_last() {
    std::string said;
    std::array<char, 4096> piece;
    for (;;) {
      const ssize_t n = ::read(ends_[0], piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return said;
      said.append(piece.data(), static_cast<std::size_t>(n));
      if (said.size() > 2 * most_said) said.erase(0, said.size() - most_said);
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// What a child starts with: its stderr is the pipe, and a Ctrl-C at the terminal is not for it.
class child_setup {
 public:
  explicit child_setup(int stderr_end) {
    check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, 0, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, stderr_end, 2);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
  }
  child_setup(const child_setup&) = delete;
  child_setup& operator=(const child_setup&) = delete;
  ~child_setup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // This program, with nothing in its environment but the name of the case.
  [[nodiscard]] pid_t start(const misuse_case& c) const {
    std::string program = "stress";
    std::string named = fmt::format("{}={}", variable, c.name);
    char* arguments[] = {program.data(), nullptr};
    char* environment[] = {named.data(), nullptr};
    pid_t child = 0;
    check(::posix_spawn(&child, "/proc/self/exe", &actions_, &attributes_, arguments, environment),
          "posix_spawn");
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) check(errno == EINTR ? 0 : errno, "waitpid");
  return status;
}

void explain(child_end& end, int status) {
  if (WIFSIGNALED(status)) {
    end.aborted = WTERMSIG(status) == SIGABRT;
    end.timed_out = WTERMSIG(status) == SIGALRM;
    end.how = end.timed_out ? fmt::format("hung for {} seconds", alarm_seconds)
                            : fmt::format("died of signal {}", WTERMSIG(status));
  } else {
    end.not_caught = WEXITSTATUS(status) == not_caught_code;
    end.how = end.not_caught ? "was not caught" : fmt::format("exit code {}", WEXITSTATUS(status));
  }
}

}  // namespace

std::span<const misuse_case> misuse_cases() { return cases; }

void commit_misuse_if_asked() {
  const char* const asked = std::getenv(variable);
  if (asked == nullptr) return;
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::alarm(alarm_seconds);
  for (const misuse_case& c : cases) {
    if (c.name == asked) c.commit();
  }
  ::_exit(unknown_case_code);
}

child_end run_misuse_child(const misuse_case& c) {
  pipe_to_child said;
  const pid_t child = child_setup(said.writer()).start(c);
  said.close_writer();
  child_end end;
  end.said = said.read_the_last();
  explain(end, wait_for(child));
  return end;
}

}  // namespace stress
