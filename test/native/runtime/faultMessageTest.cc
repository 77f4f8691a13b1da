#include "runtime/faultMessage.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

using vrrp::Reason;

class FaultMessageTest : public testing::Test {
 protected:
  std::string say(Reason reason, vrrp::State state = vrrp::State::Fault) {
    record_.state = state;
    record_.reason = reason;
    return faultMessage(record_, name_, checks_, links_);
  }
  void addLink(const char* name, bool up) {
    kernel::Link link;
    link.name = name;
    link.up = up;
    links_.push_back(link);
  }
  void report(const char* name, bool up, std::optional<std::int32_t> value = {}) {
    const CheckResult result{name, up, value};
    checks_.report({&result, 1});
  }

  RouterRecord record_;
  RouterName name_ = [] {
    RouterName name;
    name.interface = "eth9";
    name.group = "gateway";
    return name;
  }();
  CheckRegistry checks_;
  std::vector<kernel::Link> links_;
};

TEST_F(FaultMessageTest, SaysWhatIsMissingOnWhichInterface) {
  EXPECT_EQ(say(Reason::InterfaceMissing), "interface eth9 does not exist");
  EXPECT_EQ(say(Reason::InterfaceDown), "interface eth9 is down or has no carrier");
  EXPECT_NE(say(Reason::NoSourceAddress).find("IPv4"), std::string::npos);
  name_.family = wire::Family::IPv6;
  EXPECT_NE(say(Reason::NoSourceAddress).find("link-local IPv6"), std::string::npos);
  ASSERT_TRUE(wire::parseIpAddress("fe80::7", name_.sourceAddress));
  EXPECT_EQ(say(Reason::NoSourceAddress), "interface eth9 has no fe80::7 to send adverts from");
}

TEST_F(FaultMessageTest, NamesTheMacvlanWhereThatIsWhatIsMissing) {
  name_.virtualMacInterface = "vrrp.51";
  addLink("eth9", true);
  EXPECT_EQ(say(Reason::InterfaceMissing), "interface vrrp.51 does not exist");
  addLink("vrrp.51", false);
  EXPECT_EQ(say(Reason::InterfaceDown), "interface vrrp.51 is down or has no carrier");
}

TEST_F(FaultMessageTest, NamesTheChecksThatAreDown) {
  name_.checks = {"web", "dns", "maintenance", "load", "file", "weighted"};
  name_.checkTracks = {{1, 0, false}, {2, 0, false}, {3, 0, true}, {4, 2, false}, {5, 0, false}, {6, -20, false}};
  report("web", false);
  report("dns", true);
  report("maintenance", true);  // reversed: up is what is wrong
  report("load", true, -127);
  report("file", true, 0);
  report("weighted", false);
  EXPECT_EQ(say(Reason::CheckFailed), "tracked check down: web, maintenance, load");
}

TEST_F(FaultMessageTest, NamesTheInterfacesThatAreDown) {
  name_.interfaces = {{"eth1", 0, false}, {"eth2", 0, false}, {"eth3", -20, false}, {"eth4", 0, true}};
  addLink("eth1", false);
  addLink("eth3", false);
  addLink("eth4", true);
  EXPECT_EQ(say(Reason::TrackedInterfaceDown), "tracked interface down: eth1, eth2, eth4");
}

TEST_F(FaultMessageTest, NamesGroupAndRival) {
  EXPECT_EQ(say(Reason::SyncGroup), "another member of sync group gateway is not well");
  ASSERT_TRUE(wire::parseIpAddress("192.0.2.10", record_.conflictAddress));
  record_.conflictMac = {2, 0, 0, 0, 0, 0x22};
  EXPECT_EQ(say(Reason::AddressConflict), "192.0.2.10 is claimed by 02:00:00:00:00:22");
}

TEST_F(FaultMessageTest, IsEmptyInOtherStates) { EXPECT_EQ(say(Reason::InterfaceReady, vrrp::State::Backup), ""); }

}  // namespace
}  // namespace aloft::runtime
