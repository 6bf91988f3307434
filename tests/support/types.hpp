// types.hpp -- types<few, T...>: the types that a typed suite goes through.
//
// All of them where GOMAP_TEST_EVERYTHING is set. Elsewhere the first `few`: those without which a
// bug of tests/bugs would go unnoticed. A suite takes its time for each of them, to compile above
// all.
#pragma once

#include <cstddef>

#include <gtest/gtest.h>

namespace support {

template <std::size_t Few, class Taken, class... T>
struct first_types {
  using type = Taken;
};

template <std::size_t Few, class... Taken, class Next, class... T>
requires(Few > 0) struct first_types<Few, ::testing::Types<Taken...>, Next, T...>
    : first_types<Few - 1, ::testing::Types<Taken..., Next>, T...> {
};

#ifdef GOMAP_TEST_EVERYTHING
template <std::size_t Few, class... T>
using types = ::testing::Types<T...>;
#else
template <std::size_t Few, class... T>
using types = typename first_types<Few, ::testing::Types<>, T...>::type;
#endif

}  // namespace support
