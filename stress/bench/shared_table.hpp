// shared_table.hpp -- what one thread of many does with a map for the length of a lap.
//
// Every peer wraps its map in a class of a few calls (a "front", see concurrent_peer.hpp), and
// table_of<front, Key> makes a shared_table of it: a virtual call starts a thread's whole shift,
// so that within the loop every call is the peer's own, inlined as a user would have it.
#pragma once

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "keys.hpp"

namespace bench {

using shared_value = std::uint64_t;

enum class load {
  reads,    // one key at a time
  batches,  // `block` keys at a time, by a call for many where there is one
  assign,   // a write overwrites the value of a key that is there
  churn,    // a write takes a key out, the thread's next write puts the same key back
};

// Operations between two looks at the clock's flag, and keys in a batch.
constexpr std::size_t block = 64;

// What a thread is to do until `stop`.
template <class Key>
struct shift {
  load what = load::reads;
  double write_share = 0;       // of the operations; under 1
  std::span<const Key> probes;  // gone through in a circle; a multiple of `block`
  std::uint64_t seed = 0;
  const std::atomic<bool>* stop = nullptr;
};

struct shift_report {
  std::size_t operations = 0;
  std::size_t misses = 0;  // reads that did not find their key
  shared_value sum = 0;    // of what they found, so that no compiler leaves a read out
};

template <class Key>
class shared_table {
 public:
  virtual ~shared_table() = default;
  // Inserts make_key(first), ..., make_key(last - 1), which are not there. Any thread at any time.
  virtual void insert(std::uint64_t first, std::uint64_t last) = 0;
  // Any thread at any time.
  virtual shift_report work(const shift<Key>& assigned) = 0;
};

// Front: read(key, value&) -> found, assign(key, value), insert(key, value), erase(key), and
// read_many(span of keys, sum&) -> how many were found, if the map has such a thing.
template <class Front, class Key>
class table_of final : public shared_table<Key> {
 public:
  ~table_of() noexcept override = default;  // though a map's may throw: nobody here would catch it

  void insert(std::uint64_t first, std::uint64_t last) override {
    for (std::uint64_t i = first; i < last; ++i) front_.insert(make_key<Key>(i), i);
  }

  shift_report work(const shift<Key>& assigned) override {
    switch (assigned.what) {
      case load::batches:
        return read_batches(assigned);
      case load::churn:
        return churn(assigned);
      case load::reads:
      case load::assign:
        break;
    }
    return read_and_write(assigned, [this](const Key& key) { front_.assign(key, 1); });
  }

 private:
  template <class Write>
  shift_report read_and_write(const shift<Key>& assigned, Write write);
  shift_report churn(const shift<Key>& assigned);
  shift_report read_batches(const shift<Key>& assigned);

  void read(const Key& key, shift_report& report) {
    shared_value value = 0;
    if (!front_.read(key, value)) ++report.misses;
    report.sum += value;
  }
  void read_batch(std::span<const Key> keys, shift_report& report) {
    if constexpr (requires { front_.read_many(keys, report.sum); }) {
      report.misses += keys.size() - front_.read_many(keys, report.sum);
    } else {
      for (const Key& key : keys) read(key, report);
    }
  }

  Front front_;
};

// ---- bodies --------------------------------------------------------------------------------

namespace detail {

// Calls do_block(first of `block` probes) until the shift is over. Returns how many operations that
// were.
template <class Key, class DoBlock>
std::size_t until_stopped(const shift<Key>& assigned, DoBlock do_block) {
  const Key* const first = assigned.probes.data();
  const Key* const last = first + assigned.probes.size();
  const Key* next = first;
  std::size_t operations = 0;
  // relaxed: the flag says nothing but that time is up.
  while (!assigned.stop->load(std::memory_order_relaxed)) {
    do_block(next);
    operations += block;
    next += block;
    if (next == last) next = first;
  }
  return operations;
}

}  // namespace detail

// Which operations write is drawn at random, so that no processor foresees it.
template <class Front, class Key>
template <class Write>
shift_report table_of<Front, Key>::read_and_write(const shift<Key>& assigned, Write write) {
  const auto writes_below = static_cast<std::uint64_t>(std::ldexp(assigned.write_share, 64));
  std::uint64_t random = assigned.seed;
  shift_report report;
  report.operations = detail::until_stopped(assigned, [&](const Key* probes) {
    for (const Key* key = probes; key != probes + block; ++key) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      if (random < writes_below) {
        write(*key);
      } else {
        read(*key, report);
      }
    }
  });
  return report;
}

template <class Front, class Key>
shift_report table_of<Front, Key>::churn(const shift<Key>& assigned) {
  const Key* out = nullptr;  // of the map, since this thread's last write
  const shift_report report = read_and_write(assigned, [&](const Key& key) {
    if (out == nullptr) {
      front_.erase(key);
      out = &key;
    } else {
      front_.insert(*out, 1);
      out = nullptr;
    }
  });
  if (out != nullptr) front_.insert(*out, 1);
  return report;
}

template <class Front, class Key>
shift_report table_of<Front, Key>::read_batches(const shift<Key>& assigned) {
  shift_report report;
  report.operations = detail::until_stopped(assigned, [&](const Key* probes) {
    read_batch({probes, block}, report);
  });
  return report;
}

}  // namespace bench
