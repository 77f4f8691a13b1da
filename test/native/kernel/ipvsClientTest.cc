// What stands in the kernel is what was asked for.
#include "ipvsBed.h"

namespace aloft::kernel {
namespace {

class IpvsClientTest : public IpvsBed {};

struct ServiceCase {
  const char* what;
  IpvsServiceKey key;
  IpvsServiceSettings settings;
};

std::vector<ServiceCase> servicesOfEachKind() {
  return {
      {"persistent", keyOf("192.0.2.10", 80), {"wlc", wire::kIpvsPersistent, 300, 24, ""}},
      {"onePacket", keyOf("192.0.2.10", 53, IpvsProtocol::Udp), {"rr", wire::kIpvsOnePacket, 0, 32, ""}},
      {"sctp", keyOf("192.0.2.10", 2905, IpvsProtocol::Sctp), kRoundRobin},
      {"allPorts", keyOf("192.0.2.11", 0), {"wrr", wire::kIpvsPersistent, 60, 32, ""}},
      {"schedulerFlags", keyOf("2001:db8::10", 443), {"mh", wire::kIpvsSchedulerFlag1 | wire::kIpvsSchedulerFlag2, 0, 128, ""}},
      {"persistent6", keyOf("2001:db8::10", 80), {"rr", wire::kIpvsPersistent, 100, 64, ""}},
      {"engine", keyOf("192.0.2.10", 5060, IpvsProtocol::Udp), {"rr", wire::kIpvsPersistent, 60, 32, "sip"}},
      {"mark", {Family::IPv4, IpvsProtocol::None, {}, 0, 42}, {"sh", wire::kIpvsPersistent, 60, 32, ""}},
      {"mark6", {Family::IPv6, IpvsProtocol::None, {}, 0, 43}, kRoundRobin6},
  };
}

TEST_F(IpvsClientTest, addsServicesOfEachKindAndDumpsThemTheSame) {
  std::vector<Operation> operations;
  for (const ServiceCase& service : servicesOfEachKind()) operations.push_back(SetService{true, service.key, service.settings});
  expectDone(operations);
  const std::vector<StandingService> services = dump();
  EXPECT_EQ(services.size(), operations.size());
  for (const ServiceCase& expected : servicesOfEachKind()) {
    SCOPED_TRACE(expected.what);
    const StandingService* const found = find(services, expected.key);
    if (found == nullptr) continue;
    EXPECT_EQ(found->settings, expected.settings);
    EXPECT_TRUE(found->destinations.empty());
  }
}

TEST_F(IpvsClientTest, takesEverySchedulerThatTheKernelHas) {
  std::uint16_t port = 0;
  for (const char* const scheduler : {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"}) {
    const IpvsServiceKey key = keyOf("192.0.2.10", ++port);
    const IpvsOutcome outcome = perform({SetService{true, key, {scheduler, 0, 0, 32, ""}}})[0];
    const bool lacking = outcome == ENOENT && std::string(scheduler) == "twos";  // Debian's User-Mode Linux has all others
    if (lacking) continue;
    ASSERT_EQ(outcome, 0) << scheduler;
    const std::vector<StandingService> services = dump();
    const StandingService* const found = find(services, key);
    ASSERT_NE(found, nullptr) << scheduler;
    EXPECT_EQ(found->settings.scheduler, scheduler);
  }
}

TEST_F(IpvsClientTest, addsDestinationsOfEachKindAndDumpsThemTheSame) {
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  const IpvsServiceKey web6 = keyOf("2001:db8::10", 443);
  IpvsDestination limited = destinationOf("10.0.0.1", 8080, IpvsForwarding::Nat, 5);
  limited.upperThreshold = 100;
  limited.lowerThreshold = 50;
  IpvsDestination gue = destinationOf("10.0.0.2", 80, IpvsForwarding::Tunnel, 2);
  gue.tunnel = wire::IpvsTunnel::Gue;
  gue.tunnelPort = 6080;
  gue.tunnelFlags = wire::kIpvsTunnelChecksum;
  IpvsDestination gre = destinationOf("10.0.0.3", 80, IpvsForwarding::Tunnel);
  gre.tunnel = wire::IpvsTunnel::Gre;
  const std::vector<IpvsDestination> ofWeb = {limited, gue, gre, destinationOf("10.0.0.4", 80, IpvsForwarding::DirectRouting, 0)};
  const std::vector<IpvsDestination> ofWeb6 = {destinationOf("2001:db8::11", 443, IpvsForwarding::DirectRouting),
                                               destinationOf("10.0.0.9", 443, IpvsForwarding::Tunnel)};
  std::vector<Operation> operations = {SetService{true, web, kRoundRobin}, SetService{true, web6, kRoundRobin6}};
  for (const IpvsDestination& destination : ofWeb) operations.push_back(SetDestination{true, web, destination});
  for (const IpvsDestination& destination : ofWeb6) operations.push_back(SetDestination{true, web6, destination});
  expectDone(operations);

  const std::vector<StandingService> services = dump();
  const auto expectAll = [&services](const IpvsServiceKey& key, const std::vector<IpvsDestination>& expected) {
    const StandingService* const service = find(services, key);
    ASSERT_NE(service, nullptr);
    EXPECT_EQ(service->destinations.size(), expected.size());
    for (const IpvsDestination& destination : expected) {
      const StandingDestination* const standing = find(service, destination.key);
      if (standing == nullptr) continue;
      EXPECT_EQ(standing->destination, destination) << wire::format(destination.key.address);
    }
  };
  expectAll(web, ofWeb);
  expectAll(web6, ofWeb6);
}

TEST_F(IpvsClientTest, glancesAtTheSameTableThatItDumps) {
  std::vector<Operation> operations;
  for (const ServiceCase& service : servicesOfEachKind()) {
    operations.push_back(SetService{true, service.key, service.settings});
    const char* const address = service.key.family == Family::IPv4 ? "10.0.0.1" : "2001:db8::11";
    const std::uint16_t port = service.key.firewallMark != 0 ? std::uint16_t{0} : service.key.port;
    operations.push_back(SetDestination{true, service.key, destinationOf(address, port, IpvsForwarding::DirectRouting, 3)});
  }
  expectDone(operations);
  const std::vector<StandingService> seen = glance();
  EXPECT_EQ(seen.size(), servicesOfEachKind().size());
  for (const StandingService& whole : dump()) {
    const StandingService* const found = find(seen, whole.key);
    if (found == nullptr) continue;
    EXPECT_EQ(found->settings, whole.settings);
    ASSERT_EQ(found->destinations.size(), 1U);
    EXPECT_EQ(found->destinations[0].destination, whole.destinations[0].destination);
  }
}

TEST_F(IpvsClientTest, glancesAtNothingAndDumpsNothing) {
  EXPECT_TRUE(dump().empty());
  EXPECT_TRUE(glance().empty());
}

TEST_F(IpvsClientTest, changesInPlace) {
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  IpvsDestination destination = destinationOf("10.0.0.1", 80, IpvsForwarding::Nat);
  expectDone({SetService{true, web, {"wlc", wire::kIpvsPersistent, 300, 24, ""}}, SetDestination{true, web, destination}});
  destination.weight = 7;
  destination.upperThreshold = 9;
  const IpvsServiceSettings changed{"mh", wire::kIpvsSchedulerFlag2, 0, 32, ""};
  expectDone({SetService{false, web, changed}, SetDestination{false, web, destination}});
  const std::vector<StandingService> services = dump();
  const StandingService* const service = find(services, web);
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->settings, changed);
  ASSERT_EQ(service->destinations.size(), 1U) << "destinations stay when their service changes";
  EXPECT_EQ(service->destinations[0].destination, destination);
}

TEST_F(IpvsClientTest, removes) {
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  const IpvsServiceKey mark{Family::IPv6, IpvsProtocol::None, {}, 0, 43};
  const IpvsDestination destination = destinationOf("10.0.0.1", 80, IpvsForwarding::Nat);
  expectDone({SetService{true, web, kRoundRobin}, SetDestination{true, web, destination}, SetService{true, mark, kRoundRobin6}});
  expectDone({RemoveDestination{web, destination.key}});
  const std::vector<StandingService> services = dump();
  const StandingService* const service = find(services, web);
  ASSERT_NE(service, nullptr);
  EXPECT_TRUE(service->destinations.empty());
  expectDone({RemoveService{web}, RemoveService{mark}});
  EXPECT_TRUE(dump().empty());
}

TEST_F(IpvsClientTest, takesForDoneWhatIsGoneAlready) {
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  const wire::IpvsDestinationKey destination{ip("10.0.0.1"), 80};
  expectDone({RemoveService{web}, RemoveDestination{web, destination}, ipvs::StopDaemon{{wire::IpvsDaemonRole::Master, "", 0, 0, {}}}});
  expectDone({SetService{true, web, kRoundRobin}, RemoveDestination{web, destination}});
}

TEST_F(IpvsClientTest, goesOnBehindWhatFails) {
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  const IpvsServiceKey other = keyOf("192.0.2.10", 81);
  const IpvsDestination destination = destinationOf("10.0.0.1", 80, IpvsForwarding::Nat);
  IpvsDestination impossible = destination;
  impossible.lowerThreshold = 1;  // above the upper one
  const std::string tooLong(16, 'x');
  EXPECT_EQ(perform({
                SetService{false, web, kRoundRobin},  // does not stand
                SetService{true, web, kRoundRobin},
                SetService{true, web, kRoundRobin},                 // stands
                SetService{true, other, {"nosuch", 0, 0, 32, ""}},  // no such scheduler
                SetService{true, other, {tooLong, 0, 0, 32, ""}},   // is not even sent
                SetDestination{true, other, destination},           // of no service
                SetDestination{false, web, destination},            // does not stand
                SetDestination{true, web, impossible},
                SetDestination{true, web, destination},
                SetDestination{true, web, destination},  // stands
                RemoveDestination{web, destination.key},
            }),
            (std::vector<IpvsOutcome>{ESRCH, 0, EEXIST, ENOENT, EMSGSIZE, ESRCH, ENOENT, ERANGE, 0, EEXIST, 0}));
}

TEST_F(IpvsClientTest, carriesOutMoreThanABatch) {
  std::vector<Operation> operations;
  std::vector<IpvsOutcome> expected;
  for (std::uint16_t port = 1; port <= 200; ++port) {
    const IpvsServiceKey key = keyOf("192.0.2.10", port);
    operations.push_back(SetService{true, key, kRoundRobin});
    operations.push_back(SetDestination{port % 5 != 0, key, destinationOf("10.0.0.1", port, IpvsForwarding::DirectRouting)});
    expected.push_back(0);
    expected.push_back(port % 5 != 0 ? 0 : ENOENT);
  }
  EXPECT_EQ(perform(operations), expected);
  const std::vector<StandingService> services = dump();
  EXPECT_EQ(services.size(), 200U);
  std::size_t destinations = 0;
  for (const StandingService& service : services) destinations += service.destinations.size();
  EXPECT_EQ(destinations, 160U);
  EXPECT_EQ(glance().size(), 200U);
}

TEST_F(IpvsClientTest, dumpsMoreThanADatagram) {
  const IpvsServiceKey web = keyOf("192.0.2.10", 80);
  std::vector<Operation> operations = {SetService{true, web, kRoundRobin}};
  for (std::uint16_t port = 1; port <= 500; ++port) {
    operations.push_back(SetDestination{true, web, destinationOf("10.0.0.1", port, IpvsForwarding::Nat, port)});
  }
  expectDone(operations);
  for (const std::vector<StandingService>& services : {dump(), glance()}) {
    ASSERT_EQ(services.size(), 1U);
    ASSERT_EQ(services[0].destinations.size(), 500U);
    for (const StandingDestination& standing : services[0].destinations) {
      EXPECT_EQ(standing.destination.weight, standing.destination.key.port);
    }
  }
}

TEST_F(IpvsClientTest, refusesFewerPlacesThanOperations) {
  const Operation operation = RemoveService{keyOf("192.0.2.10", 80)};
  const os::Status status = client_->carryOut({&operation, 1}, {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().number, EINVAL);
}

}  // namespace
}  // namespace aloft::kernel
