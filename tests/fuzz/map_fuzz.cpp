// map_fuzz.cpp -- libFuzzer's door to map_ops.hpp: a difference ends the process.
//
//   clang++ -fsanitize=fuzzer,address ...; map_fuzz -max_len=4096 tests/fuzz/corpus/map
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/map_ops.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::replay(std::span(data, size));
  return 0;
}
