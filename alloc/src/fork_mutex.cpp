// fork_mutex.cpp -- the list of mutexes that fork() locks.
#include <atomic>
#include <cerrno>
#include <mutex>

#include <gomap/detail/at_fork.hpp>
#include <gomap/detail/fork_mutex.hpp>

namespace gomap::detail {

// ---- passable_mutex --------------------------------------------------------------------------

void passable_mutex::hold_for_fork() {
  mutex_.lock();
  // relaxed: see pass().
  holder_.store(&errno, std::memory_order_relaxed);
}

void passable_mutex::let_go() noexcept {
  // relaxed: see pass().
  if (holder_.load(std::memory_order_relaxed) != &errno) return;
  // relaxed: see pass().
  holder_.store(nullptr, std::memory_order_relaxed);
  mutex_.unlock();
}

// ---- the list --------------------------------------------------------------------------------

struct fork_list {
  passable_mutex guard;  // of all below, and of the links
  fork_mutex* newest = nullptr;
  bool closed = false;

  void add(fork_mutex& m) noexcept {
    const std::scoped_lock hold(guard);
    if (closed) return;
    // relaxed: here and in the others, the guard orders all but the first look in ~fork_mutex().
    m.list_.store(this, std::memory_order_relaxed);
    m.older_ = newest;
    if (newest != nullptr) newest->newer_ = &m;
    newest = &m;
  }

  void remove(fork_mutex& m) noexcept {
    const std::scoped_lock hold(guard);
    if (closed) return;
    (m.newer_ != nullptr ? m.newer_->older_ : newest) = m.older_;
    if (m.older_ != nullptr) m.older_->newer_ = m.newer_;
    m.mutex_.let_go();
  }

  // Takes all mutexes that are left out of the list: they may outlive it.
  void close() noexcept {
    const std::scoped_lock hold(guard);
    closed = true;
    for (fork_mutex* m = newest; m != nullptr; m = m->older_) {
      // relaxed: see add().
      m->list_.store(nullptr, std::memory_order_relaxed);
    }
    newest = nullptr;
  }

  void lock_all() {
    guard.hold_for_fork();
    for (fork_mutex* m = newest; m != nullptr; m = m->older_) m->mutex_.hold_for_fork();
  }
  void unlock_all() noexcept {
    for (fork_mutex* m = newest; m != nullptr; m = m->older_) m->mutex_.let_go();
    guard.let_go();
  }
};

namespace {

// The list of this copy. Never destroyed: sources with static lifetime may be destroyed after it.
constinit fork_list list;

// Registers the handlers when this copy is loaded, and closes the list when it is unloaded.
struct lifetime {
  lifetime() noexcept {
    at_fork([] { list.lock_all(); }, [] { list.unlock_all(); }, [] { list.unlock_all(); });
  }
  ~lifetime() { list.close(); }
  lifetime(const lifetime&) = delete;
  lifetime& operator=(const lifetime&) = delete;
};
[[maybe_unused]] const lifetime of_this_copy;

}  // namespace

// ---- fork_mutex ------------------------------------------------------------------------------

fork_mutex::fork_mutex(fork_mutex* inner) noexcept {
  // relaxed: see fork_list::add(). An inner one whose copy is gone has no list.
  fork_list* const in = inner != nullptr ? inner->list_.load(std::memory_order_relaxed) : &list;
  if (in != nullptr) in->add(*this);
}

fork_mutex::~fork_mutex() {
  // relaxed: see fork_list::add(); remove() looks again.
  fork_list* const in = list_.load(std::memory_order_relaxed);
  if (in != nullptr) in->remove(*this);
}

}  // namespace gomap::detail
