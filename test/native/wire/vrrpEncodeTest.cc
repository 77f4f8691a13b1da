#include <array>

#include "support.h"
#include "wire/vrrp.h"

namespace aloft::wire {
namespace {

/// Encodes into a buffer full of 0xaa, so that bytes left out show.
Bytes encode(const EncodeInput& input, std::size_t room = kMaxVrrpSize) {
  Bytes buffer(room, 0xaa);
  buffer.resize(encodeVrrp(input, buffer));
  return buffer;
}

struct Advert {
  std::vector<IpAddress> addresses;
  EncodeInput input;

  const EncodeInput& get() {
    input.addresses = addresses;
    return input;
  }
};

Advert version3() {
  Advert advert{{ip("192.0.2.100"), ip("192.0.2.101")}, {}};
  advert.input.virtualRouterId = 51;
  advert.input.priority = 200;
  advert.input.interval = 50;
  advert.input.source = ip("192.0.2.11");
  advert.input.destination = ip("224.0.0.18");
  return advert;
}

Advert version2() {
  Advert advert = version3();
  advert.addresses = {ip("192.0.2.110")};
  advert.input.version = 2;
  advert.input.virtualRouterId = 52;
  advert.input.priority = 150;
  advert.input.interval = 1;
  return advert;
}

Advert overIPv6() {
  Advert advert = version3();
  advert.addresses = {ip("fe80::54"), ip("2001:db8::54")};
  advert.input.virtualRouterId = 54;
  advert.input.priority = 201;
  advert.input.source = ip("fe80::11");
  advert.input.destination = ip("ff02::12");
  return advert;
}

// The expected bytes are those of keepalived 2.2.7 with the same configuration (see vrrpTest.cc).

TEST(VrrpEncode, writesVersion3AsKeepalivedDoes) {
  Advert advert = version3();
  advert.input.checksum = ChecksumForm::WithPseudoHeader;
  EXPECT_EQ(encode(advert.get()), hex("3133 c802 0032 df2e c000 0264 c000 0265"));
}

TEST(VrrpEncode, writesVersion3AsRfc9568Says) {
  Advert advert = version3();
  EXPECT_EQ(encode(advert.get()), hex("3133 c802 0032 81cd c000 0264 c000 0265"));
}

TEST(VrrpEncode, writesAResignation) {
  Advert advert = version3();
  advert.input.priority = 0;
  advert.input.checksum = ChecksumForm::WithPseudoHeader;
  EXPECT_EQ(encode(advert.get()), hex("3133 0002 0032 a72f c000 0264 c000 0265"));
}

TEST(VrrpEncode, writesVersion2WithEightZeroBytesBehind) {
  Advert advert = version2();
  EXPECT_EQ(encode(advert.get()), hex("2134 9601 0001 865a c000 026e 0000 0000 0000 0000"));
  advert.input.checksum = ChecksumForm::WithPseudoHeader;  // means nothing in version 2
  EXPECT_EQ(encode(advert.get()), hex("2134 9601 0001 865a c000 026e 0000 0000 0000 0000"));
}

TEST(VrrpEncode, writesIPv6AlwaysWithPseudoHeader) {
  const Bytes expected =
      hex("3136 c902 0032 da73 fe80 0000 0000 0000 0000 0000 0000 0054"
          "2001 0db8 0000 0000 0000 0000 0000 0054");
  Advert advert = overIPv6();
  EXPECT_EQ(encode(advert.get()), expected);
  advert.input.checksum = ChecksumForm::WithPseudoHeader;
  EXPECT_EQ(encode(advert.get()), expected);
}

TEST(VrrpEncode, needsRoomForTheWholeMessage) {
  Advert advert = version3();
  EXPECT_EQ(encode(advert.get(), 16).size(), 16u);
  for (std::size_t room = 0; room < 16; ++room) EXPECT_EQ(encode(advert.get(), room).size(), 0u);
  Advert two = version2();
  EXPECT_EQ(encode(two.get(), 20).size(), 20u);
  EXPECT_EQ(encode(two.get(), 19).size(), 0u);
}

TEST(VrrpEncode, writesNothingThatTheFormatCannotHold) {
  const auto refused = [](Advert advert) { return encode(advert.get()).empty(); };
  Advert advert = version3();
  advert.input.version = 4;
  EXPECT_TRUE(refused(advert)) << "unknown version";
  advert = overIPv6();
  advert.input.version = 2;
  EXPECT_TRUE(refused(advert)) << "version 2 over IPv6";
  advert = version3();
  advert.addresses.push_back(ip("2001:db8::1"));
  EXPECT_TRUE(refused(advert)) << "mixed families";
  advert = version3();
  advert.input.destination = ip("ff02::12");
  EXPECT_TRUE(refused(advert)) << "source and destination of two families";
  advert = version3();
  advert.input.interval = 4096;
  EXPECT_TRUE(refused(advert)) << "13 bits of interval";
  advert = version2();
  advert.input.interval = 256;
  EXPECT_TRUE(refused(advert)) << "9 bits of interval";
  advert = version3();
  advert.addresses.assign(256, ip("192.0.2.1"));
  EXPECT_TRUE(refused(advert)) << "256 addresses";
}

TEST(VrrpEncode, fillsTheLargestMessage) {
  Advert advert = overIPv6();
  advert.addresses.assign(255, ip("fe80::54"));
  const Bytes message = encode(advert.get());
  EXPECT_EQ(message.size(), kMaxVrrpSize);
  EXPECT_TRUE(decodeVrrp(message, advert.input.source, advert.input.destination, 255).ok);
}

}  // namespace
}  // namespace aloft::wire
