// leak_roots_portable.cpp -- does nothing: only on Linux are blocks mapped, and leak checkers know
// malloc's memory.
#include <cstddef>

#include <gomap/detail/leak_roots.hpp>

namespace gomap::detail {

void add_leak_root(const void*, std::size_t) noexcept {}

void remove_leak_root(const void*, std::size_t) noexcept {}

void keep_from_leak_checks(const void*) noexcept {}

}  // namespace gomap::detail
