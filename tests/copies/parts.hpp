// parts.hpp -- how the program gets at the other parts of its process.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <dlfcn.h>

#include "guest.hpp"

namespace copies {

// A library or plug-in, loaded for as long as this object lives. It lies beside the program, named
// after it.
class loaded {
 public:
  explicit loaded(const char* ending) : handle_(open(ending, 0)) {
    if (handle_ == nullptr) throw std::runtime_error(::dlerror());
  }
  loaded(const loaded&) = delete;
  loaded& operator=(const loaded&) = delete;
  ~loaded() { ::dlclose(handle_); }

  [[nodiscard]] const part& guest() const {
    return *reinterpret_cast<decltype(&copies_guest)>(::dlsym(handle_, "copies_guest"))();
  }
  // Whether it is in memory.
  [[nodiscard]] static bool is_loaded(const char* ending) {
    void* const handle = open(ending, RTLD_NOLOAD);
    if (handle != nullptr) ::dlclose(handle);
    return handle != nullptr;
  }

 private:
  static void* open(const char* ending, int flags) {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    return ::dlopen((program + ending).c_str(), RTLD_NOW | RTLD_LOCAL | flags);
  }

  void* handle_;
};

constexpr const char* library = "_library.so";
constexpr const char* plug_in = "_plugin.so";

}  // namespace copies
