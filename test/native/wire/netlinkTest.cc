#include "wire/netlink.h"

#include <array>
#include <bit>

#include "support.h"

namespace aloft::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "the golden bytes here are those of a little-endian machine");

Bytes bytesOf(std::span<const std::uint8_t> span) { return {span.begin(), span.end()}; }

NetlinkMessage firstMessage(const Bytes& datagram) {
  NetlinkMessage message;
  EXPECT_TRUE(NetlinkMessages(datagram).next(message));
  return message;
}

TEST(NetlinkBuilder, laysOutMessagesAsTheKernelDoes) {
  std::array<std::uint8_t, 256> buffer;
  buffer.fill(0xaa);
  NetlinkBuilder builder(buffer);
  builder.begin(0x10, kNetlinkRequest | kNetlinkAck, 7);
  builder.header(hex("0102 03"));
  builder.number(5, std::uint8_t{0x11});
  builder.number(6, std::uint32_t{0x44332211});
  const std::size_t outer = builder.beginNested(18);
  builder.text(1, "veth");
  builder.endNested(outer);
  ASSERT_TRUE(builder.end());
  // By hand from linux/netlink.h: header, family header padded to 4, three attributes padded to 4.
  EXPECT_EQ(bytesOf(builder.bytes()), hex("3400 0000 1000 0500 0700 0000 0000 0000"
                                          "0102 0300"
                                          "0500 0500 1100 0000"
                                          "0800 0600 1122 3344"
                                          "1000 1280 0900 0100 7665 7468 0000 0000"));
}

TEST(NetlinkBuilder, putsMessagesBehindEachOther) {
  std::array<std::uint8_t, 64> buffer{};
  NetlinkBuilder builder(buffer);
  builder.begin(1, 0, 1);
  ASSERT_TRUE(builder.end());
  builder.begin(2, 0, 2);
  builder.number(1, std::uint16_t{3});
  ASSERT_TRUE(builder.end());
  EXPECT_EQ(bytesOf(builder.bytes()),
            hex("1000 0000 0100 0000 0100 0000 0000 0000 1800 0000 0200 0000 0200 0000 0000 0000 0600 0100 0300 0000"));
}

TEST(NetlinkBuilder, endsABatchWithAMessageThatIsAcknowledged) {
  std::array<std::uint8_t, 32> buffer{};
  NetlinkBuilder builder(buffer);
  builder.begin(0x10, kNetlinkRequest, 7);
  ASSERT_TRUE(builder.end());
  ASSERT_TRUE(buildAcknowledgedEnd(builder, 8));
  EXPECT_EQ(bytesOf(builder.bytes()), hex("1000 0000 1000 0100 0700 0000 0000 0000 1000 0000 0100 0500 0800 0000 0000 0000"));
  EXPECT_FALSE(buildAcknowledgedEnd(builder, 9)) << "without room";
}

TEST(NetlinkBuilder, dropsTheMessageThatDoesNotFitAndKeepsTheOthers) {
  for (std::size_t room = 0; room < 60; ++room) {
    Bytes buffer(room + 8, 0xaa);
    NetlinkBuilder builder{std::span{buffer}.first(room)};
    builder.begin(1, 0, 1);
    EXPECT_EQ(builder.end(), room >= 16) << room;
    builder.begin(2, 0, 2);
    builder.header(hex("0102 0304 0506 0708"));
    const std::size_t nested = builder.beginNested(3);
    builder.text(1, "name");
    builder.endNested(nested);
    const std::size_t before = room >= 16 ? 16 : 0;
    const bool fits = room >= before + 40;
    EXPECT_EQ(builder.end(), fits) << room;
    EXPECT_EQ(builder.bytes().size(), before + (fits ? 40 : 0)) << room;
    EXPECT_EQ(bytesOf(std::span(buffer).subspan(room)), Bytes(8, 0xaa)) << "written behind the buffer of " << room;
  }
}

TEST(NetlinkBuilder, refusesAttributesBeyondTheirLengthField) {
  Bytes buffer(200000);
  NetlinkBuilder builder(buffer);
  builder.begin(1, 0, 1);
  builder.attribute(1, Bytes(65531));
  EXPECT_TRUE(builder.end());
  builder.begin(1, 0, 2);
  builder.attribute(1, Bytes(65532));
  EXPECT_FALSE(builder.end());
  builder.begin(1, 0, 3);
  const std::size_t nested = builder.beginNested(1);
  builder.attribute(1, Bytes(40000));
  builder.attribute(2, Bytes(40000));
  builder.endNested(nested);
  EXPECT_FALSE(builder.end());
}

TEST(NetlinkMessages, iteratesAndTellsWhatIsLeft) {
  const Bytes datagram = hex("1100 0000 0200 0300 0400 0000 0500 0000 ff00 0000 1000 0000 0600 0000 0700 0000 0000 0000");
  NetlinkMessages messages(datagram);
  NetlinkMessage message;
  ASSERT_TRUE(messages.next(message));
  EXPECT_EQ(message.type, 2);
  EXPECT_EQ(message.flags, 3);
  EXPECT_EQ(message.sequence, 4u);
  EXPECT_EQ(message.port, 5u);
  EXPECT_EQ(bytesOf(message.payload), hex("ff")) << "padding is no payload";
  ASSERT_TRUE(messages.next(message));
  EXPECT_EQ(message.type, 6);
  EXPECT_TRUE(message.payload.empty());
  EXPECT_FALSE(messages.next(message));
  EXPECT_FALSE(messages.malformed());
}

TEST(NetlinkMessages, stopsAtAMalformedOne) {
  for (const char* const text : {"1000 0000", "0f00 0000 0100 0000 0000 0000 0000 0000", "1100 0000 0100 0000 0000 0000 0000 0000",
                                 "0000 0000 0100 0000 0000 0000 0000 0000", "ffff ffff 0100 0000 0000 0000 0000 0000"}) {
    const Bytes datagram = hex(text);
    NetlinkMessages messages(datagram);
    NetlinkMessage message;
    EXPECT_FALSE(messages.next(message)) << text;
    EXPECT_TRUE(messages.malformed()) << text;
  }
}

TEST(NetlinkAttributes, readsTypesWithoutFlags) {
  const Bytes bytes = hex("0800 0140 0000 0001 0500 1280 ff00 0000 0400 0300 0700 0400 6162 00");
  NetlinkAttributes attributes(bytes);
  NetlinkAttribute attribute;
  ASSERT_TRUE(attributes.next(attribute));
  EXPECT_EQ(attribute.type, 1);
  EXPECT_EQ(attribute.number<std::uint32_t>(), 0x01000000u);
  EXPECT_EQ(attribute.number<std::uint64_t>(), std::nullopt);
  ASSERT_TRUE(attributes.next(attribute));
  EXPECT_EQ(attribute.type, 18);
  EXPECT_EQ(attribute.number<std::uint8_t>(), 0xff);
  EXPECT_EQ(attribute.number<std::uint16_t>(), std::nullopt);
  ASSERT_TRUE(attributes.next(attribute));
  EXPECT_TRUE(attribute.value.empty());
  EXPECT_EQ(attribute.text(), "");
  ASSERT_TRUE(attributes.next(attribute)) << "the last one needs no padding";
  EXPECT_EQ(attribute.text(), "ab");
  EXPECT_FALSE(attributes.next(attribute));
}

TEST(NetlinkAttributes, endsAtAMalformedOne) {
  for (const char* const text : {"", "04", "0400 01", "0300 0100", "0000 0100 0000", "0500 0100", "ffff 0100 0000 0000"}) {
    const Bytes bytes = hex(text);
    NetlinkAttribute attribute;
    EXPECT_FALSE(NetlinkAttributes(bytes).next(attribute)) << text;
  }
}

TEST(NetlinkAttribute, takesTextWithoutZeroWhole) {
  const Bytes bytes = hex("0600 0100 6162");
  NetlinkAttribute attribute;
  ASSERT_TRUE(NetlinkAttributes(bytes).next(attribute));
  EXPECT_EQ(attribute.text(), "ab");
}

// Answers of Linux 6.18 to RTM_NEWADDR and RTM_DELADDR with NETLINK_EXT_ACK and NETLINK_CAP_ACK set, captured.

TEST(NetlinkResult, readsAnAcknowledgement) {
  const Bytes bytes = hex("2400 0000 0200 0001 0700 0000 bd0c 9f81 0000 0000 2000 0000 1400 0506 0700 0000 0000 0000");
  const auto result = parseNetlinkResult(firstMessage(bytes));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, 0);
  EXPECT_EQ(result->message, "");
  EXPECT_EQ(firstMessage(bytes).sequence, 7u);
}

const Bytes kNotFound =
    hex("4000 0000 0200 0003 0700 0000 bd0c 9f81 9dff ffff 2000 0000 1500 0500 0700 0000 0000 0000"
        "1c00 0100 6970 7634 3a20 4164 6472 6573 7320 6e6f 7420 666f 756e 6400");

TEST(NetlinkResult, readsErrnoAndTheWordsOfTheKernel) {
  const auto result = parseNetlinkResult(firstMessage(kNotFound));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, 99);  // EADDRNOTAVAIL
  EXPECT_EQ(result->message, "ipv4: Address not found");
}

TEST(NetlinkResult, findsTheWordsBehindAWholeEcho) {
  // Without NETLINK_CAP_ACK the whole request comes back: here one of 0x1c bytes, flags 0x0200. By hand.
  const Bytes bytes =
      hex("3c00 0000 0200 0002 0700 0000 0000 0000 eaff ffff 1c00 0000 1500 0500 0700 0000 0000 0000"
          "0220 0000 0100 0000 0000 0000 0900 0100 6261 6421 0000 0000");
  const auto result = parseNetlinkResult(firstMessage(bytes));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, 22);
  EXPECT_EQ(result->message, "bad!");
}

TEST(NetlinkResult, readsTheEndOfADump) {
  EXPECT_EQ(parseNetlinkResult(firstMessage(hex("1400 0000 0300 0200 0700 0000 0000 0000 0000 0000")))->error, 0);
  EXPECT_EQ(parseNetlinkResult(firstMessage(hex("1400 0000 0300 0200 0700 0000 0000 0000 f0ff ffff")))->error, 16);
  EXPECT_EQ(parseNetlinkResult(firstMessage(hex("1000 0000 0300 0200 0700 0000 0000 0000")))->error, 0);
  const Bytes interrupted = hex("1400 0000 0300 1200 0700 0000 0000 0000 0000 0000");
  EXPECT_TRUE(firstMessage(interrupted).isDumpInterrupted());
}

TEST(NetlinkResult, isNoneInOtherMessagesOrWithoutErrno) {
  EXPECT_FALSE(parseNetlinkResult(firstMessage(hex("1400 0000 1000 0000 0700 0000 0000 0000 9dff ffff"))));
  EXPECT_FALSE(parseNetlinkResult(firstMessage(hex("1300 0000 0200 0000 0700 0000 0000 0000 9dff ff00"))));
}

TEST(NetlinkResult, survivesAnEchoLongerThanTheMessage) {
  Bytes bytes = kNotFound;
  bytes[7] = 2;  // not capped
  for (const std::uint8_t length : {0x00, 0x2d, 0xff}) {
    bytes[20] = length;
    bytes[21] = length;
    const auto result = parseNetlinkResult(firstMessage(bytes));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->error, 99);
  }
}

}  // namespace
}  // namespace aloft::wire
