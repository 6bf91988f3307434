// config.hpp -- the only macros: which header serves this platform.
//
// A macro here names a header, or the type in it that does the work, so that no other file needs
// an #if: `#include GOMAP_MULTIPLY_HEADER`. No choice made here changes the behaviour of a map.
// Errors have macros of their own, since a compiler with -fno-exceptions refuses throw, try, catch.
#pragma once

#include <version>

// The 64x64 -> 128 bit product, and what is known of 128-bit integers.
#if defined(__SIZEOF_INT128__)
#define GOMAP_MULTIPLY_HEADER <gomap/detail/multiply_native.hpp>
#define GOMAP_MULTIPLY multiply_native
#else
#define GOMAP_MULTIPLY_HEADER <gomap/detail/multiply_portable.hpp>
#define GOMAP_MULTIPLY multiply_portable
#endif

// Whether addresses leave bits free.
#if defined(__x86_64__) || defined(_M_X64)
#define GOMAP_ADDRESS_HEADER <gomap/detail/address_x86_64.hpp>
#define GOMAP_ADDRESS address_x86_64
#else
#define GOMAP_ADDRESS_HEADER <gomap/detail/address_portable.hpp>
#define GOMAP_ADDRESS address_portable
#endif

// How a bucket's eight tophash bytes are matched at once.
#if defined(__x86_64__) || defined(_M_X64)
#define GOMAP_MATCH_HEADER <gomap/detail/match_sse2.hpp>
#define GOMAP_MATCHER match_sse2
#elif defined(__ARM_NEON) && defined(__aarch64__)
#define GOMAP_MATCH_HEADER <gomap/detail/match_neon.hpp>
#define GOMAP_MATCHER match_neon
#else
#define GOMAP_MATCH_HEADER <gomap/detail/match_swar.hpp>
#define GOMAP_MATCHER match_swar
#endif

// The tag of the constructors that take a range.
#if defined(__cpp_lib_containers_ranges) || defined(__cpp_lib_ranges_to_container)
#define GOMAP_FROM_RANGE_HEADER <gomap/detail/from_range_std.hpp>
#else
#define GOMAP_FROM_RANGE_HEADER <gomap/detail/from_range_own.hpp>
#endif

// Errors. With -fno-exceptions nothing is thrown: detail::raise() passes what would be thrown to
// the fatal handler. What other code throws is not caught. Compile all files of a program that
// share a map's type with exceptions, or all without.
#if defined(__cpp_exceptions)
#define GOMAP_THROW(error) throw error
#define GOMAP_TRY try
#define GOMAP_CATCH_ALL catch (...)
#define GOMAP_RETHROW throw
#else
#define GOMAP_THROW(error) ::gomap::detail::raise(error)
#define GOMAP_TRY
#define GOMAP_CATCH_ALL if constexpr (false)
#define GOMAP_RETHROW static_cast<void>(0)
#endif
