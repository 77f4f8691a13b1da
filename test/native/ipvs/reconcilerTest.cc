#include "ipvs/reconciler.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "support/bed.h"
#include "support/comparison.h"
#include "support/make.h"
#include "support/randomTable.h"

namespace aloft::ipvs {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

const wire::IpvsServiceKey kWeb = tcp("192.0.2.10");

Table web(std::uint32_t weight = 1) { return table({service(kWeb, {server("10.0.0.1", weight), server("10.0.0.2")})}); }

TEST(Reconciler, LooksAtNothingWhileNothingIsWanted) {
  Bed bed;
  EXPECT_EQ(bed.reconciler.nextLook(), std::nullopt);
  bed.run(100s);
  bed.want({});
  bed.run(100s);
  EXPECT_EQ(bed.dumps + bed.glances, 0);
  const auto applied = bed.events(Event::Kind::Applied);
  ASSERT_EQ(applied.size(), 1u);
  EXPECT_TRUE(applied[0].programmed);
}

TEST(Reconciler, ProgramsAndTellsOnce) {
  Bed bed;
  bed.want(web());
  EXPECT_FALSE(bed.reconciler.programmed());
  bed.run(200s);
  EXPECT_EQ(bed.requests(), Texts({"add service TCP 192.0.2.10:80", "add 10.0.0.1:80 to TCP 192.0.2.10:80", "add 10.0.0.2:80 to TCP 192.0.2.10:80"}));
  EXPECT_TRUE(bed.reconciler.programmed());
  EXPECT_EQ(bed.events(Event::Kind::Applied).size(), 1u);
  EXPECT_TRUE(bed.events(Event::Kind::Repaired).empty());
  EXPECT_EQ(bed.reconciler.repairs(), 0u);
}

TEST(Reconciler, GlancesTwiceASecondAndDumpsOnceAMinute) {
  Bed bed;
  bed.want(web());
  bed.settle();
  bed.dumps = bed.glances = 0;
  bed.run(600s);
  EXPECT_EQ(bed.dumps, 10);
  EXPECT_GE(bed.glances, 1150);
  EXPECT_LE(bed.glances, 1201);
}

TEST(Reconciler, ADearGlanceIsRare) {
  Bed bed;
  bed.glanceCost = 200ms;
  bed.want(web());
  bed.run(600s);
  EXPECT_LE(bed.glances, 301);
}

TEST(Reconciler, TheSameStateAgainTakesNoLookAndNoRequest) {
  Bed bed;
  bed.want(web());
  bed.settle();
  bed.requests();
  bed.dumps = bed.glances = 0;
  bed.want(web());
  bed.settle();
  EXPECT_EQ(bed.requests(), Texts());
  EXPECT_EQ(bed.dumps + bed.glances, 0);
  EXPECT_EQ(bed.events(Event::Kind::Applied).size(), 2u);
}

TEST(Reconciler, AnUnchangedDaemonGoesOn) {
  Bed bed;
  Table wanted = web();
  wanted.managesDaemons = true;
  wanted.daemons = {daemonOn("eth0", wire::IpvsDaemonRole::Master), daemonOn("eth0", wire::IpvsDaemonRole::Backup)};
  wanted.daemons[1].maxLength = 100;
  bed.want(wanted);
  bed.settle();
  bed.requests();
  bed.want(wanted);
  bed.settle();
  EXPECT_TRUE(bed.requests().empty()) << "as far as is known from having started them";
  bed.run(120s);
  EXPECT_TRUE(bed.requests().empty()) << "as the kernel shows them";
}

TEST(Reconciler, AChangeTakesItsRequestsAndNoLook) {
  Bed bed;
  bed.want(web());
  bed.settle();
  bed.requests();
  bed.dumps = 0;
  bed.want(web(4));
  bed.settle();
  EXPECT_EQ(bed.requests(), Texts({"change 10.0.0.1:80 of TCP 192.0.2.10:80"}));
  EXPECT_EQ(bed.dumps, 0);
}

TEST(Reconciler, AdoptsWhatAnEarlierProcessLeftAndRemovesWhatIsNotWanted) {
  Bed first;
  first.want(table({web().services[0], service(tcp("192.0.2.11"), {server("10.0.0.1")})}));
  first.settle();
  Bed bed({kWeb, tcp("192.0.2.11")});
  bed.kernel = first.kernel;
  bed.requests();
  bed.run(10s);
  EXPECT_EQ(bed.requests(), Texts()) << "before it is known what is wanted";
  bed.want(web());
  bed.settle();
  EXPECT_EQ(bed.requests(), Texts({"remove service TCP 192.0.2.11:80"}));
  EXPECT_EQ(bed.reconciler.repairs(), 0u);
  EXPECT_FALSE(bed.reconciler.isOurs(tcp("192.0.2.11")));
}

TEST(Reconciler, WhatWasOursAndWentIsSomebodyElsesWhenItComesBack) {
  Bed bed({tcp("192.0.2.11")});
  bed.want(web());
  bed.settle();
  EXPECT_FALSE(bed.reconciler.isOurs(tcp("192.0.2.11"))) << "it did not stand";
  bed.kernel.carryOut(SetService{true, tcp("192.0.2.11"), web().services[0].settings});
  bed.run(100s);
  EXPECT_NE(bed.kernel.service(tcp("192.0.2.11")), nullptr);
}

TEST(Reconciler, WaitsForAKernelWithoutIpvs) {
  Bed bed;
  bed.reachable = false;
  bed.want(web());
  bed.run(20s);
  auto applied = bed.events(Event::Kind::Applied);
  ASSERT_EQ(applied.size(), 1u);
  EXPECT_FALSE(applied[0].programmed);
  bed.reachable = true;
  bed.run(Rhythm::kBlind);
  applied = bed.events(Event::Kind::Applied);
  ASSERT_EQ(applied.size(), 1u);
  EXPECT_TRUE(applied[0].programmed);
  EXPECT_EQ(mismatch(web(), bed.kernel, 0), "");
  EXPECT_EQ(bed.reconciler.repairs(), 0u);
}

TEST(Reconciler, AStateThatComesWhileNothingCanBeSeenIsNoRepair) {
  Bed bed;
  bed.want(web());
  bed.settle();
  bed.reconciler.blind(bed.now);
  bed.want(web(4));
  bed.run(1s);
  EXPECT_EQ(mismatch(web(4), bed.kernel, 0), "");
  EXPECT_EQ(bed.reconciler.repairs(), 0u);
}

TEST(Reconciler, ALostConnectionInTheMiddleOfTheWorkIsNoHarm) {
  Bed bed;
  bed.want(web());
  bed.reconciler.dumped(bed.kernel.dump(), 1ms, bed.now);
  ASSERT_EQ(bed.reconciler.work().size(), 3u);
  bed.kernel.carryOut(bed.reconciler.work()[0]);
  bed.reconciler.blind(bed.now);
  EXPECT_TRUE(bed.reconciler.work().empty());
  bed.run(Rhythm::kBlind);
  EXPECT_EQ(mismatch(web(), bed.kernel, 0), "");
  EXPECT_TRUE(bed.events(Event::Kind::Failed).empty());
}

TEST(Reconciler, WhatTheKernelRefusesIsToldOnceAndTriedAgain) {
  Bed bed;
  Table wanted = web();
  wanted.services.push_back(service(tcp("192.0.2.11"), {server("10.0.0.1"), server("10.0.0.2")}, "lblc"));
  bed.want(wanted);
  bed.run(300s);
  const auto failed = bed.events(Event::Kind::Failed);
  ASSERT_EQ(failed.size(), 1u) << "its destinations follow from it";
  EXPECT_EQ(describe(failed[0].failure.operation), "add service TCP 192.0.2.11:80");
  EXPECT_EQ(failed[0].failure.error, ENOENT);
  EXPECT_FALSE(bed.reconciler.programmed());
  ASSERT_EQ(bed.reconciler.refusals().failures().size(), 1u);
  EXPECT_GT(bed.reconciler.failures(), 8u);
  EXPECT_LT(bed.reconciler.failures(), 60u);
  EXPECT_EQ(bed.reconciler.repairs(), 0u);

  bed.kernel.schedulers_.insert("lblc");
  bed.events(Event::Kind::Applied);
  bed.run(33s);
  EXPECT_TRUE(bed.reconciler.programmed());
  EXPECT_EQ(mismatch(wanted, bed.kernel, 0), "");
  EXPECT_EQ(bed.events(Event::Kind::Applied).size(), 1u);
  EXPECT_EQ(bed.reconciler.repairs(), 0u);
}

TEST(Reconciler, ManyRefusalsAreNotAllTold) {
  Bed bed;
  bed.kernel.schedulers_.clear();
  Table wanted;
  for (int i = 1; i < 250; ++i) wanted.services.push_back(service(tcp("192.0.2." + std::to_string(i)), {}));
  bed.want(wanted);
  bed.run(10s);
  EXPECT_EQ(bed.events(Event::Kind::Failed).size(), 64u);
}

TEST(Reconciler, AChangeThatMeetsAChangeByHandIsNoFailure) {
  Bed bed;
  bed.want(web());
  bed.settle();
  bed.kernel.flush();
  bed.want(web(4));
  bed.settle();
  EXPECT_EQ(mismatch(web(4), bed.kernel, 0), "");
  EXPECT_TRUE(bed.events(Event::Kind::Failed).empty());
  EXPECT_EQ(bed.reconciler.failures(), 0u);
}

TEST(Reconciler, TheNewestStateWinsBetweenTwoBatches) {
  Bed bed;
  Table large;
  for (int i = 0; i < 2000; ++i) {
    large.services.push_back(service(tcp("198.18." + std::to_string(i / 250) + "." + std::to_string(i % 250)), {}));
  }
  bed.want(large);
  bed.reconciler.dumped(bed.kernel.dump(), 1ms, bed.now);
  const auto work = bed.reconciler.work();
  ASSERT_EQ(work.size(), Reconciler::kBatch);
  std::vector<int> outcomes;
  for (const Operation& operation : work) outcomes.push_back(bed.kernel.carryOut(operation));
  bed.reconciler.carriedOut(outcomes, bed.now);
  bed.want(web());
  bed.settle();
  EXPECT_EQ(mismatch(web(), bed.kernel, 0), "");
  EXPECT_EQ(bed.events(Event::Kind::Applied).size(), 1u);
}

TEST(Reconciler, LeavesOnlyWhatIsNotOurs) {
  Bed bed({tcp("192.0.2.99")});
  Table wanted = web();
  wanted.managesDaemons = true;
  wanted.daemons = {daemonOn("eth0", wire::IpvsDaemonRole::Master)};
  bed.kernel.carryOut(SetService{true, tcp("203.0.113.1"), web().services[0].settings});
  bed.want(wanted);
  bed.settle();
  for (const Operation& operation : bed.reconciler.farewell()) EXPECT_EQ(bed.kernel.carryOut(operation), 0);
  EXPECT_EQ(bed.kernel.services_.size(), 1u);
  EXPECT_TRUE(bed.kernel.daemons_.empty());
}

TEST(Reconciler, ReachesAnyStateAfterAnyOtherWhateverIsDoneByHand) {
  for (std::uint64_t seed = 1; seed <= 1000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Bed bed;
    Table wanted = randomTable(random);
    for (int round = 0; round < 6; ++round) {
      bed.want(wanted);
      if (below(random, 3) == 0) meddle(bed.kernel, random);
      bed.run(std::chrono::milliseconds(below(random, 2000)));
      wanted = below(random, 4) == 0 ? randomTable(random) : changed(wanted, random);
    }
    bed.want(wanted);
    bed.run(61s);
    EXPECT_EQ(mismatch(wanted, bed.kernel, 0), "");
    EXPECT_TRUE(bed.reconciler.programmed());
    EXPECT_TRUE(bed.events(Event::Kind::Failed).empty());
    bed.requests();
    bed.run(130s);
    EXPECT_EQ(bed.requests(), Texts());
  }
}

}  // namespace
}  // namespace aloft::ipvs
