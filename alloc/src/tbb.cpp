// tbb.cpp -- tbb_pool and the scalable allocator over the oneTBB malloc library.
//
// Pools are used through the library's C interface, since the C++ interface is a preview that a
// macro has to switch on. A pool takes raw memory in pieces. With each request it passes a number
// that it was given when it was made: the address of its page_source.
#include <cstddef>
#include <cstdint>
#include <new>

#include <tbb/scalable_allocator.h>

#include <gomap/page_source.hpp>
#include <gomap/tbb.hpp>

namespace gomap {
namespace {

constexpr std::size_t raw_alignment = 64;

// The least size of such a piece: a large block, so that the page source maps and caches it.
constexpr std::size_t raw_granularity = page_source::large_bytes;

void* allocate_raw(std::intptr_t source, std::size_t& bytes) {
  try {
    return reinterpret_cast<page_source*>(source)->allocate(bytes, raw_alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;  // tells the pool of the failure; exceptions must not pass through it
  }
}

int deallocate_raw(std::intptr_t source, void* p, std::size_t bytes) {
  reinterpret_cast<page_source*>(source)->deallocate(p, bytes, raw_alignment);
  return 0;
}

// No memory or no key: oneTBB does not tell which.
class pool_refused : public std::bad_alloc {
 public:
  [[nodiscard]] const char* what() const noexcept override {
    return "gomap::tbb_pool: oneTBB makes no pool for want of memory or of a thread-specific key: "
           "each pool takes one, and a process has few (1024 on Linux)";
  }
};

rml::MemoryPool* make_pool(page_source& source) {
  const rml::MemPoolPolicy policy(allocate_raw, deallocate_raw, raw_granularity);
  rml::MemoryPool* pool = nullptr;
  const auto number = reinterpret_cast<std::intptr_t>(&source);
  if (rml::pool_create_v1(number, &policy, &pool) != rml::POOL_OK) throw pool_refused();
  return pool;
}

// At least one byte, since the library may return null for none.
std::size_t at_least_one(std::size_t bytes) noexcept { return bytes != 0 ? bytes : 1; }

}  // namespace

tbb_pool::tbb_pool(page_source& source) : pool_(make_pool(source)) {}

tbb_pool::~tbb_pool() { rml::pool_destroy(static_cast<rml::MemoryPool*>(pool_)); }

void* tbb_pool::allocate(std::size_t bytes, std::size_t alignment) {
  void* const p = rml::pool_aligned_malloc(static_cast<rml::MemoryPool*>(pool_),
                                           at_least_one(bytes), alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

void tbb_pool::deallocate(void* p) noexcept {
  rml::pool_free(static_cast<rml::MemoryPool*>(pool_), p);
}

void tbb_pool::reset() noexcept { rml::pool_reset(static_cast<rml::MemoryPool*>(pool_)); }

void* detail::tbb_scalable_allocate(std::size_t bytes, std::size_t alignment) {
  void* const p = scalable_aligned_malloc(at_least_one(bytes), alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

void detail::tbb_scalable_deallocate(void* p) noexcept { scalable_aligned_free(p); }

}  // namespace gomap
