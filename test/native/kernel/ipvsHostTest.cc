// What belongs to the host beside services: sync daemons, time-outs, namespaces, traffic.
#include <chrono>
#include <thread>

#include "ipvsBed.h"

namespace aloft::kernel {
namespace {

class IpvsHost : public IpvsBed {};

TEST_F(IpvsHost, startsListsAndStopsDaemons) {
  shell("ip link add eth0 type dummy && ip link set eth0 up && ip address add 192.0.2.1/24 dev eth0");
  wire::IpvsDaemon master{wire::IpvsDaemonRole::Master, "eth0", 7, 1400, ip("224.0.0.90"), 8899, 3};
  const wire::IpvsDaemon backup{wire::IpvsDaemonRole::Backup, "eth0", 7, 0, {}};
  expectDone({ipvs::StartDaemon{master}, ipvs::StartDaemon{backup}});
  auto daemons = client_->daemons();
  ASSERT_TRUE(daemons.ok());
  ASSERT_EQ(daemons.value().size(), 2U);
  EXPECT_EQ(daemons.value()[0], master);
  EXPECT_EQ(daemons.value()[1], (wire::IpvsDaemon{wire::IpvsDaemonRole::Backup, "eth0", 7, 1472, ip("224.0.0.81"), 8848, 1}));
  EXPECT_EQ(perform({ipvs::StartDaemon{master}}), std::vector<IpvsOutcome>{EEXIST});
  expectDone({ipvs::StopDaemon{master}, ipvs::StopDaemon{backup}});
  daemons = client_->daemons();
  ASSERT_TRUE(daemons.ok());
  EXPECT_TRUE(daemons.value().empty());
}

TEST_F(IpvsHost, setsTimeoutsAndLeavesThoseOfZero) {
  const auto before = client_->timeouts();
  ASSERT_TRUE(before.ok());
  EXPECT_NE(before.value().udp, 0U);
  expectDone({ipvs::SetTimeouts{{901, 121, 0}}});
  const auto after = client_->timeouts();
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after.value(), (wire::IpvsTimeouts{901, 121, before.value().udp}));
}

/// The kernel does not acknowledge that a daemon was stopped before it ever ran.
TEST_F(IpvsHost, stopsADaemonThatHasJustBeenStarted) {
  shell("ip link add eth0 type dummy && ip link set eth0 up && ip address add 192.0.2.1/24 dev eth0");
  const wire::IpvsDaemon backup{wire::IpvsDaemonRole::Backup, "eth0", 7, 0, {}};
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  for (int round = 0; round < 20; ++round) {
    expectDone({ipvs::StartDaemon{backup}, ipvs::StopDaemon{backup}, SetService{true, web, kRoundRobin}, RemoveService{web}});
  }
  const auto daemons = client_->daemons();
  ASSERT_TRUE(daemons.ok());
  EXPECT_TRUE(daemons.value().empty());
}

TEST_F(IpvsHost, seesItsOwnNamespaceOnly) {
  expectDone({SetService{true, keyOf("192.0.2.10", 80), kRoundRobin}});
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  EXPECT_EQ(dump().size(), 1U) << "a socket belongs to the namespace in which it was opened";
  auto elsewhere = IpvsClient::open();
  ASSERT_TRUE(elsewhere.ok());
  const auto services = elsewhere.value()->dump();
  ASSERT_TRUE(services.ok());
  EXPECT_TRUE(services.value().empty());
  const auto seen = elsewhere.value()->glance();
  ASSERT_TRUE(seen.ok());
  EXPECT_TRUE(seen.value().empty());
}

/// /proc/net/ip_vs loses services at the ends of pages when other namespaces have some, too.
TEST_F(IpvsHost, glancesAtAllServicesBesideThoseOfOtherNamespaces) {
  constexpr std::uint16_t kServices = 300;
  const auto fill = [](IpvsClient& client) {
    std::vector<Operation> operations;
    for (std::uint16_t port = 1; port <= kServices; ++port) {
      const IpvsServiceKey key = keyOf("192.0.2.10", port);
      operations.push_back(SetService{true, key, kRoundRobin});
      operations.push_back(SetDestination{true, key, destinationOf("10.0.0.1", port, IpvsForwarding::DirectRouting, port)});
    }
    std::vector<IpvsOutcome> outcomes(operations.size(), kUntouched);
    ASSERT_TRUE(client.carryOut(operations, outcomes).ok());
  };
  fill(*client_);
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  shell("ip link set lo up");
  auto opened = IpvsClient::open();
  ASSERT_TRUE(opened.ok());
  client_.swap(opened.value());  // the first one's services stay as long as its socket
  fill(*client_);
  const std::vector<StandingService> services = glance();
  ASSERT_EQ(services.size(), kServices);
  for (const StandingService& service : services) {
    ASSERT_EQ(service.destinations.size(), 1U) << service.key.port;
    EXPECT_EQ(service.destinations[0].destination.weight, service.key.port);
  }
}

TEST_F(IpvsHost, countsTraffic) {
  shell("ip address add 192.0.2.10/32 dev lo && ip address add 192.0.2.1/32 dev lo");
  const IpvsServiceKey dns = keyOf("192.0.2.10", 53, IpvsProtocol::Udp);
  expectDone({SetService{true, dns, kRoundRobin}, SetDestination{true, dns, destinationOf("192.0.2.1", 5353, IpvsForwarding::Nat)}});
  shell("bash -c 'for i in 1 2 3; do echo question > /dev/udp/192.0.2.10/53; done'");
  std::vector<StandingService> services = dump();
  // The kernel adds up what its processors counted every two seconds.
  for (int tries = 0; tries < 100 && !services.empty() && services[0].statistics.connections == 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    services = dump();
  }
  const StandingService* const service = find(services, dns);
  ASSERT_NE(service, nullptr);
  ASSERT_EQ(service->destinations.size(), 1U);
  EXPECT_EQ(service->statistics.connections, 3U);
  EXPECT_EQ(service->destinations[0].statistics.connections, 3U);
  EXPECT_EQ(service->destinations[0].statistics.inBytes, 3U * (20 + 8 + 9));
  EXPECT_EQ(service->destinations[0].inactiveConnections, 3U);
  EXPECT_EQ(glance()[0].destinations[0].inactiveConnections, 3U);
}

}  // namespace
}  // namespace aloft::kernel
