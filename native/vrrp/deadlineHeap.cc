#include "vrrp/deadlineHeap.h"

#include <algorithm>

namespace aloft::vrrp {
namespace {

// Four children share a cache line or two: fewer levels and fewer misses than a binary heap.
constexpr std::size_t kChildren = 4;

std::size_t parentOf(std::size_t at) { return (at - 1) / kChildren; }

}  // namespace

DeadlineHeap::DeadlineHeap(std::size_t size) : entries_(size), positions_(size) {
  for (std::size_t i = 0; i < size; ++i) place(i, {kNever, static_cast<std::uint32_t>(i)});
}

void DeadlineHeap::set(std::uint32_t item, TimePoint deadline) {
  const std::size_t at = positions_[item];
  const TimePoint before = entries_[at].deadline;
  entries_[at].deadline = deadline;
  if (deadline < before) {
    rise(at);
  } else if (before < deadline) {
    sink(at);
  }
}

void DeadlineHeap::place(std::size_t at, Entry entry) {
  entries_[at] = entry;
  positions_[entry.item] = static_cast<std::uint32_t>(at);
}

void DeadlineHeap::rise(std::size_t at) {
  const Entry entry = entries_[at];
  while (at > 0 && entry.deadline < entries_[parentOf(at)].deadline) {
    place(at, entries_[parentOf(at)]);
    at = parentOf(at);
  }
  place(at, entry);
}

void DeadlineHeap::sink(std::size_t at) {
  const Entry entry = entries_[at];
  while (at * kChildren + 1 < entries_.size()) {
    const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(at * kChildren + 1);
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(std::min((at + 1) * kChildren + 1, entries_.size()));
    const auto least = std::min_element(begin, end, [](const Entry& a, const Entry& b) { return a.deadline < b.deadline; });
    if (entry.deadline <= least->deadline) break;
    place(at, *least);
    at = static_cast<std::size_t>(least - entries_.begin());
  }
  place(at, entry);
}

}  // namespace aloft::vrrp
