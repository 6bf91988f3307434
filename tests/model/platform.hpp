// platform.hpp -- what rw_lock stands on under Relacy: its atomics, and threads that sleep.
//
// A thread that sleeps runs again only when it is woken, so that a lost wake is a deadlock, which
// Relacy reports. Being woken orders nothing: what a thread may rely on comes from its own loads.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <model/relacy.hpp>

#include <gomap/detail/waiting.hpp>
#include <gomap/misuse.hpp>

namespace model {

// Threads of one program at most.
inline constexpr int max_threads = 4;

// `Patience`: rw_lock's.
template <int Patience>
struct platform {
  template <class W>
  class atomic {
   public:
    atomic(W value) : word_(value) {}

    W load(std::memory_order mo) const { return word_.load(order(mo), RL_INFO); }
    void store(W value, std::memory_order mo) { word_.store(value, order(mo), RL_INFO); }
    W fetch_add(W n, std::memory_order mo) { return word_.fetch_add(n, order(mo), RL_INFO); }
    W fetch_sub(W n, std::memory_order mo) { return word_.fetch_sub(n, order(mo), RL_INFO); }
    W fetch_or(W bits, std::memory_order mo) { return word_.fetch_or(bits, order(mo), RL_INFO); }
    bool compare_exchange_weak(W& seen, W next, std::memory_order success,
                               std::memory_order failure) {
      return word_.compare_exchange_weak(seen, next, order(success), RL_INFO, order(failure),
                                         RL_INFO);
    }
    bool compare_exchange_strong(W& seen, W next, std::memory_order success,
                                 std::memory_order failure) {
      return word_.compare_exchange_strong(seen, next, order(success), RL_INFO, order(failure),
                                           RL_INFO);
    }

   private:
    friend platform;
    using queue = rl::waitset<max_threads>;

    [[nodiscard]] queue& of(gomap::detail::sleepers who) {
      return queues_[std::countr_zero(static_cast<unsigned>(who))];
    }

    rl::atomic<W> word_;
    std::array<queue, 3> queues_;
  };
  using word = atomic<std::uint32_t>;

  // A thread that looks a few times before it sleeps does nothing that one does not which sleeps at
  // once and is woken early.
  static constexpr int looks = 0;
  static constexpr int patience = Patience;

  static void pause() { rl::ctx().yield(1, RL_INFO); }

  static void sleep_on(word& w, std::uint32_t value, gomap::detail::sleepers who) {
    rl::context& c = rl::ctx();
    c.sched();
    if (w.word_.debug_value() == value) {
      w.of(who).park_current(c, false, c.is_random_sched(), false, RL_INFO);
    } else {
      c.yield(1, RL_INFO);  // time passes: old values are not seen for ever
    }
  }
  static void wake_one(word& w, gomap::detail::sleepers who) {
    rl::ctx().sched();
    w.of(who).unpark_one(rl::ctx(), RL_INFO);
  }
  static void wake_all(word& w, gomap::detail::sleepers who) {
    rl::ctx().sched();
    w.of(who).unpark_all(rl::ctx(), RL_INFO);
  }
  static void misuse(gomap::misuse_kind) {
    rl::ctx().fail_test("a lock that is used well reports misuse",
                        rl::test_result_user_assert_failed, RL_INFO);
  }
};

}  // namespace model
