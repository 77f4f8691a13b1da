#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "os/pages.h"

namespace aloft::runtime {

/// A bounded queue from one thread to one other, without locks and without allocation after construction. What one side wrote
/// before push() is visible to the other side after the pop() of that element.
template <class T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>, "elements are copied across threads");

 public:
  /// Room for at least `capacity` elements.
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), pages_((mask_ + 1) * sizeof(T)), slots_(static_cast<T*>(pages_.data())) {
    std::uninitialized_value_construct_n(slots_, mask_ + 1);
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }

  /// Producer. False when full: the element is not taken.
  bool push(const T& element) {
    const bool taken = stage(element);
    publish();
    return taken;
  }

  /// Producer. Like push(), but the consumer sees it only after publish().
  bool stage(const T& element) {
    if (room() == 0) return false;
    slots_[staged_++ & mask_] = element;
    return true;
  }
  void publish() { end_.store(staged_, std::memory_order_release); }

  /// Producer. How many elements can be pushed now, at least.
  std::size_t room() const { return capacity() - (staged_ - begin_.load(std::memory_order_acquire)); }

  /// Consumer. False when empty.
  bool pop(T& element) {
    const std::size_t begin = begin_.load(std::memory_order_relaxed);
    if (begin == end_.load(std::memory_order_acquire)) return false;
    element = slots_[begin & mask_];
    begin_.store(begin + 1, std::memory_order_release);
    return true;
  }

  /// Consumer.
  bool empty() const { return begin_.load(std::memory_order_relaxed) == end_.load(std::memory_order_acquire); }

  /// For locking it into RAM.
  std::span<const T> memory() const { return {slots_, capacity()}; }

 private:
  // Each side's counter has a cache line of its own. Both only grow; unsigned overflow is harmless.
  static constexpr std::size_t kCacheLine = 64;
  alignas(kCacheLine) std::atomic<std::size_t> begin_{0};
  alignas(kCacheLine) std::atomic<std::size_t> end_{0};
  std::size_t staged_ = 0;  // the producer's own: end_, and what is not published yet
  alignas(kCacheLine) const std::size_t mask_;
  const os::Pages pages_;
  T* const slots_;
};

}  // namespace aloft::runtime
