// ages.cpp -- the README's example: a map that is changed while it is walked.
#include <iostream>
#include <string>

#include <gomap/map.hpp>

int main() {
  gomap::map<std::string, int> ages = {{"ann", 31}, {"bob", 17}, {"eve", 70}};
  ages["dan"] = 8;
  for (auto& [name, age] : ages) {
    if (age >= 18) continue;
    const std::string child = name;  // a copy: erasing destroys what `name` refers to
    ages.erase(child);
    ages["guardian of " + child] = 40;  // legal here, and the walk still ends
  }
  if (const int* age = ages.lookup("ann")) std::cout << "ann is " << *age << '\n';
  std::cout << ages.size() << " people, nobody called zoe: " << ages.get("zoe") << '\n';
  return ages.contains("bob") ? 1 : 0;
}
