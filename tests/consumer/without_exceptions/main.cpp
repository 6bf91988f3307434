// main.cpp -- a program without exceptions and run-time types: every header of the map compiles, and
// what would be thrown reaches the fatal handler.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gomap/hash.hpp>
#include <gomap/map.hpp>
#include <gomap/map_stats.hpp>
#include <gomap/maps.hpp>
#include <gomap/misuse.hpp>
#include <gomap/reference.hpp>
#include <gomap/scan_cursor.hpp>

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
  const auto shared = gomap::make<std::string, int>();
  shared["a"] = 1;
  require(shared.at("a") == 1, "a reference does not find its entry");

  gomap::set_fatal_handler(&heard);
  expected = "gomap::map::at: no such key";
  (void)owners.at(7);
  require(false, "at() returned");
}
