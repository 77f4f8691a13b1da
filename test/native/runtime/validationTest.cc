#include "runtime/validation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

DesiredRouter good() {
  DesiredRouter router;
  router.key = "vip/IPv4";
  router.family = "IPv4";
  router.interface = "eth0";
  router.virtualRouterID = 51;
  router.version = 3;
  router.priority = 254;
  router.advertisementIntervalMs = 100;
  router.checksum = "Auto";
  router.addresses = {{"192.0.2.10/24"}};
  return router;
}

DesiredRoute route() { return {"IPv4", "198.51.100.0/24", "unicast", {{"192.0.2.1"}}}; }
DesiredRule rule() {
  DesiredRule out{"IPv4", "lookup"};
  out.table = 100;
  return out;
}

Configuration taken(const DesiredState& desired) {
  const auto result = validate(desired);
  const auto* problem = std::get_if<FieldProblem>(&result);
  EXPECT_EQ(problem, nullptr) << problem->path << ": " << problem->message;
  return problem == nullptr ? std::get<Configuration>(result) : Configuration();
}

RouterConfiguration taken(const DesiredRouter& router) {
  Configuration configuration = taken(DesiredState{{router}, {}, false});
  return configuration.routers.empty() ? RouterConfiguration() : configuration.routers.front();
}

FieldProblem refused(const DesiredState& desired) {
  const auto result = validate(desired);
  const auto* problem = std::get_if<FieldProblem>(&result);
  EXPECT_NE(problem, nullptr);
  return problem == nullptr ? FieldProblem() : *problem;
}

TEST(Validate, TakesAGoodOneAndConvertsItsUnits) {
  DesiredRouter router = good();
  router.preemptDelayMs = 1500;
  router.checksum = "WithPseudoHeader";
  const vrrp::RouterConfig election = taken(router).election;
  EXPECT_EQ(election.key, "vip/IPv4");
  EXPECT_EQ(election.virtualRouterId, 51);
  EXPECT_EQ(election.priority, 254);
  EXPECT_EQ(election.advertisementInterval, 100ms);
  EXPECT_EQ(election.preemptDelay, 1500ms);
  EXPECT_EQ(election.checksum, vrrp::ChecksumMode::WithPseudoHeader);
  EXPECT_EQ(wire::format(election.addresses.at(0).prefix), "192.0.2.10/24");
}

TEST(Validate, LeavesTheDefaultsOfTheEngineWhereNothingIsSaid) {
  const vrrp::RouterConfig election = taken(good()).election;
  const vrrp::RouterConfig standard;
  EXPECT_EQ(election.downTimerAdverts, standard.downTimerAdverts);
  EXPECT_EQ(election.linkLocalFirst, standard.linkLocalFirst);
  EXPECT_EQ(election.trackPrimary, standard.trackPrimary);
  EXPECT_EQ(election.announcements, standard.announcements);
  EXPECT_EQ(election.conflicts, standard.conflicts);
  EXPECT_EQ(election.authentication, standard.authentication);
  EXPECT_EQ(election.deadMan, standard.deadMan);
  EXPECT_EQ(election.accept, standard.accept);
  EXPECT_EQ(election.unicastTtl, standard.unicastTtl);
  EXPECT_EQ(election.leastTtl(), 255);
  EXPECT_EQ(election.trackSource, standard.trackSource);
  EXPECT_EQ(election.advertsWithVirtualMac, standard.advertsWithVirtualMac);
}

TEST(Validate, TakesEverythingThatMayBeSaid) {
  DesiredRouter router = good();
  router.version = 2;
  router.advertisementIntervalMs = 1000;
  router.linkLocalFirst = false;
  router.downTimerAdverts = 5;
  router.startupDelayMs = 2500;
  router.sourceAddress = "192.0.2.2";
  router.multicastGroup = "224.0.100.19";
  router.trackSourceAddress = true;
  router.unicastPeers = {"192.0.2.3", "203.0.113.1"};
  router.peerTTLs = {{255, 255}, {0, 64}};
  router.unicastTTL = 64;
  router.password = "secret";
  router.virtualMACInterface = "vrrp.51";
  router.advertsWithVirtualMAC = false;
  router.group = "gateway";
  router.checks = {{"web", -20, true}};
  router.interfaces = {{"eth1", 0, false}};
  router.trackPrimary = false;
  router.announcements = {{0, 5000}, 5, 60'000, 2};
  router.conflicts = "Enforce";
  router.accept = false;
  router.deadMan = true;
  router.handOver = 1767000000000;
  const RouterConfiguration out = taken(router);
  const vrrp::RouterConfig& election = out.election;
  EXPECT_FALSE(election.linkLocalFirst);
  EXPECT_EQ(election.downTimerAdverts, 5);
  EXPECT_EQ(election.startupDelay, 2500ms);
  EXPECT_EQ(wire::format(election.sourceAddress), "192.0.2.2");
  EXPECT_EQ(wire::format(election.multicastGroup), "224.0.100.19");
  EXPECT_EQ(wire::format(election.unicastPeers.at(1)), "203.0.113.1");
  EXPECT_EQ(election.authentication.type, 1);
  EXPECT_EQ(election.authentication.data, (std::array<std::uint8_t, 8>{'s', 'e', 'c', 'r', 'e', 't', 0, 0}));
  EXPECT_TRUE(election.trackSource);
  EXPECT_EQ(election.peerTtls, (std::vector<vrrp::TtlRange>{{255, 255}, {0, 64}}));
  EXPECT_EQ(election.leastTtl(), 0);
  EXPECT_EQ(election.unicastTtl, 64);
  EXPECT_FALSE(election.advertsWithVirtualMac);
  EXPECT_FALSE(election.accept);
  EXPECT_EQ(election.virtualMacInterface, "vrrp.51");
  EXPECT_EQ(election.group, "gateway");
  EXPECT_EQ(out.checks, std::vector<std::string>{"web"});
  EXPECT_EQ(election.checks.at(0), (vrrp::TrackedCheck{0, -20, true}));
  EXPECT_EQ(election.interfaces.at(0), (vrrp::TrackedInterface{"eth1", 0, false}));
  EXPECT_FALSE(election.trackPrimary);
  EXPECT_EQ(election.announcements.times, 2);
  EXPECT_EQ(election.announcements.at[1], vrrp::Duration(5s));
  EXPECT_EQ(election.announcements.copies, 5);
  EXPECT_EQ(election.announcements.refresh, vrrp::Duration(1min));
  EXPECT_EQ(election.announcements.refreshCopies, 2);
  EXPECT_EQ(election.conflicts, vrrp::ConflictPolicy::Enforce);
  EXPECT_TRUE(election.deadMan);
  EXPECT_EQ(election.handOver, 1767000000000U);
}

TEST(Validate, PutsAddressesWhereTheyStand) {
  DesiredRouter router = good();
  router.addresses = {{"192.0.2.10/24"}, {"192.0.2.11/32", "eth1", "eth1:vip", "host", "192.0.2.255"}};
  router.addresses.push_back({"2001:db8::10/64", {}, {}, {}, {}, false});
  const RouterConfiguration plain = taken(router);
  ASSERT_EQ(plain.entries.addresses.size(), 3U);
  EXPECT_EQ(plain.entries.addresses[0].interface, "eth0");
  EXPECT_EQ(plain.entries.addresses[1].interface, "eth1");
  EXPECT_EQ(plain.entries.addresses[1].label, "eth1:vip");
  EXPECT_EQ(plain.entries.addresses[1].scope, kernel::Scope::Host);
  EXPECT_EQ(wire::format(plain.entries.addresses[1].broadcast), "192.0.2.255");
  EXPECT_EQ(plain.election.addresses[0].interface, "");
  EXPECT_EQ(plain.election.addresses[1].interface, "eth1");
  EXPECT_FALSE(plain.election.addresses[2].advertised);
  router.virtualMACInterface = "vrrp.51";
  EXPECT_EQ(taken(router).entries.addresses[0].interface, "vrrp.51") << "the macvlan carries what names no interface itself";
}

TEST(Validate, TakesRoutesAndRules) {
  DesiredRouter router = good();
  DesiredRoute multipath = route();
  multipath.nextHops = {{"192.0.2.1", "eth0", 3, true}, {{}, "eth1"}};
  multipath.source = "192.0.2.10";
  multipath.metric = 4294967295.0;
  multipath.table = 1000;
  multipath.scope = "link";
  multipath.mtu = 1400;
  router.routes = {multipath,
                   {"IPv6", "::/0", "blackhole", {}},
                   {"IPv4", "10.0.0.1/32", "local", {}},
                   {"IPv4", "0.0.0.0/0", "unicast", {{"fe80::1", "eth0"}}}};
  DesiredRule marked = rule();
  marked.priority = 100;
  marked.from = "192.0.2.10/32";
  marked.to = "10.0.0.1/8";
  marked.inputInterface = "eth0";
  marked.outputInterface = "eth1";
  marked.firewallMark = 1;
  marked.firewallMask = 255;
  router.rules = {marked, {"IPv6", "prohibit"}};
  const kernel::Entries entries = taken(router).entries;
  ASSERT_EQ(entries.routes.size(), 4U);
  const kernel::RouteEntry& first = entries.routes[0];
  EXPECT_EQ(wire::format(first.destination), "198.51.100.0/24");
  EXPECT_EQ(first.nextHops, (std::vector<kernel::NextHop>{{first.nextHops[0].via, "eth0", 3, true}, {{}, "eth1", 1, false}}));
  EXPECT_EQ(wire::format(first.nextHops[0].via), "192.0.2.1");
  EXPECT_EQ(first.metric, 4294967295U);
  EXPECT_EQ(first.table, 1000U);
  EXPECT_EQ(first.scope, kernel::Scope::Link);
  EXPECT_EQ(first.mtu, 1400U);
  EXPECT_EQ(entries.routes[1].type, kernel::RouteEntry::Type::Blackhole);
  EXPECT_EQ(entries.routes[1].table, 254U) << "main";
  EXPECT_EQ(entries.routes[2].table, 255U) << "local";
  EXPECT_EQ(entries.rules[0].priority, 100U);
  EXPECT_EQ(wire::format(*entries.rules[0].from), "192.0.2.10/32");
  EXPECT_EQ(entries.rules[0].firewallMask, 255U);
  EXPECT_EQ(entries.rules[0].table, 100U);
  EXPECT_EQ(entries.rules[1].action, kernel::RuleEntry::Action::Prohibit);
}

TEST(Validate, TakesWhatStandsAlways) {
  DesiredState desired;
  desired.always.addresses = {{"192.0.2.20/24", "eth0"}};
  desired.always.routes = {route()};
  desired.always.rules = {rule()};
  desired.debugUnknownRouters = true;
  const Configuration configuration = taken(desired);
  EXPECT_EQ(configuration.always.addresses.at(0).interface, "eth0");
  EXPECT_EQ(configuration.always.routes.size(), 1U);
  EXPECT_EQ(configuration.always.rules.size(), 1U);
  EXPECT_TRUE(configuration.debugUnknownRouters);
}

struct Bad {
  const char* path;
  std::function<void(DesiredRouter&)> spoil;
};

const std::vector<Bad> kBad = {
    {"routers[1].key", [](auto& r) { r.key = ""; }},
    {"routers[1].key", [](auto& r) { r.key = "vip/IPv4"; }},  // the other one's
    {"routers[1].family", [](auto& r) { r.family = "ipv4"; }},
    {"routers[1].interface", [](auto& r) { r.interface = ""; }},
    {"routers[1].interface", [](auto& r) { r.interface = "sixteencharacter"; }},
    {"routers[1].interface", [](auto& r) { r.interface = "../eth0"; }},
    {"routers[1].interface", [](auto& r) { r.interface = ".."; }},
    {"routers[1].interface", [](auto& r) { r.interface = "eth 0"; }},
    {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 0; }},
    {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 256; }},
    {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 1.5; }},
    {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = std::nan(""); }},
    {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 51; }},  // the other one's
    {"routers[1].version", [](auto& r) { r.version = 4; }},
    {"routers[1].version",
     [](auto& r) { r.version = 2, r.family = "IPv6", r.addresses = {{"2001:db8::1/64"}}, r.advertisementIntervalMs = 1000; }},
    {"routers[1].priority", [](auto& r) { r.priority = 0; }},
    {"routers[1].priority", [](auto& r) { r.priority = 256; }},
    {"routers[1].priority", [](auto& r) { r.priority = -INFINITY; }},
    {"routers[1].advertisementIntervalMs", [](auto& r) { r.advertisementIntervalMs = 5; }},
    {"routers[1].advertisementIntervalMs", [](auto& r) { r.advertisementIntervalMs = 15; }},
    {"routers[1].advertisementIntervalMs", [](auto& r) { r.advertisementIntervalMs = 40960; }},
    {"routers[1].advertisementIntervalMs", [](auto& r) { r.version = 2, r.advertisementIntervalMs = 1500; }},
    {"routers[1].advertisementIntervalMs", [](auto& r) { r.version = 2, r.advertisementIntervalMs = 256000; }},
    {"routers[1].preemptDelayMs", [](auto& r) { r.preemptDelayMs = -1; }},
    {"routers[1].preemptDelayMs", [](auto& r) { r.preemptDelayMs = 1e18; }},
    {"routers[1].checksum", [](auto& r) { r.checksum = "auto"; }},
    {"routers[1].addresses", [](auto& r) { r.addresses = {}; }},
    {"routers[1].addresses", [](auto& r) { r.addresses.assign(4097, {"192.0.2.11/24"}); }},
    {"routers[1].addresses", [](auto& r) { r.addresses[0].advertised = false; }},  // none is left
    {"routers[1].addresses[1].address", [](auto& r) { r.addresses.push_back({"192.0.2.12"}); }},
    {"routers[1].addresses[0].address", [](auto& r) { r.addresses = {{"192.0.2.11/33"}}; }},
    {"routers[1].addresses[0].address", [](auto& r) { r.addresses = {{"2001:db8::1/64"}}; }},
    {"routers[1].addresses[0].address", [](auto& r) { r.addresses = {{"0.0.0.0/0"}}; }},
    {"routers[1].addresses[0].address", [](auto& r) { r.addresses = {{"224.0.0.18/32"}}; }},
    {"routers[1].addresses[0].address", [](auto& r) { r.addresses = {{"192.0.2.10/32"}}; }},  // the other one's
    {"routers[1].addresses[1].address",
     [](auto& r) {
       r.addresses = {{"192.0.2.11/32"}, {"192.0.2.11/24"}};
     }},
    {"routers[1].addresses[0].interface", [](auto& r) { r.addresses[0].interface = ""; }},
    {"routers[1].addresses[0].label", [](auto& r) { r.addresses[0].label = "eth0:much-too-long"; }},
    {"routers[1].addresses[0].label", [](auto& r) { r.addresses[0].label = "eth0: x"; }},
    {"routers[1].addresses[1].label",
     [](auto& r) {
       r.addresses.push_back({"2001:db8::1/64", {}, "eth0:6", {}, {}, false});
     }},
    {"routers[1].addresses[0].scope", [](auto& r) { r.addresses[0].scope = "universe"; }},
    {"routers[1].addresses[0].broadcast", [](auto& r) { r.addresses[0].broadcast = "2001:db8::ff"; }},
    {"routers[1].downTimerAdverts", [](auto& r) { r.downTimerAdverts = 0; }},
    {"routers[1].downTimerAdverts", [](auto& r) { r.downTimerAdverts = 101; }},
    {"routers[1].startupDelayMs", [](auto& r) { r.startupDelayMs = 0.5; }},
    {"routers[1].sourceAddress", [](auto& r) { r.sourceAddress = "192.0.2"; }},
    {"routers[1].sourceAddress", [](auto& r) { r.sourceAddress = "fe80::1"; }},
    {"routers[1].multicastGroup", [](auto& r) { r.multicastGroup = "192.0.2.1"; }},
    {"routers[1].multicastGroup", [](auto& r) { r.multicastGroup = "ff02::12"; }},
    {"routers[1].unicastPeers[1]",
     [](auto& r) {
       r.unicastPeers = {"192.0.2.3", "224.0.0.18"};
     }},
    {"routers[1].unicastPeers[1]",
     [](auto& r) {
       r.unicastPeers = {"192.0.2.3", "192.0.2.3"};
     }},
    {"routers[1].unicastPeers", [](auto& r) { r.unicastPeers.assign(257, "192.0.2.3"); }},
    {"routers[1].password", [](auto& r) { r.password = "secret"; }},  // version 3
    {"routers[1].password", [](auto& r) { r.version = 2, r.advertisementIntervalMs = 1000, r.password = ""; }},
    {"routers[1].password", [](auto& r) { r.version = 2, r.advertisementIntervalMs = 1000, r.password = "ninebytes"; }},
    {"routers[1].virtualMACInterface", [](auto& r) { r.virtualMACInterface = "a/b"; }},
    {"routers[1].virtualMACInterface", [](auto& r) { r.virtualMACInterface = "eth0"; }},
    {"routers[1].group", [](auto& r) { r.group = ""; }},
    {"routers[1].checks[0].check",
     [](auto& r) {
       r.checks = {{"", 1, false}};
     }},
    {"routers[1].checks[1].check",
     [](auto& r) {
       r.checks = {{"web", 1, false}, {"web", 2, false}};
     }},
    {"routers[1].checks[0].weight",
     [](auto& r) {
       r.checks = {{"web", 254, false}};
     }},
    {"routers[1].checks[0].weight",
     [](auto& r) {
       r.checks = {{"web", -254, false}};
     }},
    {"routers[1].interfaces[0].interface",
     [](auto& r) {
       r.interfaces = {{"a/b", 1, false}};
     }},
    {"routers[1].interfaces[0].weight",
     [](auto& r) {
       r.interfaces = {{"eth1", 1.5, false}};
     }},
    {"routers[1].announcements.atMs",
     [](auto& r) {
       r.announcements = {{0, 1, 2, 3, 4, 5, 6}};
     }},
    {"routers[1].announcements.atMs[1]",
     [](auto& r) {
       r.announcements = {{5, 5}};
     }},
    {"routers[1].announcements.atMs[0]", [](auto& r) { r.announcements = {{-5}}; }},
    {"routers[1].announcements.copies",
     [](auto& r) {
       r.announcements = {{0}, 0};
     }},
    {"routers[1].announcements.refreshMs",
     [](auto& r) {
       r.announcements = {{0}, 1, -1};
     }},
    {"routers[1].announcements.refreshCopies",
     [](auto& r) {
       r.announcements = {{0}, 1, 0, 256};
     }},
    {"routers[1].unicastTTL", [](auto& r) { r.unicastTTL = 0; }},
    {"routers[1].peerTTLs", [](auto& r) { r.peerTTLs = {{0, 255}}; }},
    {"routers[1].peerTTLs[0].maximum",
     [](auto& r) {
       r.unicastPeers = {"192.0.2.3"};
       r.peerTTLs = {{0, 256}};
     }},
    {"routers[1].conflicts", [](auto& r) { r.conflicts = "off"; }},
    {"routers[1].handOver", [](auto& r) { r.handOver = -1; }},
    {"routers[1].routes[0].family", [](auto& r) { r.routes = {route()}, r.routes[0].family = "IPX"; }},
    {"routers[1].routes[0].destination", [](auto& r) { r.routes = {route()}, r.routes[0].destination = "198.51.100.1/24"; }},
    {"routers[1].routes[0].destination", [](auto& r) { r.routes = {route()}, r.routes[0].destination = "2001:db8::/64"; }},
    {"routers[1].routes[0].type", [](auto& r) { r.routes = {route()}, r.routes[0].type = "throw"; }},
    {"routers[1].routes[0].nextHops", [](auto& r) { r.routes = {route()}, r.routes[0].nextHops = {}; }},
    {"routers[1].routes[0].nextHops", [](auto& r) { r.routes = {route()}, r.routes[0].type = "blackhole"; }},
    {"routers[1].routes[0].nextHops",
     [](auto& r) {
       r.routes = {route()}, r.routes[0].type = "local", r.routes[0].nextHops = {{{}, "eth0"}, {{}, "eth1"}};
     }},
    {"routers[1].routes[0].nextHops[0]", [](auto& r) { r.routes = {route()}, r.routes[0].nextHops = {{}}; }},
    {"routers[1].routes[0].nextHops[0].via", [](auto& r) { r.routes = {route()}, r.routes[0].nextHops[0].via = "here"; }},
    {"routers[1].routes[0].nextHops[0].weight", [](auto& r) { r.routes = {route()}, r.routes[0].nextHops[0].weight = 257; }},
    {"routers[1].routes[0].source", [](auto& r) { r.routes = {route()}, r.routes[0].source = "fe80::1"; }},
    {"routers[1].routes[0].metric", [](auto& r) { r.routes = {route()}, r.routes[0].metric = 4294967296.0; }},
    {"routers[1].routes[0].table", [](auto& r) { r.routes = {route()}, r.routes[0].table = 0; }},
    {"routers[1].routes[0].scope", [](auto& r) { r.routes = {route()}, r.routes[0].scope = "254"; }},
    {"routers[1].routes[0].mtu", [](auto& r) { r.routes = {route()}, r.routes[0].mtu = 67; }},
    {"routers[1].rules[0].action", [](auto& r) { r.rules = {rule()}, r.rules[0].action = "goto"; }},
    {"routers[1].rules[0].table", [](auto& r) { r.rules = {rule()}, r.rules[0].table = {}; }},
    {"routers[1].rules[0].table", [](auto& r) { r.rules = {rule()}, r.rules[0].action = "prohibit"; }},
    {"routers[1].rules[0].from", [](auto& r) { r.rules = {rule()}, r.rules[0].from = "::1/128"; }},
    {"routers[1].rules[0].inputInterface", [](auto& r) { r.rules = {rule()}, r.rules[0].inputInterface = ""; }},
    {"routers[1].rules[0].firewallMask", [](auto& r) { r.rules = {rule()}, r.rules[0].firewallMask = 1; }},
    {"routers[1].rules[0].priority", [](auto& r) { r.rules = {rule()}, r.rules[0].priority = 1e12; }},
};

TEST(Validate, NamesTheFieldThatIsWrong) {
  for (const Bad& bad : kBad) {
    DesiredRouter second = good();
    second.key = "second";
    second.virtualRouterID = 52;
    second.addresses = {{"192.0.2.11/24"}};
    bad.spoil(second);
    const FieldProblem problem = refused({{good(), second}, {}, false});
    EXPECT_EQ(problem.path, bad.path) << problem.message << " case " << (&bad - kBad.data());
    EXPECT_FALSE(problem.message.empty());
  }
}

TEST(Validate, NamesTheFieldOfWhatStandsAlways) {
  DesiredState desired{{good()}, {}, false};
  desired.always.addresses = {{"192.0.2.20/24"}};
  EXPECT_EQ(refused(desired).path, "static.addresses[0].interface");
  desired.always.addresses = {{"192.0.2.10/32", "eth0"}};
  EXPECT_EQ(refused(desired).path, "static.addresses[0].address") << "a virtual router's";
  desired.always.addresses = {};
  desired.always.routes = {route(), {"IPv4", "10.0.0.0/8", "unicast", {}}};
  EXPECT_EQ(refused(desired).path, "static.routes[1].nextHops");
}

TEST(Validate, TakesDelaysOfInterfacesEachOnce) {
  DesiredState desired{{good()}, {}, false, false, {{"eth0", 500, 0}, {"eth1", 0, 2000}}};
  const auto delays = taken(desired).linkDelays;
  ASSERT_EQ(delays.size(), 2U);
  EXPECT_EQ(delays[0].interface, "eth0");
  EXPECT_EQ(delays[0].down, 500ms);
  EXPECT_EQ(delays[1].up, 2s);
  desired.interfaces[1].name = "eth0";
  EXPECT_EQ(refused(desired).path, "interfaces[1].name");
  desired.interfaces[1] = {"eth1", -1, 0};
  EXPECT_EQ(refused(desired).path, "interfaces[1].downDelayMs");
}

TEST(Validate, TakesPacesOfAnnouncementsInMicroseconds) {
  DesiredState desired{{good()}, {}, false, false, {}, {{{"eth0", "eth1"}, 1500.0, {}}, {{}, {}, 100.0}}};
  const auto paces = taken(desired).paces;
  ASSERT_EQ(paces.size(), 2U);
  EXPECT_EQ(paces[0].interfaces, (std::vector<std::string>{"eth0", "eth1"}));
  EXPECT_EQ(paces[0].gratuitousArp, 1500us);
  EXPECT_EQ(paces[0].unsolicitedNa, 0us);
  EXPECT_EQ(paces[1].unsolicitedNa, 100us);
  desired.announcementPacing[1].unsolicitedNaUs = 99;
  EXPECT_EQ(refused(desired).path, "announcementPacing[1].unsolicitedNAUs");
  desired.announcementPacing[0].interfaces[1] = "a b";
  EXPECT_EQ(refused(desired).path, "announcementPacing[0].interfaces[1]");
}

TEST(Validate, RefusesOneMacvlanForTwo) {
  DesiredRouter first = good();
  first.virtualMACInterface = "vrrp.51";
  DesiredRouter second = first;
  second.key = "second";
  second.virtualRouterID = 52;
  second.addresses = {{"192.0.2.11/24"}};
  EXPECT_EQ(refused({{first, second}, {}, false}).path, "routers[1].virtualMACInterface");
}

TEST(Validate, RepeatsNoPassword) {
  DesiredRouter router = good();
  router.version = 2;
  router.advertisementIntervalMs = 1000;
  router.password = "topsecret";
  EXPECT_EQ(refused({{router}, {}, false}).message, "must have 1 to 8 bytes");
}

TEST(Validate, WordsNumbersAndChoicesAsPeopleDo) {
  DesiredRouter router = good();
  router.advertisementIntervalMs = 105;
  EXPECT_EQ(refused({{router}, {}, false}).message, "must be a multiple of 10 from 10 to 40950, not 105");
  router = good();
  router.conflicts = "On";
  EXPECT_EQ(refused({{router}, {}, false}).message, "must be Off, Report or Enforce, not \"On\"");
}

TEST(Validate, OneVridServesBothFamiliesAndSeveralInterfaces) {
  DesiredRouter v6 = good();
  v6.key = "vip/IPv6";
  v6.family = "IPv6";
  v6.addresses = {{"2001:db8::10/64"}};
  DesiredRouter elsewhere = good();
  elsewhere.key = "other";
  elsewhere.interface = "eth1";
  EXPECT_EQ(taken(DesiredState{{good(), v6, elsewhere}, {}, false}).routers.size(), 3U);
}

}  // namespace
}  // namespace aloft::runtime
