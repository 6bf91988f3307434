// main.cpp -- a program without exceptions and run-time types: every header of the map compiles, and
// what would be thrown reaches the fatal handler.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gomap/concurrent_map.hpp>
#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/map_stats.hpp>
#include <gomap/maps.hpp>
#include <gomap/misuse.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>
#include <gomap/reference.hpp>
#include <gomap/scan_cursor.hpp>
#include <gomap/tracking_allocator.hpp>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::printf("without exceptions: %s\n", what);
  std::exit(1);
}

template <class Map, class MakeKey>
void use(const MakeKey& make_key) {
  Map m;
  for (int i = 0; i < 1000; ++i) m.try_emplace(make_key(i), i);
  for (int i = 0; i < 1000; i += 2) m.erase(make_key(i));
  m.insert_or_assign(make_key(1), 7);
  m[make_key(2000)] = 8;
  m.emplace(make_key(2001), 9);
  const Map copy = m;
  Map moved = std::move(m);
  m = copy;
  m.merge(moved);
  m.reserve(5000);
  m.rehash(0);
  m.shrink_to_fit();
  m.check_invariants();
  int walked = 0;
  for (const auto& entry : m) walked += entry.second == 8 ? 1 : 0;
  std::vector<int*> found;
  m.find_many(std::vector{make_key(1), make_key(2)}, std::back_inserter(found));
  require(walked == 1 && m.size() == 502 && m.at(make_key(1)) == 7,
          "a map is not what it should be");
  require(*found[0] == 7 && found[1] == nullptr, "a batch did not find what it should");
  require(m == copy && gomap::equal(m, copy), "a map is not equal to its copy");
}

template <class Map, class MakeKey>
void share(const MakeKey& make_key) {
  Map m({.shards = 4});
  for (int i = 0; i < 1000; ++i) m.store(make_key(i), i);
  for (int i = 0; i < 1000; i += 2) m.erase(make_key(i));
  m.insert_or_assign(make_key(1), 7);
  m.update(make_key(3), [](int& value) { value += 1; });
  m.insert_and_visit(
      std::pair(make_key(2000), 8), [](auto& entry) { ++entry.second; }, [](auto&) {});
  m.reserve(5000);
  const Map copy(m);
  Map moved(std::move(m));
  m = copy;
  m.merge(moved);
  m.check_invariants();
  int walked = 0;
  m.cvisit_all([&](const auto& entry) { walked += entry.second == 9 ? 1 : 0; });
  require(walked == 2 && m.size() == 501 && m.load(make_key(3)) == 4,
          "a concurrent map is not what it should be");
  std::vector<std::optional<int>> loaded;
  m.load_many(std::vector{make_key(1), make_key(2)}, std::back_inserter(loaded));
  require(loaded[0] == 7 && !loaded[1], "a batch did not load what it should");
  require(m.snapshot().size() == 501, "a snapshot is not the map");
}

// What `act` would throw, as the fatal handler hears of it; the process ends there.
std::string_view expected;
void heard(const gomap::misuse_report& report) {
  require(report.kind == gomap::misuse_kind::no_exceptions, "the report is of another kind");
  require(report.explanation == expected, "the report does not say what went wrong");
  gomap::print(report);
  std::_Exit(0);
}

}  // namespace

int main() {
  use<gomap::map<int, int>>([](int i) { return i; });
  use<gomap::map<std::string, int>>([](int i) { return std::to_string(i); });
  gomap::map<int, std::unique_ptr<int>> owners;
  owners.try_emplace(1, std::make_unique<int>(2));
  share<gomap::concurrent_map<int, int>>([](int i) { return i; });
  share<gomap::concurrent_map<std::string, int>>([](int i) { return std::to_string(i); });
  gomap::memory_ledger ledger;
  gomap::pool pool;
  using counted = gomap::tracking_allocator<std::pair<const int, int>,
                                            gomap::pool_allocator<std::pair<const int, int>>>;
  {
    gomap::map<int, int, gomap::hash<int>, std::equal_to<>, counted> m(counted(ledger, pool));
    m[1] = 2;
  }
  require(ledger.bytes() == 0, "an allocator has not taken back what it gave");
  const auto shared = gomap::make<std::string, int>();
  shared["a"] = 1;
  require(shared.at("a") == 1, "a reference does not find its entry");

  gomap::set_fatal_handler(&heard);
  expected = "gomap::map::at: no such key";
  (void)owners.at(7);
  require(false, "at() returned");
}
