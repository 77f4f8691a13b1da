// The agent's own table on the kernel's nf_tables, as nft prints it.
#include "kernel/natTable.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "gateForeign.h"
#include "text.h"

namespace aloft::kernel {
namespace {

using test::ip;

class NatTableTest : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "CAP_SYS_ADMIN is missing: no network namespace";
    if (!shell("nft list tables inet 2>/dev/null && nft add table inet probe && nft delete table inet probe")) {
      GTEST_SKIP() << "no nftables here";
    }
  }

  static std::string list(const std::string& what = "table inet aloft") {
    std::string text;
    FILE* const pipe = popen(("nft list " + what + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer;
    for (std::size_t size = 0; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), size);
    pclose(pipe);
    return text;
  }

  static NatRules rules() {
    return {
        {{ip("192.0.2.9"), IPPROTO_TCP, 443}, {ip("2001:db8::9"), IPPROTO_UDP, 53}},
        {
            {{ip("192.0.2.10"), IPPROTO_TCP, 80}, false, {{ip("10.0.0.1"), 8080}}},
            {{ip("192.0.2.10"), IPPROTO_UDP, 53}, false, {{ip("10.0.0.1"), 5353}, {ip("10.0.0.2"), 5353}}},
            {{ip("2001:db8::10"), IPPROTO_TCP, 80}, true, {{ip("fd00::1"), 8080}, {ip("fd00::2"), 8080}, {ip("fd00::3"), 8081}}},
        },
    };
  }

  static std::uint64_t digest() {
    const auto print = readNatTable();
    EXPECT_TRUE(print.ok()) << print.error().message();
    return print.value().digest;
  }
};

TEST_F(NatTableTest, StandsAsNftPrintsIt) {
  const os::Status status = replaceNatTable(rules());
  ASSERT_TRUE(status.ok()) << status.error().message();
  const std::string text = list();
  for (const char* part : {
           "type nat hook prerouting priority dstnat; policy accept;",
           "type nat hook output priority -100; policy accept;",
           "type nat hook postrouting priority srcnat; policy accept;",
           "fib daddr type local accept",
           "192.0.2.10 . tcp . 80 . 0x00000000 : 10.0.0.1 . 8080",
           "192.0.2.10 . udp . 53 . 0x00000001 : 10.0.0.2 . 5353",
           "2001:db8::10 . tcp . 80 . 0x00000002 : fd00::3 . 8081",
           "192.0.2.9 . tcp . 443",
           "2001:db8::9 . udp . 53",
           "fd00::2 . fd00::2",
           "jhash ip6 saddr mod 3",
           "numgen random mod 2",
           "masquerade fully-random",
       }) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

TEST_F(NatTableTest, ReplacesWhatItHadAndLeavesOthersAlone) {
  ASSERT_TRUE(shell("nft add table inet theirs && nft add chain inet theirs c && nft add table ip aloft"));
  ASSERT_TRUE(replaceNatTable(rules()).ok());
  ASSERT_TRUE(replaceNatTable({{}, {{{ip("192.0.2.11"), IPPROTO_TCP, 80}, false, {{ip("10.0.0.9"), 80}}}}}).ok());
  const std::string text = list();
  EXPECT_NE(text.find("192.0.2.11"), std::string::npos);
  EXPECT_EQ(text.find("192.0.2.10"), std::string::npos) << text;
  EXPECT_EQ(list("tables"), "table inet theirs\ntable ip aloft\ntable inet aloft\n");
  ASSERT_TRUE(removeNatTable().ok());
  EXPECT_EQ(list("tables"), "table inet theirs\ntable ip aloft\n");
  EXPECT_TRUE(removeNatTable().ok()) << "it is gone already";
}

TEST_F(NatTableTest, TellsWhatSomebodyElseHasChanged) {
  ASSERT_TRUE(replaceNatTable(rules()).ok());
  const std::uint64_t written = digest();
  const std::uint32_t generation = readNatGeneration().value();
  EXPECT_EQ(digest(), written);
  ASSERT_TRUE(shell("nft add table inet theirs"));
  EXPECT_NE(readNatGeneration().value(), generation);
  EXPECT_EQ(digest(), written) << "another table is none of ours";
  for (const char* change : {
           "nft flush chain inet aloft postrouting",
           "nft delete element inet aloft targets4-1 '{ 192.0.2.10 . tcp . 80 . 0 }'",
           "nft add rule inet aloft prerouting drop",
           "nft delete table inet aloft",
           "nft flush ruleset",
       }) {
    ASSERT_TRUE(replaceNatTable(rules()).ok());
    const std::uint64_t before = digest();
    ASSERT_TRUE(shell(change)) << change;
    EXPECT_NE(digest(), before) << change;
  }
}

TEST_F(NatTableTest, NeedsNoMoreThanNetAdmin) {
  const auto tryAll = []() -> std::string {
    if (const os::Status status = replaceNatTable(rules()); !status.ok()) return status.error().message();
    if (const auto print = readNatTable(); !print.ok()) return print.error().message();
    if (const os::Status status = removeNatTable(); !status.ok()) return status.error().message();
    return "all went well";
  };
  EXPECT_EQ(withCapabilities(kCapNetAdmin, tryAll), "all went well");
  EXPECT_EQ(withCapabilities(kCapBpf, tryAll), "write table inet aloft: Operation not permitted");
}

/// As many as a node may have, of one service and of many: more than one message, and more than a socket usually takes at once.
TEST_F(NatTableTest, TakesThousands) {
  NatRules many;
  for (int i = 0; i < 4096; ++i) {
    const auto high = static_cast<std::uint8_t>(i >> 8);
    const auto low = static_cast<std::uint8_t>(i);
    const wire::IpAddress address{wire::Family::IPv4, {10, 1, high, low}};
    many.masqueraded.push_back({address, IPPROTO_TCP, 80});
    many.translations.push_back({{address, IPPROTO_UDP, 80}, false, {{{wire::Family::IPv4, {10, 2, high, low}}, 8080}}});
  }
  NatTranslation crowd{{ip("2001:db8::1"), IPPROTO_TCP, 80}, false, {}};
  for (int i = 0; i < 1000; ++i) {
    wire::IpAddress pod = ip("fd00::");
    pod.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    pod.bytes[15] = static_cast<std::uint8_t>(i);
    crowd.targets.push_back({pod, 80});
  }
  many.translations.push_back(crowd);
  const os::Status status = replaceNatTable(many);
  ASSERT_TRUE(status.ok()) << status.error().message();
  const std::string text = list();
  EXPECT_NE(text.find("10.1.15.255 . udp . 80 . 0x00000000 : 10.2.15.255 . 8080"), std::string::npos);
  EXPECT_NE(text.find("2001:db8::1 . tcp . 80 . 0x000003e7 : fd00::3e7 . 80"), std::string::npos);
  EXPECT_EQ(digest(), digest());
}

}  // namespace
}  // namespace aloft::kernel
