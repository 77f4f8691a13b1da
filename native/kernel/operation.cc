#include "kernel/operation.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace aloft::kernel {
namespace {

using Kind = AddressOperation::Kind;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

bool adds(const Operation& operation) {
  return std::visit(
      Overloaded{[](const AddressOperation& o) { return o.kind != Kind::Remove; }, [](const RouteOperation& o) { return o.add; },
                 [](const RuleOperation& o) { return o.add; }, [](const LinkOperation& o) { return o.up; }},
      operation);
}

/// Of routes, and of the actions of rules, which have the same numbers.
std::string typeName(std::uint8_t type) {
  switch (type) {
    case wire::kRouteLocal:
      return "local";
    case wire::kRouteBlackhole:
      return "blackhole";
    case wire::kRouteUnreachable:
      return "unreachable";
    case wire::kRouteProhibit:
      return "prohibit";
    default:
      return "type " + std::to_string(type);
  }
}

std::string describe(const AddressOperation& operation, const LinkTable& links) {
  const std::string name = wire::format(operation.address.place.prefix);
  const std::string link = links.nameOf(operation.address.place.ifindex);
  if (operation.kind == Kind::Add) return "add " + name + " to " + link;
  return (operation.kind == Kind::Remove ? "remove " + name + " from " : "replace " + name + " on ") + link;
}

}  // namespace

std::size_t costOf(const Operation& operation) {
  const auto* address = std::get_if<AddressOperation>(&operation);
  if (address == nullptr) return 1;
  return (address->kind == Kind::Replace ? 4 : 1) + (address->keepSecondaries ? 2 : 0);
}

Outcome interpret(const Operation& operation, int error) {
  if (adds(operation)) {
    if (error == EEXIST) return {0, true};
    return {error, false};
  }
  // It is gone: by itself, with its link, or with its table.
  constexpr std::array kGone = {EADDRNOTAVAIL, ENODEV, ESRCH, ENOENT};
  const bool gone = std::find(kGone.begin(), kGone.end(), error) != kGone.end();
  return {gone ? 0 : error, false};
}

std::string nameOf(const Operation& operation) {
  if (const auto* link = std::get_if<LinkOperation>(&operation)) return link->up ? "set link up" : "set link down";
  const char* const kinds[] = {"address", "route", "rule"};
  return (adds(operation) ? "add " : "remove ") + std::string(kinds[operation.index()]);
}

std::string describe(const wire::Route& route, const LinkTable& links) {
  std::string text = "route " + (route.type == wire::kRouteUnicast ? "" : typeName(route.type) + " ") + wire::format(route.destination);
  for (const wire::RouteHop& hop : route.hops) {
    if (route.hops.size() > 1) text += " nexthop";
    if (!hop.via.isUnspecified()) text += " via " + wire::format(hop.via);
    if (hop.index != 0) text += " dev " + links.nameOf(hop.index);
  }
  if (!route.source.isUnspecified()) text += " src " + wire::format(route.source);
  if (route.metric != 0) text += " metric " + std::to_string(route.metric);
  if (route.table != wire::kMainTable) text += " table " + std::to_string(route.table);
  return text;
}

std::string describe(const wire::Rule& rule) {
  std::string text = "rule";
  if (rule.priority) text += " " + std::to_string(*rule.priority);
  text += " from " + (rule.from ? wire::format(*rule.from) : "all");
  if (rule.to) text += " to " + wire::format(*rule.to);
  if (!rule.inputInterface.empty()) text += " iif " + rule.inputInterface;
  if (!rule.outputInterface.empty()) text += " oif " + rule.outputInterface;
  if (rule.mask != 0) text += " fwmark " + std::to_string(rule.mark) + "/" + std::to_string(rule.mask);
  return text + " " + (rule.action == wire::kRuleLookup ? "lookup " + std::to_string(rule.table) : typeName(rule.action));
}

std::string describe(const Operation& operation, const LinkTable& links) {
  const char* const verb = adds(operation) ? "add " : "remove ";
  return std::visit(Overloaded{[&](const AddressOperation& o) { return describe(o, links); },
                               [&](const RouteOperation& o) { return verb + describe(o.route, links); },
                               [&](const RuleOperation& o) { return verb + describe(o.rule); },
                               [&](const LinkOperation& o) { return "set " + links.nameOf(o.ifindex) + (o.up ? " up" : " down"); }},
                    operation);
}

wire::Route hostRoute(const wire::IpAddress& address) {
  const bool v4 = address.family == wire::Family::IPv4;
  wire::Route route;
  route.destination = {address, static_cast<std::uint8_t>(address.size() * 8)};
  route.type = wire::kRouteLocal;
  route.table = wire::kLocalTable;
  route.scope = v4 ? wire::kScopeHost : wire::kScopeGlobal;
  // Beside the kernel's own route of an address (metric 0), not in its place.
  route.metric = wire::kDefaultMetric6;
  route.hops = {{kLoopbackIndex, {}, 1, false}};
  return route;
}

}  // namespace aloft::kernel
