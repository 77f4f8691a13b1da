#pragma once
// Which virtual router is due next: an indexed 4-ary heap, one entry per router, of fixed size.

#include <cstdint>
#include <span>
#include <vector>

#include "vrrp/time.h"

namespace aloft::vrrp {

/// The deadline of one that waits for nothing.
inline constexpr TimePoint kNever = TimePoint::max();

class DeadlineHeap {
 public:
  /// Items 0 … size − 1, all waiting for nothing.
  explicit DeadlineHeap(std::size_t size);

  void set(std::uint32_t item, TimePoint deadline);
  /// kNever when no item waits for anything.
  TimePoint earliest() const { return entries_.empty() ? kNever : entries_.front().deadline; }
  /// The item of earliest(); the heap must not be empty.
  std::uint32_t first() const { return entries_.front().item; }

  template <typename Action>
  void forEachMemory(const Action& action) const {
    action(std::as_bytes(std::span(entries_)));
    action(std::as_bytes(std::span(positions_)));
  }

 private:
  struct Entry {
    TimePoint deadline;
    std::uint32_t item;
  };
  void rise(std::size_t at);
  void sink(std::size_t at);
  void place(std::size_t at, Entry entry);

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> positions_;  // item → index in entries_
};

}  // namespace aloft::vrrp
