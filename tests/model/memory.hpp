// memory.hpp -- the memory that the threads of a model share, and Atomics for it.
//
// Behind each word lies one of Relacy's atomics, which decides what a load may return; the word
// itself holds what was stored last, for writers that read their own table as plain memory. Nothing
// that is freed is used again while a schedule runs. What Relacy reports beyond wrong answers: a
// load of a word that nobody stored, as this thread may see it, or of memory that is not there.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include <model/platform.hpp>
#include <model/relacy.hpp>

#include <gomap/detail/words.hpp>

namespace model {

// One for all: Relacy runs one schedule at a time.
class memory {
 public:
  using word = std::uint64_t;

  // A schedule begins. The last one may have been left in the middle.
  static void begin() {
    std::fill_n(made_.begin(), used_ / sizeof(word), false);
    used_ = 0;
    locked_ = {};
    discards_ = allocate(sizeof(word), alignof(word));
    stored_at(discards_).store(0, rl::mo_relaxed, RL_INFO);
  }
  // It ends: takes down what stands for the words.
  static void end() {
    for (std::size_t i = 0; i < used_ / sizeof(word); ++i) {
      if (made_[i]) std::destroy_at(atomic_at(i));
    }
  }

  [[nodiscard]] static void* allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t before = used_;
    const std::size_t start = (before + alignment - 1) / alignment * alignment;
    RL_ASSERT(start + bytes <= arena_.size());
    used_ = start + bytes;
    mark(arena_.data() + before, start - before, state::gone);
    mark(arena_.data() + start, bytes, state::blank);
    std::memset(arena_.data() + start, 0xa5, bytes);
    return arena_.data() + start;
  }
  static void deallocate(const void* p, std::size_t bytes) { mark(p, bytes, state::gone); }
  // From here on the words hold anything. What a system does to pages it does in order: it stops
  // the processors that may have them at hand.
  static void discard(const void* p, std::size_t bytes) {
    mark(p, bytes, state::discarded);
    stored_at(discards_).store(1, rl::mo_release, RL_INFO);
  }
  // Where nothing has been allocated since.
  [[nodiscard]] static bool try_extend(const void* p, std::size_t bytes, std::size_t more) {
    if (static_cast<const std::byte*>(p) + bytes != arena_.data() + used_) return false;
    (void)allocate(more - bytes, 1);
    return true;
  }

  // Makes words that were constructed as plain memory known to all threads.
  static void share(const void* first, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes / sizeof(word); ++i) {
      const void* const at = static_cast<const std::byte*>(first) + i * sizeof(word);
      stored_at(at).store(plain(at), rl::mo_relaxed, RL_INFO);
    }
  }
  // While a thread holds the lock alone, nobody else changes what it loads without order.
  static void hold_lock(bool locked) { locked_[rl::thread_index()] = locked; }
  [[nodiscard]] static bool holds_lock() { return locked_[rl::thread_index()]; }

  [[nodiscard]] static word plain(const void* at) {
    return gomap::detail::native_atomics::load<sizeof(word), std::memory_order_relaxed>(at);
  }
  // What stands for the word at an address; made if this is its first store.
  [[nodiscard]] static rl::atomic<word>& stored_at(const void* at) {
    const std::size_t i = index_of(at);
    RL_ASSERT(state_[i] == state::blank || state_[i] == state::stored);
    if (!made_[i]) std::construct_at(atomic_at(i));
    made_[i] = true;
    state_[i] = state::stored;
    return *atomic_at(i);
  }
  // The same, for a load.
  [[nodiscard]] static rl::atomic<word>& loaded_at(const void* at) {
    const std::size_t i = index_of(at);
    RL_ASSERT(made_[i] && state_[i] >= state::stored && "a word never stored, or gone");
    return *atomic_at(i);
  }
  // Whether this thread can tell yet.
  [[nodiscard]] static bool is_discarded(const void* at) {
    if (state_[index_of(at)] != state::discarded) return false;
    const rl::preemption_disabler whole(rl::ctx());
    return stored_at(discards_).load(rl::mo_acquire, RL_INFO) != 0;
  }

 private:
  enum class state : std::uint8_t { gone, blank, stored, discarded };
  struct alignas(rl::atomic<word>) atomic_bytes {
    std::byte bytes[sizeof(rl::atomic<word>)];
  };

  [[nodiscard]] static std::size_t index_of(const void* at) {
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(at) - arena_.data());
    RL_ASSERT(offset < used_ && offset % sizeof(word) == 0 && "memory that is not there");
    return offset / sizeof(word);
  }
  static void mark(const void* p, std::size_t bytes, state s) {
    if (bytes == 0) return;
    std::fill_n(state_.begin() + static_cast<std::ptrdiff_t>(index_of(p)), bytes / sizeof(word), s);
  }
  [[nodiscard]] static rl::atomic<word>* atomic_at(std::size_t i) {
    return reinterpret_cast<rl::atomic<word>*>(&atomics_[i]);
  }

  static constexpr std::size_t arena_bytes = std::size_t{256} << 10;
  alignas(64) inline static std::array<std::byte, arena_bytes> arena_;
  inline static std::array<atomic_bytes, arena_bytes / sizeof(word)> atomics_;
  inline static std::array<state, arena_bytes / sizeof(word)> state_;
  inline static std::array<bool, arena_bytes / sizeof(word)> made_;
  inline static std::size_t used_ = 0;
  inline static const void* discards_ = nullptr;  // a word that says whether there were any
  inline static std::array<bool, max_threads> locked_{};
};

// Atomics for that memory, all of whose words are of eight bytes.
struct atomics {
  template <std::size_t Unit, std::memory_order Order>
  [[nodiscard]] static memory::word load(const void* from) {
    static_assert(Unit == sizeof(memory::word));
    if (memory::is_discarded(from)) return ~memory::word{0};
    if (Order == std::memory_order_relaxed && memory::holds_lock()) {
      const rl::preemption_disabler whole(rl::ctx());  // it makes no difference when it loads
      return memory::loaded_at(from).load(order(Order), RL_INFO);
    }
    return memory::loaded_at(from).load(order(Order), RL_INFO);
  }
  template <std::size_t Unit, std::memory_order Order>
  static void store(void* to, memory::word value) {
    static_assert(Unit == sizeof(memory::word));
    memory::stored_at(to).store(value, order(Order), RL_INFO);
    gomap::detail::native_atomics::store<Unit, std::memory_order_relaxed>(to, value);
  }
};

// From that memory. `Extends`: bucket arrays may grow where they are.
template <class T, bool Extends>
class allocator {
 public:
  using value_type = T;
  using is_always_equal = std::true_type;
  static constexpr bool type_stable = true;
  template <class U>
  struct rebind {
    using other = allocator<U, Extends>;
  };

  constexpr allocator() noexcept = default;
  template <class U>
  constexpr allocator(const allocator<U, Extends>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(memory::allocate(n * sizeof(T), alignof(T)));
  }
  void deallocate(T* p, std::size_t n) noexcept { memory::deallocate(p, n * sizeof(T)); }
  void discard(void* p, std::size_t bytes) noexcept { memory::discard(p, bytes); }
  [[nodiscard]] bool try_extend(T* p, std::size_t n, std::size_t more) noexcept requires Extends {
    return memory::try_extend(p, n * sizeof(T), more * sizeof(T));
  }

  friend constexpr bool operator==(allocator, allocator) noexcept { return true; }
};

}  // namespace model
