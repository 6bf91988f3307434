// main.cpp -- a program for 32-bit x86: maps of each kind of key against std::unordered_map, through
// many growths, and a concurrent map that is read while it grows.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::printf("on 32 bits: %s\n", what);
  std::exit(1);
}

template <class Key, class MakeKey>
void compare(const MakeKey& make_key) {
  std::mt19937 random(5);
  gomap::map<Key, unsigned> m;
  std::unordered_map<Key, unsigned> model;
  for (int step = 0; step < 200'000; ++step) {
    const Key key = make_key(random() % 50'000);
    if (const unsigned what = random() % 8; what < 5) {
      m[key] = what;
      model[key] = what;
    } else {
      require(m.erase(key) == model.erase(key), "erase() does not say what it did");
    }
    if (step % 20'000 == 0) m.check_invariants();
  }
  require(m.size() == model.size(), "a map has not the size of its model");
  for (const auto& [key, value] : model) {
    const auto found = m.find(key);
    require(found != m.end() && found->second == value, "a map has not the entries of its model");
  }
  std::size_t walked = 0;
  for (auto at = m.begin(); at != m.end(); ++walked) {
    const auto next = std::next(at);
    if (model.count(at->first) != 0 && at->second % 2 == 0) m.erase(at);
    at = next;
  }
  require(walked == model.size(), "a walk that erases does not meet every entry");
}

void read_while_it_grows() {
  gomap::concurrent_map<int, std::uint64_t> m;
  const auto value_of = [](int i) {
    return std::uint64_t{0x1'0000'0001} * static_cast<unsigned>(i);
  };
  std::atomic<int> stored = 0;
  std::thread reader([&] {
    for (int last = 0; last < 100'000; last = stored.load(std::memory_order_acquire)) {
      if (last == 0) continue;
      const int i = last / 2;
      require(m.load(i) == value_of(i), "a reader does not find what was stored");
    }
  });
  for (int i = 0; i < 100'000; ++i) {
    m.store(i, value_of(i));
    stored.store(i + 1, std::memory_order_release);
  }
  reader.join();
  m.check_invariants();
}

}  // namespace

int main() {
  static_assert(sizeof(void*) == 4);
  compare<int>([](unsigned i) { return static_cast<int>(i); });
  compare<double>([](unsigned i) { return i / 8.0; });
  compare<std::string>([](unsigned i) { return std::to_string(i); });
  read_while_it_grows();
}
