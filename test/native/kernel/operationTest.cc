#include "kernel/operation.h"

#include <cerrno>

#include "text.h"

namespace aloft::kernel {
namespace {

using test::ip;
using test::prefix;
using Kind = AddressOperation::Kind;

const Operation kAddAddress = AddressOperation{Kind::Add, {{2, prefix("192.0.2.10/24")}, {}}};
const Operation kRemoveAddress = AddressOperation{Kind::Remove, {{2, prefix("192.0.2.10/24")}, {}}};

LinkTable links() {
  LinkTable table;
  wire::LinkMessage link;
  link.index = 2;
  link.name = "eth0";
  table.apply(link);
  return table;
}

wire::Route route() {
  wire::Route route;
  route.destination = prefix("10.0.0.0/8");
  route.hops = {{2, ip("192.0.2.1"), 1, false}};
  return route;
}

TEST(Operation, WhatIsAsWantedAlreadyIsASuccess) {
  EXPECT_EQ(interpret(kAddAddress, 0).error, 0);
  EXPECT_TRUE(interpret(kAddAddress, EEXIST).existed);
  EXPECT_EQ(interpret(kAddAddress, EEXIST).error, 0);
  EXPECT_EQ(interpret(kAddAddress, EADDRNOTAVAIL).error, EADDRNOTAVAIL);
  EXPECT_EQ(interpret(kAddAddress, ENODEV).error, ENODEV);
  EXPECT_EQ(interpret(kRemoveAddress, EADDRNOTAVAIL).error, 0);
  EXPECT_EQ(interpret(kRemoveAddress, ENODEV).error, 0);
  EXPECT_EQ(interpret(kRemoveAddress, EPERM).error, EPERM);
  EXPECT_EQ(interpret(RouteOperation{false, route()}, ESRCH).error, 0);
  EXPECT_EQ(interpret(RouteOperation{true, route()}, ENETDOWN).error, ENETDOWN);
  EXPECT_EQ(interpret(RuleOperation{false, {}}, ENOENT).error, 0);
  EXPECT_EQ(interpret(LinkOperation{false, 2}, ENODEV).error, 0);
  EXPECT_EQ(interpret(LinkOperation{true, 2}, ENODEV).error, ENODEV);
}

TEST(Operation, IsToldInWords) {
  wire::Route multipath = route();
  multipath.hops.push_back({7, ip("192.0.2.2"), 2, false});
  multipath.table = 100;
  multipath.metric = 5;
  wire::Route nowhere;
  nowhere.destination = prefix("2001:db8::/32");
  nowhere.type = wire::kRouteBlackhole;
  wire::Rule rule;
  rule.priority = 500;
  rule.from = prefix("192.0.2.10/32");
  rule.mark = 16;
  rule.mask = 255;
  rule.table = 100;
  wire::Rule prohibit;
  prohibit.action = wire::kRuleProhibit;
  prohibit.to = prefix("10.0.0.0/8");
  const std::pair<Operation, const char*> table[] = {
      {kAddAddress, "add 192.0.2.10/24 to eth0"},
      {kRemoveAddress, "remove 192.0.2.10/24 from eth0"},
      {AddressOperation{Kind::Replace, {{9, prefix("192.0.2.10/24")}, {}}}, "replace 192.0.2.10/24 on interface 9"},
      {RouteOperation{true, route()}, "add route 10.0.0.0/8 via 192.0.2.1 dev eth0"},
      {RouteOperation{false, multipath},
       "remove route 10.0.0.0/8 nexthop via 192.0.2.1 dev eth0 nexthop via 192.0.2.2 dev interface 7 metric 5 table 100"},
      {RouteOperation{true, nowhere}, "add route blackhole 2001:db8::/32"},
      {RuleOperation{true, rule}, "add rule 500 from 192.0.2.10/32 fwmark 16/255 lookup 100"},
      {RuleOperation{true, prohibit}, "add rule from all to 10.0.0.0/8 prohibit"},
      {LinkOperation{true, 2}, "set eth0 up"},
  };
  for (const auto& [operation, text] : table) EXPECT_EQ(describe(operation, links()), text);
  EXPECT_EQ(nameOf(kRemoveAddress), "remove address");
  EXPECT_EQ(nameOf(RouteOperation{true, route()}), "add route");
  EXPECT_EQ(nameOf(RuleOperation{false, rule}), "remove rule");
  EXPECT_EQ(nameOf(LinkOperation{false, 2}), "set link down");
}

}  // namespace
}  // namespace aloft::kernel
