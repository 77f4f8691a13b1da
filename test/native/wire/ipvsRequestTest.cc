// Golden bytes are those of ipvsadm 1.31, with our sequence and port numbers. Left out is what the kernel does not look at there: settings
// of the service that a destination belongs to and of what is removed, and NLM_F_ACK, which stays for single questions.
#include "wire/ipvsRequest.h"

#include <linux/ip_vs.h>

#include <array>
#include <bit>
#include <string>

#include "ipvsSupport.h"
#include "wire/ipvsFields.h"

namespace aloft::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "the golden bytes here are those of a little-endian machine");
static_assert(kIpvsFamilyName == IPVS_GENL_NAME && kIpvsVersion == IPVS_GENL_VERSION);
static_assert(kIpvsNewService == IPVS_CMD_NEW_SERVICE && kIpvsDelDestination == IPVS_CMD_DEL_DEST && kIpvsGetInfo == IPVS_CMD_GET_INFO);
static_assert(kIpvsPersistent == IP_VS_SVC_F_PERSISTENT && kIpvsHashed == IP_VS_SVC_F_HASHED && kIpvsOnePacket == IP_VS_SVC_F_ONEPACKET);
static_assert(kIpvsSchedulerFlag1 == IP_VS_SVC_F_SCHED1 && kIpvsSchedulerFlag3 == IP_VS_SVC_F_SCHED3);
static_assert(static_cast<int>(IpvsForwarding::Bypass) == IP_VS_CONN_F_BYPASS &&
              static_cast<int>(IpvsForwarding::Tunnel) == IP_VS_CONN_F_TUNNEL);
static_assert(static_cast<int>(IpvsTunnel::Gre) == IP_VS_CONN_F_TUNNEL_TYPE_GRE);
static_assert(kIpvsTunnelChecksum == IP_VS_TUNNEL_ENCAP_FLAG_CSUM && kIpvsTunnelRemoteChecksum == IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM);
static_assert(static_cast<int>(IpvsDaemonRole::Backup) == IP_VS_STATE_BACKUP);

constexpr std::uint32_t kSequence = 0x6b0d6c65;

template <typename Build>
Bytes built(Build build) {
  std::array<std::uint8_t, kMaxIpvsRequest> buffer{};
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(build(builder));
  return {builder.bytes().begin(), builder.bytes().end()};
}

Bytes added(const IpvsServiceKey& key, const IpvsServiceSettings& settings) {
  return built([&](NetlinkBuilder& b) { return buildAddService(b, kIpvsFamily, key, settings, kSequence); });
}

const IpvsServiceKey kWeb = serviceKey(IpvsProtocol::Tcp, "192.0.2.10", 80);

struct ServiceCase {
  const char* what;
  IpvsServiceKey key;
  IpvsServiceSettings settings;
  const char* bytes;
};

class IpvsServiceRequest : public testing::TestWithParam<ServiceCase> {};

TEST_P(IpvsServiceRequest, addsIt) { EXPECT_EQ(added(GetParam().key, GetParam().settings), hex(GetParam().bytes)); }

INSTANTIATE_TEST_SUITE_P(
    ofEachKind, IpvsServiceRequest,
    testing::Values(ServiceCase{"persistent",
                                kWeb,
                                {"wlc", kIpvsPersistent, 300, 24, ""},
                                "68000000 1c000100 656c0d6b 00000000 01010000 54000180 06000100 02000000 06000200 06000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000 08000600 776c6300"
                                "0c000700 01000000 ffffffff 08000800 2c010000 08000900 ffffff00"},
                    ServiceCase{"onePacket",
                                serviceKey(IpvsProtocol::Udp, "192.0.2.10", 53),
                                {"rr", kIpvsOnePacket, 0, 32, ""},
                                "68000000 1c000100 656c0d6b 00000000 01010000 54000180 06000100 02000000 06000200 11000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 00350000 07000600 72720000"
                                "0c000700 04000000 ffffffff 08000800 00000000 08000900 ffffffff"},
                    ServiceCase{"IPv6WithSchedulerFlags",
                                serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 443),
                                {"mh", kIpvsSchedulerFlag1 | kIpvsSchedulerFlag2, 0, 128, ""},
                                "68000000 1c000100 656c0d6b 00000000 01010000 54000180 06000100 0a000000 06000200 06000000"
                                "14000300 20010db8 00000000 00000000 00000010 06000400 01bb0000 07000600 6d680000"
                                "0c000700 18000000 ffffffff 08000800 00000000 08000900 80000000"},
                    ServiceCase{"IPv6Persistent",
                                serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 80),
                                {"rr", kIpvsPersistent, 100, 64, ""},
                                "68000000 1c000100 656c0d6b 00000000 01010000 54000180 06000100 0a000000 06000200 06000000"
                                "14000300 20010db8 00000000 00000000 00000010 06000400 00500000 07000600 72720000"
                                "0c000700 01000000 ffffffff 08000800 64000000 08000900 40000000"},
                    ServiceCase{"mark",
                                markKey(Family::IPv4, 42),
                                {"sh", kIpvsPersistent, 60, 32, ""},
                                "4c000000 1c000100 656c0d6b 00000000 01010000 38000180 06000100 02000000 08000500 2a000000"
                                "07000600 73680000 0c000700 01000000 ffffffff 08000800 3c000000 08000900 ffffffff"},
                    ServiceCase{"markOfIPv6",
                                markKey(Family::IPv6, 43),
                                {"rr", 0, 0, 128, ""},
                                "4c000000 1c000100 656c0d6b 00000000 01010000 38000180 06000100 0a000000 08000500 2b000000"
                                "07000600 72720000 0c000700 00000000 ffffffff 08000800 00000000 08000900 80000000"},
                    ServiceCase{"persistenceEngine",
                                serviceKey(IpvsProtocol::Udp, "192.0.2.10", 5060),
                                {"rr", kIpvsPersistent, 60, 32, "sip"},
                                "70000000 1c000100 656c0d6b 00000000 01010000 5c000180 06000100 02000000 06000200 11000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 13c40000 07000600 72720000 08000b00 73697000"
                                "0c000700 01000000 ffffffff 08000800 3c000000 08000900 ffffffff"},
                    ServiceCase{"SCTP",
                                serviceKey(IpvsProtocol::Sctp, "192.0.2.10", 2905),
                                {"rr", 0, 0, 32, ""},
                                "68000000 1c000100 656c0d6b 00000000 01010000 54000180 06000100 02000000 06000200 84000000"
                                "14000300 c000020a 00000000 00000000 00000000 06000400 0b590000 07000600 72720000"
                                "0c000700 00000000 ffffffff 08000800 00000000 08000900 ffffffff"}),
    [](const testing::TestParamInfo<ServiceCase>& info) { return info.param.what; });

TEST(IpvsRequest, neverAsksForWhatTheKernelSetsItself) {
  EXPECT_EQ(added(kWeb, {"rr", kIpvsPersistent | kIpvsHashed, 60, 32, ""}), added(kWeb, {"rr", kIpvsPersistent, 60, 32, ""}));
}

TEST(IpvsRequest, changesAndRemovesAService) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildChangeService(b, kIpvsFamily, kWeb, {"rr", 0, 0, 32, ""}, kSequence); }),
            hex("68000000 1c000100 656c0d6b 00000000 02010000 54000180 06000100 02000000 06000200 06000000"
                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000 07000600 72720000"
                "0c000700 00000000 ffffffff 08000800 00000000 08000900 ffffffff"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRemoveService(b, kIpvsFamily, kWeb, kSequence); }),
            hex("44000000 1c000100 656c0d6b 00000000 03010000 30000180 06000100 02000000 06000200 06000000"
                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000"));
}

TEST(IpvsRequest, namesThePortOfEachAddressInNetworkOrder) {
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              IpvsDestination destination{{ip("10.0.0.1"), 8080}, IpvsForwarding::Nat, 5, 100, 50};
              return buildAddDestination(b, kIpvsFamily, kWeb, destination, kSequence);
            }),
            hex("a4000000 1c000100 656c0d6b 00000000 05010000 30000180 06000100 02000000 06000200 06000000"
                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000"
                "60000280 06000b00 02000000 14000100 0a000001 00000000 00000000 00000000 06000200 1f900000"
                "08000300 00000000 08000400 05000000 05000d00 00000000 06000e00 00000000 06000f00 00000000"
                "08000500 64000000 08000600 32000000"));
}

TEST(IpvsRequest, addsADestinationBehindATunnel) {
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              const IpvsDestination destination{{ip("10.0.0.2"), 80}, IpvsForwarding::Tunnel, 2, 0, 0, IpvsTunnel::Gue, 6080,
                                                kIpvsTunnelChecksum};
              return buildAddDestination(b, kIpvsFamily, kWeb, destination, kSequence);
            }),
            hex("a4000000 1c000100 656c0d6b 00000000 05010000 30000180 06000100 02000000 06000200 06000000"
                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000"
                "60000280 06000b00 02000000 14000100 0a000002 00000000 00000000 00000000 06000200 00500000"
                "08000300 02000000 08000400 02000000 05000d00 01000000 06000e00 17c00000 06000f00 01000000"
                "08000500 00000000 08000600 00000000"));
}

TEST(IpvsRequest, namesTheFamilyOfADestinationThatIsNotItsServices) {
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              const IpvsDestination destination{{ip("10.0.0.9"), 443}, IpvsForwarding::Tunnel};
              return buildAddDestination(b, kIpvsFamily, serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 443), destination, kSequence);
            }),
            hex("a4000000 1c000100 656c0d6b 00000000 05010000 30000180 06000100 0a000000 06000200 06000000"
                "14000300 20010db8 00000000 00000000 00000010 06000400 01bb0000"
                "60000280 06000b00 02000000 14000100 0a000009 00000000 00000000 00000000 06000200 01bb0000"
                "08000300 02000000 08000400 01000000 05000d00 00000000 06000e00 00000000 06000f00 00000000"
                "08000500 00000000 08000600 00000000"));
}

TEST(IpvsRequest, changesAndRemovesADestination) {
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              const IpvsDestination destination{{ip("2001:db8::11"), 0}, IpvsForwarding::DirectRouting, 6};
              return buildChangeDestination(b, kIpvsFamily, markKey(Family::IPv6, 43), destination, kSequence);
            }),
            hex("88000000 1c000100 656c0d6b 00000000 06010000 14000180 06000100 0a000000 08000500 2b000000"
                "60000280 06000b00 0a000000 14000100 20010db8 00000000 00000000 00000011 06000200 00000000"
                "08000300 03000000 08000400 06000000 05000d00 00000000 06000e00 00000000 06000f00 00000000"
                "08000500 00000000 08000600 00000000"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRemoveDestination(b, kIpvsFamily, kWeb, {ip("10.9.9.9"), 8080}, kSequence); }),
            hex("6c000000 1c000100 656c0d6b 00000000 07010000 30000180 06000100 02000000 06000200 06000000"
                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000"
                "28000280 06000b00 02000000 14000100 0a090909 00000000 00000000 00000000 06000200 1f900000"));
}

TEST(IpvsRequest, startsDaemons) {
  const auto started = [](const IpvsDaemon& daemon) {
    return built([&](NetlinkBuilder& b) { return buildStartDaemon(b, kIpvsFamily, daemon, kSequence); });
  };
  EXPECT_EQ(started({IpvsDaemonRole::Backup, "eth0", 7, 0, {}}),
            hex("34000000 1c000100 656c0d6b 00000000 09010000 20000380 08000100 02000000 09000200 65746830 00000000 08000300 07000000"));
  EXPECT_EQ(started({IpvsDaemonRole::Master, "eth0", 7, 1400, ip("224.0.0.90"), 8899, 3}),
            hex("54000000 1c000100 656c0d6b 00000000 09010000 40000380 08000100 01000000 09000200 65746830 00000000 08000300 07000000"
                "06000400 78050000 06000700 c3220000 05000800 03000000 08000500 e000005a"));
  EXPECT_EQ(started({IpvsDaemonRole::Master, "eth0", 9, 0, ip("ff02::81")}),
            hex("48000000 1c000100 656c0d6b 00000000 09010000 34000380 08000100 01000000 09000200 65746830 00000000 08000300 09000000"
                "14000600 ff020000 00000000 00000000 00000081"));
}

TEST(IpvsRequest, stopsADaemonByItsRole) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildStopDaemon(b, kIpvsFamily, IpvsDaemonRole::Master, kSequence); }),
            hex("20000000 1c000100 656c0d6b 00000000 0a010000 0c000380 08000100 01000000"));
}

TEST(IpvsRequest, setsTimeouts) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildSetTimeouts(b, kIpvsFamily, {901, 121, 301}, kSequence); }),
            hex("2c000000 1c000100 656c0d6b 00000000 0c010000 08000400 85030000 08000500 79000000 08000600 2d010000"));
}

TEST(IpvsRequest, asksForWhatThereIs) {
  const auto asked = [](auto build) { return built([&](NetlinkBuilder& b) { return build(b, kIpvsFamily, kSequence); }); };
  EXPECT_EQ(asked(buildServiceDump), hex("14000000 1c000103 656c0d6b 00000000 04010000"));
  EXPECT_EQ(asked(buildDaemonDump), hex("14000000 1c000103 656c0d6b 00000000 0b010000"));
  EXPECT_EQ(asked(buildTimeoutsRequest), hex("14000000 1c000500 656c0d6b 00000000 0d010000"));
  EXPECT_EQ(asked(buildInfoRequest), hex("14000000 1c000500 656c0d6b 00000000 0f010000"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildDestinationDump(b, kIpvsFamily, kWeb, kSequence); }),
            hex("44000000 1c000103 656c0d6b 00000000 08010000 30000180 06000100 02000000 06000200 06000000"
                "14000300 c000020a 00000000 00000000 00000000 06000400 00500000"));
}

TEST(IpvsRequest, fitsAtItsLongest) {
  const std::string longest(15, 'x');
  EXPECT_LE(added(kWeb, {longest, 0, 0, 32, longest}).size(), kMaxIpvsRequest);
  EXPECT_LE(built([&](NetlinkBuilder& b) {
              return buildStartDaemon(b, kIpvsFamily, {IpvsDaemonRole::Master, longest, 255, 1, ip("ff02::81"), 1, 1}, kSequence);
            }).size(),
            kMaxIpvsRequest);
}

TEST(IpvsRequest, refusesNamesThatTheKernelHasNoRoomFor) {
  const std::string tooLong(16, 'x');
  std::array<std::uint8_t, kMaxIpvsRequest> buffer{};
  NetlinkBuilder builder(buffer);
  EXPECT_FALSE(buildAddService(builder, kIpvsFamily, kWeb, {tooLong, 0, 0, 32, ""}, 1));
  EXPECT_FALSE(buildChangeService(builder, kIpvsFamily, kWeb, {"rr", 0, 0, 32, tooLong}, 1));
  EXPECT_FALSE(buildStartDaemon(builder, kIpvsFamily, {IpvsDaemonRole::Master, tooLong, 1, 0, {}, 0, 0}, 1));
  EXPECT_TRUE(builder.empty());
}

TEST(IpvsRequest, leavesNoTraceWithoutRoom) {
  std::array<std::uint8_t, 164> buffer{};
  const IpvsDestination destination{{ip("10.0.0.1"), 8080}, IpvsForwarding::Nat, 5};
  for (std::size_t room = 0; room < buffer.size(); ++room) {
    NetlinkBuilder builder{std::span{buffer}.first(room)};
    EXPECT_FALSE(buildAddDestination(builder, kIpvsFamily, kWeb, destination, 1)) << room;
    EXPECT_TRUE(builder.empty()) << room;
  }
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(buildAddDestination(builder, kIpvsFamily, kWeb, destination, 1));
}

TEST(IpvsNetmask, isAMaskOfIPv4AndALengthOfIPv6) {
  struct Case {
    std::uint8_t length;
    std::uint32_t netmask;
  };
  for (const Case& c :
       {Case{0, 0}, Case{1, 0x00000080}, Case{8, 0x000000ff}, Case{20, 0x00f0ffff}, Case{24, 0x00ffffff}, Case{32, 0xffffffff}}) {
    EXPECT_EQ(toIpvsNetmask(c.length, Family::IPv4), c.netmask) << int{c.length};
    EXPECT_EQ(fromIpvsNetmask(c.netmask, Family::IPv4), c.length);
  }
  EXPECT_EQ(toIpvsNetmask(255, Family::IPv4), 0xffffffff);
  EXPECT_EQ(fromIpvsNetmask(0xff00ff00, Family::IPv4), kIpvsNoPrefix);
  EXPECT_EQ(toIpvsNetmask(64, Family::IPv6), 64U);
  EXPECT_EQ(fromIpvsNetmask(128, Family::IPv6), 128);
  EXPECT_EQ(fromIpvsNetmask(129, Family::IPv6), kIpvsNoPrefix);
}

}  // namespace
}  // namespace aloft::wire
