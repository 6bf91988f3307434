// misuse.cpp -- the words of a report, its printing, and the end of the process.
//
// Everything here is cold: the tests that call it are inline in misuse.hpp.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <string_view>

#include <gomap/misuse.hpp>

namespace gomap {
namespace {

struct wording {
  std::string_view text;
  std::string_view explanation;
};

constexpr wording words_for(misuse_kind kind) noexcept {
  switch (kind) {
    case misuse_kind::concurrent_writes:
      return {"fatal error: concurrent map writes",
              "Two threads wrote to one map at once: lock it, or use gomap::concurrent_map."};
    case misuse_kind::concurrent_read_and_write:
      return {"fatal error: concurrent map read and map write",
              "A map was read while a thread wrote to it: lock it, or use gomap::concurrent_map."};
    case misuse_kind::concurrent_iteration_and_write:
      return {
          "fatal error: concurrent map iteration and map write",
          "A map was walked while a thread wrote to it: lock it, or use gomap::concurrent_map."};
    case misuse_kind::concurrent_clone_and_write:
      return {
          "fatal error: concurrent map clone and map write",
          "A map was copied while a thread wrote to it: lock it, or use gomap::concurrent_map."};
    case misuse_kind::reentrancy:
      return {"fatal error: map used by its own callback",
              "A hash, comparison, constructor, destructor or visitor that the map was running "
              "called the same map."};
    case misuse_kind::stale_iterator:
      return {
          "fatal error: map iterator used after its entry was erased",
          "The entry that the iterator was at is gone. Only ++, == and assignment are left to it."};
    case misuse_kind::unlock:
      return {"fatal error: sync: Unlock of unlocked RWMutex",
              "unlock() was called on an rw_mutex that nobody holds for writing."};
    case misuse_kind::unlock_shared:
      return {"fatal error: sync: RUnlock of unlocked RWMutex",
              "unlock_shared() was called on an rw_mutex that nobody holds for reading."};
    case misuse_kind::lock_order:
      return {"fatal error: maps locked in opposite orders",
              "Callbacks of two maps call the other map, which deadlocks when both run at once."};
    case misuse_kind::destroyed_in_use:
      return {"fatal error: concurrent map destroyed while in use",
              "A thread was still in one of its calls, or in a callback that the map was running."};
    case misuse_kind::no_exceptions:
      return {"fatal error: an error in a program without exceptions",
              "With exceptions it would be thrown."};
  }
  return {"fatal error: map misused", "The kind of misuse is unknown."};
}

// In the order of the enumeration.
constexpr std::string_view operation_names[] = {
    "none",   "read",  "insert", "assign",  "erase",   "clear",       "reserve",
    "swap",   "copy",  "move",   "destroy", "iterate", "merge",       "grow",
    "shrink", "visit", "update", "lock",    "unlock",  "lock_shared", "unlock_shared"};
static_assert(std::size(operation_names) == static_cast<int>(operation::unlock_shared) + 1);

void print_and_return(const misuse_report& report) { print(report); }

constinit std::atomic<fatal_handler> current_handler{&print_and_return};

// How many thread numbers have been given. It wraps after 2^24 threads. Then two threads may have
// one number, and a race between these two is reported as re-entrancy.
constinit std::atomic<std::uint32_t> threads_numbered{0};

constexpr operation operation_in(std::uint32_t word) noexcept {
  return static_cast<operation>(word & 0xff);
}

constexpr std::uint32_t thread_in(std::uint32_t word) noexcept { return word >> 8; }

// One side of the misuse, "insert by thread 3", for as long as it takes to print it.
struct party {
  char line[64];

  party(std::uint32_t thread, operation op) noexcept {
    if (thread == 0) {
      std::snprintf(line, sizeof line, "a thread that was gone already");
      return;
    }
    const auto word = name(op);
    std::snprintf(line, sizeof line, "%.*s by thread %u", static_cast<int>(word.size()),
                  word.data(), static_cast<unsigned>(thread));
  }
};

}  // namespace

std::string_view name(operation op) noexcept {
  const auto index = static_cast<std::size_t>(op);
  return index < std::size(operation_names) ? operation_names[index] : "unknown";
}

std::string_view text(misuse_kind kind) noexcept { return words_for(kind).text; }

misuse_report make_report(misuse_kind kind, operation this_operation, operation other_operation,
                          std::uint32_t this_thread, std::uint32_t other_thread) noexcept {
  const auto words = words_for(kind);
  return {kind,        words.text,  words.explanation, this_operation, other_operation,
          this_thread, other_thread};
}

void print(const misuse_report& report) noexcept {
  const party here(report.this_thread, report.this_operation);
  const party there(report.other_thread, report.other_operation);
  char parties[192] = "";
  if (report.kind != misuse_kind::no_exceptions) {
    std::snprintf(parties, sizeof parties, "  found in: %s\n  ran into: %s\n", here.line,
                  there.line);
  }
  char page[512];
  const int length =
      std::snprintf(page, sizeof page, "%.*s\n%s  %.*s\n", static_cast<int>(report.text.size()),
                    report.text.data(), parties, static_cast<int>(report.explanation.size()),
                    report.explanation.data());
  if (length <= 0) return;
  const auto size = std::min(static_cast<std::size_t>(length), sizeof page - 1);
  std::fwrite(page, 1, size, stderr);  // one call, so that two threads' reports do not mix
  std::fflush(stderr);
}

fatal_handler set_fatal_handler(fatal_handler handler) noexcept {
  if (handler == nullptr) handler = &print_and_return;
  // acq_rel: what the caller prepared for `handler` is visible to the thread that runs it, and
  // what was prepared for the one before is visible to the caller.
  return current_handler.exchange(handler, std::memory_order_acq_rel);
}

void fatal(const misuse_report& report) {
  // acquire: pairs with set_fatal_handler(), so what the handler relies on is visible.
  current_handler.load(std::memory_order_acquire)(report);
  std::abort();
}

namespace detail {

std::uint32_t make_thread_tag() noexcept {
  std::uint32_t number = 0;
  // relaxed: only uniqueness matters. The loop steps over 0, which means "no thread".
  while (number == 0) {
    number = (threads_numbered.fetch_add(1, std::memory_order_relaxed) + 1) & 0xffffff;
  }
  return number << 8;
}

void report_write(std::uint32_t seen, operation mine) {
  const auto here = this_thread_number();
  const auto kind =
      thread_in(seen) == here ? misuse_kind::reentrancy : misuse_kind::concurrent_writes;
  fatal(make_report(kind, mine, operation_in(seen), here, thread_in(seen)));
}

void report_read(std::uint32_t seen, operation mine, misuse_kind race) {
  const auto here = this_thread_number();
  const auto kind = thread_in(seen) == here ? misuse_kind::reentrancy : race;
  fatal(make_report(kind, mine, operation_in(seen), here, thread_in(seen)));
}

void report_write_in_read(operation mine) {
  const auto here = this_thread_number();
  fatal(make_report(misuse_kind::reentrancy, mine, operation::read, here, here));
}

void report_stale_iterator(operation mine) {
  fatal(make_report(misuse_kind::stale_iterator, mine, operation::none, this_thread_number(), 0));
}

void report_trampled(std::uint32_t seen, std::uint32_t mine) {
  // acquire: as in fatal().
  const auto handler = current_handler.load(std::memory_order_acquire);
  if (handler != &print_and_return && std::uncaught_exceptions() > 0) return;
  fatal(make_report(misuse_kind::concurrent_writes, operation_in(mine), operation_in(seen),
                    thread_in(mine), thread_in(seen)));
}

}  // namespace detail
}  // namespace gomap
