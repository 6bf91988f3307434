// words.hpp -- how a table stores what other threads may read meanwhile: its word policies.
//
//   plain_words    no thread reads while another writes
//   traced_words   the same, with a full past: for keys that are not known by their value
//   locked_words   the same, but any thread may read the number of entries
//   shared_words   readers without a lock may read any word, and check the sequence afterwards
//
// A policy gives the types of the words that a reader may meet: `cell` for words of headers,
// `counter` for the number of entries. It also says what else the table notes (bookkeeping.hpp,
// past.hpp).
// The lock admits one writer at a time, so a writer's own reads need no order. With shared_words
// every store is a release store, and every load of a reader without a lock is an acquire load. So
// a reader that has seen any store of a writer also sees the sequence number that was raised before
// it. On x86-64 both are plain moves. There are no fences, so a race detector understands it all. A
// parameter, Atomics, says how a word is loaded and stored; a model checker supplies its own.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include <gomap/config.hpp>
#include GOMAP_ADDRESS_HEADER

#include <gomap/detail/bookkeeping.hpp>
#include <gomap/detail/past.hpp>

namespace gomap::detail {

// An unsigned integer of `Unit` bytes that may alias objects of any type.
template <std::size_t Unit>
struct overlay;
template <>
struct overlay<1> {
  using word [[gnu::may_alias]] = std::uint8_t;
};
template <>
struct overlay<2> {
  using word [[gnu::may_alias]] = std::uint16_t;
};
template <>
struct overlay<4> {
  using word [[gnu::may_alias]] = std::uint32_t;
};
template <>
struct overlay<8> {
  using word [[gnu::may_alias]] = std::uint64_t;
};

// Atomics: loads and stores whole words of `Unit` bytes, at addresses where no such word needs to
// have been constructed. By builtins, since std::atomic_ref has no way to alias other types.
struct native_atomics {
  template <std::size_t Unit, std::memory_order Order>
  [[nodiscard]] static typename overlay<Unit>::word load(const void* from) noexcept {
    return __atomic_load_n(static_cast<const typename overlay<Unit>::word*>(from),
                           static_cast<int>(Order));
  }
  template <std::size_t Unit, std::memory_order Order>
  static void store(void* to, typename overlay<Unit>::word value) noexcept {
    __atomic_store_n(static_cast<typename overlay<Unit>::word*>(to), value,
                     static_cast<int>(Order));
  }
};

// A word with one writer at a time and any number of readers.
template <class W, class Atomics>
class shared_cell {
 public:
  constexpr shared_cell() noexcept = default;
  constexpr shared_cell(W value) noexcept : value_(value) {}
  shared_cell(const shared_cell&) = delete;

  // For the writer, and for readers that keep writers out by the lock.
  operator W() const noexcept {
    // relaxed: the lock orders it, or the caller wants no order.
    return load<std::memory_order_relaxed>();
  }
  shared_cell& operator=(W value) noexcept {
    using word = typename overlay<sizeof(W)>::word;
    // release: see the head of this file.
    Atomics::template store<sizeof(W), std::memory_order_release>(&value_,
                                                                  std::bit_cast<word>(value));
    return *this;
  }
  shared_cell& operator=(const shared_cell& other) noexcept {
    return *this = static_cast<W>(other);
  }
  shared_cell& operator++() noexcept { return *this = static_cast<W>(*this) + 1; }
  shared_cell& operator--() noexcept { return *this = static_cast<W>(*this) - 1; }

  // For readers without a lock.
  [[nodiscard]] W acquire() const noexcept { return load<std::memory_order_acquire>(); }

 private:
  template <std::memory_order Order>
  [[nodiscard]] W load() const noexcept {
    return std::bit_cast<W>(Atomics::template load<sizeof(W), Order>(&value_));
  }

  W value_{};
};

// The widest unit, up to a machine word, that divides all of `sizes`.
[[nodiscard]] constexpr std::size_t word_unit(std::initializer_list<std::size_t> sizes) noexcept {
  std::size_t unit = sizeof(std::uint64_t);
  for (const std::size_t size : sizes) unit = std::gcd(unit, size);
  return unit;
}

// Copies `bytes` bytes to memory that readers without a lock may read. Both sides are aligned to
// Unit, which divides `bytes`.
template <std::size_t Unit, class Atomics>
void store_words(void* to, const void* from, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes; at += Unit) {
    typename overlay<Unit>::word value;
    std::memcpy(&value, static_cast<const std::byte*>(from) + at, Unit);
    Atomics::template store<Unit, std::memory_order_release>(static_cast<std::byte*>(to) + at,
                                                             value);
  }
}

// A V copied from memory that a writer may be changing: each word is whole, but the words may not
// belong together.
template <class V, std::size_t Unit, class Atomics>
[[nodiscard]] V load_words(const void* from) noexcept {
  static_assert(std::is_trivially_copyable_v<V> && sizeof(V) % Unit == 0);
  alignas(V) std::array<std::byte, sizeof(V)> bytes;
  for (std::size_t at = 0; at < sizeof(V); at += Unit) {
    const auto value = Atomics::template load<Unit, std::memory_order_acquire>(
        static_cast<const std::byte*>(from) + at);
    std::memcpy(bytes.data() + at, &value, Unit);
  }
  return std::bit_cast<V>(bytes);
}

// Whether a word that holds an address has `bits` bits free at its upper end.
[[nodiscard]] constexpr bool address_leaves_bits(unsigned bits) noexcept {
  return std::numeric_limits<std::uintptr_t>::digits >=
         static_cast<int>(GOMAP_ADDRESS::bits + bits);
}

// How a table that nobody watches changes. Where readers go without a lock, each change that they
// may see is made in a section of the shard's sequence instead (shard.hpp).
struct unwatched {
  struct [[nodiscard]] section {
    constexpr ~section() {}  // not trivial, so that an unused section is no warning
  };
  [[nodiscard]] constexpr section operator()() const noexcept { return {}; }
};

struct plain_words {
  // Whether there are readers without a lock. Then memory keeps its use: it is recycled only within
  // its table, and entries are written word by word.
  static constexpr bool shared = false;
  template <class W>
  using cell = W;
  template <class W>
  using counter = W;
  using stamps = walk_stamps;
  using past = std::conditional_t<address_leaves_bits(brief_past::bits_taken), brief_past, no_past>;
  using peak = memory_peak;
};

struct traced_words : plain_words {
  using past = full_past;
};

struct locked_words : plain_words {
  using atomics = native_atomics;
  template <class W>
  using counter = shared_cell<W, atomics>;
  using stamps = no_walk_stamps;
  using past = no_past;
};

template <class Atomics>
struct basic_shared_words {
  static constexpr bool shared = true;
  using atomics = Atomics;
  template <class W>
  using cell = shared_cell<W, Atomics>;
  template <class W>
  using counter = shared_cell<W, Atomics>;
  using stamps = no_walk_stamps;
  using past = no_past;
  using peak = no_memory_peak;
};
using shared_words = basic_shared_words<native_atomics>;

// Exchanges two cells of any policy.
template <class Cell>
void swap_cells(Cell& a, Cell& b) noexcept {
  if constexpr (std::is_copy_constructible_v<Cell>) {
    std::swap(a, b);
  } else {
    const auto kept = +a;  // the word, not the cell
    a = b;
    b = kept;
  }
}

}  // namespace gomap::detail
