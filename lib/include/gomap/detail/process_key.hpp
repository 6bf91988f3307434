// process_key.hpp -- a random key that is the process's own, and what is made of it.
//
// A process may hold several copies of the library: its own, and one in each plug-in that links it
// statically. Keys that one has hashed are looked up by another, so what hashes them must come from
// something that all copies find: process_key(). The build picks the file.
// The key itself serves others, too, and nothing that leaves here may tell it. So it goes through a
// cipher: without the key, no word of a stream tells any other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gomap::detail {

using key128 = std::array<std::uint32_t, 4>;

// The same at every call and, where the system offers such a key, for every copy of the library.
[[nodiscard]] key128 process_key() noexcept;

// The same at every call: drawn from the random device by each copy of the library for itself.
[[nodiscard]] key128 drawn_key() noexcept;

// Fills `size` bytes with the stream of this number that `key` makes: ChaCha with 20 rounds.
void fill_from_key(const key128& key, std::uint64_t stream, void* to, std::size_t size) noexcept;

}  // namespace gomap::detail
