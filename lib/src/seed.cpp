// seed.cpp -- where a process's randomness comes from.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <random>

#include <gomap/detail/seed.hpp>

namespace gomap::detail {
namespace {

// A way to seeds when the random device fails: time and addresses differ from run to run.
std::uint64_t weak_entropy() noexcept {
  static std::atomic<std::uint64_t> calls{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const auto place = reinterpret_cast<std::uintptr_t>(&now);
  // relaxed: a count, so that two draws differ; it publishes nothing.
  const auto call = calls.fetch_add(1, std::memory_order_relaxed);
  return multiply_fold(static_cast<std::uint64_t>(now) ^ mix_multiplier,
                       (static_cast<std::uint64_t>(place) + call * mix_multiplier) | 1);
}

void weak_bytes(unsigned char* to, std::size_t size) noexcept {
  while (size > 0) {
    const std::uint64_t word = weak_entropy();
    const std::size_t part = std::min(size, sizeof word);
    std::memcpy(to, &word, part);
    to += part;
    size -= part;
  }
}

}  // namespace

void random_bytes(void* to, std::size_t size) noexcept {
  auto* next = static_cast<unsigned char*>(to);
  try {
    std::random_device device;
    while (size > 0) {
      const std::random_device::result_type word = device();
      const std::size_t part = std::min(size, sizeof word);
      std::memcpy(next, &word, part);
      next += part;
      size -= part;
    }
  } catch (...) {  // no device: a map must work all the same, and nobody could handle the error
    weak_bytes(next, size);
  }
}

std::uint64_t random_seed() noexcept {
  // Made by the first call, which may come before main(); a guard is cheaper than a wrong order.
  static const struct draw {
    std::uint64_t first, second;
    draw() noexcept { random_bytes(this, sizeof *this); }
  } process;
  static constinit std::atomic<std::uint64_t> seeds{0};

  // relaxed: a count, so that no two seeds are alike; it publishes nothing.
  const auto count = seeds.fetch_add(1, std::memory_order_relaxed);
  const auto once = multiply_fold((process.first + count * mix_multiplier) | 1, mix_multiplier);
  return multiply_fold(once ^ process.second, mix_multiplier) ^ process.first;
}

}  // namespace gomap::detail
