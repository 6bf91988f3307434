// process_key_linux.cpp -- the sixteen random bytes that the kernel hands to each process.
#include <cstring>

#include <sys/auxv.h>

#include <gomap/detail/process_key.hpp>

namespace gomap::detail {

key128 process_key() noexcept {
  const unsigned long address = ::getauxval(AT_RANDOM);
  if (address == 0) return drawn_key();
  key128 key;
  std::memcpy(key.data(), reinterpret_cast<const void*>(address), sizeof key);
  return key;
}

}  // namespace gomap::detail
