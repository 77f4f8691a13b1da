// What becomes of addresses, routes, rules and links with virtual MAC addresses.
#include "actuatorBed.h"

namespace aloft::runtime {
namespace {

kernel::RouteEntry route(const std::string& destination, const std::string& via = "", const char* interface = "eth0") {
  kernel::RouteEntry entry;
  entry.destination = prefix(destination);
  kernel::NextHop hop;
  if (!via.empty()) hop.via = ip(via);
  hop.interface = interface;
  entry.nextHops = {hop};
  return entry;
}

kernel::Entries full() {
  kernel::Entries entries;
  entries.addresses = {address("192.0.2.10/24")};
  entries.routes = {route("198.51.100.0/24", "192.0.2.254"), route("198.51.101.0/24", "192.0.2.253")};
  entries.routes[0].source = ip("192.0.2.10");
  entries.routes[1].table = 1000;
  kernel::RuleEntry rule;
  rule.from = prefix("192.0.2.10/32");
  rule.table = 1000;
  rule.priority = 500;
  entries.rules = {rule};
  return entries;
}

bool fullStands() {
  return shows("ip addr show dev eth0", "inet 192.0.2.10/24") && shows("ip route", "198.51.100.0/24 .*proto 161 src 192.0.2.10") &&
         shows("ip route show table 1000", "198.51.101.0/24") && shows("ip rule", "500:.*from 192.0.2.10 lookup 1000 proto 161");
}
bool nothingStands() {
  return !shows("ip addr show dev eth0", "192.0.2.10/24") && !shows("ip route show table all", "proto 161") &&
         !shows("ip rule", "proto 161");
}

TEST_F(ActuatorTest, SetsAddressesRoutesAndRulesWhileMaster) {
  start();
  assign(full());
  EXPECT_TRUE(nothingStands());
  EXPECT_TRUE(ask(Order::Kind::Hold).held);
  EXPECT_TRUE(within(1s, fullStands));
  EXPECT_FALSE(ask(Order::Kind::Release).held);
  EXPECT_TRUE(nothingStands());
}

TEST_F(ActuatorTest, R9568_6_4_2_IsInTheSolicitedNodeGroupOfAnIPv6AddressWhileMaster) {
  start();
  Assignment one = assignment({});
  one.family = wire::Family::IPv6;
  one.entries.addresses = {address("2001:db8::5a/64")};
  Assignments assignments;
  assignments.routers = {one};
  assign(assignments);
  const auto isMember = [] { return shows("ip maddress show dev eth0", "ff02::1:ff00:5a"); };
  EXPECT_FALSE(isMember());
  EXPECT_TRUE(ask(Order::Kind::Hold).held);
  EXPECT_TRUE(within(1s, isMember));
  EXPECT_FALSE(ask(Order::Kind::Release).held);
  EXPECT_TRUE(within(1s, [&] { return !isMember(); }));
}

TEST_F(ActuatorTest, RemovesAllInTheEnd) {
  start();
  assign(full());
  ask(Order::Kind::Hold);
  stop();
  EXPECT_TRUE(nothingStands());
}

TEST_F(ActuatorTest, StaticEntriesStandWhateverTheElectionsSay) {
  start();
  Assignments assignments;
  assignments.always = full();
  assign(std::move(assignments));
  EXPECT_TRUE(within(2s, fullStands));
  assign(Assignments{});
  EXPECT_TRUE(within(2s, nothingStands));
}

TEST_F(ActuatorTest, StaticEntriesThatAreToStayDoSoInTheEnd) {
  start();
  Assignments assignments;
  assignments.always = full();
  assignments.keepAlways = true;
  assign(std::move(assignments));
  EXPECT_TRUE(within(2s, fullStands));
  stop();
  EXPECT_TRUE(fullStands());
}

TEST_F(ActuatorTest, SetsAgainWhatSomebodyElseRemoved) {
  start();
  assign(full());
  ask(Order::Kind::Hold);
  ASSERT_TRUE(within(1s, fullStands));
  for (const char* removal : {"ip route del 198.51.100.0/24", "ip route flush table 1000", "ip rule del priority 500"}) {
    test::shell(removal);
    EXPECT_TRUE(within(500ms, fullStands)) << removal;
  }
  // With the address goes, without a word, the route that has it as its source.
  test::shell("ip addr del 192.0.2.10/24 dev eth0");
  const vrrp::Actuated lost = awaitAnswer();
  EXPECT_EQ(lost.error, EADDRNOTAVAIL);
  const vrrp::Actuated back = awaitAnswer();
  EXPECT_TRUE(back.held);
  EXPECT_EQ(back.error, 0) << "the engine announces it again";
  EXPECT_TRUE(within(500ms, fullStands));
}

TEST_F(ActuatorTest, SetsItsRoutesAgainAfterTheLinkWasDown) {
  start();
  assign(full());
  ask(Order::Kind::Hold);
  ASSERT_TRUE(within(1s, fullStands));
  test::shell("ip link set eth0 down; sleep 0.2; ip link set eth0 up");
  EXPECT_TRUE(within(3s, fullStands));
}

TEST_F(ActuatorTest, TellsOfALostCarrierWhenItsDelayIsOverAndOfABounceNothing) {
  start();
  Assignments assignments;
  assignments.routers = {assignment({})};
  assignments.linkDelays = {{"eth0", 300ms, 0ms}};
  assign(std::move(assignments));
  const auto down = [](const Report& report) { return report.kind == Report::Kind::Link && !report.link.up; };
  take([](const Report&) { return false; });
  test::shell("ip link set cable down; sleep 0.1; ip link set cable up");
  std::this_thread::sleep_for(500ms);
  EXPECT_FALSE(take(down)) << "a bounce";
  const auto before = std::chrono::steady_clock::now();
  test::shell("ip link set cable down");
  EXPECT_TRUE(within(5s, [&] { return take(down); }));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 300ms);
  assign(kernel::Entries{});
  test::shell("ip link set cable up");
  EXPECT_TRUE(within(5s, [&] { return take([](const Report& report) { return report.kind == Report::Kind::Link && report.link.up; }); }));
}

TEST_F(ActuatorTest, SaysOnceWhyARouteCannotBeSetAndTriesAgain) {
  start();
  kernel::Entries entries = full();
  entries.routes = {route("198.51.100.0/24", "", "later")};
  assign(std::move(entries));
  EXPECT_TRUE(ask(Order::Kind::Hold).held) << "the addresses stand all the same";
  EXPECT_TRUE(within(1s, [this] { return message() == "add route 198.51.100.0/24: interface later does not exist"; })) << message();
  std::size_t failures = 0;
  for (const CoreEvent& event : actuator_->takeEvents()) failures += event.kind == CoreEvent::Kind::OperationFailed ? 1 : 0;
  EXPECT_EQ(failures, 1U);
  test::shell("ip link add later type veth peer name other");
  EXPECT_TRUE(within(2s, [this] { return message() == "add route 198.51.100.0/24 dev later: Network is down"; })) << message();
  test::shell("ip link set other up; ip link set later up");
  EXPECT_TRUE(within(3s, [] { return shows("ip route", "198.51.100.0/24 dev later"); }));
  EXPECT_TRUE(within(1s, [this] { return message().empty(); })) << message();
}

TEST_F(ActuatorTest, NeverTouchesTheRoutesOfOthers) {
  test::shell("ip route add 198.51.100.0/24 via 192.0.2.77");
  start();
  assign(full());
  ask(Order::Kind::Hold);
  EXPECT_TRUE(within(1s, [this] { return message().find("set by somebody else") != std::string::npos; })) << message();
  stop();
  EXPECT_TRUE(shows("ip route", "198.51.100.0/24 via 192.0.2.77"));
}

TEST_F(ActuatorTest, AfterAKillTheNextStartKeepsWhatItWantsAndRemovesTheRest) {
  start();
  kernel::Entries more = full();
  more.routes.push_back(route("203.0.113.0/24", "192.0.2.254"));
  assign(std::move(more));
  ask(Order::Kind::Hold);
  ASSERT_TRUE(within(1s, fullStands));
  ASSERT_TRUE(within(1s, [] { return shows("ip route", "203.0.113.0/24"); }));
  stop(true);
  ASSERT_TRUE(fullStands());

  start({{"eth0", prefix("192.0.2.10/24")}});
  assign(full());
  EXPECT_TRUE(awaitAnswer().held) << "told as residue";
  EXPECT_TRUE(within(2s, [] { return !shows("ip route", "203.0.113.0/24"); }));
  EXPECT_TRUE(fullStands());
  ask(Order::Kind::Release);
  EXPECT_TRUE(nothingStands());
}

TEST_F(ActuatorTest, StepsBackBehindAnAddressOfTheHostThatComesLater) {
  test::shell(
      "ip addr del 192.0.2.1/24 dev eth0; sysctl -q -w net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.eth0.promote_secondaries=0");
  start();
  assign(full());
  ask(Order::Kind::Hold);
  ASSERT_TRUE(within(1s, [] { return shows("ip addr show dev eth0 primary", "192.0.2.10/24"); })) << "nobody else is in the subnet";
  test::shell("ip addr add 192.0.2.1/24 dev eth0");
  EXPECT_TRUE(within(1s, [] {
    return shows("ip addr show dev eth0 primary", "192.0.2.1/24") && shows("ip addr show dev eth0 secondary", "192.0.2.10/24");
  }));
  EXPECT_TRUE(within(1s, fullStands));
  ask(Order::Kind::Release);
  EXPECT_TRUE(shows("ip addr show dev eth0", "192.0.2.1/24"));
}

TEST_F(ActuatorTest, LeavesTheHostsAddressWhenItsOwnPrimaryOneGoes) {
  test::shell(
      "ip addr del 192.0.2.1/24 dev eth0; sysctl -q -w net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.eth0.promote_secondaries=0");
  start();
  kernel::Entries two;
  two.addresses = {address("192.0.2.10/24"), address("192.0.2.11/24")};
  assign(two);
  ask(Order::Kind::Hold);
  two.addresses.erase(two.addresses.begin());
  assign(two);
  EXPECT_TRUE(ask(Order::Kind::Hold).held);
  EXPECT_FALSE(shows("ip addr show dev eth0", "192.0.2.10/24"));
  EXPECT_TRUE(shows("ip addr show dev eth0", "192.0.2.11/24"));
  EXPECT_EQ(message(), "");
}

// ThreadSanitizer needs 4 s for them: each is looked for among the addresses that the link has already.
#if defined(__SANITIZE_THREAD__)
constexpr auto kFiveThousandEvents = 15s;
#else
constexpr auto kFiveThousandEvents = 3s;
#endif

TEST_F(ActuatorTest, FiveThousandForeignAddressEventsDoNotHurt) {
  start();
  assign(full());
  ask(Order::Kind::Hold);
  test::shell(
      "ip link add busy type veth peer name other; "
      "for i in $(seq 1 5000); do echo addr add 10.$((i / 250)).$((i % 250)).1/32 dev busy; done > /tmp/aloft-addresses-$$; "
      "ip -batch /tmp/aloft-addresses-$$; rm /tmp/aloft-addresses-$$; ip addr del 192.0.2.10/24 dev eth0");
  EXPECT_TRUE(within(kFiveThousandEvents, fullStands));
  EXPECT_EQ(message(), "");
}

TEST_F(ActuatorTest, AVirtualMacLinkIsDownInBackupAndUpAsMaster) {
  start();
  Assignment one = assignment({});
  one.virtualMacInterface = "v4-51-eth0";
  one.entries.addresses = {address("192.0.2.10/24", "v4-51-eth0")};
  Assignments assignments;
  assignments.routers = {one};
  assign(assignments);
  EXPECT_TRUE(shows("ip -d link show v4-51-eth0", "macvlan mode bridge"));
  EXPECT_TRUE(shows("ip link show v4-51-eth0", "00:00:5e:00:01:33"));
  EXPECT_TRUE(shows("ip link show v4-51-eth0", "state DOWN"));
  EXPECT_TRUE(shows("cat /proc/sys/net/ipv4/conf/eth0/arp_ignore", "^1$"));
  EXPECT_TRUE(ask(Order::Kind::Hold).held);
  EXPECT_TRUE(shows("ip link show v4-51-eth0", "UP"));
  EXPECT_TRUE(shows("ip addr show v4-51-eth0", "192.0.2.10/24.*noprefixroute"));
  EXPECT_FALSE(shows("ip route", "dev v4-51-eth0"));
  EXPECT_FALSE(ask(Order::Kind::Release).held);
  EXPECT_TRUE(shows("ip link show v4-51-eth0", "state DOWN"));
  EXPECT_FALSE(shows("ip addr show v4-51-eth0", "192.0.2.10"));
  stop();
  EXPECT_FALSE(test::shellSucceeds("ip link show v4-51-eth0 2>/dev/null >&2"));
  EXPECT_TRUE(shows("cat /proc/sys/net/ipv4/conf/eth0/arp_ignore", "^0$"));
}

TEST_F(ActuatorTest, WhatIsSentToAVirtualMacAddressIsForwardedAsMasterAlone) {
  const os::Fd far = test::newNamespace();
  test::enter(space_);
  test::shell(
      "sysctl -q -w net.ipv4.ip_forward=1; ip link add inside type veth peer name beyond; "
      "sysctl -q -w net.ipv6.conf.inside.disable_ipv6=1; ip link set beyond up; ip link set inside up; "
      "ip addr add 198.51.100.1/24 dev inside; ip neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev inside; "
      "ip link set cable netns " +
      test::pathOf(far));
  test::enter(far);
  test::shell("ip link set cable up; ip addr add 192.0.2.2/24 dev cable; ip route add 198.51.100.0/24 via 192.0.2.10; "
              "ip neigh add 192.0.2.10 lladdr 00:00:5e:00:01:33 dev cable");
  test::enter(space_);
  test::shell("until ip link show dev eth0 | grep -q 'state UP'; do sleep 0.01; done");
  start();
  Assignment one = assignment({});
  one.virtualMacInterface = "v4-51-eth0";
  one.entries.addresses = {address("192.0.2.10/24", "v4-51-eth0")};
  Assignments assignments;
  assignments.routers = {one};
  assign(assignments);
  const auto isForwarded = [&](std::chrono::milliseconds patience) {
    test::enter(far);
    test::shell("bash -c 'echo > /dev/udp/198.51.100.9/9'");
    test::enter(space_);
    return within(patience, [] { return shows("ip -s -j link show dev inside", "\"tx\":\\{\"bytes\":[1-9]"); });
  };
  EXPECT_FALSE(isForwarded(200ms)) << "BACKUP";
  EXPECT_TRUE(ask(Order::Kind::Hold).held);
  EXPECT_TRUE(isForwarded(3s));
}

TEST_F(ActuatorTest, AfterAKillAVirtualMacLinkThatNobodyWantsGoes) {
  start();
  Assignment one = assignment({});
  one.virtualMacInterface = "v4-51-eth0";
  one.entries.addresses = {address("192.0.2.10/32", "v4-51-eth0")};
  Assignments assignments;
  assignments.routers = {one};
  assign(assignments);
  ask(Order::Kind::Hold);
  stop(true);
  ASSERT_TRUE(shows("ip link show v4-51-eth0", "UP"));
  start({{"v4-51-eth0", prefix("192.0.2.10/32")}});
  assign(Assignments{});
  EXPECT_TRUE(within(3s, [] { return !test::shellSucceeds("ip link show v4-51-eth0 2>/dev/null >&2"); }));
  EXPECT_TRUE(within(1s, [] { return shows("cat /proc/sys/net/ipv4/conf/eth0/arp_ignore", "^0$"); }));
}

TEST_F(ActuatorTest, LeavesALinkAloneThatOnlyHasTheNameOfAVirtualMacLink) {
  test::shell("ip link add v4-51-eth0 type veth peer name other");
  start();
  Assignment one = assignment({});
  one.virtualMacInterface = "v4-51-eth0";
  one.entries.addresses = {address("192.0.2.10/32", "v4-51-eth0")};
  Assignments assignments;
  assignments.routers = {one};
  assign(assignments);
  EXPECT_EQ(message(), "interface v4-51-eth0 exists already, and was not made for a virtual router");
  stop();
  EXPECT_TRUE(shows("ip -d link show v4-51-eth0", "veth"));
}

/// With strict ARP as kube-proxy wants it, where the kernel itself would answer for none of them.
TEST_F(ActuatorTest, AThousandAddressesAreHostRoutesThatTheGateAnswersFor) {
  auto gate = kernel::Gate::open();
  if (!gate.ok()) GTEST_SKIP() << gate.error().message();
  const os::Fd far = test::newNamespace();
  test::enter(space_);
  test::shell("sysctl -q -w net.ipv4.conf.all.arp_ignore=1; ip link set cable netns " + test::pathOf(far) +
              "; ip addr add 10.99.255.1/16 dev eth0; ip addr add 2001:db8:99::ffff/64 nodad dev eth0");
  test::enter(far);
  test::shell(
      "sysctl -q -w net.ipv6.conf.cable.accept_dad=0; ip link set cable up; ip addr add 10.99.255.2/16 dev cable; "
      "ip addr add 2001:db8:99::fffe/64 nodad dev cable");
  test::enter(space_);
  test::shell("until ip link show dev eth0 | grep -q 'state UP'; do sleep 0.01; done");
  start({}, gate.value().get());
  Assignments assignments;
  for (const vrrp::RouterId router : {1U, 2U}) {
    Assignment one = assignment({}, router);
    one.family = router == 1 ? wire::Family::IPv4 : wire::Family::IPv6;
    one.gated = true;
    one.gateSlot = router;
    for (int i = 1; i <= 1000; ++i) {
      const std::string low = std::to_string(i % 250 + 1), high = std::to_string(i / 250);
      one.entries.addresses.push_back(
          address(router == 1 ? "10.99." + high + "." + low + "/16" : "2001:db8:99::" + high + ":" + low + "/64"));
    }
    assignments.routers.push_back(one);
    gate.value()->slot(router).answerUntil.store(UINT64_MAX);
    gate.value()->slot(router).acceptUntil.store(UINT64_MAX);
  }
  assign(assignments);
  EXPECT_TRUE(within(1s, [this] { return actuator_->usesGateSlot(1); }));
  EXPECT_FALSE(actuator_->usesGateSlot(3));
  for (const vrrp::RouterId router : {1U, 2U}) EXPECT_TRUE(ask(Order::Kind::Hold, router).held);
  EXPECT_TRUE(shows("ip route show table local proto 161 | wc -l", "^1000$"));
  EXPECT_TRUE(shows("ip -6 route show table local proto 161 | wc -l", "^1000$"));
  EXPECT_EQ(actuator_->holdings()[1].addresses.size(), 1000U);
  EXPECT_TRUE(shows("ip -d link show eth0", "allmulti 1"));
  EXPECT_TRUE(shows("ip maddress show dev eth0", "ff02::1:ff00:2"));

  test::enter(far);
  const auto resolves = [](const std::string& neighbor) {
    test::shell("bash -c 'echo > /dev/udp/" + neighbor + "/9'");
    return within(3s, [&] { return shows("ip neigh show " + neighbor, "lladdr"); });
  };
  for (const char* neighbor : {"10.99.0.2", "10.99.3.200", "2001:db8:99::0:2", "2001:db8:99::3:200"})
    EXPECT_TRUE(resolves(neighbor)) << neighbor;
  test::enter(space_);
  test::shell("ip route del local 10.99.0.2 dev lo table local metric 1024");
  EXPECT_TRUE(within(1s, [] { return shows("ip route show table local", "local 10.99.0.2 dev lo"); })) << "what somebody else removed";
  EXPECT_EQ(awaitAnswer(1).error, EADDRNOTAVAIL);
  EXPECT_EQ(awaitAnswer(1).error, 0);
  for (const vrrp::RouterId router : {1U, 2U}) EXPECT_FALSE(ask(Order::Kind::Release, router).held);
  EXPECT_FALSE(shows("ip route show table local", "proto 161"));
  stop();
  EXPECT_TRUE(shows("ip -d link show eth0", "allmulti 0"));
  EXPECT_FALSE(shows("tc filter show dev eth0 ingress; tc filter show dev eth0 egress", "bpf"));
}

TEST_F(ActuatorTest, OnlyTheVirtualMacAddressAnswersForAnAddressOfAVirtualMacLink) {
  const os::Fd far = test::newNamespace();
  test::enter(space_);
  test::shell("ip link set cable netns " + test::pathOf(far));
  test::enter(far);
  test::shell("ip link set cable up; ip addr add 192.0.2.2/24 dev cable");
  test::enter(space_);
  test::shell("until ip link show dev eth0 | grep -q 'state UP'; do sleep 0.01; done");
  start();
  Assignment one = assignment({});
  one.virtualMacInterface = "v4-51-eth0";
  one.entries.addresses = {address("192.0.2.10/24", "v4-51-eth0")};
  Assignments assignments;
  assignments.routers = {one};
  assign(assignments);
  const auto answers = [&](const char* what) {
    test::enter(far);
    const bool any = test::shellSucceeds(std::string("arping -I cable -c 2 -w 2 ") + what + " > /tmp/aloft-arping-$PPID 2>&1");
    std::string seen;
    FILE* file = popen(
        "grep -oE '[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}' /tmp/aloft-arping-$PPID | sort -u | tr '\n' ' '; rm -f /tmp/aloft-arping-$PPID",
        "r");
    char buffer[256] = {};
    if (fgets(buffer, sizeof buffer, file) != nullptr) seen = buffer;
    pclose(file);
    test::enter(space_);
    return any ? seen : "";
  };
  EXPECT_EQ(answers("192.0.2.10"), "") << "BACKUP";
  ask(Order::Kind::Hold);
  const std::string asMaster = answers("192.0.2.10");
  EXPECT_TRUE(asMaster == "00:00:5e:00:01:33 " || asMaster == "00:00:5E:00:01:33 ") << asMaster;
  const std::string ofHost = answers("192.0.2.1");
  EXPECT_NE(ofHost, "");
  EXPECT_EQ(ofHost.find("01:33"), std::string::npos) << ofHost;
  ask(Order::Kind::Release);
  EXPECT_EQ(answers("192.0.2.10"), "");
}

}  // namespace
}  // namespace aloft::runtime
