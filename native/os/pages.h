#pragma once
// Memory of one's own pages.

#include <cstddef>
#include <span>

namespace aloft::os {

/// Pages that are there from the start and belong to nobody else. A child of fork() does not get them: otherwise the first write to each
/// after every fork would be a page fault, and the thread that must be on time would pay for the programs that others start.
class Pages {
 public:
  Pages() = default;
  /// `size` 0, or without memory: none.
  explicit Pages(std::size_t size);
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&&) = delete;
  ~Pages();

  void* data() const { return start_; }
  std::size_t size() const { return size_; }

  /// For operators new and delete of a class: null without memory.
  static void* allocate(std::size_t size);
  static void free(void* start, std::size_t size);

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace aloft::os
