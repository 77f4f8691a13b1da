#include "wire/ipvsRequest.h"

#include <array>

#include "wire/bytes.h"
#include "wire/genericNetlink.h"
#include "wire/ipvsFields.h"
#include "wire/rtnetlinkFields.h"

namespace aloft::wire {
namespace {

/// IP_VS_SCHEDNAME_MAXLEN, IP_VS_PENAME_MAXLEN and IP_VS_IFNAME_MAXLEN, without the zero at the end.
constexpr std::size_t kMaxName = 15;

void begin(NetlinkBuilder& builder, std::uint16_t family, std::uint8_t command, std::uint16_t flags, std::uint32_t sequence) {
  beginGeneric(builder, family, command, kIpvsVersion, flags, sequence);
}

void bigEndian(NetlinkBuilder& builder, std::uint16_t type, std::uint16_t value) {
  std::array<std::uint8_t, 2> bytes;
  store16(bytes, 0, value);
  builder.attribute(type, bytes);
}

void appendKey(NetlinkBuilder& builder, const IpvsServiceKey& key) {
  builder.number(kServiceFamily, std::uint16_t{toAf(key.family)});
  if (key.firewallMark != 0) {
    builder.number(kServiceFirewallMark, key.firewallMark);
    return;
  }
  builder.number(kServiceProtocol, static_cast<std::uint16_t>(key.protocol));
  builder.attribute(kServiceAddress, key.address.bytes);
  bigEndian(builder, kServicePort, key.port);
}

void appendSettings(NetlinkBuilder& builder, const IpvsServiceSettings& settings, Family family) {
  std::array<std::uint8_t, 8> flags;
  storeNumber(flags, 0, settings.flags & ~kIpvsHashed);
  storeNumber(flags, 4, ~std::uint32_t{0});  // which of them count: all
  builder.text(kServiceScheduler, settings.scheduler);
  if (!settings.engine.empty()) builder.text(kServiceEngine, settings.engine);
  builder.attribute(kServiceFlags, flags);
  builder.number(kServiceTimeout, settings.timeout);
  builder.number(kServiceNetmask, toIpvsNetmask(settings.prefixLength, family));
}

void appendKey(NetlinkBuilder& builder, const IpvsDestinationKey& key) {
  builder.number(kDestinationFamily, std::uint16_t{toAf(key.address.family)});
  builder.attribute(kDestinationAddress, key.address.bytes);
  bigEndian(builder, kDestinationPort, key.port);
}

void appendSettings(NetlinkBuilder& builder, const IpvsDestination& destination) {
  builder.number(kDestinationForwarding, static_cast<std::uint32_t>(destination.forwarding));
  builder.number(kDestinationWeight, destination.weight);
  builder.number(kDestinationTunnel, static_cast<std::uint8_t>(destination.tunnel));
  bigEndian(builder, kDestinationTunnelPort, destination.tunnelPort);
  builder.number(kDestinationTunnelFlags, destination.tunnelFlags);
  builder.number(kDestinationUpperThreshold, destination.upperThreshold);
  builder.number(kDestinationLowerThreshold, destination.lowerThreshold);
}

/// Without settings: which one.
void appendService(NetlinkBuilder& builder, const IpvsServiceKey& key, const IpvsServiceSettings* settings = nullptr) {
  const std::size_t nested = builder.beginNested(kIpvsService);
  appendKey(builder, key);
  if (settings != nullptr) appendSettings(builder, *settings, key.family);
  builder.endNested(nested);
}

bool buildService(NetlinkBuilder& builder, std::uint16_t family, std::uint8_t command, const IpvsServiceKey& key,
                  const IpvsServiceSettings* settings, std::uint32_t sequence) {
  if (settings != nullptr && (settings->scheduler.size() > kMaxName || settings->engine.size() > kMaxName)) return false;
  begin(builder, family, command, 0, sequence);
  appendService(builder, key, settings);
  return builder.end();
}

bool buildDestination(NetlinkBuilder& builder, std::uint16_t family, std::uint8_t command, const IpvsServiceKey& service,
                      const IpvsDestinationKey& key, const IpvsDestination* settings, std::uint32_t sequence) {
  begin(builder, family, command, 0, sequence);
  appendService(builder, service);
  const std::size_t nested = builder.beginNested(kIpvsDestination);
  appendKey(builder, key);
  if (settings != nullptr) appendSettings(builder, *settings);
  builder.endNested(nested);
  return builder.end();
}

bool buildEmpty(NetlinkBuilder& builder, std::uint16_t family, std::uint8_t command, std::uint16_t flags, std::uint32_t sequence) {
  begin(builder, family, command, flags, sequence);
  return builder.end();
}

void appendWhere(NetlinkBuilder& builder, const IpvsDaemon& daemon) {
  builder.text(kDaemonInterface, daemon.interface);
  builder.number(kDaemonSyncId, std::uint32_t{daemon.syncId});
  if (daemon.maxLength != 0) builder.number(kDaemonMaxLength, daemon.maxLength);
  if (daemon.port != 0) builder.number(kDaemonPort, daemon.port);
  if (daemon.ttl != 0) builder.number(kDaemonTtl, daemon.ttl);
  if (!daemon.group.isUnspecified()) {
    builder.attribute(daemon.group.family == Family::IPv4 ? kDaemonGroup : kDaemonGroup6, daemon.group.view());
  }
}

}  // namespace

bool buildAddService(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& key, const IpvsServiceSettings& settings,
                     std::uint32_t sequence) {
  return buildService(builder, family, kIpvsNewService, key, &settings, sequence);
}

bool buildChangeService(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& key, const IpvsServiceSettings& settings,
                        std::uint32_t sequence) {
  return buildService(builder, family, kIpvsSetService, key, &settings, sequence);
}

bool buildRemoveService(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& key, std::uint32_t sequence) {
  return buildService(builder, family, kIpvsDelService, key, nullptr, sequence);
}

bool buildAddDestination(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service, const IpvsDestination& destination,
                         std::uint32_t sequence) {
  return buildDestination(builder, family, kIpvsNewDestination, service, destination.key, &destination, sequence);
}

bool buildChangeDestination(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service,
                            const IpvsDestination& destination, std::uint32_t sequence) {
  return buildDestination(builder, family, kIpvsSetDestination, service, destination.key, &destination, sequence);
}

bool buildRemoveDestination(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service,
                            const IpvsDestinationKey& destination, std::uint32_t sequence) {
  return buildDestination(builder, family, kIpvsDelDestination, service, destination, nullptr, sequence);
}

bool buildStartDaemon(NetlinkBuilder& builder, std::uint16_t family, const IpvsDaemon& daemon, std::uint32_t sequence) {
  if (daemon.interface.size() > kMaxName) return false;
  begin(builder, family, kIpvsNewDaemon, 0, sequence);
  const std::size_t nested = builder.beginNested(kIpvsDaemon);
  builder.number(kDaemonRole, static_cast<std::uint32_t>(daemon.role));
  appendWhere(builder, daemon);
  builder.endNested(nested);
  return builder.end();
}

bool buildStopDaemon(NetlinkBuilder& builder, std::uint16_t family, IpvsDaemonRole role, std::uint32_t sequence) {
  begin(builder, family, kIpvsDelDaemon, 0, sequence);
  const std::size_t nested = builder.beginNested(kIpvsDaemon);
  builder.number(kDaemonRole, static_cast<std::uint32_t>(role));
  builder.endNested(nested);
  return builder.end();
}

bool buildSetTimeouts(NetlinkBuilder& builder, std::uint16_t family, const IpvsTimeouts& timeouts, std::uint32_t sequence) {
  begin(builder, family, kIpvsSetConfig, 0, sequence);
  builder.number(kIpvsTimeoutTcp, timeouts.tcp);
  builder.number(kIpvsTimeoutTcpFin, timeouts.tcpFin);
  builder.number(kIpvsTimeoutUdp, timeouts.udp);
  return builder.end();
}

bool buildServiceDump(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence) {
  return buildEmpty(builder, family, kIpvsGetService, kNetlinkDump, sequence);
}

bool buildDestinationDump(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service, std::uint32_t sequence) {
  begin(builder, family, kIpvsGetDestination, kNetlinkDump, sequence);
  appendService(builder, service);
  return builder.end();
}

bool buildDaemonDump(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence) {
  return buildEmpty(builder, family, kIpvsGetDaemon, kNetlinkDump, sequence);
}

bool buildTimeoutsRequest(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence) {
  return buildEmpty(builder, family, kIpvsGetConfig, kNetlinkAck, sequence);
}

bool buildInfoRequest(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence) {
  return buildEmpty(builder, family, kIpvsGetInfo, kNetlinkAck, sequence);
}

}  // namespace aloft::wire
