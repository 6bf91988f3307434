// memory_backends_malloc.cpp -- every backend, in a program whose malloc is the system's own.
#include <memory>
#include <memory_resource>
#include <vector>

#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
#include <gomap/pool.hpp>
#include <gomap/tbb.hpp>
#include <gomap/tracking_allocator.hpp>

#include "memory_backends.hpp"

namespace bench {
namespace {

struct huge_pages {
  gomap::page_source source{gomap::page_options{.huge = gomap::huge_pages::advise}};
  auto make() {
    using allocator = gomap::page_allocator<memory_entry>;
    return gomap_on<allocator>(allocator(source));
  }
};

struct pool {
  gomap::pool memory;
  auto make() {
    using allocator = gomap::pool_allocator<memory_entry>;
    return gomap_on<allocator>(allocator(memory));
  }
};

struct tracked_pages {
  gomap::memory_ledger ledger;
  auto make() {
    using allocator = gomap::tracking_allocator<memory_entry, gomap::page_allocator<memory_entry>>;
    return gomap_on<allocator>(allocator(ledger));
  }
};

struct tbb_pool {
  gomap::tbb_pool memory;
  auto make() {
    using allocator = gomap::tbb_allocator<memory_entry>;
    return gomap_on<allocator>(allocator(memory));
  }
};

struct pmr_new_delete {
  auto make() {
    using allocator = std::pmr::polymorphic_allocator<memory_entry>;
    return gomap_on<allocator>(allocator(std::pmr::new_delete_resource()));
  }
};

struct pmr_pool {
  gomap::pool memory;
  auto make() {
    using allocator = std::pmr::polymorphic_allocator<memory_entry>;
    return gomap_on<allocator>(allocator(&memory));
  }
};

}  // namespace

std::vector<memory_backend> memory_backends() {
  using enum fault_table;
  return {backend_of<gomap_on_default<gomap::page_allocator>>("page_allocator", present),
          backend_of<huge_pages>("page, huge pages"),
          backend_of<pool>("pool_allocator"),
          backend_of<tracked_pages>("tracking<page>"),
          backend_of<gomap_on_default<gomap::tbb_allocator>>("tbb_allocator"),
          backend_of<tbb_pool>("tbb_allocator, pool"),
          backend_of<pmr_new_delete>("pmr, new_delete"),
          backend_of<pmr_pool>("pmr, gomap::pool"),
          backend_of<gomap_on_default<std::allocator>>("std::allocator", present),
          backend_of<boost_on_malloc>("boost", present)};
}

}  // namespace bench
