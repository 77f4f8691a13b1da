#include "tools/announcement.h"

#include "support.h"

namespace aloft::tools {
namespace {

using wire::Bytes;
using wire::hex;
using wire::ip;

// Frames of keepalived 2.2.7, captured.
const Bytes kAdvert4 =
    hex("0100 5e00 0012 0200 0000 0011 0800 45c0 0024 0001 0000 ff70 188b c000 020b e000 0012 3133 c802 0032 df2e c000 0264 c000 0265");
const Bytes kAdvert2 =
    hex("0100 5e00 0012 0200 0000 0011 0800 45c0 0028 0001 0000 ff70 1887 c000 020b e000 0012 2134 9601 0001 865a c000 026e 0000 0000 0000 "
        "0000");
const Bytes kAdvert6 = hex(
    "3333 0000 0012 0200 0000 0011 86dd 6c03 d1d7 0028 70ff fe80 0000 0000 0000 0000 0000 0000 0011 ff02 0000 0000 0000 0000 0000 0000 0012"
    "3136 c902 0032 da73 fe80 0000 0000 0000 0000 0000 0000 0054 2001 0db8 0000 0000 0000 0000 0000 0054");

TEST(CaptureAdvert, readsVersion3) {
  const auto advert = captureAdvert(kAdvert4);
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->source, ip("192.0.2.11"));
  EXPECT_EQ(advert->destination, ip("224.0.0.18"));
  EXPECT_EQ(advert->mac, (wire::MacAddress{2, 0, 0, 0, 0, 0x11}));
  EXPECT_EQ(advert->version, 3);
  EXPECT_EQ(advert->virtualRouterId, 51);
  EXPECT_EQ(advert->priority, 200);
  EXPECT_EQ(advert->intervalMs, 500u);
  EXPECT_EQ(advert->addresses, 2);
  EXPECT_EQ(advert->ttl, 255);
  EXPECT_FALSE(advert->discard);
}

TEST(CaptureAdvert, readsVersion2InSeconds) {
  const auto advert = captureAdvert(kAdvert2);
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->version, 2);
  EXPECT_EQ(advert->intervalMs, 1000u);
  EXPECT_FALSE(advert->discard);
}

TEST(CaptureAdvert, readsIPv6) {
  const auto advert = captureAdvert(kAdvert6);
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->source, ip("fe80::11"));
  EXPECT_EQ(advert->virtualRouterId, 54);
  EXPECT_FALSE(advert->discard);
}

TEST(CaptureAdvert, cutsThePaddingOff) {
  Bytes padded = kAdvert4;
  padded.resize(60, 0);
  ASSERT_TRUE(captureAdvert(padded));
  EXPECT_FALSE(captureAdvert(padded)->discard);
}

TEST(CaptureAdvert, saysWhatIsWrong) {
  Bytes wrongTtl = kAdvert4;
  wrongTtl[22] = 64;
  EXPECT_EQ(captureAdvert(wrongTtl)->discard, wire::Discard::TtlNot255);
  EXPECT_EQ(captureAdvert(wrongTtl)->ttl, 64);
  Bytes wrongSum = kAdvert6;
  wrongSum.back() ^= 1;
  EXPECT_EQ(captureAdvert(wrongSum)->discard, wire::Discard::BadChecksum);
}

TEST(CaptureAdvert, survivesEveryTruncation) {
  for (const Bytes& frame : {kAdvert4, kAdvert2, kAdvert6}) {
    for (std::size_t size = 0; size < frame.size(); ++size) EXPECT_FALSE(captureAdvert(std::span(frame).first(size))) << size;
  }
  for (const auto& [at, value] : {std::pair{14, 0x44}, {14, 0x4f}, {16, 0xff}, {17, 0x13}, {23, 17}, {13, 0x06}}) {
    Bytes frame = kAdvert4;
    frame[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(captureAdvert(frame)) << at << " " << value;
  }
}

TEST(CaptureAnnouncement, takesBothFormsOfGratuitousArp) {
  const wire::MacAddress mac = {2, 0, 0, 0, 0, 0x11};
  const wire::MacAddress sender = {2, 0, 0, 0, 0, 0x12};
  for (const auto operation : {wire::ArpOperation::Request, wire::ArpOperation::Reply}) {
    const auto found = captureAnnouncement(wire::ArpPacket{operation, mac, ip("192.0.2.100"), mac, ip("192.0.2.100")}, sender);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->address, ip("192.0.2.100"));
    EXPECT_EQ(found->mac, mac);
    EXPECT_EQ(found->frameMac, sender);
  }
  EXPECT_FALSE(captureAnnouncement(wire::ArpPacket{wire::ArpOperation::Request, mac, ip("192.0.2.1"), {}, ip("192.0.2.2")}, mac));
}

TEST(CaptureAnnouncement, takesUnsolicitedAdvertisementsOnly) {
  const wire::MacAddress mac = {2, 0, 0, 0, 0, 0x11};
  auto message = wire::decodeNeighbor(wire::encodeUnsolicitedNa(mac, ip("2001:db8::100")));
  ASSERT_TRUE(message);
  const auto found = captureAnnouncement(*message);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, CapturedAnnouncement::Kind::UnsolicitedNa);
  EXPECT_EQ(found->address, ip("2001:db8::100"));
  EXPECT_EQ(found->mac, mac);
  message->solicited = true;
  EXPECT_FALSE(captureAnnouncement(*message));
}

}  // namespace
}  // namespace aloft::tools
