#include "ipvs/sameness.h"

#include <algorithm>

namespace aloft::ipvs {
namespace {

using wire::IpvsForwarding;

// What start_sync_thread() of the kernel takes for a value that was left out.
constexpr wire::IpAddress kSyncGroup = {wire::Family::IPv4, {224, 0, 0, 81}};
constexpr std::uint16_t kSyncPort = 8848;
constexpr std::uint8_t kSyncTtl = 1;

/// A backup takes no less, for it has to understand any master; and nobody takes more than a datagram holds.
std::uint16_t syncLength(const wire::IpvsDaemon& daemon) {
  constexpr std::uint16_t kBackupMin = 1024;
  constexpr std::uint16_t kUdpHeader = 8;
  const std::uint16_t ipHeader = daemon.group.family == wire::Family::IPv4 ? 20 : 40;
  const std::uint16_t min = daemon.role == wire::IpvsDaemonRole::Backup ? kBackupMin : 1;
  return std::clamp(daemon.maxLength, min, static_cast<std::uint16_t>(65535 - ipHeader - kUdpHeader));
}

bool isAsWanted(std::uint32_t wanted, std::uint32_t standing) { return wanted == 0 || wanted == standing; }

}  // namespace

bool isAsWanted(const wire::IpvsServiceSettings& wanted, const wire::IpvsServiceSettings& standing) {
  if (wanted.scheduler != standing.scheduler || wanted.engine != standing.engine) return false;
  if (((wanted.flags ^ standing.flags) & ~wire::kIpvsHashed) != 0) return false;
  if ((wanted.flags & wire::kIpvsPersistent) == 0) return true;  // the others are of persistence
  return wanted.timeout == standing.timeout && wanted.prefixLength == standing.prefixLength;
}

bool isAsWanted(IpvsForwarding wanted, IpvsForwarding standing) { return wanted == standing || standing == IpvsForwarding::Local; }

bool isAsWanted(const wire::IpvsDestination& wanted, const wire::IpvsDestination& standing) {
  if (!isAsWanted(wanted.forwarding, standing.forwarding) || wanted.weight != standing.weight) return false;
  if (wanted.upperThreshold != standing.upperThreshold || wanted.lowerThreshold != standing.lowerThreshold) return false;
  if (standing.forwarding != IpvsForwarding::Tunnel) return true;
  return wanted.tunnel == standing.tunnel && wanted.tunnelPort == standing.tunnelPort && wanted.tunnelFlags == standing.tunnelFlags;
}

wire::IpvsDaemon filledIn(const wire::IpvsDaemon& wanted) {
  wire::IpvsDaemon daemon = wanted;
  if (wanted.group.isUnspecified()) daemon.group = kSyncGroup;
  if (wanted.port == 0) daemon.port = kSyncPort;
  if (wanted.ttl == 0) daemon.ttl = kSyncTtl;
  if (wanted.maxLength != 0) daemon.maxLength = syncLength(wanted);
  return daemon;
}

bool isAsWanted(const wire::IpvsDaemon& wanted, const wire::IpvsDaemon& standing) {
  wire::IpvsDaemon daemon = filledIn(wanted);
  if (wanted.maxLength == 0) daemon.maxLength = standing.maxLength;
  return daemon == standing;
}

bool isAsWanted(const wire::IpvsTimeouts& wanted, const wire::IpvsTimeouts& standing) {
  return isAsWanted(wanted.tcp, standing.tcp) && isAsWanted(wanted.tcpFin, standing.tcpFin) && isAsWanted(wanted.udp, standing.udp);
}

}  // namespace aloft::ipvs
