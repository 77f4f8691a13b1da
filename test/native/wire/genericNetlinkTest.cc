// Golden bytes are those of libnl 3.7 and of Linux 6.1.
#include "wire/genericNetlink.h"

#include <linux/genetlink.h>

#include <array>
#include <bit>

#include "support.h"

namespace aloft::wire {
namespace {

static_assert(kGenericHeaderSize == GENL_HDRLEN && kGenericControllerFamily == GENL_ID_CTRL);
static_assert(std::endian::native == std::endian::little, "the golden bytes here are those of a little-endian machine");

/// Its operations and groups are left out.
constexpr std::string_view kFamily =
    "40000000 1000 0000 646c0d6b c50200c0 0102 0000 09000200 49505653 00000000 06000100 1c000000 08000300 01000000"
    "08000400 00000000 08000500 06000000";

NetlinkMessage messageOf(const Bytes& datagram) {
  NetlinkMessage message;
  EXPECT_TRUE(NetlinkMessages(datagram).next(message));
  return message;
}

TEST(GenericNetlink, asksForAFamilyByItsName) {
  std::array<std::uint8_t, 64> buffer{};
  NetlinkBuilder builder(buffer);
  ASSERT_TRUE(buildFamilyRequest(builder, "IPVS", 0x6b0d6c64));
  EXPECT_EQ(Bytes(builder.bytes().begin(), builder.bytes().end()),
            hex("20000000 1000 0500 646c0d6b 00000000 0301 0000 09000200 49505653 00000000"));
}

TEST(GenericNetlink, asksForNothingWithoutRoom) {
  std::array<std::uint8_t, 31> buffer{};
  NetlinkBuilder builder(buffer);
  EXPECT_FALSE(buildFamilyRequest(builder, "IPVS", 1));
  EXPECT_TRUE(builder.empty());
}

TEST(GenericNetlink, readsAFamilysNumber) {
  const Bytes datagram = hex(kFamily);
  const auto family = parseGenericFamily(messageOf(datagram));
  ASSERT_TRUE(family);
  EXPECT_EQ(family->number, 0x1c);
  EXPECT_EQ(family->name, "IPVS");
}

TEST(GenericNetlink, readsNoFamilyWhereThereIsNone) {
  struct Case {
    std::size_t at;
    std::uint8_t value;
    const char* what;
  };
  for (const Case& c : {Case{4, 0x1c, "of another family"}, Case{16, 2, "another command"}, Case{36, 0x0f, "a number of netlink's own"},
                        Case{34, 9, "no number"}, Case{24, 0, "no name"}, Case{22, 9, "no name at all"}}) {
    Bytes datagram = hex(kFamily);
    datagram[c.at] = c.value;
    EXPECT_FALSE(parseGenericFamily(messageOf(datagram))) << c.what;
  }
}

TEST(GenericNetlink, readsWhatAFamilySays) {
  const Bytes datagram = hex("18000000 1c00 0200 01000000 02000000 0e01 0000 01020304");
  const auto message = parseGeneric(messageOf(datagram), 0x1c);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->command, 14);
  EXPECT_EQ(message->version, 1);
  EXPECT_EQ(Bytes(message->attributes.begin(), message->attributes.end()), hex("01020304"));
  EXPECT_FALSE(parseGeneric(messageOf(datagram), 0x1d)) << "of another family";
  EXPECT_FALSE(parseGeneric(messageOf(hex("13000000 1c00 0200 01000000 02000000 0e01 00")), 0x1c)) << "too short";
}

}  // namespace
}  // namespace aloft::wire
