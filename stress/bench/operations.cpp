// operations.cpp -- what the single operations cost: gomap beside Boost, Abseil and std.
//
// Question: hit, miss, insert (growing, reserved), erase and walk, per operation, at sizes that fit
// the first cache, the last one, and none. Rows are named operation/key/size; ratios above 1 mean
// that gomap is ahead of the best peer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contest.hpp"
#include "keys.hpp"
#include "peers.hpp"

namespace {

using bench::contest;
using bench::contestant;
using bench::lap;
using bench::mapped;

// A lap is at least so many operations: reading the clock twice must not show.
constexpr std::size_t least_operations = 16384;

// ---- the arena: one size of one key type; maps are filled when first asked for -----------------

template <class Key>
struct arena {
  std::size_t size;
  std::optional<bench::key_set<Key>> keys_made;

  const bench::key_set<Key>& keys() {
    if (!keys_made) keys_made = bench::make_keys<Key>(size);
    return *keys_made;
  }
};

template <class Peer, class Key>
struct stand {
  using map_type = typename Peer::map;

  explicit stand(std::shared_ptr<arena<Key>> shared) : place(std::move(shared)) {}

  map_type& map() {
    if (!filled) {
      filled = std::make_unique<map_type>();
      for (const Key& key : place->keys().present) filled->try_emplace(key, ++last_value);
    }
    return *filled;
  }

  std::shared_ptr<arena<Key>> place;
  std::unique_ptr<map_type> filled;
  mapped last_value = 0;
  std::size_t next_probe = 0;
};

// ---- the operations ----------------------------------------------------------------------------

// Looks up the next probes, going round; found or not is all the same to this loop.
template <class Stand, class Key>
lap look_up(Stand& at, const std::vector<Key>& probes) {
  const auto& map = at.map();
  return bench::timed(least_operations, [&] {
    // Locals: what a lambda captures by reference may stay in memory, and would be timed as well.
    const Key* const first = probes.data();
    const Key* const last = first + probes.size();
    const Key* next = first + at.next_probe;
    mapped sum = 0;
    for (std::size_t i = 0; i < least_operations; ++i) {
      const auto found = map.find(*next);
      if (found != map.end()) sum += found->second;
      if (++next == last) next = first;
    }
    benchmark::DoNotOptimize(sum);
    at.next_probe = static_cast<std::size_t>(next - first);
  });
}

template <class Stand>
lap hit(Stand& at) {
  return look_up(at, at.place->keys().present_probes);
}

template <class Stand>
lap miss(Stand& at) {
  return look_up(at, at.place->keys().absent_probes);
}

// Small maps many at a time. Their destruction is not timed, nor is that of the keys.
template <bool Reserved, class Stand>
lap insert(Stand& at) {
  const auto& keys = at.place->keys().present;
  const std::size_t copies = std::max<std::size_t>(1, least_operations / keys.size());
  std::vector<typename Stand::map_type> maps(copies);
  return bench::timed(copies * keys.size(), [&] {
    for (auto& map : maps) {
      if constexpr (Reserved) map.reserve(keys.size());
      mapped value = 0;
      for (const auto& key : keys) map.try_emplace(key, ++value);
    }
    benchmark::ClobberMemory();
  });
}

// Erases a stretch of the probes from the full map, and puts it back untimed.
template <class Stand>
lap erase(Stand& at) {
  auto& map = at.map();
  const auto& probes = at.place->keys().present_probes;
  const std::size_t stretch = std::min(probes.size(), 16 * least_operations);
  if (at.next_probe + stretch > probes.size()) at.next_probe = 0;
  const auto first = probes.begin() + static_cast<std::ptrdiff_t>(at.next_probe);
  const auto last = first + static_cast<std::ptrdiff_t>(stretch);
  const lap done = bench::timed(stretch, [&] {
    for (auto key = first; key != last; ++key) map.erase(*key);
    benchmark::ClobberMemory();
  });
  for (auto key = first; key != last; ++key) map.try_emplace(*key, ++at.last_value);
  at.next_probe += stretch;
  return done;
}

// One key out, another in, at constant size: what a cache does all day.
template <class Stand>
lap churn(Stand& at) {
  auto& map = at.map();
  const auto& keys = at.place->keys();
  const std::size_t stretch = std::min(keys.present.size(), 16 * least_operations);
  const lap done = bench::timed(stretch, [&] {
    for (std::size_t i = 0; i < stretch; ++i) {
      map.erase(keys.present_probes[i]);
      map.try_emplace(keys.absent_probes[i], i);
    }
    benchmark::ClobberMemory();
  });
  for (std::size_t i = 0; i < stretch; ++i) {
    map.erase(keys.absent_probes[i]);
    map.try_emplace(keys.present_probes[i], i);
  }
  return done;
}

template <class Stand>
lap walk(Stand& at) {
  const auto& map = at.map();
  const std::size_t rounds = std::max<std::size_t>(1, least_operations / map.size());
  return bench::timed(rounds * map.size(), [&] {
    mapped sum = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      for (const auto& entry : map) sum += entry.second;
    }
    benchmark::DoNotOptimize(sum);
  });
}

// The fastest way to see every entry: for_each() where there is one, else the range-for.
template <class Stand>
lap for_each(Stand& at) {
  const auto& map = at.map();
  if constexpr (requires { map.for_each([](const auto&) {}); }) {
    const std::size_t rounds = std::max<std::size_t>(1, least_operations / map.size());
    return bench::timed(rounds * map.size(), [&] {
      mapped sum = 0;
      for (std::size_t i = 0; i < rounds; ++i) {
        map.for_each([&](const auto& entry) { sum += entry.second; });
      }
      benchmark::DoNotOptimize(sum);
    });
  } else {
    return walk(at);
  }
}

// ---- rows --------------------------------------------------------------------------------------

template <class Key>
class ring {
 public:
  explicit ring(std::size_t size)
      : place_(std::make_shared<arena<Key>>(arena<Key>{size, std::nullopt})),
        gomap_(std::make_shared<stand<bench::gomap_peer<Key>, Key>>(place_)),
        boost_(std::make_shared<stand<bench::boost_peer<Key>, Key>>(place_)),
        absl_(std::make_shared<stand<bench::absl_peer<Key>, Key>>(place_)),
        std_(std::make_shared<stand<bench::std_peer<Key>, Key>>(place_)) {}

  // `operation` takes a stand and returns a lap.
  template <class Operation>
  std::vector<contestant> all(Operation operation) {
    return {one<bench::gomap_peer<Key>>(gomap_, operation),
            one<bench::boost_peer<Key>>(boost_, operation),
            one<bench::absl_peer<Key>>(absl_, operation),
            one<bench::std_peer<Key>>(std_, operation)};
  }

  void release() {
    gomap_->filled.reset();
    boost_->filled.reset();
    absl_->filled.reset();
    std_->filled.reset();
    place_->keys_made.reset();
  }

 private:
  template <class Peer, class Operation>
  static contestant one(const std::shared_ptr<stand<Peer, Key>>& at, Operation operation) {
    return {Peer::name, [at, operation] { return operation(*at); }};
  }

  std::shared_ptr<arena<Key>> place_;
  std::shared_ptr<stand<bench::gomap_peer<Key>, Key>> gomap_;
  std::shared_ptr<stand<bench::boost_peer<Key>, Key>> boost_;
  std::shared_ptr<stand<bench::absl_peer<Key>, Key>> absl_;
  std::shared_ptr<stand<bench::std_peer<Key>, Key>> std_;
};

template <class Key>
void add_rows(contest& rows, const std::string& key, const std::string& size_name,
              std::size_t size) {
  const auto at = std::make_shared<ring<Key>>(size);
  const auto name = [&](const char* operation) {
    return std::string(operation) + "/" + key + "/" + size_name;
  };
  rows.add_row(name("hit"), at->all([](auto& stand) { return hit(stand); }));
  rows.add_row(name("miss"), at->all([](auto& stand) { return miss(stand); }));
  rows.add_row(name("range-for"), at->all([](auto& stand) { return walk(stand); }));
  rows.add_row(name("for_each"), at->all([](auto& stand) { return for_each(stand); }));
  rows.add_row(name("erase"), at->all([](auto& stand) { return erase(stand); }));
  rows.add_row(name("churn"), at->all([](auto& stand) { return churn(stand); }));
  rows.add_row(name("insert-reserved"), at->all([](auto& stand) { return insert<true>(stand); }));
  rows.add_row(name("insert-growing"), at->all([](auto& stand) { return insert<false>(stand); }),
               [at] { at->release(); });
}

}  // namespace

int main(int argc, char** argv) {
  contest rows;
  add_rows<std::uint64_t>(rows, "uint64", "1e3", 1'000);
  add_rows<std::uint64_t>(rows, "uint64", "1e5", 100'000);
  add_rows<std::uint64_t>(rows, "uint64", "1e7", 10'000'000);
  add_rows<std::string>(rows, "string", "1e5", 100'000);
  add_rows<std::string>(rows, "string", "1e6", 1'000'000);
  return rows.run(argc, argv,
                  {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=5",
                   "--benchmark_min_time=0.05"});
}
