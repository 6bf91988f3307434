// process_source.cpp -- the page source of each copy of the library, and its end.
//
// A program and the plug-ins that it loads may each have a copy. A map keeps the source that it
// began with wherever it is moved, and may outlive the copy that made it. So the source is not in
// the memory of its copy, and stays when the copy is unloaded. Then all its idle memory is given
// back.
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

// Not by operator new: the default constructor of an allocator must not throw, and a program's own
// operator new may.
page_source& page_source::make_for_process() noexcept {
  static_assert(alignof(in_process) <= alignof(std::max_align_t));
  alignas(in_process) static std::byte spare[sizeof(in_process)];
  void* const memory = std::malloc(sizeof(in_process));
  return (::new (memory != nullptr ? memory : spare) in_process)->source;
}

namespace {

// Null if calls of process() in this copy are bound to another copy's.
constinit page_source* own = nullptr;

struct lifetime {
  // Made early, before there are threads: one could be making it while another forks.
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
