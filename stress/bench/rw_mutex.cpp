// rw_mutex.cpp -- gomap::rw_mutex beside std::shared_mutex and oneTBB's locks, under short visits.
//
// Question: do threads that lock for a moment get at least as much done as with std::shared_mutex,
// alone, one a processor, and eight on however few there are? A visit looks at one cache line that
// the lock protects, or changes it. A time is that of all threads together, for one visit.
#include <array>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <oneapi/tbb/rw_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>

#include <gomap/rw_mutex.hpp>

#include "contest.hpp"

namespace {

constexpr std::size_t visits = 1 << 18;  // a lap, all threads together

template <class Mutex>
struct alignas(64) guarded {
  Mutex mutex;
  alignas(64) std::array<std::uint64_t, 4> line{};
};

// `visit_count` visits, of which `write_percent` write, in a random order of the thread's own.
template <class Mutex>
void visit(guarded<Mutex>& shared, std::size_t visit_count, unsigned write_percent,
           std::uint64_t random) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < visit_count; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    if ((random >> 33) % 100 < write_percent) {
      shared.mutex.lock();
      for (auto& word : shared.line) ++word;
      shared.mutex.unlock();
    } else {
      shared.mutex.lock_shared();
      for (const auto& word : shared.line) sum += word;
      shared.mutex.unlock_shared();
    }
  }
  benchmark::DoNotOptimize(sum);
}

template <class Mutex>
bench::contestant visitors(const char* name, std::size_t threads, unsigned write_percent) {
  const auto shared = std::make_shared<guarded<Mutex>>();
  return {name, [=] {
            std::latch ready(static_cast<std::ptrdiff_t>(threads) + 1);
            std::vector<std::thread> running;
            for (std::size_t i = 0; i < threads; ++i) {
              running.emplace_back([&ready, shared, threads, write_percent, i] {
                ready.arrive_and_wait();
                visit(*shared, visits / threads, write_percent, i + 1);
              });
            }
            return bench::timed(visits, [&] {
              ready.arrive_and_wait();
              for (auto& thread : running) thread.join();
            });
          }};
}

void add_rows(bench::contest& rows, const std::string& load, unsigned write_percent) {
  for (const std::size_t threads : {1, 2, 8}) {
    rows.add_row(load + "/threads:" + std::to_string(threads),
                 {visitors<gomap::rw_mutex>("gomap", threads, write_percent),
                  visitors<std::shared_mutex>("std", threads, write_percent),
                  visitors<tbb::rw_mutex>("tbb", threads, write_percent),
                  visitors<tbb::spin_rw_mutex>("tbb-spin", threads, write_percent)});
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::contest rows;
  add_rows(rows, "reads", 0);
  add_rows(rows, "writes-5-percent", 5);
  add_rows(rows, "writes-50-percent", 50);
  add_rows(rows, "writes", 100);
  return rows.run(argc, argv,
                  {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=11",
                   "--benchmark_min_time=0.05"});
}
