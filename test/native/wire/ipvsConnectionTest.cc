// The golden lines are those of Linux 6.1.
#include "wire/ipvsConnection.h"

#include "ipvsSupport.h"

namespace aloft::wire {
namespace {

TEST(IpvsConnection, IPv4) {
  const auto read = parseIpvsConnection("TCP C6336464 C94C C6336433 0050 C633640E 1F90 ESTABLISHED     899");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->protocol, IpvsProtocol::Tcp);
  EXPECT_EQ(read->client, (IpvsDestinationKey{ip("198.51.100.100"), 51532}));
  EXPECT_EQ(read->service, (IpvsDestinationKey{ip("198.51.100.51"), 80}));
  EXPECT_EQ(read->server, (IpvsDestinationKey{ip("198.51.100.14"), 8080}));
  EXPECT_EQ(read->state, 1);
  EXPECT_TRUE(read->lasting);
  EXPECT_FALSE(read->inactive);
  EXPECT_FALSE(read->isTemplate());
  EXPECT_EQ(read->expiresSeconds, 899u);
}

TEST(IpvsConnection, IPv6) {
  const auto read = parseIpvsConnection(
      "TCP 2001:0db8:0100:0000:0000:0000:0000:0100 E6B0 2001:0db8:0100:0000:0000:0000:0000:0051 0050 "
      "2001:0db8:0100:0000:0000:0000:0000:0013 0050 FIN_WAIT        119");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->client, (IpvsDestinationKey{ip("2001:db8:100::100"), 59056}));
  EXPECT_EQ(read->server, (IpvsDestinationKey{ip("2001:db8:100::13"), 80}));
  EXPECT_EQ(read->state, 4);
  EXPECT_TRUE(read->lasting);
  EXPECT_TRUE(read->inactive);
}

TEST(IpvsConnection, Templates) {
  const auto assured = parseIpvsConnection("TCP C6336464 0000 C6336433 0050 C633640E 0050 ASSURED          59");
  ASSERT_TRUE(assured);
  EXPECT_TRUE(assured->isTemplate());
  EXPECT_TRUE(assured->lasting);
  EXPECT_EQ(assured->state, 1);
  EXPECT_EQ(parseIpvsConnection("TCP C6336464 0000 C6336433 0050 C633640E 0050 NONE             57")->state, 0);
}

TEST(IpvsConnection, WhatBeginsOrHasEndedDoesNotLast) {
  for (const std::string_view line : {"TCP C6336464 C94C C6336433 0050 C633640E 0050 SYN_RECV         59",
                                      "TCP C6336464 C94C C6336433 0050 C633640E 0050 TIME_WAIT       119",
                                      "TCP C6336464 C94C C6336433 0050 C633640E 0050 CLOSE             9"}) {
    const auto read = parseIpvsConnection(line);
    ASSERT_TRUE(read) << line;
    EXPECT_FALSE(read->lasting) << line;
  }
  EXPECT_TRUE(parseIpvsConnection("UDP C6336464 C94C C6336433 0035 C633640E 0035 UDP             299")->lasting);
}

TEST(IpvsConnection, WithAnEngine) {
  EXPECT_TRUE(parseIpvsConnection("UDP C6336464 0000 C6336433 13C4 C633640E 13C4 NONE            299 sip callid"));
}

TEST(IpvsConnection, WhatIsNone) {
  for (const std::string_view line : {"", "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
                                      "IP  0000002A 0000 C6336433 0000 C633640E 0000 NONE             57", "TCP C6336464 C94C C6336433",
                                      "TCP C633646 C94C C6336433 0050 C633640E 0050 ESTABLISHED     899",
                                      "TCP C6336464 C94C C6336433 0050 C633640E 0050 ESTABLISHED     -1",
                                      "TCP C6336464 1C94C C6336433 0050 C633640E 0050 ESTABLISHED     899"}) {
    EXPECT_FALSE(parseIpvsConnection(line)) << line;
  }
}

}  // namespace
}  // namespace aloft::wire
