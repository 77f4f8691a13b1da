// A process that was stopped or starved looks before it sends (the rule stands in virtualRouter.h).

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

constexpr Duration kDown = 360'937'500ns;

Bench& settled(Bench& bench) {
  bench.becomeSettledMaster();
  return bench;
}

TEST(LateWakeUp, AMasterThatIsLateByLessThanTwoIntervalsGoesOn) {
  Bench bench(routerConfig());
  settled(bench).advance(300ms - 1ns);
  bench.engine.handleTimeout(bench.now);
  EXPECT_EQ(bench.drain(), "advert(100)");
  EXPECT_EQ(bench.untilDeadline(), 1ns) << "and goes on as it was";
}

TEST(LateWakeUp, AMasterThatMayHaveBeenReplacedListensAndKeepsItsAddresses) {
  Bench bench(routerConfig());
  settled(bench).advance(300ms);
  bench.engine.handleTimeout(bench.now);
  EXPECT_EQ(bench.drain(), "MASTER>BACKUP:LateWakeUp");
  EXPECT_EQ(bench.untilDeadline(), kDown);
  EXPECT_TRUE(bench.status().addressesHeld);
}

TEST(LateWakeUp, AloneItIsMasterAgainWithoutHavingLostItsAddresses) {
  Bench bench(routerConfig());
  settled(bench).advance(1h);
  bench.engine.handleTimeout(bench.now);
  EXPECT_EQ(bench.drain(), "MASTER>BACKUP:LateWakeUp");
  EXPECT_EQ(bench.run(kDown), "advert(100) hold BACKUP>MASTER:FirstElection");
}

TEST(LateWakeUp, TheSuccessorsAdvertThatWasWaitingInTheSocketIsHeardAsBackup) {
  Bench bench(routerConfig());
  settled(bench).advance(1s);
  bench.receive({.priority = 50});  // before handleTimeout()
  EXPECT_EQ(bench.drain(), "MASTER>BACKUP:LateWakeUp release") << "no advert: the successor is not fought at once";
  EXPECT_EQ(bench.untilDeadline(), kDown) << "it is preempted in the regular way";

  Bench lesser(routerConfig());
  settled(lesser).advance(1s);
  lesser.receive({.priority = 200});
  EXPECT_EQ(lesser.drain(), "MASTER>BACKUP:LateWakeUp advert(100) release");
}

TEST(LateWakeUp, WithoutPreemptTheSuccessorStaysMaster) {
  RouterConfig config = routerConfig();
  config.preempt = false;
  Bench bench(config);
  settled(bench).advance(1s);
  for (int i = 0; i < 20; ++i) {
    bench.receive({.priority = 50});
    bench.engine.handleTimeout(bench.now);
    bench.advance(100ms);
  }
  EXPECT_EQ(bench.drain(), "MASTER>BACKUP:LateWakeUp release");
}

TEST(LateWakeUp, OtherInputsLookFirstAsWell) {
  Bench link(routerConfig());
  settled(link).advance(1s);
  link.link.mac[5] = 99;
  link.linkChanged();
  EXPECT_EQ(link.drain(), "MASTER>BACKUP:LateWakeUp");

  Bench actuated(routerConfig());
  settled(actuated).advance(1s);
  actuated.actuated(true);
  EXPECT_EQ(actuated.drain(), "MASTER>BACKUP:LateWakeUp");

  Bench configured(routerConfig());
  settled(configured).advance(1s);
  RouterConfig other = routerConfig();
  other.priority = 120;
  configured.configure({other});
  EXPECT_EQ(configured.drain(), "MASTER>BACKUP:LateWakeUp");

  Bench stopped(routerConfig());
  settled(stopped).advance(1s);
  stopped.engine.shutdown(Shutdown::Resign, stopped.now);
  EXPECT_EQ(stopped.drain(), "MASTER>BACKUP:LateWakeUp release BACKUP>INIT:Stopped") << "no resignation: it is not MASTER";
}

TEST(LateWakeUp, ADiscardedAdvertWakesNobody) {
  Bench bench(routerConfig());
  settled(bench).advance(1s);
  bench.receive({.priority = 50, .source = "192.0.2.10"});
  EXPECT_EQ(bench.drain(), "");
}

TEST(LateWakeUp, AnAnswerOnTheWayBecomesResidueToo) {
  Bench bench(routerConfig());
  bench.fire();
  bench.drain();
  bench.advance(1s);
  bench.engine.handleTimeout(bench.now);
  bench.actuated(true);  // answers the hold from before
  bench.receive({.priority = 50});
  EXPECT_EQ(bench.drain(), "MASTER>BACKUP:LateWakeUp release");
}

TEST(LateWakeUp, ABackupThatIsLateTakesOverAtOnceOrListensAgain) {
  Bench late(routerConfig());
  late.receive({.priority = 200});
  late.advance(kDown + 200ms - 1ns);
  late.engine.handleTimeout(late.now);
  EXPECT_EQ(late.state(), State::Master);

  Bench veryLate(routerConfig());
  veryLate.receive({.priority = 200});
  veryLate.drain();
  veryLate.advance(kDown + 200ms);
  veryLate.engine.handleTimeout(veryLate.now);
  EXPECT_EQ(veryLate.drain(), "");
  EXPECT_EQ(veryLate.untilDeadline(), kDown);
}

TEST(LateWakeUp, ABackupThatSleptOverAResignationListensForAWholeActiveDown) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200});
  bench.receive({.priority = 0});
  bench.advance(1s);
  bench.engine.handleTimeout(bench.now);
  EXPECT_EQ(bench.state(), State::Backup);
  EXPECT_EQ(bench.untilDeadline(), kDown);
}

}  // namespace
}  // namespace aloft::vrrp
