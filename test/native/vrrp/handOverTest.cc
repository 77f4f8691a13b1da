// Make before break: who leaves in favour of a successor goes on taking traffic until that one has announced itself.

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

class HandOver : public Bench {
 public:
  explicit HandOver(RouterConfig config = routerConfig()) : config(std::move(config)) {
    engine.setGateActive(true, now);
    configure({this->config});
    becomeMaster();
  }
  void becomeMaster() {
    while (state() != State::Master) fire();
    actuated(true);
    run(6s);
    for (bool sent = false; !sent;) {
      fire();
      sent = drain().find("advert") != std::string::npos;
    }
  }
  std::string ask() {
    ++config.handOver;
    configure({config});
    return drain();
  }
  RouterConfig config;
};

TEST(HandOver, GivingWayTakesTrafficUntilTheWinnerHasAnnouncedItself) {
  HandOver node;
  node.receive({.priority = 200});
  EXPECT_EQ(node.drain(), "gate(shut,1600ms) advert(100) MASTER>BACKUP:HigherPriority(192.0.2.20)");
  EXPECT_EQ(node.run(300ms), "") << "its kernel is slow with the addresses";
  node.announcedElsewhere();
  EXPECT_EQ(node.run(49ms), "") << "the second announcement";
  EXPECT_EQ(node.run(1ms), "gate(shut,shut) release");
  node.actuated(false);
  EXPECT_EQ(node.drain(), "gate(shut,open)");
}

TEST(HandOver, OneWhoseAnnouncementsAreNotSeenIsNotWaitedForForEver) {
  HandOver node;
  node.receive({.priority = 200});
  node.drain();
  for (int i = 0; i < 14; ++i) {
    node.run(100ms);
    node.receive({.priority = 200});
  }
  EXPECT_EQ(node.run(kHandOverLimit - 1400ms - 1ns), "") << "further adverts prolong nothing";
  EXPECT_EQ(node.run(1ns), "gate(shut,shut) release");
}

TEST(HandOver, WithAVirtualMacTheFirstAdvertHasMovedTheTraffic) {
  RouterConfig config = routerConfig();
  config.virtualMacInterface = "eth0";
  HandOver node(config);
  node.receive({.priority = 200});
  EXPECT_EQ(node.drain(), "gate(shut,150ms) advert(100) MASTER>BACKUP:HigherPriority(192.0.2.20)");
  EXPECT_EQ(node.run(50ms), "gate(shut,shut) release");
}

TEST(HandOver, AnAnnouncementBeforeASuccessorWasHeardIsNobodys) {
  HandOver node;
  node.ask();
  node.announcedElsewhere();
  EXPECT_EQ(node.run(80ms), "");
}

TEST(HandOver, OnRequestItResignsAndStaysUntilASuccessorWasHeard) {
  HandOver node;
  EXPECT_EQ(node.ask(), "gate(shut,285ms) advert(0) MASTER>BACKUP:HandOver");
  EXPECT_EQ(node.run(80ms), "") << "longer than the Skew_Time of most";
  node.receive({.priority = 50});
  EXPECT_EQ(node.drain(), "gate(shut,1600ms)");
  node.announcedElsewhere();
  EXPECT_EQ(node.run(50ms), "gate(shut,shut) release");
}

TEST(HandOver, ItIsDoneOnce) {
  HandOver node;
  node.ask();
  node.receive({.priority = 50});
  node.run(60ms);
  node.drain();
  node.configure({node.config});
  EXPECT_EQ(node.drain(), "");
}

TEST(HandOver, ItDoesNotPreemptItsSuccessor) {
  HandOver node;
  node.ask();
  for (int i = 0; i < 50; ++i) {
    node.receive({.priority = 50});
    node.run(100ms);
  }
  EXPECT_EQ(node.state(), State::Backup);
}

TEST(HandOver, UntilItsPriorityIsConfiguredAnew) {
  HandOver node;
  node.ask();
  node.receive({.priority = 50});
  node.run(60ms);
  node.config.priority = 120;
  node.configure({node.config});
  for (int i = 0; i < 10; ++i) {
    node.receive({.priority = 50});
    node.run(100ms);
  }
  EXPECT_EQ(node.state(), State::Master);
}

TEST(HandOver, OrItsSuccessorIsSilent) {
  HandOver node;
  node.ask();
  node.receive({.priority = 50});
  node.drain();
  node.run(2s);
  EXPECT_EQ(node.state(), State::Master);
}

TEST(HandOver, WithNobodyThereItComesBackWithoutHavingLostItsAddresses) {
  HandOver node;
  node.receive({.priority = 50});
  node.ask();
  const TimePoint begin = node.now;
  const std::string effects = node.run(300ms) + " ";
  EXPECT_EQ(effects.find("release"), std::string::npos);
  EXPECT_NE(effects.find("BACKUP>MASTER:AdvertTimeout "), std::string::npos) << "nobody was heard since: there was no silence";
  EXPECT_EQ(node.status().changedAt - begin, Duration(100ms) * 255 / 256 * 5 / 4 + Duration(100ms) * 156 / 256);
}

TEST(HandOver, AsBackupNothingHappens) {
  Bench bench(routerConfig());
  RouterConfig config = routerConfig();
  config.handOver = 1;
  bench.configure({config});
  EXPECT_EQ(bench.drain(), "");
}

TEST(HandOver, AnOwnerDoesNotHandOver) {
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  HandOver node(owner);
  EXPECT_EQ(node.ask(), "");
}

TEST(HandOver, WithoutAGateTheAddressesGoAtOnce) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  RouterConfig config = routerConfig();
  config.handOver = 1;
  bench.configure({config});
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>BACKUP:HandOver");
}

TEST(HandOver, ShutdownWaitsForTheSuccessorToAnnounceItself) {
  HandOver node;
  node.engine.shutdown(Shutdown::HandOver, node.now);
  EXPECT_EQ(node.drain(), "gate(shut,600ms) advert(0)");
  EXPECT_FALSE(node.engine.isEnded());
  EXPECT_EQ(node.run(60ms), "") << "nothing more is sent";
  node.receive({.priority = 50});
  EXPECT_EQ(node.drain(), "gate(shut,1600ms)");
  EXPECT_EQ(node.run(400ms), "");
  node.announcedElsewhere();
  EXPECT_EQ(node.run(50ms), "gate(shut,shut) release MASTER>INIT:Stopped");
  EXPECT_TRUE(node.engine.isEnded());
}

TEST(HandOver, ShutdownEndsAfterThePatience) {
  HandOver node;
  node.engine.shutdown(Shutdown::HandOver, node.now);
  node.drain();
  node.receive({.priority = 0});
  EXPECT_EQ(node.run(kHandOverPatience - 1ns), "") << "a resignation is no successor";
  EXPECT_EQ(node.run(1ns), "gate(shut,shut) release MASTER>INIT:Stopped");
}

TEST(HandOver, ShutdownIsPatientEnoughForTheLongestSkewTime) {
  RouterConfig config = version2Config();
  HandOver node(config);
  node.engine.shutdown(Shutdown::HandOver, node.now);
  node.drain();
  EXPECT_EQ(node.run(1s), "");
  EXPECT_NE(node.run(kHandOverLimit - 1s), "");
}

TEST(HandOver, ASecondShutdownEndsThePatience) {
  HandOver node;
  node.engine.shutdown(Shutdown::HandOver, node.now);
  node.drain();
  node.engine.shutdown(Shutdown::HandOver, node.now);
  EXPECT_EQ(node.drain(), "");
  node.engine.shutdown(Shutdown::Resign, node.now);
  EXPECT_EQ(node.drain(), "gate(shut,shut) release MASTER>INIT:Stopped");
}

TEST(HandOver, OfABackupShutdownIsAtOnce) {
  Bench bench(routerConfig());
  bench.engine.setGateActive(true, bench.now);
  bench.drain();
  bench.engine.shutdown(Shutdown::HandOver, bench.now);
  EXPECT_EQ(bench.drain(), "BACKUP>INIT:Stopped");
  EXPECT_TRUE(bench.engine.isEnded());
}

TEST(HandOver, KeepingTheAddressesTheGateIsLeftAlone) {
  HandOver node;
  node.engine.shutdown(Shutdown::Keep, node.now);
  EXPECT_EQ(node.drain(), "MASTER>INIT:Stopped");
}

TEST(HandOver, AFaultReleasesWhatLingers) {
  HandOver node;
  node.ask();
  node.link.up = false;
  node.linkChanged();
  EXPECT_EQ(node.drain(), "gate(shut,shut) release BACKUP>FAULT:InterfaceDown");
}

TEST(HandOver, WhoCameBackAsMasterPreemptsAgainLater) {
  HandOver node;
  node.ask();
  while (node.state() != State::Master) node.fire();
  node.receive({.priority = 200});
  ASSERT_EQ(node.state(), State::Backup);
  node.advance(100ms);
  const Duration left = node.untilDeadline();
  node.receive({.priority = 50});
  EXPECT_EQ(node.untilDeadline(), left) << "its timer goes on";
}

}  // namespace
}  // namespace aloft::vrrp
