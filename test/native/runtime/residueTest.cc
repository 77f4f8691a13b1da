#include "runtime/residue.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

constexpr std::uint32_t kEth0 = 2;
constexpr vrrp::RouterId kRouter = 7;

wire::IpPrefix prefix(const char* text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

kernel::LinkTable links(const char* address, bool marked) {
  kernel::LinkTable table;
  wire::LinkMessage link;
  link.index = kEth0;
  link.name = "eth0";
  table.apply(link);
  wire::AddressMessage message;
  message.index = kEth0;
  message.prefix = prefix(address);
  message.protocol = marked ? wire::kAloftAddress : 0;
  table.apply(message);
  return table;
}

Assignments assignments(const char* address) {
  Assignments all;
  Assignment& router = all.routers.emplace_back();
  router.router = kRouter;
  router.interface = "eth0";
  router.virtualRouterId = 51;
  kernel::AddressEntry entry;
  entry.prefix = prefix(address);
  entry.interface = "eth0";
  router.entries.addresses = {entry};
  return all;
}

const kernel::RouteDump kNoRoutes;

const std::vector<JournalEntry> kJournal = {{"eth0", prefix("192.0.2.10/24")}};
const kernel::HeldAddress kHeld = {kEth0, prefix("192.0.2.10/24")};

TEST(Residue, OfAVirtualRouterIsAdoptedForIt) {
  Inventory inventory;
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.10/24", true), kNoRoutes, assignments("192.0.2.10/24"), inventory);
  ASSERT_EQ(inventory.addresses.heldBy(kRouter).size(), 1U);
  EXPECT_EQ(residue.takeOwners(), std::vector<kernel::Owner>{kRouter});
  EXPECT_TRUE(residue.takeOwners().empty());
}

TEST(Residue, OfNoVirtualRouterBelongsToNobody) {
  Inventory inventory;
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.10/24", true), kNoRoutes, assignments("192.0.2.99/24"), inventory);
  EXPECT_EQ(inventory.addresses.heldBy(kernel::kNobody).size(), 1U);
  EXPECT_EQ(residue.takeOwners(), std::vector<kernel::Owner>{kernel::kNobody});
}

TEST(Residue, WithoutOurMarkIsSomebodyElses) {
  Inventory inventory;
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.10/24", false), kNoRoutes, assignments("192.0.2.10/24"), inventory);
  EXPECT_FALSE(inventory.addresses.holds(kHeld));
  EXPECT_TRUE(residue.takeOwners().empty());
}

TEST(Residue, IsKnownByTheJournalAloneWhereTheKernelHasNoMarks) {
  Inventory inventory;
  Residue residue(kJournal, false);
  residue.adopt(links("192.0.2.10/24", false), kNoRoutes, assignments("192.0.2.10/24"), inventory);
  EXPECT_TRUE(inventory.addresses.holds(kHeld));
}

TEST(Residue, WithOurMarkButNotInTheJournalIsAnotherAgents) {
  Inventory inventory;
  Residue residue({}, true);
  residue.adopt(links("192.0.2.10/24", true), kNoRoutes, assignments("192.0.2.99/24"), inventory);
  EXPECT_FALSE(inventory.addresses.holds(kHeld));
}

TEST(Residue, IsOfThePast) {
  Inventory inventory;
  Residue residue(kJournal, true);
  residue.adopt(kernel::LinkTable(), kNoRoutes, assignments("192.0.2.10/24"), inventory);
  residue.adopt(links("192.0.2.10/24", true), kNoRoutes, assignments("192.0.2.10/24"), inventory);
  EXPECT_FALSE(inventory.addresses.holds(kHeld));
}

TEST(Residue, KnowsAHostRouteByJournalAndProtocol) {
  Inventory inventory;
  kernel::RouteDump routes;
  routes.routes = {kernel::hostRoute(prefix("192.0.2.10/24").address), kernel::hostRoute(prefix("192.0.2.77/24").address)};
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.1/24", false), routes, assignments("192.0.2.10/24"), inventory);
  ASSERT_NE(inventory.addresses.formOf(kHeld), nullptr);
  EXPECT_TRUE(inventory.addresses.formOf(kHeld)->hostRoute);
  EXPECT_EQ(inventory.addresses.all().size(), 1U) << "the other one is another agent's";
  EXPECT_TRUE(inventory.routes.empty());
}

TEST(Residue, KeepsTheFormOfAnAddress) {
  Inventory inventory;
  kernel::LinkTable table = links("192.0.2.10/24", true);
  wire::AddressMessage labelled;
  labelled.index = kEth0;
  labelled.prefix = prefix("192.0.2.10/24");
  labelled.protocol = wire::kAloftAddress;
  labelled.label = "eth0:vip";
  labelled.scope = wire::kScopeLink;
  table.apply(labelled);
  Residue residue(kJournal, true);
  residue.adopt(table, kNoRoutes, assignments("192.0.2.10/24"), inventory);
  ASSERT_NE(inventory.addresses.formOf(kHeld), nullptr);
  EXPECT_EQ(inventory.addresses.formOf(kHeld)->label, "eth0:vip");
  EXPECT_EQ(inventory.addresses.formOf(kHeld)->scope, wire::kScopeLink);
}

TEST(Residue, OfRoutesAndRulesGoesToWhoeverWantsThem) {
  Assignments wanted = assignments("192.0.2.10/24");
  kernel::RouteEntry routed;
  routed.destination = prefix("198.51.100.0/24");
  routed.type = kernel::RouteEntry::Type::Blackhole;
  wanted.routers[0].entries.routes = {routed};
  kernel::RuleEntry ruled;
  ruled.from = prefix("192.0.2.10/32");
  ruled.table = 100;
  wanted.always.rules = {ruled};

  kernel::RouteDump there;
  std::string missing;
  const wire::Route route = *kernel::resolve(routed, {}, missing);
  wire::Route stray = route;
  stray.destination = prefix("203.0.113.0/24");
  there.routes = {route, stray};
  wire::Rule rule = kernel::resolve(ruled);
  rule.priority = 32765;
  there.rules = {rule};
  Inventory inventory;
  Residue residue({}, true);
  residue.adopt(links("192.0.2.1/24", false), there, wanted, inventory);
  EXPECT_EQ(inventory.routes.owners(), (std::vector<kernel::Owner>{kernel::kNobody, kRouter}));
  EXPECT_EQ(inventory.rules.owners(), std::vector<kernel::Owner>{kernel::kStatic});
  EXPECT_TRUE(inventory.rules.holds(kernel::resolve(ruled))) << "as it is wanted, so that no plan sets it again";
  EXPECT_EQ(residue.takeOwners().size(), 3U);
}

}  // namespace
}  // namespace aloft::runtime
