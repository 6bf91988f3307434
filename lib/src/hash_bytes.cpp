// hash_bytes.cpp -- the hash of a run of bytes: XXH3 from libxxhash, with a secret of the process.
//
// XXH3 takes a secret or a seed for short input, not both, so the secret goes in first and the
// map's seed is mixed into the result. Whoever does not know the secret can aim at no bucket, and
// two maps in one process still order their keys differently. No header includes xxhash.h.
#include <xxhash.h>

#include <gomap/hash.hpp>

namespace gomap::detail {
namespace {

// XXH3's own secret is as long; any random bytes of at least XXH3_SECRET_SIZE_MIN (136) will do.
struct alignas(64) secret {
  unsigned char bytes[192];
  secret() noexcept { random_bytes(bytes, sizeof bytes); }
};
static_assert(sizeof(secret) >= XXH3_SECRET_SIZE_MIN);

}  // namespace

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t seed) noexcept {
  // Made by the first call, which may come before main(). The guard is one byte, read and
  // predicted; the secret is never destroyed, so strings hash the same until the very end.
  static const secret process;
  return mix(XXH3_64bits_withSecret(data, size, process.bytes, sizeof process.bytes), seed);
}

}  // namespace gomap::detail
