// Which requests a change takes, one by one.
#include "ipvs/difference.h"

#include <gtest/gtest.h>

#include "ipvs/describe.h"
#include "support/make.h"
#include "support/modelKernel.h"

namespace aloft::ipvs {
namespace {

using Texts = std::vector<std::string>;

class DifferenceOf : public testing::Test {
 protected:
  DifferenceOf() {
    base_ = table({service(web_, {server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3")}), service(dns_, {server("10.0.0.1", 1, 53)})});
    base_.managesDaemons = true;
    base_.daemons = {daemonOn("eth0", wire::IpvsDaemonRole::Master)};
    ours_ = {web_, dns_};
    reach(base_);
  }

  Texts plan(const Table& table, const Stays& stays) const {
    Texts texts;
    for (const Operation& operation : difference(table, StandingTable(kernel_.dump()), ours_, stays)) texts.push_back(describe(operation));
    return texts;
  }
  Texts plan(const Table& table) const {
    return plan(table, [](const Service&, const StandingDestination&) { return false; });
  }
  void reach(const Table& table) {
    for (const Operation& operation : difference(table, StandingTable(kernel_.dump()), ours_, {})) kernel_.carryOut(operation);
  }

  const wire::IpvsServiceKey web_ = tcp("192.0.2.10");
  const wire::IpvsServiceKey dns_ = udp("192.0.2.10");
  Table base_;
  ServiceKeys ours_;
  ModelKernel kernel_;
};

TEST_F(DifferenceOf, NothingIsNothing) { EXPECT_EQ(plan(base_), Texts()); }

TEST_F(DifferenceOf, WeightsIsTheChangedWeights) {
  base_.services[0].destinations[1].weight = 5;
  EXPECT_EQ(plan(base_), Texts({"change 10.0.0.2:80 of TCP 192.0.2.10:80"}));
}

TEST_F(DifferenceOf, WeightsRaisesBeforeItLowers) {
  base_.services[0].destinations[0].weight = 0;
  base_.services[0].destinations[2].weight = 9;
  EXPECT_EQ(plan(base_), Texts({"change 10.0.0.3:80 of TCP 192.0.2.10:80", "change 10.0.0.1:80 of TCP 192.0.2.10:80"}));
}

TEST_F(DifferenceOf, AThresholdIsOneEdit) {
  base_.services[0].destinations[0].upperThreshold = 1000;
  EXPECT_EQ(plan(base_), Texts({"change 10.0.0.1:80 of TCP 192.0.2.10:80"}));
}

TEST_F(DifferenceOf, AnotherWayOfForwardingIsOneEdit) {
  base_.services[0].destinations[0].forwarding = wire::IpvsForwarding::DirectRouting;
  EXPECT_EQ(plan(base_), Texts({"change 10.0.0.1:80 of TCP 192.0.2.10:80"}));
}

TEST_F(DifferenceOf, AnotherSchedulerLeavesTheDestinations) {
  base_.services[0].settings.scheduler = "mh";
  EXPECT_EQ(plan(base_), Texts({"change service TCP 192.0.2.10:80"}));
}

TEST_F(DifferenceOf, PersistenceIsOneEditEachTime) {
  base_.services[0].settings.flags |= wire::kIpvsPersistent;
  base_.services[0].settings.timeout = 300;
  EXPECT_EQ(plan(base_), Texts({"change service TCP 192.0.2.10:80"}));
  reach(base_);
  base_.services[0].settings.prefixLength = 24;
  EXPECT_EQ(plan(base_), Texts({"change service TCP 192.0.2.10:80"}));
}

TEST_F(DifferenceOf, AGrownGroupIsTheNewServicesAlone) {
  base_.services.push_back(service(tcp("192.0.2.11"), {server("10.0.0.1"), server("10.0.0.2")}));
  EXPECT_EQ(plan(base_), Texts({"add service TCP 192.0.2.11:80", "add 10.0.0.1:80 to TCP 192.0.2.11:80", "add 10.0.0.2:80 to TCP 192.0.2.11:80"}));
}

TEST_F(DifferenceOf, AShrunkGroupIsOneRemovalForEachService) {
  base_.services.pop_back();
  EXPECT_EQ(plan(base_), Texts({"remove service UDP 192.0.2.10:53"}));
}

TEST_F(DifferenceOf, AReplacedServerIsThereBeforeTheOldOneGoes) {
  base_.services[1].destinations = {server("10.0.0.9", 1, 53)};
  EXPECT_EQ(plan(base_), Texts({"add 10.0.0.9:53 to UDP 192.0.2.10:53", "remove 10.0.0.1:53 from UDP 192.0.2.10:53"}));
}

TEST_F(DifferenceOf, WhatMayStayGetsWeightZeroAndNothingElse) {
  kernel_.destination(web_, server("10.0.0.3").key)->set.upperThreshold = 50;
  base_.services[0].destinations.pop_back();
  const Stays stays = [](const Service&, const StandingDestination&) { return true; };
  const auto operations = difference(base_, StandingTable(kernel_.dump()), ours_, stays);
  ASSERT_EQ(operations.size(), 1u);
  const auto& edit = std::get<SetDestination>(operations.front());
  EXPECT_FALSE(edit.add);
  EXPECT_EQ(edit.destination.weight, 0u);
  EXPECT_EQ(edit.destination.upperThreshold, 50u);
  kernel_.carryOut(edit);
  EXPECT_EQ(plan(base_, stays), Texts());
}

TEST_F(DifferenceOf, AServiceOfNobodyKnownStays) {
  const auto foreign = tcp("203.0.113.1");
  kernel_.carryOut(SetService{true, foreign, service(foreign, {}).settings});
  EXPECT_EQ(plan({}), plan(table({})));
  for (const std::string& text : plan(table({}))) EXPECT_EQ(text.find("203.0.113.1"), std::string::npos) << text;
}

TEST_F(DifferenceOf, AServiceOfAnEarlierProcessGoes) {
  const auto old = tcp("192.0.2.99");
  kernel_.carryOut(SetService{true, old, service(old, {}).settings});
  EXPECT_EQ(plan(base_), Texts());
  ours_.insert(old);
  EXPECT_EQ(plan(base_), Texts({"remove service TCP 192.0.2.99:80"}));
}

TEST_F(DifferenceOf, AStandingServiceIsAdoptedAndCorrectedInPlace) {
  const auto adopted = tcp("192.0.2.12");
  kernel_.carryOut(SetService{true, adopted, service(adopted, {}, "wlc").settings});
  kernel_.carryOut(SetDestination{true, adopted, server("10.0.0.1", 3)});
  kernel_.carryOut(SetDestination{true, adopted, server("10.0.0.8")});
  base_.services.push_back(service(adopted, {server("10.0.0.1"), server("10.0.0.2")}));
  EXPECT_EQ(plan(base_), Texts({"change service TCP 192.0.2.12:80", "add 10.0.0.2:80 to TCP 192.0.2.12:80",
                                "change 10.0.0.1:80 of TCP 192.0.2.12:80", "remove 10.0.0.8:80 from TCP 192.0.2.12:80"}));
}

TEST_F(DifferenceOf, AnAddressOfTheHostIsLocalAndThatIsWell) {
  kernel_.hostAddresses_ = {address("10.0.0.4")};
  base_.services[0].destinations.push_back(server("10.0.0.4"));
  reach(base_);
  EXPECT_EQ(kernel_.destination(web_, server("10.0.0.4").key)->set.forwarding, wire::IpvsForwarding::Local);
  EXPECT_EQ(plan(base_), Texts());
}

TEST_F(DifferenceOf, ADaemonIsStoppedBeforeItIsStartedOtherwise) {
  base_.daemons[0].interface = "eth1";
  EXPECT_EQ(plan(base_), Texts({"stop master sync daemon on eth0", "start master sync daemon on eth1"}));
}

TEST_F(DifferenceOf, AnotherDaemonBesideLeavesTheFirst) {
  base_.daemons.push_back(daemonOn("eth0", wire::IpvsDaemonRole::Backup));
  EXPECT_EQ(plan(base_), Texts({"start backup sync daemon on eth0"}));
}

TEST_F(DifferenceOf, DaemonsOfOthersStay) {
  base_.managesDaemons = false;
  base_.daemons.clear();
  EXPECT_EQ(plan(base_), Texts());
}

TEST_F(DifferenceOf, TimeoutsIsOneRequestAndThoseThatAreNotGivenStay) {
  base_.timeouts.udp = 30;
  EXPECT_EQ(plan(base_), Texts({"set time-outs"}));
  reach(base_);
  EXPECT_EQ(kernel_.timeouts_, (wire::IpvsTimeouts{900, 120, 30}));
  EXPECT_EQ(plan(base_), Texts());
}

}  // namespace
}  // namespace aloft::ipvs
