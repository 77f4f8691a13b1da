#include "wire/advertFrame.h"

#include "support.h"

namespace aloft::wire {
namespace {

// Captured from keepalived 2.2.7, with IP header; what its kernel put into identification and flow label is not ours to repeat.
const Bytes kMessage4 = hex("3133 c802 0032 df2e c000 0264 c000 0265");
const Bytes kFrame4 =
    hex("0100 5e00 0012 0000 5e00 0133 0800 45c0 0024 0000 4000 ff70 d88b c000 020b e000 0012 3133 c802 0032 df2e c000 0264 c000 0265");
const Bytes kMessage6 = hex("3136 c901 0032 da73 fe80 0000 0000 0000 0000 0000 0000 0054");
const Bytes kFrame6 =
    hex("3333 0000 0012 0000 5e00 0236 86dd 6c00 0000 0018 70ff fe80 0000 0000 0000 0000 0000 0000 0011"
        "ff02 0000 0000 0000 0000 0000 0000 0012 3136 c901 0032 da73 fe80 0000 0000 0000 0000 0000 0000 0054");

Bytes encoded(const AdvertFrame& advert, std::size_t room) {
  Bytes out(room, 0xaa);
  out.resize(encodeAdvertFrame(advert, out));
  return out;
}

TEST(AdvertFrame, IsAnIPv4PacketWithTheGivenSources) {
  EXPECT_EQ(encoded({{0, 0, 0x5e, 0, 1, 0x33}, ip("192.0.2.11"), ip("224.0.0.18"), kMessage4}, 1536), kFrame4);
}

TEST(AdvertFrame, IsAnIPv6PacketWithTheGivenSources) {
  EXPECT_EQ(encoded({{0, 0, 0x5e, 0, 2, 0x36}, ip("fe80::11"), ip("ff02::12"), kMessage6}, 1536), kFrame6);
}

TEST(AdvertFrame, GoesToTheGroupsEthernetAddress) {
  EXPECT_EQ(multicastMac(ip("239.129.100.19")), (MacAddress{0x01, 0x00, 0x5e, 0x01, 0x64, 0x13}));
  EXPECT_EQ(multicastMac(ip("ff05::1:2345:6789")), (MacAddress{0x33, 0x33, 0x23, 0x45, 0x67, 0x89}));
}

TEST(AdvertFrame, NeedsRoom) {
  const AdvertFrame advert{{}, ip("192.0.2.11"), ip("224.0.0.18"), kMessage4};
  EXPECT_EQ(encoded(advert, kFrame4.size()).size(), kFrame4.size());
  EXPECT_TRUE(encoded(advert, kFrame4.size() - 1).empty());
}

}  // namespace
}  // namespace aloft::wire
