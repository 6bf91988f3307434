// process_source.cpp -- the page source that each copy of the library has, and what becomes of it
// when the copy goes.
//
// A program and the plug-ins that it loads may each have a copy. A map keeps the source that it
// began with wherever it is moved, also beyond the end of the copy that it was made by. So the
// source is in no copy's own memory, and stays when its copy is unloaded; what goes then is all
// that is idle.
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <gomap/detail/leak_roots.hpp>
#include <gomap/page_source.hpp>

#include "page_source_state.hpp"

namespace gomap {

struct page_source::in_process {
  state contents;
  page_source source{contents};
};

// Not from operator new, since an allocator made by default may not throw and a program's own
// operator new may.
page_source& page_source::make_for_process() noexcept {
  static_assert(alignof(in_process) <= alignof(std::max_align_t));
  alignas(in_process) static std::byte spare[sizeof(in_process)];
  void* const memory = std::malloc(sizeof(in_process));
  return (::new (memory != nullptr ? memory : spare) in_process)->source;
}

namespace {

// Null where another copy's process() stands in for this one's.
constinit page_source* own = nullptr;

struct lifetime {
  // Made before there are threads, of which one could be making it while another one forks.
  lifetime() noexcept { (void)page_source::process(); }
  // Maps that go later, or never, find a source that keeps nothing.
  ~lifetime() {
    if (own == nullptr) return;
    page_options options = own->options();
    options.cache_floor_bytes = 0;
    options.cache_percent = 0;
    options.decay = std::chrono::milliseconds::zero();
    own->configure(options);
    own->trim();
    detail::keep_from_leak_checks(own);
  }
  lifetime(const lifetime&) = delete;
  lifetime& operator=(const lifetime&) = delete;
};
[[maybe_unused]] const lifetime of_this_copy;

}  // namespace

page_source& page_source::process() noexcept {
  static page_source& source = *(own = &make_for_process());
  return source;
}

}  // namespace gomap
