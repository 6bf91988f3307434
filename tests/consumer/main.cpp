// main.cpp -- the least that a user of gomap writes, beside a shared library of his that uses it as
// well; what it proves is that both build and link.
#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>

#include "library.hpp"

int main() {
  gomap::map<int, int> alone;
  alone[1] = 2;
  gomap::concurrent_map<int, int> together;
  together.store(1, 2);
  const bool agree = alone.get(1) == together.load_or(1, 0) && count_letters("letters") == 5;
  return agree ? 0 : 1;
}
