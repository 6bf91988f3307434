// hash_bytes.cpp -- the hash of a run of bytes: XXH3 from libxxhash, with a secret of the process.
//
// For short input XXH3 takes a secret or a seed, not both. So it gets the secret, and the map's
// seed is mixed into its result. An attacker who does not know the secret cannot choose keys for
// one bucket, and two maps in one process still order their keys differently. Every copy of the
// library in a process makes the same secret, so that one finds what another has hashed. No header
// includes xxhash.h.
//
// The rare cases are calls in tail position, so that hashing a short text saves no registers.

// XXH3 demands that functions be inlined which g++ does not inline at -Og.
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O2")
#endif

#include <atomic>
#include <cstddef>
#include <cstdint>

// Compiles XXH3 into this file: 3 ns for 8 bytes, 5 to 9 ns through the shared library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <gomap/detail/process_key.hpp>
#include <gomap/hash.hpp>

namespace gomap::detail {
namespace {

// As long as XXH3's own. Never destroyed, so texts hash the same until the process ends.
alignas(64) constinit unsigned char secret[192] = {};
constinit std::atomic<bool> secret_is_made{false};
static_assert(sizeof secret >= XXH3_SECRET_SIZE_MIN);

// Makes the secret, once; other threads that call it meanwhile wait. May be called before main().
bool make_secret() noexcept {
  static const bool made = [] {
    fill_from_key(process_key(), 0, secret, sizeof secret);
    // release: pairs with the load in hash_bytes(), so whoever sees the flag sees the secret.
    secret_is_made.store(true, std::memory_order_release);
    return true;
  }();
  return made;
}

// Early, before there are threads: one could be making the secret while another forks.
[[maybe_unused]] const bool made_early = make_secret();

[[gnu::noinline, gnu::cold]] std::uint64_t hash_first(const void* data, std::size_t size,
                                                      std::uint64_t seed) noexcept {
  make_secret();
  return hash_bytes(data, size, seed);
}

[[gnu::noinline, gnu::flatten]] std::uint64_t hash_long(const void* data, std::size_t size,
                                                        std::uint64_t seed) noexcept {
  return mix(XXH3_64bits_withSecret(data, size, secret, sizeof secret), seed);
}

}  // namespace

[[gnu::flatten]] std::uint64_t hash_bytes(const void* data, std::size_t size,
                                          std::uint64_t seed) noexcept {
  // acquire: pairs with the release in make_secret().
  if (!secret_is_made.load(std::memory_order_acquire)) [[unlikely]] {
    return hash_first(data, size, seed);
  }
  if (size > 16) return hash_long(data, size, seed);
  return mix(XXH3_64bits_withSecret(data, size, secret, sizeof secret), seed);  // short forms only
}

}  // namespace gomap::detail
