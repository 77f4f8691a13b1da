// What somebody does by hand to what is ours is undone: what a glance shows within a second, the rest within a minute.
#include <gtest/gtest.h>

#include <functional>

#include "support/bed.h"
#include "support/comparison.h"
#include "support/make.h"

namespace aloft::ipvs {
namespace {

using namespace std::chrono_literals;

const wire::IpvsServiceKey kWeb = tcp("192.0.2.10");
const wire::IpvsServiceKey kMark = mark(7, wire::Family::IPv6);
const wire::IpvsDestinationKey kFirst = server("10.0.0.1").key;

Table wanted() {
  Table out = table({service(kWeb, {server("10.0.0.1", 2), server("10.0.0.2")}), service(tcp("2001:db8::10"), {server("2001:db8:1::1")}),
                     service(kMark, {server("2001:db8:1::1")}), service(mark(8, wire::Family::IPv6), {})});
  out.managesDaemons = true;
  out.daemons = {daemonOn("eth0", wire::IpvsDaemonRole::Backup)};
  out.timeouts.tcp = 600;
  return out;
}

class Repair : public testing::Test {
 protected:
  Repair() {
    bed_.want(wanted());
    bed_.run(100s);
    bed_.requests();
  }

  void expectRepairWithin(Time time, const std::function<void(ModelKernel&)>& act, std::size_t operations) {
    const std::uint64_t repairs = bed_.reconciler.repairs();
    act(bed_.kernel);
    bed_.requests();
    ASSERT_NE(mismatch(wanted(), bed_.kernel, 0), "") << "nothing to repair";
    bed_.run(time);
    EXPECT_EQ(mismatch(wanted(), bed_.kernel, 0), "");
    EXPECT_EQ(bed_.requests().size(), operations);
    EXPECT_EQ(bed_.reconciler.repairs() - repairs, operations);
    bed_.run(120s);
    const auto told = bed_.events(Event::Kind::Repaired);
    ASSERT_EQ(told.size(), 1u);
    told_ = told[0].message;
    EXPECT_TRUE(bed_.events(Event::Kind::Failed).empty());
    EXPECT_EQ(bed_.reconciler.repairs() - repairs, operations);
  }

  Bed bed_;
  std::string told_;
};

TEST_F(Repair, AServiceThatWasDeleted) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.services_.erase(kWeb); }, 3);
  EXPECT_EQ(told_, "add service TCP 192.0.2.10:80, add 10.0.0.1:80 to TCP 192.0.2.10:80, add 10.0.0.2:80 to TCP 192.0.2.10:80");
}
TEST_F(Repair, AServiceByMarkThatWasDeleted) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.services_.erase(kMark); }, 2);
}
TEST_F(Repair, ATableThatWasFlushed) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.flush(); }, 8);
  EXPECT_NE(told_.find(" and 5 more"), std::string::npos) << told_;
}
TEST_F(Repair, ADestinationThatWasDeleted) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.service(kWeb)->destinations.pop_front(); }, 1);
}
TEST_F(Repair, ADestinationThatWasAdded) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.carryOut(SetDestination{true, kWeb, server("10.0.0.9")}); }, 1);
}
TEST_F(Repair, AWeight) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.destination(kWeb, kFirst)->set.weight = 9; }, 1);
  EXPECT_EQ(told_, "change 10.0.0.1:80 of TCP 192.0.2.10:80");
}
TEST_F(Repair, AWayOfForwarding) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.destination(kWeb, kFirst)->set.forwarding = wire::IpvsForwarding::Tunnel; }, 1);
}
TEST_F(Repair, AScheduler) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.service(kWeb)->set.scheduler = "wlc"; }, 1);
}
TEST_F(Repair, Persistence) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.service(kWeb)->set.flags |= wire::kIpvsPersistent; }, 1);
}
TEST_F(Repair, AThreshold) {
  expectRepairWithin(60s, [](ModelKernel& kernel) { kernel.destination(kWeb, kFirst)->set.upperThreshold = 3; }, 1);
}
TEST_F(Repair, FlagsOfTheScheduler) {
  expectRepairWithin(1s, [](ModelKernel& kernel) { kernel.service(kWeb)->set.flags |= wire::kIpvsSchedulerFlag1; }, 1);
}
TEST_F(Repair, ADaemonThatWasStopped) {
  expectRepairWithin(60s, [](ModelKernel& kernel) { kernel.daemons_.clear(); }, 1);
}
TEST_F(Repair, ATimeout) {
  expectRepairWithin(60s, [](ModelKernel& kernel) { kernel.timeouts_.tcp = 10; }, 1);
}

TEST_F(Repair, OneChangeAfterTheOtherWithoutAQuietGlanceBetween) {
  for (std::uint32_t change = 1; change <= 10; ++change) {
    bed_.kernel.destination(kWeb, kFirst)->set.weight = 9;
    for (const Time end = bed_.now + 1s; bed_.now < end && bed_.requests().empty();) bed_.run(10ms);
    EXPECT_EQ(mismatch(wanted(), bed_.kernel, 0), "") << "change " << change;
  }
}

TEST_F(Repair, WhatOthersDoToTheirsIsNoneOfOurs) {
  const auto foreign = tcp("203.0.113.1");
  bed_.kernel.carryOut(SetService{true, foreign, wanted().services[0].settings});
  bed_.run(2s);
  bed_.kernel.carryOut(SetDestination{true, foreign, server("10.0.0.1")});
  bed_.requests();
  const int dumps = bed_.dumps;
  bed_.run(5s);
  EXPECT_EQ(bed_.dumps, dumps);
  bed_.run(120s);
  EXPECT_TRUE(bed_.requests().empty());
}

TEST_F(Repair, AnAddressThatBecomesOneOfTheHostIsNoChangeByHand) {
  bed_.kernel.destination(kWeb, kFirst)->set.forwarding = wire::IpvsForwarding::Local;
  bed_.run(120s);
  EXPECT_TRUE(bed_.requests().empty());
  EXPECT_TRUE(bed_.events(Event::Kind::Repaired).empty());
}

}  // namespace
}  // namespace aloft::ipvs
