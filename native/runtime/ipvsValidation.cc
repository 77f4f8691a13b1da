#include "runtime/ipvsValidation.h"

#include <algorithm>
#include <map>
#include <set>

namespace aloft::runtime {
namespace {

constexpr std::size_t kMaxDestinations = 65536;
constexpr std::size_t kMaxName = 15;  // IP_VS_SCHEDNAME_MAXLEN - 1, IP_VS_PENAME_MAXLEN - 1

constexpr double kMonthSeconds = 31 * 86'400;
constexpr NumberRange kPort = {0, 65535};
constexpr NumberRange kRealPort = {1, 65535};
constexpr NumberRange kFirewallMark = {1, 4294967295.0};
constexpr NumberRange kWeight = {0, 65535};
constexpr NumberRange kThreshold = {0, 4294967295.0};
constexpr NumberRange kPersistence = {1, kMonthSeconds};
constexpr NumberRange kDrain = {0, kMonthSeconds};
constexpr NumberRange kTimeout = {1, kMonthSeconds};
constexpr NumberRange kSyncId = {0, 255};
constexpr NumberRange kSyncLength = {1, 65507};
constexpr NumberRange kTtl = {1, 255};

using wire::IpvsForwarding;
using wire::IpvsProtocol;
using wire::IpvsTunnel;

constexpr std::array<Choice<IpvsProtocol>, 3> kProtocols = {
    {{"TCP", IpvsProtocol::Tcp}, {"UDP", IpvsProtocol::Udp}, {"SCTP", IpvsProtocol::Sctp}}};
constexpr std::array<Choice<IpvsForwarding>, 3> kForwardings = {
    {{"NAT", IpvsForwarding::Nat}, {"DR", IpvsForwarding::DirectRouting}, {"TUN", IpvsForwarding::Tunnel}}};
constexpr std::array<Choice<std::uint32_t>, 3> kFlags = {
    {{"Flag1", wire::kIpvsSchedulerFlag1}, {"Flag2", wire::kIpvsSchedulerFlag2}, {"Flag3", wire::kIpvsSchedulerFlag3}}};
constexpr std::array<Choice<IpvsTunnel>, 3> kTunnels = {{{"IPIP", IpvsTunnel::IpIp}, {"GUE", IpvsTunnel::Gue}, {"GRE", IpvsTunnel::Gre}}};
constexpr std::array<Choice<std::uint16_t>, 3> kChecksums = {
    {{"None", 0}, {"Checksum", wire::kIpvsTunnelChecksum}, {"RemoteChecksum", wire::kIpvsTunnelRemoteChecksum}}};
constexpr std::array<Choice<wire::IpvsDaemonRole>, 2> kRoles = {
    {{"Master", wire::IpvsDaemonRole::Master}, {"Backup", wire::IpvsDaemonRole::Backup}}};

std::uint8_t fullLength(wire::Family family) { return family == wire::Family::IPv4 ? 32 : 128; }

wire::IpvsServiceKey toKey(const DesiredIpvsServiceKey& desired, const Fields& fields) {
  wire::IpvsServiceKey key;
  key.family = fields.choice("family", desired.family, kFamilies);
  if (desired.firewallMark) {
    key.firewallMark = fields.number<std::uint32_t>("firewallMark", *desired.firewallMark, kFirewallMark);
    if (desired.protocol || desired.address || desired.port) fields.fail("firewallMark", "stands alone, without protocol, address and port");
    return key;
  }
  if (!desired.protocol) fields.fail("protocol", "must be there, where no firewallMark is");
  if (!desired.address) fields.fail("address", "must be there, where no firewallMark is");
  if (!desired.port) fields.fail("port", "must be there, where no firewallMark is");
  if (fields.failed()) return key;
  key.protocol = fields.choice("protocol", *desired.protocol, kProtocols);
  key.address = fields.address("address", *desired.address, key.family);
  key.port = fields.number<std::uint16_t>("port", *desired.port, kPort);
  return key;
}

wire::IpvsDestinationKey toKey(const DesiredIpvsDestinationKey& desired, const Fields& fields) {
  wire::IpvsDestinationKey key;
  key.address = fields.address("address", desired.address, std::nullopt);
  key.port = fields.number<std::uint16_t>("port", desired.port, kPort);
  return key;
}

void addTunnel(const DesiredIpvsTunnel& desired, const Fields& fields, wire::IpvsDestination& out) {
  out.tunnel = fields.choice("type", desired.type, kTunnels);
  const bool gue = out.tunnel == IpvsTunnel::Gue;
  if (gue != desired.port.has_value()) fields.fail("port", gue ? "must be there for GUE" : "is of GUE only");
  out.tunnelPort = fields.number<std::uint16_t>("port", desired.port, kRealPort, 0);
  if (!desired.checksum) return;
  out.tunnelFlags = fields.choice("checksum", *desired.checksum, kChecksums);
  if (out.tunnel == IpvsTunnel::IpIp && out.tunnelFlags != 0) fields.fail("checksum", "is of GUE and GRE only");
  if (!gue && out.tunnelFlags == wire::kIpvsTunnelRemoteChecksum) fields.fail("checksum", "RemoteChecksum is of GUE only");
}

wire::IpvsDestination toDestination(const DesiredIpvsDestination& desired, wire::Family family, const Fields& fields) {
  wire::IpvsDestination out;
  out.key = toKey(desired.key, fields);
  out.forwarding = fields.choice("forwarding", desired.forwarding, kForwardings);
  if (out.key.address.family != family && out.forwarding != IpvsForwarding::Tunnel) {
    fields.fail("address", desired.key.address + " is of another family than the service, which TUN alone can bridge");
  }
  out.weight = fields.number<std::uint32_t>("weight", desired.weight, kWeight);
  out.upperThreshold = fields.number<std::uint32_t>("upperThreshold", desired.upperThreshold, kThreshold, 0);
  out.lowerThreshold = fields.number<std::uint32_t>("lowerThreshold", desired.lowerThreshold, kThreshold, 0);
  if (out.lowerThreshold > out.upperThreshold) fields.fail("lowerThreshold", "must not be greater than upperThreshold");
  if (!desired.tunnel) return out;
  if (out.forwarding != IpvsForwarding::Tunnel) fields.fail("tunnel", "is of TUN only");
  addTunnel(*desired.tunnel, fields.object("tunnel"), out);
  return out;
}

void addSettings(const DesiredIpvsService& desired, const Fields& fields, ipvs::Service& out) {
  wire::IpvsServiceSettings& settings = out.settings;
  settings.scheduler = fields.name("scheduler", desired.scheduler, kMaxName);
  for (std::size_t i = 0; i < desired.schedulerFlags.size() && !fields.failed(); ++i) {
    settings.flags |= fields.element("schedulerFlags", i).choice("", desired.schedulerFlags[i], kFlags);
  }
  const bool mayBeUdp = out.key.firewallMark != 0 || out.key.protocol == IpvsProtocol::Udp;
  if (desired.onePacket && !mayBeUdp) fields.fail("onePacket", "is of UDP only");
  if (desired.onePacket) settings.flags |= wire::kIpvsOnePacket;
  settings.prefixLength = fullLength(out.key.family);
  if (!desired.persistence) {
    if (out.key.firewallMark == 0 && out.key.port == 0) fields.object("key").fail("port", "0, which is all ports, takes persistence");
    return;
  }
  const Fields at = fields.object("persistence");
  settings.flags |= wire::kIpvsPersistent;
  settings.timeout = at.number<std::uint32_t>("timeoutSeconds", desired.persistence->timeoutSeconds, kPersistence);
  const NumberRange lengths = {1, static_cast<double>(fullLength(out.key.family))};
  settings.prefixLength = at.number<std::uint8_t>("prefixLength", desired.persistence->prefixLength, lengths);
  if (desired.persistence->engine) settings.engine = at.name("engine", *desired.persistence->engine, kMaxName);
}

void addDestinations(const DesiredIpvsService& desired, const Fields& fields, ipvs::Service& out) {
  if (desired.destinations.size() > kMaxDestinations) return fields.fail("destinations", "must have at most 65536 entries");
  std::set<wire::IpvsDestinationKey> keys;
  for (std::size_t i = 0; i < desired.destinations.size() && !fields.failed(); ++i) {
    const Fields at = fields.element("destinations", i);
    out.destinations.push_back(toDestination(desired.destinations[i], out.key.family, at));
    if (!keys.insert(out.destinations.back().key).second) at.fail("address", "this address and port is there twice");
  }
  for (std::size_t i = 0; i < desired.failed.size() && !fields.failed(); ++i) {
    const Fields at = fields.element("failed", i);
    out.failed.push_back(toKey(desired.failed[i], at));
    if (keys.contains(out.failed.back())) at.fail("address", "this address and port is among the destinations as well");
  }
}

ipvs::Service toService(const DesiredIpvsService& desired, const Fields& fields) {
  ipvs::Service out;
  out.key = toKey(desired.key, fields.object("key"));
  addSettings(desired, fields, out);
  addDestinations(desired, fields, out);
  out.drainSeconds = fields.number<std::uint32_t>("drainSeconds", desired.drainSeconds, kDrain, 0);
  return out;
}

wire::IpvsDaemon toDaemon(const DesiredIpvsDaemon& desired, const Fields& fields) {
  wire::IpvsDaemon out;
  out.role = fields.choice("role", desired.role, kRoles);
  out.interface = fields.interface("interface", desired.interface);
  out.syncId = fields.number<std::uint8_t>("syncID", desired.syncID, kSyncId);
  out.maxLength = fields.number<std::uint16_t>("maxLength", desired.maxLength, kSyncLength, 0);
  if (desired.group) {
    const bool v6 = desired.group->find(':') != std::string::npos;
    out.group = fields.group("group", *desired.group, v6 ? wire::Family::IPv6 : wire::Family::IPv4);
  }
  out.port = fields.number<std::uint16_t>("port", desired.port, kRealPort, 0);
  out.ttl = fields.number<std::uint8_t>("ttl", desired.ttl, kTtl, 0);
  return out;
}

void addDaemons(const std::vector<DesiredIpvsDaemon>& desired, const Fields& root, ipvs::Table& out) {
  std::set<wire::IpvsDaemonRole> roles;
  for (std::size_t i = 0; i < desired.size() && !root.failed(); ++i) {
    const Fields at = root.element("daemons", i);
    out.daemons.push_back(toDaemon(desired[i], at));
    if (!roles.insert(out.daemons.back().role).second) at.fail("role", "a node runs one " + desired[i].role + " at most");
  }
}

void addKept(const std::vector<DesiredIpvsServiceKey>& kept, const ipvs::Table& former, const Fields& root, ipvs::ServiceKeys& keys,
             ipvs::Table& out) {
  std::map<wire::IpvsServiceKey, const ipvs::Service*> known;
  for (const ipvs::Service& service : former.services) known.emplace(service.key, &service);
  for (std::size_t i = 0; i < kept.size() && !root.failed(); ++i) {
    const Fields at = root.element("kept", i);
    const wire::IpvsServiceKey key = toKey(kept[i], at);
    if (root.failed()) return;
    const auto found = known.find(key);
    if (found == known.end()) return at.fail("", "was not in the state before");
    if (!keys.insert(key).second) return at.fail("", "this service is there twice");
    out.services.push_back(*found->second);
  }
}

}  // namespace

std::variant<ipvs::Table, FieldProblem> validate(const DesiredIpvsState& desired, const ipvs::Table& former) {
  std::optional<FieldProblem> problem;
  const Fields root("", problem);
  ipvs::Table table;
  ipvs::ServiceKeys keys;
  for (std::size_t i = 0; i < desired.services.size() && !problem; ++i) {
    const Fields at = root.element("services", i);
    table.services.push_back(toService(desired.services[i], at));
    if (!keys.insert(table.services.back().key).second) at.fail("key", "this service is there twice");
  }
  if (!desired.kept.empty()) addKept(desired.kept, former, root, keys, table);
  table.managesDaemons = desired.daemons.has_value();
  if (desired.daemons) addDaemons(*desired.daemons, root, table);
  const Fields timeouts = root.object("timeouts");
  table.timeouts.tcp = timeouts.number<std::uint32_t>("tcp", desired.timeouts.tcp, kTimeout, 0);
  table.timeouts.tcpFin = timeouts.number<std::uint32_t>("tcpFin", desired.timeouts.tcpFin, kTimeout, 0);
  table.timeouts.udp = timeouts.number<std::uint32_t>("udp", desired.timeouts.udp, kTimeout, 0);
  if (problem) return *problem;
  return table;
}

std::variant<ipvs::ServiceKeys, FieldProblem> validateKeys(const char* field, const std::vector<DesiredIpvsServiceKey>& keys) {
  std::optional<FieldProblem> problem;
  const Fields root("", problem);
  ipvs::ServiceKeys out;
  for (std::size_t i = 0; i < keys.size() && !problem; ++i) out.insert(toKey(keys[i], root.element(field, i)));
  if (problem) return *problem;
  return out;
}

}  // namespace aloft::runtime
