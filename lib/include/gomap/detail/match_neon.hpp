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

 private:
  // One bit a lane, as slot_set wants it.
  static std::uint64_t lanes(uint8x8_t mask) noexcept {
    return vget_lane_u64(vreinterpret_u64_u8(mask), 0) & 0x8080808080808080u;
  }
};

}  // namespace gomap::detail
