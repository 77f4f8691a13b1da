// The golden text is that of Linux 6.1, of services that ipvsadm 1.31 made.
#include "wire/ipvsProc.h"

#include <string>
#include <vector>

#include "ipvsSupport.h"

namespace aloft::wire {
namespace {

constexpr std::string_view kTable =
    "IP Virtual Server version 1.2.1 (size=4096)\n"
    "Prot LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
    "TCP  C000020A:0050 wlc  persistent 30000 FFFFFF00\n"
    "  -> C0000201:0050      Route   1      0          0         \n"
    "  -> 0A000003:0050      Route   0      0          0         \n"
    "  -> 0A000002:0050      Tunnel  2      0          0         \n"
    "  -> 0A000001:1F90      Masq    5      0          0         \n"
    "UDP  C000020A:0035 rr ops  \n"
    "TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:01BB mh \n"
    "  -> 0A000009:01BB      Tunnel  1      0          0         \n"
    "  -> [2001:0db8:0000:0000:0000:0000:0000:0011]:01BB      Route   1      0          0         \n"
    "TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0050 rr persistent 10000 40000000\n"
    "UDP  C000020A:13C4 rr  persistent 6000 FFFFFFFF\n"
    "SCTP  C000020A:0B59 rr  \n"
    "FWM  0000002A sh persistent 6000 FFFFFFFF\n"
    "FWM  0000002B rr \n"
    "  -> [2001:0db8:0000:0000:0000:0000:0000:0011]:0000      Route   1      0          0         \n";

struct Table {
  std::vector<IpvsProcService> services;
  std::vector<std::vector<IpvsProcDestination>> destinations;
  bool malformed = false;
};

Table read(std::string_view text) {
  Table table;
  IpvsProcEntries entries(text);
  for (IpvsProcEntry entry; entries.next(entry);) {
    if (const auto* service = std::get_if<IpvsProcService>(&entry)) {
      table.services.push_back(*service);
      table.destinations.emplace_back();
    } else {
      table.destinations.back().push_back(std::get<IpvsProcDestination>(entry));
    }
  }
  table.malformed = entries.malformed();
  return table;
}

TEST(IpvsProc, readsServicesOfEachKind) {
  const Table table = read(kTable);
  EXPECT_FALSE(table.malformed);
  struct Expected {
    IpvsServiceKey key;
    std::size_t destinations;
  };
  const std::vector<Expected> expected = {
      {serviceKey(IpvsProtocol::Tcp, "192.0.2.10", 80), 4},
      {serviceKey(IpvsProtocol::Udp, "192.0.2.10", 53), 0},
      {serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 443), 2},
      {serviceKey(IpvsProtocol::Tcp, "2001:db8::10", 80), 0},
      {serviceKey(IpvsProtocol::Udp, "192.0.2.10", 5060), 0},
      {serviceKey(IpvsProtocol::Sctp, "192.0.2.10", 2905), 0},
      {markKey(Family::IPv4, 42), 0},
      {markKey(Family::IPv4, 43), 1},
  };
  ASSERT_EQ(table.services.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(table.services[i].key, expected[i].key) << i;
    EXPECT_EQ(table.destinations[i].size(), expected[i].destinations) << i;
  }
}

TEST(IpvsProc, readsDestinationsOfBothFamilies) {
  const Table table = read(kTable);
  ASSERT_EQ(table.destinations.size(), 8U);
  const IpvsProcDestination& nat = table.destinations[0].back();
  EXPECT_EQ(nat.key, (IpvsDestinationKey{ip("10.0.0.1"), 8080}));
  EXPECT_EQ(nat.forwarding, IpvsForwarding::Nat);
  EXPECT_EQ(nat.weight, 5U);
  EXPECT_EQ(table.destinations[0][1].weight, 0U);
  EXPECT_EQ(table.destinations[2][0].key, (IpvsDestinationKey{ip("10.0.0.9"), 443}));
  EXPECT_EQ(table.destinations[2][0].forwarding, IpvsForwarding::Tunnel);
  EXPECT_EQ(table.destinations[2][1].key, (IpvsDestinationKey{ip("2001:db8::11"), 443}));
  EXPECT_EQ(table.destinations[2][1].forwarding, IpvsForwarding::DirectRouting);
}

TEST(IpvsProc, readsConnections) {
  const Table table = read(
      "UDP  C000020A:0035 rr  \n"
      "  -> C0000201:14E9      Local   65535  2147483647 4294967295\n");
  ASSERT_FALSE(table.malformed);
  EXPECT_EQ(table.destinations[0][0].forwarding, IpvsForwarding::Local);
  EXPECT_EQ(table.destinations[0][0].weight, 65535U);
  EXPECT_EQ(table.destinations[0][0].activeConnections, 2147483647U);
  EXPECT_EQ(table.destinations[0][0].inactiveConnections, 4294967295U);
}

TEST(IpvsProc, readsNothingOfAnEmptyTable) {
  for (const std::string_view text : {std::string_view(), kTable.substr(0, kTable.find("TCP"))}) {
    const Table table = read(text);
    EXPECT_TRUE(table.services.empty() && !table.malformed);
  }
}

TEST(IpvsProc, passesOverWhatItCannotAskFor) {
  const Table table = read(
      "IP_50  C000020A:0000 rr  \n"
      "  -> C0000201:0000      Route   1      0          0         \n"
      "TCP  C000020A:0050 rr  newWord\n"
      "  -> C0000201:0050      Route   1      0          0          7\n");
  EXPECT_FALSE(table.malformed);
  ASSERT_EQ(table.services.size(), 1U);
  EXPECT_EQ(table.services[0].key.port, 80);
  EXPECT_EQ(table.destinations[0].size(), 1U);
}

TEST(IpvsProc, endsAtALineThatIsNone) {
  const std::string service = "TCP  C000020A:0050 rr  \n";
  for (const char* const line : {
           "  -> C0000201:0050      Route   1      0          \n",
           "  -> C0000201:0050      Route   -1     0          0\n",
           "  -> C0000201:0050      Route   1      0          4294967296\n",
           "  -> C0000201:0050      Sideways 1     0          0\n",
           "  -> C0000201:10000     Route   1      0          0\n",
           "  -> C0000201           Route   1      0          0\n",
           "  -> C000020:0050       Route   1      0          0\n",
           "  -> [192.0.2.1]:0050   Route   1      0          0\n",
           "  -> [2001:0db8::0011:0050   Route   1      0          0\n",
           "  ->\n",
           "\n",
           "TCP  C000020A:0050\n",
           "TCP  C000020A: rr\n",
           "TCP  :0050 rr\n",
           "TCP  []:0050 rr\n",
           "FWM  00000000 rr\n",
           "FWM  1000000000 rr\n",
           "FWM  C000020A:0050 rr\n",
           "nonsense\n",
       }) {
    const Table table = read(service + line + service);
    EXPECT_TRUE(table.malformed) << line;
    EXPECT_EQ(table.services.size(), 1U) << line;
  }
  EXPECT_TRUE(read("  -> C0000201:0050      Route   1      0          0\n").malformed) << "a destination of no service";
}

/// A reading that was cut off ends at the line that is not whole, or takes it for whole: never beyond the text.
TEST(IpvsProc, readsWithinTheText) {
  for (std::size_t size = 0; size < kTable.size(); ++size) {
    const std::string cut(kTable.substr(0, size));
    EXPECT_LE(read(cut).services.size(), 8U);
  }
}

}  // namespace
}  // namespace aloft::wire
