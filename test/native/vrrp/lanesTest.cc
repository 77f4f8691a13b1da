// Which announcements keep a distance from each other.

#include "vrrp/lanes.h"

#include <algorithm>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

using wire::Family;

TEST(Lanes, InterfacesOfOnePaceShareALanePerFamily) {
  Lanes lanes({{{"eth0", "eth1"}, 1ms, 2ms}, {{"eth2"}, 3ms, 0ms}});
  const Lane arp = lanes.of("eth0", Family::IPv4);
  const Lane na = lanes.of("eth0", Family::IPv6);
  EXPECT_EQ(lanes.of("eth1", Family::IPv4), arp);
  EXPECT_EQ(lanes.of("eth1", Family::IPv6), na);
  EXPECT_NE(arp, na);
  EXPECT_EQ(lanes.intervals()[arp], 1ms);
  EXPECT_EQ(lanes.intervals()[na], 2ms);
  EXPECT_EQ(lanes.intervals()[lanes.of("eth2", Family::IPv4)], 3ms);
  EXPECT_EQ(lanes.of("eth2", Family::IPv6), kNoPace);
  EXPECT_EQ(lanes.of("eth3", Family::IPv4), kNoPace) << "nothing is said of it";
}

TEST(Lanes, WhatIsForTheOthersIsForEachByItself) {
  Lanes lanes({{{}, 1ms, 0ms}, {{"eth9"}, 0ms, 5ms}, {{}, 7ms, 7ms}});
  const Lane first = lanes.of("eth0", Family::IPv4);
  EXPECT_NE(lanes.of("eth1", Family::IPv4), first);
  EXPECT_EQ(lanes.of("eth0", Family::IPv4), first);
  EXPECT_EQ(lanes.intervals()[first], 1ms);
  EXPECT_EQ(lanes.of("eth0", Family::IPv6), kNoPace);
  EXPECT_EQ(lanes.of("eth9", Family::IPv4), kNoPace) << "it is named, and has no such pace";
}

TEST(Lanes, BeyondTheLimitTheRestIsOneLaneAtTheSlowestPace) {
  std::vector<AnnouncementPace> paces;
  for (std::size_t i = 0; i < 2 * kMaxLanes; ++i) paces.push_back({{"eth" + std::to_string(i)}, std::chrono::milliseconds(1 + i), 0ms});
  Lanes lanes(paces);
  EXPECT_EQ(lanes.intervals().size(), kMaxLanes);
  EXPECT_EQ(lanes.of("eth300", Family::IPv4), kMaxLanes - 1);
  EXPECT_EQ(lanes.intervals().back(), std::chrono::milliseconds(2 * kMaxLanes));
}

TEST(Lanes, AnAddressIsInThatOfItsInterfaceAndOfAMacvlanInThatOfTheInterfaceBelow) {
  RouterConfig config = routerConfig();
  config.virtualMacInterface = "vrrp.51";
  config.addresses = {on("192.0.2.100/24"), on("192.0.2.101/24", "eth1"), on("192.0.2.102/24")};
  RouterAddress six = on("2001:db8::100/64", "eth0");
  six.advertised = false;
  config.addresses.push_back(six);
  Bench bench;
  const RouterId id = bench.ids.idOf(config);
  const auto former = bench.engine.configure(Engine::prepare({config}, bench.ids, {{{"eth0"}, 1ms, 5ms}}), bench.now);
  const auto laneOf = [&](std::size_t index) { return bench.engine.announcement(id, index).lane; };
  const auto intervals = bench.engine.laneIntervals();
  ASSERT_EQ(intervals.size(), 3U);
  EXPECT_EQ(intervals[laneOf(0)], 1ms);
  EXPECT_EQ(laneOf(1), kNoPace);
  EXPECT_EQ(laneOf(2), laneOf(0));
  EXPECT_EQ(intervals[laneOf(3)], 5ms);
  EXPECT_EQ(bench.engine.lanes(id).size(), 3U);
  EXPECT_TRUE(bench.engine.lanes(id + 1).empty());
}

}  // namespace
}  // namespace aloft::vrrp
