// probes.hpp -- the keys that a thread asks a map for: all equally often, by Zipf's law, or one.
//
// They are drawn before the clock starts, and lie one after the other in memory of their own, so
// that reading the key which is asked for costs next to nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "keys.hpp"
#include "zipf.hpp"

namespace bench {

enum class popularity {
  uniform,
  zipf,  // exponent 0.99, the one of the YCSB benchmarks
  hot,   // one key
};

// How many a thread has before it begins anew: with those maps do not fit a cache that are larger,
// and strings take no minute to make.
template <class Key>
constexpr std::size_t probe_count = std::is_same_v<Key, std::string> ? 1 << 18 : 1 << 21;

// Keys of a map that holds make_key(0), ..., make_key(size - 1).  Requires: size > 0.
template <class Key>
std::vector<Key> draw_probes(popularity how, std::size_t size, std::uint64_t seed);

// ---- bodies --------------------------------------------------------------------------------

namespace detail {

template <class Key, class NextIndex>
std::vector<Key> probes_of(NextIndex next_index) {
  std::vector<Key> probes;
  probes.reserve(probe_count<Key>);
  for (std::size_t i = 0; i < probe_count<Key>; ++i) probes.push_back(make_key<Key>(next_index()));
  return probes;
}

}  // namespace detail

template <class Key>
std::vector<Key> draw_probes(popularity how, std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  if (how == popularity::hot) {
    return detail::probes_of<Key>([&] { return size / 2; });
  }
  if (how == popularity::zipf) {
    constexpr double exponent = 0.99;
    const zipf_ranks rank(size, exponent);
    return detail::probes_of<Key>([&] { return rank(random); });
  }
  std::uniform_int_distribution<std::size_t> index(0, size - 1);
  return detail::probes_of<Key>([&] { return index(random); });
}

}  // namespace bench
