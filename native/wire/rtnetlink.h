#pragma once
// What Aloft says to and hears from NETLINK_ROUTE: links and addresses (linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h).

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/ipAddress.h"
#include "wire/netlink.h"

namespace aloft::wire {

// Message types.
inline constexpr std::uint16_t kNewLink = 16;     // RTM_NEWLINK
inline constexpr std::uint16_t kDelLink = 17;     // RTM_DELLINK
inline constexpr std::uint16_t kGetLink = 18;     // RTM_GETLINK
inline constexpr std::uint16_t kNewAddress = 20;  // RTM_NEWADDR
inline constexpr std::uint16_t kDelAddress = 21;  // RTM_DELADDR
inline constexpr std::uint16_t kGetAddress = 22;  // RTM_GETADDR

// Link flags.
inline constexpr std::uint32_t kLinkUp = 0x1;        // IFF_UP
inline constexpr std::uint32_t kLinkLoopback = 0x8;  // IFF_LOOPBACK
inline constexpr std::uint32_t kLinkRunning = 0x40;  // IFF_RUNNING

// Address flags.
inline constexpr std::uint32_t kAddressSecondary = 0x01;   // IFA_F_SECONDARY, in IPv6 IFA_F_TEMPORARY
inline constexpr std::uint32_t kAddressNoDad = 0x02;       // IFA_F_NODAD
inline constexpr std::uint32_t kAddressDadFailed = 0x08;   // IFA_F_DADFAILED
inline constexpr std::uint32_t kAddressDeprecated = 0x20;  // IFA_F_DEPRECATED
inline constexpr std::uint32_t kAddressTentative = 0x40;   // IFA_F_TENTATIVE
inline constexpr std::uint32_t kAddressPermanent = 0x80;   // IFA_F_PERMANENT
inline constexpr std::uint32_t kAddressNoRoute = 0x200;    // IFA_F_NOPREFIXROUTE

/// The mark (IFA_PROTO, Linux 5.18) of addresses that Aloft set. Shown by `ip address` as "proto 0xa1"; the kernel itself uses 1–3,
/// and no routing daemon has this number in iproute2's rt_protos. An older kernel ignores the mark and reports 0.
inline constexpr std::uint8_t kAloftAddress = 0xa1;

/// A request of any kind here fits into this.
inline constexpr std::size_t kMaxAddressRequest = 100;

enum class OnExisting : std::uint8_t {
  Refuse,   ///< EEXIST, whoever set it
  Replace,  ///< takes it over, mark and lifetimes included
};

/// An address as it is to stand on a link.
struct AddressRequest {
  std::uint32_t index = 0;  ///< of the link
  IpPrefix prefix;
  std::uint8_t scope = 0;     ///< RT_SCOPE_…, IPv4 only
  std::string_view label{};   ///< IPv4 only; empty: the link's name
  IpAddress broadcast{};      ///< IPv4 only; unspecified: none
  bool withoutRoute = false;  ///< the kernel sets no route to the address's subnet
};

// All builders return false when the message does not fit into the builder's buffer; those before it stay.

/// Adds a VIP, marked as ours, acknowledged. The prefix length is taken as given: an IPv4 VIP as /32 can become neither the primary
/// address of a subnet nor the source that masquerading chooses. An IPv6 VIP skips duplicate address detection (it must serve at once) and
/// is deprecated from the start (preferred lifetime 0), so that no source address selection picks it.
bool buildAddAddress(NetlinkBuilder& builder, const AddressRequest& request, OnExisting onExisting, std::uint32_t sequence);
/// Removes an address, whoever set it; EADDRNOTAVAIL when it is not there. Acknowledged.
bool buildRemoveAddress(NetlinkBuilder& builder, std::uint32_t ifindex, const IpPrefix& prefix, std::uint32_t sequence);
/// All links: RTM_NEWLINK each, then NLMSG_DONE.
bool buildLinkDump(NetlinkBuilder& builder, std::uint32_t sequence);
/// All addresses of both families: RTM_NEWADDR each, then NLMSG_DONE.
bool buildAddressDump(NetlinkBuilder& builder, std::uint32_t sequence);

/// RTM_NEWLINK or RTM_DELLINK. The texts point into the message.
struct LinkMessage {
  bool removed = false;
  std::uint32_t index = 0;
  std::uint32_t flags = 0;     ///< IFF_…
  std::uint8_t operstate = 0;  ///< IF_OPER_…: 0 unknown, 2 down, 6 up
  std::uint32_t master = 0;    ///< index of the bridge or bond, 0 for none
  std::uint32_t parent = 0;    ///< index of the link that a macvlan or vlan stands on; of a veth its other end
  std::string_view name;
  std::string_view alias;
  std::string_view kind;          ///< "veth", "bridge", …; empty for a physical device
  std::optional<MacAddress> mac;  ///< nothing when the link has no 6-byte address

  bool isRaised() const { return (flags & kLinkUp) != 0; }
  bool isUp() const { return isRaised() && (flags & kLinkRunning) != 0; }
  bool isLoopback() const { return (flags & kLinkLoopback) != 0; }
};

/// RTM_NEWADDR or RTM_DELADDR.
struct AddressMessage {
  bool removed = false;
  std::uint32_t index = 0;    ///< of the link
  IpPrefix prefix;            ///< the local address (of a point-to-point link too)
  std::uint32_t flags = 0;    ///< IFA_F_…
  std::uint8_t scope = 0;     ///< RT_SCOPE_…: 0 universe, 253 link, 254 host
  std::uint8_t protocol = 0;  ///< IFA_PROTO
  std::string_view label;     ///< IPv4 only; points into the message
  IpAddress broadcast;        ///< IPv4 only; unspecified: none

  bool isOurs() const { return protocol == kAloftAddress; }
  /// Not usable as a source: duplicate address detection runs or has failed.
  bool isTentative() const { return (flags & (kAddressTentative | kAddressDadFailed)) != 0; }
};

/// Nothing for other types, malformed messages, and messages of a family: a bridge port that leaves its bridge is told by an
/// RTM_DELLINK of AF_BRIDGE, although the link stays.
std::optional<LinkMessage> parseLink(const NetlinkMessage& message);
/// Nothing for other types, other families and malformed messages.
std::optional<AddressMessage> parseAddress(const NetlinkMessage& message);

}  // namespace aloft::wire
