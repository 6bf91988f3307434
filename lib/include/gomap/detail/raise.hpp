// raise.hpp -- what GOMAP_THROW calls in a program without exceptions.
#pragma once

#include <exception>

#include <gomap/config.hpp>

namespace gomap::detail {

// Calls the fatal handler with misuse_kind::no_exceptions and error.what() as explanation, then
// aborts.
[[noreturn]] void raise(const std::exception& error);

}  // namespace gomap::detail
