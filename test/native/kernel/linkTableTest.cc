#include "kernel/linkTable.h"

#include <gtest/gtest.h>

namespace aloft::kernel {
namespace {

wire::IpPrefix prefix(const char* text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

wire::LinkMessage link(std::uint32_t index, const char* name, std::uint32_t flags = wire::kLinkUp | wire::kLinkRunning) {
  wire::LinkMessage message;
  message.index = index;
  message.name = name;
  message.flags = flags;
  message.kind = "veth";
  return message;
}

wire::AddressMessage address(std::uint32_t index, const char* text, bool removed = false) {
  wire::AddressMessage message;
  message.index = index;
  message.prefix = prefix(text);
  message.removed = removed;
  return message;
}

TEST(LinkTable, FindsLinksByIndexAndName) {
  LinkTable table;
  EXPECT_TRUE(table.apply(link(7, "eth0")));
  ASSERT_NE(table.find(7), nullptr);
  EXPECT_EQ(table.find("eth0"), table.find(7));
  EXPECT_EQ(table.find("eth1"), nullptr);
  EXPECT_TRUE(table.find(7)->up);
}

TEST(LinkTable, TheSameMessageTwiceChangesNothing) {
  LinkTable table;
  EXPECT_TRUE(table.apply(link(7, "eth0")));
  EXPECT_FALSE(table.apply(link(7, "eth0")));
  EXPECT_TRUE(table.apply(address(7, "192.0.2.1/24")));
  EXPECT_FALSE(table.apply(address(7, "192.0.2.1/24")));
}

TEST(LinkTable, CarrierLossIsAChangeAndKeepsAddresses) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  table.apply(address(7, "192.0.2.1/24"));
  EXPECT_TRUE(table.apply(link(7, "eth0", wire::kLinkUp)));
  EXPECT_FALSE(table.find(7)->up);
  EXPECT_EQ(table.find(7)->addresses.size(), 1U);
}

TEST(LinkTable, ARenamedLinkIsFoundUnderItsNewNameOnly) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  EXPECT_TRUE(table.apply(link(7, "uplink")));
  EXPECT_EQ(table.find("eth0"), nullptr);
  EXPECT_EQ(table.find("uplink"), table.find(7));
}

TEST(LinkTable, TwoLinksThatSwapNamesAreBothFound) {
  LinkTable table;
  table.apply(link(1, "a"));
  table.apply(link(2, "b"));
  table.apply(link(1, "tmp"));
  table.apply(link(2, "a"));
  table.apply(link(1, "b"));
  EXPECT_EQ(table.find("a"), table.find(2));
  EXPECT_EQ(table.find("b"), table.find(1));
  EXPECT_EQ(table.find("tmp"), nullptr);
}

TEST(LinkTable, ANewLinkUnderTheNameOfARemovedOneIsAnotherOne) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  table.apply(address(7, "192.0.2.1/24"));
  wire::LinkMessage gone = link(7, "eth0");
  gone.removed = true;
  EXPECT_TRUE(table.apply(gone));
  EXPECT_FALSE(table.apply(gone));
  EXPECT_EQ(table.find("eth0"), nullptr);
  table.apply(link(9, "eth0"));
  EXPECT_TRUE(table.find("eth0")->addresses.empty());
}

TEST(LinkTable, AMessageWithoutKindKeepsIt) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  wire::LinkMessage plain = link(7, "eth0");
  plain.kind = "";
  EXPECT_FALSE(table.apply(plain));
  EXPECT_EQ(table.find(7)->kind, "veth");
}

TEST(LinkTable, AnAddressIsOneWithItsPrefixLength) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  table.apply(address(7, "192.0.2.1/24"));
  EXPECT_TRUE(table.apply(address(7, "192.0.2.1/32")));
  EXPECT_TRUE(table.apply(address(7, "192.0.2.1/24", true)));
  EXPECT_EQ(table.find(7)->find(prefix("192.0.2.1/24")), nullptr);
  EXPECT_NE(table.find(7)->find(prefix("192.0.2.1/32")), nullptr);
}

TEST(LinkTable, AnAddressThatLosesItsMarkIsAChange) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  wire::AddressMessage ours = address(7, "192.0.2.9/32");
  ours.protocol = wire::kAloftAddress;
  table.apply(ours);
  EXPECT_TRUE(table.find(7)->find(prefix("192.0.2.9/32"))->isMarked());
  EXPECT_TRUE(table.apply(address(7, "192.0.2.9/32")));
  EXPECT_FALSE(table.find(7)->find(prefix("192.0.2.9/32"))->isMarked());
}

TEST(LinkTable, ALabelThatIsTheLinksNameIsNone) {
  LinkTable table;
  table.apply(link(7, "eth0"));
  wire::AddressMessage message = address(7, "192.0.2.1/24");
  message.label = "eth0";
  table.apply(message);
  EXPECT_EQ(table.find(7)->find(prefix("192.0.2.1/24"))->label, "");
  message.label = "eth0:vip";
  EXPECT_TRUE(table.apply(message));
  EXPECT_EQ(table.find(7)->find(prefix("192.0.2.1/24"))->label, "eth0:vip");
}

TEST(LinkTable, AMacvlanIsKnownByItsAliasAndWhatItStandsOn) {
  LinkTable table;
  wire::LinkMessage macvlan = link(8, "v4-51-eth0", 0);
  macvlan.alias = "aloft";
  macvlan.parent = 7;
  table.apply(macvlan);
  EXPECT_EQ(table.find(8)->alias, "aloft");
  EXPECT_EQ(table.find(8)->parent, 7u);
  EXPECT_FALSE(table.find(8)->raised);
  macvlan.flags = wire::kLinkUp;
  EXPECT_TRUE(table.apply(macvlan));
  EXPECT_TRUE(table.find(8)->raised);
  EXPECT_FALSE(table.find(8)->up);
}

TEST(Contains, ComparesAsManyBitsAsTheSubnetHas) {
  const std::tuple<const char*, const char*, bool> table[] = {
      {"192.0.2.0/24", "192.0.2.77/32", true},         {"192.0.2.9/24", "192.0.3.1/32", false},
      {"10.1.128.0/17", "10.1.200.1/32", true},        {"10.1.128.0/17", "10.1.127.1/32", false},
      {"0.0.0.0/0", "203.0.113.1/32", true},           {"192.0.2.1/32", "192.0.2.1/32", true},
      {"192.0.2.1/32", "192.0.2.3/32", false},         {"2001:db8::/61", "2001:db8:0:7::1/128", true},
      {"2001:db8::/61", "2001:db8:0:8::1/128", false}, {"2001:db8::1/128", "2001:db8::1/128", true},
      {"0.0.0.0/0", "2001:db8::1/128", false},
  };
  for (const auto& [subnet, inside, result] : table)
    EXPECT_EQ(contains(prefix(subnet), prefix(inside).address), result) << subnet << " " << inside;
}

TEST(LinkTable, AddressesOfUnknownLinksAndRemovalsOfUnknownAddressesChangeNothing) {
  LinkTable table;
  EXPECT_FALSE(table.apply(address(7, "192.0.2.1/24")));
  table.apply(link(7, "eth0"));
  EXPECT_FALSE(table.apply(address(7, "192.0.2.1/24", true)));
}

}  // namespace
}  // namespace aloft::kernel
