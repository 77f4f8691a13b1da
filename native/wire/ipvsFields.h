#pragma once
// What requests to IPVS and its replies share: numbers of linux/ip_vs.h, which this folder does not include, and netmasks.

#include <cstdint>

#include "wire/ipAddress.h"

namespace aloft::wire {

inline constexpr std::uint8_t kIpvsVersion = 1;  // IPVS_GENL_VERSION

// Commands. A reply has the command that would set what it tells.
inline constexpr std::uint8_t kIpvsNewService = 1;      // IPVS_CMD_NEW_SERVICE
inline constexpr std::uint8_t kIpvsSetService = 2;      // IPVS_CMD_SET_SERVICE
inline constexpr std::uint8_t kIpvsDelService = 3;      // IPVS_CMD_DEL_SERVICE
inline constexpr std::uint8_t kIpvsGetService = 4;      // IPVS_CMD_GET_SERVICE
inline constexpr std::uint8_t kIpvsNewDestination = 5;  // IPVS_CMD_NEW_DEST
inline constexpr std::uint8_t kIpvsSetDestination = 6;  // IPVS_CMD_SET_DEST
inline constexpr std::uint8_t kIpvsDelDestination = 7;  // IPVS_CMD_DEL_DEST
inline constexpr std::uint8_t kIpvsGetDestination = 8;  // IPVS_CMD_GET_DEST
inline constexpr std::uint8_t kIpvsNewDaemon = 9;       // IPVS_CMD_NEW_DAEMON
inline constexpr std::uint8_t kIpvsDelDaemon = 10;      // IPVS_CMD_DEL_DAEMON
inline constexpr std::uint8_t kIpvsGetDaemon = 11;      // IPVS_CMD_GET_DAEMON
inline constexpr std::uint8_t kIpvsSetConfig = 12;      // IPVS_CMD_SET_CONFIG
inline constexpr std::uint8_t kIpvsGetConfig = 13;      // IPVS_CMD_GET_CONFIG
inline constexpr std::uint8_t kIpvsSetInfo = 14;        // IPVS_CMD_SET_INFO
inline constexpr std::uint8_t kIpvsGetInfo = 15;        // IPVS_CMD_GET_INFO

// Attributes of a message: IPVS_CMD_ATTR_…
inline constexpr std::uint16_t kIpvsService = 1;
inline constexpr std::uint16_t kIpvsDestination = 2;
inline constexpr std::uint16_t kIpvsDaemon = 3;
inline constexpr std::uint16_t kIpvsTimeoutTcp = 4;
inline constexpr std::uint16_t kIpvsTimeoutTcpFin = 5;
inline constexpr std::uint16_t kIpvsTimeoutUdp = 6;

// Of a service: IPVS_SVC_ATTR_…
inline constexpr std::uint16_t kServiceFamily = 1;
inline constexpr std::uint16_t kServiceProtocol = 2;
inline constexpr std::uint16_t kServiceAddress = 3;
inline constexpr std::uint16_t kServicePort = 4;
inline constexpr std::uint16_t kServiceFirewallMark = 5;
inline constexpr std::uint16_t kServiceScheduler = 6;
inline constexpr std::uint16_t kServiceFlags = 7;
inline constexpr std::uint16_t kServiceTimeout = 8;
inline constexpr std::uint16_t kServiceNetmask = 9;
inline constexpr std::uint16_t kServiceStatistics = 10;
inline constexpr std::uint16_t kServiceEngine = 11;
inline constexpr std::uint16_t kServiceStatistics64 = 12;

// Of a destination: IPVS_DEST_ATTR_…
inline constexpr std::uint16_t kDestinationAddress = 1;
inline constexpr std::uint16_t kDestinationPort = 2;
inline constexpr std::uint16_t kDestinationForwarding = 3;
inline constexpr std::uint16_t kDestinationWeight = 4;
inline constexpr std::uint16_t kDestinationUpperThreshold = 5;
inline constexpr std::uint16_t kDestinationLowerThreshold = 6;
inline constexpr std::uint16_t kDestinationActive = 7;
inline constexpr std::uint16_t kDestinationInactive = 8;
inline constexpr std::uint16_t kDestinationPersistent = 9;
inline constexpr std::uint16_t kDestinationStatistics = 10;
inline constexpr std::uint16_t kDestinationFamily = 11;
inline constexpr std::uint16_t kDestinationStatistics64 = 12;
inline constexpr std::uint16_t kDestinationTunnel = 13;
inline constexpr std::uint16_t kDestinationTunnelPort = 14;
inline constexpr std::uint16_t kDestinationTunnelFlags = 15;

// Of a sync daemon: IPVS_DAEMON_ATTR_…
inline constexpr std::uint16_t kDaemonRole = 1;
inline constexpr std::uint16_t kDaemonInterface = 2;
inline constexpr std::uint16_t kDaemonSyncId = 3;
inline constexpr std::uint16_t kDaemonMaxLength = 4;
inline constexpr std::uint16_t kDaemonGroup = 5;
inline constexpr std::uint16_t kDaemonGroup6 = 6;
inline constexpr std::uint16_t kDaemonPort = 7;
inline constexpr std::uint16_t kDaemonTtl = 8;

// Of the module: IPVS_INFO_ATTR_…
inline constexpr std::uint16_t kInfoVersion = 1;
inline constexpr std::uint16_t kInfoConnectionTableSize = 2;

/// The netmask as the kernel keeps it: of IPv4 a mask in network order, of IPv6 the prefix length as a number.
std::uint32_t toIpvsNetmask(std::uint8_t prefixLength, Family family);
std::uint8_t fromIpvsNetmask(std::uint32_t netmask, Family family);

}  // namespace aloft::wire
