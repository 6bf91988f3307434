// rw_lock.hpp -- the protocol of rw_mutex: two words, one atomic step to lock, one to unlock.
//
//   state:    writer bits and phase (5) | shared locks, held or queued (27)
//   leaving:  shared locks that the writer waits for (31) | it sleeps (1)
//
// A reader adds one to the count. It holds the lock if the writer bit was not set; else it is
// queued. A writer sets its bit. The count at that instant is the number of readers that it waits
// for; each of them subtracts one from `leaving` when it unlocks. unlock() clears the bit and flips
// the phase: at that instant every queued reader holds the lock, awake or not, and the next writer
// waits for it. One bit of phase is enough: a reader that has not yet seen one unlock() holds the
// lock, so the next writer, and its unlock(), wait for it.
//
// Writers compete for the bit, and a running one takes it: handing it to a sleeping one would cost
// a context switch for each lock. A writer that has often been woken in vain sets `impatient`; then
// the next unlock() leaves the writer bit set for it.
//
// Platform supplies atomics, waiting and the report of misuse; a model checker supplies its own.
// Nothing here belongs to a thread: another thread may unlock.
#pragma once

#include <atomic>
#include <cstdint>

#include <gomap/detail/waiting.hpp>
#include <gomap/misuse.hpp>

namespace gomap::detail {

// Invariants, at every instant between two atomic steps.
//   L1  `writer` is set  <=>  a writer holds the lock, or waits for readers that came before it.
//   L2  without `writer`, the count is the number of readers that hold the lock, and of the other
//       bits only phase may be set.
//   L3  with `writer`, the count is the number of readers that it waits for, plus the queued ones.
//   L4  leaving is 0 unless a writer waits for readers. After the writer has added their number,
//       leaving is the number of those that have not unlocked.
//   L5  a thread sleeps on state only at a value with `writer` and the bit of its kind. The
//       unlock() that clears the bit wakes all readers, one competing writer, or the impatient
//       one. A competing writer that was woken sets the bit again, on behalf of the others.
//   L6  at most one writer has set `impatient`. It then waits for the next unlock() as readers do.
//       When that has handed the lock over to it, another may set the bit and fall asleep beside it
//       before it is woken.
template <class Platform>
class rw_lock {
 public:
  // The most shared locks, held and queued together. More are not detected.
  static constexpr std::uint32_t max_readers = (1u << 27) - 1;

  constexpr rw_lock() noexcept = default;
  rw_lock(const rw_lock&) = delete;
  rw_lock& operator=(const rw_lock&) = delete;

  void lock();
  [[nodiscard]] bool try_lock();
  void unlock();
  void lock_shared();
  [[nodiscard]] bool try_lock_shared();
  void unlock_shared();

 private:
  using word = std::uint32_t;
  using atomic_word = typename Platform::template atomic<word>;

  // state_:
  static constexpr word readers = max_readers;
  static constexpr word writer = 1u << 27;
  static constexpr word phase = 1u << 28;           // the number of unlock() calls, odd or even
  static constexpr word readers_asleep = 1u << 29;  // queued readers may be asleep
  static constexpr word writers_asleep = 1u << 30;  // writers that compete may be asleep
  static constexpr word impatient = 1u << 31;       // a writer wants the lock handed over

  // leaving_: a number from bit 1 up, modulo 2^31, since readers may subtract before the writer
  // adds.
  static constexpr word asleep = 1;
  static constexpr word one_reader = 2;

  [[gnu::noinline]] void lock_slow();
  [[gnu::noinline]] void unlock_slow();
  // `before` and `seen`: the value of state_ at the step of the caller.
  [[gnu::noinline]] void unlock_shared_slow(word before);
  // Returns when unlock() has been called since then. `kind` is the bit that makes it wake `who`.
  [[gnu::noinline]] void wait_for_unlock(word seen, word kind, sleepers who);
  // Returns when leaving_ has become 0.
  void wait_for_readers();

  atomic_word state_{0};
  atomic_word leaving_{0};
};

// ---- bodies, in the order above ------------------------------------------------------------

template <class Platform>
inline void rw_lock<Platform>::lock() {
  // relaxed: a guess; the exchange takes the lock, or finds the guess wrong.
  word seen = state_.load(std::memory_order_relaxed);
  // acquire: pairs with the release in unlock() and unlock_shared(), so what earlier writers wrote
  // is visible here and what earlier readers read is not changed under them.
  // relaxed: on failure nothing was taken.
  if ((seen & ~phase) != 0 ||
      !state_.compare_exchange_strong(seen, seen | writer, std::memory_order_acquire,
                                      std::memory_order_relaxed)) [[unlikely]] {
    lock_slow();
  }
}

template <class Platform>
inline bool rw_lock<Platform>::try_lock() {
  // relaxed: as in lock().
  word seen = state_.load(std::memory_order_relaxed);
  while ((seen & ~phase) == 0) {
    // acquire: as in lock(); relaxed: a failed try orders nothing.
    if (state_.compare_exchange_weak(seen, seen | writer, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

template <class Platform>
inline void rw_lock<Platform>::unlock() {
  // relaxed: a guess for the exchange. Nobody but the holder takes `writer` away.
  word seen = state_.load(std::memory_order_relaxed);
  // release: pairs with the acquire of whoever takes the lock, so that what this writer wrote is
  // visible there. relaxed: on failure nothing was given back.
  if ((seen & ~phase) != writer ||
      !state_.compare_exchange_strong(seen, seen ^ (writer | phase), std::memory_order_release,
                                      std::memory_order_relaxed)) [[unlikely]] {
    unlock_slow();
  }
}

template <class Platform>
inline void rw_lock<Platform>::lock_shared() {
  // acquire: pairs with the release in unlock(), so what the last writer wrote is visible here.
  const word seen = state_.fetch_add(1, std::memory_order_acquire);
  if ((seen & writer) != 0) [[unlikely]]
    wait_for_unlock(seen, readers_asleep, sleepers::readers);
}

template <class Platform>
inline bool rw_lock<Platform>::try_lock_shared() {
  // relaxed: a guess for the exchange.
  word seen = state_.load(std::memory_order_relaxed);
  while ((seen & writer) == 0) {
    // acquire: as in lock_shared(); relaxed: a failed try orders nothing.
    if (state_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

template <class Platform>
inline void rw_lock<Platform>::unlock_shared() {
  // release: pairs with the acquire in lock(), so this reader's reads are over before the next
  // writer writes.
  const word before = state_.fetch_sub(1, std::memory_order_release);
  if ((before & writer) != 0 || (before & readers) == 0) [[unlikely]]
    unlock_shared_slow(before);
}

template <class Platform>
void rw_lock<Platform>::lock_slow() {
  word woken = 0;  // writers_asleep, once this thread has slept: it answers for the others (L5)
  int turns = 0;   // how often it was woken in vain
  int looked = 0;
  for (;;) {
    // relaxed: as in lock().
    word seen = state_.load(std::memory_order_relaxed);
    if ((seen & writer) == 0) {
      // acquire and relaxed: as in lock().
      if (!state_.compare_exchange_weak(seen, seen | writer | woken, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
        continue;
      }
      const word before = (seen & readers) * one_reader;
      if (before == 0) return;
      // relaxed: wait_for_readers() is what learns that they have left.
      leaving_.fetch_add(before, std::memory_order_relaxed);
      return wait_for_readers();
    }
    if (looked < Platform::looks) {
      ++looked;
      Platform::pause();
      continue;
    }
    const bool hand_over = turns == Platform::patience && (seen & impatient) == 0;
    const word next = seen | writers_asleep | (hand_over ? impatient : 0);
    // relaxed: the bit orders nothing; it is there before this thread sleeps, since both are about
    // one word.
    if (next != seen && !state_.compare_exchange_weak(seen, next, std::memory_order_relaxed,
                                                      std::memory_order_relaxed)) {
      continue;
    }
    if (hand_over) {
      wait_for_unlock(next, impatient, sleepers::next_writer);
      return wait_for_readers();
    }
    Platform::sleep_on(state_, next, sleepers::writers);
    woken = writers_asleep;
    if (turns < Platform::patience) ++turns;
    looked = 0;
  }
}

template <class Platform>
void rw_lock<Platform>::unlock_slow() {
  // relaxed: as in unlock().
  word seen = state_.load(std::memory_order_relaxed);
  word next;
  do {
    if ((seen & writer) == 0) Platform::misuse(misuse_kind::unlock);
    next = (seen & ~readers_asleep) ^ phase;
    if ((seen & impatient) == 0) {
      next &= ~(writer | writers_asleep);
    } else {
      next &= ~impatient;
      // Handed over with the readers of the queue counted: they go first here, too.
      // relaxed: nobody looks at it before the exchange, which publishes it.
      leaving_.store((seen & readers) * one_reader, std::memory_order_relaxed);
    }
    // release: pairs with the acquire of whoever finds the phase flipped or takes the lock, so that
    // what this writer wrote is visible there. relaxed: on failure nothing was given back.
  } while (!state_.compare_exchange_weak(seen, next, std::memory_order_release,
                                         std::memory_order_relaxed));

  if ((seen & readers_asleep) != 0) Platform::wake_all(state_, sleepers::readers);
  if ((seen & impatient) != 0) {
    // All: one of them has the lock, and who is next may sleep there by now (L6).
    Platform::wake_all(state_, sleepers::next_writer);
  } else if ((seen & writers_asleep) != 0) {
    Platform::wake_one(state_, sleepers::writers);
  }
}

template <class Platform>
void rw_lock<Platform>::unlock_shared_slow(word before) {
  if ((before & readers) == 0) {
    // relaxed: undoes a step that should not have been.
    state_.fetch_add(1, std::memory_order_relaxed);
    Platform::misuse(misuse_kind::unlock_shared);
  }
  // release: as in unlock_shared(); the writer looks at this word only.
  if (leaving_.fetch_sub(one_reader, std::memory_order_release) == (one_reader | asleep)) {
    Platform::wake_one(leaving_, sleepers::next_writer);
  }
}

template <class Platform>
void rw_lock<Platform>::wait_for_unlock(word seen, word kind, sleepers who) {
  for (int looked = 0;;) {
    // acquire: pairs with the release in unlock(), as in lock() and lock_shared().
    word now = state_.load(std::memory_order_acquire);
    if (((now ^ seen) & phase) != 0) return;
    if (looked < Platform::looks) {
      ++looked;
      Platform::pause();
      continue;
    }
    // relaxed: as in lock_slow().
    if ((now & kind) == 0 &&
        !state_.compare_exchange_weak(now, now | kind, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
      continue;
    }
    Platform::sleep_on(state_, now | kind, who);
  }
}

template <class Platform>
void rw_lock<Platform>::wait_for_readers() {
  for (int looked = 0; looked < Platform::looks; ++looked) {
    // acquire: pairs with the release in unlock_shared_slow(): their reads are over.
    if (leaving_.load(std::memory_order_acquire) == 0) return;
    Platform::pause();
  }
  // acquire: as above, should they have left by now.
  word left = leaving_.fetch_or(asleep, std::memory_order_acquire) | asleep;
  while (left != asleep) {
    Platform::sleep_on(leaving_, left, sleepers::next_writer);
    // acquire: as above.
    left = leaving_.load(std::memory_order_acquire);
  }
  // relaxed: readers look at this word again only after the unlock() to come.
  leaving_.store(0, std::memory_order_relaxed);
}

}  // namespace gomap::detail
