// Text and services put together; tests that need the kernel's table are in ipvsClientTest.cc and ipvsHostTest.cc.
#include "kernel/ipvsTable.h"

#include <gtest/gtest.h>

#include "text.h"

namespace aloft::kernel {
namespace {

using ipvs::StandingService;
using test::ip;

StandingService service(const char* address, std::uint16_t port) {
  StandingService result;
  const wire::IpAddress parsed = ip(address);
  result.key = {parsed.family, wire::IpvsProtocol::Tcp, parsed, port, 0};
  return result;
}

StandingService mark(std::uint32_t number) {
  StandingService result;
  result.key.firewallMark = number;
  return result;
}

TEST(IpvsTable, givesEachServiceItsDestinations) {
  std::vector<StandingService> services = {service("2001:db8::10", 443), service("192.0.2.10", 80), service("192.0.2.10", 81)};
  const std::vector<bool> told = fillInDestinations(services,
                                                    "TCP  C000020A:0050 rr  \n"
                                                    "  -> 0A000001:1F90      Masq    5      2          3         \n"
                                                    "  -> 0A000002:1F90      Masq    0      0          0         \n"
                                                    "TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:01BB mh \n"
                                                    "  -> 0A000009:01BB      Tunnel  1      0          0         \n");
  EXPECT_EQ(told, (std::vector<bool>{true, true, false}));
  ASSERT_EQ(services[1].destinations.size(), 2U);
  const ipvs::StandingDestination& first = services[1].destinations[0];
  EXPECT_EQ(first.destination.key, (wire::IpvsDestinationKey{ip("10.0.0.1"), 8080}));
  EXPECT_EQ(first.destination.weight, 5U);
  EXPECT_EQ(first.destination.forwarding, wire::IpvsForwarding::Nat);
  EXPECT_EQ(first.activeConnections, 2U);
  EXPECT_EQ(first.inactiveConnections, 3U);
  ASSERT_EQ(services[0].destinations.size(), 1U);
  EXPECT_EQ(services[0].destinations[0].destination.forwarding, wire::IpvsForwarding::Tunnel);
}

TEST(IpvsTable, passesOverServicesThatWereNotListed) {
  std::vector<StandingService> services = {service("192.0.2.10", 80)};
  const std::vector<bool> told = fillInDestinations(services,
                                                    "TCP  C000020A:0050 rr  \n"
                                                    "UDP  C000020A:0050 rr  \n"
                                                    "  -> 0A000001:1F90      Masq    5      2          3         \n");
  EXPECT_EQ(told, std::vector<bool>{true});
  EXPECT_TRUE(services[0].destinations.empty()) << "of another service";
}

TEST(IpvsTable, takesTheLastOfWhatIsToldTwice) {
  std::vector<StandingService> services = {service("192.0.2.10", 80)};
  fillInDestinations(services,
                     "TCP  C000020A:0050 rr  \n"
                     "  -> 0A000001:1F90      Masq    5      2          3         \n"
                     "TCP  C000020A:0050 rr  \n"
                     "  -> 0A000001:1F90      Masq    6      2          3         \n");
  ASSERT_EQ(services[0].destinations.size(), 1U);
  EXPECT_EQ(services[0].destinations[0].destination.weight, 6U);
}

TEST(IpvsTable, tellsNothingOfFirewallMarks) {
  std::vector<StandingService> services = {mark(42)};
  EXPECT_EQ(fillInDestinations(services, "FWM  0000002A rr  \n"), std::vector<bool>{false});
}

TEST(IpvsTable, tellsNothingByAMalformedText) {
  std::vector<StandingService> services = {service("192.0.2.10", 80)};
  EXPECT_EQ(fillInDestinations(services, "TCP  C000020A:0050 rr  \nnonsense\n"), std::vector<bool>{false});
  EXPECT_EQ(fillInDestinations(services, ""), std::vector<bool>{false});
}

}  // namespace
}  // namespace aloft::kernel
