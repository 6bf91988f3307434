// main.cpp -- the least that a user of gomap writes; what it proves is that it builds and links.
#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>

int main() {
  gomap::map<int, int> alone;
  alone[1] = 2;
  gomap::concurrent_map<int, int> together;
  together.store(1, 2);
  return alone.get(1) == together.load_or(1, 0) ? 0 : 1;
}
