// raise.hpp -- where errors go in a program that has no exceptions; GOMAP_THROW leads here then.
#pragma once

#include <exception>

#include <gomap/config.hpp>

namespace gomap::detail {

// Hands the error to the fatal handler, as misuse_kind::no_exceptions, with error.what() for its
// explanation; then aborts.
[[noreturn]] void raise(const std::exception& error);

}  // namespace gomap::detail
