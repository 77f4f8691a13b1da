#include "runtime/snapshot.h"

#include <gtest/gtest.h>

#include "os/clock.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

TEST(ToSnapshot, CountsTheDeadlineFromNow) {
  const vrrp::TimePoint now(os::monotonicNow());
  RouterRecord record;
  EXPECT_FALSE(toSnapshot(record, now).deadlineMs);
  record.deadline = now + 150ms;
  ASSERT_TRUE(toSnapshot(record, now).deadlineMs);
  EXPECT_DOUBLE_EQ(*toSnapshot(record, now).deadlineMs, 150.0);
}

TEST(ToSnapshot, ShowsOthersForAMinute) {
  const vrrp::TimePoint now(os::monotonicNow());
  RouterRecord record;
  EXPECT_FALSE(toSnapshot(record, now).conflict);
  EXPECT_FALSE(toSnapshot(record, now).foreignRouter);
  record.conflictAddress.bytes = {192, 0, 2, 10};
  record.conflictAt = now - 59s;
  record.foreignRouter.bytes = {192, 0, 2, 9};
  record.foreignAt = now - 61s;
  const RouterSnapshot snapshot = toSnapshot(record, now);
  ASSERT_TRUE(snapshot.conflict);
  EXPECT_EQ(wire::format(snapshot.conflict->address), "192.0.2.10");
  EXPECT_NEAR(static_cast<double>(snapshot.conflict->atMs), static_cast<double>(os::wallNow().count()) / 1e6 - 59'000, 1000);
  EXPECT_FALSE(snapshot.foreignRouter);
}

TEST(ToWallMs, CountsBackFromNow) {
  const auto now = os::monotonicNow();
  const std::int64_t present = toWallMs(vrrp::TimePoint(now));
  const std::int64_t past = toWallMs(vrrp::TimePoint(now - std::chrono::seconds(10)));
  EXPECT_NEAR(static_cast<double>(present - past), 10'000, 50);
  EXPECT_NEAR(static_cast<double>(present), static_cast<double>(os::wallNow().count()) / 1e6, 1000);
}

}  // namespace
}  // namespace aloft::runtime
