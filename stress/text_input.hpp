// text_input.hpp -- what a program is told to read: files, and folders with all below them.
//
// Everything is read before anything is counted, so bad input is known before a line is printed,
// and no time spent on a disk can pass for time spent in a map. A file that holds a NUL byte is
// binary. One that was named is an error when it is missing, empty or binary; one that a folder
// merely holds is skipped and counted. A file that begins with "# gomap trace" is a trace of keys,
// every other one a text. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "bad_input.hpp"
#include "key_trace.hpp"

namespace stress {

struct text_input {
  std::vector<std::string> texts;  // one a file, in the order of the paths; none is empty
  std::size_t bytes = 0;           // of all texts
  std::size_t binary_skipped = 0;  // files met in folders
  std::size_t empty_skipped = 0;   // likewise
  std::vector<key_trace> traces;   // one a file that is a trace
};

// Reads the files and folders named. Throws: bad_input.
inline text_input read_texts(const std::vector<std::string>& paths);

// ---- bodies --------------------------------------------------------------------------------

namespace detail {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw bad_input(path.string() + ": cannot be opened");
  std::string bytes;
  std::error_code ignored;  // a size that cannot be told costs a few reallocations
  const auto size = std::filesystem::file_size(path, ignored);
  if (!ignored) bytes.reserve(size);
  std::vector<char> block(std::size_t{1} << 18);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    bytes.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw bad_input(path.string() + ": cannot be read");
  return bytes;
}

inline bool is_binary(const std::string& bytes) { return bytes.find('\0') != std::string::npos; }

inline void add_file(text_input& input, const std::filesystem::path& path, std::string bytes) {
  if (bytes.starts_with(trace_mark)) {
    input.traces.push_back(parse_trace(path.string(), bytes));
    return;
  }
  input.bytes += bytes.size();
  input.texts.push_back(std::move(bytes));
}

inline void read_named_file(text_input& input, const std::filesystem::path& path) {
  std::string bytes = read_file(path);
  if (bytes.empty()) throw bad_input(path.string() + ": is empty");
  if (is_binary(bytes))
    throw bad_input(path.string() + ": is binary, not text (it holds a NUL byte)");
  add_file(input, path, std::move(bytes));
}

// In the order of their paths, so that two runs over a folder do the same work.
inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::error_code dangling;  // a link to nothing is no file
    if (entry.is_regular_file(dangling)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline void read_folder(text_input& input, const std::filesystem::path& folder) {
  const std::size_t before = input.texts.size() + input.traces.size();
  for (const auto& path : files_below(folder)) {
    std::string bytes = read_file(path);
    if (bytes.empty()) {
      ++input.empty_skipped;
    } else if (is_binary(bytes)) {
      ++input.binary_skipped;
    } else {
      add_file(input, path, std::move(bytes));
    }
  }
  if (input.texts.size() + input.traces.size() == before) {
    throw bad_input(folder.string() + ": holds no text file");
  }
}

}  // namespace detail

inline text_input read_texts(const std::vector<std::string>& paths) {
  text_input input;
  for (const std::filesystem::path path : paths) {
    try {
      const auto kind = std::filesystem::status(path).type();
      if (kind == std::filesystem::file_type::not_found) {
        throw bad_input(path.string() + ": no such file or folder");
      }
      if (kind == std::filesystem::file_type::directory) {
        detail::read_folder(input, path);
      } else if (kind == std::filesystem::file_type::regular) {
        detail::read_named_file(input, path);
      } else {
        throw bad_input(path.string() + ": is neither a file nor a folder");
      }
    } catch (const std::filesystem::filesystem_error& error) {
      throw bad_input(path.string() + ": " + error.code().message());
    }
  }
  return input;
}

}  // namespace stress
