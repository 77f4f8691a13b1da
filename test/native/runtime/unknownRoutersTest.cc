#include "runtime/unknownRouters.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

UnknownRouter seen(std::uint8_t virtualRouterId, int second) {
  UnknownRouter router{2, wire::Family::IPv4, virtualRouterId, {}, vrrp::TimePoint(std::chrono::seconds(second))};
  router.address.bytes = {192, 0, 2, virtualRouterId};
  return router;
}

TEST(UnknownRouters, AreListedOnceWithTheirLastTime) {
  UnknownRouters routers;
  routers.note(seen(7, 1));
  routers.note(seen(8, 2));
  routers.note(seen(7, 3));
  ASSERT_EQ(routers.all().size(), 2U);
  EXPECT_EQ(routers.all()[0].virtualRouterId, 7);
  EXPECT_EQ(routers.all()[0].at, vrrp::TimePoint(std::chrono::seconds(3)));
}

TEST(UnknownRouters, TheOldestGivesWay) {
  UnknownRouters routers;
  for (int i = 0; i < 64; ++i) routers.note(seen(static_cast<std::uint8_t>(1 + i), i));
  routers.note(seen(1, 100));  // seen again, so the second is the oldest
  routers.note(seen(200, 101));
  ASSERT_EQ(routers.all().size(), 64U);
  bool first = false, second = false, newest = false;
  for (const UnknownRouter& router : routers.all()) {
    first |= router.virtualRouterId == 1;
    second |= router.virtualRouterId == 2;
    newest |= router.virtualRouterId == 200;
  }
  EXPECT_TRUE(first && newest);
  EXPECT_FALSE(second);
}

}  // namespace
}  // namespace aloft::runtime
