#include "wire/vrrp.h"

#include <set>
#include <string>

#include "support.h"
#include "wire/checksum.h"

namespace aloft::wire {
namespace {

// Adverts that keepalived 2.2.7 (Debian 12) sent, captured with tcpdump on a veth pair; here from behind the IP header.
// Sources 192.0.2.11 and fe80::11.
const Bytes kVersion3 = hex("3133 c802 0032 df2e c000 0264 c000 0265");
const Bytes kVersion3Resigns = hex("3133 0002 0032 a72f c000 0264 c000 0265");
const Bytes kVersion2 = hex("2134 9601 0001 865a c000 026e 0000 0000 0000 0000");
const Bytes kVersion2Password = hex("2135 9701 0101 16d1 c000 0278 7365 6372 6574 3132");
const Bytes kIPv6 =
    hex("3136 c902 0032 da73 fe80 0000 0000 0000 0000 0000 0000 0054"
        "2001 0db8 0000 0000 0000 0000 0000 0054");
// kVersion3 as RFC 9568 §5.2.8 has it, without pseudo-header. By hand: 3133+c802+0032+c000+0264+c000+0265 = 27e30 → 7e32; complement 81cd.
const Bytes kVersion3Plain = hex("3133 c802 0032 81cd c000 0264 c000 0265");

const IpAddress kSource4 = ip("192.0.2.11");
const IpAddress kGroup4 = ip("224.0.0.18");
const IpAddress kSource6 = ip("fe80::11");
const IpAddress kGroup6 = ip("ff02::12");

DecodeResult decode4(const Bytes& message) { return decodeVrrp(message, kSource4, kGroup4, 255); }
DecodeResult decode6(const Bytes& message) { return decodeVrrp(message, kSource6, kGroup6, 255); }

/// The message with a right checksum, so that a test reaches the check it is about.
Bytes sealed(Bytes message, Family family = Family::IPv4) {
  message[6] = message[7] = 0;
  InternetChecksum sum;
  if (family == Family::IPv6) sum.addPseudoHeader(kSource6, kGroup6, kVrrpProtocol, message.size());
  const std::uint16_t checksum = sum.add(message).finish();
  message[6] = static_cast<std::uint8_t>(checksum >> 8);
  message[7] = static_cast<std::uint8_t>(checksum);
  return message;
}

Bytes bytesOf(std::span<const std::uint8_t> span) { return {span.begin(), span.end()}; }

TEST(VrrpDecode, readsVersion3FromKeepalived) {
  const DecodeResult result = decode4(kVersion3);
  ASSERT_TRUE(result.ok) << name(result.discard);
  EXPECT_EQ(result.advert.version, 3);
  EXPECT_EQ(result.advert.virtualRouterId, 51);
  EXPECT_EQ(result.advert.priority, 200);
  EXPECT_EQ(result.advert.interval, 50);
  EXPECT_EQ(result.advert.addressCount, 2);
  EXPECT_EQ(bytesOf(result.advert.addresses), hex("c000 0264 c000 0265"));
  EXPECT_EQ(result.advert.checksum, ChecksumForm::WithPseudoHeader);
}

TEST(VrrpDecode, readsVersion3WithoutPseudoHeader) {
  const DecodeResult result = decode4(kVersion3Plain);
  ASSERT_TRUE(result.ok) << name(result.discard);
  EXPECT_EQ(result.advert.checksum, ChecksumForm::WithoutPseudoHeader);
  EXPECT_EQ(result.advert.priority, 200);
}

TEST(VrrpDecode, readsAResignation) {
  const DecodeResult result = decode4(kVersion3Resigns);
  ASSERT_TRUE(result.ok);
  EXPECT_EQ(result.advert.priority, 0);
}

TEST(VrrpDecode, readsVersion2FromKeepalived) {
  const DecodeResult result = decode4(kVersion2);
  ASSERT_TRUE(result.ok) << name(result.discard);
  EXPECT_EQ(result.advert.version, 2);
  EXPECT_EQ(result.advert.virtualRouterId, 52);
  EXPECT_EQ(result.advert.priority, 150);
  EXPECT_EQ(result.advert.interval, 1);
  EXPECT_EQ(result.advert.authenticationType, 0);
  EXPECT_EQ(bytesOf(result.advert.addresses), hex("c000 026e"));
  EXPECT_EQ(result.advert.checksum, ChecksumForm::WithoutPseudoHeader);
}

TEST(VrrpDecode, sumsUpTheAuthenticationDataOfVersion2) {
  const DecodeResult result = decode4(kVersion2Password);
  ASSERT_TRUE(result.ok) << name(result.discard);
  EXPECT_EQ(result.advert.authenticationType, 1);
  EXPECT_EQ(result.advert.addressCount, 1);
  Bytes otherPassword = kVersion2Password;
  otherPassword.back() ^= 1;
  EXPECT_EQ(decode4(otherPassword).discard, Discard::BadChecksum);
}

TEST(VrrpDecode, readsIPv6FromKeepalived) {
  const DecodeResult result = decode6(kIPv6);
  ASSERT_TRUE(result.ok) << name(result.discard);
  EXPECT_EQ(result.advert.virtualRouterId, 54);
  EXPECT_EQ(result.advert.priority, 201);
  EXPECT_EQ(result.advert.interval, 50);
  EXPECT_EQ(result.advert.addressCount, 2);
  EXPECT_EQ(bytesOf(result.advert.addresses), bytesOf(std::span(kIPv6).subspan(8)));
  EXPECT_EQ(result.advert.checksum, ChecksumForm::WithPseudoHeader);
}

TEST(VrrpDecode, ignoresTheReservedBitsOfVersion3) {
  Bytes message = kVersion3;
  message[4] = 0xf0;  // RFC 9568 §5.2.6: ignored on reception
  const DecodeResult result = decode4(sealed(message));
  ASSERT_TRUE(result.ok);
  EXPECT_EQ(result.advert.interval, 50);
  EXPECT_EQ(result.advert.authenticationType, 0);
}

TEST(VrrpDecode, takesTheLongestInterval) {
  // 4095 centiseconds, VRID and priority 255. By hand: 31ff+ff01+0fff+c000+0201 = 20300 → 0302; complement fcfd.
  const DecodeResult result = decode4(hex("31ff ff01 0fff fcfd c000 0201"));
  ASSERT_TRUE(result.ok) << name(result.discard);
  EXPECT_EQ(result.advert.interval, 4095);
  EXPECT_EQ(result.advert.virtualRouterId, 255);
}

TEST(VrrpDecode, refusesAnyOtherTtl) {
  for (int ttl = 0; ttl < 255; ++ttl) {
    const DecodeResult result = decodeVrrp(kVersion3, kSource4, kGroup4, static_cast<std::uint8_t>(ttl));
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.discard, Discard::TtlNot255);
  }
  EXPECT_EQ(decodeVrrp({}, kSource6, kGroup6, 64).discard, Discard::TtlNot255);
}

TEST(VrrpDecode, takesLessOfUnicastWhereThatIsConfigured) {
  const IpAddress peer = ip("192.0.2.1");
  EXPECT_EQ(decodeVrrp(kVersion3Plain, kSource4, peer, 64).discard, Discard::TtlNot255);
  EXPECT_TRUE(decodeVrrp(kVersion3Plain, kSource4, peer, 64, 64).ok);
  EXPECT_TRUE(decodeVrrp(kVersion3Plain, kSource4, peer, 255, 64).ok);
  EXPECT_EQ(decodeVrrp(kVersion3Plain, kSource4, peer, 63, 64).discard, Discard::TtlNot255);
  EXPECT_EQ(decodeVrrp(kVersion3Plain, kSource4, kGroup4, 254, 0).discard, Discard::TtlNot255) << "multicast never";
}

TEST(VrrpDecode, refusesEveryShorterMessage) {
  for (const Bytes& message : {kVersion3, kVersion2, kVersion2Password}) {
    for (std::size_t size = 0; size < message.size(); ++size) {
      const DecodeResult result = decodeVrrp(std::span(message).first(size), kSource4, kGroup4, 255);
      EXPECT_FALSE(result.ok);
      EXPECT_EQ(result.discard, Discard::TooShort) << size;
    }
  }
  for (std::size_t size = 0; size < kIPv6.size(); ++size) {
    const DecodeResult result = decodeVrrp(std::span(kIPv6).first(size), kSource6, kGroup6, 255);
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.discard, Discard::TooShort) << size;
  }
}

TEST(VrrpDecode, refusesEveryFlippedBit) {
  for (const Bytes& message : {kVersion3, kVersion3Plain, kVersion2, kVersion2Password}) {
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
      Bytes flipped = message;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_FALSE(decode4(flipped).ok) << "bit " << bit;
    }
  }
}

TEST(VrrpDecode, bindsTheChecksumToTheAddressesOfThePseudoHeader) {
  EXPECT_EQ(decodeVrrp(kVersion3, ip("192.0.2.12"), kGroup4, 255).discard, Discard::BadChecksum);
  EXPECT_EQ(decodeVrrp(kIPv6, ip("fe80::12"), kGroup6, 255).discard, Discard::BadChecksum);
  EXPECT_EQ(decodeVrrp(kIPv6, kSource6, ip("ff02::13"), 255).discard, Discard::BadChecksum);
  EXPECT_TRUE(decodeVrrp(kVersion3Plain, ip("192.0.2.12"), ip("192.0.2.1"), 255).ok);
}

struct Malformed {
  const char* what;
  Bytes message;
  Discard discard;
};

TEST(VrrpDecode, refusesMalformedIPv4) {
  Bytes hostileCount = kVersion3;
  hostileCount[3] = 255;
  Bytes hostileCount2 = kVersion2;
  hostileCount2[3] = 255;
  Bytes fits255(8 + 255 * 4, 0);
  std::copy(hostileCount.begin(), hostileCount.begin() + 8, fits255.begin());
  Bytes tooLong255 = fits255;
  tooLong255.push_back(0);
  const Malformed table[] = {
      {"empty", {}, Discard::TooShort},
      {"shorter than a header, version 0", hex("0133 c801 0032 00"), Discard::TooShort},
      {"version 0", sealed(hex("0133 c801 0032 0000 c000 0264")), Discard::UnknownVersion},
      {"version 1", sealed(hex("1133 c801 0032 0000 c000 0264")), Discard::UnknownVersion},
      {"version 4", sealed(hex("4133 c801 0032 0000 c000 0264")), Discard::UnknownVersion},
      {"version 15, wrong checksum too", hex("f133 c801 0032 0000 c000 0264"), Discard::UnknownVersion},
      {"type 0", sealed(hex("3033 c801 0032 0000 c000 0264")), Discard::UnknownType},
      {"type 2", sealed(hex("3233 c801 0032 0000 c000 0264")), Discard::UnknownType},
      {"type 15, version 2", sealed(hex("2f33 c801 0001 0000 c000 0264 0000 0000 0000 0000")), Discard::UnknownType},
      {"count 255, two addresses there", sealed(hostileCount), Discard::TooShort},
      {"count 255, version 2", sealed(hostileCount2), Discard::TooShort},
      {"255 addresses and one byte more", sealed(tooLong255), Discard::TrailingBytes},
      {"odd length", sealed(hex("3133 c802 0032 0000 c000 0264 c000 02")), Discard::TooShort},
      {"one byte more", sealed(hex("3133 c801 0032 0000 c000 0264 00")), Discard::TrailingBytes},
      {"count 1, two addresses there", sealed(hex("3133 c801 0032 0000 c000 0264 c000 0265")), Discard::TrailingBytes},
      {"version 3 with the trailer of version 2", sealed(hex("3133 c801 0032 0000 c000 0264 0000 0000 0000 0000")), Discard::TrailingBytes},
      {"version 2 without authentication data", sealed(hex("2133 c801 0001 0000 c000 0264")), Discard::TooShort},
      {"version 2, one byte more", sealed(hex("2133 c801 0001 0000 c000 0264 0000 0000 0000 0000 00")), Discard::TrailingBytes},
      {"checksum field zero", hex("3133 c802 0032 0000 c000 0264 c000 0265"), Discard::BadChecksum},
      {"version 2 with the checksum of a pseudo-header", hex("2134 9601 0001 e3b7 c000 026e 0000 0000 0000 0000"), Discard::BadChecksum},
      {"interval 0, version 3", sealed(hex("3133 c801 0000 0000 c000 0264")), Discard::ZeroInterval},
      {"interval 0, reserved bits set", sealed(hex("3133 c801 f000 0000 c000 0264")), Discard::ZeroInterval},
      {"interval 0, version 2", sealed(hex("2133 c801 0000 0000 c000 0264 0000 0000 0000 0000")), Discard::ZeroInterval},
      {"no addresses, version 3", sealed(hex("3133 c800 0032 0000")), Discard::ZeroAddresses},
      {"no addresses, version 2", sealed(hex("2133 c800 0001 0000 0000 0000 0000 0000")), Discard::ZeroAddresses},
      {"interval 0 and no addresses", sealed(hex("3133 c800 0000 0000")), Discard::ZeroInterval},
  };
  for (const Malformed& row : table) {
    const DecodeResult result = decode4(row.message);
    EXPECT_FALSE(result.ok) << row.what;
    EXPECT_STREQ(name(result.discard), name(row.discard)) << row.what;
  }
  EXPECT_TRUE(decode4(sealed(fits255)).ok) << "255 addresses are allowed";
}

TEST(VrrpDecode, refusesMalformedIPv6) {
  Bytes hostileCount = kIPv6;
  hostileCount[3] = 255;
  const Malformed table[] = {
      {"version 2", sealed(hex("2136 c901 0001 0000 fe80 0000 0000 0000 0000 0000 0000 0054"), Family::IPv6), Discard::UnknownVersion},
      {"without pseudo-header", sealed(kIPv6, Family::IPv4), Discard::BadChecksum},
      {"count 255", sealed(hostileCount, Family::IPv6), Discard::TooShort},
      {"no addresses", sealed(hex("3136 c900 0032 0000"), Family::IPv6), Discard::ZeroAddresses},
      {"interval 0", sealed(hex("3136 c901 0000 0000 fe80 0000 0000 0000 0000 0000 0000 0054"), Family::IPv6), Discard::ZeroInterval},
      {"an IPv4 address", sealed(hex("3136 c901 0032 0000 c000 0264"), Family::IPv6), Discard::TooShort},
      {"one byte more", sealed(hex("3136 c901 0032 0000 fe80 0000 0000 0000 0000 0000 0000 0054 00"), Family::IPv6),
       Discard::TrailingBytes},
  };
  for (const Malformed& row : table) {
    const DecodeResult result = decode6(row.message);
    EXPECT_FALSE(result.ok) << row.what;
    EXPECT_STREQ(name(result.discard), name(row.discard)) << row.what;
  }
}

TEST(VrrpDecode, tellsWhetherTheFirstIPv6AddressIsLinkLocal) {
  const DecodeResult global = decode6(sealed(hex("3136 c901 0032 0000 2001 0db8 0000 0000 0000 0000 0000 0054"), Family::IPv6));
  ASSERT_TRUE(global.ok);
  EXPECT_FALSE(global.advert.firstIsLinkLocal);
  const DecodeResult linkLocal = decode6(kIPv6);
  ASSERT_TRUE(linkLocal.ok);
  EXPECT_TRUE(linkLocal.advert.firstIsLinkLocal);
}

TEST(VrrpDecode, givesTheAuthenticationDataOfVersion2) {
  const DecodeResult result = decode4(kVersion2Password);
  ASSERT_TRUE(result.ok);
  EXPECT_EQ(result.advert.authenticationType, 1);
  ASSERT_EQ(result.advert.authenticationData.size(), kAuthenticationDataSize);
  EXPECT_EQ(result.advert.authenticationData.data(), kVersion2Password.data() + kVersion2Password.size() - kAuthenticationDataSize);
  EXPECT_TRUE(decode4(kVersion3).advert.authenticationData.empty());
}

TEST(Discard, hasANameForEach) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kDiscardReasons; ++i) names.insert(name(static_cast<Discard>(i)));
  EXPECT_EQ(names.size(), kDiscardReasons);
  EXPECT_STREQ(name(Discard::TtlNot255), "TtlNot255");
  EXPECT_STREQ(name(Discard::FirstAddressNotLinkLocal), "FirstAddressNotLinkLocal");
  EXPECT_STREQ(name(Discard::NotRunning), "NotRunning");
}

}  // namespace
}  // namespace aloft::wire
