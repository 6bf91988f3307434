// map_fault_test.cpp -- the suite of map_fault_suite.hpp over what needs no library beside ours.
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <gomap/pool.hpp>

#include "backends.hpp"
#include "map_fault_suite.hpp"
#include "support/extending_allocator.hpp"
#include "support/types.hpp"

namespace map_fault_test {

using gomap_test::fault_case;
using gomap_test::pages_backend;
using gomap_test::pmr_backend;
using gomap_test::std_backend;
using gomap_test::tracked_pages_backend;

struct pool_backend {
  template <class T>
  using allocator = gomap::pool_allocator<T>;
  template <class T>
  allocator<T> make() {
    return memory;
  }
  [[nodiscard]] std::size_t in_use() const { return memory.stats().bytes_in_use; }
  gomap::pool memory;
};

struct extending_backend {
  template <class T>
  using allocator = support::extending_allocator<T>;
  template <class T>
  allocator<T> make() {
    return allocator<T>(ledger);
  }
  ~extending_backend() {
    EXPECT_TRUE(ledger.balanced());
    EXPECT_GT(ledger.extends(), 0u);  // or these sweeps would show nothing that others do not
  }
  [[nodiscard]] std::size_t in_use() const { return ledger.bytes_in_use() + ledger.mistakes(); }
  support::extension_ledger ledger;
};

using numbers = std::uint64_t;
using cases =
    support::types<3, fault_case<pages_backend, numbers>,
                   fault_case<extending_backend, std::string>, fault_case<pool_backend, numbers>,
                   fault_case<pages_backend, std::string>, fault_case<extending_backend, numbers>,
                   fault_case<std_backend, numbers>, fault_case<std_backend, std::string>,
                   fault_case<tracked_pages_backend, std::string>,
                   fault_case<pmr_backend, std::string>>;

}  // namespace map_fault_test

namespace gomap_test {
INSTANTIATE_TYPED_TEST_SUITE_P(Own, BackendFaults, map_fault_test::cases);
}  // namespace gomap_test
