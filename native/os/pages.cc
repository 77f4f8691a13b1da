#include "os/pages.h"

#include <sys/mman.h>

#include <utility>

namespace aloft::os {

void* Pages::allocate(std::size_t size) {
  void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  madvise(start, size, MADV_DONTFORK);
  return start;
}

void Pages::free(void* start, std::size_t size) {
  if (start != nullptr) munmap(start, size);
}

Pages::Pages(std::size_t size) : start_(size == 0 ? nullptr : allocate(size)), size_(start_ == nullptr ? 0 : size) {}

Pages::Pages(Pages&& other) noexcept : start_(std::exchange(other.start_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Pages::~Pages() { free(start_, size_); }

}  // namespace aloft::os
