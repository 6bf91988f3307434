// relacy.hpp -- Relacy without the macros by which it takes words from others, and its searches.
//
// A program is a class derived from rl::test_suite: Relacy constructs it for each schedule, calls
// before(), then thread(0), thread(1) ... as threads that are switched at atomic operations, then
// after(). A load may return what an older store left where the memory model says so.
#pragma once

#include <iostream>

#include <relacy/atomic.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/backoff.hpp>
#include <relacy/base.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/dyn_thread.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/event.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/var.hpp>

namespace model {

// Which schedules to try.
struct search {
  rl::scheduler_type_e how;
  rl::iteration_t schedules;  // of random ones
  unsigned preemptions;       // of bounded ones
};
inline constexpr search every_schedule{rl::sched_full, 0, 0};
// Every schedule in which no more than so many times a thread is stopped that could go on.
[[nodiscard]] constexpr search every_schedule_with(unsigned preemptions) noexcept {
  return {rl::sched_bound, 0, preemptions};
}
// The same ones each time.
[[nodiscard]] constexpr search random_schedules(rl::iteration_t count) noexcept {
  return {rl::sched_random, count, 0};
}

// Whether Program fails in none of them; one in which it does is printed, step by step.
template <class Program>
[[nodiscard]] bool holds(const search& which) {
  std::ostream nowhere(nullptr);
  rl::test_params params;
  params.search_type = which.how;
  params.iteration_count = which.schedules;
  params.context_bound = which.preemptions;
  params.execution_depth_limit = 10'000;  // steps, beyond which threads wait for one another
  params.progress_stream = &nowhere;
  return rl::simulate<Program>(params);
}

[[nodiscard]] constexpr rl::memory_order order(std::memory_order order) noexcept {
  switch (order) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    default:
      return rl::mo_seq_cst;
  }
}

}  // namespace model
