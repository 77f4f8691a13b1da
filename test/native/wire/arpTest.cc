#include "wire/arp.h"

#include "support.h"

namespace aloft::wire {
namespace {

const MacAddress kMac = {2, 0, 0, 0, 0, 0x11};

Bytes bytesOf(const ArpFrame& frame) { return {frame.begin(), frame.end()}; }

/// Gratuitous ARP of keepalived 2.2.7, captured. It fills the target hardware address with ff.
const Bytes kKeepalived = hex("ffff ffff ffff 0200 0000 0011 0806 0001 0800 0604 0001 0200 0000 0011 c000 0264 ffff ffff ffff c000 0264");
/// By hand from RFC 826: 192.0.2.20 at 02:…:22 asks for 192.0.2.100, and the reply of 02:…:11.
const Bytes kQuestion = hex("ffff ffff ffff 0200 0000 0022 0806 0001 0800 0604 0001 0200 0000 0022 c000 0214 0000 0000 0000 c000 0264");
const Bytes kAnswer = hex("0200 0000 0022 0200 0000 0011 0806 0001 0800 0604 0002 0200 0000 0011 c000 0264 0200 0000 0022 c000 0214");

TEST(Arp, R9568_6_4_2_AnnouncesInTheRequestFormWithItsMacAsTargetToo) {
  EXPECT_EQ(bytesOf(encodeGratuitousArp(kMac, ip("192.0.2.100"))),
            hex("ffff ffff ffff 0200 0000 0011 0806 0001 0800 0604 0001 0200 0000 0011 c000 0264 0200 0000 0011 c000 0264"));
}

TEST(Arp, asksAndAnswers) {
  EXPECT_EQ(bytesOf(encodeArpRequest({2, 0, 0, 0, 0, 0x22}, ip("192.0.2.20"), ip("192.0.2.100"))), kQuestion);
  const auto question = decodeArp(kQuestion);
  ASSERT_TRUE(question);
  EXPECT_EQ(bytesOf(encodeArpReply(kMac, *question)), kAnswer);
}

TEST(Arp, probesWithoutSenderAddress) {
  const Bytes expected = hex("ffff ffff ffff 0200 0000 0011 0806 0001 0800 0604 0001 0200 0000 0011 0000 0000 0000 0000 0000 c000 0264");
  EXPECT_EQ(bytesOf(encodeArpProbe(kMac, ip("192.0.2.100"))), expected);
  const auto probe = decodeArp(expected);
  ASSERT_TRUE(probe);
  EXPECT_TRUE(probe->isProbe());
  EXPECT_FALSE(probe->isGratuitous());
}

TEST(Arp, readsTheAnnouncementOfKeepalived) {
  const auto packet = decodeArp(kKeepalived);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, ArpOperation::Request);
  EXPECT_EQ(packet->senderMac, kMac);
  EXPECT_EQ(packet->senderAddress, ip("192.0.2.100"));
  EXPECT_EQ(packet->targetAddress, ip("192.0.2.100"));
  EXPECT_TRUE(packet->isGratuitous());
  EXPECT_FALSE(packet->isProbe());
}

TEST(Arp, readsAReply) {
  const auto packet = decodeArp(kAnswer);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, ArpOperation::Reply);
  EXPECT_EQ(packet->senderMac, kMac);
  EXPECT_EQ(packet->targetMac, (MacAddress{2, 0, 0, 0, 0, 0x22}));
  EXPECT_EQ(packet->targetAddress, ip("192.0.2.20"));
  EXPECT_FALSE(packet->isGratuitous());
}

TEST(Arp, allowsPaddingToTheMinimumFrame) {
  Bytes padded = kAnswer;
  padded.resize(60, 0);
  EXPECT_TRUE(decodeArp(padded));
}

TEST(Arp, refusesMalformedFrames) {
  for (std::size_t size = 0; size < kAnswer.size(); ++size) EXPECT_FALSE(decodeArp(std::span(kAnswer).first(size))) << size;
  struct Row {
    const char* what;
    std::size_t at;
    std::uint8_t value;
  };
  const Row table[] = {
      {"ether type IPv4", 13, 0x00}, {"hardware type 6", 15, 6},   {"protocol type IPv6", 16, 0x86},
      {"hardware length 8", 18, 8},  {"hardware length 0", 18, 0}, {"protocol length 16", 19, 16},
      {"operation 0", 21, 0},        {"operation 3, RARP", 21, 3}, {"operation 0x0102", 20, 1},
  };
  for (const Row& row : table) {
    Bytes frame = kAnswer;
    frame[row.at] = row.value;
    EXPECT_FALSE(decodeArp(frame)) << row.what;
  }
}

}  // namespace
}  // namespace aloft::wire
