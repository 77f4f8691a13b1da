#pragma once
// Requests to IPVS by generic netlink (linux/ip_vs.h, family "IPVS"). Pure, no allocation.
//
//   message      [generic header | SERVICE or DAEMON or the time-outs | DEST]                 all but the last two nested
//   SERVICE      which    [AF u16 | PROTOCOL u16 | ADDR 16 bytes | PORT be16], or [AF u16 | FWMARK u32]
//                settings [SCHED_NAME text | FLAGS {u32, mask u32} | TIMEOUT u32 | NETMASK be32 of IPv4, prefix length u32 of IPv6 |
//                          PE_NAME text]
//   DEST         which    [ADDR 16 bytes | PORT be16 | ADDR_FAMILY u16]
//                settings [FWD_METHOD u32 | WEIGHT u32 | U_THRESH u32 | L_THRESH u32 | TUN_TYPE u8 | TUN_PORT be16 | TUN_FLAGS u16]
//   DAEMON       [STATE u32 | MCAST_IFN text | SYNC_ID u32 | SYNC_MAXLEN u16 | MCAST_GROUP be32 or MCAST_GROUP6 | MCAST_PORT u16 |
//                 MCAST_TTL u8]
//
// Numbers are in host order but for those marked "be". An IPv4 address fills the first four of its bytes.

#include <cstdint>
#include <string_view>

#include "wire/ipvs.h"
#include "wire/netlink.h"

namespace aloft::wire {

inline constexpr std::string_view kIpvsFamilyName = "IPVS";

/// A request of any kind here fits into this.
inline constexpr std::size_t kMaxIpvsRequest = 192;

// All builders return false when the message does not fit into the builder's buffer, or a name into the kernel's; those before it stay.
// `family` is the number of the family "IPVS", see genericNetlink.h. Changes are answered only when they fail: end a batch of them with
// buildAcknowledgedEnd() of netlink.h. What is asked for ends with an acknowledgement, or NLMSG_DONE.

/// EEXIST when it stands; ENOENT when there is no such scheduler or persistence engine.
bool buildAddService(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& key, const IpvsServiceSettings& settings,
                     std::uint32_t sequence);
/// Changes all settings in place: destinations and connections stay. ESRCH when it does not stand.
bool buildChangeService(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& key, const IpvsServiceSettings& settings,
                        std::uint32_t sequence);
/// With all its destinations. ESRCH when it does not stand.
bool buildRemoveService(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& key, std::uint32_t sequence);

/// EEXIST when it stands, ESRCH when the service does not.
bool buildAddDestination(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service, const IpvsDestination& destination,
                         std::uint32_t sequence);
/// ENOENT when it does not stand, ESRCH when the service does not.
bool buildChangeDestination(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service,
                            const IpvsDestination& destination, std::uint32_t sequence);
/// ENOENT when it does not stand, ESRCH when the service does not.
bool buildRemoveDestination(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service,
                            const IpvsDestinationKey& destination, std::uint32_t sequence);

/// EEXIST when one of the same role runs.
bool buildStartDaemon(NetlinkBuilder& builder, std::uint16_t family, const IpvsDaemon& daemon, std::uint32_t sequence);
/// There is one of each role at most. ESRCH when it does not run.
bool buildStopDaemon(NetlinkBuilder& builder, std::uint16_t family, IpvsDaemonRole role, std::uint32_t sequence);

bool buildSetTimeouts(NetlinkBuilder& builder, std::uint16_t family, const IpvsTimeouts& timeouts, std::uint32_t sequence);

/// All services: one message each, then NLMSG_DONE.
bool buildServiceDump(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence);
/// All destinations of a service: one message each, then NLMSG_DONE; none when the service does not stand.
bool buildDestinationDump(NetlinkBuilder& builder, std::uint16_t family, const IpvsServiceKey& service, std::uint32_t sequence);
/// The daemons that run: one message each, then NLMSG_DONE.
bool buildDaemonDump(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence);
bool buildTimeoutsRequest(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence);
/// The version of IPVS and the size of its table of connections.
bool buildInfoRequest(NetlinkBuilder& builder, std::uint16_t family, std::uint32_t sequence);

}  // namespace aloft::wire
