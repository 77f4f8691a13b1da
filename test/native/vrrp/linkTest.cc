// Links come, go, and change under the virtual routers.

#include <cstring>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

constexpr Duration kDown = 360'937'500ns;

TEST(Link, WithoutLinkInFaultUntilItComes) {
  Bench bench;
  RouterConfig config = routerConfig();
  config.interface = "eth1";
  bench.configure({config});
  EXPECT_EQ(bench.drain(), "INIT>FAULT:InterfaceMissing");
  std::strcpy(bench.link.name, "eth1");
  bench.link.index = 7;
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:InterfaceReady");
  EXPECT_EQ(bench.untilDeadline(), kDown);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).ifindex, 7u);
}

TEST(Link, AnOwnerIsMasterAsSoonAsItsLinkIsReady) {
  Bench bench;
  bench.link.up = false;
  bench.linkChanged();
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  bench.configure({owner});
  bench.drain();
  bench.link.up = true;
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "advert(255) hold FAULT>MASTER:AddressOwner");
}

TEST(Link, InFaultOnlyTheReasonFollows) {
  Bench bench(routerConfig());
  bench.link.up = false;
  bench.linkChanged();
  bench.drain();
  bench.engine.handleLinkRemoved(2, bench.now);
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.status().reason, Reason::InterfaceMissing);
}

TEST(Link, BackInBackupItForgetsWhomItHeard) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200, .interval = 1s});
  bench.link.up = false;
  bench.linkChanged();
  bench.link.up = true;
  bench.linkChanged();
  EXPECT_EQ(bench.untilDeadline(), kDown) << "its own interval";
  bench.drain();
  bench.fire();
  EXPECT_EQ(bench.drain(), "advert(100) hold BACKUP>MASTER:FirstElection");
}

TEST(Link, AnotherPrimaryAddressIsUsedAtOnceWithoutAFlap) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.advance(30ms);
  bench.link.primaryIPv4 = address("192.0.2.30");
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "advert(100)");
  const auto transmit = bench.engine.advert(bench.status().id, 100);
  EXPECT_EQ(transmit.source, address("192.0.2.30"));
  EXPECT_TRUE(wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255).ok);
  EXPECT_EQ(bench.untilDeadline(), 70ms) << "the timer goes on";
  bench.receive({.priority = 100, .source = "192.0.2.20"});
  EXPECT_EQ(bench.state(), State::Master) << "now the greater address";
}

TEST(Link, AnotherPrimaryAddressAsBackupIsSilent) {
  Bench bench(routerConfig());
  bench.advance(30ms);
  bench.link.primaryIPv4 = address("192.0.2.30");
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.untilDeadline(), kDown - 30ms);
}

TEST(Link, ALostSourceAddressResignsFromTheOldOne) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.link.primaryIPv4 = {};
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>FAULT:NoSourceAddress");
  EXPECT_EQ(bench.engine.advert(bench.status().id, 0).source, address("192.0.2.10"));
}

TEST(Link, IPv6NeedsALinkLocalSourceAndNoIPv4) {
  Bench bench;
  bench.link.primaryIPv4 = {};
  bench.linkChanged();
  bench.configure({ipv6Config()});
  EXPECT_EQ(bench.drain(), "INIT>BACKUP:Started");
  bench.link.linkLocalIPv6 = {};
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "BACKUP>FAULT:NoSourceAddress");
}

TEST(Link, ALinkMadeAnewUnderItsNameIsGoneFirst) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.link.index = 9;
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "release MASTER>FAULT:InterfaceMissing FAULT>BACKUP:InterfaceReady");
  bench.engine.handleLinkRemoved(2, bench.now);  // the old one's removal is reported late
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.receive(encode({.priority = 200}), "192.0.2.20", 9), std::nullopt);
  EXPECT_EQ(bench.receive(encode({.priority = 200}), "192.0.2.20", 2), wire::Discard::UnknownInterface);
}

TEST(Link, ARenamedLinkLeavesAndComes) {
  Bench bench(routerConfig());
  std::strcpy(bench.link.name, "uplink");
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "BACKUP>FAULT:InterfaceMissing");
  std::strcpy(bench.link.name, "eth0");
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:InterfaceReady");
}

TEST(Link, OnlyTheRoutersOnTheLinkAreTouched) {
  Bench bench;
  RouterConfig other = routerConfig();
  other.key = "b/v4";
  other.interface = "eth1";
  LinkState eth1 = bench.link;
  eth1.index = 3;
  std::strcpy(eth1.name, "eth1");
  bench.engine.handleLink(eth1, bench.now);
  bench.configure({routerConfig(), other});
  bench.drain();
  bench.engine.handleLinkRemoved(3, bench.now);
  EXPECT_EQ(bench.drain(), "BACKUP>FAULT:InterfaceMissing");
  EXPECT_EQ(bench.state(0), State::Backup);
  EXPECT_EQ(bench.state(1), State::Fault);
}

TEST(Link, ThousandsOfOtherLinksAreRememberedUpToTheLimit) {
  Bench bench;
  for (std::uint32_t i = 0; i < kMaxLinks + 100; ++i) {
    LinkState pod;
    pod.index = 100 + i;
    std::snprintf(pod.name, sizeof pod.name, "veth%u", i);
    pod.up = true;
    pod.primaryIPv4 = address("198.51.100.1");
    bench.engine.handleLink(pod, bench.now);
  }
  RouterConfig first = routerConfig();
  first.interface = "veth7";
  RouterConfig beyond = routerConfig();
  beyond.key = "b/v4";
  beyond.interface = "veth4190";
  bench.configure({first, beyond});
  EXPECT_EQ(bench.state(0), State::Backup);
  EXPECT_EQ(bench.state(1), State::Fault);
}

}  // namespace
}  // namespace aloft::vrrp
