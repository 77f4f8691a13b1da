#include "wire/ipvsReply.h"

#include <array>

#include "wire/bytes.h"
#include "wire/genericNetlink.h"
#include "wire/ipvsFields.h"
#include "wire/rtnetlinkFields.h"

namespace aloft::wire {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::optional<Bytes> attributesOf(const NetlinkMessage& message, std::uint16_t family, std::uint8_t command) {
  const auto generic = parseGeneric(message, family);
  if (!generic || generic->command != command) return std::nullopt;
  return generic->attributes;
}

/// The content of the nested attribute of that type.
std::optional<Bytes> nestedOf(const NetlinkMessage& message, std::uint16_t family, std::uint8_t command, std::uint16_t type) {
  const auto content = attributesOf(message, family, command);
  if (!content) return std::nullopt;
  NetlinkAttributes attributes(*content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == type) return attribute.value;
  }
  return std::nullopt;
}

std::optional<Family> readFamily(const NetlinkAttribute& attribute) {
  const std::uint16_t af = attribute.number<std::uint16_t>().value_or(0);
  return af > 0xff ? std::nullopt : toFamily(static_cast<std::uint8_t>(af));
}

/// The kernel gives 16 bytes for both families; of IPv4 only the first four mean anything.
std::optional<IpAddress> readAddress(Bytes value, Family family) {
  if (value.size() < IpAddress{family, {}}.size()) return std::nullopt;
  return loadAddress(value, 0, family);
}

std::uint16_t readPort(const NetlinkAttribute& attribute) {
  return attribute.value.size() < 2 ? std::uint16_t{0} : load16(attribute.value, 0);
}

std::uint32_t read32(const NetlinkAttribute& attribute) { return attribute.number<std::uint32_t>().value_or(0); }

std::optional<IpvsProtocol> readProtocol(const NetlinkAttribute& attribute) {
  switch (attribute.number<std::uint16_t>().value_or(0)) {
    case static_cast<std::uint16_t>(IpvsProtocol::Tcp):
      return IpvsProtocol::Tcp;
    case static_cast<std::uint16_t>(IpvsProtocol::Udp):
      return IpvsProtocol::Udp;
    case static_cast<std::uint16_t>(IpvsProtocol::Sctp):
      return IpvsProtocol::Sctp;
    default:
      return std::nullopt;
  }
}

/// An enumeration that counts from 0 to `last`.
template <typename Value>
std::optional<Value> readUpTo(Value last, std::optional<std::uint32_t> number) {
  if (!number || *number > static_cast<std::uint32_t>(last)) return std::nullopt;
  return static_cast<Value>(*number);
}

// ----- Statistics -----

/// STATS and STATS64 number their counters alike, from 1.
constexpr std::array kCounters = {
    &IpvsStatistics::connections, &IpvsStatistics::inPackets,      &IpvsStatistics::outPackets,   &IpvsStatistics::inBytes,
    &IpvsStatistics::outBytes,    &IpvsStatistics::connectionRate, &IpvsStatistics::inPacketRate, &IpvsStatistics::outPacketRate,
    &IpvsStatistics::inByteRate,  &IpvsStatistics::outByteRate,
};

IpvsStatistics readStatistics(Bytes content) {
  IpvsStatistics statistics;
  NetlinkAttributes attributes(content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == 0 || attribute.type > kCounters.size()) continue;
    statistics.*kCounters[attribute.type - 1U] = attribute.number<std::uint64_t>().value_or(read32(attribute));
  }
  return statistics;
}

/// Of both the one that does not wrap, whichever comes first.
class Statistics {
 public:
  void take(const NetlinkAttribute& attribute, std::uint16_t narrow, std::uint16_t wide) {
    if (attribute.type == narrow) narrow_ = attribute.value;
    if (attribute.type == wide) wide_ = attribute.value;
  }
  IpvsStatistics read() const { return readStatistics(wide_.empty() ? narrow_ : wide_); }

 private:
  Bytes narrow_;
  Bytes wide_;
};

}  // namespace

// ----- Services -----

std::optional<IpvsServiceMessage> parseIpvsService(const NetlinkMessage& message, std::uint16_t family) {
  const auto content = nestedOf(message, family, kIpvsNewService, kIpvsService);
  if (!content) return std::nullopt;
  std::optional<Family> addressFamily;
  std::optional<IpvsProtocol> protocol;
  std::uint32_t netmask = 0;
  Bytes address;
  Statistics statistics;
  IpvsServiceMessage result;
  NetlinkAttributes attributes(*content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kServiceFamily) addressFamily = readFamily(attribute);
    if (attribute.type == kServiceProtocol) protocol = readProtocol(attribute);
    if (attribute.type == kServiceAddress) address = attribute.value;
    if (attribute.type == kServicePort) result.key.port = readPort(attribute);
    if (attribute.type == kServiceFirewallMark) result.key.firewallMark = read32(attribute);
    if (attribute.type == kServiceScheduler) result.settings.scheduler = attribute.text();
    if (attribute.type == kServiceFlags) result.settings.flags = read32(attribute) & ~kIpvsHashed;
    if (attribute.type == kServiceTimeout) result.settings.timeout = read32(attribute);
    if (attribute.type == kServiceNetmask) netmask = read32(attribute);
    if (attribute.type == kServiceEngine) result.settings.engine = attribute.text();
    statistics.take(attribute, kServiceStatistics, kServiceStatistics64);
  }
  if (!addressFamily) return std::nullopt;
  result.key.family = *addressFamily;
  result.settings.prefixLength = fromIpvsNetmask(netmask, *addressFamily);
  result.statistics = statistics.read();
  if (result.key.firewallMark != 0) {
    result.key.port = 0;
    return result;
  }
  const auto parsed = readAddress(address, *addressFamily);
  if (!parsed || !protocol) return std::nullopt;
  result.key.address = *parsed;
  result.key.protocol = *protocol;
  return result;
}

// ----- Destinations -----

std::optional<IpvsDestinationMessage> parseIpvsDestination(const NetlinkMessage& message, std::uint16_t family) {
  const auto content = nestedOf(message, family, kIpvsNewDestination, kIpvsDestination);
  if (!content) return std::nullopt;
  std::optional<Family> addressFamily;
  std::optional<IpvsForwarding> forwarding;
  std::optional<IpvsTunnel> tunnel = IpvsTunnel::IpIp;  // all that kernels before 5.2 have
  Bytes address;
  Statistics statistics;
  IpvsDestinationMessage result;
  IpvsDestination& destination = result.destination;
  destination.weight = 0;
  NetlinkAttributes attributes(*content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kDestinationFamily) addressFamily = readFamily(attribute);
    if (attribute.type == kDestinationAddress) address = attribute.value;
    if (attribute.type == kDestinationPort) destination.key.port = readPort(attribute);
    if (attribute.type == kDestinationForwarding) forwarding = readUpTo(IpvsForwarding::Bypass, attribute.number<std::uint32_t>());
    if (attribute.type == kDestinationWeight) destination.weight = read32(attribute);
    if (attribute.type == kDestinationUpperThreshold) destination.upperThreshold = read32(attribute);
    if (attribute.type == kDestinationLowerThreshold) destination.lowerThreshold = read32(attribute);
    if (attribute.type == kDestinationActive) result.activeConnections = read32(attribute);
    if (attribute.type == kDestinationInactive) result.inactiveConnections = read32(attribute);
    if (attribute.type == kDestinationPersistent) result.persistentConnections = read32(attribute);
    if (attribute.type == kDestinationTunnel) tunnel = readUpTo(IpvsTunnel::Gre, attribute.number<std::uint8_t>());
    if (attribute.type == kDestinationTunnelPort) destination.tunnelPort = readPort(attribute);
    if (attribute.type == kDestinationTunnelFlags) destination.tunnelFlags = attribute.number<std::uint16_t>().value_or(0);
    statistics.take(attribute, kDestinationStatistics, kDestinationStatistics64);
  }
  if (!addressFamily || !forwarding || !tunnel) return std::nullopt;
  const auto parsed = readAddress(address, *addressFamily);
  if (!parsed) return std::nullopt;
  destination.key.address = *parsed;
  destination.forwarding = *forwarding;
  destination.tunnel = *tunnel;
  result.statistics = statistics.read();
  return result;
}

// ----- The rest -----

std::optional<IpvsDaemon> parseIpvsDaemon(const NetlinkMessage& message, std::uint16_t family) {
  const auto content = nestedOf(message, family, kIpvsNewDaemon, kIpvsDaemon);
  if (!content) return std::nullopt;
  IpvsDaemon daemon;
  std::uint32_t role = 0;
  std::optional<IpAddress> group = IpAddress{};
  NetlinkAttributes attributes(*content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kDaemonRole) role = read32(attribute);
    if (attribute.type == kDaemonInterface) daemon.interface = attribute.text();
    if (attribute.type == kDaemonSyncId) daemon.syncId = static_cast<std::uint8_t>(read32(attribute));
    if (attribute.type == kDaemonMaxLength) daemon.maxLength = attribute.number<std::uint16_t>().value_or(0);
    if (attribute.type == kDaemonGroup) group = readAddress(attribute.value, Family::IPv4);
    if (attribute.type == kDaemonGroup6) group = readAddress(attribute.value, Family::IPv6);
    if (attribute.type == kDaemonPort) daemon.port = attribute.number<std::uint16_t>().value_or(0);
    if (attribute.type == kDaemonTtl) daemon.ttl = attribute.number<std::uint8_t>().value_or(0);
  }
  const bool known =
      role == static_cast<std::uint32_t>(IpvsDaemonRole::Master) || role == static_cast<std::uint32_t>(IpvsDaemonRole::Backup);
  if (!known || !group || daemon.interface.empty()) return std::nullopt;
  daemon.role = static_cast<IpvsDaemonRole>(role);
  daemon.group = *group;
  return daemon;
}

std::optional<IpvsTimeouts> parseIpvsTimeouts(const NetlinkMessage& message, std::uint16_t family) {
  const auto content = attributesOf(message, family, kIpvsSetConfig);
  if (!content) return std::nullopt;
  IpvsTimeouts timeouts;
  NetlinkAttributes attributes(*content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kIpvsTimeoutTcp) timeouts.tcp = read32(attribute);
    if (attribute.type == kIpvsTimeoutTcpFin) timeouts.tcpFin = read32(attribute);
    if (attribute.type == kIpvsTimeoutUdp) timeouts.udp = read32(attribute);
  }
  return timeouts;
}

std::optional<IpvsInformation> parseIpvsInformation(const NetlinkMessage& message, std::uint16_t family) {
  const auto content = attributesOf(message, family, kIpvsSetInfo);
  if (!content) return std::nullopt;
  IpvsInformation information;
  NetlinkAttributes attributes(*content);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kInfoVersion) information.version = read32(attribute);
    if (attribute.type == kInfoConnectionTableSize) information.connectionTableSize = read32(attribute);
  }
  return information;
}

}  // namespace aloft::wire
