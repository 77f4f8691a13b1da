#include "wire/rtnetlink.h"

#include <array>

#include "support.h"

namespace aloft::wire {
namespace {

// The messages here were captured on Linux 6.18; from links those attributes are left out (and the lengths adapted) that Aloft does not
// read: statistics, address family data.

NetlinkMessage only(const Bytes& datagram) {
  NetlinkMessages messages(datagram);
  NetlinkMessage message;
  EXPECT_TRUE(messages.next(message));
  EXPECT_FALSE(messages.malformed());
  return message;
}

template <typename Build>
Bytes built(Build build) {
  std::array<std::uint8_t, kMaxAddressRequest> buffer;
  buffer.fill(0xaa);
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(build(builder));
  return {builder.bytes().begin(), builder.bytes().end()};
}

TEST(RtnetlinkBuild, addsAnIPv4Address) {
  const Bytes message = built([](NetlinkBuilder& b) { return buildAddAddress(b, {4, prefix("192.0.2.10/32")}, OnExisting::Refuse, 9); });
  // By hand: REQUEST|ACK|EXCL|CREATE; family 2, length 32, index 4; IFA_LOCAL, IFA_ADDRESS, IFA_PROTO.
  EXPECT_EQ(message, hex("3000 0000 1400 0506 0900 0000 0000 0000 0220 0000 0400 0000"
                         "0800 0200 c000 020a 0800 0100 c000 020a 0500 0b00 a100 0000"));
}

TEST(RtnetlinkBuild, addsAnIPv6AddressWithoutDadAndDeprecated) {
  const Bytes message = built([](NetlinkBuilder& b) { return buildAddAddress(b, {4, prefix("2001:db8::6/64")}, OnExisting::Replace, 9); });
  // REQUEST|ACK|REPLACE|CREATE; IFA_FLAGS NODAD; IFA_CACHEINFO preferred 0, valid for ever.
  EXPECT_EQ(message, hex("6400 0000 1400 0505 0900 0000 0000 0000 0a40 0000 0400 0000"
                         "1400 0200 2001 0db8 0000 0000 0000 0000 0000 0006 1400 0100 2001 0db8 0000 0000 0000 0000 0000 0006"
                         "0500 0b00 a100 0000 0800 0800 0200 0000 1400 0600 0000 0000 ffff ffff 0000 0000 0000 0000"));
  EXPECT_EQ(message.size(), kMaxAddressRequest);
}

TEST(RtnetlinkBuild, addsAnIPv4AddressWithAllThatItCanHave) {
  AddressRequest request{3, prefix("192.0.2.12/24"), 253, "eth0:vip", ip("192.0.2.255"), true};
  const Bytes message = built([&](NetlinkBuilder& b) { return buildAddAddress(b, request, OnExisting::Refuse, 9); });
  // The attributes of "ip addr add 192.0.2.12/24 brd 192.0.2.255 label eth0:vip scope link noprefixroute dev eth0", captured, in our order;
  // IFA_PROTO by hand.
  EXPECT_EQ(message, hex("5000 0000 1400 0506 0900 0000 0000 0000 0218 00fd 0300 0000 0800 0200 c000 020c 0800 0100 c000 020c"
                         "0800 0400 c000 02ff 0d00 0300 6574 6830 3a76 6970 0000 0000 0500 0b00 a100 0000 0800 0800 0002 0000"));
}

TEST(RtnetlinkBuild, leavesOutOfAnIPv6AddressWhatOnlyIPv4Has) {
  const AddressRequest plain{4, prefix("2001:db8::6/64")};
  const AddressRequest rich{4, prefix("2001:db8::6/64"), 253, "eth0:vip", ip("192.0.2.255")};
  const auto add = [](const AddressRequest& request) {
    return built([&](NetlinkBuilder& b) { return buildAddAddress(b, request, OnExisting::Refuse, 9); });
  };
  EXPECT_EQ(add(rich), add(plain));
}

TEST(RtnetlinkBuild, removesAnAddress) {
  const Bytes message = built([](NetlinkBuilder& b) { return buildRemoveAddress(b, 4, prefix("192.0.2.10/32"), 9); });
  EXPECT_EQ(message, hex("2800 0000 1500 0500 0900 0000 0000 0000 0220 0000 0400 0000 0800 0200 c000 020a 0800 0100 c000 020a"));
}

TEST(RtnetlinkBuild, asksForDumps) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildLinkDump(b, 3); }),
            hex("2000 0000 1200 0103 0300 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildAddressDump(b, 3); }),
            hex("1800 0000 1600 0103 0300 0000 0000 0000 0000 0000 0000 0000"));
}

TEST(RtnetlinkBuild, tellsWhenTheBufferIsTooSmall) {
  std::array<std::uint8_t, kMaxAddressRequest - 1> buffer;
  NetlinkBuilder builder(buffer);
  EXPECT_FALSE(buildAddAddress(builder, {4, prefix("2001:db8::6/64")}, OnExisting::Refuse, 1));
  EXPECT_TRUE(builder.empty());
}

TEST(RtnetlinkLink, readsALoopback) {
  const Bytes bytes =
      hex("60000000 1000 0000 00000000 00000000 0000 0403 01000000 49000100 01000000 07000300 6c6f0000 08000d00 e8030000 05001000 00000000"
          "08000400 00000100 05002100 01000000 0a000100 00000000 00000000 0a000200 00000000 00000000");
  const auto link = parseLink(only(bytes));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->index, 1u);
  EXPECT_EQ(link->name, "lo");
  EXPECT_TRUE(link->isLoopback());
  EXPECT_TRUE(link->isUp());
  EXPECT_EQ(link->operstate, 0);
  EXPECT_EQ(link->kind, "");
  EXPECT_EQ(link->master, 0u);
  EXPECT_EQ(link->mac, (MacAddress{}));
  EXPECT_FALSE(link->removed);
}

const Bytes kBridgePort =
    hex("84000000 1000 0000 00000000 00000000 0000 0100 04000000 02100000 00000100 08000300 77763000 08000d00 e8030000 05001000 02000000"
        "08000400 dc050000 08000a00 02000000 05002100 00000000 0a000100 02000000 00a10000 0a000200 ffffffff ffff0000"
        "1c001200 09000100 76657468 00000000 0b000400 62726964 67650000");

TEST(RtnetlinkLink, readsABridgePortThatIsDown) {
  const auto link = parseLink(only(kBridgePort));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->index, 4u);
  EXPECT_EQ(link->name, "wv0");
  EXPECT_EQ(link->kind, "veth") << "not the kind of its master";
  EXPECT_EQ(link->master, 2u);
  EXPECT_EQ(link->operstate, 2);
  EXPECT_EQ(link->mac, (MacAddress{2, 0, 0, 0, 0, 0xa1}));
  EXPECT_FALSE(link->isUp());
  EXPECT_FALSE(link->isLoopback());
}

TEST(RtnetlinkLink, readsAMacvlanWithItsAliasAndWhatItStandsOn) {
  // "ip link show vrrp.51": vrrp.51@eth0, alias "aloft vrrp", down.
  const Bytes bytes =
      hex("80000000 1000 0000 00000000 00000000 0000 0100 05000000 02100000 00000000 0c000300 76727270 2e353100 05001000 02000000"
          "08000500 03000000 0f001400 616c6f66 74207672 72700000 0a000100 00005e00 01330000"
          "20001200 0c000100 6d616376 6c616e00 10000200 08000100 04000000 06000200 0a00 0000");
  Bytes fitted = bytes;
  fitted[0] = static_cast<std::uint8_t>(bytes.size());
  const auto link = parseLink(only(fitted));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "vrrp.51");
  EXPECT_EQ(link->kind, "macvlan");
  EXPECT_EQ(link->alias, "aloft vrrp");
  EXPECT_EQ(link->parent, 3u);
  EXPECT_FALSE(link->isRaised());
  EXPECT_EQ(link->mac, (MacAddress{0, 0, 0x5e, 0, 1, 0x33}));
}

TEST(RtnetlinkLink, needsUpAndRunning) {
  for (const auto& [flags, up] : {std::pair{0x00, false}, {0x01, false}, {0x40, false}, {0x41, true}}) {
    Bytes bytes = kBridgePort;
    bytes[24] = static_cast<std::uint8_t>(flags);
    EXPECT_EQ(parseLink(only(bytes))->isUp(), up) << flags;
  }
}

TEST(RtnetlinkLink, readsARemoval) {
  Bytes bytes = kBridgePort;
  bytes[4] = 17;
  const auto link = parseLink(only(bytes));
  ASSERT_TRUE(link);
  EXPECT_TRUE(link->removed);
}

TEST(RtnetlinkLink, ignoresAPortThatLeavesItsBridge) {
  // RTM_DELLINK of AF_BRIDGE after "ip link set wv0 nomaster": the link itself stays.
  const Bytes bytes =
      hex("4c000000 1100 0000 00000000 00000000 0700 0100 04000000 02100000 00000000 08000300 77763000 08000a00 02000000 08000400 dc050000"
          "05001000 02000000 0a000100 02000000 00a10000");
  EXPECT_FALSE(parseLink(only(bytes)));
}

TEST(RtnetlinkLink, hasNoMacOfAnotherLength) {
  Bytes bytes = kBridgePort;
  bytes[80] = 8;  // IFLA_ADDRESS of a tunnel: an IPv4 address
  const auto link = parseLink(only(bytes));
  // The attributes behind the shortened one are lost, but nothing is made up.
  ASSERT_TRUE(link);
  EXPECT_FALSE(link->mac);
}

TEST(RtnetlinkLink, refusesMalformedMessages) {
  for (std::size_t payload = 0; payload < 24; ++payload) {
    Bytes bytes = kBridgePort;
    bytes.resize(16 + payload);
    bytes[0] = static_cast<std::uint8_t>(bytes.size());
    EXPECT_FALSE(parseLink(only(bytes))) << payload;
  }
  Bytes noIndex = kBridgePort;
  noIndex[20] = 0;
  EXPECT_FALSE(parseLink(only(noIndex)));
  Bytes otherType = kBridgePort;
  otherType[4] = 18;
  EXPECT_FALSE(parseLink(only(otherType)));
}

// ip address add 192.0.2.10/24 with IFA_PROTO 0xa1.
const Bytes kOurs4 =
    hex("54000000 1400 0000 07000000 5ce7a3f8 0218 8000 04000000 08000100 c000020a 08000200 c000020a 08000300 77763000 05000b00 a1000000"
        "08000800 80000000 14000600 ffffffff ffffffff fcb10200 fcb10200");
// 2001:db8::6/64, NODAD, preferred lifetime 0, IFA_PROTO 0xa1.
const Bytes kOurs6 =
    hex("50000000 1400 0000 00000000 00000000 0a40 a200 04000000 14000100 20010db8 00000000 00000000 00000006"
        "14000600 00000000 ffffffff 80b20200 80b20200 08000800 a2000000 05000b00 a1000000");

TEST(RtnetlinkAddress, readsOurOwn) {
  const auto four = parseAddress(only(kOurs4));
  ASSERT_TRUE(four);
  EXPECT_EQ(format(four->prefix), "192.0.2.10/24");
  EXPECT_EQ(four->index, 4u);
  EXPECT_TRUE(four->isOurs());
  EXPECT_FALSE(four->isTentative());
  EXPECT_EQ(four->flags, kAddressPermanent);
  EXPECT_EQ(four->scope, 0);
  const auto six = parseAddress(only(kOurs6));
  ASSERT_TRUE(six);
  EXPECT_EQ(format(six->prefix), "2001:db8::6/64");
  EXPECT_TRUE(six->isOurs());
  EXPECT_FALSE(six->isTentative());
  EXPECT_EQ(six->flags, kAddressPermanent | kAddressDeprecated | kAddressNoDad);
}

TEST(RtnetlinkAddress, readsLabelAndBroadcast) {
  // "ip addr add 192.0.2.12/24 brd 192.0.2.255 label eth0:vip dev eth0" as it stands in a dump.
  const auto bytes =
      hex("5c000000 1400 0200 00000000 00000000 0218 8100 03000000 08000100 c000020c 08000200 c000020c 08000400 c00002ff"
          "0d000300 65746830 3a766970 00000000 08000800 81000000 14000600 ffffffff ffffffff 340f0300 340f0300");
  const auto address = parseAddress(only(bytes));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->label, "eth0:vip");
  EXPECT_EQ(address->broadcast, ip("192.0.2.255"));
  EXPECT_EQ(parseAddress(only(kOurs4))->label, "wv0");
  EXPECT_TRUE(parseAddress(only(kOurs6))->broadcast.isUnspecified());
}

TEST(RtnetlinkAddress, readsARemoval) {
  Bytes bytes = kOurs6;
  bytes[4] = 21;
  EXPECT_TRUE(parseAddress(only(bytes))->removed);
  EXPECT_FALSE(parseAddress(only(kOurs6))->removed);
}

TEST(RtnetlinkAddress, readsTheKernelsOwn) {
  const Bytes bytes =
      hex("50000000 1400 0000 00000000 00000000 0a80 80fe 01000000 14000100 00000000 00000000 00000000 00000001"
          "14000600 ffffffff ffffffff 6eb10200 6eb10200 08000800 80000000 05000b00 01000000");
  const auto address = parseAddress(only(bytes));
  ASSERT_TRUE(address);
  EXPECT_EQ(format(address->prefix), "::1/128");
  EXPECT_EQ(address->scope, 254);
  EXPECT_EQ(address->protocol, 1);
  EXPECT_FALSE(address->isOurs());
}

TEST(RtnetlinkAddress, seesThatDuplicateDetectionRuns) {
  const Bytes bytes =
      hex("48000000 1400 0000 00000000 00000000 0a40 c000 04000000 14000100 20010db8 00000000 00000000 00000005"
          "14000600 ffffffff ffffffff 61b20200 61b20200 08000800 c0000000");
  const auto address = parseAddress(only(bytes));
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->isTentative());
  EXPECT_FALSE(address->isOurs());
}

TEST(RtnetlinkAddress, takesTheLocalEndOfAPointToPointAddress) {
  // ip address add 198.51.100.1 peer 198.51.100.2/32.
  const Bytes bytes =
      hex("4c000000 1400 0000 7f66016b 62590000 0220 8000 04000000 08000100 c6336402 08000200 c6336401 08000300 77763000 08000800 80000000"
          "14000600 ffffffff ffffffff 1ab20200 1ab20200");
  EXPECT_EQ(format(parseAddress(only(bytes))->prefix), "198.51.100.1/32");
}

TEST(RtnetlinkAddress, refusesMalformedMessages) {
  struct Row {
    const char* what;
    std::size_t at;
    std::uint8_t value;
  };
  const Row table[] = {
      {"another family", 16, 7},
      {"prefix length 33", 17, 33},
      {"no index", 20, 0},
      {"type RTM_GETADDR", 4, 22},
      {"IPv4 with 16-byte addresses", 16, 10},
  };
  for (const Row& row : table) {
    Bytes bytes = kOurs4;
    bytes[row.at] = row.value;
    EXPECT_FALSE(parseAddress(only(bytes))) << row.what;
  }
  for (std::size_t payload = 0; payload < 16; ++payload) {
    Bytes bytes = kOurs4;
    bytes.resize(16 + payload);
    bytes[0] = static_cast<std::uint8_t>(bytes.size());
    EXPECT_FALSE(parseAddress(only(bytes))) << payload;
  }
}

}  // namespace
}  // namespace aloft::wire
