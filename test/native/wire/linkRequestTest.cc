#include "wire/linkRequest.h"

#include <linux/ip.h>

#include <array>

#include "support.h"

namespace aloft::wire {
namespace {

// Requests of iproute2 6.1, taken with strace; sequence and port replaced by zeros. Nested attributes carry NLA_F_NESTED with us, which
// iproute2 leaves out here: 0x8000 is added to their types. iproute2 looks a link's index up where we name the link.

template <typename Build>
Bytes built(Build build) {
  std::array<std::uint8_t, 256> buffer;
  buffer.fill(0xaa);
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(build(builder));
  return {builder.bytes().begin(), builder.bytes().end()};
}

TEST(LinkRequest, makesAMacvlan) {
  // ip link add link eth0 name vrrp.51 address 00:00:5e:00:01:33 type macvlan mode bridge
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              return buildAddMacvlan(b, "vrrp.51", 3, {0, 0, 0x5e, 0, 1, 0x33}, MacvlanMode::Bridge, 0);
            }),
            hex("5c000000 10000506 00000000 00000000 00000000 00000000 00000000 00000000 0a000100 00005e00 01330000 08000500 03000000"
                "0c000300 76727270 2e353100 1c001280 0c000100 6d616376 6c616e00 0c000280 08000100 04000000"));
}

TEST(LinkRequest, marksALinkByItsAlias) {
  // ip link set vrrp.51 alias "aloft vrrp", with the name in the place of the index.
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildMarkLink(b, "vrrp.51", "aloft vrrp", 0); }),
            hex("3c000000 10000500 00000000 00000000 00000000 00000000 00000000 00000000 0c000300 76727270 2e353100"
                "0e001400 616c6f66 74207672 72700000"));
}

TEST(LinkRequest, turnsOffOwnAddresses) {
  // ip link set vrrp.51 addrgenmode none, with the name in the place of the index.
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildWithoutOwnAddress(b, "vrrp.51", 0); }),
            hex("3c000000 10000500 00000000 00000000 00000000 00000000 00000000 00000000 0c000300 76727270 2e353100"
                "10001a80 0c000a80 05000800 01000000"));
}

TEST(LinkRequest, configuresALink) {
  static_assert(static_cast<int>(LinkSetting::ReversePathFilter) == IPV4_DEVCONF_RP_FILTER);
  static_assert(static_cast<int>(LinkSetting::ArpIgnore) == IPV4_DEVCONF_ARP_IGNORE);
  static_assert(static_cast<int>(LinkSetting::PromoteSecondaries) == IPV4_DEVCONF_PROMOTE_SECONDARIES);
  // By hand: IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { arp_ignore 1, rp_filter 2 } } }.
  const LinkSettingValue settings[] = {{LinkSetting::ArpIgnore, 1}, {LinkSetting::ReversePathFilter, 2}};
  EXPECT_EQ(built([&](NetlinkBuilder& b) { return buildConfigureLink(b, 5, settings, 0); }),
            hex("3c000000 10000500 00000000 00000000 00000000 05000000 00000000 00000000"
                "1c001a80 18000280 14000180 08001300 01000000 08000800 02000000"));
}

TEST(LinkRequest, raisesLowersAndRemoves) {
  // ip link set vrrp.51 up; … down; ip link del vrrp.51
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRaiseLink(b, 5, true, 0); }),
            hex("20000000 10000500 00000000 00000000 00000000 05000000 01000000 01000000"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRaiseLink(b, 5, false, 0); }),
            hex("20000000 10000500 00000000 00000000 00000000 05000000 00000000 01000000"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRemoveLink(b, 4, 0); }),
            hex("20000000 11000500 00000000 00000000 00000000 04000000 00000000 00000000"));
}

}  // namespace
}  // namespace aloft::wire
