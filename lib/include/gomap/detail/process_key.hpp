// process_key.hpp -- a random key that each process has, and random numbers made from it.
//
// A process may hold several copies of the library: its own, and one in each plug-in that links it
// statically. A key that one copy has hashed is looked up by another, so all copies must have the
// same secret. They make it from process_key(). The build picks the file.
// Other parts of the process use the key too, so nothing that leaves here may reveal it. It goes
// through a cipher: without the key, no word of a stream tells anything of another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gomap::detail {

using key128 = std::array<std::uint32_t, 4>;

// The same at every call and, where the system offers such a key, in every copy of the library.
[[nodiscard]] key128 process_key() noexcept;

// The same at every call: drawn from the random device by each copy of the library for itself.
[[nodiscard]] key128 drawn_key() noexcept;

// Fills `size` bytes with stream number `stream` of `key`: ChaCha with 20 rounds.
void fill_from_key(const key128& key, std::uint64_t stream, void* to, std::size_t size) noexcept;

}  // namespace gomap::detail
