// fault.hpp -- counts what a map asks of its parts, and makes the n-th such step throw.
//
// Hash, comparison, construction, copy, move and allocation are points. The support types announce
// each step with fault::pass(point); a test reads how often that happened, or arms one point:
//
//   for (std::size_t n = 1;; ++n) {
//     armed_fault armed(point::copy, n);
//     try { m.insert(x); break; } catch (const injected_fault&) { ... }
//   }
//
// Process-wide and not thread-safe: one test at a time, on one thread.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <stdexcept>

namespace support {

// Where a support type may throw.
enum class point { hash, equal, construct, copy, move, allocate };
inline constexpr std::size_t point_count = 6;

// What every armed point throws, except `allocate`, which throws what a `failure` says.
struct injected_fault : std::runtime_error {
  injected_fault() : std::runtime_error("injected fault") {}
};

struct injected_bad_alloc : std::bad_alloc {
  const char* what() const noexcept override { return "injected allocation failure"; }
};

// What a backend may throw that knows no std::exception.
struct injected_error {
  int code = 0;
};

// How an armed point fails: once, or from then on until disarmed; and what `allocate` throws.
struct failure {
  enum class thrown { bad_alloc, number, error };

  bool lasting = false;
  thrown what = thrown::bad_alloc;
};

class fault {
 public:
  // Announces one step at `where`. Throws: when it is the one that was armed.
  static void pass(point where) {
    if (!strikes(where)) return;
    if (where != point::allocate) throw injected_fault();
    switch (how_.what) {
      case failure::thrown::bad_alloc:
        throw injected_bad_alloc();
      case failure::thrown::number:
        throw 17;
      case failure::thrown::error:
        throw injected_error{17};
    }
  }

  // Announces a step that fails without throwing. Returns whether it is to.
  static bool strikes(point where) noexcept {
    ++counts_[index(where)];
    if (!armed_ || where != armed_point_) return false;
    if (steps_left_ > 1) {
      --steps_left_;
      return false;
    }
    armed_ = how_.lasting;
    fired_ = true;
    return true;
  }

  // Steps at `where` since the last reset().
  static std::size_t count(point where) noexcept { return counts_[index(where)]; }

  static void reset() noexcept {
    counts_ = {};
    disarm();
    fired_ = false;
  }

  // The n-th step from now at `where` throws.  Requires: n >= 1.
  static void arm(point where, std::size_t n, failure how = {}) noexcept {
    armed_point_ = where;
    how_ = how;
    steps_left_ = n;
    armed_ = true;
    fired_ = false;
  }

  static void disarm() noexcept { armed_ = false; }

  // Whether the point armed last has thrown.
  static bool fired() noexcept { return fired_; }

 private:
  static std::size_t index(point where) noexcept { return static_cast<std::size_t>(where); }

  static inline std::array<std::size_t, point_count> counts_{};
  static inline point armed_point_ = point::hash;
  static inline std::size_t steps_left_ = 0;
  static inline failure how_{};
  static inline bool armed_ = false;
  static inline bool fired_ = false;
};

// Arms a point for a scope, so that a failing assertion cannot leave it armed for the next test.
class armed_fault {
 public:
  armed_fault(point where, std::size_t n, failure how = {}) noexcept { fault::arm(where, n, how); }
  ~armed_fault() { fault::disarm(); }
  armed_fault(const armed_fault&) = delete;
  armed_fault& operator=(const armed_fault&) = delete;
};

}  // namespace support
