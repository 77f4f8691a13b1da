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

TEST(LinkTable, AddressesOfUnknownLinksAndRemovalsOfUnknownAddressesChangeNothing) {
  LinkTable table;
  EXPECT_FALSE(table.apply(address(7, "192.0.2.1/24")));
  table.apply(link(7, "eth0"));
  EXPECT_FALSE(table.apply(address(7, "192.0.2.1/24", true)));
}

}  // namespace
}  // namespace aloft::kernel
