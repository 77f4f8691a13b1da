#include "wire/route.h"

#include <linux/rtnetlink.h>

#include <array>

#include "support.h"

namespace aloft::wire {
namespace {

// The requests here are those of iproute2 6.1, taken with strace, the answers those of Linux 6.18 to its dumps. Sequence and port are
// replaced by zeros. Nested attributes carry NLA_F_NESTED with us, which iproute2 leaves out in routes: 0x8000 is added to their types.
static_assert(kNewRoute == RTM_NEWROUTE && kDelRoute == RTM_DELROUTE && kGetRoute == RTM_GETROUTE);
static_assert(kRouteUnicast == RTN_UNICAST && kRouteLocal == RTN_LOCAL && kRouteBlackhole == RTN_BLACKHOLE);
static_assert(kRouteUnreachable == RTN_UNREACHABLE && kRouteProhibit == RTN_PROHIBIT);
static_assert(kScopeGlobal == RT_SCOPE_UNIVERSE && kScopeLink == RT_SCOPE_LINK && kScopeHost == RT_SCOPE_HOST);
static_assert(kScopeNowhere == RT_SCOPE_NOWHERE && kMainTable == RT_TABLE_MAIN && kLocalTable == RT_TABLE_LOCAL);

constexpr std::uint32_t kLo = 1;
constexpr std::uint32_t kEth0 = 3;

template <typename Build>
Bytes built(Build build, const Route& route) {
  std::array<std::uint8_t, 256> buffer;
  buffer.fill(0xaa);
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(build(builder, route, 0));
  return {builder.bytes().begin(), builder.bytes().end()};
}

std::optional<RouteMessage> parsed(const Bytes& bytes) {
  NetlinkMessages messages(bytes);
  NetlinkMessage message;
  EXPECT_TRUE(messages.next(message));
  EXPECT_FALSE(messages.malformed());
  return parseRoute(message);
}

Route route(const char* destination) {
  Route route;
  route.destination = prefix(destination);
  return route;
}

struct Row {
  const char* what;
  Route route;
  Bytes request;  ///< ip route add …
  Bytes entry;    ///< as it stands in a dump
};

// ip route add 198.51.100.0/24 via 192.0.2.254 dev eth0 src 192.0.2.1 metric 50 mtu 1400 proto 161 onlink
Row viaGateway() {
  Route r = route("198.51.100.0/24");
  r.metric = 50;
  r.mtu = 1400;
  r.source = ip("192.0.2.1");
  r.hops = {{kEth0, ip("192.0.2.254"), 1, true}};
  return {"a gateway", r,
          hex("50000000 18000506 00000000 00000000 02180000 fea10001 04000000 08000100 c6336400 08000500 c00002fe 08000700 c0000201"
              "08000600 32000000 08000400 03000000 0c000880 08000200 78050000"),
          hex("58000000 18002200 00000000 00000000 02180000 fea10001 04000000 08000f00 fe000000 08000100 c6336400 08000600 32000000"
              "0c000800 08000200 78050000 08000700 c0000201 08000500 c00002fe 08000400 03000000")};
}

// ip route add 198.51.101.0/24 proto 161 nexthop via 192.0.2.253 dev eth0 weight 2 nexthop via 192.0.2.254 dev eth0 onlink
Row multipath() {
  Route r = route("198.51.101.0/24");
  r.hops = {{kEth0, ip("192.0.2.253"), 2, false}, {kEth0, ip("192.0.2.254"), 1, true}};
  return {"two gateways", r,
          hex("48000000 18000506 00000000 00000000 02180000 fea10001 00000000 08000100 c6336500 24000980 10000001 03000000"
              "08000500 c00002fd 10000400 03000000 08000500 c00002fe"),
          hex("50000000 18002200 00000000 00000000 02180000 fea10001 00000000 08000f00 fe000000 08000100 c6336500 24000900"
              "10000001 03000000 08000500 c00002fd 10000400 03000000 08000500 c00002fe")};
}

// ip route add blackhole 198.51.102.0/24 proto 161 table 1000
Row blackhole() {
  Route r = route("198.51.102.0/24");
  r.type = kRouteBlackhole;
  r.table = 1000;
  Bytes request = hex("2c000000 18000506 00000000 00000000 02180000 00a10006 00000000 08000100 c6336600 08000f00 e8030000");
  return {"a black hole in a table beyond 255", r, request,
          hex("2c000000 18002200 00000000 00000000 02180000 fca10006 00000000 08000f00 e8030000 08000100 c6336600")};
}

// ip route add local 192.0.2.10 dev lo proto 161
Row local4() {
  Route r = route("192.0.2.10/32");
  r.type = kRouteLocal;
  r.table = kLocalTable;
  r.scope = kScopeHost;
  r.hops = {{kLo, {}, 1, false}};
  return {"a local address", r, hex("2c000000 18000506 00000000 00000000 02200000 ffa1fe02 00000000 08000100 c000020a 08000400 01000000"),
          hex("34000000 18002200 00000000 00000000 02200000 ffa1fe02 00000000 08000f00 ff000000 08000100 c000020a 08000400 01000000")};
}

// ip route add default dev eth0 proto 161 scope link
Row defaultRoute() {
  Route r = route("0.0.0.0/0");
  r.scope = kScopeLink;
  r.hops = {{kEth0, {}, 1, false}};
  return {"a default route", r, hex("24000000 18000506 00000000 00000000 02000000 fea1fd01 00000000 08000400 03000000"),
          hex("2c000000 18002200 00000000 00000000 02000000 fea1fd01 00000000 08000f00 fe000000 08000400 03000000")};
}

// ip route add 198.51.103.0/24 via inet6 2001:db8::fe dev eth0 proto 161
Row viaTheOtherFamily() {
  Route r = route("198.51.103.0/24");
  r.hops = {{kEth0, ip("2001:db8::fe"), 1, false}};
  return {"a gateway of IPv6", r,
          hex("44000000 18000506 00000000 00000000 02180000 fea10001 00000000 08000100 c6336700 16001200 0a002001 0db80000 00000000"
              "00000000 00fe0000 08000400 03000000"),
          hex("4c000000 18002200 00000000 00000000 02180000 fea10001 00000000 08000f00 fe000000 08000100 c6336700 16001200"
              "0a002001 0db80000 00000000 00000000 00fe0000 08000400 03000000")};
}

// ip -6 route add local 2001:db8::10 dev lo proto 161; the metric is what the kernel makes of none.
Row local6() {
  Route r = route("2001:db8::10/128");
  r.type = kRouteLocal;
  r.table = kLocalTable;
  r.metric = kDefaultMetric6;
  r.hops = {{kLo, {}, 1, false}};
  return {"a local address of IPv6", r,
          hex("40000000 18000506 00000000 00000000 0a800000 ffa10002 00000000 14000100 20010db8 00000000 00000000 00000010"
              "08000600 00040000 08000400 01000000"),
          hex("74000000 18002200 00000000 00000000 0a800000 ffa10002 00000000 08000f00 ff000000 14000100 20010db8 00000000 00000000"
              "00000010 08000600 00040000 08000400 01000000 24000c00 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
              "00000000 05001400 00000000")};
}

// ip -6 route add 2001:db8:1::/48 via 2001:db8::fe dev eth0 metric 7 proto 161
Row viaGateway6() {
  Route r = route("2001:db8:1::/48");
  r.metric = 7;
  r.hops = {{kEth0, ip("2001:db8::fe"), 1, false}};
  return {"a gateway of IPv6 in IPv6", r,
          hex("54000000 18000506 00000000 00000000 0a300000 fea10001 00000000 14000100 20010db8 00010000 00000000 00000000"
              "14000500 20010db8 00000000 00000000 000000fe 08000600 07000000 08000400 03000000"),
          hex("88000000 18002200 00000000 00000000 0a300000 fea10001 00000000 08000f00 fe000000 14000100 20010db8 00010000 00000000"
              "00000000 08000600 07000000 14000500 20010db8 00000000 00000000 000000fe 08000400 03000000 24000c00 00000000 00000000"
              "00000000 00000000 00000000 00000000 00000000 00000000 05001400 00000000")};
}

// ip -6 route add 2001:db8:2::/48 proto 161 nexthop via 2001:db8::fe dev eth0 nexthop via 2001:db8::fd dev eth0 weight 3
Row multipath6() {
  Route r = route("2001:db8:2::/48");
  r.metric = kDefaultMetric6;
  r.hops = {{kEth0, ip("2001:db8::fe"), 1, false}, {kEth0, ip("2001:db8::fd"), 3, false}};
  return {"two gateways of IPv6", r,
          hex("74000000 18000506 00000000 00000000 0a300000 fea10001 00000000 14000100 20010db8 00020000 00000000 00000000"
              "08000600 00040000 3c000980 1c000000 03000000 14000500 20010db8 00000000 00000000 000000fe 1c000002 03000000"
              "14000500 20010db8 00000000 00000000 000000fd"),
          hex("a8000000 18002200 00000000 00000000 0a300000 fea10001 00000000 08000f00 fe000000 14000100 20010db8 00020000 00000000"
              "00000000 08000600 00040000 3c000900 1c000000 03000000 14000500 20010db8 00000000 00000000 000000fe 1c000002 03000000"
              "14000500 20010db8 00000000 00000000 000000fd 24000c00 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
              "00000000 05001400 00000000")};
}

// ip -6 route add unreachable 2001:db8:3::/48 proto 161
Row unreachable6() {
  Route r = route("2001:db8:3::/48");
  r.type = kRouteUnreachable;
  r.metric = kDefaultMetric6;
  return {"nowhere in IPv6", r,
          hex("38000000 18000506 00000000 00000000 0a300000 fea10007 00000000 14000100 20010db8 00030000 00000000 00000000"
              "08000600 00040000"),
          hex("74000000 18002200 00000000 00000000 0a300000 fea10007 00000000 08000f00 fe000000 14000100 20010db8 00030000 00000000"
              "00000000 08000600 00040000 08000400 01000000 24000c00 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
              "00000000 05001400 00000000")};
}

std::vector<Row> rows() {
  return {viaGateway(),        multipath(), blackhole(),   local4(),     defaultRoute(),
          viaTheOtherFamily(), local6(),    viaGateway6(), multipath6(), unreachable6()};
}

TEST(Route, isAskedForAsByIproute2) {
  for (const Row& row : rows()) EXPECT_EQ(built(buildAddRoute, row.route), row.request) << row.what;
}

TEST(Route, isReadFromADump) {
  for (const Row& row : rows()) {
    const auto message = parsed(row.entry);
    ASSERT_TRUE(message) << row.what;
    EXPECT_EQ(message->route, row.route) << row.what;
    EXPECT_FALSE(message->removed) << row.what;
    EXPECT_FALSE(message->replaced) << row.what;
    EXPECT_TRUE(matches(row.route, message->route)) << row.what;
  }
}

TEST(Route, isRemovedByAllThatTellsItFromOthers) {
  // RTM_DELROUTE, REQUEST|ACK; no metrics: they tell no route from another.
  EXPECT_EQ(built(buildRemoveRoute, viaGateway().route),
            hex("44000000 19000500 00000000 00000000 02180000 fea10001 04000000 08000100 c6336400 08000500 c00002fe 08000700 c0000201"
                "08000600 32000000 08000400 03000000"));
}

TEST(Route, isAskedForByProtocol) {
  std::array<std::uint8_t, 64> buffer{};
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(buildRouteDump(builder, Family::IPv4, kAloftProtocol, 0));
  // Of "ip -4 route show table all proto 161": its message proper, which iproute2 sends with a longer buffer.
  EXPECT_EQ(Bytes(builder.bytes().begin(), builder.bytes().end()), hex("1c000000 1a000103 00000000 00000000 02000000 00a10000 00000000"));
}

TEST(Route, tellsOfRemovalAndReplacement) {
  Bytes bytes = local4().entry;
  bytes[4] = 25;
  EXPECT_TRUE(parsed(bytes)->removed);
  bytes[4] = 24;
  bytes[7] = 0x01;  // NLM_F_REPLACE
  EXPECT_TRUE(parsed(bytes)->replaced);
}

TEST(Route, isNotReadWhenItIsNone) {
  struct Row {
    const char* what;
    std::size_t at;
    std::uint8_t value;
  };
  const Row table[] = {
      {"type RTM_GETROUTE", 4, 26},        {"another family", 16, 7},           {"prefix length 33", 17, 33},
      {"a source prefix", 18, 8},          {"a type of service", 19, 4},        {"a cached route (RTM_F_CLONED)", 25, 2},
      {"an IPv4 gateway in IPv6", 16, 10}, {"a destination of 3 bytes", 36, 7},
  };
  for (const Row& row : table) {
    Bytes bytes = viaGateway().entry;
    bytes[row.at] = row.value;
    EXPECT_FALSE(parsed(bytes)) << row.what;
  }
  for (std::size_t payload = 0; payload < 12; ++payload) {
    Bytes bytes = viaGateway().entry;
    bytes.resize(16 + payload);
    bytes[0] = static_cast<std::uint8_t>(bytes.size());
    EXPECT_FALSE(parsed(bytes)) << payload;
  }
}

TEST(Route, isNotReadWithMalformedHops) {
  for (const auto& [at, value] : {std::pair{48U, 7}, {48U, 0x60}, {64U, 3}}) {
    Bytes bytes = multipath().entry;
    bytes[at] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(parsed(bytes)) << at << " " << value;
  }
}

TEST(Route, matchesWhatTheKernelCompleted) {
  Route wanted = viaGateway().route;
  wanted.hops[0].index = 0;
  EXPECT_TRUE(matches(wanted, viaGateway().route)) << "any link";
  Route turned = multipath6().route;
  std::swap(turned.hops[0], turned.hops[1]);
  EXPECT_TRUE(matches(multipath6().route, turned)) << "hops in another order";
  turned.hops[0].weight = 9;
  EXPECT_FALSE(matches(multipath6().route, turned));
  Route other = viaGateway().route;
  other.protocol = 4;
  EXPECT_FALSE(matches(wanted, other)) << "somebody else's";
}

TEST(Route, doesNotFitIntoASmallBuffer) {
  std::array<std::uint8_t, 79> buffer;
  NetlinkBuilder builder(buffer);
  EXPECT_FALSE(buildAddRoute(builder, viaGateway().route, 1));
  EXPECT_TRUE(builder.empty());
}

}  // namespace
}  // namespace aloft::wire
