// rationed_resource.hpp -- a memory resource that gives so much and no more.
#pragma once

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>

namespace support {

class rationed_resource : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
  struct limits {
    std::size_t blocks = no_limit;
    std::size_t bytes = no_limit;
  };

  explicit rationed_resource(limits left) : left_(left) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (left_.blocks == 0 || bytes > left_.bytes) throw std::bad_alloc();
    --left_.blocks;
    left_.bytes -= bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  limits left_;
};

}  // namespace support
