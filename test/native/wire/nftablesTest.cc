// Bytes of requests to nf_tables, and what is read of its answers. What the kernel makes of them: kernel/natTableTest.cc.
#include "wire/nftables.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace aloft::wire {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += ' ';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

class NftablesTest : public testing::Test {
 protected:
  /// The payload of the message that was written last.
  std::string last() {
    NetlinkMessages messages(builder_.bytes());
    NetlinkMessage message;
    while (messages.next(message)) {
    }
    EXPECT_FALSE(messages.malformed());
    type_ = message.type;
    flags_ = message.flags;
    return hex(message.payload);
  }

  std::array<std::uint8_t, 1024> buffer_{};
  NftBuilder builder_{buffer_, "t", 7};
  std::uint16_t type_ = 0;
  std::uint16_t flags_ = 0;
};

TEST_F(NftablesTest, ATransactionIsBetweenTwoMessagesThatNameTheSubsystem) {
  ASSERT_TRUE(builder_.beginBatch());
  EXPECT_EQ(last(), "0000000a");
  EXPECT_EQ(type_, 0x10);
  ASSERT_TRUE(builder_.removeTable(true));
  EXPECT_EQ(last(), "01000000 06000100 74000000");  // inet, NFTA_TABLE_NAME "t"
  EXPECT_EQ(type_, 10 << 8 | 2);
  EXPECT_EQ(flags_, kNetlinkRequest | kNetlinkAck);
  ASSERT_TRUE(builder_.endBatch());
  EXPECT_EQ(last(), "0000000a");
  EXPECT_EQ(type_, 0x11);
}

TEST_F(NftablesTest, AChainSaysWhereTheKernelCallsIt) {
  ASSERT_TRUE(builder_.addNatChain("c", NftHook::Postrouting, -100));
  EXPECT_EQ(last(),
            "01000000 06000100 74000000 06000300 63000000 "
            "14000480 08000100 00000004 08000200 ffffff9c "
            "08000700 6e617400");
}

TEST_F(NftablesTest, ARuleIsAListOfExpressions) {
  builder_.beginRule("c");
  builder_.lookUp("m", 0, 8);
  ASSERT_TRUE(builder_.endRule());
  EXPECT_EQ(last(),
            "01000000 06000100 74000000 06000200 63000000 "
            "30000480 2c000180 0b000100 6c6f6f6b 75700000 "
            "1c000280 06000100 6d000000 08000200 00000008 08000300 00000010");
  EXPECT_EQ(flags_, kNetlinkRequest | kNetlinkCreate | kNetlinkAppend);
}

TEST_F(NftablesTest, WhatDoesNotFitLeavesNoTrace) {
  std::array<std::uint8_t, 40> small{};
  NftBuilder builder(small, "a name that is too long for it", 1);
  EXPECT_FALSE(builder.addTable());
  EXPECT_TRUE(builder.bytes().empty());
}

NetlinkMessage elements(std::span<const std::uint8_t> payload) { return {10 << 8 | 12, 0, 1, 0, payload}; }

TEST_F(NftablesTest, ADigestKnowsTheElementsAndNotTheirOrder) {
  const auto digestOf = [](std::initializer_list<std::uint8_t> keys) {
    std::array<std::uint8_t, 512> buffer{};
    NftBuilder builder(buffer, "t", 1);
    builder.beginElements("s");
    for (const std::uint8_t key : keys) builder.element(std::array<std::uint8_t, 4>{key}, {});
    EXPECT_TRUE(builder.endElements());
    NetlinkMessages messages(builder.bytes());
    NetlinkMessage message;
    EXPECT_TRUE(messages.next(message));
    return digestNft(elements(message.payload));
  };
  EXPECT_EQ(digestOf({1, 2, 3}), digestOf({3, 1, 2}));
  EXPECT_NE(digestOf({1, 2, 3}), digestOf({1, 2}));
  EXPECT_NE(digestOf({1, 2, 3}), digestOf({1, 2, 4}));
}

TEST_F(NftablesTest, AnswersOfOtherKindsOrTooShortTellNothing) {
  const std::array<std::uint8_t, 12> payload{0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 1, 2};
  const NetlinkMessage generation{10 << 8 | 15, 0, 1, 0, payload};
  EXPECT_EQ(parseNftGeneration(generation), 258U);
  EXPECT_FALSE(parseNftGeneration({10 << 8 | 15, 0, 1, 0, std::span(payload).first(3)}));
  EXPECT_FALSE(parseNftGeneration({10 << 8 | 15, 0, 1, 0, std::span(payload).first(11)}));
  EXPECT_FALSE(parseNftGeneration({10 << 8 | 9, 0, 1, 0, payload}));
  EXPECT_EQ(parseNftSetName(generation), "");
  EXPECT_EQ(digestNft({10 << 8 | 9, 0, 1, 0, {}}), 0U);
}

}  // namespace
}  // namespace aloft::wire
