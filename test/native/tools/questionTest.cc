#include "tools/question.h"

#include "support.h"

namespace aloft::tools {
namespace {

using wire::Bytes;
using wire::hex;
using wire::ip;

const wire::MacAddress kOwn = {0x52, 0x54, 0x11, 0x22, 0x33, 0x44};

Bytes bytesOf(std::span<const std::uint8_t> span) { return {span.begin(), span.end()}; }

TEST(Questions, askByArpProbeWithAMacOfTheirOwn) {
  Questions questions(kOwn);
  EXPECT_EQ(bytesOf(questions.frame(ip("192.0.2.100"), 64 + 5)),
            hex("ffff ffff ffff 0611 2233 4405 0806 0001 0800 0604 0001 0611 2233 4405 0000 0000 0000 0000 0000 c000 0264"));
}

TEST(Questions, askBySolicitationFromAnAddressOfTheirOwn) {
  Questions questions(kOwn);
  const auto asked = wire::decodeNeighbor(questions.frame(ip("2001:db8::100"), 5));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->source, ip("fe80::411:22ff:fe33:4405"));
  EXPECT_EQ(asked->linkLayer, (wire::MacAddress{0x06, 0x11, 0x22, 0x33, 0x44, 5}));
  EXPECT_EQ(asked->target, ip("2001:db8::100"));
}

TEST(Questions, recogniseTheAnswers) {
  Questions questions(kOwn);
  const wire::MacAddress holder = {2, 0, 0, 0, 0, 1};
  const auto probe = wire::decodeArp(questions.frame(ip("192.0.2.100"), 69));
  ASSERT_TRUE(probe);
  const auto four = questions.match(*wire::decodeArp(wire::encodeArpReply(holder, *probe)));
  ASSERT_TRUE(four);
  EXPECT_EQ(four->number, 5u);
  EXPECT_EQ(four->mac, holder);
  EXPECT_EQ(four->address, ip("192.0.2.100"));

  const auto asked = wire::decodeNeighbor(questions.frame(ip("2001:db8::100"), 63));
  ASSERT_TRUE(asked);
  const auto six = questions.match(*wire::decodeNeighbor(wire::encodeSolicitedNa(holder, *asked)));
  ASSERT_TRUE(six);
  EXPECT_EQ(six->number, 63u);
  EXPECT_EQ(six->mac, holder);
  EXPECT_EQ(six->address, ip("2001:db8::100"));
}

TEST(Questions, takeNothingElseForAnAnswer) {
  Questions questions(kOwn);
  const auto probe = wire::decodeArp(questions.frame(ip("192.0.2.100"), 1));
  EXPECT_FALSE(questions.match(*probe)) << "a request";
  wire::ArpPacket reply = *wire::decodeArp(wire::encodeArpReply({2, 0, 0, 0, 0, 1}, *probe));
  reply.targetMac[5] = 64;
  EXPECT_FALSE(questions.match(reply)) << "no number of ours";
  reply.targetMac = kOwn;
  EXPECT_FALSE(questions.match(reply)) << "an answer to the client itself";
  EXPECT_FALSE(questions.match(*wire::decodeNeighbor(wire::encodeUnsolicitedNa({2, 0, 0, 0, 0, 1}, ip("2001:db8::100")))));
}

TEST(Questions, findTheLatestSequenceOfANumber) {
  EXPECT_EQ(Questions::sequenceOf(5, 6), 5u);
  EXPECT_EQ(Questions::sequenceOf(5, 69), 5u);
  EXPECT_EQ(Questions::sequenceOf(5, 70), 69u);
  EXPECT_EQ(Questions::sequenceOf(63, 64), 63u);
  EXPECT_EQ(Questions::sequenceOf(0, 64), 0u);
  EXPECT_EQ(Questions::sequenceOf(0, 65), 64u);
  EXPECT_GT(Questions::sequenceOf(7, 3), std::uint64_t{1} << 60) << "never asked";
}

}  // namespace
}  // namespace aloft::tools
