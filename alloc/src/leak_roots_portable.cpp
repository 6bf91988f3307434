// leak_roots_portable.cpp -- nobody to tell: mapped blocks are Linux's, and malloc's memory is
// known.
#include <cstddef>

#include <gomap/detail/leak_roots.hpp>

namespace gomap::detail {

void add_leak_root(const void*, std::size_t) noexcept {}

void remove_leak_root(const void*, std::size_t) noexcept {}

void keep_from_leak_checks(const void*) noexcept {}

}  // namespace gomap::detail
