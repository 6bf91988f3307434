// leak_roots_linux.cpp -- calls LeakSanitizer's functions where the program has them.
//
// A program that is built with LeakSanitizer links them. They are weak here: null in any other.
#include <cstddef>

#include <gomap/detail/leak_roots.hpp>

extern "C" {
[[gnu::weak]] void __lsan_register_root_region(const void* p, std::size_t bytes);
[[gnu::weak]] void __lsan_unregister_root_region(const void* p, std::size_t bytes);
[[gnu::weak]] void __lsan_ignore_object(const void* p);
}

namespace gomap::detail {

void add_leak_root(const void* p, std::size_t bytes) noexcept {
  if (__lsan_register_root_region != nullptr) __lsan_register_root_region(p, bytes);
}

void remove_leak_root(const void* p, std::size_t bytes) noexcept {
  if (__lsan_unregister_root_region != nullptr) __lsan_unregister_root_region(p, bytes);
}

void keep_from_leak_checks(const void* p) noexcept {
  if (__lsan_ignore_object != nullptr) __lsan_ignore_object(p);
}

}  // namespace gomap::detail
