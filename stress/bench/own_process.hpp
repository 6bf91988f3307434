// own_process.hpp -- a measurement in a process of its own, and what the system says of a process.
//
// Memory that one map leaves behind is warm for the next, and a process has one peak only. So a
// benchmark of memory runs itself once for each figure, and reads what that run prints. POSIX, and
// /proc where it is.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // POSIX leaves the declaration to the program

namespace bench {

// The standard output of this very program, run with `arguments`.
// Throws: std::system_error when it cannot be run, std::runtime_error when it fails.
std::string output_of_self(std::vector<std::string> arguments);

// A line "name:  1234 kB" of /proc/self/status; 0 where there is none.
double status_kib(std::string_view name);

// Resident memory of this process in KiB: now, and at its peak, which is never below a `now` that
// was read before it.
inline double resident_kib() { return status_kib("VmRSS:"); }
inline double peak_resident_kib() { return status_kib("VmHWM:"); }

// What the system has done for this process, all its threads, since it began.
struct usage {
  double minor_faults = 0;
  double system_ns = 0;

  friend usage operator-(const usage& a, const usage& b) {
    return {a.minor_faults - b.minor_faults, a.system_ns - b.system_ns};
  }
};
usage usage_so_far();

// ---- bodies --------------------------------------------------------------------------------

namespace detail {

// Runs this program with its standard output to `out`, and gives its process.
inline pid_t spawn_self(std::vector<std::string>& arguments, int out) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<char*> argv{const_cast<char*>(self.c_str())};  // posix_spawn() writes to none of them
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, self.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), "posix_spawn");
  return child;
}

// A pipe; closes what is still open of it.
struct pipe_ends {
  pipe_ends() {
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe2");
    }
  }
  ~pipe_ends() {
    close(0);
    close(1);
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  void close(std::size_t end) {
    if (fds[end] >= 0) ::close(fds[end]);
    fds[end] = -1;
  }
  std::array<int, 2> fds{-1, -1};
};

}  // namespace detail

inline std::string output_of_self(std::vector<std::string> arguments) {
  detail::pipe_ends pipe;
  const pid_t child = detail::spawn_self(arguments, pipe.fds[1]);
  pipe.close(1);  // so that reading ends when the child does

  std::string output;
  std::array<char, 512> block{};
  for (ssize_t got = 0; (got = ::read(pipe.fds[0], block.data(), block.size())) > 0;) {
    output.append(block.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    throw std::runtime_error("its process was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    throw std::runtime_error("its process failed, exit code " +
                             std::to_string(WEXITSTATUS(status)));
  }
  return output;
}

inline double status_kib(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == name && status >> kib) return kib;
  }
  return 0;
}

inline usage usage_so_far() {
  rusage found{};
  if (::getrusage(RUSAGE_SELF, &found) != 0) {
    throw std::system_error(errno, std::generic_category(), "getrusage");
  }
  const double seconds = static_cast<double>(found.ru_stime.tv_sec);
  const double microseconds = static_cast<double>(found.ru_stime.tv_usec);
  return {static_cast<double>(found.ru_minflt), seconds * 1e9 + microseconds * 1e3};
}

}  // namespace bench
