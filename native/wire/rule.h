#pragma once
// Policy rules in NETLINK_ROUTE (linux/fib_rules.h): set, removed, listed, told of.

#include <cstdint>
#include <optional>
#include <string>

#include "wire/ipAddress.h"
#include "wire/netlink.h"

namespace aloft::wire {

// Message types.
inline constexpr std::uint16_t kNewRule = 32;  // RTM_NEWRULE
inline constexpr std::uint16_t kDelRule = 33;  // RTM_DELRULE
inline constexpr std::uint16_t kGetRule = 34;  // RTM_GETRULE

// Actions.
inline constexpr std::uint8_t kRuleLookup = 1;       // FR_ACT_TO_TBL
inline constexpr std::uint8_t kRuleBlackhole = 6;    // FR_ACT_BLACKHOLE
inline constexpr std::uint8_t kRuleUnreachable = 7;  // FR_ACT_UNREACHABLE
inline constexpr std::uint8_t kRuleProhibit = 8;     // FR_ACT_PROHIBIT

struct Rule {
  Family family = Family::IPv4;
  std::uint8_t action = kRuleLookup;
  std::uint8_t protocol = 0;              ///< FRA_PROTOCOL, see kAloftProtocol
  std::optional<std::uint32_t> priority;  ///< empty: one below the lowest that there is
  std::optional<IpPrefix> from;
  std::optional<IpPrefix> to;
  std::string inputInterface;   ///< empty: any
  std::string outputInterface;  ///< empty: any
  std::uint32_t mark = 0;
  std::uint32_t mask = 0;   ///< 0: marks play no part
  std::uint32_t table = 0;  ///< with kRuleLookup
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// RTM_NEWRULE or RTM_DELRULE.
struct RuleMessage {
  bool removed = false;
  Rule rule;
};

/// Adds a rule, acknowledged; EEXIST when there is the same one of the same protocol. False when the message does not fit into the
/// builder's buffer.
bool buildAddRule(NetlinkBuilder& builder, const Rule& rule, std::uint32_t sequence);
/// Removes that rule, of the same protocol only; ENOENT when it is not there. Acknowledged.
bool buildRemoveRule(NetlinkBuilder& builder, const Rule& rule, std::uint32_t sequence);
/// All rules of a family: RTM_NEWRULE each, then NLMSG_DONE.
bool buildRuleDump(NetlinkBuilder& builder, Family family, std::uint32_t sequence);

/// Nothing for other types, other families and malformed messages. What Rule does not know (ports, user ranges, …) is passed over.
std::optional<RuleMessage> parseRule(const NetlinkMessage& message);

/// Whether `found` is what the kernel makes of `wanted`: a priority that was left open may be any.
bool matches(const Rule& wanted, const Rule& found);

}  // namespace aloft::wire
