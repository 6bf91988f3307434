// byte_stream.hpp -- the bytes that a fuzz body reads its numbers from, and what it throws when the
// map is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace fuzz {

// The map and its model differ, or the map is broken inside; what() names the operation.
struct difference : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool same, const char* what) {
  if (!same) throw difference(what);
}

// Bytes that are missing read as zero.
class byte_stream {
 public:
  explicit byte_stream(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  // Two bytes, but most often a small number: keys should meet again.
  std::uint64_t number() {
    const std::uint64_t high = byte();
    const std::uint64_t low = byte();
    return high < 192 ? low : (high - 192) * 256 + low;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace fuzz
