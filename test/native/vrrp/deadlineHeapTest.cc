#include "vrrp/deadlineHeap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace aloft::vrrp {
namespace {

TimePoint at(std::int64_t ns) { return TimePoint(Duration(ns)); }

TEST(DeadlineHeap, EmptyHeapIsNeverDue) { EXPECT_EQ(DeadlineHeap(0).earliest(), kNever); }

TEST(DeadlineHeap, ItemsBeginWithoutDeadline) { EXPECT_EQ(DeadlineHeap(10).earliest(), kNever); }

TEST(DeadlineHeap, AgreesWithALinearSearchOverRandomChanges) {
  std::mt19937 random(1);
  for (const std::uint32_t size : {1u, 2u, 5u, 6u, 300u}) {
    DeadlineHeap heap(size);
    std::vector<TimePoint> reference(size, kNever);
    for (int step = 0; step < 5000; ++step) {
      const std::uint32_t item = random() % size;
      const TimePoint deadline = random() % 5 == 0 ? kNever : at(random() % 1000);
      heap.set(item, deadline);
      reference[item] = deadline;
      ASSERT_EQ(heap.earliest(), *std::min_element(reference.begin(), reference.end())) << "size " << size << " step " << step;
      ASSERT_EQ(reference[heap.first()], heap.earliest());
    }
  }
}

}  // namespace
}  // namespace aloft::vrrp
