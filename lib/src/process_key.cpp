// process_key.cpp -- a key drawn at random, and ChaCha for keys of 128 bits, as its author
// describes it.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include <gomap/detail/process_key.hpp>
#include <gomap/detail/seed.hpp>

namespace gomap::detail {
namespace {

using words = std::array<std::uint32_t, 16>;

void quarter_round(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c,
                   std::uint32_t& d) noexcept {
  a += b;
  d = std::rotl(d ^ a, 16);
  c += d;
  b = std::rotl(b ^ c, 12);
  a += b;
  d = std::rotl(d ^ a, 8);
  c += d;
  b = std::rotl(b ^ c, 7);
}

words scrambled(const words& start) noexcept {
  words w = start;
  for (int twice = 0; twice < 10; ++twice) {
    for (std::size_t i = 0; i < 4; ++i) quarter_round(w[i], w[i + 4], w[i + 8], w[i + 12]);
    for (std::size_t i = 0; i < 4; ++i) {
      quarter_round(w[i], w[4 + (i + 1) % 4], w[8 + (i + 2) % 4], w[12 + (i + 3) % 4]);
    }
  }
  for (std::size_t i = 0; i < w.size(); ++i) w[i] += start[i];
  return w;
}

}  // namespace

key128 drawn_key() noexcept {
  static const key128 own = [] {
    key128 drawn;
    random_bytes(drawn.data(), sizeof drawn);
    return drawn;
  }();
  return own;
}

void fill_from_key(const key128& key, std::uint64_t stream, void* to, std::size_t size) noexcept {
  // "expand 16-byte k", the key twice, the number of the block, the number of the stream.
  words start = {0x61707865,
                 0x3120646e,
                 0x79622d36,
                 0x6b206574,
                 key[0],
                 key[1],
                 key[2],
                 key[3],
                 key[0],
                 key[1],
                 key[2],
                 key[3],
                 0,
                 0,
                 static_cast<std::uint32_t>(stream),
                 static_cast<std::uint32_t>(stream >> 32)};
  auto* next = static_cast<unsigned char*>(to);
  for (; size > 0; ++start[12]) {
    const words block = scrambled(start);
    const std::size_t part = std::min(size, sizeof block);
    std::memcpy(next, block.data(), part);
    next += part;
    size -= part;
  }
}

}  // namespace gomap::detail
