// fault_sweep.hpp -- runs an operation again and again, failing its 1st, 2nd, ... n-th step.
//
// Each round builds a fresh state, arms one point (fault.hpp), operates, and hands the state to a
// check. The sweep ends with the round in which nothing was left to fail. After each round nothing
// may be leaked: the round's ledger balances, and as many tracked objects live as before.
#pragma once

#include <cstddef>
#include <functional>

#include <gtest/gtest.h>

#include "support/counting_allocator.hpp"
#include "support/counting_value.hpp"
#include "support/fault.hpp"

namespace support {

struct sweep_result {
  std::size_t thrown = 0;     // rounds in which the operation threw
  std::size_t swallowed = 0;  // rounds in which a step threw and the operation went on without it
  bool completed = false;     // the last round failed nothing

  sweep_result& operator+=(const sweep_result& other) {
    thrown += other.thrown;
    swallowed += other.swallowed;
    completed = completed && other.completed;
    return *this;
  }
};

// An operation with more steps than this never ends, as far as a test is concerned.
inline constexpr std::size_t sweep_limit = 20'000;

// What a sweep does with a state. Functions behind a pointer, so that a sweep is compiled once a
// type of state and not once an operation.
template <class State>
struct sweep_steps {
  std::function<State(allocation_ledger&)> make;
  std::function<void(State&)> operate;       // what may throw
  std::function<void(State&, bool)> verify;  // checks what is left; whether operate() threw
};

// Only what the support types throw is caught.
template <class State>
sweep_result sweep(point where, const sweep_steps<State>& steps, failure how = {}) {
  sweep_result result;
  for (std::size_t n = 1; n < sweep_limit && !result.completed; ++n) {
    SCOPED_TRACE(::testing::Message()
                 << "step " << n << " of point " << static_cast<int>(where) << " throws");
    const long live = object_counts::live;
    allocation_ledger ledger;
    {
      State state = steps.make(ledger);
      bool threw = false;
      {
        armed_fault armed(where, n, how);
        try {
          steps.operate(state);
        } catch (const injected_fault&) {
          threw = true;
        } catch (const injected_bad_alloc&) {
          threw = true;
        } catch (int) {
          threw = true;
        } catch (const injected_error&) {
          threw = true;
        }
      }
      result.completed = !fault::fired();
      EXPECT_TRUE(!threw || fault::fired());
      if (threw) {
        ++result.thrown;
      } else if (fault::fired()) {
        ++result.swallowed;
      }
      steps.verify(state, threw);
    }
    EXPECT_TRUE(ledger.balanced()) << ledger.live_blocks() << " blocks leaked";
    EXPECT_EQ(object_counts::live, live) << "objects leaked or destroyed twice";
    if (::testing::Test::HasFailure()) return result;
  }
  EXPECT_TRUE(result.completed) << "after " << sweep_limit << " steps";
  return result;
}

inline constexpr point all_points[] = {point::hash, point::equal, point::construct,
                                       point::copy, point::move,  point::allocate};

// A sweep of every point, one after another.
template <class State>
sweep_result sweep_all(const sweep_steps<State>& steps) {
  sweep_result total{0, 0, true};
  for (const point where : all_points) {
    if (!::testing::Test::HasFailure()) total += sweep(where, steps);
  }
  return total;
}

}  // namespace support
