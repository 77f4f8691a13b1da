#include "wire/route.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "wire/rtnetlinkFields.h"

namespace aloft::wire {
namespace {

constexpr std::size_t kHeaderSize = 12;    // struct rtmsg
constexpr std::size_t kHopHeaderSize = 8;  // struct rtnexthop

constexpr std::uint32_t kCloned = 0x200;  // RTM_F_CLONED
constexpr std::uint8_t kOnLink = 4;       // RTNH_F_ONLINK

// Attributes.
constexpr std::uint16_t kDestination = 1;  // RTA_DST
constexpr std::uint16_t kLink = 4;         // RTA_OIF
constexpr std::uint16_t kGateway = 5;      // RTA_GATEWAY
constexpr std::uint16_t kPriority = 6;     // RTA_PRIORITY
constexpr std::uint16_t kSource = 7;       // RTA_PREFSRC
constexpr std::uint16_t kMetrics = 8;      // RTA_METRICS
constexpr std::uint16_t kMultipath = 9;    // RTA_MULTIPATH
constexpr std::uint16_t kTable = 15;       // RTA_TABLE
constexpr std::uint16_t kVia = 18;         // RTA_VIA
constexpr std::uint16_t kMetricMtu = 2;    // RTAX_MTU

bool hasNoHops(std::uint8_t type) { return type == kRouteBlackhole || type == kRouteUnreachable || type == kRouteProhibit; }

std::array<std::uint8_t, kHeaderSize> headerOf(const Route& route) {
  std::array<std::uint8_t, kHeaderSize> header{};
  header[0] = toAf(route.destination.address.family);
  header[1] = route.destination.length;
  header[4] = route.table < 256 ? static_cast<std::uint8_t>(route.table) : 0;  // RT_TABLE_UNSPEC: see RTA_TABLE
  header[5] = route.protocol;
  header[6] = route.scope;
  header[7] = route.type;
  if (route.hops.size() == 1 && route.hops[0].onLink) header[8] = kOnLink;
  return header;
}

/// A gateway of the route's family is RTA_GATEWAY, one of the other family RTA_VIA.
void appendGateway(NetlinkBuilder& builder, const IpAddress& via, Family family) {
  if (via.isUnspecified()) return;
  if (via.family == family) {
    builder.attribute(kGateway, via.view());
    return;
  }
  std::array<std::uint8_t, 2 + 16> value{};
  storeNumber<std::uint16_t>(value, 0, toAf(via.family));
  std::copy(via.view().begin(), via.view().end(), value.begin() + 2);
  builder.attribute(kVia, std::span(value).first(2 + via.size()));
}

std::size_t gatewaySize(const IpAddress& via, Family family) {
  if (via.isUnspecified()) return 0;
  const std::size_t size = kAttributeHeaderSize + via.size() + (via.family == family ? 0 : 2);
  return (size + 3) & ~std::size_t{3};
}

void appendHops(NetlinkBuilder& builder, const Route& route) {
  const Family family = route.destination.address.family;
  const std::size_t start = builder.beginNested(kMultipath);
  for (const RouteHop& hop : route.hops) {
    std::array<std::uint8_t, kHopHeaderSize> header{};
    storeNumber(header, 0, static_cast<std::uint16_t>(kHopHeaderSize + gatewaySize(hop.via, family)));
    header[2] = hop.onLink ? kOnLink : 0;
    header[3] = static_cast<std::uint8_t>(hop.weight - 1);
    storeNumber(header, 4, hop.index);
    builder.header(header);
    appendGateway(builder, hop.via, family);
  }
  builder.endNested(start);
}

/// What both requests say, in the order of iproute2.
void appendRoute(NetlinkBuilder& builder, const Route& route) {
  const RouteHop* const only = route.hops.size() == 1 ? &route.hops[0] : nullptr;
  if (route.destination.length > 0) builder.attribute(kDestination, route.destination.address.view());
  if (only != nullptr) appendGateway(builder, only->via, route.destination.address.family);
  if (!route.source.isUnspecified()) builder.attribute(kSource, route.source.view());
  if (route.metric != 0) builder.number(kPriority, route.metric);
  if (route.table >= 256) builder.number(kTable, route.table);
  if (only != nullptr && only->index != 0) builder.number(kLink, only->index);
  if (route.hops.size() > 1) appendHops(builder, route);
}

// ----- Reading -----

struct Reader {
  Route& route;
  Family family;
  RouteHop hop;  ///< of a route with one
  bool ok = true;

  IpAddress address(std::span<const std::uint8_t> value, Family of) {
    const auto read = toAddress(value, of);
    ok &= read.has_value();
    return read.value_or(IpAddress{});
  }

  IpAddress via(std::span<const std::uint8_t> value) {
    if (value.size() < 2) return ok = false, IpAddress{};
    const auto of = toFamily(static_cast<std::uint8_t>(loadNumber<std::uint16_t>(value, 0)));
    if (!of) return ok = false, IpAddress{};
    return address(value.subspan(2), *of);
  }

  void readHops(std::span<const std::uint8_t> rest) {
    while (rest.size() >= kHopHeaderSize) {
      const std::size_t size = loadNumber<std::uint16_t>(rest, 0);
      if (size < kHopHeaderSize || size > rest.size()) break;
      RouteHop next;
      next.onLink = (rest[2] & kOnLink) != 0;
      next.weight = static_cast<std::uint16_t>(rest[3] + 1);
      next.index = loadNumber<std::uint32_t>(rest, 4);
      NetlinkAttributes attributes(rest.subspan(kHopHeaderSize, size - kHopHeaderSize));
      for (NetlinkAttribute attribute; attributes.next(attribute);) {
        if (attribute.type == kGateway) next.via = address(attribute.value, family);
        if (attribute.type == kVia) next.via = via(attribute.value);
      }
      route.hops.push_back(next);
      rest = rest.subspan(std::min((size + 3) & ~std::size_t{3}, rest.size()));
    }
    ok &= rest.empty();
  }

  void readMetrics(std::span<const std::uint8_t> metrics) {
    NetlinkAttributes attributes(metrics);
    for (NetlinkAttribute attribute; attributes.next(attribute);) {
      if (attribute.type == kMetricMtu) route.mtu = attribute.number<std::uint32_t>().value_or(0);
    }
  }

  void read(const NetlinkAttribute& attribute) {
    switch (attribute.type) {
      case kDestination:
        route.destination.address = address(attribute.value, family);
        break;
      case kLink:
        hop.index = attribute.number<std::uint32_t>().value_or(0);
        break;
      case kGateway:
        hop.via = address(attribute.value, family);
        break;
      case kVia:
        hop.via = via(attribute.value);
        break;
      case kPriority:
        route.metric = attribute.number<std::uint32_t>().value_or(0);
        break;
      case kSource:
        route.source = address(attribute.value, family);
        break;
      case kMetrics:
        readMetrics(attribute.value);
        break;
      case kMultipath:
        readHops(attribute.value);
        break;
      case kTable:
        route.table = attribute.number<std::uint32_t>().value_or(route.table);
        break;
      default:
        break;
    }
  }
};

bool sameHop(const RouteHop& wanted, const RouteHop& found) {
  RouteHop completed = wanted;
  if (completed.index == 0) completed.index = found.index;
  return completed == found;
}

}  // namespace

bool buildAddRoute(NetlinkBuilder& builder, const Route& route, std::uint32_t sequence) {
  builder.begin(kNewRoute, kNetlinkRequest | kNetlinkAck | kNetlinkCreate | kNetlinkExclusive, sequence);
  builder.header(headerOf(route));
  appendRoute(builder, route);
  if (route.mtu != 0) {
    const std::size_t start = builder.beginNested(kMetrics);
    builder.number(kMetricMtu, route.mtu);
    builder.endNested(start);
  }
  return builder.end();
}

bool buildRemoveRoute(NetlinkBuilder& builder, const Route& route, std::uint32_t sequence) {
  builder.begin(kDelRoute, kNetlinkRequest | kNetlinkAck, sequence);
  builder.header(headerOf(route));
  appendRoute(builder, route);
  return builder.end();
}

bool buildRouteDump(NetlinkBuilder& builder, Family family, std::uint8_t protocol, std::uint32_t sequence) {
  std::array<std::uint8_t, kHeaderSize> header{};
  header[0] = toAf(family);
  header[5] = protocol;
  return buildDump(builder, kGetRoute, header, sequence);
}

std::optional<RouteMessage> parseRoute(const NetlinkMessage& message) {
  if ((message.type != kNewRoute && message.type != kDelRoute) || message.payload.size() < kHeaderSize) return std::nullopt;
  const auto header = message.payload.first(kHeaderSize);
  const auto family = toFamily(header[0]);
  const std::uint32_t flags = loadNumber<std::uint32_t>(header, 8);
  const bool plain = header[2] == 0 && header[3] == 0 && (flags & kCloned) == 0;
  if (!family || !plain) return std::nullopt;

  RouteMessage result;
  result.removed = message.type == kDelRoute;
  result.replaced = !result.removed && (message.flags & kNetlinkReplace) != 0;
  Route& route = result.route;
  route.destination = {IpAddress{*family, {}}, header[1]};
  route.table = header[4];
  route.protocol = header[5];
  route.scope = *family == Family::IPv4 ? header[6] : kScopeGlobal;
  route.type = header[7];
  Reader reader{route, *family, {}};
  reader.hop.onLink = (flags & kOnLink) != 0;
  NetlinkAttributes attributes(message.payload.subspan(kHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) reader.read(attribute);
  if (!reader.ok || route.destination.length > route.destination.address.size() * 8) return std::nullopt;
  // IPv6 names the loopback as the link of a route that leads nowhere.
  if (hasNoHops(route.type)) {
    route.hops.clear();
  } else if (route.hops.empty() && (reader.hop.index != 0 || !reader.hop.via.isUnspecified())) {
    route.hops.push_back(reader.hop);
  }
  return result;
}

bool matches(const Route& wanted, const Route& found) {
  if (wanted.hops.size() != found.hops.size()) return false;
  const auto key = [](const Route& r) { return std::tie(r.destination, r.type, r.scope, r.protocol, r.table, r.metric, r.mtu, r.source); };
  return key(wanted) == key(found) &&
         std::is_permutation(wanted.hops.begin(), wanted.hops.end(), found.hops.begin(), found.hops.end(), sameHop);
}

}  // namespace aloft::wire
