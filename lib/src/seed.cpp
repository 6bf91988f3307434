// seed.cpp -- where a process's randomness comes from.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>

#include <gomap/detail/at_fork.hpp>
#include <gomap/detail/process_key.hpp>
#include <gomap/detail/seed.hpp>

namespace gomap::detail {
namespace {

// For seeds when the random device fails: time and addresses differ from run to run.
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

namespace {

// The random numbers from which this copy of the library makes all seeds. Never destroyed.
constinit struct { std::uint64_t first, second; } process{};
constinit std::atomic<bool> process_is_drawn{false};

// Called in a child of fork(), so that siblings and parent get different seeds.
void draw_anew() noexcept {
  const auto now =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  const auto [first, second] = process;
  process.first =
      multiply_fold((first ^ (process_number() * mix_multiplier)) | 1, mix_multiplier) ^ second;
  process.second = multiply_fold((second ^ (now * mix_multiplier)) | 1, mix_multiplier) ^ first;
  start_state = 0;
}

// Draws, once; other threads that call it meanwhile wait. May be called before main().
[[gnu::noinline]] bool draw_process() noexcept {
  static const bool drawn = [] {
    // A stream for each copy, numbered by an address that no other has.
    fill_from_key(process_key(), reinterpret_cast<std::uintptr_t>(&process), &process,
                  sizeof process);
    at_fork(nullptr, nullptr, &draw_anew);
    // release: pairs with the load in random_seed(), so whoever sees the flag sees the draw.
    process_is_drawn.store(true, std::memory_order_release);
    return true;
  }();
  return drawn;
}

// Early, before there are threads: one could be drawing while another forks.
[[maybe_unused]] const bool drawn_early = draw_process();

}  // namespace

std::uint64_t random_seed() noexcept {
  static constinit std::atomic<std::uint64_t> seeds{0};
  // acquire: pairs with the release in draw_process().
  if (!process_is_drawn.load(std::memory_order_acquire)) [[unlikely]]
    draw_process();

  // relaxed: a count, so that no two seeds are alike; it publishes nothing.
  const auto count = seeds.fetch_add(1, std::memory_order_relaxed);
  const auto once = multiply_fold((process.first + count * mix_multiplier) | 1, mix_multiplier);
  return multiply_fold(once ^ process.second, mix_multiplier) ^ process.first;
}

}  // namespace gomap::detail
