// heap_copies_test.cpp -- a heap of mimalloc that a plug-in makes and the program uses.
//
// Each copy of the library numbers threads by itself, and a heap belongs to the thread that made
// it.
#include <cstddef>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <gomap/mimalloc.hpp>

namespace {

using heap = gomap::heap_allocator<char>;

auto* maker_of_heaps() {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  void* const plug_in = ::dlopen((program + "_plugin.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  return reinterpret_cast<heap* (*)()>(::dlsym(plug_in, "copies_make_heap"));
}

// This thread is the first in the numbering of the program, the other one in that of the plug-in.
TEST(HeapCopies, AThreadWithTheNumberOfAnotherTakesNoHeapForItsOwn) {
  auto* const make_heap = maker_of_heaps();
  const heap first_of_the_program;
  std::promise<heap*> made;
  std::promise<void> used;
  std::size_t blocks_seen = 0;
  std::thread first_of_the_plug_in([&] {
    heap* const a = make_heap();
    char* const own[] = {a->allocate(100), a->allocate(100)};
    made.set_value(a);
    used.get_future().wait();
    blocks_seen = a->heap().blocks_in_use();
    for (char* p : own) a->deallocate(p, 100);
  });

  const std::unique_ptr<heap> a(made.get_future().get());
  char* const block = a->allocate(100);
  used.set_value();
  first_of_the_plug_in.join();

  EXPECT_EQ(blocks_seen, 2u);  // those of its thread, and no other
  block[99] = 1;
  a->deallocate(block, 100);
}

}  // namespace
