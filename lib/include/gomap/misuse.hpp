// misuse.hpp -- the tripwire that finds a map used wrongly, and the report it makes.
//
//   word:  thread number (24 bits) | operation in progress (8 bits)        0 = no write runs
//
// A write hashes its key, then sets the word; a destructor clears it. Reads, writes, clones and
// iterator steps test the word. So when two calls overlap in time, the second reports the race; a
// first writer whose word has been overwritten reports it at its end. This is best effort: the word
// is relaxed, orders nothing, and costs a load. A race detector finds the rest.
// The thread number tells a race from a map that is called by its own callback.
//
// Misuse is fatal, never an exception to handle: the map may be corrupt already. A map has one
// policy, `checked` (the default) or `unchecked` (empty: no word, no test).
// With -fno-exceptions, errors that would be thrown come here as well: misuse_kind::no_exceptions.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace gomap {

// The kind of a call, for reports.
enum class operation : std::uint8_t {
  none,
  read,
  insert,
  assign,
  erase,
  clear,
  reserve,
  swap,
  copy,
  move,
  destroy,
  iterate,
  merge,
  grow,
  shrink,
  visit,
  update,
  lock,
  unlock,
  lock_shared,
  unlock_shared,
};

// The operation as one word, "insert" for operation::insert; "unknown" for a value not listed.
// Constant time; any thread.
[[nodiscard]] std::string_view name(operation) noexcept;

// What was done wrong.
enum class misuse_kind : std::uint8_t {
  concurrent_writes,
  concurrent_read_and_write,
  concurrent_iteration_and_write,
  concurrent_clone_and_write,
  reentrancy,        // a hash, comparison, constructor, destructor or visitor called its own map
  stale_iterator,    // an iterator was used whose entry is gone
  unlock,            // an rw_mutex was unlocked that nobody had locked
  unlock_shared,     // the same, for a shared lock
  lock_order,        // two maps are locked in opposite orders from callbacks
  destroyed_in_use,  // a concurrent_map was destroyed while a thread was in it
  no_exceptions,     // an error that would be thrown, in a program compiled without exceptions
};

// The first line of a report, "fatal error: concurrent map writes": Go's text where Go has one.
// Constant time; any thread.
[[nodiscard]] std::string_view text(misuse_kind) noexcept;

// One misuse. The texts live for ever, but for the explanation of misuse_kind::no_exceptions: it is
// the error's what(), and lives until the handler returns. A thread's number is small and is given
// at the thread's first write. operation::none with thread 0 stands for a call that ended before it
// could be identified.
struct misuse_report {
  misuse_kind kind;
  std::string_view text;         // the first line
  std::string_view explanation;  // one line: what it means, and what to do
  operation this_operation;      // of the call that noticed
  operation other_operation;     // of the call that it ran into
  std::uint32_t this_thread;
  std::uint32_t other_thread;
};

// A report of `kind`, with its text and explanation filled in. Constant time; any thread.
[[nodiscard]] misuse_report make_report(misuse_kind kind, operation this_operation,
                                        operation other_operation, std::uint32_t this_thread,
                                        std::uint32_t other_thread) noexcept;

// The number of the calling thread in reports: 1, 2, ... in the order of first use.
// Constant time; any thread.
[[nodiscard]] std::uint32_t this_thread_number() noexcept;

// Writes the report to stderr, five lines in one piece. Allocates nothing. Any thread.
void print(const misuse_report&) noexcept;

// Called for each misuse, on the thread that found it. When it returns, the process aborts. It may
// throw, which is meant for tests: the exception leaves the map's call, and the map may be corrupt.
// If that call is noexcept (begin(), clear(), swap(), moves), the process ends instead.
using fatal_handler = void (*)(const misuse_report&);

// Installs `handler` and returns the previous one. Null stands for the default, which calls
// print(). Any thread may call it at any time.
fatal_handler set_fatal_handler(fatal_handler handler) noexcept;

// Calls the handler with the report, then aborts. Throws: what the handler throws. Any thread.
[[noreturn]] void fatal(const misuse_report&);

namespace detail {

// The calling thread's number, shifted to where the word carries it; 0 before the first use.
inline constinit thread_local std::uint32_t thread_tag = 0;

[[nodiscard]] std::uint32_t make_thread_tag() noexcept;  // numbers this thread

// A read of `map` that runs user code. The reads of one thread form a chain.
struct read_link {
  const void* map;
  const read_link* outer;  // borrowed: the link of an enclosing call
};
inline constinit thread_local const read_link* innermost_read = nullptr;

// Throw what the handler throws; otherwise they do not return.
[[noreturn]] void report_write(std::uint32_t seen, operation mine);
[[noreturn]] void report_read(std::uint32_t seen, operation mine, misuse_kind race);
[[noreturn]] void report_write_in_read(operation mine);
[[noreturn]] void report_stale_iterator(operation mine);

// For a write that at its end found `seen` instead of its own word. It returns without a report if
// an exception is under way and a user's handler is installed, which could throw a second one.
void report_trampled(std::uint32_t seen, std::uint32_t mine);

}  // namespace detail

// The policy that finds misuse. Four bytes; any number of threads may call any member at once.
// A copy starts fresh and assignment changes nothing: a map's tripwire never travels with its
// contents.
class checked {
 public:
  static constexpr bool enabled = true;

  // Marks a write, from construction to destruction. Both may report, and so throw what the handler
  // throws. If the constructor throws, the word is as before.
  class [[nodiscard]] write_guard {
   public:
    // If a write is in progress, reports concurrent writes, or re-entrancy if it is this thread's.
    // If `map_if_opaque` is given, also reports a read_scope of that map on this thread. Give it
    // only where comparisons are user code: it costs a thread-local load.
    // always_inline, both: a few instructions in every write.
    [[gnu::always_inline]] inline write_guard(checked& wire, operation,
                                              const void* map_if_opaque = nullptr);
    write_guard(const write_guard&) = delete;
    write_guard& operator=(const write_guard&) = delete;

    // Reports concurrent writes if another write has changed the word meanwhile.
    [[gnu::always_inline]] inline ~write_guard() noexcept(false);

   private:
    checked& wire_;
    std::uint32_t mine_;
  };

  // Marks a read of `map` that calls user code, so that a write_guard finds that code writing to
  // the map: the word does not show reads. Scopes of one thread nest.
  class [[nodiscard]] read_scope {
   public:
    explicit read_scope(const void* map) noexcept;
    read_scope(const read_scope&) = delete;
    read_scope& operator=(const read_scope&) = delete;
    ~read_scope();

   private:
    detail::read_link link_;
  };

  constexpr checked() noexcept = default;
  constexpr checked(const checked&) noexcept {}
  constexpr checked& operator=(const checked&) noexcept { return *this; }

  // Report a write in progress: as re-entrancy if it is this thread's own, else as a race with a
  // read, a walk or a copy. A load and a test. Throw: what the handler throws.
  void check_read(operation = operation::read) const;
  void check_iterate() const;
  void check_clone() const;

 private:
  std::atomic<std::uint32_t> word_{0};
};

// The policy that finds nothing and costs nothing: the same interface, with empty functions.
class unchecked {
 public:
  static constexpr bool enabled = false;

  class [[nodiscard]] write_guard {
   public:
    constexpr write_guard(unchecked&, operation, const void* = nullptr) noexcept {}
    write_guard(const write_guard&) = delete;
    write_guard& operator=(const write_guard&) = delete;
    constexpr ~write_guard() {}  // not trivial, so that an unused guard is no warning
  };

  class [[nodiscard]] read_scope {
   public:
    constexpr explicit read_scope(const void*) noexcept {}
    read_scope(const read_scope&) = delete;
    read_scope& operator=(const read_scope&) = delete;
    constexpr ~read_scope() {}  // as above
  };

  constexpr void check_read(operation = operation::read) const noexcept {}
  constexpr void check_iterate() const noexcept {}
  constexpr void check_clone() const noexcept {}
};

// ---- bodies, in the order above ------------------------------------------------------------

inline std::uint32_t this_thread_number() noexcept {
  if (detail::thread_tag == 0) [[unlikely]]
    detail::thread_tag = detail::make_thread_tag();
  return detail::thread_tag >> 8;
}

inline checked::write_guard::write_guard(checked& wire, operation op, const void* map_if_opaque)
    : wire_(wire) {
  if (detail::thread_tag == 0) [[unlikely]]
    detail::thread_tag = detail::make_thread_tag();
  mine_ = detail::thread_tag | static_cast<std::uint32_t>(op);
  if (map_if_opaque != nullptr) {
    for (auto* read = detail::innermost_read; read != nullptr; read = read->outer) {
      if (read->map == map_if_opaque) [[unlikely]]
        detail::report_write_in_read(op);
    }
  }
  // relaxed: a best-effort test that orders nothing; so is the store, which a second writer sees
  // soon or not at all. Neither is a locked instruction.
  const auto seen = wire_.word_.load(std::memory_order_relaxed);
  if (seen != 0) [[unlikely]]
    detail::report_write(seen, op);
  wire_.word_.store(mine_, std::memory_order_relaxed);
}

inline checked::write_guard::~write_guard() noexcept(false) {
  // relaxed: as in the constructor; the word never says that the entries are visible.
  const auto seen = wire_.word_.load(std::memory_order_relaxed);
  wire_.word_.store(0, std::memory_order_relaxed);
  if (seen != mine_) [[unlikely]]
    detail::report_trampled(seen, mine_);
}

inline checked::read_scope::read_scope(const void* map) noexcept
    : link_{map, detail::innermost_read} {
  detail::innermost_read = &link_;
}

inline checked::read_scope::~read_scope() { detail::innermost_read = link_.outer; }

inline void checked::check_read(operation op) const {
  // relaxed: a best-effort test that orders nothing.
  const auto seen = word_.load(std::memory_order_relaxed);
  if (seen != 0) [[unlikely]] {
    detail::report_read(seen, op, misuse_kind::concurrent_read_and_write);
  }
}

inline void checked::check_iterate() const {
  // relaxed: a best-effort test that orders nothing.
  const auto seen = word_.load(std::memory_order_relaxed);
  if (seen != 0) [[unlikely]] {
    detail::report_read(seen, operation::iterate, misuse_kind::concurrent_iteration_and_write);
  }
}

inline void checked::check_clone() const {
  // relaxed: a best-effort test that orders nothing.
  const auto seen = word_.load(std::memory_order_relaxed);
  if (seen != 0) [[unlikely]] {
    detail::report_read(seen, operation::copy, misuse_kind::concurrent_clone_and_write);
  }
}

}  // namespace gomap
