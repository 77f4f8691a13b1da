#pragma once
// Routes in NETLINK_ROUTE (linux/rtnetlink.h): set, removed, listed, told of.

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/ipAddress.h"
#include "wire/netlink.h"
#include "wire/rtnetlink.h"

namespace aloft::wire {

// Message types.
inline constexpr std::uint16_t kNewRoute = 24;  // RTM_NEWROUTE
inline constexpr std::uint16_t kDelRoute = 25;  // RTM_DELROUTE
inline constexpr std::uint16_t kGetRoute = 26;  // RTM_GETROUTE

// Types of routes.
inline constexpr std::uint8_t kRouteUnicast = 1;      // RTN_UNICAST
inline constexpr std::uint8_t kRouteLocal = 2;        // RTN_LOCAL
inline constexpr std::uint8_t kRouteBlackhole = 6;    // RTN_BLACKHOLE
inline constexpr std::uint8_t kRouteUnreachable = 7;  // RTN_UNREACHABLE
inline constexpr std::uint8_t kRouteProhibit = 8;     // RTN_PROHIBIT

// Scopes, of addresses too.
inline constexpr std::uint8_t kScopeGlobal = 0;     // RT_SCOPE_UNIVERSE
inline constexpr std::uint8_t kScopeLink = 253;     // RT_SCOPE_LINK
inline constexpr std::uint8_t kScopeHost = 254;     // RT_SCOPE_HOST
inline constexpr std::uint8_t kScopeNowhere = 255;  // RT_SCOPE_NOWHERE

// Tables.
inline constexpr std::uint32_t kMainTable = 254;   // RT_TABLE_MAIN
inline constexpr std::uint32_t kLocalTable = 255;  // RT_TABLE_LOCAL

/// The metric that the kernel gives an IPv6 route that was set with none.
inline constexpr std::uint32_t kDefaultMetric6 = 1024;  // IP6_RT_PRIO_USER

/// The mark of routes and rules that Aloft set (rtm_protocol, FRA_PROTOCOL): the number of kAloftAddress. iproute2 shows it as "proto 161".
inline constexpr std::uint8_t kAloftProtocol = kAloftAddress;

struct RouteHop {
  std::uint32_t index = 0;   ///< of the link; 0: as the kernel finds it
  IpAddress via;             ///< unspecified: directly on the link; of IPv6 in a route of IPv4, too
  std::uint16_t weight = 1;  ///< 1–256
  bool onLink = false;
  friend bool operator==(const RouteHop&, const RouteHop&) = default;
};

struct Route {
  IpPrefix destination;  ///< its family is the route's
  std::uint8_t type = kRouteUnicast;
  std::uint8_t scope = kScopeGlobal;  ///< IPv4 only
  std::uint8_t protocol = kAloftProtocol;
  std::uint32_t table = kMainTable;
  std::uint32_t metric = 0;
  std::uint32_t mtu = 0;  ///< 0: none
  IpAddress source;       ///< preferred source address; unspecified: none
  std::vector<RouteHop> hops;
  friend bool operator==(const Route&, const Route&) = default;
};

/// RTM_NEWROUTE or RTM_DELROUTE.
struct RouteMessage {
  bool removed = false;
  bool replaced = false;  ///< RTM_NEWROUTE that took the place of another route
  Route route;
};

/// Adds a route, acknowledged; EEXIST when there is one with the same destination, metric and table, whoever set it. False when the
/// message does not fit into the builder's buffer.
bool buildAddRoute(NetlinkBuilder& builder, const Route& route, std::uint32_t sequence);
/// Removes that route, of the same protocol only; ESRCH when it is not there. Acknowledged.
bool buildRemoveRoute(NetlinkBuilder& builder, const Route& route, std::uint32_t sequence);
/// All routes of a family and protocol in all tables: RTM_NEWROUTE each, then NLMSG_DONE. Before Linux 4.20, and on a socket without
/// NETLINK_GET_STRICT_CHK, those of all protocols.
bool buildRouteDump(NetlinkBuilder& builder, Family family, std::uint8_t protocol, std::uint32_t sequence);

/// Nothing for other types, other families, cached routes, routes with a source prefix or a type of service, and malformed messages.
std::optional<RouteMessage> parseRoute(const NetlinkMessage& message);

/// Whether `found` is what the kernel makes of `wanted`: a link that was left open may be any, and hops may stand in any order.
bool matches(const Route& wanted, const Route& found);

}  // namespace aloft::wire
