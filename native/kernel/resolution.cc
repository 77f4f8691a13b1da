#include "kernel/resolution.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace aloft::kernel {
namespace {

std::size_t bitsOf(const wire::IpAddress& address) { return address.size() * 8; }

/// Of somebody else, on the link itself or, for a macvlan with a virtual MAC address, on the link below.
bool hasForeignNeighbor(const Link& link, const LinkTable& links, const wire::IpPrefix& prefix) {
  const auto shares = [&prefix](const Address& address) {
    return !address.isMarked() && address.prefix.length == prefix.length && contains(prefix, address.prefix.address);
  };
  const Link* const below = link.kind == "macvlan" ? links.find(link.parent) : nullptr;
  return std::any_of(link.addresses.begin(), link.addresses.end(), shares) ||
         (below != nullptr && std::any_of(below->addresses.begin(), below->addresses.end(), shares));
}

bool asksForNothingBeyond(const PlacedAddress& address) {
  const AddressForm& form = address.form;
  return form.label.empty() && form.scope == wire::kScopeGlobal && form.broadcast.isUnspecified() &&
         !address.place.prefix.address.isLinkLocal6();
}

AddressForm toForm(const AddressEntry& entry, const Link& link, const LinkTable& links) {
  AddressForm form;
  form.scope = static_cast<std::uint8_t>(entry.scope.value_or(Scope::Global));
  form.label = entry.label;
  form.broadcast = entry.broadcast;
  // A second route to the subnet, by the macvlan, would have the host speak from the virtual address.
  form.withoutRoute =
      link.kind == "macvlan" && entry.prefix.length < bitsOf(entry.prefix.address) && hasForeignNeighbor(link, links, entry.prefix);
  return form;
}

/// Which of the addresses on one link can be host routes: the first one of a subnet that nobody else is in stands for the subnet.
void chooseHostRoutes(std::span<PlacedAddress* const> addresses, const Link& link, const LinkTable& links) {
  std::vector<wire::IpPrefix> subnets;
  for (PlacedAddress* const address : addresses) {
    const wire::IpPrefix& prefix = address->place.prefix;
    if (!asksForNothingBeyond(*address)) continue;
    const bool alone = prefix.length == bitsOf(prefix.address);
    const auto known = [&prefix](const wire::IpPrefix& subnet) {
      return subnet.length == prefix.length && contains(subnet, prefix.address);
    };
    address->form.hostRoute = alone || std::any_of(subnets.begin(), subnets.end(), known);
    if (address->form.hostRoute) continue;
    subnets.push_back(prefix);
    address->form.hostRoute = hasForeignNeighbor(link, links, prefix);
  }
}

std::uint8_t scopeOf(const RouteEntry& entry) {
  if (entry.destination.address.family == wire::Family::IPv6) return wire::kScopeGlobal;  // the kernel has none there
  if (entry.scope) return static_cast<std::uint8_t>(*entry.scope);
  if (entry.type == RouteEntry::Type::Local) return wire::kScopeHost;
  const bool direct = entry.nextHops.size() == 1 && entry.nextHops[0].via.isUnspecified();
  return entry.type == RouteEntry::Type::Unicast && direct ? wire::kScopeLink : wire::kScopeGlobal;
}

}  // namespace

std::vector<PlacedAddress> resolve(std::span<const AddressEntry> entries, const LinkTable& links, const HostRoutesWork& hostRoutesWork,
                                   std::vector<std::string>& missing) {
  std::vector<PlacedAddress> addresses;
  addresses.reserve(entries.size());
  const Link* link = nullptr;
  for (const AddressEntry& entry : entries) {
    if (link == nullptr || link->name != entry.interface) link = links.find(entry.interface);
    if (link != nullptr) {
      addresses.push_back({{link->index, entry.prefix}, toForm(entry, *link, links)});
    } else if (std::find(missing.begin(), missing.end(), entry.interface) == missing.end()) {
      missing.push_back(entry.interface);
    }
  }
  if (addresses.size() <= kHostRouteThreshold) return addresses;

  std::unordered_map<std::uint32_t, std::vector<PlacedAddress*>> byLink;
  for (PlacedAddress& address : addresses) byLink[address.place.ifindex].push_back(&address);
  for (const auto& [index, ofLink] : byLink) {
    const Link& on = *links.find(index);
    if (ofLink.size() > kHostRouteThreshold && hostRoutesWork(on)) chooseHostRoutes(ofLink, on, links);
  }
  return addresses;
}

std::optional<wire::Route> resolve(const RouteEntry& entry, const LinkTable& links, std::string& missing) {
  wire::Route route;
  route.destination = entry.destination;
  route.type = static_cast<std::uint8_t>(entry.type);
  route.scope = scopeOf(entry);
  route.table = entry.table;
  route.metric = entry.metric;
  if (route.metric == 0 && entry.destination.address.family == wire::Family::IPv6) route.metric = wire::kDefaultMetric6;
  route.mtu = entry.mtu;
  route.source = entry.source;
  for (const NextHop& next : entry.nextHops) {
    const Link* const link = next.interface.empty() ? nullptr : links.find(next.interface);
    if (link == nullptr && !next.interface.empty()) {
      missing = next.interface;
      return std::nullopt;
    }
    route.hops.push_back({link == nullptr ? 0 : link->index, next.via, next.weight, next.onLink});
  }
  if (route.hops.empty() && entry.type == RouteEntry::Type::Local) route.hops = {{kLoopbackIndex, {}, 1, false}};
  // The weight of a single hop weighs nothing, and the kernel does not keep it.
  if (route.hops.size() == 1) route.hops[0].weight = 1;
  return route;
}

wire::Rule resolve(const RuleEntry& entry) {
  wire::Rule rule;
  rule.family = entry.family;
  rule.action = static_cast<std::uint8_t>(entry.action);
  rule.protocol = wire::kAloftProtocol;
  rule.priority = entry.priority;
  rule.from = entry.from;
  rule.to = entry.to;
  rule.inputInterface = entry.inputInterface;
  rule.outputInterface = entry.outputInterface;
  if (entry.firewallMark || entry.firewallMask) {
    rule.mark = entry.firewallMark.value_or(0);
    rule.mask = entry.firewallMask.value_or(0xffffffff);
  }
  if (entry.action == RuleEntry::Action::Lookup) rule.table = entry.table;
  return rule;
}

}  // namespace aloft::kernel
