// batch.cpp -- find_many() on a map far larger than any cache, beside what the memory can do.
//
// Question: how near does a batch of lookups come to bare prefetched reads of random cache lines,
// over as many bytes as the map has? The first contestant is find_many; "bare" is the limit, the
// loops over find() of gomap and the peers are what a batch replaces.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contest.hpp"
#include "keys.hpp"
#include "peers.hpp"

namespace {

using key = std::uint64_t;

constexpr std::size_t batch = 16384;  // keys a call

// The keys of one size, and where in them the next batch begins.
struct probe_source {
  explicit probe_source(std::size_t size) : size_(size) {}

  const bench::key_set<key>& keys() {
    if (keys_.present.empty()) keys_ = bench::make_keys<key>(size_);
    return keys_;
  }
  std::vector<key> next_batch() {
    std::vector<key> probes;
    for (std::size_t i = 0; i < batch; ++i) {
      probes.push_back(keys().present_probes[at_]);
      if (++at_ == size_) at_ = 0;
    }
    return probes;
  }

 private:
  std::size_t size_;
  std::size_t at_ = 0;
  bench::key_set<key> keys_;
};

template <class Map>
Map& filled(const std::shared_ptr<Map>& map, probe_source& source) {
  if (map->empty()) {
    for (const key k : source.keys().present) map->try_emplace(k, k);
  }
  return *map;
}

template <class Map>
bench::contestant batches(std::shared_ptr<Map> map, std::shared_ptr<probe_source> source) {
  return {"find_many", [=] {
            const Map& full = filled(map, *source);
            const auto probes = source->next_batch();
            std::vector<const std::uint64_t*> found(batch);
            return bench::timed(batch, [&] {
              full.find_many(probes, found.begin());
              std::uint64_t sum = 0;
              for (const std::uint64_t* value : found) sum += *value;
              benchmark::DoNotOptimize(sum);
            });
          }};
}

template <class Map>
bench::contestant single_finds(const char* name, std::shared_ptr<Map> map,
                               std::shared_ptr<probe_source> source) {
  return {name, [=] {
            const Map& full = filled(map, *source);
            const auto probes = source->next_batch();
            return bench::timed(batch, [&] {
              std::uint64_t sum = 0;
              for (const key k : probes) sum += full.find(k)->second;
              benchmark::DoNotOptimize(sum);
            });
          }};
}

// A line a cache line, as many as a map of `entries` has bytes: 144 for 6.5 entries at most.
bench::contestant bare_reads(std::size_t entries, std::shared_ptr<probe_source> source) {
  struct alignas(64) line {
    std::uint64_t word;
  };
  std::size_t lines = 1;
  while (lines < entries / 4) lines *= 2;
  const auto memory = std::make_shared<std::vector<line>>();
  return {"bare", [=] {
            constexpr std::size_t ahead = 16;
            if (memory->empty()) memory->assign(lines, line{1});
            const auto probes = source->next_batch();
            const bench::integer_hash place;
            return bench::timed(batch, [&] {
              std::uint64_t sum = 0;
              for (std::size_t i = 0; i < batch; ++i) {
                if (i + ahead < batch) {
                  __builtin_prefetch(&(*memory)[place(probes[i + ahead]) & (lines - 1)]);
                }
                sum += (*memory)[place(probes[i]) & (lines - 1)].word;
              }
              benchmark::DoNotOptimize(sum);
            });
          }};
}

void add_row(bench::contest& rows, const std::string& name, std::size_t size) {
  const auto source = std::make_shared<probe_source>(size);
  const auto ours = std::make_shared<bench::gomap_peer<key>::map>();
  rows.add_row(
      "find_many/uint64/" + name,
      {batches(ours, source), bare_reads(size, source), single_finds("gomap-find", ours, source),
       single_finds("boost-find", std::make_shared<bench::boost_peer<key>::map>(), source),
       single_finds("absl-find", std::make_shared<bench::absl_peer<key>::map>(), source)});
}

}  // namespace

int main(int argc, char** argv) {
  bench::contest rows;
  add_row(rows, "1e5", 100'000);
  add_row(rows, "1e7", 10'000'000);
  return rows.run(argc, argv,
                  {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=5",
                   "--benchmark_min_time=0.05"});
}
