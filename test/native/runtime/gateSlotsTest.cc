#include "runtime/gateSlots.h"

#include <gtest/gtest.h>

#include <set>

namespace aloft::runtime {
namespace {

TEST(GateSlots, GivesEachVirtualRouterOneForGood) {
  GateSlots slots;
  const std::uint32_t first = slots.slotOf(7, 1);
  EXPECT_NE(slots.slotOf(8, 1), first);
  EXPECT_EQ(slots.slotOf(7, 2), first);
}

TEST(GateSlots, TakesBackOnlyWhatNobodyRunsAndNoAddressUses) {
  GateSlots slots;
  const std::uint32_t gone = slots.slotOf(1, 1);
  const std::uint32_t used = slots.slotOf(2, 1);
  const std::uint32_t running = slots.slotOf(3, 1);
  slots.slotOf(3, 2);
  std::set<std::uint32_t> shut;
  const auto recycle = [&](Generation configured) {
    slots.recycle(
        configured, [used](std::uint32_t slot) { return slot == used; }, [&shut](std::uint32_t slot) { shut.insert(slot); });
  };
  recycle(1);
  EXPECT_TRUE(shut.empty()) << "the first configuration still runs";
  recycle(2);
  EXPECT_EQ(shut, std::set<std::uint32_t>{gone});
  EXPECT_EQ(slots.slotOf(4, 3), gone) << "the free one is given again";
  EXPECT_EQ(slots.slotOf(3, 3), running);
}

TEST(GateSlots, GivesNoMoreThanThereAre) {
  GateSlots slots;
  std::set<std::uint32_t> given;
  for (vrrp::RouterId router = 1; router <= kernel::Gate::kSlots; ++router) given.insert(slots.slotOf(router, 1));
  EXPECT_EQ(given.size(), kernel::Gate::kSlots);
  EXPECT_LT(*given.rbegin(), kernel::Gate::kSlots);
  EXPECT_EQ(slots.slotOf(100'000, 1), kNoSlot);
}

}  // namespace
}  // namespace aloft::runtime
