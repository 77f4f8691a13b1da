// The addresses of a MASTER: asked for after the first advert, given back before anything else hears of it, tried again when it failed.

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

Bench& master(Bench& bench) {
  bench.fire();
  EXPECT_EQ(bench.state(), State::Master);
  bench.drain();
  return bench;
}

/// Without the adverts, which have their own tests.
std::string runWithoutAdverts(Bench& bench, Duration span) {
  std::string effects = bench.run(span);
  const std::string advert = "advert(100)";
  for (auto at = effects.find(advert); at != std::string::npos; at = effects.find(advert)) effects.erase(at, advert.size() + 1);
  return effects;
}

TEST(Holding, AFailedHoldIsTriedAgainWithBackoffWhileMaster) {
  Bench bench(routerConfig());
  master(bench);
  TimePoint asked = bench.now;
  for (const Duration wait : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10000ms, 10000ms}) {
    bench.actuated(false, 1);
    EXPECT_EQ(bench.status().actuatorError, 1);
    std::string effects;
    for (int i = 0; i < 200 && effects.find("hold") == std::string::npos; ++i) {
      bench.fire();
      effects = bench.drain();
    }
    EXPECT_EQ(bench.now - asked, wait);
    asked = bench.now;
  }
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "announce");
  EXPECT_EQ(bench.status().actuatorError, 0);
  EXPECT_TRUE(bench.status().addressesHeld);
}

TEST(Holding, NothingIsTriedAgainAfterGivingWay) {
  Bench bench(routerConfig());
  master(bench);
  bench.actuated(false, 1);
  bench.receive({.priority = 200});
  bench.drain();
  bench.actuated(false);
  EXPECT_EQ(bench.run(300ms), "");
}

TEST(Holding, AFailedReleaseIsTriedAgain) {
  Bench bench(routerConfig());
  master(bench).actuated(true);
  bench.receive({.priority = 200});
  bench.drain();
  bench.actuated(true, 16);
  EXPECT_EQ(bench.status().actuatorError, 16);
  EXPECT_EQ(bench.untilDeadline(), 100ms);
  EXPECT_EQ(bench.run(100ms), "release");
  bench.actuated(false);
  EXPECT_EQ(bench.run(100ms), "");
  EXPECT_EQ(bench.status().actuatorError, 0);
}

TEST(Holding, AnAnswerToAnEarlierRequestIsNotTakenForTheLatest) {
  Bench bench(routerConfig());
  master(bench);
  bench.receive({.priority = 200});
  ASSERT_NE(bench.drain().find("release"), std::string::npos);
  bench.actuated(true);  // answers hold
  bench.advance(1ms);
  bench.actuated(false);  // answers release
  EXPECT_FALSE(bench.status().addressesHeld);
  EXPECT_EQ(bench.run(300ms), "");
}

TEST(Holding, AddressesThatTheKernelLostAreSetAgain) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.actuated(false);
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(runWithoutAdverts(bench, 110ms), "hold");
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "announce");
}

TEST(Holding, WhatIsPartlyHeldIsAnnouncedAndAnnouncedAgainWhenComplete) {
  Bench bench(routerConfig());
  master(bench);
  bench.actuated(true, 13);
  EXPECT_EQ(bench.drain(), "announce");
  bench.run(6s);
  bench.actuated(true, 13);
  EXPECT_EQ(bench.drain(), "") << "no news";
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "announce");
}

TEST(Holding, ResidueIsKeptWhileNobodyIsHeardAndAdopted) {
  Bench bench(routerConfig());
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "");
  bench.fire();
  EXPECT_EQ(bench.drain(), "advert(100) hold BACKUP>MASTER:FirstElection");
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "announce");
}

TEST(Holding, ResidueIsReleasedAtTheFirstAdvertOfABetterRouterWhichIsToldOfIt) {
  Bench bench(routerConfig());
  bench.actuated(true);
  bench.receive({.priority = 200});
  EXPECT_EQ(bench.drain(), "advert(100) release");
  bench.actuated(false);
  bench.receive({.priority = 200});
  EXPECT_EQ(bench.drain(), "");
}

TEST(Holding, ResidueIsReleasedAtTheFirstAdvertOfALesserRouterWithoutATakeover) {
  Bench bench(routerConfig());
  bench.actuated(true);
  bench.receive({.priority = 50});
  EXPECT_EQ(bench.drain(), "release");
  EXPECT_EQ(bench.state(), State::Backup);
}

TEST(Holding, ResidueStaysWhenTheOtherOnlyResigned) {
  Bench bench(routerConfig());
  bench.actuated(true);
  bench.receive({.priority = 0});
  EXPECT_EQ(bench.drain(), "");
}

TEST(Holding, ResidueIsNotReleasedByADiscardedAdvert) {
  Bench bench(routerConfig());
  bench.actuated(true);
  bench.receive({.priority = 200, .source = "192.0.2.10"});
  EXPECT_EQ(bench.drain(), "");
}

TEST(Holding, ResidueIsReleasedInFault) {
  Bench bench(routerConfig());
  bench.actuated(true);
  bench.link.primaryIPv4 = {};
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "release BACKUP>FAULT:NoSourceAddress");

  Bench late;
  late.link.up = false;
  late.linkChanged();
  late.configure({routerConfig()});
  late.drain();
  late.actuated(true);
  EXPECT_EQ(late.drain(), "release");
}

TEST(Holding, ShutdownReleasesResidueUnlessToldOtherwise) {
  Bench bench(routerConfig());
  bench.actuated(true);
  bench.engine.shutdown(Shutdown::Resign, bench.now);
  EXPECT_EQ(bench.drain(), "release BACKUP>INIT:Stopped");

  Bench keeping(routerConfig());
  keeping.actuated(true);
  keeping.engine.shutdown(Shutdown::Keep, keeping.now);
  EXPECT_EQ(keeping.drain(), "BACKUP>INIT:Stopped");
}

TEST(Holding, AReleaseThatFailedAtShutdownIsTriedAgain) {
  Bench bench(routerConfig());
  master(bench).actuated(true);
  bench.engine.shutdown(Shutdown::Resign, bench.now);
  bench.drain();
  bench.actuated(true, 16);
  EXPECT_EQ(bench.run(1s), "release");
}

TEST(Holding, AnswersForUnknownRoutersAreIgnored) {
  Bench bench(routerConfig());
  bench.engine.handleActuated({4711, true, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "");
}

}  // namespace
}  // namespace aloft::vrrp
