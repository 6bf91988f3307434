// hash_bytes.cpp -- the hash of a run of bytes: XXH3 from libxxhash, with a secret of the process.
//
// XXH3 takes a secret or a seed for short input, not both, so the secret goes in first and the
// map's seed is mixed into the result. Whoever does not know the secret can aim at no bucket, and
// two maps in one process still order their keys differently. Every copy of the library in a
// process makes the same secret, so that one finds what another has hashed. No header includes
// xxhash.h.
//
// The rare ways out are calls in tail position, so that a short text saves no registers.
#include <atomic>
#include <cstddef>
#include <cstdint>

// Has XXH3 compiled in here: 3 ns for 8 bytes, and 5 to 9 through the shared library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <gomap/detail/process_key.hpp>
#include <gomap/hash.hpp>

namespace gomap::detail {
namespace {

// As long as XXH3's own. Never destroyed, so texts hash the same until the very end.
alignas(64) constinit unsigned char secret[192] = {};
constinit std::atomic<bool> secret_is_made{false};
static_assert(sizeof secret >= XXH3_SECRET_SIZE_MIN);

// Makes the secret, once; whoever comes meanwhile waits. May come before main().
bool make_secret() noexcept {
  static const bool made = [] {
    fill_from_key(process_key(), 0, secret, sizeof secret);
    // release: pairs with the load in hash_bytes(), so whoever sees the flag sees the secret.
    secret_is_made.store(true, std::memory_order_release);
    return true;
  }();
  return made;
}

// Here, before there are threads, of which one could be at it while another one forks.
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
