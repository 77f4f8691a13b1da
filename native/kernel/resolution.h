#pragma once
// From entries, which name links, to what the kernel is asked for, which numbers them. Pure.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel/addressBook.h"
#include "kernel/entries.h"
#include "kernel/linkTable.h"
#include "wire/route.h"
#include "wire/rule.h"

namespace aloft::kernel {

/// More addresses of one owner on one link than this become host routes where that works. An address costs the kernel the more the more
/// there are on its link (10,000 of IPv6: 27 s), a local route 2–3 µs.
inline constexpr std::size_t kHostRouteThreshold = 64;

/// Whether host routes do on a link: something must answer ARP requests and Neighbor Solicitations for them.
using HostRoutesWork = std::function<bool(const Link& link)>;

/// Addresses on their links; those of links that are not there are left out and named in `missing`.
/// A host route is an address that has neither label nor scope nor broadcast address of its own and is not link-local, and whose subnet is
/// its own (/32, /128) or has an address beside it: that of somebody else on the link, or the first one of the owner's.
std::vector<PlacedAddress> resolve(std::span<const AddressEntry> entries, const LinkTable& links, const HostRoutesWork& hostRoutesWork,
                                   std::vector<std::string>& missing);

/// Nothing when one of its links is not there, which is then named in `missing`.
std::optional<wire::Route> resolve(const RouteEntry& entry, const LinkTable& links, std::string& missing);

wire::Rule resolve(const RuleEntry& entry);

}  // namespace aloft::kernel
