#pragma once
// What the kernel's IPVS has (linux/ip_vs.h): services, destinations (real servers), sync daemons, time-outs. Values: native/ipvs plans
// with them, ipvsRequest.h asks the kernel for them, ipvsReply.h and ipvsProc.h read what it has.

#include <compare>
#include <cstdint>
#include <string>

#include "wire/ipAddress.h"

namespace aloft::wire {

enum class IpvsProtocol : std::uint8_t { None = 0, Tcp = 6, Udp = 17, Sctp = 132 };

/// Identifies a service. With a mark only `family` and `firewallMark` count, and the rest is zero.
struct IpvsServiceKey {
  Family family = Family::IPv4;
  IpvsProtocol protocol = IpvsProtocol::None;
  IpAddress address;
  std::uint16_t port = 0;  ///< 0: all ports, which takes persistence
  std::uint32_t firewallMark = 0;
  friend auto operator<=>(const IpvsServiceKey&, const IpvsServiceKey&) = default;
};

/// IP_VS_SVC_F_…; the kernel sets kHashed by itself, which says nothing of what was asked for.
inline constexpr std::uint32_t kIpvsPersistent = 0x01, kIpvsHashed = 0x02, kIpvsOnePacket = 0x04;
inline constexpr std::uint32_t kIpvsSchedulerFlag1 = 0x08, kIpvsSchedulerFlag2 = 0x10, kIpvsSchedulerFlag3 = 0x20;

/// What is read of a netmask that is no prefix: like none that is asked for.
inline constexpr std::uint8_t kIpvsNoPrefix = 255;

struct IpvsServiceSettings {
  std::string scheduler;          ///< "rr", at most 15 characters
  std::uint32_t flags = 0;        ///< without kIpvsHashed
  std::uint32_t timeout = 0;      ///< of persistence, seconds
  std::uint8_t prefixLength = 0;  ///< of the client networks that persistence tells apart; 32 or 128 without persistence
  std::string engine;             ///< persistence engine: "" or "sip"
  friend bool operator==(const IpvsServiceSettings&, const IpvsServiceSettings&) = default;
};

enum class IpvsForwarding : std::uint8_t { Nat = 0, Local = 1, Tunnel = 2, DirectRouting = 3, Bypass = 4 };
enum class IpvsTunnel : std::uint8_t { IpIp = 0, Gue = 1, Gre = 2 };
inline constexpr std::uint16_t kIpvsTunnelChecksum = 1, kIpvsTunnelRemoteChecksum = 2;

/// Identifies a real server within its service.
struct IpvsDestinationKey {
  IpAddress address;
  std::uint16_t port = 0;
  friend auto operator<=>(const IpvsDestinationKey&, const IpvsDestinationKey&) = default;
};

struct IpvsDestination {
  IpvsDestinationKey key;
  /// Packets to an address of the host itself stay there whatever this says.
  IpvsForwarding forwarding = IpvsForwarding::Nat;
  std::uint32_t weight = 1;
  std::uint32_t upperThreshold = 0;
  std::uint32_t lowerThreshold = 0;
  IpvsTunnel tunnel = IpvsTunnel::IpIp;
  std::uint16_t tunnelPort = 0;
  std::uint16_t tunnelFlags = 0;
  friend bool operator==(const IpvsDestination&, const IpvsDestination&) = default;
};

/// IPVS_SVC_ATTR_STATS64 and IPVS_DEST_ATTR_STATS64, which wrap never; rates per second.
struct IpvsStatistics {
  std::uint64_t connections = 0, inPackets = 0, outPackets = 0, inBytes = 0, outBytes = 0;
  std::uint64_t connectionRate = 0, inPacketRate = 0, outPacketRate = 0, inByteRate = 0, outByteRate = 0;
};

enum class IpvsDaemonRole : std::uint8_t { Master = 1, Backup = 2 };

struct IpvsDaemon {
  IpvsDaemonRole role = IpvsDaemonRole::Master;
  std::string interface;
  std::uint8_t syncId = 0;
  std::uint16_t maxLength = 0;  ///< 0: by the MTU
  IpAddress group;              ///< unspecified: 224.0.0.81
  std::uint16_t port = 0;       ///< 0: 8848
  std::uint8_t ttl = 0;         ///< 0: 1
  friend bool operator==(const IpvsDaemon&, const IpvsDaemon&) = default;
};

/// Seconds; 0: as it is.
struct IpvsTimeouts {
  std::uint32_t tcp = 0, tcpFin = 0, udp = 0;
  friend bool operator==(const IpvsTimeouts&, const IpvsTimeouts&) = default;
};

}  // namespace aloft::wire
