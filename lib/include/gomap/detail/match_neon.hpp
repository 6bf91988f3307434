// match_neon.hpp -- tophash matching with NEON, which every aarch64 has.
#pragma once

#include <cstdint>

#include <arm_neon.h>

#include <gomap/detail/slot_set.hpp>

namespace gomap::detail {

struct match_neon {
  using set = slot_set<std::uint64_t, 3>;

  // Slots whose byte equals `top`.
  [[nodiscard]] static set match(std::uint64_t tops, std::uint8_t top) noexcept {
    return set(lanes(vceq_u8(vcreate_u8(tops), vdup_n_u8(top))));
  }
  [[nodiscard]] static set empty(std::uint64_t tops) noexcept {
    return set(lanes(vceqz_u8(vcreate_u8(tops))));
  }
  [[nodiscard]] static set live(std::uint64_t tops) noexcept {
    return set(lanes(vmvn_u8(vceqz_u8(vcreate_u8(tops)))));
  }
  // The least byte greater than `bound`, which is at most 255; 256 if there is none.
  [[nodiscard]] static unsigned least_above(std::uint64_t tops, unsigned bound) noexcept {
    const uint8x8_t bytes = vcreate_u8(tops);
    const uint8x8_t above = vcgt_u8(bytes, vdup_n_u8(static_cast<std::uint8_t>(bound)));
    const bool none = vget_lane_u64(vreinterpret_u64_u8(above), 0) == 0;
    return none ? 256 : vminv_u8(vorn_u8(bytes, above));
  }
  // How many of the sixteen bytes of two words are less than `bound`.
  [[nodiscard]] static unsigned count_below(std::uint64_t a, std::uint64_t b,
                                            std::uint8_t bound) noexcept {
    const uint8x16_t below = vcltq_u8(vcombine_u8(vcreate_u8(a), vcreate_u8(b)), vdupq_n_u8(bound));
    return vaddvq_u8(vshrq_n_u8(below, 7));
  }

 private:
  // One bit a lane, as slot_set wants it.
  static std::uint64_t lanes(uint8x8_t mask) noexcept {
    return vget_lane_u64(vreinterpret_u64_u8(mask), 0) & 0x8080808080808080u;
  }
};

}  // namespace gomap::detail
