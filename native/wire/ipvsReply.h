#pragma once
// Replies of IPVS by generic netlink: the attributes of ipvsRequest.h, and with them what only the kernel knows. Pure, no allocation but
// for names beyond 15 characters, which IPVS does not have.
//
//   SERVICE      … | STATS nested | STATS64 nested
//   DEST         … | ACTIVE_CONNS u32 | INACT_CONNS u32 | PERSIST_CONNS u32 | STATS nested | STATS64 nested
//   STATS        [CONNS u32 | INPKTS u32 | OUTPKTS u32 | INBYTES u64 | OUTBYTES u64 | CPS u32 | INPPS u32 | OUTPPS u32 | INBPS u32 |
//                 OUTBPS u32], of which STATS64 (Linux 4.1 and later) makes all u64
//   information  [VERSION u32, a byte each of 0 major minor patch | CONN_TAB_SIZE u32]
//
// Each parser gives nothing for messages of other families and commands, for malformed ones, and for what no request of ours could have
// made: other protocols, ways to forward, tunnels. Attributes that it does not know are passed over.

#include <cstdint>
#include <optional>

#include "wire/ipvs.h"
#include "wire/netlink.h"

namespace aloft::wire {

struct IpvsServiceMessage {
  IpvsServiceKey key;
  IpvsServiceSettings settings;
  IpvsStatistics statistics;
};

struct IpvsDestinationMessage {
  IpvsDestination destination;
  std::uint32_t activeConnections = 0;
  std::uint32_t inactiveConnections = 0;
  std::uint32_t persistentConnections = 0;
  IpvsStatistics statistics;
};

struct IpvsInformation {
  std::uint32_t version = 0;
  std::uint32_t connectionTableSize = 0;
};

std::optional<IpvsServiceMessage> parseIpvsService(const NetlinkMessage& message, std::uint16_t family);
std::optional<IpvsDestinationMessage> parseIpvsDestination(const NetlinkMessage& message, std::uint16_t family);
/// As it runs: with the length, group, port and TTL that were left to the kernel.
std::optional<IpvsDaemon> parseIpvsDaemon(const NetlinkMessage& message, std::uint16_t family);
std::optional<IpvsTimeouts> parseIpvsTimeouts(const NetlinkMessage& message, std::uint16_t family);
std::optional<IpvsInformation> parseIpvsInformation(const NetlinkMessage& message, std::uint16_t family);

}  // namespace aloft::wire
