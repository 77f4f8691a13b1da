#include "wire/rule.h"

#include <array>

#include "support.h"
#include "wire/route.h"

namespace aloft::wire {
namespace {

// Requests of iproute2 6.1, taken with strace, and answers of Linux 6.18; sequence and port replaced by zeros.

template <typename Build>
Bytes built(Build build, const Rule& rule) {
  std::array<std::uint8_t, 256> buffer;
  buffer.fill(0xaa);
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(build(builder, rule, 0));
  return {builder.bytes().begin(), builder.bytes().end()};
}

std::optional<RuleMessage> parsed(const Bytes& bytes) {
  NetlinkMessages messages(bytes);
  NetlinkMessage message;
  EXPECT_TRUE(messages.next(message));
  return parseRule(message);
}

// ip rule add from 192.0.2.10 to 198.51.100.0/24 iif eth0 oif lo fwmark 0x10/0xff table 1000 priority 500 protocol 161
Rule lookup() {
  Rule rule;
  rule.protocol = kAloftProtocol;
  rule.priority = 500;
  rule.from = prefix("192.0.2.10/32");
  rule.to = prefix("198.51.100.0/24");
  rule.inputInterface = "eth0";
  rule.outputInterface = "lo";
  rule.mark = 0x10;
  rule.mask = 0xff;
  rule.table = 1000;
  return rule;
}
const Bytes kLookupEntry =
    hex("70000000 20000200 00000000 00000000 02182000 fc000001 00000000 08000f00 e8030000 08000e00 ffffffff 05001500 a1000000"
        "09000300 65746830 00000000 07001100 6c6f0000 08000600 f4010000 08000a00 10000000 08001000 ff000000 08000100 c6336400"
        "08000200 c000020a");

// ip -6 rule add from 2001:db8::10 prohibit priority 501 protocol 161
Rule prohibit() {
  Rule rule;
  rule.family = Family::IPv6;
  rule.protocol = kAloftProtocol;
  rule.priority = 501;
  rule.from = prefix("2001:db8::10/128");
  rule.action = kRuleProhibit;
  return rule;
}

TEST(Rule, isAskedForAsByIproute2) {
  EXPECT_EQ(built(buildAddRule, lookup()),
            hex("68000000 20000506 00000000 00000000 02182000 00000001 00000000 08000200 c000020a 08000100 c6336400 09000300 65746830"
                "00000000 07001100 6c6f0000 08000a00 10000000 08001000 ff000000 08000f00 e8030000 08000600 f4010000 05001500 a1000000"));
  EXPECT_EQ(built(buildAddRule, prohibit()),
            hex("40000000 20000506 00000000 00000000 0a008000 00000008 00000000 14000200 20010db8 00000000 00000000 00000010"
                "08000600 f5010000 05001500 a1000000"));
}

TEST(Rule, isRemovedByAllThatTellsItFromOthers) {
  // As iproute2 does, but with the action (the last byte of the second word of the header), which it leaves open.
  EXPECT_EQ(built(buildRemoveRule, lookup()),
            hex("68000000 21000500 00000000 00000000 02182000 00000001 00000000 08000200 c000020a 08000100 c6336400 09000300 65746830"
                "00000000 07001100 6c6f0000 08000a00 10000000 08001000 ff000000 08000f00 e8030000 08000600 f4010000 05001500 a1000000"));
}

TEST(Rule, isAskedForByFamily) {
  std::array<std::uint8_t, 64> buffer{};
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(buildRuleDump(builder, Family::IPv4, 0));
  EXPECT_EQ(Bytes(builder.bytes().begin(), builder.bytes().end()), hex("1c000000 22000103 00000000 00000000 02000000 00000000 00000000"));
}

TEST(Rule, isReadFromADump) {
  const auto four = parsed(kLookupEntry);
  ASSERT_TRUE(four);
  EXPECT_EQ(four->rule, lookup());
  EXPECT_FALSE(four->removed);
  const auto six =
      parsed(hex("50000000 20000200 00000000 00000000 0a008000 00000008 00000000 08000f00 00000000 08000e00 ffffffff 05001500 a1000000"
                 "08000600 f5010000 14000200 20010db8 00000000 00000000 00000010"));
  ASSERT_TRUE(six);
  EXPECT_EQ(six->rule, prohibit());
}

TEST(Rule, ofTheKernelIsNotOurs) {
  // 0: from all lookup local proto kernel.
  const auto local =
      parsed(hex("34000000 20000200 00000000 00000000 02000000 ff000001 00000000 08000f00 ff000000 08000e00 ffffffff 05001500 02000000"));
  ASSERT_TRUE(local);
  EXPECT_EQ(local->rule.protocol, 2);
  EXPECT_EQ(local->rule.table, kLocalTable);
  EXPECT_FALSE(local->rule.from);
}

TEST(Rule, tellsOfARemoval) {
  Bytes bytes = kLookupEntry;
  bytes[4] = 33;
  EXPECT_TRUE(parsed(bytes)->removed);
}

TEST(Rule, matchesWhatTheKernelCompleted) {
  Rule wanted = lookup();
  wanted.priority.reset();
  EXPECT_TRUE(matches(wanted, lookup())) << "any priority";
  wanted.priority = 499;
  EXPECT_FALSE(matches(wanted, lookup()));
  Rule all = prohibit();
  all.to = prefix("::/0");
  all.table = 7;
  EXPECT_TRUE(matches(all, prohibit())) << "\"to all\" and the table of an action without one say nothing";
  Rule foreign = lookup();
  foreign.protocol = 4;
  EXPECT_FALSE(matches(lookup(), foreign));
}

TEST(Rule, isNotReadWhenItIsNone) {
  struct Row {
    const char* what;
    std::size_t at;
    std::uint8_t value;
  };
  const Row table[] = {
      {"type RTM_GETRULE", 4, 34},   {"another family", 16, 7},     {"destination of 33 bits", 17, 33},
      {"source of 33 bits", 18, 33}, {"addresses of IPv6", 16, 10},
  };
  for (const Row& row : table) {
    Bytes bytes = kLookupEntry;
    bytes[row.at] = row.value;
    EXPECT_FALSE(parsed(bytes)) << row.what;
  }
  for (std::size_t payload = 0; payload < 12; ++payload) {
    Bytes bytes = kLookupEntry;
    bytes.resize(16 + payload);
    bytes[0] = static_cast<std::uint8_t>(bytes.size());
    EXPECT_FALSE(parsed(bytes)) << payload;
  }
}

}  // namespace
}  // namespace aloft::wire
