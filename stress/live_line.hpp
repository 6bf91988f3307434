// live_line.hpp -- one line on the terminal that is rewritten while a program works.
//
// Goes to stderr, so that what a program prints can be piped; says nothing when stderr is no
// terminal. The line is wiped when the object dies. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace stress {

class live_line {
 public:
  live_line() : shown_(::isatty(STDERR_FILENO) == 1) {}
  live_line(const live_line&) = delete;
  live_line& operator=(const live_line&) = delete;
  ~live_line() { wipe(); }

  // Whether a new text is wanted now: ten times a second at most, never without a terminal.
  [[nodiscard]] bool due() {
    if (!shown_) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + std::chrono::milliseconds(100);
    return true;
  }

  // What does not fit the terminal is cut off: a line that wraps could not be rewritten.
  void show(const std::string& text) {
    if (!shown_) return;
    std::fputs((wiping + text.substr(0, width())).c_str(), stderr);
    std::fflush(stderr);
  }
  // The line is empty again.
  void wipe() {
    if (shown_) std::fputs(wiping, stderr);
  }

 private:
  [[nodiscard]] static std::size_t width() {
    winsize size{};
    const bool told = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return told ? size.ws_col - 1U : std::string::npos;
  }

  static constexpr const char* wiping = "\r\033[K";  // to the first column, clear what follows
  bool shown_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace stress
