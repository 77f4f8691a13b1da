#pragma once
// Changes of links by NETLINK_ROUTE: macvlans made, marked, configured, raised, taken away (linux/if_link.h, linux/ip.h).

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/ipAddress.h"
#include "wire/netlink.h"

namespace aloft::wire {

/// MACVLAN_MODE_…
enum class MacvlanMode : std::uint32_t { Private = 1, Vepa = 2, Bridge = 4 };

/// Settings of a link as /proc/sys/net/ipv4/conf/LINK has them (IPV4_DEVCONF_…).
enum class LinkSetting : std::uint16_t { ReversePathFilter = 8, ArpIgnore = 19, PromoteSecondaries = 20 };

struct LinkSettingValue {
  LinkSetting setting{};
  std::uint32_t value = 0;
};

// All are acknowledged. False when the message does not fit into the builder's buffer.

/// Makes a macvlan on the link `parent`. It is down, and has no mark: buildMarkLink().
bool buildAddMacvlan(NetlinkBuilder& builder, std::string_view name, std::uint32_t parent, const MacAddress& mac, MacvlanMode mode,
                     std::uint32_t sequence);
/// Sets the alias of a link, found by its name: its index is the kernel's choice, and the mark is sent behind the creation at once.
bool buildMarkLink(NetlinkBuilder& builder, std::string_view name, std::string_view alias, std::uint32_t sequence);
/// Gives a link, found by its name, no IPv6 address of its own, not even a link-local one (IN6_ADDR_GEN_MODE_NONE).
bool buildWithoutOwnAddress(NetlinkBuilder& builder, std::string_view name, std::uint32_t sequence);
/// Changes settings of IPv4, which needs no writable /proc/sys.
bool buildConfigureLink(NetlinkBuilder& builder, std::uint32_t index, std::span<const LinkSettingValue> settings, std::uint32_t sequence);
bool buildConfigureLink(NetlinkBuilder& builder, std::string_view name, std::span<const LinkSettingValue> settings, std::uint32_t sequence);
bool buildRaiseLink(NetlinkBuilder& builder, std::uint32_t index, bool up, std::uint32_t sequence);
bool buildRemoveLink(NetlinkBuilder& builder, std::uint32_t index, std::uint32_t sequence);
bool buildRemoveLink(NetlinkBuilder& builder, std::string_view name, std::uint32_t sequence);

}  // namespace aloft::wire
