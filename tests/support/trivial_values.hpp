// trivial_values.hpp -- trivially copyable values of awkward sizes, which prove that they are
// whole.
//
//   three_words   no single word: a reader without a lock must find all of one write
//   odd_bytes     five bytes, aligned to one
//   cache_line    one, and aligned to it
// Each is made from a number and gives it back with number(), as make_value.hpp wants it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace support {

struct three_words {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t third = 0;

  three_words() = default;
  explicit three_words(std::uint64_t n) : first(n), second(2 * n), third(3 * n) {}

  [[nodiscard]] std::uint64_t number() const {
    if (second != 2 * first || third != 3 * first) std::abort();
    return first;
  }
  friend bool operator==(const three_words&, const three_words&) = default;
};
static_assert(std::is_trivially_copyable_v<three_words> && sizeof(three_words) == 24);

// Holds numbers below 2^32 and their check.
class odd_bytes {
 public:
  odd_bytes() = default;
  explicit odd_bytes(std::uint64_t n) {
    for (std::size_t i = 0; i < 4; ++i) bytes_[i] = static_cast<unsigned char>(n >> (8 * i));
    bytes_[4] = check();
  }

  [[nodiscard]] std::uint64_t number() const {
    if (bytes_[4] != check()) std::abort();
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < 4; ++i) n |= static_cast<std::uint64_t>(bytes_[i]) << (8 * i);
    return n;
  }
  friend bool operator==(const odd_bytes&, const odd_bytes&) = default;

 private:
  [[nodiscard]] unsigned char check() const {
    return static_cast<unsigned char>(bytes_[0] ^ bytes_[1] ^ bytes_[2] ^ bytes_[3]);
  }

  std::array<unsigned char, 5> bytes_{};
};
static_assert(std::is_trivially_copyable_v<odd_bytes> && sizeof(odd_bytes) == 5);

struct alignas(64) cache_line {
  std::array<std::uint64_t, 8> words{};

  cache_line() = default;
  explicit cache_line(std::uint64_t n) { words.fill(n); }

  [[nodiscard]] std::uint64_t number() const {
    if (reinterpret_cast<std::uintptr_t>(this) % alignof(cache_line) != 0) std::abort();
    for (const std::uint64_t word : words) {
      if (word != words[0]) std::abort();
    }
    return words[0];
  }
  friend bool operator==(const cache_line&, const cache_line&) = default;
};
static_assert(std::is_trivially_copyable_v<cache_line> && sizeof(cache_line) == 64);

}  // namespace support
