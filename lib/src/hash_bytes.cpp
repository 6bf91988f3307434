// hash_bytes.cpp -- the hash of a run of bytes: XXH3 from libxxhash, with a secret of the process.
//
// XXH3 takes a secret or a seed for short input, not both, so the secret goes in first and the
// map's seed is mixed into the result. Whoever does not know the secret can aim at no bucket, and
// two maps in one process still order their keys differently. No header includes xxhash.h.
//
// The rare ways out are calls in tail position, so that a short text saves no registers.
#include <atomic>

// Has XXH3 compiled in here: 3 ns for 8 bytes, and 5 to 9 through the shared library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <gomap/hash.hpp>

namespace gomap::detail {
namespace {

// As long as XXH3's own. Never destroyed, so texts hash the same until the very end.
alignas(64) constinit unsigned char secret[192] = {};
constinit std::atomic<bool> secret_is_made{false};
static_assert(sizeof secret >= XXH3_SECRET_SIZE_MIN);

// Makes the secret, once; whoever comes meanwhile waits. May come before main().
[[gnu::noinline, gnu::cold]] std::uint64_t hash_first(const void* data, std::size_t size,
                                                      std::uint64_t seed) noexcept {
  [[maybe_unused]] static const bool once = (random_bytes(secret, sizeof secret), true);
  // release: pairs with the load in hash_bytes(), so whoever sees the flag sees the secret.
  secret_is_made.store(true, std::memory_order_release);
  return hash_bytes(data, size, seed);
}

[[gnu::noinline, gnu::flatten]] std::uint64_t hash_long(const void* data, std::size_t size,
                                                        std::uint64_t seed) noexcept {
  return mix(XXH3_64bits_withSecret(data, size, secret, sizeof secret), seed);
}

}  // namespace

[[gnu::flatten]] std::uint64_t hash_bytes(const void* data, std::size_t size,
                                          std::uint64_t seed) noexcept {
  // acquire: pairs with the release in hash_first().
  if (!secret_is_made.load(std::memory_order_acquire)) [[unlikely]] {
    return hash_first(data, size, seed);
  }
  if (size > 16) return hash_long(data, size, seed);
  return mix(XXH3_64bits_withSecret(data, size, secret, sizeof secret), seed);  // short forms only
}

}  // namespace gomap::detail
