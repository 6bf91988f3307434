// counting_value.hpp -- key and value types that notice how a container treats them.
//
//   tracked            counts live objects, copies and moves; may throw; heap-backed
//   tracked_move_only  the same without copies
//   move_only          plain, no counting
//   over_aligned       64-byte alignment, checked by every member
//   empty_value        no state
//   wide_value         200 bytes, every one of them checked
//   throwing_move      copies and moves may throw: what a container must not move in place
// Each is made from a number and gives it back with number(), so make_value.hpp serves them all.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "support/fault.hpp"

namespace support {

// How many tracked objects live now, and how they came to be. Not thread-safe.
struct object_counts {
  static inline long live = 0;
  static inline std::size_t constructions = 0;
  static inline std::size_t copies = 0;
  static inline std::size_t moves = 0;

  // Leaves `live` alone: it belongs to the objects.
  static void reset() noexcept {
    constructions = 0;
    copies = 0;
    moves = 0;
  }
};

// Fails the whole program: an object that was never built, or was destroyed already, is in use.
[[noreturn]] inline void broken_object() { std::abort(); }

// The number on the heap, a mark that only a living object carries, and its own address: reading a
// dead object, or one that was copied byte by byte, aborts.
template <bool Copyable, bool NothrowMove>
class basic_tracked {
 public:
  basic_tracked() : basic_tracked(0) {}
  explicit basic_tracked(std::uint64_t n) {
    fault::pass(point::construct);
    number_ = std::make_unique<std::uint64_t>(n);
    ++object_counts::constructions;
    born();
  }
  basic_tracked(const basic_tracked& other) requires Copyable {
    fault::pass(point::copy);
    number_ = std::make_unique<std::uint64_t>(other.number());
    ++object_counts::copies;
    born();
  }
  basic_tracked(basic_tracked&& other) noexcept(NothrowMove) {
    other.check();
    if constexpr (!NothrowMove) fault::pass(point::move);
    number_ = std::move(other.number_);
    ++object_counts::moves;
    born();
  }
  basic_tracked& operator=(const basic_tracked& other) requires Copyable {
    check();
    fault::pass(point::copy);
    number_ = std::make_unique<std::uint64_t>(other.number());
    ++object_counts::copies;
    return *this;
  }
  basic_tracked& operator=(basic_tracked&& other) noexcept(NothrowMove) {
    check();
    other.check();
    if constexpr (!NothrowMove) fault::pass(point::move);
    number_ = std::move(other.number_);
    ++object_counts::moves;
    return *this;
  }
  ~basic_tracked() {
    check();
    self_ = nullptr;
    --object_counts::live;
  }

  // Zero for an object that was moved from.
  [[nodiscard]] std::uint64_t number() const {
    check();
    return number_ ? *number_ : 0;
  }

  friend bool operator==(const basic_tracked& a, const basic_tracked& b) {
    return a.number() == b.number();
  }
  friend auto operator<=>(const basic_tracked& a, const basic_tracked& b) {
    return a.number() <=> b.number();
  }

 private:
  void born() noexcept {
    self_ = this;
    ++object_counts::live;
  }
  void check() const {
    if (self_ != this) broken_object();
  }

  std::unique_ptr<std::uint64_t> number_;
  const basic_tracked* self_ = nullptr;
};

using tracked = basic_tracked<true, true>;
using tracked_move_only = basic_tracked<false, true>;
using throwing_move = basic_tracked<true, false>;

class move_only {
 public:
  move_only() = default;
  explicit move_only(std::uint64_t n) : number_(std::make_unique<std::uint64_t>(n)) {}

  [[nodiscard]] std::uint64_t number() const { return number_ ? *number_ : 0; }

  friend bool operator==(const move_only& a, const move_only& b) {
    return a.number() == b.number();
  }

 private:
  std::unique_ptr<std::uint64_t> number_;
};

class alignas(64) over_aligned {
 public:
  over_aligned() { check(); }
  explicit over_aligned(std::uint64_t n) : number_(n) { check(); }
  over_aligned(const over_aligned& other) : number_(other.number()) { check(); }
  over_aligned& operator=(const over_aligned& other) {
    check();
    number_ = other.number();
    return *this;
  }
  ~over_aligned() { check(); }

  [[nodiscard]] std::uint64_t number() const {
    check();
    return number_;
  }

  friend bool operator==(const over_aligned& a, const over_aligned& b) {
    return a.number() == b.number();
  }

 private:
  void check() const {
    if (reinterpret_cast<std::uintptr_t>(this) % alignof(over_aligned) != 0) broken_object();
  }

  std::uint64_t number_ = 0;
};

struct empty_value {
  friend bool operator==(const empty_value&, const empty_value&) = default;
};

class wide_value {
 public:
  wide_value() : wide_value(0) {}
  explicit wide_value(std::uint64_t n) { words_.fill(n); }

  [[nodiscard]] std::uint64_t number() const {
    for (const std::uint64_t word : words_) {
      if (word != words_[0]) broken_object();
    }
    return words_[0];
  }

  friend bool operator==(const wide_value& a, const wide_value& b) {
    return a.number() == b.number();
  }

 private:
  std::array<std::uint64_t, 25> words_;
};
static_assert(sizeof(wide_value) == 200);

}  // namespace support
