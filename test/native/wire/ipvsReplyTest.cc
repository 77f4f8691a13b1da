// Golden bytes are those of Linux 6.1, of services that ipvsadm 1.31 made.
#include "wire/ipvsReply.h"

#include <array>
#include <bit>
#include <cerrno>
#include <string>

#include "ipvsSupport.h"
#include "wire/ipvsRequest.h"

namespace aloft::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "the golden bytes here are those of a little-endian machine");

constexpr std::string_view kDnsService =
    "68010000 1c000200 b46c0d6b c60200ff 01010000 54010100 06000100 02000000 06000200 11000000 14000300 c000020a 00000000"
    "00000000 00000000 06000400 00350000 07000600 72720000 0c000700 02000000 ffffffff 08000800 00000000 08000900 ffffffff"
    "60000a00 08000100 01000000 08000200 05000000 08000300 05000000 0c000400 80020000 00000000 04000b00 0c000500 86010000"
    "00000000 08000600 00000000 08000700 01000000 08000800 01000000 08000900 50000000 08000a00 31000000 a0000c00 0c000100"
    "01000000 00000000 04000b00 0c000200 05000000 00000000 04000b00 0c000300 05000000 00000000 04000b00 0c000400 80020000"
    "00000000 04000b00 0c000500 86010000 00000000 04000b00 0c000600 00000000 00000000 04000b00 0c000700 01000000 00000000"
    "04000b00 0c000800 01000000 00000000 04000b00 0c000900 50000000 00000000 04000b00 0c000a00 31000000 00000000";

constexpr std::string_view kDnsDestination =
    "90010000 1c000200 b46c0d6b c602c019 05010000 7c010200 14000100 c0000201 00000000 00000000 00000000 06000200 14e90000"
    "08000300 00000000 08000400 07000000 05000d00 00000000 06000e00 00000000 06000f00 00000000 08000500 00000000 08000600"
    "00000000 08000700 00000000 08000800 01000000 08000900 00000000 06000b00 02000000 64000a00 08000100 01000000 08000200"
    "05000000 08000300 05000000 04000b00 0c000400 80020000 00000000 04000b00 0c000500 86010000 00000000 08000600 00000000"
    "08000700 01000000 08000800 01000000 08000900 50000000 08000a00 31000000 a0000c00 0c000100 01000000 00000000 04000b00"
    "0c000200 05000000 00000000 04000b00 0c000300 05000000 00000000 04000b00 0c000400 80020000 00000000 04000b00 0c000500"
    "86010000 00000000 04000b00 0c000600 00000000 00000000 04000b00 0c000700 01000000 00000000 04000b00 0c000800 01000000"
    "00000000 04000b00 0c000900 50000000 00000000 04000b00 0c000a00 31000000 00000000";

// What a service or destination without traffic ends with: numbers of 64 bits are padded so that they stand aligned to 8.
constexpr std::string_view kNoTraffic =
    "60000a00 08000100 00000000 08000200 00000000 08000300 00000000 0c000400 00000000 00000000 04000b00 0c000500 00000000"
    "00000000 08000600 00000000 08000700 00000000 08000800 00000000 08000900 00000000 08000a00 00000000";
constexpr std::string_view kNoTrafficPadded =
    "64000a00 08000100 00000000 08000200 00000000 08000300 00000000 04000b00 0c000400 00000000 00000000 04000b00 0c000500"
    "00000000 00000000 08000600 00000000 08000700 00000000 08000800 00000000 08000900 00000000 08000a00 00000000";
constexpr std::string_view kNoTraffic64 =
    "a0000c00 0c000100 00000000 00000000 04000b00 0c000200 00000000 00000000 04000b00 0c000300 00000000 00000000 04000b00"
    "0c000400 00000000 00000000 04000b00 0c000500 00000000 00000000 04000b00 0c000600 00000000 00000000 04000b00 0c000700"
    "00000000 00000000 04000b00 0c000800 00000000 00000000 04000b00 0c000900 00000000 00000000 04000b00 0c000a00 00000000"
    "00000000";

NetlinkMessage messageOf(const Bytes& datagram) {
  NetlinkMessage message;
  EXPECT_TRUE(NetlinkMessages(datagram).next(message));
  return message;
}

auto service(const Bytes& datagram) { return parseIpvsService(messageOf(datagram), kIpvsFamily); }
auto destination(const Bytes& datagram) { return parseIpvsDestination(messageOf(datagram), kIpvsFamily); }

void expectDnsTraffic(const IpvsStatistics& statistics) {
  EXPECT_EQ(statistics.connections, 1U);
  EXPECT_EQ(statistics.inPackets, 5U);
  EXPECT_EQ(statistics.outPackets, 5U);
  EXPECT_EQ(statistics.inBytes, 640U);
  EXPECT_EQ(statistics.outBytes, 390U);
  EXPECT_EQ(statistics.connectionRate, 0U);
  EXPECT_EQ(statistics.inPacketRate, 1U);
  EXPECT_EQ(statistics.outPacketRate, 1U);
  EXPECT_EQ(statistics.inByteRate, 80U);
  EXPECT_EQ(statistics.outByteRate, 49U);
}

TEST(IpvsReply, readsAServiceWithItsTraffic) {
  const auto found = service(hex(kDnsService));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, serviceKey(IpvsProtocol::Udp, "192.0.2.10", 53));
  EXPECT_EQ(found->settings, (IpvsServiceSettings{"rr", 0, 0, 32, ""})) << "that it is hashed is nobody's wish";
  expectDnsTraffic(found->statistics);
}

TEST(IpvsReply, readsADestinationWithItsTraffic) {
  const auto found = destination(hex(kDnsDestination));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->destination, (IpvsDestination{{ip("192.0.2.1"), 5353}, IpvsForwarding::Nat, 7}));
  EXPECT_EQ(found->activeConnections, 0U);
  EXPECT_EQ(found->inactiveConnections, 1U);
  EXPECT_EQ(found->persistentConnections, 0U);
  expectDnsTraffic(found->statistics);
}

struct ServiceCase {
  const char* what;
  const char* bytes;  ///< up to the statistics
  IpvsServiceKey key;
  IpvsServiceSettings settings;
};

class IpvsServiceReply : public testing::TestWithParam<ServiceCase> {};

TEST_P(IpvsServiceReply, tellsKeyAndSettings) {
  const bool padded = GetParam().key.firewallMark != 0;
  const auto found = service(hex(std::string(GetParam().bytes).append(padded ? kNoTrafficPadded : kNoTraffic).append(kNoTraffic64)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, GetParam().key);
  EXPECT_EQ(found->settings, GetParam().settings);
  EXPECT_EQ(found->statistics.outByteRate, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    ofEachKind, IpvsServiceReply,
    testing::Values(ServiceCase{"persistent",
                                "68010000 1c000200 356d0d6b 42034098 01010000 54010100 06000100 02000000 06000200 06000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000 08000600 776c6300"
                                "0c000700 03000000 ffffffff 08000800 2c010000 08000900 ffffff00",
                                serviceKey(IpvsProtocol::Tcp, "192.0.2.10", 80),
                                {"wlc", kIpvsPersistent, 300, 24, ""}},
                    ServiceCase{"onePacket",
                                "68010000 1c000200 356d0d6b 42034098 01010000 54010100 06000100 02000000 06000200 11000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 00350000 07000600 72720000"
                                "0c000700 06000000 ffffffff 08000800 00000000 08000900 ffffffff",
                                serviceKey(IpvsProtocol::Udp, "192.0.2.10", 53),
                                {"rr", kIpvsOnePacket, 0, 32, ""}},
                    ServiceCase{"IPv6WithSchedulerFlags",
                                "68010000 1c000200 356d0d6b 42034098 01010000 54010100 06000100 0a000000 06000200 06000000"
                                "14000300 20010db8 00000000 00000000 00000010 06000400 01bb0000 07000600 6d680000"
                                "0c000700 1a000000 ffffffff 08000800 00000000 08000900 80000000",
                                serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 443),
                                {"mh", kIpvsSchedulerFlag1 | kIpvsSchedulerFlag2, 0, 128, ""}},
                    ServiceCase{"IPv6Persistent",
                                "68010000 1c000200 356d0d6b 42034098 01010000 54010100 06000100 0a000000 06000200 06000000"
                                "14000300 20010db8 00000000 00000000 00000010 06000400 00500000 07000600 72720000"
                                "0c000700 03000000 ffffffff 08000800 64000000 08000900 40000000",
                                serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 80),
                                {"rr", kIpvsPersistent, 100, 64, ""}},
                    ServiceCase{"persistenceEngine",
                                "70010000 1c000200 356d0d6b 42034098 01010000 5c010100 06000100 02000000 06000200 11000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 13c40000 07000600 72720000"
                                "08000b00 73697000 0c000700 03000000 ffffffff 08000800 3c000000 08000900 ffffffff",
                                serviceKey(IpvsProtocol::Udp, "192.0.2.10", 5060),
                                {"rr", kIpvsPersistent, 60, 32, "sip"}},
                    ServiceCase{"SCTP",
                                "68010000 1c000200 356d0d6b 42034098 01010000 54010100 06000100 02000000 06000200 84000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 0b590000 07000600 72720000"
                                "0c000700 02000000 ffffffff 08000800 00000000 08000900 ffffffff",
                                serviceKey(IpvsProtocol::Sctp, "192.0.2.10", 2905),
                                {"rr", 0, 0, 32, ""}},
                    ServiceCase{"mark",
                                "50010000 1c000200 356d0d6b 42034098 01010000 3c010100 06000100 02000000 08000500 2a000000"
                                "07000600 73680000 0c000700 03000000 ffffffff 08000800 3c000000 08000900 ffffffff",
                                markKey(Family::IPv4, 42),
                                {"sh", kIpvsPersistent, 60, 32, ""}},
                    ServiceCase{"markOfIPv6",
                                "50010000 1c000200 356d0d6b 42034098 01010000 3c010100 06000100 0a000000 08000500 2b000000"
                                "07000600 72720000 0c000700 02000000 ffffffff 08000800 00000000 08000900 80000000",
                                markKey(Family::IPv6, 43),
                                {"rr", 0, 0, 128, ""}}),
    [](const testing::TestParamInfo<ServiceCase>& info) { return info.param.what; });

struct DestinationCase {
  const char* what;
  const char* bytes;  ///< between headers and statistics
  IpvsDestination destination;
};

class IpvsDestinationReply : public testing::TestWithParam<DestinationCase> {};

TEST_P(IpvsDestinationReply, tellsKeyAndSettings) {
  const std::string_view headers = "90010000 1c000200 366d0d6b 420300b3 05010000 7c010200";
  const auto found = destination(hex(std::string(headers).append(GetParam().bytes).append(kNoTrafficPadded).append(kNoTraffic64)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->destination, GetParam().destination);
}

INSTANTIATE_TEST_SUITE_P(
    ofEachKind, IpvsDestinationReply,
    testing::Values(DestinationCase{"thresholds",
                                    "14000100 0a000001 00000000 00000000 00000000 06000200 1f900000 08000300 00000000 08000400 05000000"
                                    "05000d00 00000000 06000e00 00000000 06000f00 00000000 08000500 64000000 08000600 32000000"
                                    "08000700 00000000 08000800 00000000 08000900 00000000 06000b00 02000000",
                                    {{ip("10.0.0.1"), 8080}, IpvsForwarding::Nat, 5, 100, 50}},
                    DestinationCase{"tunnel",
                                    "14000100 0a000002 00000000 00000000 00000000 06000200 00500000 08000300 02000000 08000400 02000000"
                                    "05000d00 01000000 06000e00 17c00000 06000f00 01000000 08000500 00000000 08000600 00000000"
                                    "08000700 00000000 08000800 00000000 08000900 00000000 06000b00 02000000",
                                    {{ip("10.0.0.2"), 80}, IpvsForwarding::Tunnel, 2, 0, 0, IpvsTunnel::Gue, 6080, kIpvsTunnelChecksum}},
                    DestinationCase{"weightless",
                                    "14000100 0a000003 00000000 00000000 00000000 06000200 00500000 08000300 03000000 08000400 00000000"
                                    "05000d00 00000000 06000e00 00000000 06000f00 00000000 08000500 00000000 08000600 00000000"
                                    "08000700 00000000 08000800 00000000 08000900 00000000 06000b00 02000000",
                                    {{ip("10.0.0.3"), 80}, IpvsForwarding::DirectRouting, 0}},
                    DestinationCase{"IPv6",
                                    "14000100 20010db8 00000000 00000000 00000011 06000200 01bb0000 08000300 03000000 08000400 01000000"
                                    "05000d00 00000000 06000e00 00000000 06000f00 00000000 08000500 00000000 08000600 00000000"
                                    "08000700 00000000 08000800 00000000 08000900 00000000 06000b00 0a000000",
                                    {{ip("2001:db8::11"), 443}, IpvsForwarding::DirectRouting, 1}}),
    [](const testing::TestParamInfo<DestinationCase>& info) { return info.param.what; });

/// A destination that was read can be asked for, and what is asked for is read the same.
TEST(IpvsReply, readsWhatIsAskedFor) {
  const IpvsServiceKey key = serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 443);
  const IpvsServiceSettings settings{"mh", kIpvsPersistent | kIpvsSchedulerFlag2, 60, 64, "sip"};
  const IpvsDestination tunnel{{ip("10.0.0.9"), 443}, IpvsForwarding::Tunnel, 3, 9, 8, IpvsTunnel::Gre, 0, kIpvsTunnelRemoteChecksum};
  std::array<std::uint8_t, 2 * kMaxIpvsRequest> buffer{};
  NetlinkBuilder builder(buffer);
  ASSERT_TRUE(buildAddService(builder, kIpvsFamily, key, settings, 1));
  ASSERT_TRUE(buildAddDestination(builder, kIpvsFamily, key, tunnel, 2));
  NetlinkMessages messages(builder.bytes());
  NetlinkMessage message;
  ASSERT_TRUE(messages.next(message));
  const auto again = parseIpvsService(message, kIpvsFamily);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key, key);
  EXPECT_EQ(again->settings, settings);
  ASSERT_TRUE(messages.next(message));
  const auto destinationAgain = parseIpvsDestination(message, kIpvsFamily);
  ASSERT_TRUE(destinationAgain);
  EXPECT_EQ(destinationAgain->destination, tunnel);
}

TEST(IpvsReply, takesWideCountersBeforeNarrowOnesInAnyOrder) {
  const std::string key = "06000100 02000000 08000500 2a000000";
  const auto connections = [&key](const char* length, const char* nested, const char* statistics) {
    const auto found =
        service(hex(std::string(length) + "000000 1c000200 01000000 02000000 01010000" + nested + "000100" + key + statistics));
    EXPECT_TRUE(found);
    return found ? found->statistics.connections : 0;
  };
  EXPECT_EQ(connections("48", "34", "0c000a00 08000100 07000000 10000c00 0c000100 08000000 01000000 04000b00"), 0x100000008U);
  EXPECT_EQ(connections("48", "34", "10000c00 0c000100 08000000 01000000 0c000a00 08000100 07000000 04000b00"), 0x100000008U);
  EXPECT_EQ(connections("34", "20", "0c000a00 08000100 07000000"), 7U) << "all that kernels before 4.1 have";
}

TEST(IpvsReply, passesOverCountersThatItDoesNotKnow) {
  constexpr std::size_t kFirstCounter = 206;  // of STATS64
  Bytes datagram = hex(kDnsService);
  ASSERT_EQ(datagram[kFirstCounter], 1);
  for (const std::uint8_t type : {0, 11, 200}) {
    datagram[kFirstCounter] = type;
    const auto found = service(datagram);
    ASSERT_TRUE(found) << int{type};
    EXPECT_EQ(found->statistics.connections, 0U);
    EXPECT_EQ(found->statistics.outByteRate, 49U);
  }
}

struct Damage {
  const char* what;
  std::size_t at;
  std::uint8_t value;
};

TEST(IpvsReply, readsNoServiceWhereThereIsNone) {
  ASSERT_TRUE(service(hex(kDnsService)));
  for (const Damage& damage : {
           Damage{"of another family of messages", 4, 0x1d},
           Damage{"another command", 16, 5},
           Damage{"no service in it", 22, 2},
           Damage{"longer than the message", 21, 2},
           Damage{"no address family", 26, 99},
           Damage{"an address family that is none", 28, 3},
           Damage{"an address family beyond 255", 29, 1},
           Damage{"a protocol that is not balanced", 36, 1},
           Damage{"no protocol", 34, 99},
           Damage{"no address", 42, 99},
           Damage{"an address of three bytes", 40, 7},
       }) {
    Bytes datagram = hex(kDnsService);
    datagram[damage.at] = damage.value;
    EXPECT_FALSE(service(datagram)) << damage.what;
  }
  EXPECT_FALSE(destination(hex(kDnsService)));
}

TEST(IpvsReply, readsNoDestinationWhereThereIsNone) {
  ASSERT_TRUE(destination(hex(kDnsDestination)));
  for (const Damage& damage : {
           Damage{"of another family of messages", 4, 0x1d},
           Damage{"another command", 16, 1},
           Damage{"no destination in it", 22, 1},
           Damage{"no address", 26, 99},
           Damage{"an address of three bytes", 24, 7},
           Damage{"a way to forward that there is not", 56, 5},
           Damage{"no way to forward", 54, 99},
           Damage{"a tunnel that there is not", 72, 3},
           Damage{"no address family", 134, 99},
           Damage{"an address family that is none", 136, 7},
       }) {
    Bytes datagram = hex(kDnsDestination);
    datagram[damage.at] = damage.value;
    EXPECT_FALSE(destination(datagram)) << damage.what;
  }
  EXPECT_FALSE(service(hex(kDnsDestination)));
}

/// The nested attribute does not fit into what is left of the message.
TEST(IpvsReply, readsNothingOfACutOffMessage) {
  for (const std::string_view text : {kDnsService, kDnsDestination}) {
    const Bytes whole = hex(text);
    for (std::size_t size = 16; size < whole.size(); ++size) {
      Bytes datagram(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      datagram[0] = static_cast<std::uint8_t>(size);
      datagram[1] = static_cast<std::uint8_t>(size >> 8);
      EXPECT_FALSE(service(datagram) || destination(datagram)) << size;
    }
  }
}

TEST(IpvsReply, readsDaemonsWithWhatWasLeftToTheKernel) {
  const Bytes both =
      hex("54000000 1c000200 6e6c0d6b 4c0380c2 09010000 40000300 08000100 01000000 09000200 65746830 00000000 08000300 07000000"
          "06000400 78050000 06000700 c3220000 05000800 03000000 08000500 e000005a"
          "54000000 1c000200 6e6c0d6b 4c0380c2 09010000 40000300 08000100 02000000 09000200 65746830 00000000 08000300 07000000"
          "06000400 c0050000 06000700 90220000 05000800 01000000 08000500 e0000051");
  NetlinkMessages messages(both);
  NetlinkMessage message;
  ASSERT_TRUE(messages.next(message));
  EXPECT_EQ(parseIpvsDaemon(message, kIpvsFamily), (IpvsDaemon{IpvsDaemonRole::Master, "eth0", 7, 1400, ip("224.0.0.90"), 8899, 3}));
  ASSERT_TRUE(messages.next(message));
  EXPECT_EQ(parseIpvsDaemon(message, kIpvsFamily), (IpvsDaemon{IpvsDaemonRole::Backup, "eth0", 7, 1472, ip("224.0.0.81"), 8848, 1}));

  const Bytes ofIPv6 =
      hex("60000000 1c000200 6f6c0d6b 6403c0c1 09010000 4c000300 08000100 01000000 09000200 65746830 00000000 08000300 09000000"
          "06000400 ac050000 06000700 90220000 05000800 01000000 14000600 ff020000 00000000 00000000 00000081");
  EXPECT_EQ(parseIpvsDaemon(messageOf(ofIPv6), kIpvsFamily),
            (IpvsDaemon{IpvsDaemonRole::Master, "eth0", 9, 1452, ip("ff02::81"), 8848, 1}));

  for (const Damage& damage : {Damage{"no role", 26, 99}, Damage{"a role that there is not", 28, 3}, Damage{"no interface", 34, 99},
                               Damage{"an empty interface", 36, 0}, Damage{"a group of three bytes", 76, 7}}) {
    Bytes datagram = both;
    datagram[damage.at] = damage.value;
    EXPECT_FALSE(parseIpvsDaemon(messageOf(datagram), kIpvsFamily)) << damage.what;
  }
}

TEST(IpvsReply, readsTimeouts) {
  Bytes datagram = hex("2c000000 1c000000 6d6c0d6b 470340c2 0c010000 08000400 85030000 08000500 79000000 08000600 2d010000");
  EXPECT_EQ(parseIpvsTimeouts(messageOf(datagram), kIpvsFamily), (IpvsTimeouts{901, 121, 301}));
  datagram[16] = 13;
  EXPECT_FALSE(parseIpvsTimeouts(messageOf(datagram), kIpvsFamily)) << "a question";
}

TEST(IpvsReply, readsInformation) {
  Bytes datagram = hex("24000000 1c000000 656c0d6b c5028099 0e010000 08000100 01020100 08000200 00100000");
  const auto information = parseIpvsInformation(messageOf(datagram), kIpvsFamily);
  ASSERT_TRUE(information);
  EXPECT_EQ(information->version, 0x010201U);
  EXPECT_EQ(information->connectionTableSize, 4096U);
  datagram[16] = 15;
  EXPECT_FALSE(parseIpvsInformation(messageOf(datagram), kIpvsFamily)) << "a question";
}

/// How ipvsadm is told that a destination stands: the whole request comes back.
TEST(IpvsReply, isAnErrorThatCarriesTheRequestBack) {
  const auto result = parseNetlinkResult(
      messageOf(hex("dc000000 02000000 6b6c0d6b 2603c0c0 efffffff c8000000 1c000500 6b6c0d6b 2603c0c0 05010000 54000180 06000100 02000000"
                    "06000200 06000000 14000300 c000020a 00000000 00000000 00000000 06000400 00500000 05000600 00000000 0c000700 00000000"
                    "ffffffff 08000800 00000000 08000900 ffffffff 60000280 06000b00 02000000 14000100 0a000001 00000000 00000000 00000000"
                    "06000200 1f900000 08000300 00000000 08000400 01000000 05000d00 00000000 06000e00 00000000 06000f00 00000000 08000500"
                    "00000000 08000600 00000000")));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, EEXIST);
}

}  // namespace
}  // namespace aloft::wire
