#include "wire/checksum.h"

#include "support.h"

namespace aloft::wire {
namespace {

TEST(InternetChecksum, matchesTheExampleOfRfc1071) {
  // RFC 1071 §3: the sum is ddf2, so the checksum its complement.
  EXPECT_EQ(InternetChecksum{}.add(hex("0001 f203 f4f5 f6f7")).finish(), 0x220d);
}

TEST(InternetChecksum, padsAnOddLengthWithZero) {
  EXPECT_EQ(InternetChecksum{}.add(hex("0102 03")).finish(), InternetChecksum{}.add(hex("0102 0300")).finish());
}

TEST(InternetChecksum, isTheSameInPiecesOfAnySize) {
  const Bytes whole = hex("4500 0073 0000 4000 4011 c0a8 0001 c0a8 00c7 ff");
  const std::uint16_t expected = InternetChecksum{}.add(whole).finish();
  const std::span<const std::uint8_t> bytes = whole;
  for (std::size_t first = 0; first <= whole.size(); ++first) {
    for (std::size_t second = first; second <= whole.size(); ++second) {
      InternetChecksum sum;
      sum.add(bytes.first(first)).add(bytes.subspan(first, second - first)).add(bytes.subspan(second));
      EXPECT_EQ(sum.finish(), expected) << first << " " << second;
    }
  }
}

TEST(InternetChecksum, carriesMoreThanOnce) {
  EXPECT_EQ(InternetChecksum{}.add(Bytes(65534, 0xff)).finish(), 0);
  // ffff + ffff + 0001 = 1ffff → 10000 → 0001.
  EXPECT_EQ(InternetChecksum{}.add(hex("ffff ffff 0001")).finish(), 0xfffe);
}

TEST(InternetChecksum, isZeroOverARealHeader) {
  // IPv4 header sent by Linux: keepalived 2.2.7, captured.
  EXPECT_EQ(InternetChecksum{}.add(hex("45c0 0024 0001 0000 ff70 188b c000 020b e000 0012")).finish(), 0);
}

TEST(InternetChecksum, knowsBothPseudoHeaders) {
  // By hand, IPv4: c000+020b + e000+0012 + 0070 + 0010 = 1a29d → a29e; complement 5d61.
  EXPECT_EQ(InternetChecksum{}.addPseudoHeader(ip("192.0.2.11"), ip("224.0.0.18"), 112, 16).finish(), 0x5d61);
  // By hand, IPv6: fe80+0011 + ff02+0012 + 0028 + 0070 = 1fe3d → fe3e; complement 01c1.
  EXPECT_EQ(InternetChecksum{}.addPseudoHeader(ip("fe80::11"), ip("ff02::12"), 112, 40).finish(), 0x01c1);
}

}  // namespace
}  // namespace aloft::wire
