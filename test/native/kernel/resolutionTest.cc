#include "kernel/resolution.h"

#include "text.h"

namespace aloft::kernel {
namespace {

using test::ip;
using test::prefix;

constexpr std::uint32_t kEth0 = 2;
constexpr std::uint32_t kMacvlan = 5;

void addLink(LinkTable& table, std::uint32_t index, const char* name, const char* kind = "", std::uint32_t parent = 0) {
  wire::LinkMessage link;
  link.index = index;
  link.name = name;
  link.kind = kind;
  link.parent = parent;
  table.apply(link);
}

void addAddress(LinkTable& table, std::uint32_t index, const char* text, std::uint8_t protocol = 0) {
  wire::AddressMessage address;
  address.index = index;
  address.prefix = prefix(text);
  address.protocol = protocol;
  table.apply(address);
}

LinkTable links() {
  LinkTable table;
  addLink(table, kEth0, "eth0");
  addLink(table, kMacvlan, "v4-51-eth0", "macvlan", kEth0);
  return table;
}

const HostRoutesWork kEverywhere = [](const Link&) { return true; };
const HostRoutesWork kNowhere = [](const Link&) { return false; };

std::vector<AddressEntry> many(std::size_t count, std::uint8_t length, const char* interface = "eth0") {
  std::vector<AddressEntry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    AddressEntry entry;
    entry.prefix = {{wire::Family::IPv4, {10, 1, static_cast<std::uint8_t>(i / 250), static_cast<std::uint8_t>(i % 250 + 1)}}, length};
    entry.interface = interface;
    entries.push_back(entry);
  }
  return entries;
}

std::vector<PlacedAddress> resolved(const std::vector<AddressEntry>& entries, const LinkTable& table,
                                    const HostRoutesWork& work = kEverywhere) {
  std::vector<std::string> missing;
  auto addresses = resolve(entries, table, work, missing);
  EXPECT_TRUE(missing.empty());
  return addresses;
}

std::size_t hostRoutes(const std::vector<PlacedAddress>& addresses) {
  return static_cast<std::size_t>(std::count_if(addresses.begin(), addresses.end(), [](const auto& a) { return a.form.hostRoute; }));
}

TEST(ResolveAddresses, FindsTheLinkAndKeepsTheForm) {
  AddressEntry entry{prefix("192.0.2.10/24"), "eth0", "eth0:vip", Scope::Link, ip("192.0.2.255")};
  const auto addresses = resolved({entry}, links());
  ASSERT_EQ(addresses.size(), 1U);
  EXPECT_EQ(addresses[0].place, (HeldAddress{kEth0, prefix("192.0.2.10/24")}));
  EXPECT_EQ(addresses[0].form.label, "eth0:vip");
  EXPECT_EQ(addresses[0].form.scope, 253);
  EXPECT_EQ(addresses[0].form.broadcast, ip("192.0.2.255"));
  EXPECT_FALSE(addresses[0].form.hostRoute);
}

TEST(ResolveAddresses, NamesEachMissingLinkOnce) {
  auto entries = many(3, 32, "eth9");
  entries.push_back(many(1, 32)[0]);
  std::vector<std::string> missing;
  EXPECT_EQ(resolve(entries, links(), kEverywhere, missing).size(), 1U);
  EXPECT_EQ(missing, std::vector<std::string>{"eth9"});
}

TEST(ResolveAddresses, FewAreAddressesAndManyAreHostRoutes) {
  EXPECT_EQ(hostRoutes(resolved(many(64, 32), links())), 0U);
  EXPECT_EQ(hostRoutes(resolved(many(65, 32), links())), 65U);
  EXPECT_EQ(hostRoutes(resolved(many(1000, 32), links(), kNowhere)), 0U);
}

TEST(ResolveAddresses, ManyOnOneLinkDoNotTurnTheFewOnAnother) {
  auto entries = many(65, 32);
  entries.push_back({prefix("10.2.0.1/32"), "v4-51-eth0", "", {}, {}});
  const auto addresses = resolved(entries, links());
  EXPECT_EQ(hostRoutes(addresses), 65U);
  EXPECT_FALSE(addresses.back().form.hostRoute);
}

TEST(ResolveAddresses, OneOfASubnetStaysAnAddressUnlessSomebodyElsesIsThere) {
  EXPECT_EQ(hostRoutes(resolved(many(200, 16), links())), 199U);
  LinkTable populated = links();
  addAddress(populated, kEth0, "10.1.255.1/16");
  EXPECT_EQ(hostRoutes(resolved(many(200, 16), populated)), 200U);
  LinkTable ours = links();
  addAddress(ours, kEth0, "10.1.255.1/16", wire::kAloftAddress);
  EXPECT_EQ(hostRoutes(resolved(many(200, 16), ours)), 199U) << "ours may go";
  LinkTable wider = links();
  addAddress(wider, kEth0, "10.1.255.1/8");
  EXPECT_EQ(hostRoutes(resolved(many(200, 16), wider)), 199U) << "another subnet";
}

TEST(ResolveAddresses, WhatAsksForMoreThanAHostRouteCanIsAnAddress) {
  auto entries = many(100, 32);
  entries[3].label = "eth0:vip";
  entries[4].scope = Scope::Link;
  entries[5].broadcast = ip("10.1.0.255");
  entries[6].prefix = prefix("fe80::1/128");
  const auto addresses = resolved(entries, links());
  EXPECT_EQ(hostRoutes(addresses), 96U);
  for (const std::size_t i : {3U, 4U, 5U, 6U}) EXPECT_FALSE(addresses[i].form.hostRoute) << i;
}

TEST(ResolveAddresses, OnAMacvlanMakeNoSecondRouteToTheSubnetOfTheLinkBelow) {
  LinkTable table = links();
  addAddress(table, kEth0, "192.0.2.1/24");
  const AddressEntry inside{prefix("192.0.2.10/24"), "v4-51-eth0", "", {}, {}};
  const AddressEntry outside{prefix("198.51.100.10/24"), "v4-51-eth0", "", {}, {}};
  const AddressEntry onEth0{prefix("192.0.2.11/24"), "eth0", "", {}, {}};
  const auto addresses = resolved({inside, outside, onEth0}, table);
  EXPECT_TRUE(addresses[0].form.withoutRoute);
  EXPECT_FALSE(addresses[1].form.withoutRoute) << "the only route to its subnet";
  EXPECT_FALSE(addresses[2].form.withoutRoute);
}

TEST(ResolveRoute, CompletesItAsTheKernelWould) {
  struct Row {
    const char* what;
    RouteEntry entry;
    std::uint8_t scope;
    std::uint32_t metric;
  };
  const auto entry = [](const char* destination, std::vector<NextHop> hops, RouteEntry::Type type = RouteEntry::Type::Unicast) {
    RouteEntry route;
    route.destination = prefix(destination);
    route.nextHops = std::move(hops);
    route.type = type;
    return route;
  };
  const NextHop direct{{}, "eth0", 1, false};
  const NextHop gateway{ip("192.0.2.1"), "eth0", 1, false};
  const Row table[] = {
      {"on the link", entry("10.0.0.0/8", {direct}), wire::kScopeLink, 0},
      {"by a gateway", entry("10.0.0.0/8", {gateway}), wire::kScopeGlobal, 0},
      {"by two links", entry("10.0.0.0/8", {direct, direct}), wire::kScopeGlobal, 0},
      {"nowhere", entry("10.0.0.0/8", {}, RouteEntry::Type::Blackhole), wire::kScopeGlobal, 0},
      {"here", entry("10.0.0.0/8", {direct}, RouteEntry::Type::Local), wire::kScopeHost, 0},
      {"IPv6", entry("2001:db8::/32", {direct}), wire::kScopeGlobal, 1024},
  };
  for (const Row& row : table) {
    std::string missing;
    const auto route = resolve(row.entry, links(), missing);
    ASSERT_TRUE(route) << row.what;
    EXPECT_EQ(route->scope, row.scope) << row.what;
    EXPECT_EQ(route->metric, row.metric) << row.what;
    EXPECT_EQ(route->protocol, wire::kAloftProtocol) << row.what;
    EXPECT_EQ(route->hops.size(), row.entry.nextHops.size()) << row.what;
  }
}

TEST(ResolveRoute, NamesAMissingLink) {
  RouteEntry entry;
  entry.destination = prefix("10.0.0.0/8");
  entry.nextHops = {{{}, "eth9", 1, false}};
  std::string missing;
  EXPECT_FALSE(resolve(entry, links(), missing));
  EXPECT_EQ(missing, "eth9");
}

TEST(ResolveRule, GivesAMarkTheWholeMask) {
  RuleEntry entry;
  entry.firewallMark = 7;
  entry.table = 100;
  EXPECT_EQ(resolve(entry).mask, 0xffffffffU);
  entry.firewallMask = 0xf;
  EXPECT_EQ(resolve(entry).mask, 0xfU);
  entry.action = RuleEntry::Action::Prohibit;
  EXPECT_EQ(resolve(entry).table, 0U);
}

}  // namespace
}  // namespace aloft::kernel
