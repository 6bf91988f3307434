// concurrent_fuzz.cpp -- libFuzzer's door to concurrent_ops.hpp: a difference ends the process.
//
//   clang++ -fsanitize=fuzzer,address ...; concurrent_fuzz -max_len=4096
//   tests/fuzz/corpus/concurrent
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/concurrent_ops.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::replay_concurrent(std::span(data, size));
  return 0;
}
