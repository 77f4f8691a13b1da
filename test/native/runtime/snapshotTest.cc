#include "runtime/snapshot.h"

#include <gtest/gtest.h>

#include "os/clock.h"

namespace aloft::runtime {
namespace {

vrrp::RouterConfig onEth9(wire::Family family) {
  vrrp::RouterConfig config;
  config.interface = "eth9";
  config.family = family;
  return config;
}

TEST(FaultMessage, SaysWhatIsMissingOnWhichInterface) {
  RouterRecord record;
  record.state = vrrp::State::Fault;
  record.reason = vrrp::Reason::InterfaceMissing;
  EXPECT_EQ(faultMessage(record, onEth9(wire::Family::IPv4)), "interface eth9 does not exist");
  record.reason = vrrp::Reason::InterfaceDown;
  EXPECT_EQ(faultMessage(record, onEth9(wire::Family::IPv4)), "interface eth9 is down or has no carrier");
  record.reason = vrrp::Reason::NoSourceAddress;
  EXPECT_NE(faultMessage(record, onEth9(wire::Family::IPv4)).find("IPv4"), std::string::npos);
  EXPECT_NE(faultMessage(record, onEth9(wire::Family::IPv6)).find("link-local IPv6"), std::string::npos);
}

TEST(FaultMessage, IsEmptyInOtherStates) {
  RouterRecord record;
  record.state = vrrp::State::Backup;
  record.reason = vrrp::Reason::InterfaceReady;
  EXPECT_EQ(faultMessage(record, onEth9(wire::Family::IPv4)), "");
}

TEST(ToWallMs, CountsBackFromNow) {
  const auto now = os::monotonicNow();
  const std::int64_t present = toWallMs(vrrp::TimePoint(now));
  const std::int64_t past = toWallMs(vrrp::TimePoint(now - std::chrono::seconds(10)));
  EXPECT_NEAR(static_cast<double>(present - past), 10'000, 50);
  EXPECT_NEAR(static_cast<double>(present), static_cast<double>(os::wallNow().count()) / 1e6, 1000);
}

}  // namespace
}  // namespace aloft::runtime
