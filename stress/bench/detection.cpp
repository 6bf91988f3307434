// detection.cpp -- what misuse detection costs a hit: gomap::checked beside gomap::unchecked.
//
// Question: is the price of the tripwire at most 3 %? The first contestant is the checked map, so
// a ratio of 0.97 or more answers yes.
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

// The keys of one size, made when a lap first asks for them.
struct lazy_keys {
  std::size_t size;
  bench::key_set<key> made;

  const bench::key_set<key>& get() {
    if (made.present.empty()) made = bench::make_keys<key>(size);
    return made;
  }
};

template <class Map>
Map filled(const std::vector<key>& keys) {
  Map map;
  for (const key k : keys) map.try_emplace(k, k);
  return map;
}

template <class Peer>
bench::contestant hits(const std::shared_ptr<lazy_keys>& keys) {
  const auto map = std::make_shared<typename Peer::map>();
  auto next = std::make_shared<std::size_t>(0);
  return {Peer::name, [=] {
            constexpr std::size_t operations = 16384;
            const auto& probes = keys->get().present_probes;
            if (map->empty()) *map = filled<typename Peer::map>(keys->get().present);
            const auto& const_map = *map;
            std::size_t at = *next;
            std::uint64_t sum = 0;
            const bench::lap done = bench::timed(operations, [&] {
              for (std::size_t i = 0; i < operations; ++i) {
                sum += const_map.find(probes[at])->second;
                if (++at == probes.size()) at = 0;
              }
              benchmark::DoNotOptimize(sum);
            });
            *next = at;
            return done;
          }};
}

void add_row(bench::contest& rows, const std::string& name, std::size_t size) {
  const auto keys = std::make_shared<lazy_keys>(lazy_keys{size, {}});
  rows.add_row("checked-hit/uint64/" + name,
               {hits<bench::gomap_peer<key>>(keys), hits<bench::gomap_unchecked_peer<key>>(keys)});
}

}  // namespace

int main(int argc, char** argv) {
  bench::contest rows;
  add_row(rows, "1e3", 1'000);
  add_row(rows, "1e5", 100'000);
  add_row(rows, "1e7", 10'000'000);
  return rows.run(argc, argv,
                  {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=11",
                   "--benchmark_min_time=0.05"});
}
