#pragma once
// What Aloft sets in the kernel's tables: addresses, routes, policy rules. Values only. Interfaces go by name, for links come and go.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/ipAddress.h"

namespace aloft::kernel {

/// RT_SCOPE_… of linux/rtnetlink.h.
enum class Scope : std::uint8_t { Global = 0, Site = 200, Link = 253, Host = 254, Nowhere = 255 };

struct AddressEntry {
  wire::IpPrefix prefix;
  std::string interface;       ///< never empty
  std::string label;           ///< "eth0:vip", IPv4 only; empty: none
  std::optional<Scope> scope;  ///< empty: as the kernel has it by default
  wire::IpAddress broadcast;   ///< IPv4 only; unspecified: none
  friend bool operator==(const AddressEntry&, const AddressEntry&) = default;
};

struct NextHop {
  wire::IpAddress via;       ///< unspecified: directly on the link; may be of IPv6 in a route of IPv4 (RTA_VIA)
  std::string interface;     ///< empty: as the kernel finds it
  std::uint16_t weight = 1;  ///< 1–256, of a route with more than one
  bool onLink = false;
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

struct RouteEntry {
  /// RTN_… of linux/rtnetlink.h.
  enum class Type : std::uint8_t { Unicast = 1, Local = 2, Blackhole = 6, Unreachable = 7, Prohibit = 8 };
  wire::IpPrefix destination;  ///< its family is the route's
  Type type = Type::Unicast;
  std::vector<NextHop> nextHops;
  wire::IpAddress source;      ///< preferred source address; unspecified: none
  std::uint32_t metric = 0;    ///< 0: the kernel's default
  std::uint32_t table = 254;   ///< RT_TABLE_MAIN; RT_TABLE_LOCAL (255) for type Local
  std::optional<Scope> scope;  ///< empty: as iproute2 chooses it
  std::uint32_t mtu = 0;       ///< 0: none
  friend bool operator==(const RouteEntry&, const RouteEntry&) = default;
};

struct RuleEntry {
  /// FR_ACT_… of linux/fib_rules.h.
  enum class Action : std::uint8_t { Lookup = 1, Blackhole = 6, Unreachable = 7, Prohibit = 8 };
  wire::Family family = wire::Family::IPv4;
  std::optional<std::uint32_t> priority;  ///< empty: the kernel chooses
  std::optional<wire::IpPrefix> from;
  std::optional<wire::IpPrefix> to;
  std::string inputInterface;   ///< empty: any
  std::string outputInterface;  ///< empty: any
  std::optional<std::uint32_t> firewallMark;
  std::optional<std::uint32_t> firewallMask;
  Action action = Action::Lookup;
  std::uint32_t table = 0;  ///< with Lookup
  friend bool operator==(const RuleEntry&, const RuleEntry&) = default;
};

/// What belongs together: set and removed as one.
struct Entries {
  std::vector<AddressEntry> addresses;
  std::vector<RouteEntry> routes;
  std::vector<RuleEntry> rules;
  friend bool operator==(const Entries&, const Entries&) = default;
};

}  // namespace aloft::kernel
