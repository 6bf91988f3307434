// refuse.cpp -- the throws of refuse.hpp. In a program without exceptions they end the process.
#include <new>

#include <gomap/detail/refuse.hpp>

namespace gomap::detail {

void refuse_length() { throw std::bad_array_new_length(); }

void refuse_memory() { throw std::bad_alloc(); }

}  // namespace gomap::detail
