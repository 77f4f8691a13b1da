// Links that are made again, links on top of others, and links of virtual MAC addresses.
#include "gateForeign.h"

namespace aloft::kernel {
namespace {

using wire::MacAddress;

using GateLinkTest = GateAttachTest;

TEST_F(GateLinkTest, ALinkThatWasMadeAgainHasItsOwnGate) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  const std::uint32_t former = host_->index;
  ASSERT_TRUE(shell("ip link del host"));
  const os::Status gone = gate_->attach({former, {host_->mac}, {}});
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().number, ENODEV) << gone.error().message();
  EXPECT_TRUE(gate_->detach(former).ok());
  ASSERT_TRUE(plug() && addAddresses());
  host_.emplace("host");
  lan_.emplace("lan");
  ASSERT_NE(host_->index, former);
  EXPECT_TRUE(answers(*lan_, vip4_));
  assign();
  attach();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  set(slot(), kForEver);
  EXPECT_EQ(ask(*lan_, vip4_, kSoon), host_->mac);
}

TEST_F(GateLinkTest, ALinkOfAVirtualMacIsDumbWhileItsSlotIsShut) {
  ASSERT_TRUE(
      shell("ip link add link host name vrrp7 address 00:00:5e:00:01:07 type macvlan mode private && ip addr add 192.0.2.10/32 dev vrrp7 "
            "&& sysctl -qw net.ipv4.conf.host.arp_ignore=1 net.ipv4.conf.vrrp7.arp_ignore=1"));
  const MacAddress virtualMac = {0, 0, 0x5e, 0, 1, 7};
  const std::uint32_t index = if_nametoindex("vrrp7");
  ASSERT_TRUE(gate_->assign(index, vip4_, kSlot, false).ok());
  ASSERT_TRUE(gate_->attach({index, {virtualMac}, kSlot}).ok());
  ASSERT_TRUE(shell("ip link set vrrp7 up"));
  const auto speaks = [&](std::chrono::milliseconds patience) {
    return !lan_->receive(patience, [&](const Frame& frame) { return std::equal(virtualMac.begin(), virtualMac.end(), frame.begin() + 6); })
                .empty();
  };
  EXPECT_FALSE(speaks(std::chrono::milliseconds(300))) << "IPv6 of the link itself would speak of its MAC";
  const LinkPort port("vrrp7");
  const auto garp = wire::encodeGratuitousArp(virtualMac, ip("192.0.2.99"));
  EXPECT_FALSE(port.send(garp));
  set(slot(), kForEver);
  EXPECT_TRUE(port.send(garp));
  EXPECT_TRUE(speaks(kSoon));
  EXPECT_EQ(ask(*lan_, vip4_, kSoon), virtualMac);
  set(slot(), 0);
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  EXPECT_FALSE(port.send(garp));
  ASSERT_TRUE(gate_->attach({index, {virtualMac}, {}}).ok());
  EXPECT_TRUE(port.send(garp)) << "attached without a slot";
}

/// The address is on a device on top of the cable's end, under the same MAC; `wrap` makes a frame of that device one of the cable.
class GateUpperTest : public GateAttachTest {
 protected:
  void expectGateOn(const char* name, const std::function<Frame(Frame)>& wrap) {
    ASSERT_TRUE(shell(std::string("ip link set ") + name + " up && ip addr add 192.0.2.10/24 dev " + name));
    const std::uint32_t index = if_nametoindex(name);
    const MacAddress mac = LinkPort(name).mac;
    ASSERT_TRUE(gate_->attach({index, {mac}, {}}).ok());
    attach();  // to the cable's end too: of its own addresses it has none
    const Frame request = wrap(question(vip4_));
    const auto reply = [&](std::chrono::milliseconds patience) {
      lan_->forget();
      EXPECT_TRUE(lan_->send(request));
      return lan_->receive(patience, [&](const Frame& frame) { return frame.size() < 100 && frame[frame.size() - 1] == 100; });
    };
    const auto answer = wire::encodeArpReply(mac, *wire::decodeArp(question(vip4_)));
    const Frame expected = wrap({answer.begin(), answer.end()});
    ASSERT_TRUE(eventually(kSoon, [&] { return reply(kSilence) == expected; })) << "without a slot";
    for (const bool byProgram : {false, true}) {
      ASSERT_TRUE(gate_->assign(index, vip4_, kSlot, byProgram).ok());
      EXPECT_TRUE(reply(kSilence).empty());
      set(slot(), kForEver);
      EXPECT_EQ(reply(kSoon), expected) << (byProgram ? "the program's" : "the kernel's");
      set(slot(), 0);
    }
    EXPECT_TRUE(reply(kSilence).empty());
  }
};

TEST_F(GateUpperTest, ABridgeHasAGateOfItsOwn) {
  ASSERT_TRUE(shell("ip link add br0 type bridge && ip addr flush dev host && ip link set host master br0"));
  expectGateOn("br0", [](Frame frame) { return frame; });
}

TEST_F(GateUpperTest, AVlanHasAGateOfItsOwn) {
  if (!shell("ip link add link host name host.5 type vlan id 5 2>/dev/null")) GTEST_SKIP() << "no VLAN devices here";
  ASSERT_TRUE(shell("ip addr flush dev host"));
  expectGateOn("host.5", [](Frame frame) {
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x05});
    return frame;
  });
}

TEST_F(GateUpperTest, ABondHasAGateOfItsOwn) {
  if (!shell("ip link add bond0 type bond mode active-backup miimon 100 2>/dev/null")) GTEST_SKIP() << "no bonds here";
  ASSERT_TRUE(shell("ip addr flush dev host && ip link set host down && ip link set host master bond0 && ip link set host up"));
  expectGateOn("bond0", [](Frame frame) { return frame; });
}

}  // namespace
}  // namespace aloft::kernel
