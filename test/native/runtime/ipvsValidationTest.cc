#include "runtime/ipvsValidation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace aloft::runtime {
namespace {

DesiredIpvsService good() {
  DesiredIpvsService service;
  service.key = {"IPv4", "TCP", "192.0.2.10", 80.0};
  service.scheduler = "wlc";
  service.destinations = {{{"10.0.0.1", 8080}, "NAT", 1}, {{"10.0.0.2", 8080}, "NAT", 0}};
  return service;
}

ipvs::Table taken(const DesiredIpvsState& desired) {
  auto result = validate(desired, {});
  const auto* problem = std::get_if<FieldProblem>(&result);
  EXPECT_EQ(problem, nullptr) << problem->path << ": " << problem->message;
  return problem == nullptr ? std::get<ipvs::Table>(result) : ipvs::Table();
}

ipvs::Service taken(const DesiredIpvsService& service) {
  const ipvs::Table table = taken(DesiredIpvsState{{service}});
  return table.services.empty() ? ipvs::Service() : table.services.front();
}

TEST(ValidateIpvs, TakesAPlainService) {
  const ipvs::Service service = taken(good());
  EXPECT_EQ(service.key.protocol, wire::IpvsProtocol::Tcp);
  EXPECT_EQ(wire::format(service.key.address), "192.0.2.10");
  EXPECT_EQ(service.key.port, 80);
  EXPECT_EQ(service.settings, (wire::IpvsServiceSettings{"wlc", 0, 0, 32, ""}));
  ASSERT_EQ(service.destinations.size(), 2u);
  EXPECT_EQ(service.destinations[0].key.port, 8080);
  EXPECT_EQ(service.destinations[1].weight, 0u);
  EXPECT_EQ(service.drainSeconds, 0u);
}

TEST(ValidateIpvs, TakesEverythingThatMayBeSaid) {
  DesiredIpvsService desired = good();
  desired.key = {"IPv6", {}, {}, {}, 42.0};
  desired.scheduler = "mh";
  desired.schedulerFlags = {"Flag1", "Flag2"};
  desired.onePacket = true;
  desired.persistence = {300, 64, "sip"};
  desired.destinations = {{{"10.0.0.1", 0}, "TUN", 5, 1000.0, 800.0, DesiredIpvsTunnel{"GUE", 5555.0, "RemoteChecksum"}}};
  desired.failed = {{"10.0.0.9", 0}};
  desired.drainSeconds = 30;
  DesiredIpvsState state{{desired}};
  state.daemons = {{"Master", "eth0", 7, 1400.0, "ff02::81", 9000.0, 2.0}, {"Backup", "eth0", 7}};
  state.timeouts = {900.0, {}, 30.0};
  const ipvs::Table table = taken(state);
  const ipvs::Service& service = table.services.at(0);
  EXPECT_EQ(service.key, (wire::IpvsServiceKey{wire::Family::IPv6, wire::IpvsProtocol::None, {}, 0, 42}));
  const std::uint32_t flags =
      wire::kIpvsPersistent | wire::kIpvsOnePacket | wire::kIpvsSchedulerFlag1 | wire::kIpvsSchedulerFlag2;
  EXPECT_EQ(service.settings, (wire::IpvsServiceSettings{"mh", flags, 300, 64, "sip"}));
  const wire::IpvsDestination& destination = service.destinations.at(0);
  EXPECT_EQ(destination.forwarding, wire::IpvsForwarding::Tunnel);
  EXPECT_EQ(destination.upperThreshold, 1000u);
  EXPECT_EQ(destination.lowerThreshold, 800u);
  EXPECT_EQ(destination.tunnel, wire::IpvsTunnel::Gue);
  EXPECT_EQ(destination.tunnelPort, 5555);
  EXPECT_EQ(destination.tunnelFlags, wire::kIpvsTunnelRemoteChecksum);
  EXPECT_EQ(service.failed.size(), 1u);
  EXPECT_EQ(service.drainSeconds, 30u);
  EXPECT_TRUE(table.managesDaemons);
  ASSERT_EQ(table.daemons.size(), 2u);
  EXPECT_EQ(wire::format(table.daemons[0].group), "ff02::81");
  EXPECT_EQ(table.daemons[1].role, wire::IpvsDaemonRole::Backup);
  EXPECT_EQ(table.timeouts, (wire::IpvsTimeouts{900, 0, 30}));
}

TEST(ValidateIpvs, NoDaemonsAndNothingSaidOfThemAreNotTheSame) {
  EXPECT_FALSE(taken(DesiredIpvsState{}).managesDaemons);
  DesiredIpvsState state;
  state.daemons.emplace();
  EXPECT_TRUE(taken(state).managesDaemons);
}

struct Bad {
  const char* path;
  std::function<void(DesiredIpvsService&)> change;
};

const Bad kBad[] = {
    {"services[0].key.family", [](auto& s) { s.key.family = "IPX"; }},
    {"services[0].key.protocol", [](auto& s) { s.key.protocol = {}; }},
    {"services[0].key.protocol", [](auto& s) { s.key.protocol = "ICMP"; }},
    {"services[0].key.address", [](auto& s) { s.key.address = {}; }},
    {"services[0].key.address", [](auto& s) { s.key.address = "2001:db8::1"; }},
    {"services[0].key.address", [](auto& s) { s.key.address = "0.0.0.0"; }},
    {"services[0].key.port", [](auto& s) { s.key.port = {}; }},
    {"services[0].key.port", [](auto& s) { s.key.port = 65536; }},
    {"services[0].key.port", [](auto& s) { s.key.port = 0; }},
    {"services[0].key.firewallMark", [](auto& s) { s.key.firewallMark = 1; }},
    {"services[0].key.firewallMark", [](auto& s) { s.key = {"IPv4", {}, {}, {}, 0.0}; }},
    {"services[0].scheduler", [](auto& s) { s.scheduler = ""; }},
    {"services[0].scheduler", [](auto& s) { s.scheduler = std::string(16, 'x'); }},
    {"services[0].schedulerFlags[1]", [](auto& s) { s.schedulerFlags = {"Flag1", "Flag4"}; }},
    {"services[0].onePacket", [](auto& s) { s.onePacket = true; }},
    {"services[0].persistence.timeoutSeconds", [](auto& s) { s.persistence = {0, 32}; }},
    {"services[0].persistence.prefixLength", [](auto& s) { s.persistence = {300, 33}; }},
    {"services[0].persistence.prefixLength", [](auto& s) { s.persistence = {300, 0}; }},
    {"services[0].persistence.engine", [](auto& s) { s.persistence = {300, 32, std::string(16, 'x')}; }},
    {"services[0].destinations[1].address", [](auto& s) { s.destinations[1].key.address = "nowhere"; }},
    {"services[0].destinations[1].address", [](auto& s) { s.destinations[1].key = s.destinations[0].key; }},
    {"services[0].destinations[0].address", [](auto& s) { s.destinations[0].key.address = "2001:db8::1"; }},
    {"services[0].destinations[0].port", [](auto& s) { s.destinations[0].key.port = -1; }},
    {"services[0].destinations[0].forwarding", [](auto& s) { s.destinations[0].forwarding = "Masq"; }},
    {"services[0].destinations[0].weight", [](auto& s) { s.destinations[0].weight = std::nan(""); }},
    {"services[0].destinations[0].weight", [](auto& s) { s.destinations[0].weight = 65536; }},
    {"services[0].destinations[0].upperThreshold", [](auto& s) { s.destinations[0].upperThreshold = 1.5; }},
    {"services[0].destinations[0].lowerThreshold", [](auto& s) { s.destinations[0].lowerThreshold = 1; }},
    {"services[0].destinations[0].tunnel", [](auto& s) { s.destinations[0].tunnel = {"IPIP"}; }},
    {"services[0].destinations[0].tunnel.type",
     [](auto& s) { s.destinations[0].forwarding = "TUN", s.destinations[0].tunnel = {"VXLAN"}; }},
    {"services[0].destinations[0].tunnel.port", [](auto& s) { s.destinations[0].forwarding = "TUN", s.destinations[0].tunnel = {"GUE"}; }},
    {"services[0].destinations[0].tunnel.port",
     [](auto& s) { s.destinations[0].forwarding = "TUN", s.destinations[0].tunnel = {"GRE", 5555.0}; }},
    {"services[0].destinations[0].tunnel.checksum",
     [](auto& s) { s.destinations[0].forwarding = "TUN", s.destinations[0].tunnel = {"IPIP", {}, "Checksum"}; }},
    {"services[0].destinations[0].tunnel.checksum",
     [](auto& s) { s.destinations[0].forwarding = "TUN", s.destinations[0].tunnel = {"GRE", {}, "RemoteChecksum"}; }},
    {"services[0].failed[0].address", [](auto& s) { s.failed = {{"nowhere", 1}}; }},
    {"services[0].failed[0].address", [](auto& s) { s.failed = {s.destinations[0].key}; }},
    {"services[0].drainSeconds", [](auto& s) { s.drainSeconds = -1; }},
};

std::string pathOf(const DesiredIpvsState& state, const ipvs::Table& former = {}) {
  const auto result = validate(state, former);
  const auto* problem = std::get_if<FieldProblem>(&result);
  return problem == nullptr ? "nothing is refused" : problem->path;
}

TEST(ValidateIpvs, NamesTheFieldThatIsWrong) {
  for (const Bad& bad : kBad) {
    DesiredIpvsService service = good();
    bad.change(service);
    EXPECT_EQ(pathOf(DesiredIpvsState{{service}}), bad.path);
  }
}

TEST(ValidateIpvs, KeepsServicesOfTheStateBefore) {
  DesiredIpvsService other = good();
  other.key.port = 443;
  const ipvs::Table former = taken(DesiredIpvsState{{good(), other}});
  other.scheduler = "rr";
  DesiredIpvsState state{{other}};
  state.kept = {good().key};
  const auto result = validate(state, former);
  ASSERT_TRUE(std::holds_alternative<ipvs::Table>(result));
  const auto& services = std::get<ipvs::Table>(result).services;
  ASSERT_EQ(services.size(), 2u);
  EXPECT_EQ(services[0].settings.scheduler, "rr");
  EXPECT_EQ(services[1].key, former.services[0].key);
  EXPECT_EQ(services[1].settings, former.services[0].settings);
  EXPECT_EQ(services[1].destinations.size(), 2u);

  EXPECT_EQ(pathOf(state), "kept[0]") << "there was nothing before";
  state.kept = {good().key, good().key};
  EXPECT_EQ(pathOf(state, former), "kept[1]");
  state.kept = {other.key};
  EXPECT_EQ(pathOf(state, former), "kept[0]") << "it is among those that are given";
  state.kept = {{"IPv4", "TCP", "nowhere", 80.0}};
  EXPECT_EQ(pathOf(state, former), "kept[0].address");
}

TEST(ValidateIpvs, NamesTheFieldOutsideOfServices) {
  EXPECT_EQ(pathOf(DesiredIpvsState{{good(), good()}}), "services[1].key");
  const std::pair<const char*, DesiredIpvsDaemon> daemons[] = {
      {"daemons[1].role", {"Both", "eth0", 1}},
      {"daemons[1].role", {"Master", "eth1", 1}},
      {"daemons[1].interface", {"Backup", "a/b", 1}},
      {"daemons[1].syncID", {"Backup", "eth0", 256}},
      {"daemons[1].maxLength", {"Backup", "eth0", 1, 65508.0}},
      {"daemons[1].group", {"Backup", "eth0", 1, {}, "192.0.2.1"}},
      {"daemons[1].port", {"Backup", "eth0", 1, {}, {}, 0.0}},
      {"daemons[1].ttl", {"Backup", "eth0", 1, {}, {}, {}, 256.0}},
  };
  for (const auto& [path, daemon] : daemons) {
    DesiredIpvsState state;
    state.daemons = {{"Master", "eth0", 1}, daemon};
    EXPECT_EQ(pathOf(state), path);
  }
  EXPECT_EQ(pathOf(DesiredIpvsState{{}, {}, {0.0}}), "timeouts.tcp");
  EXPECT_EQ(pathOf(DesiredIpvsState{{}, {}, {{}, 0.5}}), "timeouts.tcpFin");
  EXPECT_EQ(pathOf(DesiredIpvsState{{}, {}, {{}, {}, -1.0}}), "timeouts.udp");
}

TEST(ValidateIpvs, KeysOfAnEarlierProcess) {
  const auto good = validateKeys("owned", {{"IPv4", "TCP", "192.0.2.10", 80.0}, {"IPv6", {}, {}, {}, 7.0}});
  ASSERT_TRUE(std::holds_alternative<ipvs::ServiceKeys>(good));
  EXPECT_EQ(std::get<ipvs::ServiceKeys>(good).size(), 2u);
  const auto bad = validateKeys("owned", {{"IPv4", "TCP", "192.0.2.10", 80.0}, {"IPv6", "TCP"}});
  ASSERT_TRUE(std::holds_alternative<FieldProblem>(bad));
  EXPECT_EQ(std::get<FieldProblem>(bad).path, "owned[1].address");
}

}  // namespace
}  // namespace aloft::runtime
