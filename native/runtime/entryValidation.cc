#include "runtime/entryValidation.h"

#include <algorithm>

namespace aloft::runtime {
namespace {

using kernel::RouteEntry;
using kernel::RuleEntry;
using kernel::Scope;

constexpr std::size_t kMaxLabel = 15;  // IFNAMSIZ - 1
constexpr std::size_t kMaxNextHops = 64;
constexpr std::size_t kMaxRouting = 1024;
constexpr NumberRange kWord = {0, 4294967295.0};
constexpr NumberRange kTable = {1, 4294967295.0};
constexpr NumberRange kWeight = {1, 256};
constexpr NumberRange kMtu = {68, 65535};

constexpr std::array<Choice<Scope>, 5> kScopes = {
    {{"global", Scope::Global}, {"site", Scope::Site}, {"link", Scope::Link}, {"host", Scope::Host}, {"nowhere", Scope::Nowhere}}};
constexpr std::array<Choice<RouteEntry::Type>, 5> kRouteTypes = {{{"unicast", RouteEntry::Type::Unicast},
                                                                  {"blackhole", RouteEntry::Type::Blackhole},
                                                                  {"unreachable", RouteEntry::Type::Unreachable},
                                                                  {"prohibit", RouteEntry::Type::Prohibit},
                                                                  {"local", RouteEntry::Type::Local}}};
constexpr std::array<Choice<RuleEntry::Action>, 4> kActions = {{{"lookup", RuleEntry::Action::Lookup},
                                                                {"blackhole", RuleEntry::Action::Blackhole},
                                                                {"unreachable", RuleEntry::Action::Unreachable},
                                                                {"prohibit", RuleEntry::Action::Prohibit}}};

std::optional<Scope> toScope(const MaybeText& scope, const Fields& fields) {
  return scope ? std::optional(fields.choice("scope", *scope, kScopes)) : std::nullopt;
}

std::optional<std::uint32_t> toWord(const char* field, const MaybeNumber& number, const Fields& fields) {
  return number ? std::optional(fields.number<std::uint32_t>(field, *number, kWord)) : std::nullopt;
}

std::string toLabel(const std::string& label, const Fields& fields) {
  const bool bad = std::any_of(label.begin(), label.end(), [](unsigned char c) { return c == '/' || c <= ' ' || c == 0x7f; });
  if (bad) fields.fail("label", "\"" + label + "\" is no label of an address");
  return fields.name("label", label, kMaxLabel);
}

kernel::NextHop toNextHop(const DesiredNextHop& desired, wire::Family family, const Fields& fields) {
  kernel::NextHop hop;
  if (desired.via) {
    // An IPv4 route may lead over IPv6 (RTA_VIA, RFC 5549), not the other way round.
    hop.via = fields.address("via", *desired.via, family == wire::Family::IPv6 ? std::optional(family) : std::nullopt);
  }
  hop.interface = fields.interface("interface", desired.interface);
  hop.weight = fields.number<std::uint16_t>("weight", desired.weight, kWeight, 1);
  hop.onLink = desired.onLink;
  if (!desired.via && !desired.interface) fields.fail("", "must have \"via\" or \"interface\"");
  return hop;
}

void checkNextHops(RouteEntry::Type type, std::size_t count, const Fields& fields) {
  if (count > kMaxNextHops) return fields.fail("nextHops", "must have at most 64 entries");
  if (type == RouteEntry::Type::Unicast) {
    if (count == 0) fields.fail("nextHops", "must have an entry");
  } else if (type == RouteEntry::Type::Local) {
    if (count > 1) fields.fail("nextHops", "must have at most one entry with type local");
  } else if (count > 0) {
    fields.fail("nextHops", "must be empty with a type that leads nowhere");
  }
}

}  // namespace

kernel::AddressEntry toAddress(const DesiredAddress& desired, const std::string& interface, const Fields& fields) {
  kernel::AddressEntry entry;
  entry.prefix = fields.hostPrefix("address", desired.address);
  entry.interface = desired.interface || interface.empty() ? fields.interface("interface", desired.interface.value_or("")) : interface;
  entry.scope = toScope(desired.scope, fields);
  const bool four = entry.prefix.address.family == wire::Family::IPv4;
  if (desired.label) {
    if (!four) fields.fail("label", "only IPv4 addresses have labels");
    entry.label = toLabel(*desired.label, fields);
  }
  if (desired.broadcast) {
    if (!four) fields.fail("broadcast", "only IPv4 addresses have a broadcast address");
    if (!wire::parseIpAddress(*desired.broadcast, entry.broadcast) || entry.broadcast.family != wire::Family::IPv4) {
      fields.fail("broadcast", "\"" + *desired.broadcast + "\" is no IPv4 address");
    }
  }
  return entry;
}

RouteEntry toRoute(const DesiredRoute& desired, const Fields& fields) {
  RouteEntry entry;
  const wire::Family family = fields.choice("family", desired.family, kFamilies);
  entry.destination = fields.network("destination", desired.destination, family);
  entry.type = fields.choice("type", desired.type, kRouteTypes);
  checkNextHops(entry.type, desired.nextHops.size(), fields);
  for (std::size_t i = 0; i < desired.nextHops.size(); ++i) {
    entry.nextHops.push_back(toNextHop(desired.nextHops[i], family, fields.element("nextHops", i)));
  }
  constexpr std::uint32_t kMain = 254;
  constexpr std::uint32_t kLocal = 255;
  if (desired.source) entry.source = fields.address("source", *desired.source, family);
  entry.metric = fields.number<std::uint32_t>("metric", desired.metric, kWord, 0);
  entry.table = fields.number<std::uint32_t>("table", desired.table, kTable, entry.type == RouteEntry::Type::Local ? kLocal : kMain);
  entry.scope = toScope(desired.scope, fields);
  entry.mtu = fields.number<std::uint32_t>("mtu", desired.mtu, kMtu, 0);
  return entry;
}

RuleEntry toRule(const DesiredRule& desired, const Fields& fields) {
  RuleEntry entry;
  entry.family = fields.choice("family", desired.family, kFamilies);
  entry.priority = toWord("priority", desired.priority, fields);
  if (desired.from) entry.from = fields.prefix("from", *desired.from, entry.family);
  if (desired.to) entry.to = fields.prefix("to", *desired.to, entry.family);
  entry.inputInterface = fields.interface("inputInterface", desired.inputInterface);
  entry.outputInterface = fields.interface("outputInterface", desired.outputInterface);
  entry.firewallMark = toWord("firewallMark", desired.firewallMark, fields);
  entry.firewallMask = toWord("firewallMask", desired.firewallMask, fields);
  entry.action = fields.choice("action", desired.action, kActions);
  const bool lookup = entry.action == RuleEntry::Action::Lookup;
  if (lookup && !desired.table) fields.fail("table", "must be given with the action lookup");
  if (!lookup && desired.table) fields.fail("table", "has no meaning with the action " + desired.action);
  entry.table = fields.number<std::uint32_t>("table", desired.table, kTable, 0);
  if (entry.firewallMask && !entry.firewallMark) fields.fail("firewallMask", "has no meaning without firewallMark");
  return entry;
}

void addRouting(const std::vector<DesiredRoute>& routes, const std::vector<DesiredRule>& rules, const Fields& fields,
                kernel::Entries& out) {
  if (routes.size() > kMaxRouting) fields.fail("routes", "must have at most 1024 entries");
  if (rules.size() > kMaxRouting) fields.fail("rules", "must have at most 1024 entries");
  for (std::size_t i = 0; i < routes.size() && !fields.failed(); ++i) {
    out.routes.push_back(toRoute(routes[i], fields.element("routes", i)));
  }
  for (std::size_t i = 0; i < rules.size() && !fields.failed(); ++i) out.rules.push_back(toRule(rules[i], fields.element("rules", i)));
}

}  // namespace aloft::runtime
