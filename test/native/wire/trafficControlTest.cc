// Golden requests are those of iproute2 6.1 (tc), but for what says otherwise; golden replies are those of Linux 6.18.
#include "wire/trafficControl.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <array>
#include <bit>

#include "support.h"

namespace aloft::wire {
namespace {

static_assert(kNewQdisc == RTM_NEWQDISC && kDelQdisc == RTM_DELQDISC);
static_assert(kNewFilter == RTM_NEWTFILTER && kDelFilter == RTM_DELTFILTER && kGetFilter == RTM_GETTFILTER);
static_assert(kGetQdisc == RTM_GETQDISC);
static_assert(kAnyProtocol == ETH_P_ALL);

constexpr std::uint32_t kSequence = 0x6b01a987;

template <typename Build>
Bytes built(Build build) {
  std::array<std::uint8_t, kMaxTrafficControlRequest> buffer{};
  NetlinkBuilder builder(buffer);
  EXPECT_TRUE(build(builder));
  return {builder.bytes().begin(), builder.bytes().end()};
}

class TrafficControl : public testing::Test {
 protected:
  void SetUp() override {
    if constexpr (std::endian::native != std::endian::little) GTEST_SKIP() << "the golden bytes are little-endian";
  }

  std::optional<FilterMessage> parsed(std::string_view text) {
    datagram_ = hex(text);
    NetlinkMessages messages(datagram_);
    NetlinkMessage message;
    EXPECT_TRUE(messages.next(message));
    return parseFilter(message);
  }

  Bytes datagram_;
};

TEST_F(TrafficControl, addsAndRemovesClsact) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildAddClsact(b, 3, kSequence); }),
            hex("30000000 2400 0506 87a9016b 00000000"
                "00000000 03000000 0000ffff f1ffffff 00000000 0b000100 636c73616374 0000"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRemoveClsact(b, 3, kSequence); }),
            hex("30000000 2500 0500 87a9016b 00000000"
                "00000000 03000000 0000ffff f1ffffff 00000000 0b000100 636c73616374 0000"));
}

/// tc gives a program of classic BPF and refuses to replace; ours has TCA_BPF_FD and TCA_BPF_NAME, and NLM_F_REPLACE.
TEST_F(TrafficControl, putsAProgramInPlaceOfAnother) {
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              return buildPutBpfFilter(b, {3, Direction::Ingress, 7, 0x21}, 9, "gate", kSequence);
            }),
            hex("4c000000 2c00 0505 87a9016b 00000000"
                "00000000 03000000 21000000 f2ffffff 00030700 08000100 62706600"
                "20000280 08000600 09000000 09000700 67617465 00000000 08000800 01000000"));
}

TEST_F(TrafficControl, removesAFilter) {
  EXPECT_EQ(built([](NetlinkBuilder& b) {
              return buildRemoveBpfFilter(b, {3, Direction::Ingress, 9, 0x21}, kSequence);
            }),
            hex("2c000000 2d00 0500 87a9016b 00000000"
                "00000000 03000000 21000000 f2ffffff 00030900 08000100 62706600"));
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildRemoveBpfFilter(b, {3, Direction::Egress, 9, 0x21}, kSequence); })[28], 0xf3);
}

TEST_F(TrafficControl, asksForTheFiltersOfOneDirection) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildFilterDump(b, 3, Direction::Egress, kSequence); }),
            hex("24000000 2e00 0103 87a9016b 00000000 00000000 03000000 00000000 f3ffffff 00000000"));
}

TEST_F(TrafficControl, asksForTheQdiscsOfALink) {
  EXPECT_EQ(built([](NetlinkBuilder& b) { return buildQdiscDump(b, 3, 0x6b01bcef); }),
            hex("24000000 2600 0103 efbc016b 00000000 00000000 03000000 00000000 00000000 00000000"));
}

TEST_F(TrafficControl, readsQdiscs) {
  const auto read = [&](std::string_view text) -> std::optional<std::pair<bool, std::string>> {
    datagram_ = hex(text);
    NetlinkMessages messages(datagram_);
    NetlinkMessage message;
    EXPECT_TRUE(messages.next(message));
    const auto qdisc = parseQdisc(message);
    if (!qdisc) return std::nullopt;
    EXPECT_EQ(qdisc->ifindex, 3U);
    return std::pair(qdisc->takesFilters, std::string(qdisc->kind));
  };
  EXPECT_EQ(read("34000000 24000200 02000000 45550000 00000000 03000000 0000ffff f1ffffff 01000000 0c000100 696e6772 65737300 04000200"),
            std::pair(true, std::string("ingress")));
  EXPECT_EQ(read("34000000 24000200 02000000 7f550000 00000000 03000000 0000ffff f1ffffff 01000000 0b000100 636c7361 63740000 04000200"),
            std::pair(true, std::string("clsact")));
  EXPECT_EQ(read("30000000 24000200 02000000 7f550000 00000000 03000000 00000000 ffffffff 02000000 0c000100 6e6f7175 65756500"),
            std::pair(false, std::string("noqueue")));
  EXPECT_FALSE(read("24000000 24000200 02000000 7f550000 00000000 03000000 0000ffff f1ffffff 01000000")) << "no kind";
  EXPECT_FALSE(read("30000000 2c000200 02000000 7f550000 00000000 03000000 00000000 ffffffff 02000000 0c000100 6e6f7175 65756500"))
      << "a filter";
  EXPECT_FALSE(read("20000000 24000200 02000000 7f550000 00000000 03000000 0000ffff f1ffffff")) << "too short";
}

TEST_F(TrafficControl, readsWhoseFiltersChanged) {
  const auto read = [&](std::string_view text) {
    datagram_ = hex(text);
    NetlinkMessages messages(datagram_);
    NetlinkMessage message;
    EXPECT_TRUE(messages.next(message));
    return parseFilterChange(message);
  };
  const std::string clsact = "00000000 03000000 0000ffff f1ffffff 01000000 0b000100 636c7361 63740000";
  const std::string bpf = "00000000 03000000 00000000 f2ffffff 00030700 08000100 62706600 08000b00 00000000";
  EXPECT_EQ(read("30000000 25000000 02000000 7f550000 " + clsact), 3U) << "a qdisc went";
  EXPECT_EQ(read("34000000 2c000000 02000000 272f0000 " + bpf), 3U) << "a filter came";
  EXPECT_EQ(read("34000000 2d000000 02000000 272f0000 " + bpf), 3U) << "a filter went";
  EXPECT_FALSE(read("30000000 24000000 02000000 7f550000 " + clsact)) << "a qdisc came";
  EXPECT_FALSE(read("20000000 2d000000 02000000 272f0000 00000000 03000000 00000000 f2ffffff")) << "too short";
  EXPECT_FALSE(read("24000000 2d000000 02000000 272f0000 00000000 00000000 00000000 f2ffffff 00030700")) << "of no link";
}

TEST_F(TrafficControl, hasRoomForTheLongestName) {
  const std::string longName(200, 'x');
  const Bytes request = built([&](NetlinkBuilder& b) { return buildPutBpfFilter(b, {3, Direction::Ingress, 1, 1}, 9, longName, 1); });
  EXPECT_LE(request.size(), kMaxTrafficControlRequest);
}

TEST_F(TrafficControl, readsAProgramsFilter) {
  const auto filter = parsed(
      "74000000 2c000200 02000000 892f0000 00000000 01000000 a1000000 f3ffffff 00030100 08000100 62706600 08000b00 00000000"
      "40000200 16000700 616c6f66 745f6761 74652b63 6c736163 74000000 08000b00 65000000 0c000a00 73d469f2 b1d89b7a"
      "08000800 01000000 08000900 08000000");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->place, (FilterPlace{1, Direction::Egress, 1, 0xa1}));
  EXPECT_EQ(filter->protocol, kAnyProtocol);
  EXPECT_EQ(filter->kind, "bpf");
  EXPECT_EQ(filter->name, "aloft_gate+clsact");
  EXPECT_EQ(filter->program, 101U);
}

TEST_F(TrafficControl, readsOtherFiltersToo) {
  const auto classic = parsed(
      "5c000000 2c000200 02000000 272f0000 00000000 03000000 21000000 f2ffffff 00030700 08000100 62706600 08000b00 00000000"
      "28000200 06000400 01000000 0c000500 06000000 00000000 08000800 01000000 08000900 08000000");
  ASSERT_TRUE(classic);
  EXPECT_EQ(classic->place, (FilterPlace{3, Direction::Ingress, 7, 0x21}));
  EXPECT_EQ(classic->name, "");
  EXPECT_EQ(classic->program, 0U);

  // Its option 11 is no program.
  const auto u32 = parsed(
      "74000000 2c000200 02000000 272f0000 00000000 03000000 00080080 f3ffffff 08000300 08000100 75333200 08000b00 00000000"
      "40000200 24000500 01000100 00000000 00000000 00000000 00000000 00000000 00000000 00000000 08000200 00000080"
      "08000100 01000100 08000b00 08000000");
  ASSERT_TRUE(u32);
  EXPECT_EQ(u32->kind, "u32");
  EXPECT_EQ(u32->protocol, ETH_P_IP);
  EXPECT_EQ(u32->place.priority, 3);
  EXPECT_EQ(u32->program, 0U);

  const auto priority =
      parsed("34000000 2c000200 02000000 272f0000 00000000 03000000 00000000 f2ffffff 00030700 08000100 62706600 08000b00 00000000");
  ASSERT_TRUE(priority);
  EXPECT_EQ(priority->place.handle, 0U);
}

TEST_F(TrafficControl, readsNothingElse) {
  EXPECT_FALSE(
      parsed("34000000 2d000200 02000000 272f0000 00000000 03000000 00000000 f2ffffff 00030700 08000100 62706600 08000b00 00000000"))
      << "a removal";
  EXPECT_FALSE(
      parsed("34000000 2c000200 02000000 272f0000 00000000 03000000 00000000 00000100 00030700 08000100 62706600 08000b00 00000000"))
      << "of another qdisc";
  EXPECT_FALSE(
      parsed("34000000 2c000200 02000000 272f0000 00000000 00000000 00000000 f2ffffff 00030700 08000100 62706600 08000b00 00000000"))
      << "of no link";
  EXPECT_FALSE(parsed("2c000000 2c000200 02000000 272f0000 00000000 03000000 00000000 f2ffffff 00030700 08000b00 00000000")) << "no kind";
  EXPECT_FALSE(parsed("20000000 2c000200 02000000 272f0000 00000000 03000000 00000000 f2ffffff")) << "too short";
}

}  // namespace
}  // namespace aloft::wire
