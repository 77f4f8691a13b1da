#include "ipvs/sameness.h"

#include <gtest/gtest.h>

#include "support/make.h"

namespace aloft::ipvs {
namespace {

TEST(Sameness, TheHashedFlagSaysNothing) {
  wire::IpvsServiceSettings wanted = service(tcp("192.0.2.1"), {}).settings;
  wire::IpvsServiceSettings standing = wanted;
  standing.flags |= wire::kIpvsHashed;
  EXPECT_TRUE(isAsWanted(wanted, standing));
  standing.flags |= wire::kIpvsOnePacket;
  EXPECT_FALSE(isAsWanted(wanted, standing));
}

TEST(Sameness, TimeoutAndNetmaskAreOfPersistence) {
  wire::IpvsServiceSettings wanted = service(tcp("192.0.2.1"), {}).settings;
  wire::IpvsServiceSettings standing = wanted;
  standing.timeout = 360;
  standing.prefixLength = wire::Family::IPv4 == wire::Family::IPv6 ? 0 : 24;
  EXPECT_TRUE(isAsWanted(wanted, standing));
  wanted.flags = standing.flags = wire::kIpvsPersistent;
  EXPECT_FALSE(isAsWanted(wanted, standing));
  wanted.timeout = 360;
  EXPECT_FALSE(isAsWanted(wanted, standing));
  wanted.prefixLength = 24;
  EXPECT_TRUE(isAsWanted(wanted, standing));
}

TEST(Sameness, EveryFieldOfADestinationCounts) {
  wire::IpvsDestination base = server("10.0.0.1");
  base.forwarding = wire::IpvsForwarding::Tunnel;
  base.tunnel = wire::IpvsTunnel::Gue;
  base.tunnelPort = 5555;
  const std::vector<void (*)(wire::IpvsDestination&)> changes = {
      [](auto& d) { d.forwarding = wire::IpvsForwarding::Nat; },
      [](auto& d) { d.weight = 2; },
      [](auto& d) { d.upperThreshold = 7; },
      [](auto& d) { d.lowerThreshold = 7; },
      [](auto& d) { d.tunnel = wire::IpvsTunnel::Gre; },
      [](auto& d) { d.tunnelPort = 5556; },
      [](auto& d) { d.tunnelFlags = wire::kIpvsTunnelChecksum; },
  };
  EXPECT_TRUE(isAsWanted(base, base));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    wire::IpvsDestination standing = base;
    changes[i](standing);
    EXPECT_FALSE(isAsWanted(base, standing)) << i;
  }
}

TEST(Sameness, TunnelOptionsAreOfTunnels) {
  const wire::IpvsDestination wanted = server("10.0.0.1");
  wire::IpvsDestination standing = wanted;
  standing.tunnel = wire::IpvsTunnel::Gue;
  standing.tunnelPort = 5555;
  EXPECT_TRUE(isAsWanted(wanted, standing));
}

TEST(Sameness, ADaemonWithWhatTheKernelFillsInIsTheSame) {
  const wire::IpvsDaemon wanted = daemonOn("eth0", wire::IpvsDaemonRole::Backup);
  wire::IpvsDaemon standing = wanted;
  standing.maxLength = 1472;
  standing.group = address("224.0.0.81");
  standing.port = 8848;
  standing.ttl = 1;
  EXPECT_TRUE(isAsWanted(wanted, standing));
  const std::vector<void (*)(wire::IpvsDaemon&)> changes = {
      [](auto& d) { d.role = wire::IpvsDaemonRole::Master; }, [](auto& d) { d.interface = "eth1"; }, [](auto& d) { d.syncId = 8; },
      [](auto& d) { d.group = address("224.0.0.82"); },       [](auto& d) { d.port = 8849; },        [](auto& d) { d.ttl = 2; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    wire::IpvsDaemon other = standing;
    changes[i](other);
    EXPECT_FALSE(isAsWanted(wanted, other)) << i;
  }
}

TEST(Sameness, ABackupTakesNoLessThan1024BytesAndAMasterDoes) {
  wire::IpvsDaemon wanted = daemonOn("eth0", wire::IpvsDaemonRole::Backup);
  wanted.maxLength = 800;
  wire::IpvsDaemon standing{wire::IpvsDaemonRole::Backup, "eth0", 7, 1024, address("224.0.0.81"), 8848, 1};
  EXPECT_TRUE(isAsWanted(wanted, standing));
  wanted.role = standing.role = wire::IpvsDaemonRole::Master;
  EXPECT_FALSE(isAsWanted(wanted, standing));
  standing.maxLength = 800;
  EXPECT_TRUE(isAsWanted(wanted, standing));
  wanted.maxLength = 65535;
  standing.maxLength = 65507;
  EXPECT_TRUE(isAsWanted(wanted, standing));
}

}  // namespace
}  // namespace aloft::ipvs
