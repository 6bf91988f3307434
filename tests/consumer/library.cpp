// library.cpp -- a shared library that keeps gomap to itself; that it links is what it proves.
#include "library.hpp"

#include <string>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>

int count_letters(const char* text) {
  gomap::map<char, int> alone;
  gomap::concurrent_map<std::string, int> together;
  for (const char* c = text; *c != 0; ++c) {
    ++alone[*c];
    together.update(std::string(1, *c), [](int& n) { ++n; });
  }
  return alone.size() == together.size() ? static_cast<int>(alone.size()) : -1;
}
