// misuse_child.hpp -- a process whose only purpose is to misuse a map and to die of it.
//
// A misuse ends the process, so it is committed by a child: this very program, started again with
// the name of a case in its environment.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gomap/misuse.hpp>

namespace stress {

struct misuse_case {
  // Whether it is found whenever it happens, or only when two calls meet in time.
  enum class found { always, by_chance };

  std::string_view name;
  gomap::misuse_kind kind;  // as which the library must name it
  found when;
  void (*commit)();  // does not return
  // As which it may name it, too: the calls of a race may follow one another.
  std::optional<gomap::misuse_kind> in_turn = std::nullopt;
};

[[nodiscard]] std::span<const misuse_case> misuse_cases();

// Commits the misuse that the environment names, if it names one, and does not return then.
// To be called before anything else.
void commit_misuse_if_asked();

// How a child ended.
struct child_end {
  bool aborted = false;     // by SIGABRT, as the library ends it
  bool not_caught = false;  // it went on until its time was over
  bool timed_out = false;   // it did not even end by itself
  std::string said;         // the last of what it wrote to stderr
  std::string how;          // in words
};

// Starts a child that commits the misuse and waits for its end: seconds, at worst.
// Throws: std::system_error when no process can be started.
[[nodiscard]] child_end run_misuse_child(const misuse_case&);

}  // namespace stress
