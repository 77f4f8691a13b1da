#include "wire/ndisc.h"

#include "support.h"
#include "wire/checksum.h"

namespace aloft::wire {
namespace {

const MacAddress kMac = {2, 0, 0, 0, 0, 0x11};
const MacAddress kClientMac = {2, 0, 0, 0, 0, 0x22};

/// Unsolicited NA of keepalived 2.2.7 for 2001:db8::54, captured. It clears R, since the host does not forward.
const Bytes kKeepalived =
    hex("3333 0000 0001 0200 0000 0011 86dd 6000 0000 0020 3aff 2001 0db8 0000 0000 0000 0000 0000 0054"
        "ff02 0000 0000 0000 0000 0000 0000 0001 8800 f874 2000 0000 2001 0db8 0000 0000 0000 0000 0000 0054 0201 0200 0000 0011");
/// The same with R set: the flags are 0x8000 more, so the checksum is that much less: f874 − 8000 = 7874.
const Bytes kAnnouncement =
    hex("3333 0000 0001 0200 0000 0011 86dd 6000 0000 0020 3aff 2001 0db8 0000 0000 0000 0000 0000 0054"
        "ff02 0000 0000 0000 0000 0000 0000 0001 8800 7874 a000 0000 2001 0db8 0000 0000 0000 0000 0000 0054 0201 0200 0000 0011");
/// Question and answer between two Linux hosts, captured.
const Bytes kLinuxQuestion =
    hex("3333 ff00 0054 0200 0000 0022 86dd 6000 0000 0020 3aff fe80 0000 0000 0000 0000 0000 0000 0022"
        "ff02 0000 0000 0000 0000 0001 ff00 0054 8700 4a79 0000 0000 2001 0db8 0000 0000 0000 0000 0000 0054 0101 0200 0000 0022");
const Bytes kLinuxAnswer =
    hex("0200 0000 0022 0200 0000 0011 86dd 6000 0000 0020 3aff 2001 0db8 0000 0000 0000 0000 0000 0054"
        "fe80 0000 0000 0000 0000 0000 0000 0022 8800 b8d5 6000 0000 2001 0db8 0000 0000 0000 0000 0000 0054 0201 0200 0000 0011");

/// Duplicate address detection of Linux for 2001:db8::54, without a nonce, captured.
const Bytes kLinuxProbe =
    hex("3333 ff00 0054 0200 0000 0011 86dd 6000 0000 0018 3aff 0000 0000 0000 0000 0000 0000 0000 0000"
        "ff02 0000 0000 0000 0000 0001 ff00 0054 8700 4c47 0000 0000 2001 0db8 0000 0000 0000 0000 0000 0054");

Bytes bytesOf(std::span<const std::uint8_t> frame) { return {frame.begin(), frame.end()}; }

/// With a right checksum, so that a test reaches the check it is about.
Bytes sealed(Bytes frame) {
  const std::span<std::uint8_t> icmp = std::span(frame).subspan(54);
  icmp[2] = icmp[3] = 0;
  IpAddress source{Family::IPv6, {}}, destination{Family::IPv6, {}};
  std::copy_n(frame.begin() + 22, 16, source.bytes.begin());
  std::copy_n(frame.begin() + 38, 16, destination.bytes.begin());
  const std::uint16_t sum = InternetChecksum{}.addPseudoHeader(source, destination, 58, icmp.size()).add(icmp).finish();
  icmp[2] = static_cast<std::uint8_t>(sum >> 8);
  icmp[3] = static_cast<std::uint8_t>(sum);
  return frame;
}

TEST(Ndisc, announcesToAllNodesAsARouterThatOverrides) { EXPECT_EQ(bytesOf(encodeUnsolicitedNa(kMac, ip("2001:db8::54"))), kAnnouncement); }

TEST(Ndisc, probesAsDuplicateAddressDetectionDoes) {
  EXPECT_EQ(bytesOf(encodeDuplicateAddressProbe(kMac, ip("2001:db8::54"))), kLinuxProbe);
  const auto probe = decodeNeighbor(kLinuxProbe);
  ASSERT_TRUE(probe);
  EXPECT_TRUE(probe->source.isUnspecified());
  EXPECT_FALSE(probe->linkLayer);
}

TEST(Ndisc, asksTheSolicitedNodeGroup) {
  EXPECT_EQ(bytesOf(encodeNeighborSolicitation(kClientMac, ip("fe80::22"), ip("2001:db8::54"))), kLinuxQuestion);
}

TEST(Ndisc, answersToWhoAsked) {
  const auto question = decodeNeighbor(kLinuxQuestion);
  ASSERT_TRUE(question);
  Bytes expected = kLinuxAnswer;
  expected[58] = 0xe0;  // R, S and O: Linux clears R on a host that does not forward
  EXPECT_EQ(bytesOf(encodeSolicitedNa(kMac, *question)), sealed(expected));
}

TEST(Ndisc, answersToAllNodesWhenTheUnspecifiedAddressAsked) {
  NeighborMessage probe;
  probe.source = IpAddress{Family::IPv6, {}};
  probe.target = ip("2001:db8::54");
  EXPECT_EQ(bytesOf(encodeSolicitedNa(kMac, probe)), kAnnouncement);
}

TEST(Ndisc, readsTheAnnouncementOfKeepalived) {
  const auto message = decodeNeighbor(kKeepalived);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, NeighborMessage::Kind::Advertisement);
  EXPECT_TRUE(message->isUnsolicited());
  EXPECT_FALSE(message->router);
  EXPECT_TRUE(message->override);
  EXPECT_EQ(message->target, ip("2001:db8::54"));
  EXPECT_EQ(message->source, ip("2001:db8::54"));
  EXPECT_EQ(message->destination, ip("ff02::1"));
  EXPECT_EQ(message->linkLayer, kMac);
  EXPECT_EQ(message->frameSource, kMac);
}

TEST(Ndisc, readsQuestionAndAnswerOfLinux) {
  const auto question = decodeNeighbor(kLinuxQuestion);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->kind, NeighborMessage::Kind::Solicitation);
  EXPECT_EQ(question->source, ip("fe80::22"));
  EXPECT_EQ(question->linkLayer, kClientMac);
  const auto answer = decodeNeighbor(kLinuxAnswer);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->solicited);
  EXPECT_FALSE(answer->isUnsolicited());
  EXPECT_EQ(answer->linkLayer, kMac);
}

TEST(Ndisc, derivesMulticastAddresses) {
  EXPECT_EQ(solicitedNodeAddress(ip("2001:db8::12:3456")), ip("ff02::1:ff12:3456"));
  EXPECT_EQ(multicastMac6(ip("ff02::1:ff12:3456")), (MacAddress{0x33, 0x33, 0xff, 0x12, 0x34, 0x56}));
}

TEST(Ndisc, refusesEveryShorterFrame) {
  for (std::size_t size = 0; size < kKeepalived.size(); ++size) EXPECT_FALSE(decodeNeighbor(std::span(kKeepalived).first(size))) << size;
}

TEST(Ndisc, allowsPaddingBehindTheMessage) {
  // Without option, so that the frame is shorter than what follows.
  Bytes frame = kKeepalived;
  frame.resize(78);
  frame[19] = 24;
  frame = sealed(frame);
  frame.resize(90, 0xff);
  const auto message = decodeNeighbor(frame);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->linkLayer);
}

TEST(Ndisc, refusesWhatRfc4861TellsToDiscard) {
  struct Row {
    const char* what;
    std::size_t at;
    std::uint8_t value;
  };
  const Row table[] = {
      {"ether type IPv4", 12, 0x08},
      {"IP version 4", 14, 0x40},
      {"next header hop-by-hop", 20, 0},
      {"hop limit 254", 21, 254},
      {"length beyond the frame", 19, 0x21},
      {"length below the message", 19, 23},
      {"code 1", 55, 1},
      {"type 134", 54, 134},
      {"type 137, redirect", 54, 137},
      {"multicast target", 62, 0xff},
      {"solicited to multicast", 58, 0x60},
      {"option of length 0", 79, 0},
      {"option beyond the message", 79, 2},
  };
  for (const Row& row : table) {
    Bytes frame = kKeepalived;
    frame[row.at] = row.value;
    EXPECT_FALSE(decodeNeighbor(sealed(frame))) << row.what;
  }
  Bytes wrongSum = kKeepalived;
  wrongSum[57] ^= 1;
  EXPECT_FALSE(decodeNeighbor(wrongSum)) << "checksum";
}

TEST(Ndisc, refusesAProbeWithSourceOptionOrToAnotherGroup) {
  Bytes probe = kLinuxQuestion;
  std::fill_n(probe.begin() + 22, 16, std::uint8_t{0});
  EXPECT_FALSE(decodeNeighbor(sealed(probe))) << "source link-layer option";
  probe[78] = 14;  // another option: nonce
  EXPECT_TRUE(decodeNeighbor(sealed(probe)));
  probe[53] ^= 1;
  EXPECT_FALSE(decodeNeighbor(sealed(probe))) << "other group";
}

TEST(Ndisc, ignoresUnknownOptionsAndOtherLengths) {
  Bytes frame = kKeepalived;
  frame[78] = 200;
  const auto message = decodeNeighbor(sealed(frame));
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->linkLayer);
}

}  // namespace
}  // namespace aloft::wire
