// bytes.cpp -- how many bytes an entry takes, at every size: gomap beside Boost and Abseil.
//
// Question: while maps of uint64 pairs grow from 1e3 to 1e7, one insertion at a time, how many
// bytes for each entry has each map taken from its allocator, at sizes 1.2 times apart, and on
// average over those sizes? One allocator counts for all of them.
//
//   gomap      allocated; a growing gomap holds both arrays until the growth ends
//   in use     of those, without the part of the old array that went back already (discard)
//   finished   as gomap, of a second map on which finish_growth() was called before it was looked
//   at
//
// "At equal load" is bytes times load: what a place for an entry costs, however many are taken.
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <absl/container/flat_hash_map.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include <gomap/map.hpp>
#include <gomap/map_stats.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/tracking_allocator.hpp>

#include "keys.hpp"
#include "peers.hpp"

namespace {

using key = std::uint64_t;
using entry = std::pair<const key, bench::mapped>;
using counting_pages = gomap::tracking_allocator<entry, gomap::page_allocator<entry>>;
using counting_heap = gomap::tracking_allocator<entry>;
using equal = std::equal_to<>;

using gomap_map = gomap::map<key, bench::mapped, bench::integer_hash, equal, counting_pages>;
using boost_map =
    boost::unordered_flat_map<key, bench::mapped, bench::integer_hash, equal, counting_heap>;
using absl_map = absl::flat_hash_map<key, bench::mapped, bench::integer_hash, equal, counting_heap>;

// A map, and what it took from its allocator.
template <class Map>
struct counted {
  gomap::memory_ledger ledger;
  Map map{typename Map::allocator_type(ledger)};

  [[nodiscard]] double bytes_an_entry() const {
    return static_cast<double>(ledger.bytes()) / static_cast<double>(map.size());
  }
};

// One point of the curves: bytes an entry, and entries for each place.
struct point {
  double size = 0;
  double gomap = 0;
  double in_use = 0;
  double finished = 0;
  double boost = 0;
  double absl = 0;
  double gomap_load = 0;
  double boost_load = 0;
};

class contestants {
 public:
  void insert(key k) {
    gomap_.map.try_emplace(k, k);
    finished_.map.try_emplace(k, k);
    boost_.map.try_emplace(k, k);
    absl_.map.try_emplace(k, k);
  }

  point look() {
    finished_.map.finish_growth();
    const gomap::map_stats stats = gomap_.map.stats();
    const double size = static_cast<double>(stats.size);
    constexpr double slots = 8;  // in a bucket
    const double places = slots * static_cast<double>(finished_.map.bucket_count());
    return {.size = size,
            .gomap = gomap_.bytes_an_entry(),
            .in_use = static_cast<double>(stats.bytes_in_use) / size,
            .finished = finished_.bytes_an_entry(),
            .boost = boost_.bytes_an_entry(),
            .absl = absl_.bytes_an_entry(),
            .gomap_load = size / places,
            .boost_load = static_cast<double>(boost_.map.load_factor())};
  }

 private:
  counted<gomap_map> gomap_;
  counted<gomap_map> finished_;
  counted<boost_map> boost_;
  counted<absl_map> absl_;
};

// Sizes from 1000 to `largest`, each 1.2 times the one before.
std::vector<point> curve(std::size_t largest) {
  constexpr double step = 1.2;
  std::vector<point> points;
  contestants maps;
  double next = 1000;
  for (std::size_t i = 1; i <= largest; ++i) {
    maps.insert(bench::make_key<key>(i));
    if (static_cast<double>(i) >= next) {
      points.push_back(maps.look());
      next *= step;
    }
  }
  return points;
}

template <class Figure>
double average(const std::vector<point>& points, Figure figure) {
  double sum = 0;
  for (const point& p : points) sum += std::invoke(figure, p);
  return sum / static_cast<double>(points.size());
}

// ---- printing -----------------------------------------------------------------------------------

constexpr std::array<std::string_view, 8> headings{
    "entries", "gomap", "in use", "finished", "boost", "absl", "gomap/boost", "in use/boost"};

void print_csv(const std::vector<point>& points) {
  fmt::print("{}\n", fmt::join(headings, ","));
  for (const point& p : points) {
    fmt::print("{},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f}\n", p.size, p.gomap, p.in_use,
               p.finished, p.boost, p.absl, p.gomap / p.boost, p.in_use / p.boost);
  }
}

void print_line(const std::string& name, const point& p) {
  fmt::print("{:>10} {:>8.2f} {:>8.2f} {:>9.2f} {:>8.2f} {:>8.2f} {:>12.2f} {:>13.2f}\n", name,
             p.gomap, p.in_use, p.finished, p.boost, p.absl, p.gomap / p.boost, p.in_use / p.boost);
}

void print_ratios(const std::vector<point>& points) {
  const auto over_boost = [&](double point::*ours) {
    return average(points, [&](const point& p) { return p.*ours / p.boost; });
  };
  fmt::print(
      "average of the ratios to boost, size by size: gomap {:.3f}, in use {:.3f}, "
      "finished {:.3f}\n",
      over_boost(&point::gomap), over_boost(&point::in_use), over_boost(&point::finished));
  const double gomap_place =
      average(points, [](const point& p) { return p.finished * p.gomap_load; });
  const double boost_place = average(points, [](const point& p) { return p.boost * p.boost_load; });
  fmt::print("at equal load, bytes a place: finished {:.2f}, boost {:.2f}, ratio {:.3f}\n",
             gomap_place, boost_place, gomap_place / boost_place);
}

void print_table(const std::vector<point>& points) {
  fmt::print("Bytes an entry, uint64 pairs\n");
  fmt::print("{:>10} {:>8} {:>8} {:>9} {:>8} {:>8} {:>12} {:>13}\n", headings[0], headings[1],
             headings[2], headings[3], headings[4], headings[5], headings[6], headings[7]);
  for (const point& p : points) print_line(fmt::format("{:.0f}", p.size), p);
  print_line("average", {.gomap = average(points, &point::gomap),
                         .in_use = average(points, &point::in_use),
                         .finished = average(points, &point::finished),
                         .boost = average(points, &point::boost),
                         .absl = average(points, &point::absl)});
  print_ratios(points);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t largest = 10'000'000;
  bool csv = false;
  bool list = false;
  CLI::App app("Bytes an entry of growing maps, at sizes from 1000 up.", "bench_bytes");
  app.add_option("--entries", largest, "The largest size")
      ->check(CLI::Range(std::size_t{1000}, std::size_t{1'000'000'000'000}))
      ->capture_default_str();
  app.add_flag("--csv", csv, "The curve alone, comma separated");
  app.add_flag("--benchmark_list_tests", list)->group("");  // as the other benchmarks understand it
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (list) {
      fmt::print("bytes/uint64\n");
    } else {
      csv ? print_csv(curve(largest)) : print_table(curve(largest));
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_bytes: {}\n", error.what());
    return 1;
  }
}
