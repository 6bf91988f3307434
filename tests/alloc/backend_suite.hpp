// backend_suite.hpp -- what every allocator of ours is held to, written once.
//
// A test file instantiates it with a backend: a type with a member template `allocator<T>` and a
// function `make<T>()`, which makes an allocator on that object's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/allocator_concepts.hpp>

namespace gomap_test {

template <class Backend>
class BackendSuite : public testing::Test {
 protected:
  template <class T>
  using allocator = typename Backend::template allocator<T>;
  template <class T>
  allocator<T> make() {
    return backend_.template make<T>();
  }

 private:
  Backend backend_;
};

TYPED_TEST_SUITE_P(BackendSuite);

TYPED_TEST_P(BackendSuite, ServesStandardContainers) {
  using value = std::pair<const int, std::string>;
  using map_allocator = typename TestFixture::template allocator<value>;
  std::map<int, std::string, std::less<>, map_allocator> words(this->template make<value>());

  for (int i = 0; i < 3000; ++i) words[i] = std::string(static_cast<std::size_t>(i % 40), 'x');
  for (int i = 0; i < 3000; i += 2) words.erase(i);
  auto copy = words;
  auto moved = std::move(words);

  EXPECT_EQ(copy, moved);
  EXPECT_EQ(copy.size(), 1500u);
}

TYPED_TEST_P(BackendSuite, BlocksOfAllSizesAreApartAndKeepWhatTheyHold) {
  struct held {
    unsigned char* p;
    std::size_t n;
    unsigned char mark;
  };
  auto a = this->template make<unsigned char>();
  std::vector<held> blocks;
  std::minstd_rand random(11);

  for (int i = 0; i < 3000; ++i) {
    if (blocks.size() < 100) {
      const std::size_t n = 1 + random() % (std::size_t{1} << (random() % 19));
      const auto mark = static_cast<unsigned char>(random());
      unsigned char* const p = a.allocate(n);
      std::memset(p, mark, n);
      blocks.push_back({p, n, mark});
      continue;
    }
    std::swap(blocks[random() % blocks.size()], blocks.back());
    const held b = blocks.back();
    blocks.pop_back();
    for (std::size_t at = 0; at < b.n; at += 61) ASSERT_EQ(b.p[at], b.mark);
    a.deallocate(b.p, b.n);
  }

  for (const held& b : blocks) a.deallocate(b.p, b.n);
}

template <std::size_t Alignment>
struct alignas(Alignment) aligned_block {
  char bytes[Alignment];
};

template <class T, class A>
void expect_aligned(A a) {
  for (const std::size_t n : {1u, 2u, 7u, 100u, 3000u}) {
    T* const p = a.allocate(n);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % alignof(T), 0u) << alignof(T) << ' ' << n;
    std::memset(static_cast<void*>(p), 1, n * sizeof(T));
    a.deallocate(p, n);
  }
}

TYPED_TEST_P(BackendSuite, BlocksAreAlignedForTheirType) {
  expect_aligned<std::max_align_t>(this->template make<std::max_align_t>());
  expect_aligned<aligned_block<64>>(this->template make<aligned_block<64>>());
  expect_aligned<aligned_block<256>>(this->template make<aligned_block<256>>());
}

TYPED_TEST_P(BackendSuite, ZeroedIsZeroWhereItIsOffered) {
  auto a = this->template make<unsigned char>();
  if constexpr (gomap::zeroing_allocator<decltype(a)>) {
    for (const std::size_t n : {100u, 5000u, 200000u, 3000000u}) {
      for (int round = 0; round < 3; ++round) {
        unsigned char* const p = a.allocate_zeroed(n);
        std::size_t dirty = 0;
        for (std::size_t i = 0; i < n; ++i) dirty += p[i] != 0;
        EXPECT_EQ(dirty, 0u) << n << ' ' << round;
        std::memset(p, 0xff, n);
        a.deallocate(p, n);
      }
    }
  }
}

TYPED_TEST_P(BackendSuite, DiscardedMemoryStaysUsableWhereItIsOffered) {
  auto a = this->template make<unsigned char>();
  if constexpr (gomap::discarding_allocator<decltype(a)>) {
    const std::size_t n = 3 << 20;
    unsigned char* const p = a.allocate(n);
    std::memset(p, 1, n);
    a.discard(p, n / 2);
    EXPECT_EQ(p[n / 2], 1);
    std::memset(p, 2, n);
    EXPECT_EQ(p[n / 3], 2);
    a.deallocate(p, n);
  }
}

TYPED_TEST_P(BackendSuite, ImpossibleSizesAreRefused) {
  auto a = this->template make<std::uint64_t>();

  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::size_t>::max() / 4), std::bad_alloc);
  EXPECT_THROW((void)a.allocate(std::numeric_limits<std::size_t>::max()), std::bad_alloc);
}

TYPED_TEST_P(BackendSuite, CopiesAndReboundCopiesAreEqual) {
  auto a = this->template make<int>();
  const auto copy = a;
  typename TestFixture::template allocator<double> rebound(a);
  const decltype(a) back(rebound);

  int* const p = a.allocate(10);
  EXPECT_TRUE(copy == a);
  EXPECT_TRUE(back == a);
  decltype(a)(back).deallocate(p, 10);
}

// Memory made here, freed there, and the other way round.
TYPED_TEST_P(BackendSuite, AnyThreadMayUseIt) {
  auto a = this->template make<int>();
  int* const here = a.allocate(1000);
  int* there = nullptr;

  std::thread([&] {
    auto b = a;
    b.deallocate(here, 1000);
    there = b.allocate(100000);
    for (int i = 0; i < 1000; ++i) b.deallocate(b.allocate(100), 100);
  }).join();

  there[99999] = 1;
  a.deallocate(there, 100000);
}

REGISTER_TYPED_TEST_SUITE_P(BackendSuite, ServesStandardContainers,
                            BlocksOfAllSizesAreApartAndKeepWhatTheyHold,
                            BlocksAreAlignedForTheirType, ZeroedIsZeroWhereItIsOffered,
                            DiscardedMemoryStaysUsableWhereItIsOffered, ImpossibleSizesAreRefused,
                            CopiesAndReboundCopiesAreEqual, AnyThreadMayUseIt);

}  // namespace gomap_test
