// interruption.cpp -- a signal handler that raises a flag.
#include "interruption.hpp"

#include <atomic>
#include <initializer_list>

#include <signal.h>  // sigaction, which <csignal> need not have

namespace stress {
namespace {

std::atomic<bool> raised{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may take no lock");

extern "C" void raise_flag(int) {
  raised.store(true, std::memory_order_relaxed);  // relaxed: it orders nothing
}

}  // namespace

void heed_interruption() {
  struct sigaction action {};
  action.sa_handler = raise_flag;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

bool interrupted() noexcept {
  return raised.load(std::memory_order_relaxed);  // relaxed: as above
}

}  // namespace stress
