// small_maps.cpp -- many small maps: who should serve their memory?
//
// Question: a block under 64 KiB comes from operator new with page_allocator. Would slabs of our
// own serve it better? Maps of 4 ... 1000 entries are made, filled and destroyed, a heap of them at
// a time, on one thread and on two at a time; once on operator new, once on a thread-safe pool that
// all share, once on a pool for each thread, once on std::allocator. Times are those of one thread:
// with two, each does as many maps.
#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gomap/map.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/pool.hpp>

#include "keys.hpp"
#include "peers.hpp"
#include "process_table.hpp"

namespace {

using bench::figures;
using bench::table_row;
using entry = std::pair<const std::uint64_t, bench::mapped>;

constexpr std::size_t most_threads = 2;
constexpr std::size_t alive = 20'000;  // entries in the maps that live at one time on a thread

// ---- memories: allocator(thread) gives what the maps of a thread are made with -----------------

struct operator_new {
  static constexpr const char* name = "page_allocator";
  static gomap::page_allocator<entry> allocator(std::size_t) { return {}; }
};

struct shared_pool {
  static constexpr const char* name = "one pool, shared";
  gomap::pool_allocator<entry> allocator(std::size_t) {
    return gomap::pool_allocator<entry>(memory);
  }
  gomap::pool memory{gomap::pool_options{.users = gomap::pool_users::many}};
};

struct pool_a_thread {
  static constexpr const char* name = "a pool a thread";
  gomap::pool_allocator<entry> allocator(std::size_t thread) {
    return gomap::pool_allocator<entry>(pools[thread].memory);
  }
  struct alignas(128) apart {  // no two on a cache line, nor on a pair of lines fetched together
    gomap::pool memory;
  };
  std::array<apart, most_threads> pools;
};

struct standard {
  static constexpr const char* name = "std::allocator";
  static std::allocator<entry> allocator(std::size_t) { return {}; }
};

// ---- the task -----------------------------------------------------------------------------------

template <class Allocator>
void make_and_destroy(const Allocator& allocator, std::size_t maps, std::size_t entries) {
  using map =
      gomap::map<std::uint64_t, bench::mapped, bench::integer_hash, std::equal_to<>, Allocator>;
  const std::size_t batch = std::max<std::size_t>(1, alive / entries);
  std::vector<map> living;
  living.reserve(batch);
  for (std::size_t made = 0; made < maps; made += batch) {
    for (std::size_t i = 0; i < batch; ++i) {
      map& filled = living.emplace_back(allocator);
      for (std::size_t k = 0; k < entries; ++k) {
        filled.try_emplace(bench::make_key<std::uint64_t>(k), k);
      }
    }
    living.clear();
  }
}

// Nanoseconds a map, with as many threads as that at it, each with `maps` of its own.
template <class Memory>
double ns_a_map(Memory& memory, std::size_t threads, std::size_t maps, std::size_t entries) {
  using clock = std::chrono::steady_clock;
  clock::time_point start;
  std::barrier begin(static_cast<std::ptrdiff_t>(threads),
                     [&]() noexcept { start = clock::now(); });
  std::vector<std::jthread> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      const auto allocator = memory.allocator(thread);
      make_and_destroy(allocator, maps / 10, entries);  // warms memory and processor up
      begin.arrive_and_wait();
      make_and_destroy(allocator, maps, entries);
    });
  }
  workers.clear();  // joins
  const std::chrono::duration<double, std::nano> spent = clock::now() - start;
  return spent.count() / static_cast<double>(maps);
}

template <class Memory>
figures one_and_two_threads(std::size_t insertions, std::size_t entries) {
  // A multiple of what lives at one time, so that no map is made that is not counted.
  const std::size_t batch = std::max<std::size_t>(1, alive / entries);
  const std::size_t maps = std::max<std::size_t>(1, insertions / entries / batch) * batch;
  figures found;
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
    Memory memory;
    const double time = ns_a_map(memory, threads, maps, entries);
    found.insert(found.end(), {time, time / static_cast<double>(entries)});
  }
  return found;
}

// ---- rows ---------------------------------------------------------------------------------------

template <class Memory>
table_row row_of(std::size_t entries) {
  return {std::to_string(entries) + "/" + Memory::name, [entries](std::size_t insertions) {
            return one_and_two_threads<Memory>(insertions, entries);
          }};
}

bench::process_table small_maps_table() {
  std::vector<table_row> rows;
  for (const std::size_t entries : {4, 20, 100, 1000}) {
    rows.push_back(row_of<operator_new>(entries));
    rows.push_back(row_of<shared_pool>(entries));
    rows.push_back(row_of<pool_a_thread>(entries));
    rows.push_back(row_of<standard>(entries));
  }
  return {.name = "small_maps",
          .question =
              "Many maps of a few uint64 pairs (how many is in the row's name), made, "
              "filled and destroyed",
          .entries = 10'000'000,
          .columns = {{"1 thread: ns/map", 1},
                      {"ns/insert", 2},
                      {"2 threads: ns/map", 1},
                      {"ns/insert", 2}},
          .rows = rows};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_tables("bench_small_maps",
                           "Makes, fills and destroys small maps on several kinds of memory.",
                           {small_maps_table()}, argc, argv);
}
